//! Indexing entries against jieba and tantivy alone on the same texts.

use crate::{Outcome, clock, median};
use huashu::analysis::{Analyzer, fold, grams};
use huashu::entry::Entry;
use huashu::index::Indexes;
use huashu::learning::Learned;
use huashu::library::Library;
use jieba_rs::Jieba;
use std::sync::Arc;
use tantivy::schema::{IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use tantivy::{Index, TantivyDocument};

/// Rounds of the whole library.
const ROUNDS: usize = 3;

/// Memory of the writer, as Huashu gives each of its own.
const WRITER_BYTES: usize = 40_000_000;

/// CPU time of all threads.
pub(crate) struct Side {
    pub(crate) huashu_ms: f64,
    pub(crate) limit_ms: f64,
}

/// What of a text is indexed: words alone as most would, or as much as Huashu does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tokens {
    Words,
    WordsAndGrams,
}

pub(crate) fn measure(library: &Library) -> Outcome<[(&'static str, Side); 2]> {
    let (analyzer, hash, jieba) = (Analyzer::new(&library.lexicon), library.lexicon.analysis_hash, Arc::new(Jieba::new()));
    let (mut huashu, mut words, mut both) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        huashu.push(spent(|| {
            let mut indexes = Indexes::in_memory(hash)?;
            indexes.update(&library.entries, &Learned::default(), &analyzer, hash)?;
            Ok(())
        })?);
        for (tokens, figures) in [(Tokens::Words, &mut words), (Tokens::WordsAndGrams, &mut both)] {
            figures.push(spent(|| bare(library, &jieba, tokens))?);
        }
    }
    let huashu_ms = median(huashu);
    let side = |limit| Side { huashu_ms, limit_ms: median(limit) };
    Ok([("indexing, to words", side(words)), ("indexing, to words and bigrams", side(both))])
}

fn spent(work: impl FnOnce() -> Outcome<()>) -> Outcome<f64> {
    let begin = clock::process_ms("self")?;
    work()?;
    Ok(clock::process_ms("self")? - begin)
}

/// Each title, question and section a document, as in Huashu's indexes.
fn bare(library: &Library, jieba: &Arc<Jieba>, wanted: Tokens) -> Outcome<()> {
    let mut builder = Schema::builder();
    let text = |tokenizer, record| {
        TextOptions::default().set_indexing_options(TextFieldIndexing::default().set_tokenizer(tokenizer).set_index_option(record))
    };
    let words = builder.add_text_field("words", text("words", IndexRecordOption::WithFreqs));
    let pairs = builder.add_text_field("grams", text("pairs", IndexRecordOption::WithFreqsAndPositions));
    let index = Index::create_in_ram(builder.build());
    let words_of = Arc::clone(jieba);
    let cut =
        move |text: &str| words_of.cut_for_search(text, false).into_iter().map(|token| (token.word.to_owned(), token.start)).collect();
    index.tokenizers().register("words", Cut(cut));
    index
        .tokenizers()
        .register("pairs", Cut(|text: &str| grams(text).iter().map(|token| (token.term.to_owned(), token.position)).collect()));
    let mut writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
    for text in library.entries.iter().flat_map(|entry| texts(entry)) {
        let text = fold(text).text;
        let mut document = TantivyDocument::default();
        document.add_text(words, &text);
        if wanted == Tokens::WordsAndGrams {
            document.add_text(pairs, &text);
        }
        writer.add_document(document)?;
    }
    writer.commit()?;
    Ok(())
}

fn texts(entry: &Entry) -> impl Iterator<Item = &str> {
    let passages = entry.passages.iter().map(|passage| passage.text.as_str());
    std::iter::once(entry.title.as_str()).chain(entry.questions.iter().map(String::as_str)).chain(passages)
}

/// A tokenizer by a function that gives tokens with their positions.
#[derive(Clone)]
struct Cut<F>(F);

impl<F: Fn(&str) -> Vec<(String, usize)> + Clone + Send + Sync + 'static> Tokenizer for Cut<F> {
    type TokenStream<'a> = CutTokens;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> CutTokens {
        CutTokens { rest: (self.0)(text).into_iter(), token: Token::default() }
    }
}

struct CutTokens {
    rest: std::vec::IntoIter<(String, usize)>,
    token: Token,
}

impl TokenStream for CutTokens {
    fn advance(&mut self) -> bool {
        let Some((text, position)) = self.rest.next() else { return false };
        self.token = Token { text, position, ..Token::default() };
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
