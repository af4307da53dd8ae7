//! `synonyms.txt` and `confusions.txt`: which word also means another.

use super::source::{Line, Source};
use crate::problem::Code;
use std::collections::BTreeMap;

/// Folded phrase → the folded phrases that it leads to, in the order in which they were read.
pub(super) type Links = BTreeMap<String, Vec<String>>;

const ARROW: &str = "=>";

/// Solr's format: `a, b, c` each lead to the others, `a, b => c` lead to c; lines accumulate.
pub(super) fn read_synonyms(source: &mut Source<'_>, links: &mut Links) {
    if source.replaces() {
        links.clear();
    }
    for line in source.lines() {
        if line.text.contains(ARROW) {
            read_arrow(source, line, links);
            continue;
        }
        let group = members(source, line, line.text);
        if group.len() < 2 {
            let zh = "同义词一行至少两个，用逗号分开，或写「a => b」";
            source.report(line.here(), Code::BadLexicon, zh, "a line needs two words, parted by commas, or `a => b`");
        }
        for from in &group {
            for to in &group {
                link(links, from, to);
            }
        }
    }
}

/// `wrong => right`, several on either side parted by commas.
pub(super) fn read_confusions(source: &mut Source<'_>, links: &mut Links) {
    if source.replaces() {
        links.clear();
    }
    for line in source.lines() {
        if line.text.contains(ARROW) {
            read_arrow(source, line, links);
        } else {
            source.report(line.here(), Code::BadLexicon, "应是「错写 => 正写」", "expected `typed => meant`");
        }
    }
}

fn read_arrow(source: &mut Source<'_>, line: Line<'_>, links: &mut Links) {
    let sides: Vec<&str> = line.text.split(ARROW).collect();
    let [from, to] = sides.as_slice() else {
        source.report(line.here(), Code::BadLexicon, "一行只能有一个「=>」", "a line holds one `=>`");
        return;
    };
    let (from, to) = (members(source, line, from), members(source, line, to));
    for from in &from {
        for to in &to {
            link(links, from, to);
        }
    }
}

/// The phrases between the commas; a full-width comma is one too, since it is what an IME types.
fn members(source: &mut Source<'_>, line: Line<'_>, side: &str) -> Vec<String> {
    side.split([',', '，']).map(str::trim).filter_map(|member| source.term(line.place(member), member)).collect()
}

fn link(links: &mut Links, from: &str, to: &str) {
    if from == to {
        return;
    }
    let known = links.entry(from.to_owned()).or_default();
    if !known.iter().any(|known| known == to) {
        known.push(to.to_owned());
    }
}
