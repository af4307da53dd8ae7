//! `/v1/messages`: what the caller must know of what they saved.

use super::AppState;
use super::error::ApiError;
use super::extract::ApiPath;
use super::who::Who;
use crate::access::Right;
use crate::register::Message;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

/// The caller's messages.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessagesResponse {
    /// Latest first.
    pub messages: Vec<MessageJson>,
}

/// One message.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MessageJson {
    /// Stable.
    pub id: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// replaced: a file took the place of what the caller had saved less than five seconds before.
    pub code: String,
    /// Of the entry; absent for lexicon, shops and settings.
    pub entry_id: Option<String>,
    /// The file.
    pub path: String,
    /// What the caller saved, in the history.
    pub version: String,
    /// What is there instead, in the history.
    pub replaced_by: String,
    /// For people.
    pub zh: String,
}

impl MessageJson {
    fn new(message: Message) -> MessageJson {
        let what = message.entry_id.as_deref().unwrap_or(&message.path);
        MessageJson {
            zh: format!("你刚保存的「{what}」几秒后被直接改文件的人盖过了；两个版本都在历史里，可以合并"),
            id: message.id,
            at: message.at_ms,
            code: "replaced".to_owned(),
            entry_id: message.entry_id,
            path: message.path,
            version: message.version,
            replaced_by: message.replaced_by,
        }
    }
}

/// Lists what the caller must know of what they saved.
#[utoipa::path(get, path = "/v1/messages", operation_id = "list_messages", tag = "content",
    responses((status = 200, body = MessagesResponse)), security(("bearer" = [])))]
pub(super) async fn list_messages(State(state): State<AppState>, who: Who) -> Result<Json<MessagesResponse>, ApiError> {
    who.require(Right::Propose)?;
    let messages = state.register()?.messages(&who.identity).await?;
    Ok(Json(MessagesResponse { messages: messages.into_iter().map(MessageJson::new).collect() }))
}

/// Takes a message away that was read.
#[utoipa::path(delete, path = "/v1/messages/{id}", operation_id = "dismiss_message", tag = "content",
    params(("id" = String, Path, description = "Of the message")),
    responses((status = 204, description = "Gone")), security(("bearer" = [])))]
pub(super) async fn dismiss_message(State(state): State<AppState>, who: Who, ApiPath(id): ApiPath<String>) -> Result<StatusCode, ApiError> {
    who.require(Right::Propose)?;
    if state.register()?.dismiss(&who.identity, &id).await? { Ok(StatusCode::NO_CONTENT) } else { Err(ApiError::NoMessage(id)) }
}
