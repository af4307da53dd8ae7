//! The library on disk: problems by fixture, last good versions, rights, watching, time.

use super::service::PATIENCE;
use huashu::library::watch::{Mode, Watch, watch};
use huashu::library::{Library, Limits, check, load, load_some, load_within, write};
use huashu::markdown::Key;
use huashu::problem::{Code, Problem, Severity};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// An entry that nothing is wrong with.
fn entry(title: &str) -> String {
    format!("---\ntitle: {title}\nquestions: [{title}吗]\n---\n随时可用。\n\n> 亲，{title}。\n")
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        for (path, text) in files {
            folder.put(path, text);
        }
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn put(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.path().join(from), self.path().join(to)).unwrap();
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.path().join(path)).unwrap();
    }

    fn load(&self, previous: Option<&Library>) -> Library {
        load(self.path(), previous).unwrap()
    }
}

fn titles(library: &Library) -> Vec<&str> {
    library.entries.iter().map(|entry| entry.title.as_str()).collect()
}

fn codes(problems: &[Problem]) -> Vec<(&str, Code)> {
    problems.iter().map(|problem| (problem.path.as_str(), problem.code)).collect()
}

// Problems, one fixture each

/// What a repository cannot hold, or not on every system; the tests below make it.
const NOT_IN_FIXTURES: [Code; 5] =
    [Code::UnreadableFile, Code::FileTooLarge, Code::LinkOutside, Code::UnreadableFolder, Code::TooManyEntries];

/// The problems of a fixture; replies that are alike are looked for where they are meant.
fn problems_of(dir: &Path, code: Code) -> Vec<Problem> {
    let library = load(dir, None).unwrap();
    if code == Code::SimilarReplies { check::similar_replies(&library) } else { library.problems }
}

#[test]
fn every_code_has_a_fixture_that_raises_it_and_no_other() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/problems");
    let mut wrong = Vec::new();
    for code in Code::ALL.iter().filter(|code| !NOT_IN_FIXTURES.contains(code)) {
        let dir = fixtures.join(code.as_str()).join("kb");
        if !dir.is_dir() {
            wrong.push(format!("{code}: no fixture"));
            continue;
        }
        let problems = problems_of(&dir, *code);
        let raised: BTreeSet<Code> = problems.iter().map(|problem| problem.code).collect();
        if raised != BTreeSet::from([*code]) {
            wrong.push(format!("{code}: raised {raised:?}"));
        }
        for problem in
            problems.iter().filter(|problem| problem.line == 0 || problem.column == 0 || problem.zh.is_empty() || problem.en.is_empty())
        {
            wrong.push(format!("{code}: incomplete {problem:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn problems_between_files_stand_where_they_are_written() {
    let check = |code: Code, expect: &[(&str, u32, u32, u32)]| {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/problems").join(code.as_str()).join("kb");
        let problems = problems_of(&dir, code);
        let places: Vec<_> = problems.iter().map(|problem| (problem.path.as_str(), problem.line, problem.column, problem.width)).collect();
        assert_eq!(places, expect, "{problems:#?}");
    };
    check(Code::DuplicateId, &[("二/b.md", 3, 5, 2)]);
    check(Code::DuplicateShortcut, &[("b.md", 3, 6, 3)]);
    check(Code::UnknownEntry, &[("a.md", 3, 11, 2), ("a.md", 4, 11, 3)]);
    check(Code::UnknownCampaign, &[("a.md", 3, 11, 6)]);
    check(Code::MissingShopValue, &[("a.md", 6, 7, 11)]);
    check(Code::BannedPhrase, &[("a.md", 6, 17, 5)]);
    check(Code::RiskyPhrase, &[("a.md", 6, 5, 4)]);
    check(Code::BrokenLink, &[("a.md", 4, 2, 14), ("a.md", 4, 17, 14)]);
    check(Code::ForeignLink, &[("a.md", 6, 11, 26), ("a.md", 6, 41, 29)]);
    check(Code::ReviewDue, &[("a.md", 5, 5, 10)]);
    check(Code::SimilarReplies, &[("b.md", 6, 1, 0)]);
}

#[test]
fn the_format_document_names_every_key_and_every_problem() {
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/format.md")).unwrap();
    for (_, english, chinese) in Key::ALL {
        assert!(document.contains(&format!("| `{english}` | {chinese} |")), "the key {english}, {chinese}");
    }
    for code in Code::ALL {
        let severity = if code.severity() == Severity::Error { "error" } else { "warning" };
        let row = document.lines().find(|line| line.starts_with(&format!("| `{code}` | {severity} | ")));
        let row = row.unwrap_or_else(|| panic!("{code}, {severity}, is not described"));
        assert_eq!(row.contains("not served"), code.withholds(), "{row}");
    }
    let described = document.lines().filter(|line| line.contains(" | error | ") || line.contains(" | warning | ")).count();
    assert_eq!(described, Code::ALL.len(), "a problem is described that is none");
}

#[test]
fn a_banned_phrase_says_why_and_what_to_say_instead() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/problems/banned-phrase/kb");
    let problems = load(&dir, None).unwrap().problems;
    assert!(problems[0].zh.contains("平台禁止引导到站外交易") && problems[0].zh.contains("请在平台内联系我们"), "{}", problems[0].zh);
}

#[test]
fn a_risk_without_its_entry_and_a_campaign_without_its_shop_are_told() {
    let folder = Folder::new(&[
        ("a.md", &entry("甲")),
        ("shops/旗舰店.yaml", "aliases: [旗舰]\n"),
        ("lexicon/emotions.yaml", "risk:\n  - {name: 起火, words: [冒烟], entry: 没有}\n  - {name: 过敏, words: [过敏], entry: A}\n"),
        ("lexicon/campaigns.yaml", "店庆:\n  - {from: 2026-11-10, until: 2026-11-12, shops: [旗舰, 分店]}\n"),
    ]);
    let problems = folder.load(None).problems;
    let places: Vec<_> = problems.iter().map(|problem| (problem.path.as_str(), problem.code, problem.line, problem.column)).collect();
    assert_eq!(places, [("lexicon/campaigns.yaml", Code::UnknownShop, 2, 55), ("lexicon/emotions.yaml", Code::UnknownEntry, 2, 36)]);
}

#[test]
fn of_two_entries_with_one_id_the_first_path_is_served() {
    let folder = Folder::new(&[("a/x.md", &entry("甲")), ("b/X.md", &entry("乙"))]);
    let library = folder.load(None);
    assert_eq!((titles(&library), codes(&library.problems)), (vec!["甲"], vec![("b/X.md", Code::DuplicateId)]));
    folder.remove("a/x.md");
    let library = folder.load(Some(&library));
    assert_eq!((titles(&library), codes(&library.problems)), (vec!["乙"], vec![]));
}

#[test]
fn a_file_beyond_the_limit_is_a_problem_and_the_others_are_served() {
    let folder = Folder::new(&[("a.md", &entry("甲"))]);
    folder.put("million.md", format!("{}{}", entry("乙"), "长".repeat(1_000_000)));
    let library = folder.load(None);
    assert_eq!((titles(&library), codes(&library.problems)), (vec!["甲"], vec![("million.md", Code::FileTooLarge)]));
}

#[test]
fn entries_beyond_the_limit_are_a_problem_and_the_others_are_served() {
    let folder = Folder::new(&[("a.md", &entry("甲")), ("b.md", &entry("乙")), ("c.md", &entry("丙"))]);
    let limits = Limits { entries: 2, ..Limits::default() };
    let library = load_within(folder.path(), None, &limits, Timestamp::now()).unwrap();
    assert_eq!(library.entries.len(), 2);
    assert_eq!(library.problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), [Code::TooManyEntries]);
}

#[cfg(unix)]
#[test]
fn a_link_out_of_the_library_is_a_problem_and_not_read() {
    let (folder, outside) = (Folder::new(&[("a.md", &entry("甲"))]), Folder::new(&[("secret.md", &entry("密"))]));
    std::os::unix::fs::symlink(outside.path().join("secret.md"), folder.path().join("b.md")).unwrap();
    std::os::unix::fs::symlink("a.md", folder.path().join("c.md")).unwrap();
    let library = folder.load(None);
    assert_eq!(titles(&library), ["甲", "甲"]);
    assert_eq!(codes(&library.problems), [("b.md", Code::LinkOutside)]);
}

// Rights and faults, which root does not have

/// Runs the rest of a test as an ordinary user: `true` for one, else the test is run again, alone, as nobody.
#[cfg(unix)]
fn is_ordinary_user(test: &str) -> bool {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let probe = tempfile::tempdir().unwrap();
    if fs::metadata(probe.path()).unwrap().uid() != 0 {
        return true;
    }
    // Nobody may not be able to reach the build folder.
    fs::set_permissions(probe.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (binary, reachable) = (std::env::current_exe().unwrap(), probe.path().join("suite"));
    fs::hard_link(&binary, &reachable).or_else(|_| fs::copy(&binary, &reachable).map(drop)).unwrap();
    let run = std::process::Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&reachable)
        .args(["--exact", test, "--nocapture"])
        .current_dir("/")
        .output();
    match run {
        Ok(run) => {
            let said = String::from_utf8_lossy(&run.stdout);
            assert!(run.status.success() && said.contains("1 passed"), "{said}\n{}", String::from_utf8_lossy(&run.stderr));
        }
        Err(error) => eprintln!("skipped: root reads everything, and setpriv is not here to drop its rights ({error})"),
    }
    false
}

#[cfg(unix)]
#[test]
fn unreadable_files_and_folders_are_problems_and_what_was_in_them_stays() {
    use std::os::unix::fs::PermissionsExt;
    if !is_ordinary_user("library::unreadable_files_and_folders_are_problems_and_what_was_in_them_stays") {
        return;
    }
    let folder = Folder::new(&[("a.md", &entry("甲")), ("b.md", &entry("乙")), ("c/d.md", &entry("丁"))]);
    let allow = |path: &str, mode| fs::set_permissions(folder.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
    let before = folder.load(None);
    allow("b.md", 0o000);
    allow("c", 0o000);
    let fresh = folder.load(None);
    assert_eq!(titles(&fresh), ["甲"]);
    assert_eq!(codes(&fresh.problems), [("b.md", Code::UnreadableFile), ("c", Code::UnreadableFolder)]);
    let after = folder.load(Some(&before));
    assert_eq!(titles(&after), ["甲", "乙", "丁"]);
    assert_eq!(codes(&after.problems), codes(&fresh.problems));
    let later = folder.load(Some(&after));
    assert_eq!(titles(&later), ["甲", "乙", "丁"]);
    // The watch goes on for the rest, and sees the rights come back.
    let live = Live::of(folder);
    live.folder.put("a.md", entry("新"));
    live.until("a save beside an unreadable folder", |library| titles(library) == ["新"]);
    fs::set_permissions(live.folder.path().join("c"), fs::Permissions::from_mode(0o755)).unwrap();
    live.until("a folder becomes readable", |library| titles(library) == ["新", "丁"]);
    live.folder.put("c/d.md", entry("新丁"));
    live.until("a save in it", |library| titles(library) == ["新", "新丁"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_write_that_fails_half_way_leaves_the_old_file_and_nothing_else() {
    const MARK: &str = "HUASHU_TEST_SMALL_FILES";
    if std::env::var_os(MARK).is_none() {
        // A limit on file sizes stands for a full disk: the write fails after its first block.
        let run = std::process::Command::new("sh")
            .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "library::a_write_that_fails_half_way_leaves_the_old_file_and_nothing_else"])
            .env(MARK, "1")
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stdout));
        return;
    }
    let folder = Folder::new(&[]);
    let hash = write::write(folder.path(), "a.md", entry("甲").as_bytes(), write::Expected::Absent).unwrap();
    let error = write::write(folder.path(), "a.md", "长".repeat(20_000).as_bytes(), write::Expected::Version(hash)).unwrap_err();
    assert!(matches!(error, write::WriteError::Io { .. }), "{error}");
    assert_eq!(write::read(folder.path(), "a.md").unwrap().1, hash);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

// Loading again

#[test]
fn a_broken_save_keeps_the_last_good_version_and_shows_the_problem() {
    let folder = Folder::new(&[("a.md", &entry("甲")), ("b.md", &entry("乙"))]);
    let mut library = folder.load(None);
    for (broken, code) in [
        ("---\ntitle: [\n---\n> 亲\n".as_bytes(), Code::FrontMatter),
        ("---\ntitle: 半".as_bytes(), Code::FrontMatter),
        (b"", Code::FrontMatter),
        (b"---\ntitle: \xff\n---\n", Code::NotUtf8),
        ("---\nid: B\n---\n> 亲，别的。\n".as_bytes(), Code::DuplicateId),
    ] {
        folder.put("a.md", broken);
        let after = folder.load(Some(&library));
        let shown = String::from_utf8_lossy(broken);
        // An id that comes to be double is first come, first served by path: here the changed file is the first.
        if code != Code::DuplicateId {
            assert_eq!(titles(&after), ["甲", "乙"], "{shown}");
            assert!(
                after.problems.iter().any(|problem| problem.code == code && problem.zh.contains("继续使用")),
                "{shown} {:?}",
                after.problems
            );
            library = after;
        }
    }
    folder.put("a.md", entry("新"));
    let library = folder.load(Some(&library));
    assert_eq!((titles(&library), codes(&library.problems)), (vec!["新", "乙"], vec![]));
}

#[test]
fn a_broken_file_that_moves_is_still_served_and_one_that_goes_is_gone() {
    let folder = Folder::new(&[("a.md", &entry("甲"))]);
    let library = folder.load(None);
    folder.put("a.md", "---\ntitle: [\n---\n");
    let library = folder.load(Some(&library));
    fs::create_dir(folder.path().join("b")).unwrap();
    folder.rename("a.md", "b/a.md");
    let library = folder.load(Some(&library));
    assert_eq!((titles(&library), library.entries[0].path.as_str()), (vec!["甲"], "b/a.md"));
    folder.remove("b/a.md");
    let library = folder.load(Some(&library));
    assert_eq!((titles(&library), codes(&library.problems)), (vec![], vec![]));
}

#[test]
fn broken_settings_shops_and_lexicon_stay_as_they_were() {
    let good = [
        ("library.toml", "name = \"店\"\n[hours]\n\"夜间\" = \"22:00-09:00\"\n"),
        ("shops/旗舰店.yaml", "values: {退货地址: 杭州}\n"),
        ("lexicon/campaigns.yaml", "店庆:\n  - {from: 2026-11-10, until: 2026-11-12}\n"),
    ];
    let folder = Folder::new(&good);
    let mut library = folder.load(None);
    assert_eq!(codes(&library.problems), []);
    for (path, _) in good {
        folder.put(path, "a: [\n");
        library = folder.load(Some(&library));
        assert!(library.problems.iter().any(|problem| problem.path == path), "{path}");
    }
    assert_eq!((library.settings.name.as_str(), library.settings.hours.len()), ("店", 1));
    assert_eq!(library.shops["旗舰店"].values["退货地址"], "杭州");
    assert!(library.lexicon.campaigns.contains_key("店庆"));
    for (path, text) in good {
        folder.put(path, text);
    }
    assert_eq!(codes(&folder.load(Some(&library)).problems), []);
}

#[test]
fn a_reload_takes_over_what_did_not_change() {
    let folder = Folder::new(&[("a.md", &entry("甲")), ("b.md", &entry("乙"))]);
    let before = folder.load(None);
    folder.put("a.md", entry("新"));
    let after = folder.load(Some(&before));
    assert_eq!(titles(&after), ["新", "乙"]);
    assert!(Arc::ptr_eq(&before.entries[1], &after.entries[1]));
    assert!(Arc::ptr_eq(&before.lexicon, &after.lexicon));
    // A change of what entries are read with reads them anew.
    folder.put("lexicon/banned.yaml", "rules:\n  - {id: x, class: 推脱, why: 不好, severity: warn, words: [亲，乙]}\n");
    let after = folder.load(Some(&after));
    assert!(codes(&after.problems).contains(&("b.md", Code::RiskyPhrase)), "{:?}", after.problems);
}

#[test]
fn two_saves_of_one_size_in_one_moment_are_both_seen() {
    let folder = Folder::new(&[("a.md", &entry("甲"))]);
    let mut library = folder.load(None);
    for title in ["乙", "丙", "丁", "戊"] {
        folder.put("a.md", entry(title));
        library = folder.load(Some(&library));
        assert_eq!(titles(&library), [title]);
    }
}

#[test]
fn a_file_that_is_gone_for_a_moment_is_not_gone() {
    let folder = Folder::new(&[("a.md", &entry("甲"))]);
    let before = folder.load(None);
    folder.rename("a.md", "a.md~");
    let after = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(10));
            folder.put("a.md", entry("新"));
        });
        folder.load(Some(&before))
    });
    assert_eq!(titles(&after), ["新"]);
}

#[test]
fn any_bytes_load() {
    let folder = Folder::new(&[]);
    let mut state = 1u64;
    for number in 0..200 {
        let mut bytes = b"---\n".to_vec();
        for _ in 0..200 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            bytes.extend_from_slice(match (state >> 40) % 12 {
                0 => b"---\n",
                1 => b"> ",
                2 => b"title: ",
                3 => b"{{",
                4 => b"|}}",
                5 => b"\n",
                6 => "：".as_bytes(),
                7 => b"[a](b",
                8 => b"# ",
                9 => b"\xff",
                10 => "甲".as_bytes(),
                _ => b"- &a *a",
            });
        }
        if number % 2 == 0 {
            bytes.retain(|byte| *byte != 0xff);
        }
        folder.put(&format!("{number}.md"), bytes);
    }
    let library = folder.load(None);
    assert!(library.problems.iter().all(|problem| !problem.en.contains("the program failed")), "{:?}", library.problems);
}

// Watching

/// A library that is loaded again whenever the watch says so.
struct Live {
    folder: Folder,
    library: Arc<Mutex<Arc<Library>>>,
    loads: Arc<AtomicUsize>,
    _watch: Watch,
}

impl Live {
    fn new(files: &[(&str, &str)]) -> Live {
        Live::of(Folder::new(files))
    }

    fn of(folder: Folder) -> Live {
        Live::by(folder, Mode::Events)
    }

    fn by(folder: Folder, mode: Mode) -> Live {
        let library = Arc::new(Mutex::new(Arc::new(folder.load(None))));
        let loads = Arc::new(AtomicUsize::new(0));
        let changed = {
            let (library, loads, dir) = (Arc::clone(&library), Arc::clone(&loads), folder.path().to_path_buf());
            move |paths: Option<&[String]>| {
                let previous = Arc::clone(&library.lock().unwrap());
                let loaded = paths.map_or_else(|| load(&dir, Some(&previous)), |paths| load_some(&dir, &previous, paths));
                if let Ok(loaded) = loaded {
                    *library.lock().unwrap() = Arc::new(loaded);
                    loads.fetch_add(1, Ordering::SeqCst);
                }
            }
        };
        let watch = watch(folder.path(), mode, changed).unwrap();
        Live { folder, library, loads, _watch: watch }
    }

    /// Waits until the library is as it should be. The promise is a second; the machine of the tests is shared.
    fn until(&self, what: &str, is_so: impl Fn(&Library) -> bool) {
        let begun = Instant::now();
        loop {
            let library = Arc::clone(&self.library.lock().unwrap());
            if is_so(&library) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{what}: not seen; {:?} {:?}", titles(&library), library.problems);
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[test]
fn a_file_saved_added_renamed_or_removed_is_seen() {
    let live = Live::new(&[("a.md", &entry("甲")), ("b/c.md", &entry("丙"))]);
    live.folder.put("a.md", entry("新"));
    live.until("a save", |library| titles(library) == ["新", "丙"]);
    live.folder.put("d.md", entry("丁"));
    live.until("a new file", |library| titles(library) == ["新", "丙", "丁"]);
    live.folder.put("e/f/g.md", entry("庚"));
    live.until("a new file in new folders", |library| titles(library) == ["新", "丙", "丁", "庚"]);
    live.folder.put("e/f/g.md", entry("更"));
    live.until("a save in a new folder", |library| titles(library) == ["新", "丙", "丁", "更"]);
    live.folder.rename("d.md", "e/d.md");
    live.until("a rename", |library| library.entries.iter().any(|entry| entry.path == "e/d.md" && &*entry.id == "d"));
    live.folder.remove("e/d.md");
    live.until("a removal", |library| titles(library) == ["新", "丙", "更"]);
    // As many editors save: a new file beside it, moved over it.
    live.folder.put(".a.md.swp", entry("改"));
    live.folder.rename(".a.md.swp", "a.md");
    live.until("a save by rename", |library| titles(library) == ["改", "丙", "更"]);
    live.folder.put("a.md", "---\ntitle: [\n---\n");
    live.until("a broken save", |library| {
        codes(&library.problems) == [("a.md", Code::FrontMatter)] && titles(library) == ["改", "丙", "更"]
    });
}

#[test]
fn renamed_folders_are_seen_and_go_on_being_watched() {
    let live = Live::new(&[("a/b/c.md", &entry("丙"))]);
    live.folder.rename("a", "z");
    live.until("a folder's rename", |library| library.entries.iter().any(|entry| entry.path == "z/b/c.md"));
    live.folder.put("z/b/c.md", entry("新"));
    live.until("a save below the new name", |library| titles(library) == ["新"]);
    live.folder.rename("z", "y");
    live.folder.rename("y", "z");
    // Long after, so that no event but its own tells of the new file.
    std::thread::sleep(Duration::from_millis(500));
    live.folder.put("z/b/d.md", entry("丁"));
    live.until("a new file after a rename there and back", |library| titles(library) == ["新", "丁"]);
    fs::remove_dir_all(live.folder.path().join("z")).unwrap();
    live.until("a folder's removal", |library| library.entries.is_empty());
}

#[test]
fn a_thousand_files_at_once_are_one_or_few_loads() {
    let live = Live::new(&[]);
    for number in 0..1_000 {
        live.folder.put(&format!("{}/{number}.md", number % 20), entry(&format!("第{number}条")));
    }
    live.until("a thousand new files", |library| library.entries.len() == 1_000);
    let loads = live.loads.load(Ordering::SeqCst);
    assert!(loads <= 20, "{loads} loads for one checkout");
    for number in 0..1_000 {
        live.folder.put(&format!("{}/{number}.md", number % 20), entry(&format!("新{number}条")));
    }
    live.until("a thousand saves", |library| library.entries.iter().all(|entry| entry.title.starts_with('新')));
}

#[test]
fn reading_and_hidden_files_are_no_changes() {
    let live = Live::new(&[("a.md", &entry("甲"))]);
    live.folder.put("b.md", entry("乙"));
    live.until("a new file", |library| library.entries.len() == 2);
    std::thread::sleep(Duration::from_millis(400));
    let loads = live.loads.load(Ordering::SeqCst);
    live.folder.put(".hidden.md", "x");
    fs::create_dir(live.folder.path().join(".git")).unwrap();
    live.folder.put(".git/c.md", entry("丙"));
    fs::read(live.folder.path().join("a.md")).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(live.loads.load(Ordering::SeqCst), loads);
}

#[test]
fn polling_sees_the_same_without_events() {
    let live = Live::by(Folder::new(&[("a.md", &entry("甲"))]), Mode::Poll(Duration::from_millis(100)));
    live.folder.put("a.md", entry("新"));
    live.until("a save", |library| titles(library) == ["新"]);
    live.folder.remove("a.md");
    live.until("a removal", |library| library.entries.is_empty());
}

#[cfg(unix)]
#[test]
fn a_library_that_is_replaced_as_a_whole_is_watched_again() {
    let releases = Folder::new(&[("1/a.md", &entry("甲")), ("2/a.md", &entry("乙"))]);
    let at = |name: &str| releases.path().join(name);
    std::os::unix::fs::symlink("1", at("current")).unwrap();
    let dir = at("current");
    let library = Arc::new(Mutex::new(Arc::new(load(&dir, None).unwrap())));
    let changed = {
        let (library, dir) = (Arc::clone(&library), dir.clone());
        move |_: Option<&[String]>| {
            let previous = Arc::clone(&library.lock().unwrap());
            *library.lock().unwrap() = Arc::new(load(&dir, Some(&previous)).unwrap());
        }
    };
    let _watch = watch(&dir, Mode::Events, changed).unwrap();
    let until = |title: &str| {
        let begun = Instant::now();
        while titles(&library.lock().unwrap().clone()) != [title] {
            assert!(begun.elapsed() < Duration::from_secs(3), "{title}");
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    std::os::unix::fs::symlink("2", at("next")).unwrap();
    fs::rename(at("next"), at("current")).unwrap();
    until("乙");
    releases.put("2/a.md", entry("丙"));
    until("丙");
}

// Time

#[test]
fn validity_campaigns_hours_and_reviews_change_at_their_minute() {
    let folder = Folder::new(&[
        ("library.toml", "time_zone = \"Asia/Shanghai\"\n[hours]\n\"夜间\" = \"22:00-09:00\"\n"),
        ("shops/甲店.yaml", ""),
        (
            "lexicon/campaigns.yaml",
            "双11:\n  - {phase: 预售, from: 2026-10-20 20:00, until: 2026-11-01}\n  - {phase: 尾款, from: 2026-11-10 20:00, until: 2026-11-12, shops: [甲店]}\n",
        ),
        ("a.md", "---\nquestions: [a]\nvalid: {from: 2026-03-01 08:30, until: 2026-03-05}\n---\n随时可用。\n\n> 亲，一。\n"),
        ("b.md", "---\nquestions: [b]\ncampaign: 双11/尾款\n---\n随时可用。\n\n> 您好，二。\n"),
        ("c.md", "---\nquestions: [c]\ncampaign: 双11\n---\n随时可用。\n\n> 欢迎，三。\n"),
        ("d.md", "---\nquestions: [d]\nstate: draft\nvalid: {from: 2026-02-01}\n---\n随时可用。\n\n> 在的，四。\n"),
        ("e.md", "---\nquestions: [e]\nreview_by: 2026-06-30\n---\n随时可用。\n\n> 好的，五。\n"),
    ]);
    let at = |text: &str| -> Timestamp { format!("{text}:00+08:00").replace(' ', "T").parse().unwrap() };
    let library = load_within(folder.path(), None, &Limits::default(), at("2026-01-01 00:00")).unwrap();
    assert_eq!(codes(&library.problems), []);
    let current = |text: &str, shop: Option<&str>| -> String {
        let at = library.local(at(text));
        library.entries.iter().filter(|entry| library.is_current(entry, at, shop)).map(|entry| &*entry.id).collect()
    };
    for (time, shop, expect) in [
        ("2026-03-01 08:29", None, "e"),
        ("2026-03-01 08:30", None, "ae"),
        ("2026-03-05 23:59", None, "ae"),
        ("2026-03-06 00:00", None, "e"),
        ("2026-10-20 20:00", Some("甲店"), "ce"),
        ("2026-11-10 20:00", Some("甲店"), "bce"),
        ("2026-11-10 20:00", Some("乙店"), "e"),
        ("2026-11-10 20:00", None, "bce"),
        ("2026-11-13 00:00", None, "e"),
    ] {
        assert_eq!(current(time, shop), expect, "{time} {shop:?}");
    }
    for (now, next) in [
        ("2026-01-01 00:00", Some("2026-02-01 00:00")),
        ("2026-02-01 00:00", Some("2026-03-01 08:30")),
        ("2026-03-01 08:30", Some("2026-03-06 00:00")),
        ("2026-03-06 00:00", Some("2026-07-01 00:00")),
        ("2026-07-01 00:00", Some("2026-10-20 20:00")),
        ("2027-01-01 00:00", None),
    ] {
        assert_eq!(library.next_change(at(now)), next.map(at), "{now}");
    }
    let time = |text: &str| -> jiff::civil::Time { text.parse().unwrap() };
    for (hour, expect) in [("21:59", false), ("22:00", true), ("00:00", true), ("08:59", true), ("09:00", false)] {
        assert_eq!(library.in_hours("夜间", time(hour)), expect, "{hour}");
    }
    let later = load_within(folder.path(), Some(&library), &Limits::default(), at("2026-07-01 00:00")).unwrap();
    assert_eq!(codes(&later.problems), [("e.md", Code::ReviewDue)]);
    folder.put("f.md", "---\nquestions: [f]\nhours: 夜间\n---\n随时可用。\n\n> 哈喽，六。\n");
    let later = folder.load(Some(&later));
    assert_eq!(later.next_change(at("2027-01-01 08:00")), Some(at("2027-01-01 09:00")));
    assert_eq!(later.next_change(at("2027-01-01 22:00")), Some(at("2027-01-02 09:00")));
}
