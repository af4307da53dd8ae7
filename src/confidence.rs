//! How sure an answer may be of its hits: a small logistic model over what a search knows anyway. Pure; called by `answer`.
//!
//! It weighs how well the best entry meets the question (score, words met, intent), and whether there is a question that stands alone at
//! all: 嗯是的 and 那这个呢 mean something only to who read what came before. The margin to the next entry was tried and told nothing: near
//! twins are common, and one is as good as the other.

use crate::analysis::terms::{idf, word_hash};
use crate::lexicon::Lexicon;
use crate::query::{Origin, Query, TermKind};
use crate::ranking::{Component, ComponentName, Ranked, Terms};
use crate::snapshot::Snapshot;
use std::collections::{HashMap, HashSet};

/// From this confidence on an agent may rely on the first hit. On the development messages half of those above have a full answer first,
/// nine of ten have one in the library; below it is one of ten and half.
pub const CONFIDENT_AT: f32 = 0.3;

/// Confidence of what was typed exactly, or stands first because the customer named its risk.
const RULED: f32 = 0.97;

/// Weights of the evidence, in the order of [`Evidence`].
///
/// Fitted on 584 of the 660 labelled development messages of the help centre, those that an entry answers fully or none does: a logistic
/// regression (ridge, C = 0.5) tells answerable from not, and a second one (C = 1) over its logit and the score tells whether the first hit
/// is a full answer. The second is linear in the first, so that both are one sum. Fitted on one half and measured on the other, the area
/// under the ROC curve is .81 and .84, the Brier score .155; a constant would have .188, the score alone .73 and .78 under the curve.
const WEIGHTS: Evidence = Evidence {
    score: 2.9,
    met: 0.64,
    length: 0.45,
    intent_met: 0.59,
    opening: 0.35,
    continuing: -0.17,
    trade_words: 1.23,
    asking: 0.43,
    requesting: 0.32,
};

/// Logit where there is no evidence at all.
const BIAS: f32 = -4.23;

/// Characters of content from which on a message is as long as a whole question.
const ENOUGH_CHARS: f32 = 24.0;

/// Different words of the trade from which on more say nothing further.
const ENOUGH_TRADE_WORDS: f32 = 3.0;

/// Beginnings of who opens a conversation, and therefore says the whole matter.
const OPENINGS: [&str; 14] =
    ["你好", "您好", "请问", "问下", "问一下", "想问", "咨询", "麻烦", "亲", "hi", "hello", "在吗", "在么", "客服"];

/// Beginnings of who goes on with what was said.
const CONTINUATIONS: [&str; 31] = [
    "那",
    "哦",
    "噢",
    "喔",
    "奥",
    "嗯",
    "恩",
    "好",
    "行",
    "啊",
    "额",
    "呃",
    "然后",
    "就",
    "还有",
    "或者",
    "因为",
    "但",
    "不是",
    "是的",
    "是不是",
    "对",
    "所以",
    "可是",
    "不过",
    "只是",
    "没有",
    "刚",
    "之前",
    "反正",
    "还是",
];

/// Words that ask.
const ASKING: [&str; 18] = [
    "怎么",
    "如何",
    "怎样",
    "咋",
    "什么时候",
    "啥时候",
    "何时",
    "多久",
    "几天",
    "几号",
    "哪天",
    "为什么",
    "为啥",
    "能",
    "可以",
    "哪里",
    "在哪",
    "多少",
];

/// Words that want something done.
const REQUESTING: [&str; 8] = ["我要", "我想", "想要", "帮我", "帮忙", "麻烦", "给我", "需要"];

/// What is known of a question and its best entry, each 0..1; or the weights of that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Score of the best entry.
    pub score: f32,
    /// Share of the meaning (idf) of the question's words that the best entry's phrasing has.
    pub met: f32,
    /// Characters of content.
    pub length: f32,
    /// Whether the best entry serves an intent of the message.
    pub intent_met: f32,
    /// Whether the message opens a conversation.
    pub opening: f32,
    /// Whether it goes on with one.
    pub continuing: f32,
    /// Words of the trade, those that tell the stage.
    pub trade_words: f32,
    /// Whether it asks.
    pub asking: f32,
    /// Whether it wants something done.
    pub requesting: f32,
}

impl Evidence {
    fn values(&self) -> [f32; 9] {
        let Evidence { score, met, length, intent_met, opening, continuing, trade_words, asking, requesting } = *self;
        [score, met, length, intent_met, opening, continuing, trade_words, asking, requesting]
    }

    fn logit(&self) -> f32 {
        BIAS + self.values().iter().zip(WEIGHTS.values()).map(|(value, weight)| value * weight).sum::<f32>()
    }
}

/// Looks at a question and the entries ranked for it, best first.
pub fn evidence(snapshot: &Snapshot, query: &Query, terms: &Terms, ranked: &[Ranked]) -> Evidence {
    let components = ranked.first().map(|first| terms.spell_out(snapshot, first)).unwrap_or_default();
    let text = query.folded.text.trim();
    let is_intent = |component: &Component| matches!(&component.name, ComponentName::Term(term) if term.origin == Origin::Intent);
    let either = |holds: bool| f32::from(u8::from(holds));
    Evidence {
        score: ranked.first().map_or(0.0, |first| first.score),
        met: words_met(snapshot, query, &components),
        length: content_chars(query).min(ENOUGH_CHARS) / ENOUGH_CHARS,
        intent_met: either(components.iter().any(is_intent)),
        opening: either(OPENINGS.iter().any(|opening| text.starts_with(opening))),
        continuing: either(CONTINUATIONS.iter().any(|beginning| text.starts_with(beginning))),
        trade_words: trade_words(text, &snapshot.library.lexicon).min(ENOUGH_TRADE_WORDS) / ENOUGH_TRADE_WORDS,
        asking: either(ASKING.iter().any(|word| text.contains(word))),
        requesting: either(REQUESTING.iter().any(|word| text.contains(word))),
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most the characters of a message")]
fn content_chars(query: &Query) -> f32 {
    let chars =
        |range: &std::ops::Range<usize>| query.folded.text[range.clone()].chars().filter(|character| character.is_alphanumeric()).count();
    query.content.iter().map(chars).sum::<usize>() as f32
}

#[expect(clippy::cast_precision_loss, reason = "at most the characters of a message")]
fn trade_words(text: &str, lexicon: &Lexicon) -> f32 {
    lexicon.stages.longest(text).into_iter().map(|(range, _)| &text[range]).collect::<HashSet<&str>>().len() as f32
}

/// Share of the meaning of the question's words that is among the components of a score. A notion counts once, whichever of its words is met.
fn words_met(snapshot: &Snapshot, query: &Query, components: &[Component]) -> f32 {
    let counts = snapshot.phrasing_terms();
    let mut notions: HashMap<u16, f32> = HashMap::new();
    for term in query.terms.iter().filter(|term| term.kind == TermKind::Word && term.origin == Origin::Written) {
        let worth = idf(counts.of(word_hash(&term.text)), counts.documents());
        let notion = notions.entry(term.notion).or_default();
        *notion = notion.max(worth);
    }
    let all: f32 = notions.values().sum();
    let mut met = 0.0;
    for component in components {
        if let ComponentName::Term(term) = &component.name
            && term.kind == TermKind::Word
        {
            met += notions.remove(&term.notion).unwrap_or(0.0);
        }
    }
    if all > 0.0 { met / all } else { 0.0 }
}

/// How much a search trusts its hits.
#[derive(Debug, Clone, Copy)]
pub struct Trust {
    /// Logit of the best entry; `None` where nothing is asked or nothing found.
    logit: Option<f32>,
    /// Its score.
    score: f32,
}

impl Trust {
    /// Trust in entries ranked for a question, best first.
    pub fn new(snapshot: &Snapshot, query: &Query, terms: &Terms, ranked: &[Ranked]) -> Trust {
        let asked = query.act.is_none() && !ranked.is_empty();
        let logit = asked.then(|| evidence(snapshot, query, terms, ranked).logit());
        Trust { logit, score: ranked.first().map_or(0.0, |first| first.score) }
    }

    /// Chance that the best entry found answers; `first` stands first in the end, by search or by a rule.
    pub fn of_answer(&self, first: Option<&Ranked>) -> f32 {
        match (self.logit, first) {
            (_, Some(first)) if is_ruled(first) => RULED,
            (Some(logit), _) => chance(logit),
            (None, _) => 0.0,
        }
    }

    /// Chance that a hit answers: falls with its score.
    pub fn of_hit(&self, hit: &Ranked) -> f32 {
        match self.logit {
            _ if is_ruled(hit) => RULED,
            Some(logit) => chance(logit - WEIGHTS.score * (self.score - hit.score).max(0.0)),
            None => 0.0,
        }
    }
}

/// Whether something surer than shared words found an entry.
fn is_ruled(entry: &Ranked) -> bool {
    entry.components.iter().any(|component| matches!(component.name, ComponentName::Exact | ComponentName::Risk))
}

fn chance(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}
