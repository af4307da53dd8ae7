//! The journal (流水): searches that were seen, what was used of them, what was learned elsewhere, and what trainers decided. With a later
//! register the only place that writes SQL.
//!
//! One thread owns the database. Everything reaches it through a bounded queue: a search never waits for it, and where the queue is full
//! events are dropped and counted. A search is remembered in memory when it is answered and written once it was shown or used, masked.
//! Reports read the file beside the writer, over connections of their own ([`Journal::facts`]).
//! Losing the file loses what was learned and nothing else.

mod credit;
mod facts;
mod privacy;
mod store;
mod writer;

pub use facts::MAX_REPORTED;

use crate::entry::EntryId;
use crate::feedback::Verdict;
use crate::health::{Health, Part};
use crate::learning::{Decision, EventKind, Learned, Provenance};
use crate::reports::Facts;
use crate::sqlite;
use arc_swap::ArcSwap;
use sqlx::Connection;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use writer::{Message, Writer};

pub use credit::UsesBy;
pub use privacy::{DecisionRecord, EventRecord, JournalRecords, KeptRows, Rows, SearchRecord};

/// Name of the file in the data folder.
pub const FILE: &str = "journal.sqlite3";

/// Messages that wait for the writer: a search or a batch of events each; at 7,000 rows a second some seconds of the busiest day.
pub const QUEUE_MESSAGES: usize = 8_192;

/// How often the writer takes in what was searched: to be woken for each search would cost as much as writing it down.
pub const GATHER_INTERVAL: Duration = Duration::from_millis(250);

/// Searches remembered until they are shown: an hour of two hundred agents.
pub const MAX_REMEMBERED: usize = 10_000;

/// Most events of a batch: what a panel gathers in minutes without a network.
pub const MAX_EVENTS: usize = 500;

/// How often the writer looks for what other processes wrote.
pub const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Least time between two tables of what was learned: making one costs up to a tenth of a second, picks may come every moment.
pub const PUBLISH_INTERVAL: Duration = Duration::from_secs(2);

/// Longest id of a query, an event or a conversation, and longest identity, in bytes: UUIDs have 36.
pub const MAX_ID_BYTES: usize = 128;

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The folder cannot be made or written.
    #[error("the data folder {path}: {source}")]
    Folder {
        /// The folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A later version of this program made it.
    #[error(
        "{path} was made by a later version of Huashu (its format is {found}, this one writes {known}); update, or choose another folder with --data"
    )]
    Newer {
        /// The file.
        path: String,
        /// Its format.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// The database refused.
    #[error("the journal: {0}")]
    Database(#[from] sqlx::Error),
    /// The writer has ended.
    #[error("the journal is closed")]
    Closed,
    /// The file could not be opened; the service's health says why.
    #[error("the journal cannot be used now")]
    Unusable,
}

impl JournalError {
    /// Why the journal cannot be used now; `None` where what was asked of it was wrong.
    pub fn unusable(&self) -> Option<String> {
        match self {
            JournalError::Database(sqlx::Error::Protocol(_)) => Some(self.to_string()),
            JournalError::Database(error) => sqlite::unusable(error),
            JournalError::Folder { .. } | JournalError::Closed | JournalError::Unusable => Some(self.to_string()),
            JournalError::Newer { .. } => None,
        }
    }

    /// Whether an open connection can go on once the reason has gone.
    fn passes(&self) -> bool {
        matches!(self, JournalError::Database(error) if sqlite::passes(error))
    }
}

/// A damaged journal that was set aside: what was learned is lost, content is not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// The file.
    pub path: PathBuf,
    /// What it is called now.
    pub aside: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

impl std::fmt::Display for SetAside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (path, aside) = (self.path.display(), self.aside.display());
        write!(f, "{path} is damaged and was set aside as {aside}; what was learned is lost, content is not ({})", self.why)
    }
}

/// A search as it was answered. The text is masked before it is written; until then it lives in memory alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Its id.
    pub query_id: String,
    /// When, in milliseconds.
    pub at_ms: i64,
    /// What the customer wrote, messages joined by line ends.
    pub text: String,
    /// Who searched: the user, else the install id that the client sends; empty: unknown.
    pub identity: String,
    /// In which conversation; kept as a hash, since channels put the customer's name there.
    pub conversation: Option<String>,
    /// What was known of the chat, as JSON without the conversation.
    pub context: String,
    /// Ids of the first hits.
    pub hits: Vec<EntryId>,
    /// How the answer did.
    pub measured: Measured,
}

/// How an answer did, for reports.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Measured {
    /// Time of the search, in microseconds.
    pub took_us: i64,
    /// Chance that the best entry answers, 0..1.
    pub confidence: f32,
    /// Whether that is enough to rely on; `None` where the message asks nothing.
    pub confident: Option<bool>,
}

/// What a client tells about a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Made by the client; the same id is the same event.
    pub event_id: String,
    /// Of which search.
    pub query_id: String,
    /// What.
    pub kind: EventKind,
    /// With which entry.
    pub entry_id: Option<EntryId>,
    /// With which of its replies.
    pub reply_id: Option<String>,
    /// At which place the hit stood, from 0.
    pub position: Option<i64>,
    /// When, in milliseconds; a time to come counts as now.
    pub at_ms: i64,
    /// Who.
    pub identity: String,
    /// With feedback: how good the hit was.
    pub verdict: Option<Verdict>,
    /// With feedback: why, one of [`Verdict::reasons`].
    pub reason: Option<String>,
}

/// A phrasing learned elsewhere than from picks, to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LessonRow {
    /// As made by [`crate::learning::phrasing_text`].
    pub text: String,
    /// Of which entry.
    pub entry_id: EntryId,
    /// Where it was learned.
    pub provenance: Provenance,
    /// In which conversation or line; kept as a hash.
    pub conversation: String,
    /// When, in milliseconds.
    pub at_ms: i64,
}

/// A decision as it stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// About which phrasing.
    pub text: Arc<str>,
    /// Of which entry.
    pub entry_id: EntryId,
    /// What.
    pub decision: Decision,
    /// When, in milliseconds.
    pub at_ms: i64,
}

/// Tells when a batch of events is on the disk.
#[derive(Debug)]
pub struct Receipt(oneshot::Receiver<()>);

impl Receipt {
    /// Waits until the events survive the end of the program, for so long at most; whether they do.
    pub async fn written(self, at_most: Duration) -> bool {
        matches!(tokio::time::timeout(at_most, self.0).await, Ok(Ok(())))
    }
}

/// Hears of every new table of what was learned.
type Listener = Box<dyn Fn(Arc<Learned>) + Send>;

/// The journal. Dropping it writes what waits and ends the thread.
pub struct Journal {
    path: PathBuf,
    sender: Option<mpsc::Sender<Message>>,
    searches: mpsc::Sender<Search>,
    learned: Arc<ArcSwap<Learned>>,
    listener: Arc<Mutex<Option<Listener>>>,
    writer: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.sender.take();
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

impl Journal {
    /// Opens the journal in a data folder, or makes a new one. A damaged file is set aside; the warnings say so.
    ///
    /// # Errors
    /// Where the folder cannot be used, or a later version made the file.
    pub fn open(dir: &Path) -> Result<(Journal, Vec<SetAside>), JournalError> {
        Journal::start(dir, Arc::default(), false)
    }

    /// The same for a service: where the file cannot be used now, that is told to its health, and it is opened once it can be.
    ///
    /// # Errors
    /// Where a later version made the file.
    pub fn serve(dir: &Path, health: &Arc<Health>) -> Result<(Journal, Vec<SetAside>), JournalError> {
        Journal::start(dir, Arc::clone(health), true)
    }

    fn start(dir: &Path, health: Arc<Health>, is_patient: bool) -> Result<(Journal, Vec<SetAside>), JournalError> {
        let path = dir.join(FILE);
        let (learned, listener) = (Arc::<ArcSwap<Learned>>::default(), Arc::<Mutex<Option<Listener>>>::default());
        let (sender, receiver) = mpsc::channel(QUEUE_MESSAGES);
        let (searches, answered) = mpsc::channel(QUEUE_MESSAGES);
        let (opened, told) = std::sync::mpsc::channel();
        let (publish_to, listeners, file) = (Arc::clone(&learned), Arc::clone(&listener), path.clone());
        let publish = move |table: Learned| {
            let table = Arc::new(table);
            publish_to.store(Arc::clone(&table));
            if let Some(listener) = listeners.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
                listener(table);
            }
        };
        let writer = std::thread::Builder::new().name("huashu-journal".to_owned()).spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_time().build() {
                Ok(runtime) => runtime,
                Err(source) => {
                    let _ = opened.send(Err(JournalError::Folder { path: file.display().to_string(), source }));
                    return;
                }
            };
            runtime.block_on(async move {
                match Writer::open(&file, publish.clone(), Arc::clone(&health)).await {
                    Ok((writer, warnings)) => {
                        let _ = opened.send(Ok(warnings));
                        writer.run(receiver, answered).await;
                    }
                    Err(error) if is_patient && error.unusable().is_some() => {
                        health.fails(Part::Journal, &error.to_string());
                        let _ = opened.send(Ok(Vec::new()));
                        Writer::closed(&file, publish, health).run(receiver, answered).await;
                    }
                    Err(error) => {
                        let _ = opened.send(Err(error));
                    }
                }
            });
        });
        let writer = writer.map_err(|source| JournalError::Folder { path: path.display().to_string(), source })?;
        let warnings = told.recv().map_err(|_| JournalError::Closed)??;
        Ok((Journal { path, sender: Some(sender), searches, learned, listener, writer: Some(writer) }, warnings))
    }

    /// What is learned at this moment.
    pub fn learned(&self) -> Arc<Learned> {
        self.learned.load_full()
    }

    /// Calls `listener` with the table of now, and with each new one from the journal's thread; takes the place of an earlier listener.
    pub fn listen(&self, listener: impl Fn(Arc<Learned>) + Send + 'static) {
        listener(self.learned());
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(listener));
    }

    /// Remembers an answered search, until it is shown or forgotten. Never waits.
    pub fn remember(&self, search: Search) {
        if self.searches.try_send(search).is_err() {
            metrics::counter!("huashu_journal_dropped_total", "what" => "search").increment(1);
        }
    }

    /// Takes a batch of events. Never waits; `None` where the queue was full and the batch is lost. Who wants to know when it is on the disk
    /// asks the receipt.
    pub fn record(&self, events: Vec<Event>) -> Option<Receipt> {
        let count = events.len() as u64;
        let (written, receipt) = oneshot::channel();
        if self.send(Message::Events(events, written)) {
            return Some(Receipt(receipt));
        }
        metrics::counter!("huashu_journal_dropped_total", "what" => "event").increment(count);
        None
    }

    /// Writes lessons; those that are there already change nothing. Returns how many are new.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn teach(&self, lessons: Vec<LessonRow>) -> Result<u64, JournalError> {
        self.ask(|answer| Message::Teach(lessons, answer))?
    }

    /// Writes a trainer's decision about a phrasing of an entry. When this returns, [`Journal::learned`] heeds it.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn decide(&self, text: &str, entry_id: &EntryId, decision: Decision, by: &str) -> Result<(), JournalError> {
        let (text, entry_id, by) = (Arc::from(text), Arc::clone(entry_id), by.to_owned());
        self.ask(|answer| Message::Decide { text, entry_id, decision, by, answer })?
    }

    /// The decisions that stand, latest first.
    ///
    /// # Errors
    /// Where the journal is closed.
    pub fn decisions(&self) -> Result<Vec<Decided>, JournalError> {
        self.ask(Message::Decisions)
    }

    /// What happened in a period, for reports. Reads beside the writer, for threads that may wait.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn facts(&self, period: Range<i64>) -> Result<Facts, JournalError> {
        facts::read(&self.path, period).inspect_err(|error| self.suspect(error))
    }

    /// A reader beside the writer met a damaged page: the writer looks at the file.
    fn suspect(&self, error: &JournalError) {
        if store::is_damage(error) {
            self.send(Message::Suspect);
        }
    }

    /// What customers asked lately, masked, each text once, latest first. Reads the file; for threads that may wait.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn recent_texts(&self, limit: usize) -> Result<Vec<String>, JournalError> {
        let folder = |source| JournalError::Folder { path: self.path.display().to_string(), source };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(folder)?;
        runtime.block_on(async {
            let mut connection = store::open_to_read(&self.path).await?;
            let texts = store::recent_texts(&mut connection, limit).await;
            connection.close().await?;
            texts
        })
    }

    /// Waits until all that was sent before is written and learned.
    ///
    /// # Errors
    /// Where the journal is closed.
    pub fn flush(&self) -> Result<(), JournalError> {
        self.ask(Message::Flush)
    }

    fn send(&self, message: Message) -> bool {
        self.sender.as_ref().is_some_and(|sender| sender.try_send(message).is_ok())
    }

    /// Sends a message and waits for its answer; for threads that may wait.
    fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> Result<T, JournalError> {
        let (answer, mut receiver) = oneshot::channel();
        let mut message = message(answer);
        let sender = self.sender.as_ref().ok_or(JournalError::Closed)?;
        loop {
            match sender.try_send(message) {
                Ok(()) => break,
                Err(mpsc::error::TrySendError::Closed(_)) => return Err(JournalError::Closed),
                Err(mpsc::error::TrySendError::Full(back)) => message = back,
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        // Callable from threads with and without a runtime, which the channel's own waiting is not.
        loop {
            match receiver.try_recv() {
                Ok(value) => return Ok(value),
                Err(oneshot::error::TryRecvError::Closed) => return Err(JournalError::Closed),
                Err(oneshot::error::TryRecvError::Empty) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }
}

/// What a journal in a data folder has learned, read without writing anything; nothing where there is no journal yet.
///
/// # Errors
/// Where it cannot be read.
pub fn read_learned(dir: &Path) -> Result<Learned, JournalError> {
    let path = dir.join(FILE);
    let folder = |source| JournalError::Folder { path: dir.display().to_string(), source };
    if !path.try_exists().map_err(folder)? {
        return Ok(Learned::default());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(folder)?;
    runtime.block_on(async {
        let mut connection = store::open_to_read(&path).await?;
        let (tallies, _) = writer::count_all(&mut connection).await?;
        connection.close().await?;
        Ok(Learned::new(&tallies, now_ms()))
    })
}

/// Copies the journal of a data folder, as it is at one instant, into another folder; `false` where there is none. Others may write meanwhile.
///
/// # Errors
/// Where it cannot be read or the copy not be written.
pub async fn copy(dir: &Path, into: &Path) -> Result<bool, JournalError> {
    Ok(sqlite::copy(&dir.join(FILE), &into.join(FILE)).await?)
}

/// Now, in milliseconds.
pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests;
