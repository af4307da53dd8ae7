//! What searches and an indexed entry cost, in instructions, so that a slower change is seen on any machine, however busy: `scripts/cost`.
//!
//! Runs itself under valgrind's callgrind, which counts what all threads do and writes the counts down whenever [`mark`] is called: the start is in
//! none of the figures. They hold for the dev profile, which the tests build anyway, and for the shipped library. Of three runs on a busy machine
//! searches differed by half a thousandth, indexed entries by two: hashes are seeded at random, and the writers of the index are threads that wait
//! for each other.

#![expect(clippy::print_stdout, reason = "figures on the terminal are what this program makes")]

use huashu::analysis::Analyzer;
use huashu::answer::{Request, answer};
use huashu::golden::read_golden;
use huashu::index::Indexes;
use huashu::learning::Learned;
use huashu::library::load;
use huashu::query::MAX_QUERY_CHARS;
use huashu::snapshot::Snapshot;
use jiff::Timestamp;
use std::error::Error;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Every so many golden questions one is asked: a few dozen of all kinds.
const STEP: usize = 16;

/// What is said over and over in the longest messages that are read: an intent, words with a sound that others have, one that joins any.
const REPEATED: [&str; 4] = ["怎么还没到", "退或", "不", "退货地址填哪里"];

/// How much more than was measured is let pass: another compiler or processor costs some hundredths, and reading the question twice nine.
const TOLERANCE: f64 = 0.08;

/// When it is, in seconds since 1970: what is valid must not depend on the day of the run. The 22nd of November 2026.
const NOW: i64 = 1_795_305_600;

/// What was measured last, in millions of instructions. Who makes it cheaper writes the new figure here, and so does who makes it dearer for a
/// reason, which the commit says.
const AN_INDEXED_ENTRY: Measured = Measured { what: "an indexed entry", millions: 6.2 };
const A_SEARCH: Measured = Measured { what: "a search", millions: 14.3 };
const A_LONG_SEARCH: Measured = Measured { what: "a search, at length", millions: 487.0 };

struct Measured {
    what: &'static str,
    millions: f64,
}

/// The argument of the child that is counted.
const CHILD: &str = "--counted";

fn main() -> Outcome<ExitCode> {
    if std::env::args().any(|argument| argument == CHILD) {
        work()?;
        return Ok(ExitCode::SUCCESS);
    }
    let (entries, questions) = (load(&kb(), None)?.entries.len(), questions()?.len());
    let dumps = count()?;
    // Before the first mark lies the start, before the third what is computed once of each entry.
    let [_, indexing, _, searching, at_length] = &dumps[..] else { return Err(format!("{} marks were met, not 5", dumps.len()).into()) };
    let rows = [(AN_INDEXED_ENTRY, entries, indexing), (A_SEARCH, questions, searching), (A_LONG_SEARCH, REPEATED.len(), at_length)];
    let dearer = rows.iter().filter(|(measured, count, dump)| !is_within(measured, *count, dump)).count();
    Ok(if dearer == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is counted, between marks.
fn work() -> Outcome<()> {
    let library = Arc::new(load(&kb(), None)?);
    let (hash, analyzer, learned) = (library.lexicon.analysis_hash, Arc::new(Analyzer::new(&library.lexicon)), Arc::<Learned>::default());
    let mut indexes = Indexes::in_memory(hash)?;
    mark();
    indexes.update(&library.entries, &learned, &analyzer, hash)?;
    mark();
    let snapshot = Snapshot::new(library, analyzer, indexes.searchers(), learned, Timestamp::from_second(NOW)?, None)?;
    let requests: Vec<Request> = questions()?.iter().map(|question| Request::new(question)).collect();
    let long: Vec<Request> = REPEATED.iter().map(|words| Request::new(&words.repeat(MAX_QUERY_CHARS / words.chars().count()))).collect();
    for requests in [&requests, &requests, &long] {
        for request in requests {
            black_box(answer(&snapshot, request)?);
        }
        mark();
    }
    Ok(())
}

/// Callgrind writes down here what was done since the last time.
#[inline(never)]
fn mark() {
    black_box(());
}

fn kb() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("kb")
}

fn questions() -> Outcome<Vec<String>> {
    let golden = read_golden(&fs::read_to_string(kb().join("golden.tsv"))?)?;
    Ok(golden.into_iter().step_by(STEP).map(|golden| golden.question).collect())
}

/// Instructions from each mark to the next, in the file that callgrind made of them.
struct Dump {
    file: PathBuf,
    instructions: f64,
}

fn count() -> Outcome<Vec<Dump>> {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cost");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir)?;
    let base = dir.join("callgrind");
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--quiet", "--dump-before=*cost::mark*"]).arg(format!("--callgrind-out-file={}", base.display()));
    let ended = valgrind.arg(std::env::current_exe()?).arg(CHILD).status();
    if !ended.map_err(|error| format!("valgrind cannot be run ({error}): install it"))?.success() {
        return Err("what is counted failed".into());
    }
    let files = (1..).map(|part| base.with_extension(part.to_string())).take_while(|file| file.exists());
    files.map(read_dump).collect()
}

fn read_dump(file: PathBuf) -> Outcome<Dump> {
    let text = fs::read_to_string(&file)?;
    let line = text.lines().find_map(|line| line.strip_prefix("summary: ")).ok_or("a dump without a summary")?;
    Ok(Dump { instructions: line.trim().parse()?, file })
}

/// Says what one costs; false where that is more than is let pass.
fn is_within(measured: &Measured, count: usize, dump: &Dump) -> bool {
    let (millions, file) = (dump.instructions / 1e6 / count as f64, dump.file.display());
    let change = millions / measured.millions - 1.0;
    println!("{:<20} {millions:>6.2} million instructions, {:+.1} % of {:.2}", measured.what, change * 100.0, measured.millions);
    // Another profile makes other figures.
    if change <= TOLERANCE || !cfg!(debug_assertions) {
        return true;
    }
    println!(
        "  At most {:.0} % more than the figure in benches/cost.rs are let pass. Where they went, and with --inclusive=yes by whose order:\n    \
         callgrind_annotate {file} | head -60\n  \
         Run scripts/cost before the change too: the same list then tells what is new. More entries and longer questions in kb/ count as well;\n  \
         where the price is meant, the new figure goes into benches/cost.rs, and its reason into the commit.",
        TOLERANCE * 100.0
    );
    false
}
