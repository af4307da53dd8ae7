//! How far Huashu is from what its parts can do: `cargo bench --bench limits -- [--questions FILE] [--generated N] [LIBRARY…]`.
//!
//! Every figure is a ratio within one run of work by Huashu and of the least that any program has to do for it with the same engine, dictionary and
//! server; both sides take turns. Work of one thread is measured in CPU time, so that a busy machine changes little. Linux only: the times are read
//! from `/proc`. Libraries: the shipped one, those named, and one of N generated entries (100,000 where nothing is said).

#![expect(clippy::print_stdout, reason = "a table on the terminal is what this program makes")]

#[path = "../common/mod.rs"]
mod common;

mod clock;
mod edit;
mod indexing;
mod memory;
mod request;
mod search;
mod start;

use common::generate::Generator;
use huashu::live::Live;
use std::error::Error;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// As the program: allocation is a part of every figure.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Generated entries where nothing is said.
const GENERATED: usize = 100_000;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    // What a child of this program is for.
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["jieba"] => return start::load_jieba(),
        ["empty"] => return request::serve_nothing(),
        ["memory", dir] => return memory::report(dir.as_ref()),
        _ => {}
    }
    let (mut questions, mut generated, mut libraries) = (None, GENERATED, vec![shipped()]);
    let mut arguments = arguments.into_iter();
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or("a value is missing");
        match argument.as_str() {
            "--questions" => questions = Some(PathBuf::from(value()?)),
            "--generated" => generated = value()?.parse()?,
            _ => libraries.push(argument.into()),
        }
    }
    let questions = read_questions(questions.as_deref())?;
    println!("{} questions\n", questions.len());
    println!("{:<34} {:>8} {:>12} {:>12} {:>6}", "", "entries", "huashu", "the limit", "ratio");
    for dir in &libraries {
        of_library(dir, &questions)?;
    }
    if generated > 0 {
        let place = TempDir::new()?;
        let dir = place.path().join("kb");
        Generator::new().write(&dir, generated)?;
        of_library(&dir, &questions)?;
    }
    Ok(())
}

/// All figures of one library.
fn of_library(dir: &Path, questions: &[String]) -> Outcome<()> {
    {
        let live = Live::in_memory(dir)?;
        let snapshot = live.snapshot();
        let entries = snapshot.len();
        let searching = search::measure(&snapshot, questions)?;
        row("a search", entries, searching.answer_us, searching.top_us, "us");
        for (name, side) in indexing::measure(&snapshot.library)? {
            row(name, entries, side.huashu_ms, side.limit_ms, "ms");
        }
        for (name, accept) in [("a request", ""), ("a request, gzip", "gzip")] {
            let asked = request::measure(dir, questions, accept)?;
            row(name, entries, asked.huashu_us, searching.answer_us + asked.empty_us, "us");
        }
    }
    let entries = huashu::library::load(dir, None)?.entries.len();
    let edit = edit::measure(dir)?;
    row("edit to visible", entries, edit.huashu_ms, edit.limit_ms, "ms");
    let start = start::measure(dir)?;
    row("first start to first answer", entries, start.first_ms, start.jieba_ms, "ms");
    row("start, unchanged, to first answer", entries, start.unchanged_ms, start.jieba_ms, "ms");
    memory::measure(dir, entries)
}

fn row(name: &str, entries: usize, huashu: f64, limit: f64, unit: &str) {
    println!("{name:<34} {entries:>8} {huashu:>9.1} {unit} {limit:>9.1} {unit} {:>6.2}", huashu / limit);
}

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("kb")
}

/// Lines of a file, the last field of each; the golden questions where there is none.
fn read_questions(file: Option<&Path>) -> Outcome<Vec<String>> {
    let golden = file.is_none();
    let text = std::fs::read_to_string(file.map_or_else(|| shipped().join("golden.tsv"), Path::to_owned))?;
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let field = |line: &str| if golden { line.split('\t').next() } else { line.split('\t').next_back() }.map(str::to_owned);
    Ok(lines.filter_map(field).collect())
}

/// The middle of some figures.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}
