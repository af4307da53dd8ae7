//! The lexicon (词库): words and rules of the trade, a general one embedded in the binary and the library's own on top.
//!
//! Files and formats: `docs/format.md`. Pure: `library` hands in the bytes of the files. Everything is folded when it is read, and
//! whoever asks hands in folded text, except [`Banned::find`], which takes what a person wrote.

use crate::facet::Facets;
use crate::problem::{Code, Problem};
use jiff::civil::DateTime;
use source::{Place, Source};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::LazyLock;

pub mod banned;
pub mod campaign;
pub mod emotion;
mod facets;
pub mod filler;
pub mod intents;
mod patterns;
pub mod phrases;
mod source;
pub mod stage;
mod synonyms;
pub mod words;
mod yaml;

pub use banned::Banned;
pub use campaign::Window;
pub use emotion::{Emotion, EmotionReading, Emotions, Risk, read_emotion};
pub use filler::FillerKind;
pub use intents::{Intents, Voice};
pub use phrases::Phrases;
pub use source::{MAX_FILE_BYTES, MAX_PROBLEMS, MAX_TERM_CHARS, MAX_TERMS};
pub use stage::{Stage, read_stage};
pub use words::Word;

/// Where the problems of an embedded file are said to be; no path of a library looks like it.
pub const GENERAL: &str = "(general)/";

/// Everything the lexicon knows.
#[derive(Debug, Default)]
pub struct Lexicon {
    /// Words for jieba beyond its dictionary, ascending.
    pub words: Vec<Word>,
    /// Folded term → folded terms that it also finds.
    pub synonyms: Phrases<Vec<String>>,
    /// Folded wrong writing → folded right ones.
    pub confusions: Phrases<Vec<String>>,
    /// Phrases that carry no meaning, by section, folded.
    pub filler: Phrases<FillerKind>,
    /// Whole ways of asking for a matter.
    pub intents: Arc<Intents>,
    /// Words that show how a customer feels, and risks.
    pub emotions: Emotions,
    /// Words that show where a purchase stands, folded.
    pub stages: Phrases<Stage>,
    /// Known values of facets.
    pub facets: Facets,
    /// Folded name of a campaign → its windows.
    pub campaigns: HashMap<String, Vec<Window>>,
    /// What must not be said.
    pub banned: Banned,
    /// Hash of everything that changes tokens (words): an index made with another one is rebuilt.
    pub analysis_hash: u64,
}

impl Lexicon {
    /// What else a folded term finds; empty if it has no synonyms.
    pub fn synonyms_of(&self, term: &str) -> &[String] {
        self.synonyms.get(term).map_or(&[], Vec::as_slice)
    }

    /// Every occurrence of a term that has synonyms, overlapping ones too, so that one is found where the segmenter would cut it
    /// apart (改地址); ascending by end.
    pub fn synonym_spans(&self, folded: &str) -> Vec<(Range<usize>, &[String])> {
        spans(&self.synonyms, folded)
    }

    /// Occurrences of wrong writings with what is meant, the leftmost longest, ascending, without overlaps.
    pub fn confusion_spans(&self, folded: &str) -> Vec<(Range<usize>, &[String])> {
        phrases::leftmost_longest(spans(&self.confusions, folded))
    }

    /// Occurrences of filler, the leftmost longest, ascending, without overlaps. One of a single character (亲, 吗) may be part of a word
    /// (亲子装): the caller, who knows the words, takes it only where it stands as one.
    pub fn filler_spans(&self, folded: &str) -> Vec<(Range<usize>, FillerKind)> {
        self.filler.longest(folded).into_iter().map(|(range, kind)| (range, *kind)).collect()
    }

    /// Whether `双11`, or one phase of it, `双11/尾款`, is known.
    pub fn knows_campaign(&self, campaign: &str) -> bool {
        campaign::windows(&self.campaigns, campaign).is_some()
    }

    /// Whether a window of `双11`, or of one phase of it, `双11/尾款`, is open in a shop at a moment of the library's time zone. Without a
    /// shop: in any. Shops are compared by id or alias once the library's shops stand among the facets.
    pub fn campaign_is_open(&self, campaign: &str, shop: Option<&str>, at: DateTime) -> bool {
        let id = |shop: &str| self.facets.resolve(crate::facet::Facet::Shop, shop).unwrap_or(shop).to_owned();
        let serves = |window: &Window| match shop {
            Some(shop) if !window.shops.is_empty() => window.shops.iter().any(|own| id(own) == id(shop)),
            _ => true,
        };
        let windows = campaign::windows(&self.campaigns, campaign).unwrap_or_default();
        windows.into_iter().any(|window| window.from <= at && at < window.until && serves(window))
    }

    /// The first moment after `at` at which a campaign opens or closes: when the clock must look again.
    pub fn next_campaign_change(&self, at: DateTime) -> Option<DateTime> {
        campaign::next_change(&self.campaigns, at)
    }
}

fn spans<'l>(phrases: &'l Phrases<Vec<String>>, folded: &str) -> Vec<(Range<usize>, &'l [String])> {
    phrases.every(folded).map(|(range, also)| (range, also.as_slice())).collect()
}

/// A file of `lexicon/` as read by `library`.
#[derive(Debug, Clone)]
pub struct LexiconFile {
    /// Path relative to the library, for problems.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The embedded files, in the order in which they are read: facets before the rules that name channels.
const GENERAL_FILES: [(&str, &str); 10] = [
    ("words.txt", include_str!("general/words.txt")),
    ("synonyms.txt", include_str!("general/synonyms.txt")),
    ("confusions.txt", include_str!("general/confusions.txt")),
    ("filler.txt", include_str!("general/filler.txt")),
    ("intents.txt", include_str!("general/intents.txt")),
    ("emotions.yaml", include_str!("general/emotions.yaml")),
    ("stages.txt", include_str!("general/stages.txt")),
    ("facets.yaml", include_str!("general/facets.yaml")),
    ("campaigns.yaml", include_str!("general/campaigns.yaml")),
    ("banned.yaml", include_str!("general/banned.yaml")),
];

/// The embedded lists, read once: reading them takes longer than all else that a changed file of a library asks for.
static GENERAL_LISTS: LazyLock<(Lists, Vec<Problem>)> = LazyLock::new(|| {
    let mut lists = Lists::default();
    let problems = GENERAL_FILES.iter().flat_map(|(name, text)| lists.read(name, &format!("{GENERAL}{name}"), text.as_bytes())).collect();
    (lists, problems)
});

/// Builds the lexicon from the embedded files and those of a library, each of which extends or replaces the embedded one of its
/// name. Files of other names are problems, except `README.md` and hidden ones.
pub fn load(files: &[LexiconFile]) -> (Lexicon, Vec<Problem>) {
    let (lists, mut problems) = GENERAL_LISTS.clone();
    let (lexicon, of_files) = extend(lists, files);
    problems.extend(of_files);
    (lexicon, problems)
}

fn extend(mut lists: Lists, files: &[LexiconFile]) -> (Lexicon, Vec<Problem>) {
    let mut problems = Vec::new();
    for (name, _) in GENERAL_FILES {
        for file in files.iter().filter(|file| file_name(file) == name) {
            problems.extend(lists.read(name, &file.path, &file.bytes));
        }
    }
    problems.extend(files.iter().filter_map(unknown_file));
    (lists.compile(), problems)
}

/// Names of the files that a lexicon may have.
pub fn file_names() -> impl Iterator<Item = &'static str> {
    GENERAL_FILES.iter().map(|(name, _)| *name)
}

fn file_name(file: &LexiconFile) -> &str {
    file.path.rsplit('/').next().unwrap_or_default()
}

fn unknown_file(file: &LexiconFile) -> Option<Problem> {
    let name = file_name(file);
    if name == "README.md" || name.starts_with('.') || GENERAL_FILES.iter().any(|(known, _)| *known == name) {
        return None;
    }
    let known = GENERAL_FILES.map(|(known, _)| known).join(" ");
    let mut source = Source::new(&file.path, b"");
    source.report(
        Place::START,
        Code::UnknownKey,
        format!("词库没有「{name}」这个文件，未读取；可用：{known}"),
        format!("the lexicon has no file `{name}`, not read; known: {known}"),
    );
    source.finish().pop()
}

/// What the files say, while they are being read.
#[derive(Clone, Default)]
struct Lists {
    words: words::Words,
    synonyms: synonyms::Links,
    confusions: synonyms::Links,
    filler: filler::Filler,
    intents: intents::Sections,
    emotions: emotion::EmotionWords,
    stages: stage::Stages,
    facets: Facets,
    campaigns: campaign::Campaigns,
    banned: Vec<banned::RuleSource>,
}

impl Lists {
    fn read(&mut self, name: &str, path: &str, bytes: &[u8]) -> Vec<Problem> {
        let source = &mut Source::new(path, bytes);
        match name {
            "words.txt" => words::read(source, &mut self.words),
            "synonyms.txt" => synonyms::read_synonyms(source, &mut self.synonyms),
            "confusions.txt" => synonyms::read_confusions(source, &mut self.confusions),
            "filler.txt" => filler::read(source, &mut self.filler),
            "intents.txt" => intents::read(source, &mut self.intents),
            "emotions.yaml" => emotion::read(source, &mut self.emotions),
            "stages.txt" => stage::read(source, &mut self.stages),
            "facets.yaml" => facets::read(source, &mut self.facets),
            "campaigns.yaml" => campaign::read(source, &mut self.campaigns),
            "banned.yaml" => banned::read(source, &self.facets, &mut self.banned),
            _ => {}
        }
        source.finish()
    }

    fn compile(self) -> Lexicon {
        Lexicon {
            analysis_hash: words::hash(&self.words) ^ intents::hash(&self.intents).rotate_left(1),
            intents: Arc::new(Intents::new(&self.intents)),
            words: self.words.into_values().collect(),
            synonyms: Phrases::new(self.synonyms),
            confusions: Phrases::new(self.confusions),
            filler: Phrases::new(self.filler),
            emotions: Emotions::new(self.emotions),
            stages: Phrases::new(self.stages),
            facets: self.facets,
            campaigns: self.campaigns,
            banned: Banned::new(self.banned),
        }
    }
}

#[cfg(test)]
mod tests;
