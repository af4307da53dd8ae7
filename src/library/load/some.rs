//! What a few files that changed make of a library: only they are read, and all else is taken over as it is.

use super::{Content, File, Folder, Limits, Memory, Stamp, Trust, check, content, load};
use crate::facet::Facet;
use crate::library::check::Candidate;
use crate::library::{Library, LibraryError, Overlay, Seen};
use crate::problem::Code;
use jiff::Timestamp;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

/// Files that are read by themselves: of more, all cores should read.
const MAX_SOME: usize = 64;

/// Reads a library of which only some files are said to have changed. Where more than the texts of entries may have changed by them (a file that came or
/// went, settings, an id), this is [`load`].
///
/// # Errors
/// As [`load`].
pub fn load_some(dir: &Path, previous: &Library, paths: &[String]) -> Result<Library, LibraryError> {
    some(dir, previous, paths, Timestamp::now()).map_or_else(|| load(dir, Some(previous)), Ok)
}

fn some(dir: &Path, previous: &Library, paths: &[String], now: Timestamp) -> Option<Library> {
    let Memory { ground, files, today } = &previous.memory;
    // Reviews that are due since are problems of other entries.
    if paths.len() > MAX_SOME || *today != Some(now.to_zoned(ground.settings.time_zone.clone()).date()) {
        return None;
    }
    let (begun, limits) = (SystemTime::now(), Limits::default());
    let folder = Folder { dir, overlay: &Overlay::new(), trust: Trust::Stamps };
    let mut read = Vec::new();
    let mut seen = Vec::new();
    for path in paths {
        let at = files.binary_search_by(|known| known.file.path.as_str().cmp(path)).ok()?;
        // A link may lead to what is an entry by another path.
        let metadata = fs::symlink_metadata(dir.join(path)).ok().filter(fs::Metadata::is_file)?;
        let file = File { path: path.clone(), stamp: Stamp::of(&metadata) };
        let (known, bytes) = content(&folder, &file, ground, &previous.shops, Some(&files[at].content), &limits, begun)?;
        seen.extend(bytes.map(|bytes| Seen { path: path.clone(), bytes: Some(bytes), at: Timestamp::now() }));
        read.push((at, known));
    }
    let mut entries = previous.entries.clone();
    let mut problems = previous.problems.clone();
    let mut replaced = Vec::new();
    for (at, known) in &read {
        let before = &files[*at];
        if Arc::ptr_eq(&before.content, &known.content) {
            continue;
        }
        let path = &known.file.path;
        let place = entries.binary_search_by(|entry| entry.path.as_str().cmp(path)).ok()?;
        let (served, _) = before.content.entry.as_ref()?;
        let (entry, notes) = known.content.entry.as_ref()?;
        if !Arc::ptr_eq(served, &entries[place]) || !concerns_itself_alone(&before.content, &known.content, previous) {
            return None;
        }
        let is_id = |id: &str| files.iter().any(|known| known.content.entry.as_ref().is_some_and(|(_, notes)| notes.id_key() == id));
        let found = check::across(&[Candidate { entry, notes }], is_id, |path| dir.join(path).exists(), today.as_ref().copied()?);
        // Names of files may be composed in another way than links to them.
        if found.iter().any(|problem| problem.code == Code::BrokenLink) {
            return None;
        }
        problems.retain(|problem| problem.path != *path);
        problems.extend(known.content.problems.iter().cloned().chain(found));
        entries.replace(place, Arc::clone(entry));
        replaced.push(place);
    }
    if !replaced.is_empty() {
        problems
            .sort_by(|one, other| (&one.path, one.line, one.column, one.code).cmp(&(&other.path, other.line, other.column, other.code)));
        problems.dedup();
    }
    let mut files = files.clone();
    for (at, known) in read {
        files.replace(at, known);
    }
    Some(Library {
        dir: dir.to_owned(),
        settings: previous.settings.clone(),
        shops: previous.shops.clone(),
        site_profiles: Arc::clone(&previous.site_profiles),
        lexicon: Arc::clone(&previous.lexicon),
        entries,
        problems,
        seen,
        replaced: Some(replaced),
        memory: Memory { ground: Arc::clone(ground), files, today: *today },
    })
}

/// Whether an entry is called as before, so that nothing changes for any other. Of a shortcut that several have the title of one stands in the
/// problem of another.
fn concerns_itself_alone(before: &Content, now: &Content, previous: &Library) -> bool {
    let (Some((before, notes_before)), Some((now, notes))) = (&before.entry, &now.entry) else { return false };
    let shortcut = |notes: &check::Notes| notes.shortcut().map(str::to_owned);
    let has_shortcut = notes_before.shortcut().is_some() || notes.shortcut().is_some();
    let same_shortcut = || {
        shortcut(notes_before) == shortcut(notes)
            && before.state == now.state
            && before.facet(Facet::Shop).eq(now.facet(Facet::Shop))
            && previous.problems.iter().all(|problem| problem.code != Code::DuplicateShortcut)
    };
    before.id == now.id && notes_before.id_key() == notes.id_key() && (!has_shortcut || same_shortcut())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use tempfile::TempDir;

    fn told(library: &Library) -> String {
        let hashes: Vec<_> = library.hashes().collect();
        format!("{:?} {:?} {hashes:?}", library.entries, library.problems)
    }

    fn library() -> (TempDir, PathBuf) {
        let dir = TempDir::new().unwrap();
        let files = [
            ("退货/a.md", "---\ntitle: 怎么退货\nshortcut: th\n---\n> 好的。\n"),
            ("退货/b.md", "---\ntitle: 多久到账\nnext: [a]\n---\n> [见](a.md)三天。\n"),
            ("c.md", "---\ntitle: 能开发票吗\n---\n> 能。\n"),
            ("坏.md", "---\n: :\n"),
        ];
        for (path, text) in files {
            fs::create_dir_all(dir.path().join(path).parent().unwrap()).unwrap();
            fs::write(dir.path().join(path), text).unwrap();
        }
        let path = dir.path().to_owned();
        (dir, path)
    }

    /// Whether the change of one file is read by itself; either way the library must be that of a whole load.
    fn by_itself(path: &str, text: Option<&str>) -> bool {
        let (_dir, dir) = library();
        let before = load(&dir, None).unwrap();
        match text {
            Some(text) => fs::write(dir.join(path), text).unwrap(),
            None => fs::remove_file(dir.join(path)).unwrap(),
        }
        let paths = [path.to_owned()];
        let (some, whole) = (load_some(&dir, &before, &paths).unwrap(), load(&dir, Some(&before)).unwrap());
        assert_eq!(told(&some), told(&whole), "{path} {text:?}");
        assert_eq!(
            some.seen.iter().map(|seen| (&seen.path, &seen.bytes)).collect::<Vec<_>>(),
            whole.seen.iter().map(|seen| (&seen.path, &seen.bytes)).collect::<Vec<_>>()
        );
        // And the next whole load goes on from it.
        assert_eq!(told(&load(&dir, Some(&some)).unwrap()), told(&whole));
        some.replaced.is_some()
    }

    #[test]
    fn a_text_that_changed_is_read_by_itself_and_what_others_are_told_by_with_all() {
        let check = |path: &str, text: &str, expected: bool| assert_eq!(by_itself(path, Some(text)), expected, "{path} {text}");
        check("c.md", "---\ntitle: 可以开发票吗\nquestions: [怎么开票]\nreview_by: 2020-01-01\n---\n> 能。\n", true);
        check("c.md", "---\ntitle: 能开发票吗\n---\n> 能。\n", true);
        check("c.md", "---\ntitle: 能开发票吗\nnext: [b, 没有]\n---\n> 绝对最好，[见](退货/a.md)。\n", true);
        check("退货/a.md", "---\ntitle: 怎么退\nshortcut: th\n---\n> 好的。\n", true);
        // A link that leads nowhere, a shortcut that changes, another id, a file that is broken, empty, new or gone.
        check("c.md", "---\ntitle: 能开发票吗\n---\n> [见](没有.md)。\n", false);
        check("c.md", "---\ntitle: 能开发票吗\nshortcut: th\n---\n> 能。\n", false);
        check("退货/a.md", "---\ntitle: 怎么退货\nid: d\nshortcut: th\n---\n> 好的。\n", false);
        check("c.md", "---\n: :\n", false);
        check("c.md", "", false);
        check("坏.md", "---\ntitle: 好了\n---\n> 好。\n", false);
        check("新.md", "---\ntitle: 新的\n---\n> 好。\n", false);
        check("library.toml", "format = 1\nname = \"名\"\n", false);
        assert!(!by_itself("c.md", None));
    }
}
