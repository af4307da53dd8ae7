//! Where a purchase stands as the customer's words show it; and `stages.txt`, where the words stand, by section. Pure.

use super::phrases::Phrases;
use super::source::Source;
use crate::problem::Code;
use std::collections::BTreeMap;

/// Where a purchase stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// 售前: nothing is bought yet.
    Before,
    /// 售中: bought and not yet received.
    During,
    /// 售后: received, or to be given back.
    After,
}

impl Stage {
    /// All stages, in the order of a purchase.
    pub const ALL: [Stage; 3] = [Stage::Before, Stage::During, Stage::After];

    /// The facet value, as in Markdown and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Before => "售前",
            Stage::During => "售中",
            Stage::After => "售后",
        }
    }

    /// Reads the facet value.
    pub fn parse(name: &str) -> Option<Stage> {
        Stage::ALL.into_iter().find(|stage| stage.as_str() == name)
    }
}

pub(super) type Stages = BTreeMap<String, Stage>;

/// The stage that most of a folded text's words speak of, the later one of equals: who sends something back speaks of parcels too. A longer
/// word hides the shorter ones in it (退货运费 is no 运费). `None` where no word tells.
pub fn read_stage(folded: &str, words: &Phrases<Stage>) -> Option<Stage> {
    let mut counts = [0usize; Stage::ALL.len()];
    for (_, stage) in words.longest(folded) {
        counts[*stage as usize] += 1;
    }
    let (count, stage) = counts.into_iter().zip(Stage::ALL).max()?;
    (count > 0).then_some(stage)
}

pub(super) fn read(source: &mut Source<'_>, stages: &mut Stages) {
    if source.replaces() {
        stages.clear();
    }
    let (mut section, mut told) = (None, false);
    for line in source.lines() {
        if let Some(name) = line.text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = Stage::parse(name.trim());
            told = section.is_none();
            if told {
                source.report(
                    line.here(),
                    Code::BadLexicon,
                    format!("不认识的小节「{name}」，其下词语未生效；可用：售前 售中 售后"),
                    format!("unknown section `{name}`, its phrases have no effect; known: 售前 售中 售后"),
                );
            }
        } else if let Some(stage) = section {
            if let Some(term) = source.term(line.here(), line.text) {
                stages.insert(term, stage);
            }
        } else if !told {
            // One problem for the section says it for all its lines.
            told = true;
            source.report(
                line.here(),
                Code::BadLexicon,
                "词语之前缺少小节，如 [售前]",
                "a section such as [售前] is missing above this phrase",
            );
        }
    }
}
