//! The thread that owns the database: takes messages in batches, writes each batch in one transaction, counts the questions that it touched
//! anew, and publishes the table of what was learned.

use super::privacy::{self, Rows};
use super::store::{self, SearchRow};
use super::{
    Decided, Event, GATHER_INTERVAL, JournalError, LessonRow, MAX_REMEMBERED, POLL_INTERVAL, PUBLISH_INTERVAL, Search, SetAside, now_ms,
};
use crate::entry::EntryId;
use crate::health::{Health, Part};
use crate::learning::{Decision, EventKind, Learned, MAX_SEEN_HITS, Tally, Veto, Vetoes, identity_hash, phrasing_text, tally};
use crate::mask::mask;
use crate::sqlite;
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
    Events(Vec<Event>, oneshot::Sender<()>),
    Teach(Vec<LessonRow>, oneshot::Sender<Result<u64, JournalError>>),
    Decide {
        text: Arc<str>,
        entry_id: EntryId,
        decision: Decision,
        by: String,
        answer: oneshot::Sender<Result<(), JournalError>>,
    },
    Decisions(oneshot::Sender<Vec<Decided>>),
    Erase {
        who: String,
        placeholder: String,
        answer: oneshot::Sender<Result<Rows, JournalError>>,
    },
    Age {
        searches_before_ms: i64,
        events_before_ms: i64,
        answer: oneshot::Sender<Result<Rows, JournalError>>,
    },
    Flush(oneshot::Sender<()>),
    /// Somebody met a damaged page.
    Suspect,
}

/// Rows that wait for the disk at most: ten minutes of two hundred agents, some twenty megabytes. Beyond it the oldest are lost.
const MAX_WAITING_ROWS: usize = 50_000;

/// The thread's state.
pub(super) struct Writer<P> {
    path: PathBuf,
    /// Absent while the file cannot be used.
    database: Option<Database>,
    publish: P,
    health: Arc<Health>,
    /// What is not on the disk yet.
    waiting: Waiting,
    /// Answered searches that nobody has seen yet, oldest first in `order`.
    remembered: HashMap<String, Search>,
    order: VecDeque<String>,
    /// Searches of which events came first: they are written when they come.
    awaited: HashSet<String>,
    tallies: HashMap<Arc<str>, Tally>,
    vetoes: Vetoes,
    /// Whether the table is older than the tallies.
    stale: bool,
    published: Instant,
}

/// The open file.
struct Database {
    connection: SqliteConnection,
    file: sqlite::FileId,
    data_version: i64,
}

/// Rows that are to be written, and who wants to know when they are.
#[derive(Default)]
struct Waiting {
    searches: VecDeque<SearchRow>,
    events: VecDeque<Event>,
    receipts: Vec<oneshot::Sender<()>>,
    /// How many were lost since the file could be used last.
    lost: u64,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.searches.is_empty() && self.events.is_empty()
    }

    /// Loses the oldest rows beyond [`MAX_WAITING_ROWS`].
    fn bound(&mut self) {
        let too_many = self.searches.len().saturating_sub(MAX_WAITING_ROWS);
        self.searches.drain(..too_many);
        self.count_lost("search", too_many);
        let too_many = self.events.len().saturating_sub(MAX_WAITING_ROWS);
        self.events.drain(..too_many);
        self.count_lost("event", too_many);
    }

    fn lose_all(&mut self) {
        self.count_lost("search", self.searches.len());
        self.count_lost("event", self.events.len());
        *self = Waiting { lost: self.lost, ..Waiting::default() };
    }

    fn count_lost(&mut self, what: &'static str, rows: usize) {
        if rows > 0 {
            self.lost += rows as u64;
            metrics::counter!("huashu_journal_dropped_total", "what" => what).increment(rows as u64);
        }
    }
}

/// Tells whoever waits, once the batch is written.
type Answer<P> = Box<dyn FnOnce(&mut Writer<P>) + Send>;

impl<P: Fn(Learned)> Writer<P> {
    /// Opens the file, sets a damaged one aside, and publishes the first table.
    pub(super) async fn open(path: &Path, publish: P, health: Arc<Health>) -> Result<(Writer<P>, Vec<SetAside>), JournalError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(|source| JournalError::Folder { path: folder.display().to_string(), source })?;
        let mut writer = Writer::closed(path, publish, health);
        let aside = writer.connect().await?;
        Ok((writer, aside.into_iter().collect()))
    }

    /// Without the file: it is opened once it can be.
    pub(super) fn closed(path: &Path, publish: P, health: Arc<Health>) -> Writer<P> {
        Writer {
            path: path.to_owned(),
            database: None,
            publish,
            health,
            waiting: Waiting::default(),
            remembered: HashMap::new(),
            order: VecDeque::new(),
            awaited: HashSet::new(),
            tallies: HashMap::new(),
            vetoes: Vetoes::default(),
            stale: false,
            published: Instant::now(),
        }
    }

    /// Opens the file where it is not open, and counts and publishes what it holds. A damaged one is set aside.
    async fn connect(&mut self) -> Result<Option<SetAside>, JournalError> {
        if self.database.is_some() {
            return Ok(None);
        }
        match self.load().await {
            Err(error) if store::is_damage(&error) => {
                let aside = set_aside(&self.path, &error)?;
                self.load().await?;
                Ok(Some(aside))
            }
            loaded => loaded.map(|()| None),
        }
    }

    async fn load(&mut self) -> Result<(), JournalError> {
        let mut connection = store::open(&self.path).await?;
        let file = sqlite::file_id(&self.path);
        let data_version = store::data_version(&mut connection).await?;
        (self.tallies, self.vetoes) = count_all(&mut connection).await?;
        self.database = Some(Database { connection, file, data_version });
        self.publish_now();
        Ok(())
    }

    /// The open file.
    fn connection(&mut self) -> Result<&mut SqliteConnection, JournalError> {
        self.database.as_mut().map(|database| &mut database.connection).ok_or(JournalError::Unusable)
    }

    /// Takes messages until nobody can send any more, and what was searched with them, or by itself after a while.
    pub(super) async fn run(mut self, mut receiver: mpsc::Receiver<Message>, mut answered: mpsc::Receiver<Search>) {
        let mut batch = Vec::with_capacity(MAX_BATCH);
        let mut looked = Instant::now();
        loop {
            let received = tokio::time::timeout(GATHER_INTERVAL, receiver.recv_many(&mut batch, MAX_BATCH)).await;
            let mut is_due = self.stale && self.published.elapsed() >= PUBLISH_INTERVAL;
            // A search is sent before its answer, and so before any event that speaks of it.
            while let Ok(search) = answered.try_recv() {
                if let Some(row) = self.remember(search) {
                    self.waiting.searches.push_back(row);
                    is_due = true;
                }
            }
            if matches!(received, Ok(0)) {
                break;
            }
            if received.is_err() && !is_due && looked.elapsed() < POLL_INTERVAL {
                continue;
            }
            let done = match (self.see_to_file().await, received) {
                (Err(error), _) => Err(error),
                (Ok(()), Ok(_)) => Ok(()),
                (Ok(()), Err(_)) => {
                    looked = Instant::now();
                    self.look().await
                }
            };
            let written = self.write(&mut batch).await;
            batch.clear();
            self.judge(done.and(written)).await;
            if (self.stale && self.published.elapsed() >= PUBLISH_INTERVAL) || self.published.elapsed() >= DECAY_INTERVAL {
                self.publish_now();
            }
        }
        if let Some(database) = self.database {
            let _ = database.connection.close().await;
        }
    }

    /// Opens the file where it is not open, or is no more the one at its path.
    async fn see_to_file(&mut self) -> Result<(), JournalError> {
        if self.database.as_ref().is_some_and(|database| database.file != sqlite::file_id(&self.path)) {
            tracing::warn!("{} was removed or replaced while it was open; what is there now is used from here on", self.path.display());
            self.database = None;
        }
        if let Some(aside) = self.connect().await? {
            tracing::warn!("{aside}");
        }
        Ok(())
    }

    /// Nobody waits for a batch, so that a failure goes to the log and the service's health. What passes by itself is waited for, with the rows
    /// that are to be written; a damaged file is set aside by the next look.
    async fn judge(&mut self, done: Result<(), JournalError>) {
        let Err(error) = done else {
            self.waiting.lost = 0;
            self.health.works(Part::Journal);
            return;
        };
        metrics::counter!("huashu_journal_failed_total").increment(1);
        if error.unusable().is_none() {
            tracing::error!("{}: {error}", self.path.display());
            // Trying again would fail again, and hold up what comes after.
            self.waiting.lose_all();
            return;
        }
        let (rows, lost) = (self.waiting.searches.len() + self.waiting.events.len(), self.waiting.lost);
        self.health.fails(Part::Journal, &format!("{}: {error}; {rows} rows wait, {lost} are lost", self.path.display()));
        // A connection that is only refused for now keeps its place; another is no use any more.
        if let Some(database) = self.database.take_if(|_| !error.passes()) {
            let _ = database.connection.close().await;
        }
    }

    fn publish_now(&mut self) {
        (self.publish)(Learned::new(&self.tallies, now_ms()));
        self.stale = false;
        self.published = Instant::now();
    }

    /// Looks for what other processes wrote, and counts all anew where they did.
    async fn look(&mut self) -> Result<(), JournalError> {
        let Some(Database { connection, data_version, .. }) = &mut self.database else { return Ok(()) };
        let version = store::data_version(connection).await?;
        if version != *data_version {
            (self.tallies, self.vetoes) = count_all(connection).await?;
            *data_version = version;
            self.stale = true;
        }
        Ok(())
    }

    /// Writes a batch, with what still waits, in one transaction, then counts what it touched.
    async fn write(&mut self, batch: &mut Vec<Message>) -> Result<(), JournalError> {
        let mut touched: BTreeSet<String> = BTreeSet::new();
        let mut answers: Vec<Answer<P>> = Vec::new();
        let (mut lessons, mut decided, mut erasures, mut agings) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut is_suspect = false;
        for message in batch.drain(..) {
            match message {
                Message::Events(batch, receipt) => {
                    self.waiting.receipts.push(receipt);
                    for event in batch {
                        let row = self.seen(&event);
                        self.waiting.searches.extend(row);
                        self.waiting.events.push_back(event);
                    }
                }
                Message::Suspect => is_suspect = true,
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
                    let searches = self.waiting.searches.iter_mut().map(|search| &mut search.identity);
                    let events = self.waiting.events.iter_mut().map(|event| &mut event.identity);
                    searches.chain(events).filter(|identity| **identity == who).for_each(|identity| identity.clone_from(&placeholder));
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
        let written = self.write_waiting(&mut touched).await;
        let checked = if is_suspect { self.check().await } else { Ok(()) };
        for (rows, answer) in lessons {
            let _ = answer.send(self.write_lessons(&rows, &mut touched).await);
        }
        for (decided, by, answer) in decided {
            let done = match self.connection() {
                Ok(connection) => store::put_veto(connection, &decided, &by).await.map_err(JournalError::from),
                Err(error) => Err(error),
            };
            if done.is_ok() {
                let veto = Veto { decision: decided.decision, at_ms: decided.at_ms };
                self.vetoes.insert((Arc::clone(&decided.text), Arc::clone(&decided.entry_id)), veto);
                touched.insert(decided.text.to_string());
            }
            answers.push(Box::new(move |writer| {
                if writer.stale {
                    writer.publish_now();
                }
                let _ = answer.send(done);
            }));
        }
        let counted = self.count(touched).await;
        for (who, placeholder, answer) in erasures {
            let done = match self.connection() {
                Ok(connection) => privacy::rename(connection, &who, &placeholder).await.map_err(JournalError::from),
                Err(error) => Err(error),
            };
            let _ = answer.send(self.recounted(done).await);
        }
        for (searches_ms, events_ms, answer) in agings {
            let done = match self.connection() {
                Ok(connection) => privacy::delete_before(connection, searches_ms, events_ms).await.map_err(JournalError::from),
                Err(error) => Err(error),
            };
            let _ = answer.send(self.recounted(done).await);
        }
        for answer in answers {
            answer(self);
        }
        written.and(checked).and(counted)
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

    /// Writes what waits; where that fails it waits on.
    async fn write_waiting(&mut self, touched: &mut BTreeSet<String>) -> Result<(), JournalError> {
        self.waiting.bound();
        let written = match &mut self.database {
            _ if self.waiting.is_empty() => Ok(()),
            Some(database) => write_rows(&mut database.connection, &self.waiting, &self.tallies, touched).await,
            None => Err(JournalError::Unusable),
        };
        if written.is_ok() {
            let Waiting { receipts, .. } = std::mem::take(&mut self.waiting);
            for receipt in receipts {
                // Nobody may be waiting any more.
                let _ = receipt.send(());
            }
        }
        written
    }

    /// Looks at all of the file, by a connection that has nothing of it in memory.
    async fn check(&mut self) -> Result<(), JournalError> {
        if let Some(database) = self.database.take() {
            let _ = database.connection.close().await;
        }
        self.see_to_file().await
    }

    async fn write_lessons(&mut self, rows: &[LessonRow], touched: &mut BTreeSet<String>) -> Result<u64, JournalError> {
        let mut transaction = self.connection()?.begin().await?;
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
            let facts = store::facts_of(self.connection()?, &phrasing).await?;
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
    async fn recounted(&mut self, done: Result<Rows, JournalError>) -> Result<Rows, JournalError> {
        let rows = done?;
        if rows != Rows::default() {
            (self.tallies, self.vetoes) = count_all(self.connection()?).await?;
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

/// Writes rows in one transaction; `touched` gets the questions whose counts may have changed.
async fn write_rows(
    connection: &mut SqliteConnection,
    waiting: &Waiting,
    tallies: &HashMap<Arc<str>, Tally>,
    touched: &mut BTreeSet<String>,
) -> Result<(), JournalError> {
    let now = now_ms();
    let mut transaction = connection.begin().await?;
    for row in &waiting.searches {
        if store::insert_search(&mut transaction, row).await? && row.phrasing.is_some() {
            let picked_before = store::has_events(&mut transaction, &row.query_id).await?;
            touched.extend(row.phrasing.clone().filter(|phrasing| picked_before || tallies.contains_key(phrasing.as_str())));
        }
    }
    for event in &waiting.events {
        let event = Event { at_ms: event.at_ms.min(now), ..event.clone() };
        if store::insert_event(&mut transaction, &event).await? {
            touched.extend(store::phrasing_of(&mut transaction, &event.query_id).await?);
        }
    }
    transaction.commit().await?;
    Ok(())
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
