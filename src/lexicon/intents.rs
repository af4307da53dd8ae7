//! `intents.txt`: whole ways of asking for one matter. Synonyms of words do not bridge 今天能送到吗 and 我的件停了两天 to 物流查询; an intent
//! that a message and a title share does.

use super::Phrases;
use super::source::{Line, Source};
use crate::problem::Code;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Most parts of a cue.
const MAX_PARTS: usize = 3;

/// Most characters between two parts of a cue: further apart they belong to different thoughts.
const MAX_GAP_CHARS: usize = 8;

/// Begins a cue that only titles and questions of entries use, not customers.
const FORMAL_MARK: char = '=';

/// Ends a clause: no cue reaches over it.
const CLAUSE_ENDS: [char; 12] = ['。', '，', '！', '？', '；', ',', '.', '!', '?', ';', '\n', '…'];

/// Intent → its cues while they are read, each with whether it is formal.
pub(super) type Sections = BTreeMap<String, BTreeSet<(String, bool)>>;

/// The compiled intents.
#[derive(Debug, Default)]
pub struct Intents {
    names: Vec<String>,
    cues: Vec<Cue>,
    /// First part → its cues.
    first_parts: Phrases<Vec<usize>>,
}

#[derive(Debug)]
struct Cue {
    intent: usize,
    formal: bool,
    /// Parts after the first.
    rest: Vec<String>,
}

/// Whose words a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Voice {
    /// A customer's message.
    Customer,
    /// A title or question of an entry: formal cues count too.
    Entry,
}

impl Intents {
    pub(super) fn new(sections: &Sections) -> Intents {
        let mut intents = Intents::default();
        let mut first_parts: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (name, cues) in sections {
            for (cue, formal) in cues {
                let mut parts = cue.split('+').map(str::to_owned);
                let Some(first) = parts.next() else { continue };
                first_parts.entry(first).or_default().push(intents.cues.len());
                intents.cues.push(Cue { intent: intents.names.len(), formal: *formal, rest: parts.collect() });
            }
            intents.names.push(name.clone());
        }
        intents.first_parts = Phrases::new(first_parts);
        intents
    }

    /// The intents of a folded text, each once, in the order of the lexicon. What lies inside a longer cue of another intent is not meant:
    /// 多久到账 asks for money, not for a parcel.
    pub fn find(&self, folded: &str, voice: Voice) -> Vec<&str> {
        let mut found: Vec<(Range<usize>, usize)> = Vec::new();
        for (first, cues) in self.first_parts.every(folded) {
            for cue in cues.iter().map(|number| &self.cues[*number]).filter(|cue| voice == Voice::Entry || !cue.formal) {
                if let Some(end) = follow(folded, first.end, &cue.rest) {
                    found.push((first.start..end, cue.intent));
                }
            }
        }
        let inside = |(span, intent): &(Range<usize>, usize)| {
            found.iter().any(|(other, of)| of != intent && other.len() > span.len() && other.start <= span.start && span.end <= other.end)
        };
        let intents: BTreeSet<usize> = found.iter().filter(|hit| !inside(hit)).map(|(_, intent)| *intent).collect();
        intents.into_iter().map(|intent| self.names[intent].as_str()).collect()
    }

    /// How many intents.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
}

/// Where the parts end that follow one another from a byte on, near enough and within the clause.
fn follow(text: &str, from: usize, parts: &[String]) -> Option<usize> {
    let mut at = from;
    for part in parts {
        let rest = &text[at..];
        let near = rest.char_indices().nth(MAX_GAP_CHARS + part.chars().count()).map_or(rest, |(end, _)| &rest[..end]);
        let place = near.find(part.as_str())?;
        if near[..place + part.len()].contains(CLAUSE_ENDS) {
            return None;
        }
        at += place + part.len();
    }
    Some(at)
}

pub(super) fn read(source: &mut Source<'_>, sections: &mut Sections) {
    if source.replaces() {
        sections.clear();
    }
    let mut current: Option<String> = None;
    for line in source.lines() {
        if let Some(name) = line.text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            current = source.term(line.place(name), name);
        } else if let Some(name) = &current {
            if let Some(cue) = cue(source, line) {
                sections.entry(name.clone()).or_default().insert(cue);
            }
        } else {
            source.report(line.here(), Code::BadLexicon, "线索应在「[意图]」一行之后", "a cue stands below a line `[intent]`");
        }
    }
}

fn cue(source: &mut Source<'_>, line: Line<'_>) -> Option<(String, bool)> {
    let (text, formal) = line.text.strip_prefix(FORMAL_MARK).map_or((line.text, false), |rest| (rest.trim_start(), true));
    let cue = source.term(line.place(text), text)?;
    let parts = cue.split('+').count();
    if parts > MAX_PARTS || cue.split('+').any(str::is_empty) {
        source.report(line.here(), Code::BadLexicon, "一条线索是一至三段文字，用「+」相连", "a cue has one to three parts joined by `+`");
        return None;
    }
    Some((cue, formal))
}

/// Changes exactly when a title may get other intents.
pub(super) fn hash(sections: &Sections) -> u64 {
    let mut hash = Sha256::new();
    for (name, cues) in sections {
        for (cue, formal) in cues {
            hash.update(format!("{name}\t{cue}\t{formal}\n"));
        }
    }
    hash.finalize().iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, voice: Voice, expect: &[&str]) {
        let (lexicon, problems) = crate::lexicon::load(&[crate::lexicon::LexiconFile {
            path: "lexicon/intents.txt".into(),
            bytes: "# replace: true\n[查物流]\n多久到\n几点+送\n= 物流信息\n[退款多久]\n多久到账\n".into(),
        }]);
        assert_eq!(problems, []);
        assert_eq!(lexicon.intents.find(text, voice), expect, "{text}");
    }

    #[test]
    fn cues_are_met_in_order_within_a_clause() {
        check("大概几点能送过来", Voice::Customer, &["查物流"]);
        check("几点了，怎么不送", Voice::Customer, &[]);
        check("送到几点", Voice::Customer, &[]);
        check("几点开始上班然后什么时候派人送", Voice::Customer, &[]);
    }

    #[test]
    fn a_longer_cue_of_another_intent_wins() {
        check("退款多久到账", Voice::Customer, &["退款多久"]);
        check("多久到", Voice::Customer, &["查物流"]);
    }

    #[test]
    fn formal_cues_are_for_entries() {
        check("物流信息怎么看", Voice::Entry, &["查物流"]);
        check("物流信息怎么看", Voice::Customer, &[]);
    }

    #[test]
    fn a_cue_without_section_or_with_too_many_parts_is_a_problem() {
        let file = |text: &str| crate::lexicon::LexiconFile { path: "lexicon/intents.txt".into(), bytes: text.into() };
        for (text, line) in [("多久到\n", 1), ("[查物流]\na+b+c+d\n", 2), ("[查物流]\na++b\n", 2)] {
            let (_, problems) = crate::lexicon::load(&[file(text)]);
            assert_eq!(
                problems.iter().map(|problem| (problem.code, problem.line)).collect::<Vec<_>>(),
                [(Code::BadLexicon, line)],
                "{text}"
            );
        }
    }
}
