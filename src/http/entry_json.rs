//! An entry as JSON, in a list and whole. What of it is a hit stands in [`super::json`].

use super::json::{ConditionJson, SegmentJson, conditions};
use crate::entry::{Entry, Reply};
use crate::snapshot::Snapshot;
use serde::Serialize;
use utoipa::ToSchema;

/// An entry in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EntrySummary {
    /// Stable.
    pub id: String,
    /// What agents see.
    pub title: String,
    /// answer, policy or case.
    pub kind: String,
    /// draft, approved or retired.
    pub state: String,
    /// Whether it is found now: approved, valid, not replaced.
    pub served: bool,
    /// A path.
    pub category: String,
    /// The file, relative to the library.
    pub path: String,
    /// 快捷码.
    pub shortcut: Option<String>,
    /// The moment of a proactive script.
    pub trigger: Option<String>,
    /// How many questions lead to it.
    pub question_count: usize,
    /// How many replies it has.
    pub reply_count: usize,
}

impl EntrySummary {
    /// Shapes an entry of a snapshot.
    pub fn new(entry: &Entry, snapshot: &Snapshot) -> EntrySummary {
        EntrySummary {
            id: entry.id.to_string(),
            title: entry.title.clone(),
            kind: entry.kind.as_str().to_owned(),
            state: entry.state.as_str().to_owned(),
            served: snapshot.ordinal(&entry.id).is_some_and(|ordinal| snapshot.served().contains(ordinal)),
            category: entry.category.clone(),
            path: entry.path.clone(),
            shortcut: entry.shortcut.clone(),
            trigger: entry.trigger.clone(),
            question_count: entry.questions.len(),
            reply_count: entry.replies.len(),
        }
    }
}

/// An entry as parsed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EntryJson {
    /// What lists show of it.
    #[serde(flatten)]
    pub summary: EntrySummary,
    /// How customers ask for it.
    pub questions: Vec<String>,
    /// The act that it answers.
    pub act: Option<String>,
    /// What it is for; an absent facet means all.
    pub facets: Vec<ConditionJson>,
    /// Free words.
    pub tags: Vec<String>,
    /// A time of the day of the library.
    pub hours: Option<String>,
    /// 一线, 组长 or 主管.
    pub authority: String,
    /// Local time, inclusive.
    pub valid_from: Option<String>,
    /// Local time, exclusive.
    pub valid_until: Option<String>,
    /// `双11` or `双11/尾款`.
    pub campaign: Option<String>,
    /// When it stops being found, its campaign included, in milliseconds since 1970; absent: never, or it is not found now.
    pub ends_at: Option<i64>,
    /// Ids hidden while this entry is valid.
    pub replaces: Vec<String>,
    /// Law or rule that it quotes.
    pub source: Option<String>,
    /// When the source was last read.
    pub checked_on: Option<String>,
    /// When it must be looked at again.
    pub review_by: Option<String>,
    /// Ids of what usually follows.
    pub next: Vec<String>,
    /// For trainers.
    pub note: Option<String>,
    /// When to use it and when not.
    pub advice: String,
    /// Words to send, in the order of the file, slots unfilled.
    pub replies: Vec<WrittenReply>,
    /// Sections of the body.
    pub passages: Vec<PassageJson>,
}

impl EntryJson {
    /// Shapes an entry of a snapshot.
    pub fn new(entry: &Entry, snapshot: &Snapshot) -> EntryJson {
        let passage = |passage: &crate::entry::Passage| PassageJson {
            slug: passage.slug.clone(),
            heading: passage.heading.clone(),
            text: passage.text.clone(),
            line: passage.line,
        };
        EntryJson {
            summary: EntrySummary::new(entry, snapshot),
            questions: entry.questions.clone(),
            act: entry.act.map(|act| act.as_str().to_owned()),
            facets: conditions(&entry.facets),
            tags: entry.tags.clone(),
            hours: entry.hours.clone(),
            authority: entry.authority.as_str().to_owned(),
            valid_from: entry.valid.from.map(|at| at.to_string()),
            valid_until: entry.valid.until.map(|at| at.to_string()),
            campaign: entry.campaign.clone(),
            ends_at: snapshot.library.ends_at(entry, jiff::Timestamp::now()).map(jiff::Timestamp::as_millisecond),
            replaces: entry.replaces.clone(),
            source: entry.source.clone(),
            checked_on: entry.checked_on.map(|on| on.to_string()),
            review_by: entry.review_by.map(|by| by.to_string()),
            next: entry.next.clone(),
            note: entry.note.clone(),
            advice: entry.advice.clone(),
            replies: entry.replies.iter().map(WrittenReply::new).collect(),
            passages: entry.passages.iter().map(passage).collect(),
        }
    }
}

/// A reply as written.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WrittenReply {
    /// First 12 hex digits of a hash of label and text.
    pub id: String,
    /// The heading above it.
    pub label: String,
    /// What it is for.
    pub conditions: Vec<ConditionJson>,
    /// Sent one after another.
    pub segments: Vec<SegmentJson>,
    /// Its blanks, each once, in order.
    pub slots: Vec<SlotJson>,
    /// Line of the quote in the file, from 1.
    pub line: u32,
}

impl WrittenReply {
    /// Shapes a reply.
    pub fn new(reply: &Reply) -> WrittenReply {
        let text = reply.text();
        let mut slots: Vec<SlotJson> = Vec::new();
        for slot in crate::slots::find(&text).slots {
            if slots.iter().all(|known| known.name != slot.name) {
                slots.push(SlotJson {
                    name: slot.name.to_owned(),
                    fallback: slot.fallback.map(str::to_owned),
                    shop_value: slot.shop_value().map(str::to_owned),
                });
            }
        }
        WrittenReply {
            id: reply.id.clone(),
            label: reply.label.clone(),
            conditions: conditions(&reply.conditions),
            segments: reply.segments.iter().map(|segment| SegmentJson::new(&segment.text, &segment.pictures)).collect(),
            slots,
            line: reply.line,
        }
    }
}

/// A blank of a reply.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SlotJson {
    /// 订单号, 店铺.退货地址, …
    pub name: String,
    /// What stands where nobody fills it.
    pub fallback: Option<String>,
    /// The shop's value that fills it.
    pub shop_value: Option<String>,
}

/// A section of the body.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PassageJson {
    /// Part of the link `id#slug`; empty before the first heading.
    pub slug: String,
    /// Empty likewise.
    pub heading: String,
    /// Plain text.
    pub text: String,
    /// In the file, from 1.
    pub line: u32,
}
