//! The library on disk: the only module that reads, watches and writes content files.
//!
//! [`load()`] reads everything, [`watch::watch`] says when to do it again, [`clock`] says when time alone changes what is
//! served, [`write`] puts a file in place. A bad file never stops the good ones: it becomes a problem, and where it had a
//! good version before, that goes on being served.

mod bytes;
pub mod check;
pub mod clock;
pub mod golden;
mod load;
pub mod picture;
mod place;
pub mod question;
pub mod rules;
mod settings;
mod shop;
mod similar;
mod temporary;
mod walk;
pub mod watch;
pub mod write;

pub use load::{KEPT_FILE, KeptLibrary, examine, keep, load, load_some, load_with, load_within, verify};
pub use settings::FORMAT;
pub use similar::similar_to;
pub(crate) use similar::{SIMILAR, similar_earlier};
pub use temporary::sweep;
pub(crate) use temporary::temporary;
pub use walk::Limits;
pub(crate) use walk::is_entry;

use crate::entry::Entry;
use crate::lexicon::Lexicon;
use crate::problem::Problem;
use crate::shared_list::SharedList;
use crate::site_profiles::SiteProfiles;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Everything that was read from a library's folder at one moment.
#[derive(Debug)]
pub struct Library {
    /// The folder.
    pub dir: PathBuf,
    /// `library.toml`.
    pub settings: Settings,
    /// `shops/*.yaml` by id.
    pub shops: BTreeMap<String, Shop>,
    /// `site-profiles.json` with the built-in profiles after it.
    pub site_profiles: Arc<SiteProfiles>,
    /// The general lexicon with `lexicon/` on top, and the library's hours and shops among its facets.
    pub lexicon: Arc<Lexicon>,
    /// Entries in the order of their paths, whatever their state; last good versions included.
    pub entries: SharedList<Arc<Entry>>,
    /// Everything wrong, in the order of path and line.
    pub problems: Vec<Problem>,
    /// What this load found changed against the one before, in no order; empty after a first load.
    pub seen: Vec<Seen>,
    /// Places of the entries that are others than in the library before, where nothing else can be; `None` after a whole load.
    pub replaced: Option<Vec<usize>>,
    /// What the next [`load()`] need not read again.
    memory: load::Memory,
}

impl Library {
    /// Path and SHA-256 of every file that could be read, entries and settings, broken ones too.
    pub fn hashes(&self) -> impl Iterator<Item = (&str, [u8; 32])> {
        self.memory.hashes()
    }

    /// Whether every file of the other is one of this, as it was read.
    pub fn is_same(&self, other: &Library) -> bool {
        self.memory.is_same(&other.memory)
    }
}

/// A file that changed between two loads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Relative to the library, with `/`.
    pub path: String,
    /// What was read; `None`: it is gone.
    pub bytes: Option<Vec<u8>>,
    /// When.
    pub at: jiff::Timestamp,
}

/// Files that stand before those of the folder, by path; `None`: as if it were not there.
pub type Overlay = BTreeMap<String, Option<Vec<u8>>>;

/// `library.toml`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name for people.
    pub name: String,
    /// Time zone of all dates and times without offset.
    pub time_zone: TimeZone,
    /// Names of `hours`, each with local begin and end; an end before the begin crosses midnight.
    pub hours: BTreeMap<String, (jiff::civil::Time, jiff::civil::Time)>,
    /// First day of the week.
    pub week_start: jiff::civil::Weekday,
    /// Who takes over from an agent.
    pub escalation: Escalation,
    /// Id of the entry that asks a customer to wait.
    pub hold: Option<String>,
    /// How proposals are decided.
    pub review: rules::Review,
    /// What contributions are worth.
    pub points: rules::PointRules,
    /// How long records are kept.
    pub retention: rules::Retention,
    /// Whether changes are committed.
    pub git: rules::Git,
}

/// Who takes over from an agent (升级), and what each level may offer at once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Escalation {
    /// Ids of the entries that say how.
    pub entries: Vec<String>,
    /// Authority → name of the shop's value that says how much.
    pub limits: BTreeMap<String, String>,
}

/// The values of one shop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shop {
    /// The file's name without ending.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// Other names.
    pub aliases: Vec<String>,
    /// Channels it sells on; empty: any.
    pub channels: Vec<String>,
    /// Domains that replies may link to.
    pub link_domains: Vec<String>,
    /// Name → value of `{{店铺.名}}`.
    pub values: BTreeMap<String, String>,
}

/// Why a library cannot be loaded at all. Whoever holds an earlier one goes on with it.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The folder is missing, is no folder or cannot be listed.
    #[error("the library {} cannot be read: {source}; is the path right (--kb DIR), and may this user read it?", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Written for a later version of this program.
    #[error("{} says format = {found}, this program knows formats up to {known}: install a newer huashu", path.display())]
    NewerFormat {
        /// In the file.
        found: u64,
        /// [`FORMAT`].
        known: u64,
        /// `library.toml`.
        path: PathBuf,
    },
}

/// Whether a text can be `library.toml`: one that cannot be read at all would be served by nothing at the next start.
///
/// # Errors
/// Why not, in English.
pub fn check_settings(text: &str, dir: &Path) -> Result<(), String> {
    let (_, problems) = settings::read(text, dir, Settings::default_for(dir)).map_err(|error| error.to_string())?;
    let broken = problems.into_iter().find(|problem| problem.code == crate::problem::Code::BadSettings);
    broken.map_or(Ok(()), |problem| Err(format!("line {}: {}", problem.line, problem.en)))
}

/// A library in a folder below this one, relative to it; `None` where there is none, or no folder.
///
/// # Errors
/// [`LibraryError::Unreadable`] where the folder cannot be listed.
pub fn nested(dir: &Path) -> Result<Option<String>, LibraryError> {
    if !dir.exists() {
        return Ok(None);
    }
    let found = walk::walk(dir, &Limits::default())?;
    let below = found.others.iter().filter_map(|path| path.strip_suffix(settings::FILE)?.strip_suffix('/'));
    Ok(below.min().map(str::to_owned))
}
