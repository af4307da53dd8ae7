//! One draft against a library that was loaded: what a preview shows. Pure but for links, whose targets are looked for.

use super::{Content, File, Library, Memory, Stamp, UNREAD, check, not_utf8, parse};
use crate::entry::Entry;
use crate::library::check::Candidate;
use crate::problem::Problem;
use jiff::Timestamp;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// One file as it would be in a library: the entry, and all that would be wrong with it. Nothing is read or written.
pub fn examine(library: &Library, path: &str, bytes: &[u8]) -> (Option<Entry>, Vec<Problem>) {
    let Memory { ground, files, .. } = &library.memory;
    let Ok(text) = std::str::from_utf8(bytes) else { return (None, vec![not_utf8(path)]) };
    let file = File { path: path.to_owned(), stamp: Stamp::of_size(bytes.len() as u64) };
    let content = catch_unwind(AssertUnwindSafe(|| parse(&file, bytes, text, UNREAD, ground, &library.shops)));
    let Ok(Content { entry, mut problems, .. }) = content else { return (None, Vec::new()) };
    let Some((entry, notes)) = entry else { return (None, problems) };
    let others = files.iter().filter(|known| known.file.path != path).filter_map(|known| known.content.entry.as_ref());
    let mut candidates: Vec<Candidate> = others.map(|(entry, notes)| Candidate { entry, notes }).collect();
    let mut ids: HashSet<String> = candidates.iter().map(|candidate| candidate.notes.id_key().to_owned()).collect();
    ids.insert(notes.id_key().to_owned());
    // Last, so that of two with one id or shortcut it is this that is told.
    candidates.push(Candidate { entry: &entry, notes: &notes });
    problems.extend(check::duplicate_ids(&candidates).1.into_iter().filter(|problem| problem.path == path));
    let today = Timestamp::now().to_zoned(ground.settings.time_zone.clone()).date();
    let exists = |path: &str| library.dir.join(path).exists();
    // Of the others only what is shared with this: their own links and mentions are no part of it.
    let shared = check::shortcut_taken(&candidates);
    problems.extend(check::across(&candidates[candidates.len() - 1..], |id| ids.contains(id), exists, today));
    problems.extend(shared);
    problems.sort_by_key(|problem| (problem.line, problem.column, problem.code));
    (Some(Arc::unwrap_or_clone(entry)), problems)
}
