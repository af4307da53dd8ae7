//! From a saved file to its words being found, against adding the same documents to bare indexes of the same size.

use crate::{Outcome, clock, median};
use huashu::analysis::Analyzer;
use huashu::entry::Entry;
use huashu::index::schema::register_tokenizer;
use huashu::index::{Content, FIELDS, Item, Source, entry_key};
use huashu::live::Live;
use std::fs;
use std::path::Path;
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, Term};
use tempfile::TempDir;

/// Edits on each side, in turn.
const ROUNDS: usize = 15;

/// The file.
const EDITED: &str = "改的.md";

/// Memory of a writer, as Huashu gives each of its own.
const WRITER_BYTES: usize = 40_000_000;

/// Time on the wall.
pub(crate) struct Edit {
    pub(crate) huashu_ms: f64,
    pub(crate) limit_ms: f64,
}

pub(crate) fn measure(dir: &Path) -> Outcome<Edit> {
    let place = TempDir::new()?;
    let kb = place.path().join("kb");
    copy(dir, &kb)?;
    let (live, _) = Live::open(&kb, &place.path().join("index"))?;
    let bare = |source: Source| {
        let copied = place.path().join("bare").join(source.as_str());
        copy(&place.path().join("index").join(source.as_str()), &copied)?;
        Bare::open(&copied)
    };
    let (mut phrasings, mut passages) = (bare(Source::Phrasings)?, bare(Source::Passages)?);
    let (mut huashu, mut limit) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let text =
            format!("---\ntitle: 第{round}次改的标题\nquestions: [怎么改第{round}次, 改了{round}次能看到吗]\n---\n> 第{round}次的内容。\n");
        fs::write(kb.join(EDITED), text)?;
        // As the watch tells it.
        huashu.push(clock::wall_ms(|| Ok(live.refresh_some(&[EDITED.to_owned()])?))?.0);
        let snapshot = live.snapshot();
        let entry = snapshot.get("改的").ok_or("the edit is not served")?;
        limit.push(
            clock::wall_ms(|| {
                phrasings.replace(&Item::new(Content::Phrasings(&entry.entry)), &entry.entry, &snapshot.analyzer)?;
                passages.replace(&Item::new(Content::Passages(&entry.entry)), &entry.entry, &snapshot.analyzer)
            })?
            .0,
        );
    }
    Ok(Edit { huashu_ms: median(huashu), limit_ms: median(limit) })
}

/// A tantivy index and nothing around it.
struct Bare {
    writer: IndexWriter,
    reader: IndexReader,
}

impl Bare {
    fn open(dir: &Path) -> Outcome<Bare> {
        let index = Index::open_in_dir(dir)?;
        register_tokenizer(&index);
        let writer = index.writer_with_num_threads(1, WRITER_BYTES)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Bare { writer, reader })
    }

    fn replace(&mut self, item: &Item, entry: &Entry, analyzer: &Analyzer) -> Outcome<()> {
        self.writer.delete_term(Term::from_field_u64(FIELDS.entry, entry_key(&entry.id)));
        for document in item.documents(analyzer, &FIELDS) {
            self.writer.add_document(document)?;
        }
        self.writer.commit()?;
        self.reader.reload()?;
        Ok(())
    }
}

/// A folder with all that is in it, without locks.
pub(crate) fn copy(from: &Path, to: &Path) -> Outcome<()> {
    fs::create_dir_all(to)?;
    for item in fs::read_dir(from)? {
        let item = item?;
        let target = to.join(item.file_name());
        if item.file_type()?.is_dir() {
            copy(&item.path(), &target)?;
        } else if item.path().extension().is_none_or(|ending| ending != "lock") {
            fs::copy(item.path(), target)?;
        }
    }
    Ok(())
}
