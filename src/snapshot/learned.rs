//! What a snapshot computes of the learned phrasings: their terms, and the classifier trained on them. Carried over to the next snapshot as far
//! as nothing changed.

use crate::analysis::Analyzer;
use crate::analysis::terms::{Phrasing, TermShares};
use crate::entry::EntryId;
use crate::learning::Learned;
use crate::learning::classifier::{Classifier, Example, MAX_EXAMPLES};
use crate::lexicon::Lexicon;
use crate::query;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

/// Part of the examples that may be others before the classifier is trained anew: single picks serve by their likeness at once, the classifier
/// sees the whole.
const RETRAIN_PART: usize = 50;

/// The learned phrasings as terms.
#[derive(Debug, Default)]
pub(super) struct LearnedTexts {
    /// By number of the learned phrasing.
    texts: Vec<Arc<OnceLock<Phrasing>>>,
    trained: Arc<Trained>,
}

/// A classifier with what it was trained on.
#[derive(Debug, Default)]
struct Trained {
    classifier: Classifier,
    /// Entry of each class.
    entries: Vec<EntryId>,
    /// Keys of the phrasings, ascending.
    keys: Vec<u64>,
}

impl LearnedTexts {
    /// `before` lends what it has: the table it was made for, and its texts.
    pub(super) fn new(
        learned: &Learned,
        lexicon: &Lexicon,
        analyzer: &Analyzer,
        before: Option<(&Learned, &LearnedTexts)>,
    ) -> LearnedTexts {
        let numbers: HashMap<u64, usize> = match before {
            Some((before, _)) => before.phrasings.iter().zip(0..).map(|(phrasing, number)| (phrasing.key, number)).collect(),
            None => HashMap::new(),
        };
        let known = |key| Some(Arc::clone(&before?.1.texts[*numbers.get(&key)?]));
        let texts = learned.phrasings.iter().map(|phrasing| known(phrasing.key).unwrap_or_default()).collect();
        let mut own = LearnedTexts { texts, trained: before.map(|(_, texts)| Arc::clone(&texts.trained)).unwrap_or_default() };
        let examples = examples(learned);
        let keys = keys(learned, &examples);
        let new = keys.iter().filter(|key| own.trained.keys.binary_search(key).is_err()).count();
        let gone = own.trained.keys.iter().filter(|key| keys.binary_search(key).is_err()).count();
        if (new + gone) * RETRAIN_PART > keys.len() {
            own.trained = Arc::new(own.train(learned, &examples, keys, lexicon, analyzer));
        }
        own
    }

    /// Terms of a learned phrasing by its number.
    pub(super) fn get(&self, number: u32, learned: &Learned, analyzer: &Analyzer) -> &Phrasing {
        let number = number as usize;
        self.texts[number].get_or_init(|| Phrasing::message(&learned.phrasings[number].text, analyzer))
    }

    /// Entries that a message may ask for, each with its likelihood.
    pub(super) fn likelihoods(&self, message: &Phrasing, implied: &[u64]) -> impl Iterator<Item = (&EntryId, f32)> {
        let likelihoods = self.trained.classifier.likelihoods(message, implied);
        likelihoods.into_iter().map(|(class, likelihood)| (&self.trained.entries[class as usize], likelihood))
    }

    fn train(&self, learned: &Learned, examples: &[Vec<u32>], keys: Vec<u64>, lexicon: &Lexicon, analyzer: &Analyzer) -> Trained {
        let mut classes: BTreeMap<&EntryId, u32> = BTreeMap::new();
        let phrasing = |number: &u32| &learned.phrasings[*number as usize];
        for number in examples.iter().flatten() {
            classes.insert(&phrasing(number).entry_id, 0);
        }
        classes.values_mut().zip(0..).for_each(|(class, number)| *class = number);
        let example = |numbers: &Vec<u32>| Example {
            phrasing: self.get(numbers[0], learned, analyzer),
            implied: query::read_as_message(&[phrasing(&numbers[0]).text.to_string()], lexicon, analyzer).implied(),
            classes: numbers.iter().map(|number| classes[&phrasing(number).entry_id]).collect(),
            weight: numbers.iter().map(|number| phrasing(number).weight).fold(0.0, f32::max),
        };
        let classifier = Classifier::train(examples.iter().map(example).collect(), TermShares::DEFAULT);
        Trained { classifier, entries: classes.into_keys().map(Arc::clone).collect(), keys }
    }
}

/// Numbers of the phrasings to train on, those of one text together: vouched for by more than one person, of most weight.
fn examples(learned: &Learned) -> Vec<Vec<u32>> {
    let mut examples: Vec<(f32, Vec<u32>)> = Vec::new();
    let mut last: Option<&str> = None;
    for (phrasing, number) in learned.phrasings.iter().zip(0..).filter(|(phrasing, _)| !phrasing.single_identity) {
        match examples.last_mut().filter(|_| last == Some(&phrasing.text)) {
            Some((weight, numbers)) => {
                *weight = weight.max(phrasing.weight);
                numbers.push(number);
            }
            None => examples.push((phrasing.weight, vec![number])),
        }
        last = Some(&phrasing.text);
    }
    examples.sort_by_key(|(weight, numbers)| (Reverse(weight.to_bits()), numbers[0]));
    examples.truncate(MAX_EXAMPLES);
    examples.into_iter().map(|(_, numbers)| numbers).collect()
}

fn keys(learned: &Learned, examples: &[Vec<u32>]) -> Vec<u64> {
    let mut keys: Vec<u64> = examples.iter().flatten().map(|number| learned.phrasings[*number as usize].key).collect();
    keys.sort_unstable();
    keys
}
