//! The shapes of JSON, for the API and for the command line's `--json`. Texts come in pieces, so that no offset unit matters.

use super::error::ApiError;
use crate::analysis::tokens::INTENT_MARK;
use crate::answer::{Answer, Hit, RankedReply};
use crate::entry::{Picture, Reply};
use crate::facet::Facet;
use crate::highlight::Highlighted;
use crate::lexicon::{EmotionReading, Risk};
use crate::problem::{Problem, Severity};
use crate::query::Origin;
use crate::ranking::{Component, ComponentName, Matched};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;
use utoipa::ToSchema;

/// The answer to a search.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SearchResponse {
    /// UUIDv7 of this search: what picks refer to.
    pub query_id: String,
    /// Best first.
    pub hits: Vec<HitJson>,
    /// For each facet asked for, its values in the candidate pool, most frequent first.
    pub facets: BTreeMap<String, Vec<FacetCount>>,
    /// Entries in the candidate pool.
    pub total: usize,
    /// What the search itself took, in milliseconds.
    pub took_ms: f64,
    /// How the customer feels.
    pub emotion: EmotionJson,
    /// What a message without a question does: 致谢, 确认, 稍等, 放弃.
    pub act: Option<String>,
    /// 售前, 售中 or 售后, where the customer's words tell.
    pub stage: Option<String>,
    /// Chance that the best entry found for the question answers it, 0..1; 0 without a question.
    pub confidence: f32,
    /// Whether that is enough to rely on; where it does not, the hits are only the nearest.
    pub confident: bool,
    /// Whether the beginning of a long message was left out.
    pub truncated: bool,
    /// What was understood as the question; with `explain` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub understood: Option<Vec<String>>,
}

impl SearchResponse {
    /// Shapes an answer. `risks` are those of the lexicon that answered.
    pub fn new(answer: &Answer, risks: &[Risk], took: Duration, explain: bool) -> SearchResponse {
        let facets = answer.facets.iter().map(|(facet, counts)| {
            let counts = counts.iter().map(|(value, count)| FacetCount { value: value.clone(), count: *count });
            (facet.as_str().to_owned(), counts.collect())
        });
        SearchResponse {
            query_id: uuid::Uuid::now_v7().to_string(),
            hits: answer.hits.iter().map(HitJson::new).collect(),
            facets: facets.collect(),
            total: answer.total,
            took_ms: millis(took),
            emotion: EmotionJson::new(&answer.emotion, risks),
            act: answer.act.map(|act| act.as_str().to_owned()),
            stage: answer.stage.map(|stage| stage.as_str().to_owned()),
            confidence: answer.confidence,
            confident: answer.confident,
            truncated: answer.truncated,
            understood: explain.then(|| answer.understood.clone()),
        }
    }
}

/// JSON that is written already: the answer that is sent most often is not written by small pieces into a buffer that grows.
pub(super) struct Written(Vec<u8>);

impl Written {
    /// Writes a value of about so many bytes.
    pub(super) fn new(value: &impl Serialize, about: usize) -> Result<Written, ApiError> {
        let mut text = Vec::with_capacity(about);
        serde_json::to_writer(&mut text, value).map_err(|error| ApiError::Internal(error.into()))?;
        Ok(Written(text))
    }
}

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], self.0).into_response()
    }
}

/// Milliseconds to the microsecond.
pub fn millis(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}

/// How often a facet has a value.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FacetCount {
    /// 抖音, 售后, …
    pub value: String,
    /// Entries with it.
    pub count: usize,
}

/// An entry as found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct HitJson {
    /// Of the entry.
    pub id: String,
    /// answer, policy or case.
    pub kind: String,
    /// Whole.
    pub title: String,
    /// The same with what was met.
    pub title_pieces: Vec<Piece>,
    /// 0..1.
    pub score: f32,
    /// Chance that it answers, 0..1.
    pub confidence: f32,
    /// What of it was found.
    pub matched: MatchedJson,
    /// The part of the body that was met most.
    pub snippet_pieces: Vec<Piece>,
    /// A path.
    pub category: String,
    /// Words to send, best fit first.
    pub replies: Vec<ReplyJson>,
    /// When to use it and when not.
    pub advice: String,
    /// Who may promise it: 一线, 组长, 主管.
    pub authority: String,
    /// other_channel, other_shop, above_authority, expiring, review_due, outside_hours, banned.
    pub marks: Vec<String>,
    /// How often it was used for what was asked.
    pub picks: u32,
    /// What it is for; an absent facet means all.
    pub facets: Vec<ConditionJson>,
    /// A time of the day of the library.
    pub hours: Option<String>,
    /// Local time, exclusive.
    pub valid_until: Option<String>,
    /// The file, relative to the library.
    pub path: String,
    /// 快捷码.
    pub shortcut: Option<String>,
    /// The moment of a proactive script.
    pub trigger: Option<String>,
    /// Ids of what usually follows.
    pub next: Vec<String>,
    /// Summands of the score; with `explain` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Vec<WhyJson>>,
}

impl HitJson {
    /// Shapes a hit.
    pub fn new(hit: &Hit) -> HitJson {
        let entry = &hit.entry;
        let reply = |ranked: &RankedReply| Some(ReplyJson::new(entry.replies.get(ranked.index)?, ranked));
        HitJson {
            id: entry.id.to_string(),
            kind: entry.kind.as_str().to_owned(),
            title: entry.title.clone(),
            title_pieces: pieces(&hit.title),
            score: hit.score,
            confidence: hit.confidence,
            matched: MatchedJson {
                by: matched_name(hit.matched).to_owned(),
                slug: match hit.matched {
                    Matched::Passage(part) => entry.passages.get(usize::from(part)).map(|passage| passage.slug.clone()),
                    _ => None,
                },
                text_pieces: pieces(&hit.matched_text),
            },
            snippet_pieces: pieces(&hit.snippet),
            category: entry.category.clone(),
            replies: hit.replies.iter().filter_map(reply).collect(),
            advice: entry.advice.clone(),
            authority: entry.authority.as_str().to_owned(),
            marks: hit.marks.iter().map(|mark| mark.as_str().to_owned()).collect(),
            picks: hit.picks,
            facets: conditions(&entry.facets),
            hours: entry.hours.clone(),
            valid_until: entry.valid.until.map(|at| at.to_string()),
            path: entry.path.clone(),
            shortcut: entry.shortcut.clone(),
            trigger: entry.trigger.clone(),
            next: entry.next.clone(),
            why: hit.why.as_ref().map(|why| why.iter().map(WhyJson::new).collect()),
        }
    }
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Piece {
    /// As it stands in the file.
    pub text: String,
    /// Whether the query met it.
    pub hit: bool,
}

/// A text in pieces.
pub fn pieces(highlighted: &Highlighted) -> Vec<Piece> {
    highlighted.pieces().map(|(text, hit)| Piece { text: text.to_owned(), hit }).collect()
}

/// What of an entry was found.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct MatchedJson {
    /// shortcut, title, question, sound, passage, learned, category, act, risk or comfort; none where nothing was asked.
    pub by: String,
    /// Of the passage: `id#slug` links to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slug: Option<String>,
    /// The phrasing, heading or shortcut.
    pub text_pieces: Vec<Piece>,
}

fn matched_name(matched: Matched) -> &'static str {
    match matched {
        Matched::Shortcut => "shortcut",
        Matched::Phrasing(0) => "title",
        Matched::Phrasing(_) => "question",
        Matched::Sound(_) => "sound",
        Matched::Passage(_) => "passage",
        Matched::Learned(_) => "learned",
        Matched::Category => "category",
        Matched::Act => "act",
        Matched::Risk => "risk",
        Matched::Comfort => "comfort",
    }
}

/// A reply, shop values and fallbacks filled.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ReplyJson {
    /// First 12 hex digits of a hash of label and text.
    pub id: String,
    /// The heading above it.
    pub label: String,
    /// The whole text, segments parted by a line `***`.
    pub text: String,
    /// Sent one after another.
    pub segments: Vec<SegmentJson>,
    /// The same text as written, nothing filled in.
    pub template: String,
    /// Slots that still stand in the text, by name.
    pub missing: Vec<String>,
    /// Whether it was used lately: in this conversation, by this agent, or in this shop within half an hour.
    pub used: bool,
    /// What it is for.
    pub conditions: Vec<ConditionJson>,
    /// Conditions that fit the context less those that do not.
    pub fit: i32,
}

impl ReplyJson {
    /// Shapes a reply in its place.
    pub fn new(reply: &Reply, ranked: &RankedReply) -> ReplyJson {
        ReplyJson {
            id: reply.id.clone(),
            label: reply.label.clone(),
            text: ranked.text.clone(),
            segments: segments(reply, &ranked.text),
            template: reply.text(),
            missing: ranked.missing.clone(),
            used: ranked.used,
            conditions: conditions(&reply.conditions),
            fit: ranked.fit,
        }
    }
}

/// A filled text in the segments of its reply. A value that itself holds a line `***` leaves it in one.
fn segments(reply: &Reply, text: &str) -> Vec<SegmentJson> {
    let texts: Vec<&str> = text.split("\n***\n").collect();
    if texts.len() == reply.segments.len() {
        return texts.iter().zip(&reply.segments).map(|(text, segment)| SegmentJson::new(text, &segment.pictures)).collect();
    }
    let pictures: Vec<Picture> = reply.segments.iter().flat_map(|segment| segment.pictures.clone()).collect();
    vec![SegmentJson::new(text, &pictures)]
}

/// One message of a reply.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SegmentJson {
    /// As it will be sent.
    pub text: String,
    /// To send with it.
    pub pictures: Vec<PictureJson>,
}

impl SegmentJson {
    /// Shapes a segment.
    pub fn new(text: &str, pictures: &[Picture]) -> SegmentJson {
        let picture = |picture: &Picture| PictureJson { alt: picture.alt.clone(), target: picture.target.clone() };
        SegmentJson { text: text.to_owned(), pictures: pictures.iter().map(picture).collect() }
    }
}

/// A picture.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PictureJson {
    /// What it shows.
    pub alt: String,
    /// Path or address as written.
    pub target: String,
}

/// What a reply or an entry is for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ConditionJson {
    /// channel, emotion, …
    pub facet: String,
    /// 抖音, 愤怒, …
    pub value: String,
}

/// Shapes pairs of facet and value.
pub fn conditions(conditions: &[(Facet, String)]) -> Vec<ConditionJson> {
    conditions.iter().map(|(facet, value)| ConditionJson { facet: facet.as_str().to_owned(), value: value.clone() }).collect()
}

/// A summand of a score.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WhyJson {
    /// exact, sound, term, second_phrasing, passage, category, context or act.
    pub name: String,
    /// Which term.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub term: Option<String>,
    /// What was written, where the term is a synonym of it or the right writing for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
    /// How much it adds.
    pub value: f32,
}

impl WhyJson {
    /// Shapes a summand.
    pub fn new(component: &Component) -> WhyJson {
        let (name, term) = match &component.name {
            ComponentName::Exact => ("exact", None),
            ComponentName::Sound => ("sound", None),
            ComponentName::Term(term) if term.origin == Origin::Intent => ("intent", Some(term)),
            ComponentName::Term(term) => ("term", Some(term)),
            ComponentName::Phrasing(_) => ("phrasing", None),
            ComponentName::Likeness => ("likeness", None),
            ComponentName::SecondPhrasing => ("second_phrasing", None),
            ComponentName::Passage => ("passage", None),
            ComponentName::Learned => ("learned", None),
            ComponentName::Classifier => ("classifier", None),
            ComponentName::Use => ("use", None),
            ComponentName::Category => ("category", None),
            ComponentName::Context => ("context", None),
            ComponentName::Act => ("act", None),
            ComponentName::Risk => ("risk", None),
            ComponentName::Comfort => ("comfort", None),
        };
        let written = match term.map(|term| &term.origin) {
            Some(Origin::Synonym(written) | Origin::Confusion(written)) => Some(written.clone()),
            Some(Origin::Written | Origin::Intent) | None => None,
        };
        WhyJson {
            name: name.to_owned(),
            term: term.map(|term| term.text.trim_start_matches(INTENT_MARK).to_owned()),
            written,
            value: component.value,
        }
    }
}

/// How the customer feels.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EmotionJson {
    /// 平静, 焦急 or 愤怒.
    pub emotion: String,
    /// Weight of the words that show it.
    pub score: f32,
    /// Those words, folded.
    pub words: Vec<String>,
    /// Whether the customer is in a hurry.
    pub haste: bool,
    /// What stops routine replies.
    pub risks: Vec<RiskJson>,
}

impl EmotionJson {
    /// Shapes a reading.
    pub fn new(reading: &EmotionReading, risks: &[Risk]) -> EmotionJson {
        let risks = reading.risks.iter().filter_map(|risk| risks.get(*risk));
        EmotionJson {
            emotion: reading.emotion.as_str().to_owned(),
            score: reading.score,
            words: reading.words.iter().map(|(word, _)| word.clone()).collect(),
            haste: reading.haste,
            risks: risks.map(|risk| RiskJson { name: risk.name.clone(), entry: risk.entry.clone() }).collect(),
        }
    }
}

/// A risk and who takes over.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RiskJson {
    /// 食用后不适, …
    pub name: String,
    /// Id of the entry that takes over.
    pub entry: String,
}

/// Something wrong in a file.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemJson {
    /// Relative to the library.
    pub path: String,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
    /// Characters that are meant; 0 where only the place is known.
    pub width: u32,
    /// Stable, kebab-case.
    pub code: String,
    /// error or warning.
    pub severity: String,
    /// The sentence in Chinese.
    pub message: String,
    /// The same in English.
    pub message_en: String,
}

impl ProblemJson {
    /// Shapes a problem.
    pub fn new(problem: &Problem) -> ProblemJson {
        ProblemJson {
            path: problem.path.clone(),
            line: problem.line,
            column: problem.column,
            width: problem.width,
            code: problem.code.as_str().to_owned(),
            severity: severity_name(problem.severity()).to_owned(),
            message: problem.zh.clone(),
            message_en: problem.en.clone(),
        }
    }
}

/// The name of a severity.
pub fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}
