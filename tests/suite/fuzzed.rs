//! What the fuzz targets check, over the kept corpora and over what is made of them here: `scripts/fuzz` looks further, by what was run through.

use proptest::prelude::*;
use proptest::sample::Index;
use std::fs;
use std::path::Path;

#[expect(unreachable_pub, reason = "the fuzz targets are other crates")]
#[path = "../../fuzz/src/checks.rs"]
mod checks;

/// Inputs made of the corpus of a target: seconds in a debug build.
const MADE: u32 = 150;

/// What means something to one of the readers.
const PARTS: [&[u8]; 24] = [
    b"---\n",
    b"\n",
    b"> ",
    b"\r\n",
    b"\xef\xbb\xbf",
    b"{{",
    b"}}",
    b"|",
    b"\"",
    b"'",
    b": ",
    b"- ",
    b"&a ",
    b"*a",
    b"[",
    b"](",
    b"```\n",
    b"\0",
    b"\xff",
    b"{",
    b"}",
    b"\\",
    "：".as_bytes(),
    "\u{200d}İ㎏".as_bytes(),
];

/// The kept inputs of a target, by name.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|item| item.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// One change of an input.
#[derive(Debug, Clone)]
enum Edit {
    Cut(Index, usize),
    Put(Index, Index),
    Set(Index, u8),
    Join(Index, Index),
    Repeat(Index, usize, u8),
}

fn edit() -> impl Strategy<Value = Edit> {
    let place = any::<Index>;
    prop_oneof![
        (place(), 1usize..12).prop_map(|(at, length)| Edit::Cut(at, length)),
        (place(), place()).prop_map(|(at, part)| Edit::Put(at, part)),
        (place(), any::<u8>()).prop_map(|(at, byte)| Edit::Set(at, byte)),
        (place(), place()).prop_map(|(at, other)| Edit::Join(at, other)),
        (place(), 1usize..8, 2u8..20).prop_map(|(at, length, times)| Edit::Repeat(at, length, times)),
    ]
}

fn apply(edit: &Edit, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
    let place = |at: &Index| at.index(input.len() + 1);
    match edit {
        Edit::Cut(at, length) => {
            let at = place(at);
            input.drain(at..(at + length).min(input.len()));
        }
        Edit::Put(at, part) => {
            let at = place(at);
            input.splice(at..at, part.get(&PARTS).iter().copied());
        }
        Edit::Set(at, byte) => {
            let at = place(at);
            input.splice(at..(at + 1).min(input.len()), [*byte]);
        }
        Edit::Join(at, other) => {
            let (at, other) = (place(at), other.get(seeds));
            input.truncate(at);
            input.extend_from_slice(&other[at.min(other.len())..]);
        }
        Edit::Repeat(at, length, times) => {
            let at = place(at);
            let part = input[at..(at + length).min(input.len())].repeat(usize::from(*times));
            input.splice(at..at, part);
        }
    }
}

fn check(target: &str, holds: fn(&[u8])) {
    let seeds = corpus(target);
    assert!(!seeds.is_empty(), "{target} has no corpus");
    seeds.iter().for_each(|seed| holds(seed));
    let config = ProptestConfig { cases: MADE, failure_persistence: None, ..ProptestConfig::default() };
    let inputs = (any::<Index>(), prop::collection::vec(edit(), 1..6));
    proptest!(config, |((seed, edits) in inputs)| {
        let mut input = seed.get(&seeds).clone();
        edits.iter().for_each(|edit| apply(edit, &mut input, &seeds));
        holds(&input);
    });
}

#[test]
fn front_matter_and_markdown() {
    check("content", checks::content);
}

#[test]
fn questions_and_highlights() {
    check("question", checks::question);
}

#[test]
fn tables() {
    check("table", checks::table);
}

#[test]
fn banned_phrases() {
    check("banned", checks::banned);
}

#[test]
fn bodies_of_the_api() {
    check("json", checks::json);
}
