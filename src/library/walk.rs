//! Lists the files of a library: which are entries, which are settings, what may be linked to. Reads no content.

use super::LibraryError;
use super::bytes::{Bytes, Kept};
use super::place::Place;
use super::settings;
use crate::problem::{Code, Problem, io_zh};
use crate::site_profiles;
use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How much is read of a library. The defaults are far above what people write and far below what a machine cannot bear.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of an entry or a shop: a long policy has 50,000; a million characters are no script.
    pub entry_bytes: u64,
    /// Bytes of a lexicon file: as much as the lexicon takes.
    pub lexicon_bytes: u64,
    /// Entries: tested with 100,000; a library ten times as big is a mistaken folder.
    pub entries: usize,
    /// Files of any kind that are looked at, pictures included, for the same reason.
    pub files: usize,
    /// Folders in folders: what paths of other systems still hold.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { entry_bytes: 1 << 20, lexicon_bytes: 4 << 20, entries: 1_000_000, files: 4_000_000, depth: 32 }
    }
}

/// What tells an unchanged file from a changed one without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Stamp {
    pub(super) size: u64,
    modified: Option<SystemTime>,
    /// Seconds and nanoseconds of the last change of content, name or rights; nobody can set it back. Unix only.
    changed: (i64, i64),
    /// Device and number of the file; unix only.
    pub(super) inode: (u64, u64),
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Stamp {
        #[cfg(unix)]
        let (changed, inode) = {
            use std::os::unix::fs::MetadataExt;
            ((metadata.ctime(), metadata.ctime_nsec()), (metadata.dev(), metadata.ino()))
        };
        #[cfg(not(unix))]
        let (changed, inode) = ((0, 0), (0, 0));
        Stamp { size: metadata.len(), modified: metadata.modified().ok(), changed, inode }
    }

    /// Of a file that is not on the disk: never that of one which is.
    pub(super) fn of_size(size: u64) -> Stamp {
        Stamp { size, modified: None, changed: (0, 0), inode: (0, 0) }
    }

    /// Whether the file was last written so long before `now` that another write would have got another time: file systems count
    /// in steps of up to two seconds.
    pub(super) fn is_settled(&self, now: SystemTime) -> bool {
        const COARSEST_TIMESTAMP: Duration = Duration::from_secs(2);
        self.modified.and_then(|modified| now.duration_since(modified).ok()).is_some_and(|age| age > COARSEST_TIMESTAMP)
    }
}

impl Kept for Stamp {
    fn put(&self, out: &mut Vec<u8>) {
        let since = |modified: SystemTime| modified.duration_since(SystemTime::UNIX_EPOCH).ok();
        let modified = self.modified.and_then(since).map(|since| (since.as_secs(), since.subsec_nanos()));
        ((self.size, modified), (self.changed, self.inode)).put(out);
    }

    fn take(from: &mut Bytes) -> Option<Self> {
        let ((size, modified), (changed, inode)): ((u64, Option<(u64, u32)>), _) = Kept::take(from)?;
        let at = |(seconds, nanoseconds)| SystemTime::UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds));
        Some(Stamp { size, modified: modified.and_then(at), changed, inode })
    }
}

/// A file of the library.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct File {
    /// Relative to the library, with `/`.
    pub(super) path: String,
    pub(super) stamp: Stamp,
}

/// Everything in the folder.
#[derive(Debug, Default)]
pub(super) struct Walk {
    /// Entries, in the order of their paths.
    pub(super) entries: Vec<File>,
    /// `library.toml`, `site-profiles.json`, shops and lexicon files, likewise.
    pub(super) settings: Vec<File>,
    /// All other files: what links may point to.
    pub(super) others: HashSet<String>,
    /// The folders, the library's own first, with their inodes: what is watched.
    pub(super) folders: Vec<(PathBuf, (u64, u64))>,
    /// Folders (with a `/` at the end) that could not be listed: what is in them is not known to be gone.
    pub(super) blind: Vec<String>,
    pub(super) problems: Vec<Problem>,
    /// Whether a link is among what was found: a file may stand in the library under several paths then.
    pub(super) has_links: bool,
}

impl Walk {
    /// Puts a file into the list, or takes it out.
    pub(super) fn set(&mut self, path: &str, stamp: Option<Stamp>) {
        let files = if is_entry(path) { &mut self.entries } else { &mut self.settings };
        match (files.binary_search_by(|file| file.path.as_str().cmp(path)), stamp) {
            (Ok(at), Some(stamp)) => files[at].stamp = stamp,
            (Ok(at), None) => drop(files.remove(at)),
            (Err(at), Some(stamp)) if is_entry(path) || is_settings(path) => files.insert(at, File { path: path.to_owned(), stamp }),
            (Err(_), _) => {}
        }
    }

    /// Whether nothing is known of a path, because its folder could not be listed.
    pub(super) fn is_blind_to(&self, path: &str) -> bool {
        self.blind.iter().any(|folder| path.starts_with(folder.as_str()))
    }
}

/// Lists a library.
///
/// # Errors
/// [`LibraryError::Unreadable`] where the folder itself cannot be listed.
pub(super) fn walk(dir: &Path, limits: &Limits) -> Result<Walk, LibraryError> {
    let unreadable = |source| LibraryError::Unreadable { path: dir.to_path_buf(), source };
    let root = fs::canonicalize(dir).map_err(unreadable)?;
    fs::read_dir(&root).map_err(unreadable)?;
    let mut walker = Walker { root, limits, found: Walk::default(), visited: HashSet::new(), linked: Vec::new(), seen: 0, full: false };
    walker.folder("", 0);
    // A linked folder is read only where its files are not in the library already: that also ends all cycles.
    while let Some((path, depth)) = walker.linked.pop() {
        walker.folder(&path, depth);
    }
    let mut found = walker.found;
    found.entries.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    found.settings.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

struct Walker<'l> {
    root: PathBuf,
    limits: &'l Limits,
    found: Walk,
    /// Real paths of the folders that were read.
    visited: HashSet<PathBuf>,
    /// Links to folders, for later.
    linked: Vec<(String, usize)>,
    seen: usize,
    full: bool,
}

impl Walker<'_> {
    /// Reads one folder and those in it. `path` is empty or ends with `/`.
    fn folder(&mut self, path: &str, depth: usize) {
        let real = self.root.join(path);
        let Ok(real) = fs::canonicalize(&real).inspect_err(|error| self.unreadable_folder(path, &io_zh(error), &error.to_string())) else {
            return;
        };
        if !self.visited.insert(real.clone()) {
            return;
        }
        if depth > self.limits.depth {
            let depth = self.limits.depth;
            self.unreadable_folder(path, &format!("文件夹嵌套超过 {depth} 层"), &format!("folders nested deeper than {depth}"));
            return;
        }
        let listed = match fs::read_dir(&real) {
            Ok(listed) => listed,
            Err(error) => return self.unreadable_folder(path, &io_zh(&error), &error.to_string()),
        };
        let inode = fs::metadata(&real).map_or((0, 0), |metadata| Stamp::of(&metadata).inode);
        self.found.folders.push((real, inode));
        let mut folders = Vec::new();
        for item in listed {
            if self.full {
                return;
            }
            match item {
                Ok(item) => {
                    if let Err(error) = self.item(path, &item, depth, &mut folders)
                        && error.kind() != io::ErrorKind::NotFound
                    {
                        let name = format!("{path}{}", item.file_name().to_string_lossy());
                        self.unreadable_file(&name, &io_zh(&error), &error.to_string());
                    }
                }
                Err(error) => return self.unreadable_folder(path, &io_zh(&error), &error.to_string()),
            }
        }
        for folder in folders {
            self.folder(&folder, depth + 1);
        }
    }

    /// Sorts one item of a folder into what was found. An item that has vanished meanwhile is an error of kind `NotFound`.
    fn item(&mut self, folder: &str, item: &fs::DirEntry, depth: usize, folders: &mut Vec<String>) -> io::Result<()> {
        let name = item.file_name();
        let Some(name) = name.to_str() else {
            let shown = format!("{folder}{}", name.to_string_lossy());
            self.unreadable_file(&shown, "文件名不是 UTF-8", "its name is not UTF-8");
            return Ok(());
        };
        if name.starts_with('.') {
            return Ok(());
        }
        let path = format!("{folder}{name}");
        let mut kind = item.file_type()?;
        let mut metadata = item.metadata()?;
        if kind.is_symlink() {
            self.found.has_links = true;
            let target = match fs::canonicalize(item.path()) {
                Ok(target) => target,
                Err(error) => {
                    self.unreadable_file(&path, &format!("链接没有目标（{}）", io_zh(&error)), &format!("a link without target: {error}"));
                    return Ok(());
                }
            };
            if !target.starts_with(&self.root) {
                self.problem(
                    &path,
                    Code::LinkOutside,
                    "符号链接指向知识库之外，没有读取。请把文件本身放进知识库".to_owned(),
                    "a symbolic link that leads out of the library is not read: put the file itself into the library".to_owned(),
                );
                return Ok(());
            }
            metadata = fs::metadata(&target)?;
            kind = metadata.file_type();
            if kind.is_dir() {
                self.linked.push((format!("{path}/"), depth + 1));
                return Ok(());
            }
        }
        if kind.is_dir() {
            folders.push(format!("{path}/"));
            return Ok(());
        }
        self.seen += 1;
        let is_entry = is_entry(&path);
        if self.seen > self.limits.files || (is_entry && self.found.entries.len() >= self.limits.entries) {
            self.full = true;
            let (entries, files) = (self.limits.entries, self.limits.files);
            self.problem(
                &path,
                Code::TooManyEntries,
                format!("知识库最多 {entries} 个条目、{files} 个文件，从这里起不再读取。路径对吗？"),
                format!("a library has at most {entries} entries and {files} files; from here on nothing is read. Is it the right folder?"),
            );
            return Ok(());
        }
        if !kind.is_file() {
            // Opening a pipe would wait for ever.
            self.unreadable_file(&path, "不是普通文件", "not a regular file");
            return Ok(());
        }
        let stamp = Stamp::of(&metadata);
        if is_entry {
            self.found.entries.push(File { path, stamp });
        } else if is_settings(&path) {
            self.found.settings.push(File { path, stamp });
        } else {
            self.found.others.insert(path);
        }
        Ok(())
    }

    fn unreadable_folder(&mut self, path: &str, zh: &str, en: &str) {
        self.found.blind.push(path.to_owned());
        self.problem(
            path.trim_end_matches('/'),
            Code::UnreadableFolder,
            format!("文件夹读不了：{zh}。请检查权限；里面原有的条目沿用旧版本"),
            format!("this folder cannot be read: {en}; entries that were in it stay as they were"),
        );
    }

    fn unreadable_file(&mut self, path: &str, zh: &str, en: &str) {
        self.problem(path, Code::UnreadableFile, format!("文件读不了：{zh}"), format!("this file cannot be read: {en}"));
    }

    fn problem(&mut self, path: &str, code: Code, zh: String, en: String) {
        self.found.problems.push(Place::START.problem(path, code, zh, en));
    }
}

/// Whether a path (relative, with `/`) is that of an entry.
pub(crate) fn is_entry(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.ends_with(".md") && !name.eq_ignore_ascii_case("readme.md") && !path.starts_with("lexicon/") && !path.starts_with("shops/")
}

/// Whether a path is that of a settings file.
pub(crate) fn is_settings(path: &str) -> bool {
    path == settings::FILE
        || path == site_profiles::FILE
        || path.strip_prefix("lexicon/").is_some_and(|name| !name.contains('/') && !name.ends_with(".md"))
        || shop_id(path).is_some()
}

/// Whether a path is that of a file in the library's root that is written by Huashu and read by no load.
pub(super) fn is_beside(path: &str) -> bool {
    matches!(path, "golden.tsv" | "points.toml")
}

/// The id of the shop whose file this is.
pub(super) fn shop_id(path: &str) -> Option<&str> {
    let name = path.strip_prefix("shops/").filter(|name| !name.contains('/'))?;
    name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_tell_entries_from_settings_from_others() {
        let check = |path: &str, entry: bool, settings: bool| {
            assert_eq!((is_entry(path), is_settings(path)), (entry, settings), "{path}");
        };
        check("物流/催发货.md", true, false);
        check("shops.md", true, false);
        check("a/lexicon/b.md", true, false);
        check("README.md", false, false);
        check("a/readme.md", false, false);
        check("lexicon/notes.md", false, false);
        check("lexicon/words.txt", false, true);
        check("lexicon/old/words.txt", false, false);
        check("shops/旗舰店.yaml", false, true);
        check("shops/旗舰店.yml", false, true);
        check("shops/旗舰店.txt", false, false);
        check("library.toml", false, true);
        check("a/library.toml", false, false);
        check("site-profiles.json", false, true);
        check("a.png", false, false);
    }

    fn paths(walk: &Walk) -> Vec<&str> {
        walk.entries.iter().map(|file| file.path.as_str()).collect()
    }

    fn library(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for path in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        dir
    }

    #[test]
    fn a_folder_is_listed_in_the_order_of_paths_without_what_is_hidden() {
        let dir =
            library(&["b.md", "a/c.md", "a/.x.md", ".git/d.md", "README.md", "a/图.png", "shops/s.yaml", "lexicon/words.txt", "a.md~"]);
        let walk = walk(dir.path(), &Limits::default()).unwrap();
        assert_eq!(paths(&walk), ["a/c.md", "b.md"]);
        assert_eq!(walk.settings.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["lexicon/words.txt", "shops/s.yaml"]);
        assert!(walk.others.contains("a/图.png") && walk.others.contains("README.md"));
        assert_eq!(walk.problems, []);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_inside_only_and_no_cycle_holds_the_walk() {
        use std::os::unix::fs::symlink;
        let dir = library(&["a/one.md", "a/b/two.md", ".hidden/three.md"]);
        let outside = library(&["secret.md"]);
        let at = |path: &str| dir.path().join(path);
        symlink(at("a"), at("a/b/up")).unwrap();
        symlink(at("a/b"), at("again")).unwrap();
        symlink(at("a/one.md"), at("one-too.md")).unwrap();
        symlink(at(".hidden"), at("shown")).unwrap();
        symlink(outside.path(), at("out")).unwrap();
        symlink(outside.path().join("secret.md"), at("out.md")).unwrap();
        symlink("nowhere", at("dangling.md")).unwrap();
        let walk = walk(dir.path(), &Limits::default()).unwrap();
        assert_eq!(paths(&walk), ["a/b/two.md", "a/one.md", "one-too.md", "shown/three.md"]);
        let mut problems: Vec<_> = walk.problems.iter().map(|problem| (problem.path.as_str(), problem.code)).collect();
        problems.sort_unstable();
        assert_eq!(problems, [("dangling.md", Code::UnreadableFile), ("out", Code::LinkOutside), ("out.md", Code::LinkOutside)]);
    }

    #[test]
    fn limits_stop_the_walk_with_a_problem() {
        let dir = library(&["a.md", "b.md", "c/d/e.md"]);
        let check = |limits: Limits, code: Code| {
            let walk = walk(dir.path(), &limits).unwrap();
            assert_eq!(walk.problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), [code]);
            assert!(walk.entries.len() < 3);
        };
        check(Limits { entries: 2, ..Limits::default() }, Code::TooManyEntries);
        check(Limits { files: 2, ..Limits::default() }, Code::TooManyEntries);
        check(Limits { depth: 1, ..Limits::default() }, Code::UnreadableFolder);
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_it() {
        let error = walk(Path::new("/no/such/library"), &Limits::default()).unwrap_err();
        assert!(error.to_string().contains("/no/such/library"), "{error}");
    }
}
