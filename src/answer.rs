//! The one search path: a request in, ranked hits out. Panel, extension, CLI and evaluation all call [`answer`].

use crate::analysis::fold;
use crate::analysis::pinyin::{find_initials, find_syllables};
use crate::confidence::{CONFIDENT_AT, Trust};
use crate::entry::{Act, Entry, Reply};
use crate::facet::Facet;
use crate::highlight::{Highlighted, Marker};
use crate::lexicon::{Emotion, EmotionReading, Stage, read_stage};
use crate::matters::add_matters;
use crate::problem::Code;
use crate::query::{self, Query};
use crate::ranking::{Component, Context, Matched, Ranked, Weights, rank};
use crate::search::{Filter, candidates};
use crate::slots;
use crate::snapshot::Snapshot;
use crate::urgency::put_urgent_first;
use std::collections::BTreeMap;
use std::sync::Arc;

/// `offset + limit` at most: ranking looks at no more.
pub const MAX_HITS: usize = 100;

/// Hits of one answer where the request says nothing.
pub const DEFAULT_LIMIT: usize = 10;

/// An entry whose validity or review ends within so many days is marked.
const EXPIRING_DAYS: i32 = 3;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What the customer wrote, oldest first.
    pub messages: Vec<String>,
    /// What is known of the chat.
    pub context: Context,
    /// What to leave out.
    pub filter: Filter,
    /// Facets to count.
    pub facets: Vec<Facet>,
    /// Hits to give.
    pub limit: usize,
    /// Hits to skip.
    pub offset: usize,
    /// Whether each hit says why.
    pub explain: bool,
}

impl Request {
    /// A request for one message with everything else at rest.
    pub fn new(message: &str) -> Request {
        Request {
            messages: vec![message.to_owned()],
            context: Context::default(),
            filter: Filter::default(),
            facets: Vec::new(),
            limit: DEFAULT_LIMIT,
            offset: 0,
            explain: false,
        }
    }
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// Best first.
    pub hits: Vec<Hit>,
    /// Entries of the candidate pool.
    pub total: usize,
    /// Values of the facets that were asked for, with how many of those entries have them, most first.
    pub facets: Vec<(Facet, Vec<(String, usize)>)>,
    /// How the customer feels.
    pub emotion: EmotionReading,
    /// Where the purchase stands by the customer's words.
    pub stage: Option<Stage>,
    /// What a message without a question does.
    pub act: Option<Act>,
    /// Chance that the best entry found for the question answers it, 0..1; 0 without a question.
    pub confidence: f32,
    /// Whether that is enough to rely on.
    pub confident: bool,
    /// Whether the beginning of the input was cut off.
    pub truncated: bool,
    /// What was understood as the question, for `explain`.
    pub understood: Vec<String>,
}

/// An entry as found for one query (命中).
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The entry.
    pub entry: Arc<Entry>,
    /// 0..1.
    pub score: f32,
    /// Chance that it answers, 0..1.
    pub confidence: f32,
    /// What of it was found.
    pub matched: Matched,
    /// The phrasing or heading that was found, with highlights.
    pub matched_text: Highlighted,
    /// The title with highlights.
    pub title: Highlighted,
    /// The part of the body that was met most.
    pub snippet: Highlighted,
    /// Its replies, best fit first.
    pub replies: Vec<RankedReply>,
    /// What an agent must know before using it.
    pub marks: Vec<Mark>,
    /// How often it was used.
    pub picks: u32,
    /// Summands of the score, where asked for.
    pub why: Option<Vec<Component>>,
}

/// A reply in its place.
#[derive(Debug, Clone, PartialEq)]
pub struct RankedReply {
    /// Index into the entry's replies.
    pub index: usize,
    /// Conditions that fit the context less those that do not.
    pub fit: i32,
    /// Whether it is among the replies used lately.
    pub used: bool,
    /// The whole text, shop values filled.
    pub text: String,
    /// Slots that neither shop nor fallback fill, by name.
    pub missing: Vec<String>,
}

/// What an agent must know of a hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// Made for another channel.
    OtherChannel,
    /// Made for another shop.
    OtherShop,
    /// Above the agent's authority.
    AboveAuthority,
    /// Its validity ends soon.
    Expiring,
    /// Past its review.
    ReviewDue,
    /// Outside its hours.
    OutsideHours,
    /// One of its replies says what is forbidden.
    Banned,
}

impl Mark {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Mark::OtherChannel => "other_channel",
            Mark::OtherShop => "other_shop",
            Mark::AboveAuthority => "above_authority",
            Mark::Expiring => "expiring",
            Mark::ReviewDue => "review_due",
            Mark::OutsideHours => "outside_hours",
            Mark::Banned => "banned",
        }
    }

    /// The word on the screen.
    pub fn zh(self) -> &'static str {
        match self {
            Mark::OtherChannel => "其他渠道",
            Mark::OtherShop => "其他店铺",
            Mark::AboveAuthority => "超出权限",
            Mark::Expiring => "即将到期",
            Mark::ReviewDue => "待复审",
            Mark::OutsideHours => "不在时段",
            Mark::Banned => "含违禁词",
        }
    }
}

/// Answers a request from a snapshot; touches no lock, no disk write, no journal.
///
/// # Errors
/// Where the index cannot be read.
pub fn answer(snapshot: &Snapshot, request: &Request) -> tantivy::Result<Answer> {
    answer_with(snapshot, request, &Weights::DEFAULT)
}

/// The same with other weights, for measuring them.
///
/// # Errors
/// Where the index cannot be read.
pub fn answer_with(snapshot: &Snapshot, request: &Request, weights: &Weights) -> tantivy::Result<Answer> {
    let library = &snapshot.library;
    let mut query = query::read(&request.messages, &library.lexicon, &snapshot.analyzer);
    let context = with_emotion(&request.context, &query.emotion);
    let allowed = request.filter.allowed(snapshot);
    let mut found = candidates(snapshot, &query, &allowed)?;
    if found.is_empty() && !query.phrases.is_empty() && !query.content.is_empty() {
        query = query::read_as_message(&request.messages, &library.lexicon, &snapshot.analyzer);
        found = candidates(snapshot, &query, &allowed)?;
    }
    let ranked_by = ranked_by(&request.context, &query.emotion);
    let (mut ranked, terms) = rank(snapshot, &query, &found, &allowed, &ranked_by, weights);
    let trust = Trust::new(snapshot, &query, &terms, &ranked);
    if query.phrases.is_empty() && query.excluded.is_empty() {
        add_matters(snapshot, &query, &allowed, &ranked_by, weights, &mut ranked)?;
    }
    if let Some(act) = query.act {
        add_act(snapshot, act, &allowed, &mut ranked);
    }
    put_urgent_first(snapshot, &query.emotion, &context, &allowed, &mut ranked);
    let total = ranked.len();
    let facets = request.facets.iter().map(|facet| (*facet, count(snapshot, &ranked, *facet))).collect();
    let end = (request.offset + request.limit).min(MAX_HITS);
    let marker = Marker::new(&query);
    let confidence = trust.of_answer(ranked.first());
    let shown = ranked.into_iter().take(end).skip(request.offset);
    let hits: Vec<Hit> = shown
        .map(|ranked| {
            let why = request.explain.then(|| terms.spell_out(snapshot, &ranked));
            hit(snapshot, &ranked, why, &query, &marker, &context, &trust)
        })
        .collect();
    let understood = query.content.iter().map(|range| query.text[query.folded.original(range.clone())].to_owned()).collect();
    Ok(Answer {
        hits,
        total,
        facets,
        stage: read_stage(&query.folded.text, &library.lexicon.stages),
        emotion: query.emotion,
        act: query.act,
        confidence,
        confident: confidence >= CONFIDENT_AT,
        truncated: query.truncated,
        understood,
    })
}

/// What entries are ranked by. Worry and haste move no entry, since the matter is the same; what is made for the angry alone steps back where
/// nobody is.
fn ranked_by(context: &Context, reading: &EmotionReading) -> Context {
    let mood = if reading.emotion == Emotion::Angry { Emotion::Angry } else { Emotion::Calm };
    let emotion = context.emotion.clone().or_else(|| Some(mood.as_str().to_owned()));
    Context { emotion, ..context.clone() }
}

/// The mood is read from the message where nobody says it; calm is no reason to prefer anything.
fn with_emotion(context: &Context, reading: &EmotionReading) -> Context {
    let mut context = context.clone();
    if context.emotion.is_none() && reading.emotion != Emotion::Calm {
        context.emotion = Some(reading.emotion.as_str().to_owned());
    }
    context
}

/// Entries for what the message does come first: nobody asked a question that others could answer.
fn add_act(snapshot: &Snapshot, act: Act, allowed: &crate::snapshot::Bitset, ranked: &mut Vec<Ranked>) {
    let entries = (0..).zip(&snapshot.library.entries).filter(|(ordinal, entry)| entry.act == Some(act) && allowed.contains(*ordinal));
    let first: Vec<Ranked> = entries
        .map(|(ordinal, _)| {
            let component = Component { name: crate::ranking::ComponentName::Act, value: 1.0 };
            Ranked { ordinal, score: 1.0, matched: Matched::Act, components: vec![component] }
        })
        .collect();
    ranked.retain(|entry| first.iter().all(|act| act.ordinal != entry.ordinal));
    ranked.splice(0..0, first);
}

fn count(snapshot: &Snapshot, ranked: &[Ranked], facet: Facet) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in ranked.iter().map(|ranked| snapshot.entry(ranked.ordinal)) {
        match facet {
            Facet::Trigger => entry.trigger.as_deref().into_iter().for_each(|value| *counts.entry(value).or_default() += 1),
            Facet::Authority => *counts.entry(entry.authority.as_str()).or_default() += 1,
            Facet::Hours => entry.hours.as_deref().into_iter().for_each(|value| *counts.entry(value).or_default() += 1),
            _ => entry.facet(facet).for_each(|value| *counts.entry(value).or_default() += 1),
        }
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().map(|(value, count)| (value.to_owned(), count)).collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

fn hit(
    snapshot: &Snapshot,
    ranked: &Ranked,
    why: Option<Vec<Component>>,
    query: &Query,
    marker: &Marker,
    context: &Context,
    trust: &Trust,
) -> Hit {
    let entry = Arc::clone(snapshot.entry(ranked.ordinal));
    let title = marker.mark(&entry.title);
    let matched_text = match ranked.matched {
        Matched::Shortcut => whole(entry.shortcut.as_deref().unwrap_or_default()),
        Matched::Phrasing(part) => marker.mark(entry.phrasing(part)),
        Matched::Sound(part) => sounded(entry.phrasing(part), query),
        Matched::Passage(part) => {
            let heading = entry.passages.get(part as usize).map_or("", |passage| passage.heading.as_str());
            marker.mark(if heading.is_empty() { &entry.title } else { heading })
        }
        Matched::Learned(number) => match snapshot.learned_phrasing(number).filter(|(learned, _)| learned.shareable) {
            Some((learned, _)) => marker.mark(&learned.text),
            // Fewer conversations contained it than hide who wrote it.
            None => marker.mark(&entry.title),
        },
        Matched::Category => marker.mark(&entry.category),
        Matched::Act | Matched::Risk | Matched::Comfort => Highlighted { text: entry.title.clone(), spans: Vec::new() },
    };
    let passage = match ranked.matched {
        Matched::Passage(part) => entry.passages.get(part as usize),
        _ => entry.passages.first(),
    };
    let snippet = passage.map(|passage| marker.snippet(&passage.text)).unwrap_or_default();
    let replies = rank_replies(snapshot, &entry, context);
    let marks = marks(snapshot, &entry, context);
    let picks = snapshot.picks(ranked.ordinal);
    let confidence = trust.of_hit(ranked);
    Hit { score: ranked.score, confidence, matched: ranked.matched, matched_text, title, snippet, replies, marks, picks, why, entry }
}

fn whole(text: &str) -> Highlighted {
    let everything = 0..text.len();
    Highlighted { text: text.to_owned(), spans: if text.is_empty() { Vec::new() } else { vec![everything] } }
}

/// Marks the characters whose sound was typed.
fn sounded(text: &str, query: &Query) -> Highlighted {
    let folded = fold(text);
    let span = query.letters.as_ref().and_then(|letters| {
        let initials = |wrong| find_initials(&folded.text, &letters.letters, wrong);
        initials(0).or_else(|| find_syllables(&folded.text, letters.syllables.as_deref()?)).or_else(|| initials(1))
    });
    Highlighted { text: text.to_owned(), spans: span.map(|span| folded.original(span)).into_iter().collect() }
}

/// Replies in the order of fit: conditions that fit first, then those without, then those that do not fit; used ones step back among their equals, the latest furthest.
pub fn rank_replies(snapshot: &Snapshot, entry: &Entry, context: &Context) -> Vec<RankedReply> {
    let mut replies: Vec<RankedReply> =
        entry.replies.iter().enumerate().map(|(index, reply)| ranked_reply(snapshot, index, reply, context)).collect();
    let last_used = |reply: &RankedReply| context.used_reply_ids.iter().rposition(|used| *used == entry.replies[reply.index].id);
    replies.sort_by_key(|reply| (std::cmp::Reverse(reply.fit), last_used(reply), reply.index));
    replies
}

fn ranked_reply(snapshot: &Snapshot, index: usize, reply: &Reply, context: &Context) -> RankedReply {
    let shop = context.shop.as_ref().and_then(|shop| snapshot.library.shops.get(shop));
    let text = reply.text();
    let filled = slots::fill(&text, |slot| shop?.values.get(slot.shop_value()?).map(String::as_str));
    let fit = reply.conditions.iter().map(|(facet, value)| condition_fit(snapshot, *facet, value, context)).sum();
    RankedReply { index, fit, used: context.used_reply_ids.contains(&reply.id), text: filled.text, missing: filled.missing }
}

/// 2 where the context fulfils a condition, -1 where nothing is known, -3 where it contradicts.
fn condition_fit(snapshot: &Snapshot, facet: Facet, value: &str, context: &Context) -> i32 {
    let fulfilled = match facet {
        Facet::Hours => Some(snapshot.library.in_hours(value, snapshot.at.time())),
        _ => context.value(facet).map(|known| known == value),
    };
    match fulfilled {
        Some(true) => 2,
        None => -1,
        Some(false) => -3,
    }
}

/// What an agent in this context must know of an entry.
pub fn marks(snapshot: &Snapshot, entry: &Entry, context: &Context) -> Vec<Mark> {
    let misfit = |facet| {
        let mut own = entry.facet(facet).peekable();
        context.value(facet).is_some_and(|value| own.peek().is_some() && !own.any(|own| own == value))
    };
    let soon = snapshot.at.checked_add(jiff::Span::new().days(EXPIRING_DAYS)).unwrap_or(snapshot.at);
    let today = snapshot.at.date();
    let outside = |hours: &String| !snapshot.library.in_hours(hours, snapshot.at.time());
    [
        (misfit(Facet::Channel), Mark::OtherChannel),
        (misfit(Facet::Shop), Mark::OtherShop),
        (entry.authority > context.authority, Mark::AboveAuthority),
        (entry.valid.until.is_some_and(|until| until <= soon), Mark::Expiring),
        (entry.review_by.is_some_and(|review| review < today), Mark::ReviewDue),
        (entry.hours.as_ref().is_some_and(outside), Mark::OutsideHours),
        (says_banned(snapshot, entry), Mark::Banned),
    ]
    .into_iter()
    .filter_map(|(holds, mark)| holds.then_some(mark))
    .collect()
}

/// Problems stand in the order of their paths.
fn says_banned(snapshot: &Snapshot, entry: &Entry) -> bool {
    let problems = &snapshot.library.problems;
    let own = &problems[problems.partition_point(|problem| problem.path < entry.path)..];
    own.iter().take_while(|problem| problem.path == entry.path).any(|problem| problem.code == Code::BannedPhrase)
}
