//! The one way in which people and programs change content: intent → file → version. Called by `http`, `cli` and whoever writes entries,
//! lexicon, shops, settings or golden questions; nothing else calls `library::write`.
//!
//! A version of the register is intended before the file is written, and kept after. What somebody wrote into the file beside us is kept as
//! a version of its own before it is replaced, so that the history holds every content that was there when somebody wrote.

mod beside;
mod commit;

pub use crate::version::{Action, FILE_AUTHOR, Version, Way};
pub use beside::Beside;

use crate::library::write::{self, Expected, New, WriteError};
use crate::markdown;
use crate::register::{Message, NewVersion, Register, RegisterError, Standing};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// Changes of one transaction: large enough that its wait for the disk is nothing beside the files', small enough that others get a turn.
const BATCH: usize = 500;

/// Longest reason for a change, in characters: a sentence or two.
pub const MAX_WHY_CHARS: usize = 500;

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum EditingError {
    /// The file: somebody else was first, a bad path, a full disk.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The register: without an intent no file is written.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// The work was cut off.
    #[error("a change was cut off; the next start says whether its file was written")]
    CutOff,
}

/// Who changes something, how and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// An identity.
    pub who: String,
    /// How.
    pub way: Way,
    /// What they say about it.
    pub why: String,
}

impl Author {
    /// An author. A reason beyond [`MAX_WHY_CHARS`] is cut.
    pub fn new(who: &str, way: Way, why: &str) -> Author {
        Author { who: who.to_owned(), way, why: why.trim().chars().take(MAX_WHY_CHARS).collect() }
    }
}

/// A change to one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    path: String,
    expected: Expected,
    to: To,
    restores: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum To {
    Bytes(Vec<u8>),
    Gone,
    Elsewhere(String, Vec<u8>),
}

impl Change {
    /// Writes a file, new or not.
    pub fn write(path: &str, bytes: Vec<u8>, expected: Expected) -> Change {
        Change { path: path.to_owned(), expected, to: To::Bytes(bytes), restores: false }
    }

    /// Removes a file.
    pub fn remove(path: &str, expected: [u8; 32]) -> Change {
        Change { path: path.to_owned(), expected: Expected::Version(expected), to: To::Gone, restores: false }
    }

    /// Moves a file, its content perhaps changed with it, to where none is.
    pub fn relocate(from: &str, to: &str, bytes: Vec<u8>, expected: [u8; 32]) -> Change {
        let to = if from == to { To::Bytes(bytes) } else { To::Elsewhere(to.to_owned(), bytes) };
        Change { path: from.to_owned(), expected: Expected::Version(expected), to, restores: false }
    }

    /// The file that it writes, where it only writes one.
    fn written(&self) -> Option<New<'_>> {
        match &self.to {
            To::Bytes(bytes) => Some(New { path: &self.path, bytes, expected: self.expected }),
            To::Gone | To::Elsewhere(..) => None,
        }
    }

    /// The same, told as bringing an earlier version back.
    pub fn restoring(self) -> Change {
        Change { restores: true, ..self }
    }
}

/// A change that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Id of the version.
    pub version: String,
    /// The entry in the file.
    pub entry_id: Option<String>,
    /// Where the file is, or was.
    pub path: String,
    /// SHA-256 of what is there now.
    pub hash: Option<[u8; 32]>,
}

/// Changes content of one library and keeps its versions.
#[derive(Debug)]
pub struct Editing {
    dir: PathBuf,
    register: Register,
    /// One batch at a time: what a change replaces must be in the history before.
    turn: tokio::sync::Mutex<()>,
    /// Paths saved lately, and until when it is looked whether a file has replaced them, in microseconds.
    fresh: Mutex<HashMap<String, i64>>,
    /// Where a file could not be written last.
    refused: Mutex<Option<String>>,
    /// Commits changes while a service runs.
    committer: Mutex<Option<commit::Committer>>,
}

/// What a change does to one path, found before anything is written.
struct Prepared {
    change: Change,
    present: Option<write::Content>,
    /// Ids of its versions: of a move the departure, then the arrival.
    ids: Vec<String>,
    done: Done,
}

impl Editing {
    /// Over a library's folder and a register.
    pub fn new(dir: &Path, register: Register) -> Editing {
        Editing {
            dir: dir.to_owned(),
            register,
            turn: tokio::sync::Mutex::new(()),
            fresh: Mutex::default(),
            refused: Mutex::default(),
            committer: Mutex::default(),
        }
    }

    /// The register.
    pub fn register(&self) -> &Register {
        &self.register
    }

    /// The library's folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes one change.
    ///
    /// # Errors
    /// [`EditingError`]; the file is as it was.
    pub async fn apply(&self, change: Change, by: &Author) -> Result<Done, EditingError> {
        self.apply_all(vec![change], by).await?.pop().unwrap_or(Err(EditingError::CutOff))
    }

    /// Makes changes to different files, in few transactions; each answers for itself.
    ///
    /// # Errors
    /// Where the register cannot be written: changes of earlier batches are made, no others.
    pub async fn apply_all(&self, changes: Vec<Change>, by: &Author) -> Result<Vec<Result<Done, EditingError>>, EditingError> {
        let mut outcomes = Vec::with_capacity(changes.len());
        let mut changes = changes.into_iter().peekable();
        while changes.peek().is_some() {
            let batch: Vec<Change> = changes.by_ref().take(BATCH).collect();
            outcomes.extend(self.apply_batch(batch, by).await?);
        }
        Ok(outcomes)
    }

    async fn apply_batch(&self, changes: Vec<Change>, by: &Author) -> Result<Vec<Result<Done, EditingError>>, EditingError> {
        let _turn = self.turn.lock().await;
        let dir = self.dir.clone();
        let looked = blocking(move || changes.into_iter().map(|change| look(&dir, change)).collect::<Vec<_>>()).await?;
        let paths: Vec<String> = looked.iter().filter_map(|one| Some(one.as_ref().ok()?.0.path.clone())).collect();
        let known = self.register.last_versions_at(&paths, false).await?;
        let (mut intents, mut messages) = (Vec::new(), Vec::new());
        let prepared = looked
            .into_iter()
            .map(|one| {
                let (change, present) = one?;
                let last = known.get(&change.path);
                Ok(intend(change, present, last, by, &mut intents, &mut messages))
            })
            .collect();
        self.register.add_versions(&intents).await?;
        let meant: HashMap<&str, &Version> = intents.iter().map(|new| (new.version.id.as_str(), &new.version)).collect();
        for message in &messages {
            self.register.tell(message).await?;
        }
        let dir = self.dir.clone();
        let written = blocking(move || write_all(&dir, prepared)).await?;
        let (mut kept, mut dropped) = (Vec::new(), Vec::new());
        let mut outcomes = Vec::with_capacity(written.len());
        for (ids, outcome) in written {
            if let Ok(done) = &outcome {
                self.mark_fresh(&done.path);
                let versions = ids.iter().filter_map(|id| meant.get(id.as_str()).copied());
                self.commit(&versions.collect::<Vec<_>>(), done, by);
                kept.extend(ids);
            } else {
                dropped.extend(ids);
            }
            if let Err(WriteError::Io { path, .. }) = &outcome {
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(path.clone());
            }
            outcomes.push(outcome.map_err(EditingError::Write));
        }
        // The files are written: where the register fails only now, the next start keeps the intents whose file is there.
        if let Err(error) = self.register.settle_versions(&kept, &dropped).await {
            tracing::error!(%error, "versions stay intended until the next start");
        }
        Ok(outcomes)
    }

    /// Hands a change to the thread that commits, where there is one.
    fn commit(&self, versions: &[&Version], done: &Done, by: &Author) {
        let committer = self.committer.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(committer), Some(last)) = (committer.as_ref(), versions.last()) {
            committer.hand(versions.iter().map(|version| version.path.clone()).collect(), last.action, done, by);
        }
    }

    /// Whether files can be written where one was refused last: writes some bytes there and removes them.
    ///
    /// # Errors
    /// What the system says.
    pub fn check_writing(&self) -> Result<(), WriteError> {
        let path = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone().unwrap_or_default();
        write::probe(&self.dir, &path)
    }

    fn mark_fresh(&self, path: &str) {
        let until = now_us() + beside::SOON_US;
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), until);
    }

    /// Paths saved lately; a path is given once more when its time is over.
    fn take_fresh(&self) -> Vec<String> {
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        let paths = fresh.keys().cloned().collect();
        let now = now_us();
        fresh.retain(|_, until| *until > now);
        paths
    }
}

/// The versions of a change, and that of what it replaces where the history lacks it.
fn intend(
    change: Change,
    present: Option<write::Content>,
    last: Option<&Version>,
    by: &Author,
    intents: &mut Vec<NewVersion>,
    messages: &mut Vec<Message>,
) -> Prepared {
    let mut at_us = last.map_or(i64::MIN, |last| last.at_us + 1).max(now_us());
    let known_id = last.and_then(|last| last.entry_id.clone());
    let known_hash = last.and_then(|last| last.hash);
    if let Some((bytes, hash)) = present.as_ref().filter(|(_, hash)| known_hash != Some(*hash)) {
        let action = if known_hash.is_some() { Action::Save } else { Action::Create };
        let version = Version {
            id: Uuid::now_v7().to_string(),
            entry_id: entry_id(&change.path, Some(bytes), known_id.as_deref()),
            path: change.path.clone(),
            action,
            way: Way::File,
            who: FILE_AUTHOR.to_owned(),
            why: String::new(),
            at_us,
            hash: Some(*hash),
        };
        messages.extend(last.filter(|last| beside::is_soon(last, at_us)).map(|last| Message::replaced(last, &version)));
        intents.push(NewVersion { version, body: Some(bytes.clone()), standing: Standing::Kept });
        at_us += 1;
    }
    let present_id = entry_id(&change.path, present.as_ref().map(|(bytes, _)| bytes.as_slice()), known_id.as_deref());
    let mut ids = Vec::new();
    let mut intend = |path: &str, entry_id: Option<String>, action: Action, body: Option<&[u8]>| {
        let hash = body.map(|body| Sha256::digest(body).into());
        let version = Version {
            id: Uuid::now_v7().to_string(),
            entry_id: entry_id.clone(),
            path: path.to_owned(),
            action: if change.restores { Action::Restore } else { action },
            way: by.way,
            who: by.who.clone(),
            why: by.why.clone(),
            at_us,
            hash,
        };
        ids.push(version.id.clone());
        let done = Done { version: version.id.clone(), entry_id, path: path.to_owned(), hash };
        intents.push(NewVersion { version, body: body.map(<[u8]>::to_vec), standing: Standing::Intended });
        done
    };
    let done = match &change.to {
        To::Bytes(bytes) => {
            let action = if present.is_some() { Action::Save } else { Action::Create };
            intend(&change.path, entry_id(&change.path, Some(bytes), present_id.as_deref()), action, Some(bytes))
        }
        To::Gone => intend(&change.path, present_id, Action::Delete, None),
        To::Elsewhere(to, bytes) => {
            let arrives = entry_id(to, Some(bytes), present_id.as_deref());
            intend(&change.path, arrives.clone(), Action::Move, None);
            intend(to, arrives, Action::Move, Some(bytes))
        }
    };
    Prepared { change, present, ids, done }
}

/// What is there now, unless it is not what the change expects.
fn look(dir: &Path, change: Change) -> Result<(Change, Option<write::Content>), WriteError> {
    let present = match write::read(dir, &change.path) {
        Ok(present) => Some(present),
        Err(WriteError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let found = present.as_ref().map(|(_, hash)| *hash);
    let is_as_expected = match change.expected {
        Expected::Absent => found.is_none(),
        Expected::Version(hash) => found == Some(hash),
    };
    if is_as_expected { Ok((change, present)) } else { Err(WriteError::Conflict { path: change.path, found }) }
}

type Written = (Vec<String>, Result<Done, WriteError>);

/// Writes the files of a batch together, then removes and moves; outcomes in its order.
fn write_all(dir: &Path, prepared: Vec<Result<Prepared, WriteError>>) -> Vec<Written> {
    let new: Vec<New> = prepared.iter().filter_map(|one| one.as_ref().ok()?.change.written()).collect();
    let mut written = write::write_many(dir, &new).into_iter();
    let mut outcome = |one: &Prepared| match one.change.written() {
        Some(_) => {
            written.next().unwrap_or(Err(WriteError::Io { path: one.change.path.clone(), source: ErrorKind::Interrupted.into() })).map(drop)
        }
        None => remove_one(dir, one),
    };
    let each = |one: Result<Prepared, WriteError>| match one {
        Ok(one) => {
            let outcome = outcome(&one);
            (one.ids, outcome.map(|()| one.done))
        }
        Err(error) => (Vec::new(), Err(error)),
    };
    prepared.into_iter().map(each).collect()
}

/// Removes or moves a file.
fn remove_one(dir: &Path, prepared: &Prepared) -> Result<(), WriteError> {
    let Prepared { change, present, .. } = prepared;
    match (&change.to, present) {
        (To::Gone, Some((_, hash))) => write::remove(dir, &change.path, *hash),
        (To::Elsewhere(to, bytes), Some((_, hash))) => {
            let arrived = write::write(dir, to, bytes, Expected::Absent)?;
            write::remove(dir, &change.path, *hash).inspect_err(|_| {
                // Somebody changed it meanwhile: it stays where it is, as it is.
                let _ = write::remove(dir, to, arrived);
            })
        }
        (To::Bytes(_), _) | (_, None) => Err(WriteError::Conflict { path: change.path.clone(), found: None }),
    }
}

/// The entry in a file: as its content says, else as was known before, else by its name; `None` for files that hold none.
fn entry_id(path: &str, bytes: Option<&[u8]>, known: Option<&str>) -> Option<String> {
    if !crate::library::is_entry(path) {
        return None;
    }
    let read = bytes.and_then(|bytes| markdown::parse(path, bytes, &crate::facet::Facets::default()).entry);
    let name = path.rsplit('/').next().unwrap_or(path);
    let named = || name.strip_suffix(".md").unwrap_or(name).to_owned();
    Some(read.map(|entry| entry.id.to_string()).or_else(|| known.map(str::to_owned)).unwrap_or_else(named))
}

fn now_us() -> i64 {
    Timestamp::now().as_microsecond()
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, EditingError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| EditingError::CutOff)
}

#[cfg(test)]
mod tests;
