//! `filler.txt`: phrases without meaning for a question, by section.

use super::source::Source;
use crate::entry::Act;
use crate::problem::Code;
use std::collections::BTreeMap;

/// Sections of `filler.txt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FillerKind {
    /// 问候
    Greeting,
    /// 语气
    Particle,
    /// What the message does, where it says nothing else.
    Act(Act),
}

impl FillerKind {
    /// Reads the name of a section.
    pub fn parse(name: &str) -> Option<FillerKind> {
        match name {
            "问候" => Some(FillerKind::Greeting),
            "语气" => Some(FillerKind::Particle),
            _ => Act::parse(name).map(FillerKind::Act),
        }
    }
}

pub(super) type Filler = BTreeMap<String, FillerKind>;

pub(super) fn read(source: &mut Source<'_>, filler: &mut Filler) {
    if source.replaces() {
        filler.clear();
    }
    let mut section = None;
    let mut told = false;
    for line in source.lines() {
        if let Some(name) = line.text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = FillerKind::parse(name.trim());
            told = section.is_none();
            if told {
                source.report(
                    line.here(),
                    Code::BadLexicon,
                    format!("不认识的小节「{name}」，其下词语未生效；可用：问候 语气 致谢 确认 稍等 放弃"),
                    format!("unknown section `{name}`, its phrases have no effect; known: 问候 语气 致谢 确认 稍等 放弃"),
                );
            }
            continue;
        }
        match section {
            Some(kind) => {
                if let Some(term) = source.term(line.here(), line.text) {
                    filler.insert(term, kind);
                }
            }
            // One problem for the section says it for all its lines.
            None if told => {}
            None => {
                told = true;
                source.report(
                    line.here(),
                    Code::BadLexicon,
                    "词语之前缺少小节，如 [问候]",
                    "a section such as [问候] is missing above this phrase",
                );
            }
        }
    }
}
