//! The lexicon (词库): words and rules of the trade, a general one embedded in the binary and the library's own on top.
//!
//! Files and formats: `docs/format.md`. Pure: `library` hands in the bytes of the files.

use crate::facet::Facets;
use crate::problem::Problem;
use jiff::civil::DateTime;
use std::collections::HashMap;

pub mod banned;

pub use banned::Banned;

/// Everything the lexicon knows.
#[derive(Debug, Default)]
pub struct Lexicon {
    /// Words for jieba beyond its dictionary.
    pub words: Vec<Word>,
    /// Folded term → folded terms that it also finds.
    pub synonyms: HashMap<String, Vec<String>>,
    /// Folded wrong writing → folded right ones.
    pub confusions: HashMap<String, Vec<String>>,
    /// Phrases that carry no meaning, by section, folded.
    pub filler: Vec<(FillerKind, String)>,
    /// Words that show how a customer feels, and risks.
    pub emotions: Emotions,
    /// Known values of facets.
    pub facets: Facets,
    /// Campaign → its windows.
    pub campaigns: HashMap<String, Vec<Window>>,
    /// What must not be said.
    pub banned: Banned,
    /// Hash of everything that changes tokens (words): an index made with another one is rebuilt.
    pub analysis_hash: u64,
}

/// A word of jieba's user dictionary, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub text: String,
    /// How frequent; absent: jieba suggests one.
    pub frequency: Option<usize>,
    /// Part of speech.
    pub tag: Option<String>,
}

/// Sections of `filler.txt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FillerKind {
    /// 问候
    Greeting,
    /// 语气
    Particle,
    /// What the message does, where it says nothing else.
    Act(crate::entry::Act),
}

/// `emotions.yaml`; words folded, with weights.
#[derive(Debug, Clone, Default)]
pub struct Emotions {
    /// Words of worry.
    pub anxious: Vec<(String, f32)>,
    /// Words of anger.
    pub angry: Vec<(String, f32)>,
    /// Words of mere haste.
    pub haste: Vec<(String, f32)>,
    /// Phrases that contain such a word and mean nothing by it.
    pub calm: Vec<String>,
    /// Risks that stop routine replies.
    pub risks: Vec<Risk>,
}

/// A risk and who takes over.
#[derive(Debug, Clone)]
pub struct Risk {
    /// For the screen.
    pub name: String,
    /// Folded words that show it.
    pub words: Vec<String>,
    /// Id of the entry that takes over.
    pub entry: String,
}

/// One window of a campaign, local time, half-open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// 预热, 预售, 尾款, 返场, …
    pub phase: Option<String>,
    /// Begin.
    pub from: DateTime,
    /// End, exclusive.
    pub until: DateTime,
    /// Shop ids; empty: all.
    pub shops: Vec<String>,
}

/// A file of `lexicon/` as read by `library`.
#[derive(Debug, Clone)]
pub struct LexiconFile {
    /// Path relative to the library, for problems.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Builds the lexicon from the embedded files and those of a library.
pub fn load(_files: &[LexiconFile]) -> (Lexicon, Vec<Problem>) {
    (Lexicon::default(), Vec::new())
}
