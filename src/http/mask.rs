//! `POST /v1/mask`: a customer's message as it may be kept, so that whoever proposes sees what leaves their screen.

use super::check::MAX_DRAFT_CHARS;
use super::error::ApiError;
use super::extract::ApiJson;
use super::who::Who;
use super::{AppState, blocking};
use crate::access::Right;
use crate::mask;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A text with what may be private in it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct MaskRequest {
    /// At most 20,000 characters.
    #[schema(example = "我电话13812345678，怎么还没发货")]
    pub text: String,
}

/// The same with placeholders.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MaskResponse {
    /// Phones, cards, orders, addresses and names are `<手机>`, `<订单号>`, ….
    pub text: String,
}

/// Masks a text as the journal does. Nothing of it is kept.
#[utoipa::path(post, path = "/v1/mask", operation_id = "mask_text", tag = "content", request_body = MaskRequest,
    responses((status = 200, body = MaskResponse)))]
pub(super) async fn post_mask(
    State(state): State<AppState>,
    who: Who,
    ApiJson(request): ApiJson<MaskRequest>,
) -> Result<Json<MaskResponse>, ApiError> {
    who.require(Right::Use)?;
    let length = request.text.chars().count();
    if length > MAX_DRAFT_CHARS {
        return Err(ApiError::TooLarge(format!("a text has at most {MAX_DRAFT_CHARS} characters, found {length}")));
    }
    let place = state.take_place().await?;
    let text = blocking(move || {
        let _place = place;
        Ok(mask::mask(&request.text))
    });
    Ok(Json(MaskResponse { text: text.await? }))
}
