//! How a customer feels, read from words and punctuation; and `emotions.yaml`, where the words stand.
//!
//! Pure and linear in the text; called by `query` for each message and by `http` for what it shows of it.

use super::phrases::{Phrases, leftmost_longest, outside};
use super::source::Source;
use super::yaml::{self, Node, Value};
use crate::problem::Code;
use std::collections::BTreeMap;
use std::ops::Range;

/// From this sum of weights a message is angry: one word of weight 1.
pub const ANGRY_AT: f32 = 1.0;
/// From this sum of weights a message is anxious: one word of weight 1, or two of half a weight.
pub const ANXIOUS_AT: f32 = 1.0;
/// Weight of a run of [`QUESTION_MARKS`]: 在吗？？？ is impatience without any word for it.
pub const QUESTIONING_WEIGHT: f32 = 1.0;
/// So many question marks in a row are no longer a question.
pub const QUESTION_MARKS: usize = 3;
/// Weight of exclamation marks, of dots that trail off (怎么还没到…) or of a character written again and again. Below the thresholds, and only beside a word:
/// 太好了！！！ and 哈哈哈 are joy.
pub const STRESS_WEIGHT: f32 = 0.5;
/// So many exclamation marks in a row are stress.
pub const EXCLAMATION_MARKS: usize = 2;
/// Dots that trail off, folded.
const TRAILING: [&str; 2] = ["..", "。。"];
/// So many times the same Chinese character is stress (急急急, 快快快); two are grammar (看看, 谢谢).
pub const REPEATED_CHARS: usize = 3;
/// Largest weight in the file: ten words' worth decides alone, more says nothing further.
pub const MAX_WEIGHT: f32 = 10.0;
/// Most risks: each is a script that takes over and someone to own it.
pub const MAX_RISKS: usize = 200;

/// How a customer feels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Emotion {
    /// 平静
    #[default]
    Calm,
    /// 焦急
    Anxious,
    /// 愤怒
    Angry,
}

impl Emotion {
    /// The facet value, as in Markdown and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Emotion::Calm => "平静",
            Emotion::Anxious => "焦急",
            Emotion::Angry => "愤怒",
        }
    }
}

/// What a message shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EmotionReading {
    /// The stronger feeling that reaches its threshold.
    pub emotion: Emotion,
    /// Sum of the weights for it; below the thresholds what there is.
    pub score: f32,
    /// The words that showed feeling, haste or risk, with their bytes in the folded text; ascending, without overlaps.
    pub words: Vec<(String, Range<usize>)>,
    /// Whether the customer is in a hurry, which is no feeling by itself.
    pub haste: bool,
    /// Indices into [`Emotions::risks`], ascending.
    pub risks: Vec<usize>,
}

/// The words of `emotions.yaml`, compiled.
#[derive(Debug, Default)]
pub struct Emotions {
    /// Risks that stop routine replies.
    pub risks: Vec<Risk>,
    /// Id of the entry that comforts who is angry.
    pub comfort: Option<String>,
    meanings: Phrases<Meaning>,
}

/// A risk and who takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Risk {
    /// For the screen.
    pub name: String,
    /// Folded words that show it.
    pub words: Vec<String>,
    /// Id of the entry that takes over.
    pub entry: String,
}

/// Folded words with weights, as they stand in the file.
#[derive(Debug, Clone, Default)]
pub struct EmotionWords {
    /// Words of worry.
    pub anxious: BTreeMap<String, f32>,
    /// Words of anger.
    pub angry: BTreeMap<String, f32>,
    /// Words of mere haste; their weights say nothing.
    pub haste: BTreeMap<String, f32>,
    /// Phrases that contain such a word and mean nothing by it.
    pub calm: Vec<String>,
    /// Risks that stop routine replies.
    pub risks: Vec<Risk>,
    /// Id of the entry that comforts who is angry.
    pub comfort: Option<String>,
}

/// All that one phrase means.
#[derive(Debug, Default)]
struct Meaning {
    anxious: f32,
    angry: f32,
    haste: bool,
    calm: bool,
    risks: Vec<usize>,
}

impl Emotions {
    /// Compiles the words.
    pub fn new(words: EmotionWords) -> Emotions {
        let mut meanings: BTreeMap<String, Meaning> = BTreeMap::new();
        for (word, weight) in words.anxious {
            meanings.entry(word).or_default().anxious = weight;
        }
        for (word, weight) in words.angry {
            meanings.entry(word).or_default().angry = weight;
        }
        for (word, _) in words.haste {
            meanings.entry(word).or_default().haste = true;
        }
        for phrase in words.calm {
            meanings.entry(phrase).or_default().calm = true;
        }
        for (index, risk) in words.risks.iter().enumerate() {
            for word in &risk.words {
                meanings.entry(word.clone()).or_default().risks.push(index);
            }
        }
        Emotions { risks: words.risks, comfort: words.comfort, meanings: Phrases::new(meanings) }
    }
}

/// Reads a folded text. Of overlapping words the longest counts, and none within a `calm` phrase (不着急, 笑死我了).
pub fn read_emotion(folded: &str, emotions: &Emotions) -> EmotionReading {
    let (calm, found): (Vec<_>, Vec<_>) = emotions.meanings.every(folded).partition(|(_, meaning)| meaning.calm);
    let found = outside(found, calm.into_iter().map(|(range, _)| range).collect());

    let felt = found.iter().filter(|(_, meaning)| meaning.anxious + meaning.angry > 0.0).cloned().collect();
    let (mut anxious, mut angry) = (0.0, 0.0);
    for (_, meaning) in leftmost_longest(felt) {
        anxious += meaning.anxious;
        angry += meaning.angry;
    }
    let stress = stress(folded);
    if angry > 0.0 {
        angry += stress;
    } else if anxious > 0.0 {
        anxious += stress;
    }
    if longest_run(folded, |character| character == '?') >= QUESTION_MARKS {
        anxious += QUESTIONING_WEIGHT;
    }

    // Anger that is too weak to be anger is still worry.
    let (emotion, score) = match (angry, angry + anxious) {
        (angry, _) if angry >= ANGRY_AT => (Emotion::Angry, angry),
        (_, both) if both >= ANXIOUS_AT => (Emotion::Anxious, both),
        (_, both) => (Emotion::Calm, both),
    };
    let mut risks: Vec<usize> = found.iter().flat_map(|(_, meaning)| meaning.risks.iter().copied()).collect();
    risks.sort_unstable();
    risks.dedup();
    let haste = found.iter().any(|(_, meaning)| meaning.haste);
    let words = leftmost_longest(found).into_iter().filter_map(|(range, _)| Some((folded.get(range.clone())?.to_owned(), range))).collect();
    EmotionReading { emotion, score, words, haste, risks }
}

fn stress(folded: &str) -> f32 {
    let mut weight = 0.0;
    if longest_run(folded, |character| character == '!') >= EXCLAMATION_MARKS {
        weight += STRESS_WEIGHT;
    }
    if TRAILING.iter().any(|dots| folded.contains(dots)) {
        weight += STRESS_WEIGHT;
    }
    let (mut before, mut run) = ('\0', 0);
    let repeats = folded.chars().any(|character| {
        run = if character == before { run + 1 } else { 1 };
        before = character;
        run >= REPEATED_CHARS && ('\u{4E00}'..='\u{9FFF}').contains(&character)
    });
    if repeats {
        weight += STRESS_WEIGHT;
    }
    weight
}

fn longest_run(text: &str, of: impl Fn(char) -> bool) -> usize {
    text.split(|character| !of(character)).map(|run| run.chars().count()).max().unwrap_or(0)
}

pub(super) fn read(source: &mut Source<'_>, words: &mut EmotionWords) {
    let Some(root) = yaml::parse(source) else { return };
    let Some(mut fields) = source.fields(root, &["anxious", "angry", "haste", "calm", "risk", "comfort", "replace"]) else { return };
    if fields.says_true("replace") {
        *words = EmotionWords::default();
    }
    for (key, list) in [("anxious", &mut words.anxious), ("angry", &mut words.angry), ("haste", &mut words.haste)] {
        for item in yaml::items(fields.take(key)) {
            if let Some((word, weight)) = weighted(source, item) {
                list.insert(word, weight);
            }
        }
    }
    words.calm.extend(source.terms(fields.take("calm")));
    if let Some((_, entry)) = source.texts(fields.take("comfort")).into_iter().next() {
        words.comfort = Some(entry);
    }
    for item in yaml::items(fields.take("risk")) {
        add_risk(source, item, &mut words.risks);
    }
}

/// `word` or `{word, weight}`.
fn weighted(source: &mut Source<'_>, item: Node) -> Option<(String, f32)> {
    if !matches!(item.value, Value::Map(_)) {
        let (place, word) = source.text_of(item)?;
        return Some((source.term(place, &word)?, 1.0));
    }
    let place = item.place;
    let mut fields = source.fields(item, &["word", "weight"])?;
    let Some(word) = source.terms(fields.take("word")).into_iter().next() else {
        source.report(place, Code::BadLexicon, "这里缺少 word", "`word` is missing here");
        return None;
    };
    let Some(weight) = fields.take("weight") else { return Some((word, 1.0)) };
    let (place, text) = source.text_of(weight)?;
    match text.parse::<f32>() {
        Ok(weight) if weight > 0.0 && weight <= MAX_WEIGHT => Some((word, weight)),
        _ => {
            let zh = format!("weight「{text}」应是大于 0、不超过 {MAX_WEIGHT} 的数；此词未生效");
            source.report(
                place,
                Code::BadValue,
                zh,
                format!("`{text}` is no weight above 0 and up to {MAX_WEIGHT}; the word has no effect"),
            );
            None
        }
    }
}

/// Adds a risk; one of a known name gains words, and its entry is the one named last.
fn add_risk(source: &mut Source<'_>, item: Node, risks: &mut Vec<Risk>) {
    let place = item.place;
    let Some(mut fields) = source.fields(item, &["name", "words", "entry"]) else { return };
    let mut text = |source: &mut Source<'_>, key: &str| source.texts(fields.take(key)).into_iter().next().map(|(_, text)| text);
    let (name, entry) = (text(source, "name"), text(source, "entry"));
    let words = source.terms(fields.take("words"));
    let (Some(name), Some(entry)) = (name, entry) else {
        source.report(place, Code::BadLexicon, "风险需要 name、words 和 entry", "a risk needs `name`, `words` and `entry`");
        return;
    };
    if let Some(known) = risks.iter_mut().find(|known| known.name == name) {
        known.words.extend(words);
        known.entry = entry;
    } else if risks.len() == MAX_RISKS {
        source.report(
            place,
            Code::TooMany,
            format!("风险最多 {MAX_RISKS} 个，此项忽略"),
            format!("at most {MAX_RISKS} risks; this one is ignored"),
        );
    } else {
        risks.push(Risk { name, words, entry });
    }
}
