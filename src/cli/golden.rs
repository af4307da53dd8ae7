//! `check --golden`: golden questions asked, compared with the run before, and the new ranks kept for the next one.

use super::Verdict;
use super::export::put;
use super::place::Place;
use super::screen::{Paint, Screen, plain};
use crate::golden::{Golden, Move, Outcome, Ranks, ask, moves, read_golden, success};
use crate::live::open_once;
use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

/// The questions, in the library's folder.
const QUESTIONS: &str = "golden.tsv";

/// The ranks of the last run, in the data folder.
const STATE: &str = "golden.json";

/// Raised when the file changes its shape; one of another version is as none.
const STATE_VERSION: u32 = 1;

/// Moves shown to people that neither gained nor lost a place among the first ones: more tell nothing.
const SHOWN_SHIFTS: usize = 10;

/// Where each question's entry stood.
#[derive(Serialize, Deserialize)]
struct State {
    version: u32,
    ranks: Vec<Stood>,
}

#[derive(Serialize, Deserialize)]
struct Stood {
    question: String,
    entry: String,
    rank: Option<usize>,
}

/// The golden questions of a library; `None` where it has no such file.
pub(super) fn read_questions(kb: &Path) -> anyhow::Result<Option<Vec<Golden>>> {
    let path = kb.join(QUESTIONS);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("{} 读不出来", path.display())),
    };
    read_golden(&text).map(Some).with_context(|| format!("{} 读不懂", path.display()))
}

pub(super) fn run(place: &Place, strict: bool, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let Some(questions) = read_questions(&place.kb)? else {
        bail!("{} 不存在；每行写：问题 TAB 条目编号 TAB 应在前几条（1 到 10）", place.kb.join(QUESTIONS).display())
    };
    let snapshot = open_once(&place.kb, &place.index, Arc::default())?;
    let outcomes = ask(&snapshot, &questions)?;
    let state = place.data.join(STATE);
    let before = read_state(&state)?;
    let moved = before.as_ref().map(|before| moves(&outcomes, before)).unwrap_or_default();
    if screen.json {
        screen.json(&to_json(&outcomes, &moved, before.is_none()))?;
    } else {
        show(&outcomes, &moved, before.is_none(), screen)?;
    }
    write_state(&state, &outcomes).with_context(|| format!("{} 写不了", state.display()))?;
    let lost = moved.iter().any(Move::is_loss);
    let missed = outcomes.iter().any(|outcome| !outcome.holds());
    Ok(Verdict::of(lost || strict && missed))
}

/// The ranks of the last run. A file that this version did not write is as none: it is derived and only tells of the past.
fn read_state(path: &Path) -> anyhow::Result<Option<Ranks>> {
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("{} 读不出来", path.display())),
    };
    let state = serde_json::from_slice::<State>(&text).ok().filter(|state| state.version == STATE_VERSION);
    Ok(state.map(|state| state.ranks.into_iter().map(|stood| ((stood.question, stood.entry), stood.rank)).collect()))
}

fn write_state(path: &Path, outcomes: &[Outcome]) -> anyhow::Result<()> {
    let stood =
        |outcome: &Outcome| Stood { question: outcome.golden.question.clone(), entry: outcome.golden.entry.clone(), rank: outcome.rank };
    let state = State { version: STATE_VERSION, ranks: outcomes.iter().map(stood).collect() };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    put(path, &serde_json::to_vec(&state)?)?;
    Ok(())
}

fn to_json(outcomes: &[Outcome], moved: &[Move], is_first_run: bool) -> serde_json::Value {
    let outcome_json = |outcome: &Outcome| {
        serde_json::json!({
            "question": outcome.golden.question,
            "entry": outcome.golden.entry,
            "within": outcome.golden.within,
            "rank": outcome.rank,
            "first": outcome.first,
            "exists": outcome.exists,
        })
    };
    let move_json = |moved: &Move| {
        let mut json = outcome_json(moved.outcome);
        json["before"] = moved.before.into();
        json["lost"] = moved.is_loss().into();
        json["gained"] = moved.is_gain().into();
        json
    };
    let misses: Vec<serde_json::Value> = outcomes.iter().filter(|outcome| !outcome.holds()).map(outcome_json).collect();
    serde_json::json!({
        "questions": outcomes.len(),
        "success_1": success(outcomes, 1),
        "success_3": success(outcomes, 3),
        "misses": misses,
        "moved": moved.iter().map(move_json).collect::<Vec<_>>(),
        "lost": moved.iter().filter(|moved| moved.is_loss()).count(),
        "gained": moved.iter().filter(|moved| moved.is_gain()).count(),
        "first_run": is_first_run,
    })
}

fn show(outcomes: &[Outcome], moved: &[Move], is_first_run: bool, screen: &mut Screen) -> std::io::Result<()> {
    let misses: Vec<&Outcome> = outcomes.iter().filter(|outcome| !outcome.holds()).collect();
    for outcome in &misses {
        let Outcome { golden, rank, first, exists } = outcome;
        screen.line(format!("{}  {}", screen.paint(Paint::Warn, "没进前列"), plain(&golden.question)))?;
        let expected = match (exists, rank) {
            (false, _) => format!("{}（知识库没有这个条目）", plain(&golden.entry)),
            (true, None) => format!("{}（不在前 10，应在前 {}）", plain(&golden.entry), golden.within),
            (true, Some(rank)) => format!("{}（第 {rank}，应在前 {}）", plain(&golden.entry), golden.within),
        };
        let first = first.as_deref().map_or_else(|| "什么也没找到".to_owned(), |first| format!("排第一的是 {}", plain(first)));
        screen.line(format!("    应找到 {expected}；{first}"))?;
    }
    let turned = moved.iter().filter(|moved| moved.is_loss() || moved.is_gain());
    let shifted = moved.iter().filter(|moved| !moved.is_loss() && !moved.is_gain());
    for moved in turned.chain(shifted.clone().take(SHOWN_SHIFTS)) {
        let (paint, word) = match (moved.is_loss(), moved.is_gain()) {
            (true, _) => (Paint::Bad, "变差"),
            (_, true) => (Paint::Good, "变好"),
            _ => (Paint::Quiet, "移动"),
        };
        let (before, now) = (rank_zh(moved.before), rank_zh(moved.outcome.rank));
        let golden = &moved.outcome.golden;
        screen.line(format!("{}  {before} → {now}  {}  {}", screen.paint(paint, word), plain(&golden.entry), plain(&golden.question)))?;
    }
    let unshown = shifted.count().saturating_sub(SHOWN_SHIFTS);
    if unshown > 0 {
        screen.line(screen.paint(Paint::Quiet, &format!("另有 {unshown} 个只在前列之内或之外移动")))?;
    }
    let (one, three) = (success(outcomes, 1) * 100.0, success(outcomes, 3) * 100.0);
    screen.line(format!("{} 个问题：第一条就是 {one:.1}%，前三条里有 {three:.1}%；{} 个没进前列", outcomes.len(), misses.len()))?;
    let since = match (is_first_run, moved.is_empty()) {
        (true, _) => "第一次运行，没有可比的".to_owned(),
        (false, true) => "和上次一样".to_owned(),
        (false, false) => {
            let (lost, gained) =
                (moved.iter().filter(|moved| moved.is_loss()).count(), moved.iter().filter(|moved| moved.is_gain()).count());
            format!("和上次比：{lost} 个变差，{gained} 个变好，共移动 {} 个", moved.len())
        }
    };
    screen.line(since)
}

fn rank_zh(rank: Option<usize>) -> String {
    rank.map_or_else(|| "没找到".to_owned(), |rank| format!("第 {rank}"))
}
