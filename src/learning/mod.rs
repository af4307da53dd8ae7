//! Picks to learned phrasings: what was asked and used before, weighed by how often, how lately, by how many, and against being passed over.
//! Pure.
//!
//! `journal` keeps the facts and hands them over question by question; a snapshot carries the [`Learned`] table made of them. Weights are
//! computed when the table is made, never stored, so that time alone changes nothing in the journal.

pub mod classifier;
pub mod replies;

use crate::analysis::fold;
use crate::analysis::terms::{FNV_BASIS, fnv};
use crate::entry::EntryId;
use crate::mask::{PrivateKind, mask};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Longest learned phrasing, in characters; of longer messages the end is kept, since customers come to the point last.
pub const MAX_PHRASING_CHARS: usize = 120;

/// Least letters or characters that a phrasing has besides placeholders: 在吗 and 嗯嗯 would answer anything.
pub const MIN_PHRASING_CHARS: usize = 3;

/// After so many days a pick counts half: rules of platforms and shops change about once a season.
pub const HALF_LIFE_DAYS: f64 = 90.0;

/// From so many picks on a phrasing has its full weight.
pub const FULL_PICKS: f64 = 7.0;

/// Weight of a first pick, as a share of the full one: most messages come but once, so that one pick must do most of the work.
pub const FIRST_PICK_SHARE: f64 = 0.6;

/// Picks that every phrasing is believed to have had before its first, against those passed over: one passing over halves a single pick's
/// chance only to two thirds.
pub const PRIOR_PICKS: f64 = 1.0;

/// A learned phrasing is shown to others once so many conversations contained it: less could tell who wrote it.
pub const MIN_SHARED_CONVERSATIONS: usize = 3;

/// Identities kept of a phrasing: ranking asks whether there is more than one, and which.
pub const MAX_IDENTITIES: usize = 8;

/// First hits of a search that are remembered as seen: agents read three, panels show little more.
pub const MAX_SEEN_HITS: usize = 5;

/// Hits that count as read and found wanting where nothing of a search was used.
const READ_HITS: usize = 3;

const MS_PER_DAY: f64 = 24.0 * 60.0 * 60.0 * 1000.0;

/// Where a phrasing was learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Provenance {
    /// Agents picked the entry.
    Picks,
    /// Agents pasted its reply in old chats.
    Chats,
    /// A judged file.
    Eval,
}

impl Provenance {
    /// The name in the journal and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Provenance::Picks => "picks",
            Provenance::Chats => "chats",
            Provenance::Eval => "eval",
        }
    }

    /// Reads the name.
    pub fn parse(text: &str) -> Option<Provenance> {
        [Provenance::Picks, Provenance::Chats, Provenance::Eval].into_iter().find(|provenance| provenance.as_str() == text)
    }
}

/// What a trainer decided about a learned phrasing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// It stands in the entry's questions now.
    Accept,
    /// It is never learned again.
    Ban,
    /// What was learned until then is void.
    Forget,
}

impl Decision {
    /// The name in the journal, in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Decision::Accept => "accept",
            Decision::Ban => "ban",
            Decision::Forget => "forget",
        }
    }

    /// Reads the name.
    pub fn parse(text: &str) -> Option<Decision> {
        [Decision::Accept, Decision::Ban, Decision::Forget].into_iter().find(|decision| decision.as_str() == text)
    }
}

/// What happened to a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// The answer stood unchanged for a second.
    Shown,
    /// A hit was chosen.
    Picked,
    /// Its reply was copied.
    Copied,
    /// Its reply was put into the chat.
    Inserted,
    /// It was used with other words.
    Edited,
    /// Nothing of the answer was used.
    Unused,
    /// Somebody said how good it was.
    Feedback,
    /// Nothing of the answer fits: trainers should hear of it.
    Gap,
}

impl EventKind {
    /// All kinds.
    pub const ALL: [EventKind; 8] = [
        EventKind::Shown,
        EventKind::Picked,
        EventKind::Copied,
        EventKind::Inserted,
        EventKind::Edited,
        EventKind::Unused,
        EventKind::Feedback,
        EventKind::Gap,
    ];

    /// The name in the journal and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            EventKind::Shown => "shown",
            EventKind::Picked => "picked",
            EventKind::Copied => "copied",
            EventKind::Inserted => "inserted",
            EventKind::Edited => "edited",
            EventKind::Unused => "unused",
            EventKind::Feedback => "feedback",
            EventKind::Gap => "gap",
        }
    }

    /// Reads the name.
    pub fn parse(text: &str) -> Option<EventKind> {
        EventKind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether it says that the entry answered.
    pub fn is_pick(self) -> bool {
        matches!(self, EventKind::Picked | EventKind::Copied | EventKind::Inserted | EventKind::Edited)
    }
}

/// One event of a search, as learning needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// What.
    pub kind: EventKind,
    /// With which entry.
    pub entry_id: Option<EntryId>,
    /// When, in milliseconds.
    pub at_ms: i64,
}

/// One search of a question, with what happened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Who searched.
    pub identity: String,
    /// In which conversation; empty: unknown.
    pub conversation: String,
    /// The first hits that the answer gave, at most [`MAX_SEEN_HITS`].
    pub hits: Vec<EntryId>,
    /// Events in the order of time.
    pub events: Vec<Happened>,
}

/// A question and its answer, learned elsewhere than from picks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lesson {
    /// The entry.
    pub entry_id: EntryId,
    /// Where.
    pub provenance: Provenance,
    /// The conversation or line: stands for a person too.
    pub conversation: String,
    /// When, in milliseconds.
    pub at_ms: i64,
}

/// A trainer's word on a phrasing of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Veto {
    /// What.
    pub decision: Decision,
    /// When, in milliseconds.
    pub at_ms: i64,
}

/// Vetoes by phrasing and entry; the latest of each counts.
pub type Vetoes = HashMap<(Arc<str>, EntryId), Veto>;

/// What is known of one question over all its searches.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// How many conversations contained it.
    pub conversations: usize,
    /// Entries used for it or passed over.
    pub entries: Vec<EntryTally>,
}

/// How an entry fared on one question.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryTally {
    /// The entry.
    pub entry_id: EntryId,
    /// Searches in which it was used, and lessons.
    pub picks: u32,
    /// Who used it: hashes, at most [`MAX_IDENTITIES`].
    pub identities: Vec<u64>,
    /// The latest use, in milliseconds.
    pub last_at: i64,
    /// Searches that showed it among their first hits.
    pub shown: u32,
    /// Searches in which another below it was used, or nothing.
    pub passed_over: u32,
    /// Where it was learned.
    pub provenance: BTreeSet<Provenance>,
}

impl EntryTally {
    fn new(entry_id: &EntryId) -> EntryTally {
        EntryTally {
            entry_id: Arc::clone(entry_id),
            picks: 0,
            identities: Vec::new(),
            last_at: 0,
            shown: 0,
            passed_over: 0,
            provenance: BTreeSet::new(),
        }
    }

    fn pick(&mut self, identities: &[u64], at_ms: i64, provenance: Provenance) {
        self.picks += 1;
        self.last_at = self.last_at.max(at_ms);
        self.provenance.insert(provenance);
        for identity in identities {
            if self.identities.len() < MAX_IDENTITIES && !self.identities.contains(identity) {
                self.identities.push(*identity);
            }
        }
    }
}

/// The question of a message as it is learned: masked, folded, without what surrounds it. `None` where too little is left.
pub fn phrasing_text(message: &str) -> Option<String> {
    let folded = fold(&mask(message)).text;
    let joined = folded.split_whitespace().collect::<Vec<_>>().join(" ");
    let from = joined.char_indices().rev().nth(MAX_PHRASING_CHARS - 1).map_or(0, |(at, _)| at);
    // A placeholder that was cut in two says nothing.
    let cut =
        if from > 0 { joined[from..].find('>').filter(|at| !joined[from..from + at].contains('<')).map_or(0, |at| at + 1) } else { 0 };
    let edge = |character: char| !character.is_alphanumeric() && !matches!(character, '<' | '>');
    let text = joined[from + cut..].trim_matches(edge);
    let without = PrivateKind::ALL.iter().fold(text.to_owned(), |text, kind| text.replace(kind.placeholder(), ""));
    (without.chars().filter(|character| character.is_alphanumeric()).count() >= MIN_PHRASING_CHARS).then(|| text.to_owned())
}

/// Counts what happened to one question. The result depends on the facts alone, not on the order in which they came.
pub fn tally(text: &Arc<str>, searches: &[Asked], lessons: &[Lesson], vetoes: &Vetoes) -> Tally {
    let mut entries: BTreeMap<EntryId, EntryTally> = BTreeMap::new();
    let mut conversations: BTreeSet<u64> = BTreeSet::new();
    let forgotten = |entry: &EntryId, at_ms: i64| match vetoes.get(&(Arc::clone(text), Arc::clone(entry))) {
        Some(Veto { decision: Decision::Forget, at_ms: until }) => at_ms <= *until,
        Some(_) => true,
        None => false,
    };
    for search in searches {
        let counts = search.events.iter().any(|event| event.kind == EventKind::Shown || event.kind.is_pick());
        if !counts {
            continue;
        }
        // Without a conversation all searches of one person may be one.
        let conversation = if search.conversation.is_empty() { &search.identity } else { &search.conversation };
        conversations.insert(identity_hash(conversation));
        let last = search.events.iter().map(|event| event.at_ms).max().unwrap_or_default();
        let mut used: Vec<(&EntryId, i64)> = Vec::new();
        for event in search.events.iter().filter(|event| event.kind.is_pick()) {
            if let Some(entry) = event.entry_id.as_ref().filter(|entry| used.iter().all(|(other, _)| other != entry)) {
                used.push((entry, event.at_ms));
            }
        }
        // Of what stood above the lowest that was used, all was read and the rest passed over (Joachims 2002, click > skip above); where
        // somebody says that nothing was used, what agents read.
        let lowest = search.hits.iter().rposition(|hit| used.iter().any(|(entry, _)| *entry == hit));
        let unused = used.is_empty() && search.events.iter().any(|event| event.kind == EventKind::Unused);
        let read = lowest.unwrap_or(if unused { READ_HITS.min(search.hits.len()) } else { 0 });
        for (place, hit) in search.hits.iter().enumerate() {
            if forgotten(hit, last) {
                continue;
            }
            let tally = entries.entry(Arc::clone(hit)).or_insert_with(|| EntryTally::new(hit));
            tally.shown += 1;
            if place < read && used.iter().all(|(entry, _)| *entry != hit) {
                tally.passed_over += 1;
            }
        }
        for (entry, at_ms) in used.into_iter().filter(|(entry, at_ms)| !forgotten(entry, *at_ms)) {
            let tally = entries.entry(Arc::clone(entry)).or_insert_with(|| EntryTally::new(entry));
            tally.pick(&[identity_hash(&search.identity)], at_ms, Provenance::Picks);
        }
    }
    for lesson in lessons {
        conversations.insert(identity_hash(&lesson.conversation));
        if forgotten(&lesson.entry_id, lesson.at_ms) {
            continue;
        }
        let tally = entries.entry(Arc::clone(&lesson.entry_id)).or_insert_with(|| EntryTally::new(&lesson.entry_id));
        tally.pick(&[identity_hash(&lesson.conversation)], lesson.at_ms, lesson.provenance);
    }
    Tally { conversations: conversations.len(), entries: entries.into_values().collect() }
}

/// A phrasing that agents' choices taught (学来的问法).
#[derive(Debug, Clone, PartialEq)]
pub struct LearnedPhrasing {
    /// Stable over restarts: hash of text and entry.
    pub key: u64,
    /// Masked and folded.
    pub text: Arc<str>,
    /// What was used for it.
    pub entry_id: EntryId,
    /// 0..1 at the moment of the table.
    pub weight: f32,
    /// Who used it: hashes, ascending, at most [`MAX_IDENTITIES`].
    pub identities: Box<[u64]>,
    /// How many conversations contained the text.
    pub conversations: usize,
    /// How many times it was used.
    pub picks: u32,
    /// The latest use, in milliseconds.
    pub last_at: i64,
    /// How many searches showed the entry for it.
    pub shown: u32,
    /// How many of them passed it over.
    pub passed_over: u32,
    /// Whether all that was learned for the *entry* comes from picks of one identity: such phrasings may lift near-identical questions
    /// only. Chats and judged files were vouched for by who imported them.
    pub single_identity: bool,
    /// Whether others may see the text.
    pub shareable: bool,
    /// Where it was learned, the first of several.
    pub provenance: Provenance,
}

impl LearnedPhrasing {
    /// The id in the API and on the command line: the key in hexadecimal.
    pub fn id(&self) -> String {
        format!("{:016x}", self.key)
    }
}

/// All that is learned, as a snapshot carries it.
#[derive(Debug, Clone, Default)]
pub struct Learned {
    /// Ascending by text, then entry.
    pub phrasings: Vec<LearnedPhrasing>,
    by_key: HashMap<u64, u32>,
    by_entry: HashMap<EntryId, Vec<u32>>,
}

impl Learned {
    /// The phrasing with a key.
    pub fn get(&self, key: u64) -> Option<&LearnedPhrasing> {
        self.by_key.get(&key).map(|at| &self.phrasings[*at as usize])
    }

    /// The phrasings of an entry.
    pub fn of_entry(&self, entry_id: &str) -> impl Iterator<Item = &LearnedPhrasing> {
        self.by_entry.get(entry_id).into_iter().flatten().map(|at| &self.phrasings[*at as usize])
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.phrasings.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.phrasings.is_empty()
    }

    /// The table of messages with their answers, without a journal: for evaluation.
    pub fn from_lessons(pairs: impl IntoIterator<Item = (String, Lesson)>, now_ms: i64) -> Learned {
        let mut lessons: BTreeMap<Arc<str>, Vec<Lesson>> = BTreeMap::new();
        for (message, lesson) in pairs {
            if let Some(text) = phrasing_text(&message) {
                lessons.entry(Arc::from(text)).or_default().push(lesson);
            }
        }
        let none = Vetoes::new();
        let tallies: Vec<(Arc<str>, Tally)> = lessons
            .into_iter()
            .map(|(text, lessons)| {
                let tally = tally(&text, &[], &lessons, &none);
                (text, tally)
            })
            .collect();
        Learned::new(tallies.iter().map(|(text, tally)| (text, tally)), now_ms)
    }

    /// The table of some tallies at a moment, in milliseconds.
    pub fn new<'t>(tallies: impl IntoIterator<Item = (&'t Arc<str>, &'t Tally)>, now_ms: i64) -> Learned {
        let mut phrasings: Vec<LearnedPhrasing> = tallies
            .into_iter()
            .flat_map(|(text, tally)| {
                tally.entries.iter().filter(|entry| entry.picks > 0).map(move |entry| learned(text, tally.conversations, entry, now_ms))
            })
            .collect();
        phrasings.sort_unstable_by(|a, b| a.text.cmp(&b.text).then_with(|| a.entry_id.cmp(&b.entry_id)));
        let (mut by_key, mut by_entry) = (HashMap::with_capacity(phrasings.len()), HashMap::<EntryId, Vec<u32>>::new());
        for (phrasing, at) in phrasings.iter().zip(0..) {
            by_key.insert(phrasing.key, at);
            by_entry.entry(Arc::clone(&phrasing.entry_id)).or_default().push(at);
        }
        for of_entry in by_entry.values() {
            let own = || of_entry.iter().map(|at| &phrasings[*at as usize]);
            let first = own().find_map(|phrasing| phrasing.identities.first().copied());
            let single = own().all(|phrasing| {
                phrasing.provenance == Provenance::Picks && phrasing.identities.iter().all(|identity| Some(*identity) == first)
            });
            for at in of_entry {
                phrasings[*at as usize].single_identity = single;
            }
        }
        Learned { phrasings, by_key, by_entry }
    }
}

fn learned(text: &Arc<str>, conversations: usize, entry: &EntryTally, now_ms: i64) -> LearnedPhrasing {
    let mut identities = entry.identities.clone();
    identities.sort_unstable();
    LearnedPhrasing {
        key: phrasing_key(text, &entry.entry_id),
        text: Arc::clone(text),
        entry_id: Arc::clone(&entry.entry_id),
        weight: weight(entry.picks, entry.passed_over, entry.last_at, now_ms),
        identities: identities.into_boxed_slice(),
        conversations,
        picks: entry.picks,
        last_at: entry.last_at,
        shown: entry.shown,
        passed_over: entry.passed_over,
        single_identity: true,
        shareable: conversations >= MIN_SHARED_CONVERSATIONS,
        // The most trustworthy last: a phrasing of which anything is vouched for is.
        provenance: entry.provenance.iter().next_back().copied().unwrap_or(Provenance::Picks),
    }
}

/// How much a phrasing is worth, 0..1: how often (logarithm), how lately (half-life), and used rather than passed over.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a weight between 0 and 1, ages in milliseconds")]
pub fn weight(picks: u32, passed_over: u32, last_at: i64, now_ms: i64) -> f32 {
    if picks == 0 {
        return 0.0;
    }
    let (picks, passed_over) = (f64::from(picks), f64::from(passed_over));
    let often = (picks.ln() / FULL_PICKS.ln()).min(1.0);
    let often = FIRST_PICK_SHARE + (1.0 - FIRST_PICK_SHARE) * often;
    let age_days = (now_ms - last_at).max(0) as f64 / MS_PER_DAY;
    let lately = (-age_days / HALF_LIFE_DAYS).exp2();
    let rate = (picks + PRIOR_PICKS) / (picks + PRIOR_PICKS + passed_over);
    (often * lately * rate) as f32
}

/// The key of a phrasing of an entry: FNV-1a of both.
pub fn phrasing_key(text: &str, entry_id: &str) -> u64 {
    mixed(fnv(fnv(fnv(FNV_BASIS, text), "\0"), entry_id))
}

/// A person or conversation as a number.
pub fn identity_hash(identity: &str) -> u64 {
    mixed(fnv(FNV_BASIS, identity))
}

/// Every bit of a hash in all of them.
fn mixed(hash: u64) -> u64 {
    (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (hash >> 29)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1000;

    fn id(text: &str) -> EntryId {
        Arc::from(text)
    }

    fn asked(identity: &str, conversation: &str, hits: &[&str], events: &[(EventKind, &str, i64)]) -> Asked {
        Asked {
            identity: identity.into(),
            conversation: conversation.into(),
            hits: hits.iter().map(|hit| id(hit)).collect(),
            events: events
                .iter()
                .map(|(kind, entry, at_ms)| Happened { kind: *kind, entry_id: (!entry.is_empty()).then(|| id(entry)), at_ms: *at_ms })
                .collect(),
        }
    }

    fn table(searches: &[Asked], lessons: &[Lesson], vetoes: &Vetoes, now: i64) -> Learned {
        let text: Arc<str> = Arc::from("怎么还没发货");
        let tally = tally(&text, searches, lessons, vetoes);
        Learned::new([(&text, &tally)], now)
    }

    #[test]
    fn a_message_becomes_a_phrasing_masked_and_folded() {
        for (message, expect) in [
            ("  訂單 怎麼還沒 發貨？？", Some("订单 怎么还没 发货")),
            ("我叫王小明,13800138000,改地址", Some("我叫<姓名>,<手机>,改地址")),
            ("13800138000", None),
            ("在吗", None),
            ("？？？", None),
            ("换货\n\n颜色不对", Some("换货 颜色不对")),
        ] {
            assert_eq!(phrasing_text(message).as_deref(), expect, "{message}");
        }
        let long = phrasing_text(&format!("{}怎么退货", "很".repeat(500))).unwrap();
        assert_eq!(long.chars().count(), MAX_PHRASING_CHARS);
        assert!(long.ends_with("怎么退货"));
    }

    #[test]
    fn what_stood_above_the_pick_was_passed_over() {
        let search = asked("a", "1", &["x", "y", "z"], &[(EventKind::Shown, "", 0), (EventKind::Picked, "y", 1)]);
        let tally = tally(&Arc::from("q"), &[search], &[], &Vetoes::new());
        let of = |entry: &str| tally.entries.iter().find(|tally| &*tally.entry_id == entry).unwrap();
        assert_eq!((of("x").picks, of("x").passed_over, of("x").shown), (0, 1, 1));
        assert_eq!((of("y").picks, of("y").passed_over), (1, 0));
        assert_eq!((of("z").picks, of("z").passed_over), (0, 0));
    }

    #[test]
    fn one_use_counts_once_however_many_events_tell_it() {
        let events = [(EventKind::Picked, "x", 1), (EventKind::Inserted, "x", 2), (EventKind::Copied, "x", 3)];
        assert_eq!(table(&[asked("a", "1", &["x"], &events)], &[], &Vetoes::new(), 0).phrasings[0].picks, 1);
    }

    #[test]
    fn a_search_that_nobody_saw_counts_nothing() {
        let unseen = asked("a", "1", &["x"], &[]);
        assert_eq!(tally(&Arc::from("q"), &[unseen], &[], &Vetoes::new()), Tally::default());
    }

    #[test]
    fn more_picks_later_picks_and_fewer_passings_weigh_more() {
        let now = 1_000 * DAY;
        for (more, less, why) in [
            ((3, 0, now), (1, 0, now), "often"),
            ((1, 0, now), (1, 0, now - 30 * DAY), "lately"),
            ((1, 0, now), (1, 1, now), "not passed over"),
            ((5, 1, now), (1, 1, now), "rather used"),
        ] {
            let of = |(picks, passed, at): (u32, u32, i64)| weight(picks, passed, at, now);
            assert!(of(more) > of(less), "{why}");
        }
        let half = weight(1, 0, now - 90 * DAY, now) / weight(1, 0, now, now);
        assert!((half - 0.5).abs() < 1e-6);
        assert!((weight(1_000, 0, now + DAY, now) - 1.0).abs() < 1e-6);
        assert!(weight(0, 0, now, now) == 0.0);
    }

    #[test]
    fn picks_of_one_identity_are_marked_and_lessons_are_not() {
        let pick = |identity: &str| asked(identity, "", &["x"], &[(EventKind::Picked, "x", 1)]);
        let lesson = |provenance| Lesson { entry_id: id("x"), provenance, conversation: "c".into(), at_ms: 1 };
        for (searches, lessons, single) in [
            (vec![pick("a"), pick("a")], vec![], true),
            (vec![pick("a"), pick("b")], vec![], false),
            (vec![], vec![lesson(Provenance::Eval)], false),
            (vec![pick("a")], vec![lesson(Provenance::Chats)], false),
        ] {
            let learned = table(&searches, &lessons, &Vetoes::new(), 1);
            assert_eq!(learned.phrasings[0].single_identity, single, "{searches:?} {lessons:?}");
        }
    }

    #[test]
    fn others_see_a_phrasing_after_three_conversations() {
        let pick = |conversation: &str| asked("a", conversation, &["x"], &[(EventKind::Picked, "x", 1)]);
        for (conversations, shareable) in
            [(vec!["1", "2"], false), (vec!["1", "1", "1"], false), (vec!["1", "2", "3"], true), (vec!["", "", ""], false)]
        {
            let searches: Vec<_> = conversations.iter().map(|conversation| pick(conversation)).collect();
            assert_eq!(table(&searches, &[], &Vetoes::new(), 1).phrasings[0].shareable, shareable, "{conversations:?}");
        }
    }

    #[test]
    fn vetoes_hold() {
        let picks = [asked("a", "1", &["x"], &[(EventKind::Picked, "x", 10)]), asked("b", "2", &["x"], &[(EventKind::Picked, "x", 30)])];
        for (decision, expect) in [(Decision::Ban, vec![]), (Decision::Accept, vec![]), (Decision::Forget, vec![1])] {
            let vetoes = Vetoes::from([((Arc::from("怎么还没发货"), id("x")), Veto { decision, at_ms: 20 })]);
            let picks: Vec<u32> = table(&picks, &[], &vetoes, 40).phrasings.iter().map(|phrasing| phrasing.picks).collect();
            assert_eq!(picks, expect, "{decision:?}");
        }
    }

    #[test]
    fn judged_messages_alone_make_a_table() {
        let lesson =
            |entry: &str, line: &str| Lesson { entry_id: id(entry), provenance: Provenance::Eval, conversation: line.into(), at_ms: 0 };
        let pairs = [
            ("怎么还没发货？".to_owned(), lesson("x", "1")),
            ("怎么还没发货".to_owned(), lesson("x", "2")),
            ("嗯".to_owned(), lesson("y", "3")),
        ];
        let learned = Learned::from_lessons(pairs, DAY);
        assert_eq!(learned.len(), 1);
        assert_eq!((learned.phrasings[0].picks, learned.phrasings[0].single_identity), (2, false));
    }

    #[test]
    fn phrasings_are_found_by_key_and_entry() {
        let learned = table(&[asked("a", "1", &["x"], &[(EventKind::Picked, "x", 1)])], &[], &Vetoes::new(), 1);
        let key = phrasing_key("怎么还没发货", "x");
        assert_eq!(&*learned.get(key).unwrap().entry_id, "x");
        assert_eq!(learned.of_entry("x").count(), 1);
        assert_eq!(learned.of_entry("y").count(), 0);
    }
}
