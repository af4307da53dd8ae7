//! The thread that owns the database: takes messages in batches, writes each batch in one transaction, counts the questions that it touched
//! anew, and publishes the table of what was learned.

use super::privacy::{self, Rows};
use super::store::{self, SearchRow};
use super::{Decided, Event, JournalError, LessonRow, MAX_REMEMBERED, POLL_INTERVAL, PUBLISH_INTERVAL, Search, SetAside, now_ms};
use crate::entry::EntryId;
use crate::learning::{Decision, EventKind, Learned, MAX_SEEN_HITS, Tally, Veto, Vetoes, identity_hash, phrasing_text, tally};
use crate::mask::mask;
use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Messages of one transaction.
const MAX_BATCH: usize = 512;

/// The table is made anew at least so often, since weights decay.
const DECAY_INTERVAL: Duration = Duration::from_secs(6 * 60 * 60);

/// Longest text that is kept of a search, in characters: the end, like the query that was read.
const MAX_TEXT_CHARS: usize = 2_000;

/// What the writer is asked.
#[derive(Debug)]
pub(super) enum Message {
    Remember(Box<Search>),
    Events(Vec<Event>),
    Teach(Vec<LessonRow>, oneshot::Sender<Result<u64, JournalError>>),
    Decide { text: Arc<str>, entry_id: EntryId, decision: Decision, by: String, answer: oneshot::Sender<Result<(), JournalError>> },
    Decisions(oneshot::Sender<Vec<Decided>>),
    Erase { who: String, placeholder: String, answer: oneshot::Sender<Result<Rows, JournalError>> },
    Age { searches_before_ms: i64, events_before_ms: i64, answer: oneshot::Sender<Result<Rows, JournalError>> },
    Flush(oneshot::Sender<()>),
}

/// The thread's state.
pub(super) struct Writer<P> {
    path: PathBuf,
    connection: SqliteConnection,
    publish: P,
    /// Answered searches that nobody has seen yet, oldest first in `order`.
    remembered: HashMap<String, Search>,
    order: VecDeque<String>,
    /// Searches of which events came first: they are written when they come.
    awaited: HashSet<String>,
    tallies: HashMap<Arc<str>, Tally>,
    vetoes: Vetoes,
    data_version: i64,
    /// Whether the table is older than the tallies.
    stale: bool,
    published: Instant,
}

/// Tells whoever waits, once the batch is written.
type Answer<P> = Box<dyn FnOnce(&mut Writer<P>) + Send>;

impl<P: Fn(Learned)> Writer<P> {
    /// Opens the file, sets a damaged one aside, and publishes the first table.
    pub(super) async fn open(path: &Path, publish: P) -> Result<(Writer<P>, Vec<SetAside>), JournalError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(|source| JournalError::Folder { path: folder.display().to_string(), source })?;
        let mut warnings = Vec::new();
        let first = match store::open(path).await {
            Ok(connection) => Self::load(connection, &publish).await,
            Err(error) => Err(error),
        };
        let loaded = match first {
            Err(error) if store::is_damage(&error) => {
                warnings.push(set_aside(path, &error)?);
                Self::load(store::open(path).await?, &publish).await
            }
            other => other,
        };
        let (connection, tallies, vetoes, data_version) = loaded?;
        let writer = Writer {
            path: path.to_owned(),
            connection,
            publish,
            remembered: HashMap::new(),
            order: VecDeque::new(),
            awaited: HashSet::new(),
            tallies,
            vetoes,
            data_version,
            stale: false,
            published: Instant::now(),
        };
        Ok((writer, warnings))
    }

    /// What a file holds.
    async fn load(
        mut connection: SqliteConnection,
        publish: &P,
    ) -> Result<(SqliteConnection, HashMap<Arc<str>, Tally>, Vetoes, i64), JournalError> {
        let data_version = store::data_version(&mut connection).await?;
        let (tallies, vetoes) = count_all(&mut connection).await?;
        publish(Learned::new(&tallies, now_ms()));
        Ok((connection, tallies, vetoes, data_version))
    }

    /// Takes messages until nobody can send any more.
    pub(super) async fn run(mut self, mut receiver: mpsc::Receiver<Message>) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        loop {
            let wait = if self.stale { PUBLISH_INTERVAL.saturating_sub(self.published.elapsed()) } else { POLL_INTERVAL };
            match tokio::time::timeout(wait.min(POLL_INTERVAL), receiver.recv_many(&mut batch, MAX_BATCH)).await {
                Ok(0) => break,
                Ok(_) => {
                    let done = self.write(&mut batch).await;
                    self.report(&done);
                    batch.clear();
                }
                Err(_) => {
                    let done = self.look().await;
                    self.report(&done);
                }
            }
            if (self.stale && self.published.elapsed() >= PUBLISH_INTERVAL) || self.published.elapsed() >= DECAY_INTERVAL {
                self.publish_now();
            }
        }
        let _ = self.connection.close().await;
    }

    /// Nobody waits for a batch, so that a failure goes to the log: what was sent is lost, what was there before stays.
    fn report(&self, done: &Result<(), JournalError>) {
        if let Err(error) = done {
            metrics::counter!("huashu_journal_failed_total").increment(1);
            tracing::error!("{}: {error}", self.path.display());
        }
    }

    fn publish_now(&mut self) {
        (self.publish)(Learned::new(&self.tallies, now_ms()));
        self.stale = false;
        self.published = Instant::now();
    }

    /// Looks for what other processes wrote, and counts all anew where they did.
    async fn look(&mut self) -> Result<(), JournalError> {
        let version = store::data_version(&mut self.connection).await?;
        if version != self.data_version {
            (self.tallies, self.vetoes) = count_all(&mut self.connection).await?;
            self.data_version = version;
            self.stale = true;
        }
        Ok(())
    }

    /// Writes a batch in one transaction, then counts what it touched.
    async fn write(&mut self, batch: &mut Vec<Message>) -> Result<(), JournalError> {
        let mut touched: BTreeSet<String> = BTreeSet::new();
        let mut answers: Vec<Answer<P>> = Vec::new();
        let (mut searches, mut events, mut lessons) = (Vec::new(), Vec::new(), Vec::new());
        let (mut decided, mut erasures, mut agings) = (Vec::new(), Vec::new(), Vec::new());
        for message in batch.drain(..) {
            match message {
                Message::Remember(search) => searches.extend(self.remember(*search)),
                Message::Events(batch) => {
                    for event in batch {
                        searches.extend(self.seen(&event));
                        events.push(event);
                    }
                }
                Message::Teach(rows, answer) => lessons.push((rows, answer)),
                Message::Decide { text, entry_id, decision, by, answer } => {
                    decided.push((Decided { text, entry_id, decision, at_ms: now_ms() }, by, answer));
                }
                Message::Erase { who, placeholder, answer } => {
                    // What is only remembered, or in this batch already, is theirs too.
                    self.remembered
                        .values_mut()
                        .filter(|search| search.identity == who)
                        .for_each(|search| search.identity.clone_from(&placeholder));
                    erasures.push((who, placeholder, answer));
                }
                Message::Age { searches_before_ms, events_before_ms, answer } => {
                    agings.push((searches_before_ms, events_before_ms, answer));
                }
                Message::Decisions(answer) => answers.push(Box::new(move |writer| {
                    let _ = answer.send(writer.decisions());
                })),
                Message::Flush(answer) => answers.push(Box::new(move |writer| {
                    if writer.stale {
                        writer.publish_now();
                    }
                    let _ = answer.send(());
                })),
            }
        }
        let written = self.write_rows(&searches, &events, &mut touched).await;
        for (rows, answer) in lessons {
            let _ = answer.send(self.write_lessons(&rows, &mut touched).await);
        }
        for (decided, by, answer) in decided {
            let done = store::put_veto(&mut self.connection, &decided, &by).await;
            if done.is_ok() {
                let veto = Veto { decision: decided.decision, at_ms: decided.at_ms };
                self.vetoes.insert((Arc::clone(&decided.text), Arc::clone(&decided.entry_id)), veto);
                touched.insert(decided.text.to_string());
            }
            answers.push(Box::new(move |writer| {
                if writer.stale {
                    writer.publish_now();
                }
                let _ = answer.send(done.map_err(JournalError::from));
            }));
        }
        let counted = self.count(touched).await;
        for (who, placeholder, answer) in erasures {
            let done = privacy::rename(&mut self.connection, &who, &placeholder).await;
            let _ = answer.send(self.recounted(done).await);
        }
        for (searches_ms, events_ms, answer) in agings {
            let done = privacy::delete_before(&mut self.connection, searches_ms, events_ms).await;
            let _ = answer.send(self.recounted(done).await);
        }
        for answer in answers {
            answer(self);
        }
        written.and(counted)
    }

    /// Keeps a search in memory; gives it back as a row where its events came first.
    fn remember(&mut self, search: Search) -> Option<SearchRow> {
        if self.awaited.remove(&search.query_id) {
            return Some(masked(search));
        }
        self.order.push_back(search.query_id.clone());
        self.remembered.insert(search.query_id.clone(), search);
        while self.order.len() > MAX_REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.remembered.remove(&oldest);
            }
        }
        None
    }

    /// The row of a search that an event shows to have been seen, the first time.
    fn seen(&mut self, event: &Event) -> Option<SearchRow> {
        let counts = matches!(event.kind, EventKind::Shown | EventKind::Unused | EventKind::Gap) || event.kind.is_pick();
        if !counts {
            return None;
        }
        let search = self.remembered.remove(&event.query_id);
        if search.is_none() && self.awaited.len() < MAX_REMEMBERED {
            self.awaited.insert(event.query_id.clone());
        }
        search.map(masked)
    }

    async fn write_rows(&mut self, searches: &[SearchRow], events: &[Event], touched: &mut BTreeSet<String>) -> Result<(), JournalError> {
        if searches.is_empty() && events.is_empty() {
            return Ok(());
        }
        let now = now_ms();
        let mut transaction = self.connection.begin().await?;
        for row in searches {
            if store::insert_search(&mut transaction, row).await? && row.phrasing.is_some() {
                let picked_before = store::has_events(&mut transaction, &row.query_id).await?;
                touched.extend(row.phrasing.clone().filter(|phrasing| picked_before || self.tallies.contains_key(phrasing.as_str())));
            }
        }
        for event in events {
            let event = Event { at_ms: event.at_ms.min(now), ..event.clone() };
            if store::insert_event(&mut transaction, &event).await? {
                touched.extend(store::phrasing_of(&mut transaction, &event.query_id).await?);
            }
        }
        transaction.commit().await?;
        Ok(())
    }

    async fn write_lessons(&mut self, rows: &[LessonRow], touched: &mut BTreeSet<String>) -> Result<u64, JournalError> {
        let mut transaction = self.connection.begin().await?;
        let mut new = 0;
        for row in rows {
            if store::insert_lesson(&mut transaction, row, &hashed(&row.conversation)).await? {
                new += 1;
                touched.insert(row.text.clone());
            }
        }
        transaction.commit().await?;
        Ok(new)
    }

    /// Counts some questions anew; a question of which nothing was ever used takes no room.
    async fn count(&mut self, touched: BTreeSet<String>) -> Result<(), JournalError> {
        for phrasing in touched {
            let facts = store::facts_of(&mut self.connection, &phrasing).await?;
            let text: Arc<str> = Arc::from(phrasing);
            let counted = tally(&text, &facts.searches, &facts.lessons, &self.vetoes);
            if counted.entries.iter().any(|entry| entry.picks > 0) {
                self.tallies.insert(text, counted);
            } else {
                self.tallies.remove(&text);
            }
            self.stale = true;
        }
        Ok(())
    }

    /// Counts all anew where rows have changed.
    async fn recounted(&mut self, done: Result<Rows, sqlx::Error>) -> Result<Rows, JournalError> {
        let rows = done?;
        if rows != Rows::default() {
            (self.tallies, self.vetoes) = count_all(&mut self.connection).await?;
            self.stale = true;
        }
        Ok(rows)
    }

    fn decisions(&self) -> Vec<Decided> {
        let mut decisions: Vec<Decided> = self
            .vetoes
            .iter()
            .map(|((text, entry_id), veto)| Decided {
                text: Arc::clone(text),
                entry_id: Arc::clone(entry_id),
                decision: veto.decision,
                at_ms: veto.at_ms,
            })
            .collect();
        decisions
            .sort_unstable_by(|a, b| b.at_ms.cmp(&a.at_ms).then_with(|| a.text.cmp(&b.text)).then_with(|| a.entry_id.cmp(&b.entry_id)));
        decisions
    }
}

pub(super) async fn count_all(connection: &mut SqliteConnection) -> Result<(HashMap<Arc<str>, Tally>, Vetoes), sqlx::Error> {
    let vetoes = store::vetoes(connection).await?;
    let facts = store::all_facts(connection).await?;
    let tallies = facts.into_iter().filter_map(|(phrasing, facts)| {
        let text: Arc<str> = Arc::from(phrasing);
        let counted = tally(&text, &facts.searches, &facts.lessons, &vetoes);
        counted.entries.iter().any(|entry| entry.picks > 0).then_some((text, counted))
    });
    Ok((tallies.collect(), vetoes))
}

/// The row of a search: nothing of the customer in it is unmasked.
fn masked(search: Search) -> SearchRow {
    let from = search.text.char_indices().rev().nth(MAX_TEXT_CHARS - 1).map_or(0, |(at, _)| at);
    SearchRow {
        phrasing: phrasing_text(&search.text),
        text: mask(&search.text[from..]),
        query_id: search.query_id,
        at_ms: search.at_ms,
        identity: search.identity,
        conversation: search.conversation.filter(|conversation| !conversation.is_empty()).map(|id| hashed(&id)).unwrap_or_default(),
        // Values of the context are a client's own words.
        context: mask(&search.context),
        hits: search.hits.into_iter().take(MAX_SEEN_HITS).collect(),
        measured: search.measured,
    }
}

/// A conversation's id without what it may say.
fn hashed(id: &str) -> String {
    format!("{:016x}", identity_hash(id))
}

/// Renames a damaged file and its companions.
fn set_aside(path: &Path, why: &JournalError) -> Result<SetAside, JournalError> {
    let broken = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let mark = format!(".broken-{}", now_ms());
    for companion in ["", "-wal", "-shm"] {
        let (from, to) = (broken(companion), broken(&format!("{mark}{companion}")));
        match std::fs::rename(&from, &to) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(JournalError::Folder { path: from.display().to_string(), source });
            }
            _ => {}
        }
    }
    Ok(SetAside { path: path.to_owned(), aside: broken(&mark), why: why.to_string() })
}
