//! `POST` and `GET /v1/search`, `GET /v1/suggest`: a question in, ranked scripts out.

use super::at::AtParams;
use super::error::ApiError;
use super::extract::{ApiJson, ApiQuery};
use super::json::{Piece, SearchResponse, Written, pieces};
use super::who::Who;
use super::{AppState, blocking};
use crate::access::{Right, Scope};
use crate::answer::{DEFAULT_LIMIT, MAX_HITS, Request, answer};
use crate::entry::{Authority, Kind};
use crate::facet::Facet;
use crate::journal::{Measured, Search, now_ms};
use crate::learning::MAX_SEEN_HITS;
use crate::lexicon::Lexicon;
use crate::ranking::Context;
use crate::search::Filter;
use crate::suggest::MAX_SUGGESTIONS;
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Instant;
use utoipa::{IntoParams, ToSchema};

/// Most bytes of a question, all messages together: far beyond any chat; of it the last 2,000 characters are read.
pub const MAX_QUESTION_BYTES: usize = 100_000;

/// Most messages of one question.
pub const MAX_MESSAGES: usize = 100;

/// Most items of any other list of a request.
const MAX_ITEMS: usize = 200;

/// What a hit usually takes in an answer, in bytes: room for it is made at once.
const HIT_BYTES: usize = 6 * 1024;

/// What is asked: `q`, or `messages`. Fields that the server does not know are passed over.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct SearchRequest {
    /// What the customer wrote. Any text is a question.
    #[schema(example = "怎么还没发货")]
    pub q: Option<String>,
    /// The same as several messages, oldest first; at most 100. Stands before `q` where both are given.
    pub messages: Vec<String>,
    /// What is known of the chat: lifts what fits, hides nothing.
    pub context: ContextJson,
    /// What to leave out.
    pub filter: FilterJson,
    /// Facets to count: stage, channel, product, customer, emotion, authority, hours, shop, trigger.
    pub facets: Vec<String>,
    /// Hits to give, 10 where absent; `offset + limit` is at most 100.
    pub limit: Option<usize>,
    /// Hits to skip.
    pub offset: usize,
    /// Whether each hit says why.
    pub explain: bool,
}

/// What is known of the chat (情境). Values may be aliases.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct ContextJson {
    /// 千牛, 抖音, …
    pub channel: Option<String>,
    /// 售前, 售中 or 售后.
    pub stage: Option<String>,
    /// A path.
    pub category: Option<String>,
    /// 服装, 生鲜, …
    pub product: Option<String>,
    /// 新客, 老客, …
    pub customer: Option<String>,
    /// 平静, 焦急 or 愤怒; absent: read from the message.
    pub emotion: Option<String>,
    /// Id or alias of a shop: fills its slots.
    pub shop: Option<String>,
    /// The agent's level, 一线, 组长 or 主管; absent: the least.
    pub authority: Option<String>,
    /// Which conversation.
    pub conversation_id: Option<String>,
    /// Ids of replies used lately, oldest first: they step back.
    pub used_reply_ids: Vec<String>,
}

impl ContextJson {
    /// What the journal keeps of it, as JSON: not which conversation, nor what was said in it.
    fn kept(&self) -> String {
        let kept = ContextJson { conversation_id: None, used_reply_ids: Vec::new(), ..self.clone() };
        serde_json::to_string(&kept).unwrap_or_default()
    }

    /// The context in the library's own values. What the library does not know stays as it is: it fits nothing and hides nothing.
    ///
    /// # Errors
    /// Where the authority is none, or a list is too long.
    pub fn read(self, lexicon: &Lexicon) -> Result<Context, ApiError> {
        let known = |facet: Facet, value: Option<String>| {
            let value = value.filter(|value| !value.trim().is_empty())?;
            Some(lexicon.facets.resolve(facet, &value).map_or(value.clone(), str::to_owned))
        };
        if self.used_reply_ids.len() > MAX_ITEMS {
            return Err(ApiError::BadValue(format!("at most {MAX_ITEMS} used_reply_ids are read, found {}", self.used_reply_ids.len())));
        }
        let authority = match known(Facet::Authority, self.authority) {
            None => Authority::default(),
            Some(name) => Authority::parse(&name)
                .ok_or_else(|| ApiError::BadValue(format!("authority is one of 一线, 组长, 主管; found {name:?}")))?,
        };
        Ok(Context {
            channel: known(Facet::Channel, self.channel),
            stage: known(Facet::Stage, self.stage),
            category: self.category,
            product: known(Facet::Product, self.product),
            customer: known(Facet::Customer, self.customer),
            emotion: known(Facet::Emotion, self.emotion),
            shop: known(Facet::Shop, self.shop),
            authority,
            conversation_id: self.conversation_id,
            used_reply_ids: self.used_reply_ids,
        })
    }
}

/// What to leave out.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct FilterJson {
    /// answer, policy, case; empty: all.
    pub kinds: Vec<String>,
    /// A path: entries in it or below it.
    pub category: Option<String>,
    /// Of each facet named an entry must have one of the values, or none of that facet at all.
    pub facets: Vec<FacetValue>,
    /// Tags, all of which an entry must have.
    pub tags: Vec<String>,
}

/// A facet and a value.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct FacetValue {
    /// stage, channel, …
    pub facet: String,
    /// 售后, 抖音, …
    pub value: String,
}

impl FilterJson {
    fn read(self, lexicon: &Lexicon) -> Result<Filter, ApiError> {
        if [self.kinds.len(), self.facets.len(), self.tags.len()].into_iter().any(|count| count > MAX_ITEMS) {
            return Err(ApiError::BadValue(format!("a list of the filter has more than {MAX_ITEMS} items")));
        }
        let facets = self.facets.into_iter().map(|FacetValue { facet, value }| {
            let facet = read_facet(&facet)?;
            Ok((facet, lexicon.facets.resolve(facet, &value).map_or(value.clone(), str::to_owned)))
        });
        Ok(Filter {
            kinds: self.kinds.iter().map(|kind| read_kind(kind)).collect::<Result<_, _>>()?,
            category: self.category.map(|category| category.trim_matches('/').to_owned()).filter(|category| !category.is_empty()),
            facets: facets.collect::<Result<_, ApiError>>()?,
            tags: self.tags,
            scope: Scope::default(),
        })
    }
}

/// Reads `answer` or `标准答案`.
pub(super) fn read_kind(name: &str) -> Result<Kind, ApiError> {
    Kind::parse(name).ok_or_else(|| ApiError::BadValue(format!("kind is one of answer, policy, case; found {name:?}")))
}

fn read_facet(name: &str) -> Result<Facet, ApiError> {
    let known = || Facet::ALL.map(Facet::as_str).join(", ");
    let facet = Facet::ALL.into_iter().find(|facet| facet.as_str() == name || facet.zh() == name);
    facet.ok_or_else(|| ApiError::BadValue(format!("a facet is one of {}; found {name:?}", known())))
}

impl SearchRequest {
    /// The request that the core answers.
    ///
    /// # Errors
    /// Where a value is unknown or beyond its limit.
    pub fn read(self, lexicon: &Lexicon) -> Result<Request, ApiError> {
        let bad = |detail: String| Err(ApiError::BadValue(detail));
        if self.q.is_none() && self.messages.is_empty() {
            return bad("expected q, or messages with at least one".to_owned());
        }
        let mut messages = self.messages;
        messages.extend(self.q);
        if messages.len() > MAX_MESSAGES {
            return bad(format!("at most {MAX_MESSAGES} messages are read, found {}", messages.len()));
        }
        let bytes: usize = messages.iter().map(String::len).sum();
        if bytes > MAX_QUESTION_BYTES {
            return Err(ApiError::TooLarge(format!("a question has at most {MAX_QUESTION_BYTES} bytes, found {bytes}")));
        }
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT.min(MAX_HITS.saturating_sub(self.offset)));
        if limit.saturating_add(self.offset) > MAX_HITS {
            return bad(format!("offset + limit is at most {MAX_HITS}, found {} + {limit}", self.offset));
        }
        Ok(Request {
            messages,
            context: self.context.read(lexicon)?,
            filter: self.filter.read(lexicon)?,
            facets: self.facets.iter().map(|facet| read_facet(facet)).collect::<Result<_, _>>()?,
            limit,
            offset: self.offset,
            explain: self.explain,
        })
    }
}

/// The same in an address. Lists are parted by commas.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SearchParams {
    /// What the customer wrote.
    #[param(example = "怎么还没发货")]
    pub q: Option<String>,
    /// Context: where the chat happens.
    pub channel: Option<String>,
    /// Context: the shop.
    pub shop: Option<String>,
    /// Context: 售前, 售中 or 售后.
    pub stage: Option<String>,
    /// Context: what is sold.
    pub product: Option<String>,
    /// Context: who asks.
    pub customer: Option<String>,
    /// Context: 平静, 焦急 or 愤怒.
    pub emotion: Option<String>,
    /// Context: the agent's level.
    pub authority: Option<String>,
    /// Filter: answer, policy, case; several parted by commas.
    pub kind: Option<String>,
    /// Filter: entries in this category or below it.
    pub category: Option<String>,
    /// Filter: tags, all of which an entry must have, parted by commas.
    pub tag: Option<String>,
    /// Facets to count, parted by commas.
    pub facets: Option<String>,
    /// Hits to give; `offset + limit` is at most 100.
    pub limit: Option<usize>,
    /// Hits to skip.
    pub offset: usize,
    /// Whether each hit says why.
    pub explain: bool,
}

impl From<SearchParams> for SearchRequest {
    fn from(params: SearchParams) -> SearchRequest {
        let list = |text: Option<String>| {
            let items = text.as_deref().unwrap_or_default().split([',', '，']).map(str::trim).filter(|item| !item.is_empty());
            items.map(str::to_owned).collect::<Vec<_>>()
        };
        SearchRequest {
            q: params.q,
            messages: Vec::new(),
            context: ContextJson {
                channel: params.channel,
                stage: params.stage,
                product: params.product,
                customer: params.customer,
                emotion: params.emotion,
                shop: params.shop,
                authority: params.authority,
                ..ContextJson::default()
            },
            filter: FilterJson { kinds: list(params.kind), category: params.category, facets: Vec::new(), tags: list(params.tag) },
            facets: list(params.facets),
            limit: params.limit,
            offset: params.offset,
            explain: params.explain,
        }
    }
}

/// Answers a question with ranked scripts.
#[utoipa::path(post, path = "/v1/search", operation_id = "search", tag = "search", request_body = SearchRequest,
    params(AtParams), responses((status = 200, body = SearchResponse)))]
pub(super) async fn post_search(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(at): ApiQuery<AtParams>,
    ApiJson(request): ApiJson<SearchRequest>,
) -> Result<Written, ApiError> {
    search(state, who, request, at).await
}

/// The same by address alone, for trying and for simple clients.
#[utoipa::path(get, path = "/v1/search", operation_id = "search_by_address", tag = "search", params(SearchParams),
    responses((status = 200, body = SearchResponse)))]
pub(super) async fn get_search(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<SearchParams>,
) -> Result<Written, ApiError> {
    search(state, who, params.into(), AtParams::default()).await
}

async fn search(state: AppState, who: Who, request: SearchRequest, at: AtParams) -> Result<Written, ApiError> {
    who.require(Right::Use)?;
    let snapshot = state.snapshot_at(&who, &at).await?;
    // Computed where it was read: handing a millisecond to another thread and back takes a tenth of it. There are fewer places than threads
    // (`worker_threads`), so that one is left for whoever comes meanwhile.
    let _place = state.take_place().await?;
    let context = request.context.kept();
    let mut request = request.read(&snapshot.library.lexicon)?;
    who.bind(&mut request.context);
    request.filter.scope = who.scope.clone();
    step_back(&state, &who.identity, &mut request.context);
    let began = Instant::now();
    let answer = answer(&snapshot, &request)?;
    let took = began.elapsed();
    metrics::histogram!("huashu_search_seconds").record(took.as_secs_f64());
    let mut response = SearchResponse::new(&answer, &snapshot.library.lexicon.emotions.risks, took, request.explain);
    let visible = snapshot.visible(&who.scope);
    response.hits.iter_mut().for_each(|hit| visible.retain_ids(&snapshot, &mut hit.next));
    // Further pages are the same search; another time is no search of a customer.
    if let Some(journal) = state.journal.as_ref().filter(|_| request.offset == 0 && at.at.is_none()) {
        journal.remember(Search {
            query_id: response.query_id.clone(),
            at_ms: now_ms(),
            text: request.messages.join("\n"),
            identity: who.identity.to_string(),
            conversation: request.context.conversation_id,
            context,
            hits: answer.hits.iter().take(MAX_SEEN_HITS).map(|hit| Arc::clone(&hit.entry.id)).collect(),
            measured: Measured {
                took_us: i64::try_from(took.as_micros()).unwrap_or(i64::MAX),
                confidence: answer.confidence,
                confident: answer.act.is_none().then_some(answer.confident),
            },
        });
    }
    Written::new(&response, response.hits.len() * HIT_BYTES)
}

/// Adds what this identity or anybody in this shop used lately to what the conversation used, which comes last: the freshest steps back furthest.
pub(super) fn step_back(state: &AppState, identity: &str, context: &mut Context) {
    let mut used = state.lately.replies(identity, context.shop.as_deref(), now_ms());
    used.retain(|reply| !context.used_reply_ids.contains(reply));
    context.used_reply_ids.splice(0..0, used);
}

/// What was typed so far.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct SuggestParams {
    /// A beginning, a shortcut, pinyin or its initials; longer than 40 characters nothing is suggested.
    #[param(example = "fh")]
    pub q: String,
    /// Suggestions to give, at most 20; 8 where absent.
    pub limit: Option<usize>,
}

/// Suggestions where the request does not say how many: what fits below a search box.
const DEFAULT_SUGGESTIONS: usize = 8;

/// What could be meant.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SuggestResponse {
    /// Best first, each entry once.
    pub suggestions: Vec<SuggestionJson>,
}

/// One of them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SuggestionJson {
    /// The title, question or shortcut that was found.
    pub text: String,
    /// The same with what was met.
    pub text_pieces: Vec<Piece>,
    /// shortcut, beginning, part or sound.
    pub by: String,
    /// Of the entry.
    pub id: String,
    /// Of the entry.
    pub title: String,
    /// answer, policy or case.
    pub kind: String,
    /// 快捷码.
    pub shortcut: Option<String>,
}

/// Suggests as one types.
#[utoipa::path(get, path = "/v1/suggest", operation_id = "suggest", tag = "search", params(SuggestParams),
    responses((status = 200, body = SuggestResponse)))]
pub(super) async fn get_suggest(
    State(state): State<AppState>,
    who: Who,
    ApiQuery(params): ApiQuery<SuggestParams>,
) -> Result<Json<SuggestResponse>, ApiError> {
    who.require(Right::Use)?;
    let limit = params.limit.unwrap_or(DEFAULT_SUGGESTIONS);
    if limit > MAX_SUGGESTIONS {
        return Err(ApiError::BadQuery(format!("limit is at most {MAX_SUGGESTIONS}, found {limit}")));
    }
    let place = state.take_place().await?;
    let suggestions = blocking(move || {
        let _place = place;
        let snapshot = state.live.snapshot();
        Ok(state.suggest_table(&snapshot).suggest(&snapshot, &snapshot.visible(&who.scope), &params.q, limit))
    });
    let suggestions = suggestions.await?.into_iter().map(|suggestion| SuggestionJson {
        text_pieces: pieces(&suggestion.text),
        by: suggestion.by.as_str().to_owned(),
        id: suggestion.entry.id.to_string(),
        title: suggestion.entry.title.clone(),
        kind: suggestion.entry.kind.as_str().to_owned(),
        shortcut: suggestion.entry.shortcut.clone(),
        text: suggestion.text.text,
    });
    Ok(Json(SuggestResponse { suggestions: suggestions.collect() }))
}

/// The table is kept while its snapshot lasts.
pub(super) type KeptTable = Option<(std::sync::Weak<crate::snapshot::Snapshot>, Arc<crate::suggest::SuggestTable>)>;
