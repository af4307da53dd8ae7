//! Memory of a served library, and what it is made of: what a process of its own has more after each step.

use crate::{Outcome, read_questions};
use huashu::analysis::Analyzer;
use huashu::answer::{Request, answer};
use huashu::index::Indexes;
use huashu::learning::Learned;
use huashu::library::load;
use huashu::snapshot::Snapshot;
use jiff::Timestamp;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;

pub(crate) fn measure(dir: &Path, entries: usize) -> Outcome<()> {
    println!("memory of {entries} entries, MB of this program's own and of mapped files:");
    let status = Command::new(std::env::current_exe()?).arg("memory").arg(dir).status()?;
    if status.success() { Ok(()) } else { Err("memory could not be measured".into()) }
}

/// What the child of this program does.
pub(crate) fn report(dir: &Path) -> Outcome<()> {
    let mut before = Memory::now()?;
    let begun = before;
    let mut step = |name: &str| -> Outcome<()> {
        let now = Memory::now()?;
        println!("  {name:<32} {:>9.1} {:>9.1}", now.own_mb - before.own_mb, now.mapped_mb - before.mapped_mb);
        before = now;
        Ok(())
    };
    let library = load(dir, None)?;
    step("entries, settings, lexicon")?;
    let analyzer = Arc::new(Analyzer::new(&library.lexicon));
    step("dictionary")?;
    let place = TempDir::new()?;
    let hash = library.lexicon.analysis_hash;
    // As after a restart: what indexing itself needs is given back by then.
    Indexes::open(place.path(), hash)?.0.update(&library.entries, &Learned::default(), &analyzer, hash)?;
    step("indexing, given back later")?;
    let (indexes, _) = Indexes::open(place.path(), hash)?;
    step("indexes and their writers")?;
    let (library, learned) = (Arc::new(library), Arc::default());
    let snapshot = Snapshot::new(library, analyzer, indexes.searchers(), learned, Timestamp::now(), None)?;
    step("tables of the snapshot")?;
    for question in read_questions(None)? {
        answer(&snapshot, &Request::new(&question))?;
    }
    step("after the golden questions")?;
    let now = Memory::now()?;
    println!("  {:<32} {:>9.1} {:>9.1}", "all", now.own_mb - begun.own_mb, now.mapped_mb - begun.mapped_mb);
    Ok(())
}

/// What is in memory now.
#[derive(Clone, Copy)]
struct Memory {
    own_mb: f64,
    mapped_mb: f64,
}

impl Memory {
    fn now() -> Outcome<Memory> {
        let status = fs::read_to_string("/proc/self/status")?;
        let of = |name: &str| -> Outcome<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("not told")?;
            Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
        };
        Ok(Memory { own_mb: of("RssAnon:")?, mapped_mb: of("RssFile:")? })
    }
}
