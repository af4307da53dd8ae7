//! What changes beside us: files written by editors, syncs and checkouts become versions by `file`, and who saved a file just before is told.
//!
//! A task of its own, fed by [`Live::listen`]; neither searches nor refreshes wait for it. What it is told is bounded: beyond
//! [`MAX_WAITING_BYTES`] it forgets the texts and compares the whole library instead.

use super::commit::Committer;
use super::{Action, Editing, EditingError, FILE_AUTHOR, Version, Way, blocking, entry_id, now_us};
use crate::library::write::{self, WriteError};
use crate::library::{Library, Seen};
use crate::live::Live;
use crate::problem::{Code, Problem};
use crate::register::{Message, NewVersion, Standing};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// Texts that may wait to be kept: a checkout of ten thousand entries has thirty million bytes.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// Versions of one transaction.
const BATCH: usize = 500;

/// A version that a file replaces within this time is told to its author: they believe that it is there.
pub(super) const SOON_US: i64 = 5_000_000;

/// How often what was saved lately, and intents that nobody settled, are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// An intent older than this belongs to a program that is gone: the slowest disk writes a file in less.
const INTENT_GRACE_US: i64 = 60_000_000;

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Present {
    Bytes(Vec<u8>),
    Gone,
    /// It cannot be read now, or its name is none that is written.
    Unknown,
}

impl Present {
    fn of(bytes: Option<Vec<u8>>) -> Present {
        bytes.map_or(Present::Gone, Present::Bytes)
    }

    fn hash(&self) -> Option<[u8; 32]> {
        match self {
            Present::Bytes(bytes) => Some(hash_of(bytes)),
            _ => None,
        }
    }
}

/// A content that was found at a path.
struct Found {
    path: String,
    present: Present,
    at_us: i64,
    /// Whether it is there still.
    is_last: bool,
}

impl Found {
    fn now((path, present): (String, Present)) -> Found {
        Found { path, present, at_us: now_us(), is_last: true }
    }
}

/// Keeps versions of what changes beside us until it is dropped.
#[derive(Debug)]
pub struct Beside {
    task: JoinHandle<()>,
    editing: Arc<Editing>,
    waiting: Arc<Waiting>,
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.task.abort();
        // What was handed to git is committed before.
        let committer = self.editing.committer.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(committer);
    }
}

/// What refreshes found and nobody has kept yet.
#[derive(Debug, Default)]
struct Waiting {
    seen: Mutex<Queue>,
    told: Notify,
    /// How many times everything that was told has been kept.
    idle: tokio::sync::watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Queue {
    seen: Vec<Seen>,
    bytes: usize,
    /// Texts were forgotten: the library itself must be compared.
    lost: bool,
}

impl Waiting {
    fn put(&self, seen: Vec<Seen>) {
        let mut queue = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        queue.bytes += seen.iter().map(|seen| seen.bytes.as_ref().map_or(0, Vec::len)).sum::<usize>();
        queue.seen.extend(seen);
        if queue.bytes > MAX_WAITING_BYTES {
            *queue = Queue { lost: true, ..Queue::default() };
        }
        drop(queue);
        self.told.notify_one();
    }

    fn take(&self) -> Queue {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Editing {
    /// Keeps versions of what changes beside us from now on, what changed while nobody looked first. Call within a runtime.
    pub fn look_beside(self: &Arc<Self>, live: &Arc<Live>) -> Beside {
        let waiting = Arc::<Waiting>::default();
        let told = Arc::clone(&waiting);
        live.listen(move |seen| told.put(seen));
        let (editing, served, hears) = (Arc::clone(self), Arc::clone(live), Arc::clone(&waiting));
        let task = tokio::spawn(async move {
            let mut whole = true;
            loop {
                let Queue { seen, lost, .. } = hears.take();
                let kept = async {
                    if whole || lost {
                        editing.compare(&served.snapshot().library).await?;
                    }
                    for batch in seen.chunks(BATCH) {
                        editing.keep(batch).await?;
                    }
                    editing.look_again().await
                };
                match kept.await {
                    Ok(()) => {
                        whole = false;
                        hears.idle.send_modify(|times| *times += 1);
                    }
                    Err(error) => {
                        // The next round compares everything, so that nothing is missing for long.
                        whole = true;
                        tracing::error!(%error, "versions of changed files are not kept yet");
                    }
                }
                let _ = tokio::time::timeout(LOOK_INTERVAL, hears.told.notified()).await;
            }
        });
        match Committer::start(live) {
            Ok(committer) => *self.committer.lock().unwrap_or_else(PoisonError::into_inner) = Some(committer),
            Err(error) => tracing::error!(%error, "nothing is committed to git"),
        }
        Beside { task, editing: Arc::clone(self), waiting }
    }

    /// Everything that the library has now against the last versions: what changed while nobody looked.
    async fn compare(&self, library: &Library) -> Result<(), EditingError> {
        let known: HashMap<String, Option<[u8; 32]>> =
            self.register.last_versions(None).await?.into_iter().map(|version| (version.path, version.hash)).collect();
        let present: HashMap<&str, [u8; 32]> = library.hashes().collect();
        let changed = present.iter().filter(|(path, hash)| known.get(**path) != Some(&Some(**hash))).map(|(path, _)| (*path).to_owned());
        let unreadable = |problem: &&Problem| matches!(problem.code, Code::UnreadableFolder | Code::UnreadableFile | Code::TooManyEntries);
        let hidden: Vec<&str> = library.problems.iter().filter(unreadable).map(|problem| problem.path.as_str()).collect();
        let is_listed = |path: &str| present.contains_key(path) || hidden.iter().any(|hidden| path.starts_with(hidden));
        let gone = known.iter().filter(|(path, hash)| hash.is_some() && !is_listed(path)).map(|(path, _)| path.clone());
        let mut paths: Vec<String> = changed.chain(gone).collect();
        paths.sort_unstable();
        for batch in paths.chunks(BATCH) {
            let _turn = self.turn.lock().await;
            let present = self.read_all(batch.to_vec()).await?;
            self.keep_found(present.into_iter().map(Found::now).collect()).await?;
        }
        Ok(())
    }

    /// What refreshes found.
    async fn keep(&self, seen: &[Seen]) -> Result<(), EditingError> {
        let _turn = self.turn.lock().await;
        let present = self.read_all(seen.iter().map(|seen| seen.path.clone()).collect()).await?;
        let mut found = Vec::new();
        for (seen, (path, present)) in seen.iter().zip(present) {
            if present == Present::Unknown || present == Present::of(seen.bytes.clone()) {
                found.push(Found::now((path, present)));
            } else if let Some(bytes) = &seen.bytes
                && !self.register.has_version(&path, hash_of(bytes)).await?
            {
                // It went on since: what was seen stands in the order in which it was read.
                let at_us = seen.at.as_microsecond();
                found.push(Found { path, present: Present::Bytes(bytes.clone()), at_us, is_last: false });
            }
        }
        self.keep_found(found).await
    }

    /// Whether what was saved lately is still there. A file that was put back to what it had been before is no change to a refresh.
    async fn look_again(&self) -> Result<(), EditingError> {
        let fresh = self.take_fresh();
        if !fresh.is_empty() {
            let _turn = self.turn.lock().await;
            let present = self.read_all(fresh).await?;
            self.keep_found(present.into_iter().map(Found::now).collect()).await?;
        }
        self.settle(INTENT_GRACE_US).await
    }

    /// Keeps or drops intents of programs that are gone, by what the files say.
    ///
    /// # Errors
    /// Where the register or a file cannot be read.
    async fn settle(&self, older_than_us: i64) -> Result<(), EditingError> {
        let intended = self.register.intended_versions().await?;
        let before = now_us() - older_than_us;
        let (mut kept, mut dropped) = (Vec::new(), Vec::new());
        for version in intended.into_iter().filter(|version| version.at_us < before) {
            let _turn = self.turn.lock().await;
            let present = self.read_all(vec![version.path.clone()]).await?;
            match present.first().map(|(_, present)| present) {
                Some(Present::Unknown) | None => {}
                Some(present) if present.hash() == version.hash => kept.push(version.id),
                Some(_) => dropped.push(version.id),
            }
        }
        if kept.is_empty() && dropped.is_empty() {
            return Ok(());
        }
        Ok(self.register.settle_versions(&kept, &dropped).await?)
    }

    async fn read_all(&self, paths: Vec<String>) -> Result<Vec<(String, Present)>, EditingError> {
        let dir = self.dir.clone();
        let read = move |path: String| {
            let present = match write::read(&dir, &path) {
                Ok((bytes, _)) => Present::Bytes(bytes),
                Err(WriteError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => Present::Gone,
                Err(_) => Present::Unknown,
            };
            (path, present)
        };
        blocking(move || paths.into_iter().map(read).collect()).await
    }

    /// Versions by `file` of contents that the history does not end with. Whoever calls it has the turn.
    async fn keep_found(&self, found: Vec<Found>) -> Result<(), EditingError> {
        let mut new: Vec<NewVersion> = Vec::new();
        let mut messages = Vec::new();
        // Last hashes by path, of this batch.
        let mut ended: HashMap<String, Option<[u8; 32]>> = HashMap::new();
        let paths: Vec<String> = found.iter().map(|found| found.path.clone()).collect();
        let known = self.register.last_versions_at(&paths, true).await?;
        for Found { path, present, at_us, is_last } in found {
            if present == Present::Unknown {
                continue;
            }
            let last = known.get(&path);
            let hash = present.hash();
            let last_hash = ended.get(&path).copied().unwrap_or_else(|| last.and_then(|last| last.hash));
            if is_last && last_hash == hash {
                continue;
            }
            let bytes = match present {
                Present::Bytes(bytes) => Some(bytes),
                _ => None,
            };
            let known_id = last.and_then(|last| last.entry_id.as_deref());
            let action = match (&bytes, last_hash) {
                (None, _) => Action::Delete,
                (Some(_), Some(_)) => Action::Save,
                (Some(_), None) => Action::Create,
            };
            let version = Version {
                id: Uuid::now_v7().to_string(),
                entry_id: entry_id(&path, bytes.as_deref(), known_id),
                path: path.clone(),
                action,
                way: Way::File,
                who: FILE_AUTHOR.to_owned(),
                why: String::new(),
                at_us: if is_last { last.map_or(at_us, |last| at_us.max(last.at_us + 1)) } else { at_us },
                hash,
            };
            messages.extend(last.filter(|last| is_soon(last, version.at_us)).map(|last| Message::replaced(last, &version)));
            if is_last {
                ended.insert(path, hash);
            }
            new.push(NewVersion { version, body: bytes, standing: Standing::Kept });
        }
        tell_moves(&mut new);
        if new.is_empty() {
            return Ok(());
        }
        self.register.add_versions(&new).await?;
        for message in messages {
            self.register.tell(&message).await?;
        }
        Ok(())
    }
}

impl Beside {
    /// Waits until all that refreshes have found by now is kept.
    pub async fn caught_up(&self) {
        let mut idle = self.waiting.idle.subscribe();
        // Two rounds: one may be under way already.
        for _ in 0..2 {
            self.waiting.told.notify_one();
            if idle.changed().await.is_err() {
                return;
            }
        }
    }
}

/// Whether a version's author should hear that a file replaced it.
pub(super) fn is_soon(last: &Version, at_us: i64) -> bool {
    last.way != Way::File && (0..SOON_US).contains(&(at_us - last.at_us))
}

/// Of an entry that went from one path and came at another in one breath, both are told as a move.
fn tell_moves(new: &mut [NewVersion]) {
    let gone: HashMap<String, usize> = new
        .iter()
        .enumerate()
        .filter(|(_, one)| one.version.action == Action::Delete)
        .filter_map(|(at, one)| Some((one.version.entry_id.clone()?, at)))
        .collect();
    for at in 0..new.len() {
        let from = new[at].version.entry_id.as_ref().and_then(|id| gone.get(id).copied());
        if let Some(from) = from.filter(|_| new[at].version.action == Action::Create) {
            new[at].version.action = Action::Move;
            new[from].version.action = Action::Move;
        }
    }
}

fn hash_of(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
