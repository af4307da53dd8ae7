//! `eval`: how good and how fast the search is on judged questions. Asks as everybody else does; reads and writes no journal.

use super::export::put;
use super::place::Place;
use super::screen::{Paint, Screen};
use super::{Verdict, whole_number};
use crate::eval::{self, Latency, Measures, Qrels};
use crate::labels::{Judgement, judge, read_labels};
use crate::live::open_once;
use crate::ranking::Weights;
use crate::snapshot::Snapshot;
use anyhow::{Context, bail};
use clap::Args;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Largest `--min-grade`: no collection grades finer.
const MAX_GRADE: usize = 100;

/// Ids named in the warning about judgements of entries that are not there.
const NAMED_IDS: usize = 5;

/// 用带标注的问题测量搜索
#[derive(Debug, Args)]
#[command(override_usage = "huashu eval [选项] --queries <TSV> --qrels <QRELS>", next_help_heading = "选项")]
#[command(after_help = "问题每行：编号 TAB 文字。标注是 TREC qrels，每行：编号 0 条目 等级（3 能回答，1、2 有帮助）。
标签每行：编号 TAB 不看上文能否看懂（y、n）TAB 情绪（calm、anxious、angry）TAB 阶段（pre、mid、post、other）。

例子：
  huashu --kb KB eval --queries dev.queries.tsv --qrels dev.qrels.txt --run 结果.run
  huashu --kb KB eval --queries dev.queries.tsv --qrels dev.qrels.txt --labels dev.labels.tsv")]
pub(super) struct Options {
    /// 问题
    #[arg(long, value_name = "TSV")]
    queries: PathBuf,
    /// 标注
    #[arg(long, value_name = "QRELS")]
    qrels: PathBuf,
    /// 采用记录，每行：文字 TAB 条目；按不同的人在一天前采用计
    #[arg(long, value_name = "TSV")]
    picks: Option<PathBuf>,
    /// 消息标签，另测置信度、情绪和阶段
    #[arg(long, value_name = "TSV")]
    labels: Option<PathBuf>,
    /// 从这个等级起算答对（默认：标注里最高的）
    #[arg(long, value_name = "N", value_parser = |text: &str| whole_number(text, 1, MAX_GRADE))]
    min_grade: Option<usize>,
    /// 把结果写成 TREC run 文件
    #[arg(long, value_name = "OUT")]
    run: Option<PathBuf>,
}

pub(super) fn run(options: &Options, place: &Place, screen: &mut Screen) -> anyhow::Result<Verdict> {
    let questions = eval::read_queries(&read(&options.queries)?).with_context(|| bad(&options.queries))?;
    let qrels = eval::read_qrels(&read(&options.qrels)?).with_context(|| bad(&options.qrels))?;
    let picks = match &options.picks {
        Some(path) => eval::read_picks(&read(path)?).with_context(|| bad(path))?,
        None => Vec::new(),
    };
    let learned = Arc::new(eval::learn(&picks, Timestamp::now()));
    let labels = options.labels.as_ref().map(|path| read_labels(&read(path)?).with_context(|| bad(path))).transpose()?;
    let snapshot = open_once(&place.kb, &place.index, learned)?;
    warn_of_unknown(&qrels, &snapshot);
    let runs = eval::run(&snapshot, &questions, &Weights::DEFAULT)?;
    if let Some(path) = &options.run {
        put(path, eval::run_file(&runs).as_bytes()).with_context(|| format!("{} 写不了", path.display()))?;
    }
    let min_grade = options.min_grade.map_or_else(|| Ok(eval::highest_grade(&qrels)), u32::try_from)?;
    let measures = eval::measure(&runs, &qrels, min_grade);
    if measures.questions == 0 {
        bail!("没有一个问题有等级 {min_grade} 以上的标注；两个文件的编号对得上吗？");
    }
    let judgement = labels.map(|labels| judge(&runs, &labels, &qrels, min_grade));
    let report = Report { asked: runs.len(), min_grade, measures, judgement, latency: eval::latency(&runs) };
    if screen.json {
        screen.json(&report.to_json())?;
    } else {
        report.show(screen)?;
    }
    Ok(Verdict::Done)
}

fn bad(path: &Path) -> String {
    format!("{} 读不懂", path.display())
}

fn read(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} 读不出来", path.display()))
}

/// Judgements of entries that are not in the library count as never found: a wrong library would pass for a bad search.
fn warn_of_unknown(qrels: &Qrels, snapshot: &Snapshot) {
    let judged = qrels.values().flat_map(|grades| grades.keys());
    let unknown: BTreeSet<&str> = judged.map(String::as_str).filter(|id| snapshot.get(id).is_none()).collect();
    if !unknown.is_empty() {
        let named: Vec<&str> = unknown.iter().copied().take(NAMED_IDS).collect();
        let and_so_on = if unknown.len() > named.len() { " 等" } else { "" };
        eprintln!("警告：标注里有 {} 个条目知识库没有：{}{and_so_on}", unknown.len(), named.join("、"));
    }
}

struct Report {
    asked: usize,
    min_grade: u32,
    measures: Measures,
    judgement: Option<Judgement>,
    latency: Latency,
}

impl Report {
    fn to_json(&self) -> serde_json::Value {
        let Measures { questions, success_1, success_3, success_5, mrr_10, recall_10, ndcg_10 } = self.measures;
        let Latency { mean, p50, p90, p99, max } = self.latency;
        let mut json = serde_json::json!({
            "asked": self.asked,
            "questions": questions,
            "min_grade": self.min_grade,
            "success_1": success_1,
            "success_3": success_3,
            "success_5": success_5,
            "mrr_10": mrr_10,
            "recall_10": recall_10,
            "ndcg_10": ndcg_10,
            "latency_ms": {
                "mean": milliseconds(mean), "p50": milliseconds(p50), "p90": milliseconds(p90),
                "p99": milliseconds(p99), "max": milliseconds(max),
            },
        });
        if let Some(judgement) = &self.judgement {
            json["labels"] = labels_json(judgement);
        }
        json
    }

    fn show(&self, screen: &mut Screen) -> std::io::Result<()> {
        let Measures { questions, success_1, success_3, success_5, mrr_10, recall_10, ndcg_10 } = self.measures;
        for (name, value) in [
            ("success@1", success_1),
            ("success@3", success_3),
            ("success@5", success_5),
            ("MRR@10", mrr_10),
            ("recall@10", recall_10),
            ("nDCG@10", ndcg_10),
        ] {
            screen.line(format!("{name:<10} {}", screen.paint(Paint::Strong, &format!("{value:.4}"))))?;
        }
        screen.line(format!("问题       {questions} 个算在内（等级 {} 以上），问了 {} 个", self.min_grade, self.asked))?;
        let Latency { mean, p50, p90, p99, max } = self.latency;
        let [mean, p50, p90, p99, max] = [mean, p50, p90, p99, max].map(milliseconds);
        screen.line(format!("毫秒       平均 {mean:.2}  p50 {p50:.2}  p90 {p90:.2}  p99 {p99:.2}  最长 {max:.2}"))?;
        self.judgement.as_ref().map_or(Ok(()), |judgement| show_judgement(judgement, screen))
    }
}

fn labels_json(judgement: &Judgement) -> serde_json::Value {
    serde_json::json!({
        "labelled": judgement.labelled,
        "confidence": {
            "auroc": judgement.auroc, "brier": judgement.brier,
            "answerable": judgement.answerable, "unanswerable": judgement.unanswerable,
            "confident": judgement.confident, "confident_right": judgement.confident_right,
        },
        "emotion": {
            "f1": judgement.emotion_f1, "precision": judgement.emotion_precision, "recall": judgement.emotion_recall,
            "anxious_or_angry": judgement.moved,
        },
        "stage": { "accuracy": judgement.stage_accuracy },
    })
}

fn show_judgement(judgement: &Judgement, screen: &mut Screen) -> std::io::Result<()> {
    let figure = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"));
    let Judgement { answerable, unanswerable, confident, moved, labelled, .. } = *judgement;
    let right = figure(judgement.confident_right);
    let (precision, recall) = (figure(judgement.emotion_precision), figure(judgement.emotion_recall));
    for (name, value, remark) in [
        ("置信 AUROC", judgement.auroc, format!("能回答 {answerable} 个，残句或库里没有 {unanswerable} 个")),
        ("置信 Brier", judgement.brier, format!("有把握 {confident} 个，其中第一条就对的占 {right}")),
        ("情绪 F1", judgement.emotion_f1, format!("焦急或愤怒 {moved} 个，查准 {precision}，查全 {recall}")),
        ("阶段 准确率", judgement.stage_accuracy, format!("有标签 {labelled} 个")),
    ] {
        screen.line(format!("{name}  {}  {remark}", screen.paint(Paint::Strong, &figure(value))))?;
    }
    Ok(())
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
