//! Which entries a message asks for, told from the words of all messages that agents answered: what the nearest few messages cannot say.
//! Pure; a snapshot carries one, `ranking` asks it.
//!
//! A linear classifier with a class for each entry, trained online (passive-aggressive, PA-I of Crammer et al., JMLR 7, 2006) and averaged over
//! its steps (Freund and Schapire, Machine Learning 37, 1999): after a few passes over the messages it has found the words that tell entries
//! apart. Terms count by their rarity, a message's terms together 1, so that long messages are not louder than short ones.

use crate::analysis::terms::{Phrasing, TermShares, idf};
use rustc_hash::FxHashMap;

/// Messages that it learns from, those of most weight: they train in a tenth of a second, and beyond them the nearest messages are near enough.
pub const MAX_EXAMPLES: usize = 5_000;

/// Passes over the messages; from five on nothing changed on the help-centre messages.
const PASSES: u64 = 5;

/// How far the right entry is to stand above the best wrong one.
const MARGIN: f32 = 1.0;

/// Largest step towards a message of full weight (the constant C of PA-I).
const MAX_STEP: f32 = 1.0;

/// How decided it is: of two entries whose scores differ by a tenth, the better is e times as likely.
const SHARPNESS: f32 = 10.0;

/// Least likelihood that is told: the rest of hundreds of entries would only cost time.
const LEAST_LIKELIHOOD: f32 = 0.01;

/// Share of what synonyms say beside what was said: .3 to .6 alike raised success@1 on the help-centre messages from .53 to .55.
const IMPLIED: f32 = 0.4;

/// A message and the entries that answered it.
#[derive(Debug, Clone)]
pub struct Example<'p> {
    /// The message.
    pub phrasing: &'p Phrasing,
    /// Hashes of what its synonyms say, ascending.
    pub implied: Vec<u64>,
    /// Classes of its entries.
    pub classes: Vec<u32>,
    /// How much it counts, 0..1.
    pub weight: f32,
}

/// Weight of a term for each class that it tells for or against, ascending by class.
type Weights = Box<[(u32, f32)]>;

/// A trained classifier.
#[derive(Debug, Default)]
pub struct Classifier {
    /// Rarity of each known term, and what it tells.
    terms: FxHashMap<u64, (f32, Weights)>,
    classes: usize,
    shares: TermShares,
}

impl Classifier {
    /// Learns from at most [`MAX_EXAMPLES`] examples; the same ones in any order give the same classifier.
    pub fn train(mut examples: Vec<Example>, shares: TermShares) -> Classifier {
        examples.sort_by(|a, b| a.phrasing.terms.cmp(&b.phrasing.terms));
        examples.truncate(MAX_EXAMPLES);
        let mut numbers: FxHashMap<u64, usize> = FxHashMap::default();
        let mut counts: Vec<u32> = Vec::new();
        for term in examples.iter().flat_map(|example| example.phrasing.terms.iter()) {
            let number = *numbers.entry(*term).or_insert(counts.len());
            if number == counts.len() {
                counts.push(0);
            }
            counts[number] += 1;
        }
        let rarity: Vec<f32> = counts.iter().map(|count| idf(u64::from(*count), examples.len() as u64)).collect();
        let messages: Vec<Vec<(usize, f32)>> = examples
            .iter()
            .map(|example| {
                unit(example.phrasing, &example.implied, shares, |term| numbers.get(&term).map(|number| (*number, rarity[*number])))
            })
            .collect();
        let mut training = Training::new(counts.len(), &examples);
        for pass in 0..PASSES {
            let mut order: Vec<usize> = (0..examples.len()).collect();
            order.sort_by_key(|at| scattered(*at as u64, pass));
            for at in order {
                training.learn(&messages[at], &examples[at]);
            }
        }
        let classes = training.scores.len();
        let learned = training.averaged();
        let terms = numbers.into_iter().map(|(term, number)| (term, (rarity[number], learned[number].clone()))).collect();
        Classifier { terms, classes, shares }
    }

    /// Classes that a message may ask for, each with its likelihood among all.
    pub fn likelihoods(&self, message: &Phrasing, implied: &[u64]) -> Vec<(u32, f32)> {
        let mut scores = vec![0.0_f32; self.classes];
        let mut touched: Vec<u32> = Vec::new();
        let known = unit(message, implied, self.shares, |term| self.terms.get(&term).map(|(rarity, weights)| (weights, *rarity)));
        for (weights, value) in known {
            for (class, weight) in weights.iter() {
                let score = &mut scores[*class as usize];
                if *score == 0.0 {
                    touched.push(*class);
                }
                *score += weight * value;
            }
        }
        touched.sort_unstable();
        touched.dedup();
        let best = touched.iter().map(|class| scores[*class as usize]).fold(f32::MIN, f32::max);
        let likely = |class: u32| ((scores[class as usize] - best) * SHARPNESS).exp();
        let all: f32 = touched.iter().map(|class| likely(*class)).sum();
        let mut likelihoods: Vec<(u32, f32)> = touched.into_iter().map(|class| (class, likely(class) / all)).collect();
        likelihoods.retain(|(_, likelihood)| *likelihood >= LEAST_LIKELIHOOD);
        likelihoods
    }
}

/// The known terms of a message, by rarity and kind, of length 1 together.
fn unit<T>(message: &Phrasing, implied: &[u64], shares: TermShares, known: impl Fn(u64) -> Option<(T, f32)>) -> Vec<(T, f32)> {
    let said = message.terms.iter().map(|term| (*term, 1.0));
    let implied = implied.iter().filter(|term| message.terms.binary_search(term).is_err()).map(|term| (*term, IMPLIED));
    let mut terms: Vec<(T, f32)> = said
        .chain(implied)
        .filter_map(|(term, share)| known(term).map(|(what, rarity)| (what, share * rarity * shares.of(term))))
        .collect();
    let length = terms.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
    if length > 0.0 {
        terms.iter_mut().for_each(|(_, value)| *value /= length);
    }
    terms
}

/// A number that scatters another: an order that is none, and the same in every run (the finalizer of SplitMix64).
fn scattered(number: u64, pass: u64) -> u64 {
    let mixed = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ pass.wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// Weight of a term for a class while it is learned.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    class: u32,
    now: f32,
    /// Sum of all changes, each times the step it came in: what averaging takes off.
    late: f32,
}

struct Training {
    /// By term, ascending by class.
    cells: Vec<Vec<Cell>>,
    /// Scores of the message at hand, and which classes have one.
    scores: Vec<f32>,
    touched: Vec<u32>,
    step: f32,
}

impl Training {
    fn new(terms: usize, examples: &[Example]) -> Training {
        let classes = examples.iter().flat_map(|example| &example.classes).max().map_or(0, |class| *class as usize + 1);
        Training { cells: vec![Vec::new(); terms], scores: vec![0.0; classes], touched: Vec::new(), step: 1.0 }
    }

    fn learn(&mut self, message: &[(usize, f32)], example: &Example) {
        for class in self.touched.drain(..) {
            self.scores[class as usize] = 0.0;
        }
        for (term, value) in message {
            for cell in &self.cells[*term] {
                self.scores[cell.class as usize] += cell.now * value;
                self.touched.push(cell.class);
            }
        }
        self.touched.sort_unstable();
        self.touched.dedup();
        let score = |class: &u32| self.scores[*class as usize];
        let wrong = self.touched.iter().copied().filter(|class| !example.classes.contains(class));
        let wrong = wrong.max_by(|a, b| score(a).total_cmp(&score(b)).then(b.cmp(a)));
        let short: Vec<(u32, f32)> = example
            .classes
            .iter()
            .map(|class| (*class, MARGIN - score(class) + wrong.as_ref().map_or(0.0, score)))
            .filter(|(_, loss)| *loss > 0.0)
            .collect();
        #[expect(clippy::cast_precision_loss, reason = "a handful of entries")]
        let answers = example.classes.len() as f32;
        for (class, loss) in short {
            // Two classes move, so that half the loss each closes the gap.
            let step = (loss / 2.0).min(MAX_STEP * example.weight);
            for (term, value) in message {
                self.add(*term, class, step * value);
                if let Some(wrong) = wrong {
                    self.add(*term, wrong, -step * value / answers);
                }
            }
        }
        self.step += 1.0;
    }

    fn add(&mut self, term: usize, class: u32, change: f32) {
        let cells = &mut self.cells[term];
        let at = cells.partition_point(|cell| cell.class < class);
        if cells.get(at).is_none_or(|cell| cell.class != class) {
            cells.insert(at, Cell { class, ..Cell::default() });
        }
        cells[at].now += change;
        cells[at].late += self.step * change;
    }

    /// Weights averaged over all steps, by term.
    fn averaged(self) -> Vec<Weights> {
        let step = self.step;
        self.cells.into_iter().map(|cells| cells.into_iter().map(|cell| (cell.class, cell.now - cell.late / step)).collect()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Analyzer;
    use crate::lexicon::Lexicon;

    fn trained(messages: &[(&str, u32)]) -> impl Fn(&str) -> Vec<(u32, f32)> + use<> {
        let analyzer = Analyzer::new(&Lexicon::default());
        let phrasings: Vec<Phrasing> = messages.iter().map(|(text, _)| Phrasing::message(text, &analyzer)).collect();
        let examples = phrasings.iter().zip(messages).map(|(phrasing, (_, class))| Example {
            phrasing,
            implied: Vec::new(),
            classes: vec![*class],
            weight: 1.0,
        });
        let classifier = Classifier::train(examples.collect(), TermShares::DEFAULT);
        move |text| {
            let mut found = classifier.likelihoods(&Phrasing::message(text, &analyzer), &[]);
            found.sort_by(|a, b| b.1.total_cmp(&a.1));
            found
        }
    }

    const MESSAGES: [(&str, u32); 6] = [
        ("我的快递怎么还没有送到", 0),
        ("快递到哪里了", 0),
        ("快递员电话多少", 1),
        ("给我快递员的电话", 1),
        ("钱怎么还没有退给我", 2),
        ("退的钱到哪里了", 2),
    ];

    #[test]
    fn words_that_tell_entries_apart_decide() {
        let ask = trained(&MESSAGES);
        for (message, class) in [("电话", 1), ("快递员的联系电话", 1), ("快递送到没有", 0), ("退我钱", 2)] {
            assert_eq!(ask(message)[0].0, class, "{message}: {:?}", ask(message));
        }
        let all: f32 = ask("快递").iter().map(|(_, likelihood)| likelihood).sum();
        assert!((0.9..=1.001).contains(&all), "{all}");
    }

    #[test]
    fn a_synonym_says_what_the_message_does_not() {
        let analyzer = Analyzer::new(&Lexicon::default());
        let phrasings = ["包裹到哪里了", "发票抬头写错"].map(|text| Phrasing::message(text, &analyzer));
        let example = |(phrasing, class)| Example { phrasing, implied: Vec::new(), classes: vec![class], weight: 1.0 };
        let classifier = Classifier::train(phrasings.iter().zip(0..).map(example).collect(), TermShares::DEFAULT);
        let message = Phrasing::message("我的快件", &analyzer);
        assert_eq!(classifier.likelihoods(&message, &[]), []);
        let implied = [crate::analysis::terms::word_hash("包裹")];
        let found = classifier.likelihoods(&message, &implied);
        assert!(found.iter().any(|(class, likelihood)| *class == 0 && *likelihood > 0.5), "{found:?}");
    }

    #[test]
    fn nothing_known_says_nothing() {
        assert_eq!(trained(&MESSAGES)("发票"), []);
        assert_eq!(trained(&[])("快递"), []);
    }

    #[test]
    fn the_order_of_the_messages_does_not_matter() {
        let mut turned = MESSAGES;
        turned.reverse();
        assert_eq!(trained(&MESSAGES)("快递电话"), trained(&turned)("快递电话"));
    }
}
