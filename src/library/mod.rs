//! The library on disk: the only module that reads, watches and writes content files.

use crate::entry::Entry;
use crate::lexicon::Lexicon;
use crate::problem::Problem;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::path::PathBuf;
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
    /// The general lexicon with `lexicon/` on top, and the library's hours and shops among its facets.
    pub lexicon: Arc<Lexicon>,
    /// Entries in the order of their paths, whatever their state; last good versions included.
    pub entries: Vec<Arc<Entry>>,
    /// Everything wrong, in the order of path and line.
    pub problems: Vec<Problem>,
}

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
