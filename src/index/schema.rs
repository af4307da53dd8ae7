//! The fields of the indexes. Documents carry terms and the key of their entry, nothing else: text, facets, rights and validity
//! live in the snapshot, so that retagging or a midnight re-indexes nothing.

use super::tokens;
use crate::analysis::{Analyzer, fold, grams, pinyin};
use crate::entry::Entry;
use crate::learning::LearnedPhrasing;
use crate::lexicon::Voice;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::sync::LazyLock;
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions};
use tantivy::{Index, TantivyDocument, doc};

/// Raised when fields or tokens change: an index of another number is rebuilt.
pub const SCHEMA_VERSION: u32 = 4;

/// Longest text of one document, in bytes: longer passages are cut into several documents, so that length does not drown a match.
const MAX_DOCUMENT_BYTES: usize = 3_000;

/// Handles of the fields.
#[derive(Debug, Clone, Copy)]
pub struct Fields {
    /// jieba's words, for BM25.
    pub words: Field,
    /// Bigrams with positions, for BM25 and phrases.
    pub grams: Field,
    /// Syllables and pairs of initials, of phrasings only.
    pub pinyin: Field,
    /// Key of the entry ([`entry_key`]).
    pub entry: Field,
    /// Which phrasing or passage of the entry.
    pub part: Field,
    /// Hash of the indexed text of the entry: what decides whether it is indexed anew.
    pub version: Field,
}

/// The schema, the same for every index.
pub fn schema() -> (Schema, Fields) {
    let text = |record, fieldnorms| {
        let indexing = TextFieldIndexing::default().set_tokenizer(tokens::WRITTEN).set_index_option(record).set_fieldnorms(fieldnorms);
        TextOptions::default().set_indexing_options(indexing)
    };
    let mut builder = Schema::builder();
    let fields = Fields {
        words: builder.add_text_field("words", text(IndexRecordOption::WithFreqs, true)),
        grams: builder.add_text_field("grams", text(IndexRecordOption::WithFreqsAndPositions, true)),
        pinyin: builder.add_text_field("pinyin", text(IndexRecordOption::WithFreqsAndPositions, false)),
        entry: builder.add_u64_field("entry", NumericOptions::from(INDEXED | FAST)),
        part: builder.add_u64_field("part", FAST),
        version: builder.add_u64_field("version", FAST),
    };
    (builder.build(), fields)
}

/// Lets an index read the tokens of [`Item::documents`].
pub fn register_tokenizer(index: &Index) {
    index.tokenizers().register(tokens::WRITTEN, tokens::Written);
}

/// The fields, whose numbers follow from the schema alone.
pub static FIELDS: LazyLock<Fields> = LazyLock::new(|| schema().1);

/// The key of an entry in the indexes: the first eight bytes of SHA-256 of the folded id.
pub fn entry_key(id: &str) -> u64 {
    folded_key(&fold(id).text)
}

/// The same of an id that is folded already.
pub(crate) fn folded_key(folded: &str) -> u64 {
    hash([folded])
}

/// What the documents of one index are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Each title and question its own document; part 0 is the title.
    Phrasings,
    /// Each section of the body one document, or several where it is long; the part is the passage's number.
    Passages,
    /// Each learned phrasing a document; its key stands in the field of the entry's.
    Learned,
}

impl Source {
    /// All sources.
    pub const ALL: [Source; 3] = [Source::Phrasings, Source::Passages, Source::Learned];

    /// Name of the folder.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Phrasings => "phrasings",
            Source::Passages => "passages",
            Source::Learned => "learned",
        }
    }
}

/// Something that has documents of its own, written and removed together, with what it is known by.
#[derive(Debug, Clone, Copy)]
pub struct Item<'l> {
    of: Content<'l>,
    key: u64,
    version: u64,
}

/// What the documents of an item are made of.
#[derive(Debug, Clone, Copy)]
pub enum Content<'l> {
    /// Title and questions of an entry.
    Phrasings(&'l Entry),
    /// Sections of an entry.
    Passages(&'l Entry),
    /// A learned phrasing.
    Learned(&'l LearnedPhrasing),
}

impl Content<'_> {
    fn key(&self) -> u64 {
        match self {
            Content::Phrasings(entry) | Content::Passages(entry) => entry_key(&entry.id),
            Content::Learned(phrasing) => phrasing.key,
        }
    }

    fn version(&self) -> u64 {
        let shortcut = match self {
            Content::Phrasings(entry) => entry.shortcut.as_deref().unwrap_or_default(),
            _ => "",
        };
        let texts = self.texts();
        hash(texts.iter().map(|(_, text)| text.as_ref()).chain([shortcut]))
    }

    /// Its texts with the numbers of their parts.
    fn texts(&self) -> Vec<(u64, Cow<'_, str>)> {
        match self {
            Content::Phrasings(entry) => {
                std::iter::once(&entry.title).chain(&entry.questions).zip(0..).map(|(text, part)| (part, text.as_str().into())).collect()
            }
            Content::Passages(entry) => {
                let pieces = |passage| passage_texts(passage).map(Cow::Owned);
                entry.passages.iter().zip(0..).flat_map(|(passage, part)| pieces(passage).map(move |text| (part, text))).collect()
            }
            Content::Learned(phrasing) => vec![(0, phrasing.text.as_ref().into())],
        }
    }
}

impl<'l> Item<'l> {
    /// Hashes all of its text.
    pub fn new(of: Content<'l>) -> Item<'l> {
        Item { of, key: of.key(), version: of.version() }
    }

    /// The same with the hashes that [`Item::new`] gave before.
    pub(super) fn known(of: Content<'l>, key: u64, version: u64) -> Item<'l> {
        Item { of, key, version }
    }

    /// What it is found by in the index.
    pub fn key(&self) -> u64 {
        self.key
    }

    /// Hash of all that is indexed of it.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether it has no document.
    pub fn is_empty(&self) -> bool {
        matches!(self.of, Content::Passages(entry) if entry.passages.is_empty())
    }

    /// Its documents.
    pub fn documents(&self, analyzer: &Analyzer, fields: &Fields) -> Vec<TantivyDocument> {
        self.of
            .texts()
            .iter()
            .map(|(part, text)| {
                let folded = fold(text).text;
                let mut document = doc!(fields.entry => self.key, fields.part => *part, fields.version => self.version);
                let words = analyzer.words(&folded);
                let words = words.iter().map(|token| (Cow::Borrowed(token.term), token.position));
                // A phrasing is about one matter as a whole; a passage touches on many.
                let intents = match self.of {
                    Content::Phrasings(_) => analyzer.intents(&folded, Voice::Entry),
                    Content::Learned(_) => analyzer.intents(&folded, Voice::Customer),
                    Content::Passages(_) => Vec::new(),
                };
                let intents = intents.into_iter().map(|intent| (Cow::Owned(intent), folded.len()));
                document.add_text(fields.words, tokens::write(words.chain(intents)));
                document.add_text(fields.grams, tokens::write(grams(&folded).iter().map(|token| (token.term, token.position))));
                if let Content::Phrasings(entry) = self.of {
                    document.add_text(fields.pinyin, sounds(entry, *part, &folded));
                }
                document
            })
            .collect()
    }
}

/// The pinyin of a phrasing, written; the title's document carries the shortcut's too.
fn sounds(entry: &Entry, part: u64, folded: &str) -> String {
    /// Between title and shortcut, so that no phrase reaches from one into the other.
    const GAP: usize = 1_000;
    let shortcut = entry.shortcut.as_deref().filter(|_| part == 0).map(|shortcut| fold(shortcut).text).unwrap_or_default();
    let title = pinyin::sounds(folded).into_iter().map(|sound| (sound.term, sound.position));
    tokens::write(title.chain(pinyin::sounds(&shortcut).into_iter().map(|sound| (sound.term, GAP + sound.position))))
}

/// Heading and text of a passage, cut at line ends or sentences where it is long.
fn passage_texts(passage: &crate::entry::Passage) -> impl Iterator<Item = String> {
    let mut pieces = Vec::new();
    let mut piece = passage.heading.clone();
    let mut rest = passage.text.as_str();
    loop {
        let room = MAX_DOCUMENT_BYTES.saturating_sub(piece.len());
        let (now, later) = if rest.len() <= room { (rest, "") } else { rest.split_at(cut_before(rest, room)) };
        if !piece.is_empty() {
            piece.push('\n');
        }
        piece.push_str(now);
        pieces.push(std::mem::take(&mut piece));
        rest = later;
        if rest.is_empty() {
            return pieces.into_iter();
        }
    }
}

/// The last sentence end before a byte, else the last character boundary.
fn cut_before(text: &str, byte: usize) -> usize {
    let end = text.floor_char_boundary(byte);
    text[..end].rfind(['\n', '。', '；', '！', '？']).map_or(end, |at| at + text[at..].chars().next().map_or(0, char::len_utf8)).max(1)
}

fn hash<'t>(texts: impl IntoIterator<Item = &'t str>) -> u64 {
    let mut digest = Sha256::new();
    for text in texts {
        digest.update(text.as_bytes());
        digest.update([0]);
    }
    let bytes = digest.finalize();
    u64::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3], bytes[4], bytes[5], bytes[6], bytes[7]])
}
