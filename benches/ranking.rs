//! What each stage of the ranking is worth, and what picks teach: `cargo bench --bench ranking -- KB JUDGED [JUDGED…]`.
//!
//! KB is a library, each JUDGED a folder with `dev.queries.tsv` and `dev.qrels.txt` (formats of `huashu eval`). Warm figures learn from one half
//! of the judged questions and are measured on the other, both ways round.

#![expect(clippy::print_stdout, reason = "a table on the terminal is what this program makes")]

use huashu::analysis::terms::TermShares;
use huashu::eval::{self, Measures, Qrels, Question};
use huashu::live::Live;
use huashu::ranking::Weights;

use jiff::Timestamp;
use std::path::Path;
use std::sync::Arc;

/// Picks of the learning curve.
const CURVE: [usize; 5] = [0, 60, 120, 240, usize::MAX];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let [kb, judged @ ..] = arguments.as_slice() else { return Err("usage: cargo bench --bench ranking -- KB JUDGED [JUDGED…]".into()) };
    for folder in judged {
        let set = Set::read(kb.as_ref(), folder.as_ref())?;
        println!("## {folder}\n\n{:<24} {:>6} {:>6} {:>6} {:>6} {:>6} {:>6}", "", "cold@1", "cold@3", "mrr", "warm@1", "warm@3", "mrr");
        for (name, weights) in ablations() {
            let (cold, warm) = (set.cold(&weights)?, set.warm(&weights, usize::MAX)?);
            println!(
                "{name:<24} {:>6.3} {:>6.3} {:>6.3} {:>6.3} {:>6.3} {:>6.3}",
                cold.success_1, cold.success_3, cold.mrr_10, warm.success_1, warm.success_3, warm.mrr_10
            );
        }
        println!("\n{:<24} {:>6} {:>6} {:>6}", "picks", "@1", "@3", "mrr");
        for picks in CURVE {
            let warm = set.warm(&Weights::DEFAULT, picks)?;
            let name = if picks == usize::MAX { "all of the other half".to_owned() } else { picks.to_string() };
            println!("{name:<24} {:>6.3} {:>6.3} {:>6.3}", warm.success_1, warm.success_3, warm.mrr_10);
        }
    }
    Ok(())
}

/// The shipped weights, then each stage off.
fn ablations() -> Vec<(&'static str, Weights)> {
    let all = Weights::DEFAULT;
    vec![
        ("all stages", all),
        ("no synonyms", Weights { synonym: 0.0, ..all }),
        ("no intents", Weights { terms: TermShares { intent: 0.0, ..all.terms }, ..all }),
        ("no bigrams", Weights { terms: TermShares { gram: 0.0, ..all.terms }, ..all }),
        ("no single characters", Weights { terms: TermShares { character: 0.0, ..all.terms }, ..all }),
        ("no mass", Weights { mass_power: 0.0, learned_mass_power: 0.0, ..all }),
        ("no passages", Weights { passage: 0.0, ..all }),
        ("no categories", Weights { category: 0.0, ..all }),
        ("no likeness", Weights { likeness: 0.0, ..all }),
        ("no second phrasing", Weights { second_phrasing: 0.0, ..all }),
        ("no use in general", Weights { picks: 0.0, ..all }),
        ("no nearest messages", Weights { learned: 0.0, ..all }),
        ("no classifier", Weights { classifier: 0.0, ..all }),
    ]
}

struct Set {
    live: Live,
    questions: Vec<Question>,
    qrels: Qrels,
    min_grade: u32,
}

impl Set {
    fn read(kb: &Path, judged: &Path) -> Result<Set, Box<dyn std::error::Error>> {
        let questions = eval::read_queries(&std::fs::read_to_string(judged.join("dev.queries.tsv"))?)?;
        let qrels = eval::read_qrels(&std::fs::read_to_string(judged.join("dev.qrels.txt"))?)?;
        let min_grade = eval::highest_grade(&qrels);
        Ok(Set { live: Live::in_memory(kb)?, questions, qrels, min_grade })
    }

    fn cold(&self, weights: &Weights) -> Result<Measures, Box<dyn std::error::Error>> {
        self.live.learn(Arc::default())?;
        Ok(eval::measure(&eval::run(&self.live.snapshot(), &self.questions, weights)?, &self.qrels, self.min_grade))
    }

    /// Learns from every second half and asks the other: the halves are those whose ids sort below and above the middle.
    fn warm(&self, weights: &Weights, most_picks: usize) -> Result<Measures, Box<dyn std::error::Error>> {
        let (first, second) = self.questions.split_at(self.questions.len() / 2);
        let mut runs = Vec::new();
        for (taught, asked) in [(first, second), (second, first)] {
            let picks = self.picks(taught).into_iter().take(most_picks).collect::<Vec<_>>();
            self.live.learn(Arc::new(eval::learn(&picks, Timestamp::now())))?;
            runs.extend(eval::run(&self.live.snapshot(), asked, weights)?);
        }
        Ok(eval::measure(&runs, &self.qrels, self.min_grade))
    }

    /// One pick for each question and each entry that answers it.
    fn picks(&self, questions: &[Question]) -> Vec<(String, String)> {
        let mut picks = Vec::new();
        for question in questions {
            let Some(grades) = self.qrels.get(&question.id) else { continue };
            let mut entries: Vec<&String> = grades.iter().filter(|(_, grade)| **grade >= self.min_grade).map(|(entry, _)| entry).collect();
            entries.sort_unstable();
            picks.extend(entries.into_iter().map(|entry| (question.text.clone(), entry.clone())));
        }
        picks
    }
}
