//! The index folder: incremental, locked, and rebuilt where it cannot be trusted.

use huashu::answer::{Request, answer};
use huashu::index::{IndexError, Rebuilt};
use huashu::live::{Live, LiveError, open_once};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

struct Place {
    dir: TempDir,
}

impl Place {
    fn new(entries: usize) -> Place {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("kb")).unwrap();
        let place = Place { dir };
        for number in 0..entries {
            place.write(&format!("e{number}.md"), &format!("---\ntitle: 第{number}条退货说明\n---\n> 内容{number}。\n"));
        }
        place
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.kb().join(name), text).unwrap();
    }

    fn kb(&self) -> PathBuf {
        self.dir.path().join("kb")
    }

    fn index(&self) -> PathBuf {
        self.dir.path().join("index")
    }

    fn open(&self) -> (Live, Vec<Rebuilt>) {
        Live::open(&self.kb(), &self.index()).unwrap()
    }
}

fn hits(live: &Live, question: &str) -> Vec<(String, f32)> {
    answer(&live.snapshot(), &Request::new(question)).unwrap().hits.iter().map(|hit| (hit.entry.id.to_string(), hit.score)).collect()
}

fn index_files(dir: &Path) -> Vec<(PathBuf, std::time::SystemTime)> {
    let mut files: Vec<_> = ["phrasings", "passages"]
        .iter()
        .flat_map(|index| fs::read_dir(dir.join(index)).unwrap())
        .map(|file| file.unwrap())
        .filter(|file| {
            file.path().extension().is_some_and(|ending| ending != "lock") && !file.file_name().to_string_lossy().starts_with('.')
        })
        .map(|file| (file.path(), file.metadata().unwrap().modified().unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn a_restart_without_changes_writes_nothing() {
    let place = Place::new(20);
    let before = hits(&place.open().0, "退货说明");
    let written = index_files(&place.index());
    let (live, warnings) = place.open();
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(index_files(&place.index()), written);
    assert_eq!(hits(&live, "退货说明"), before);
}

#[test]
fn a_change_touches_its_entry_alone_and_orders_like_a_fresh_index() {
    let place = Place::new(20);
    drop(place.open());
    place.write("e3.md", "---\ntitle: 发票开具\n---\n> 好的。\n");
    fs::remove_file(place.kb().join("e4.md")).unwrap();
    let (live, warnings) = place.open();
    assert!(warnings.is_empty());
    assert_eq!(hits(&live, "发票").len(), 1);
    let fresh = Live::in_memory(&place.kb()).unwrap();
    assert_eq!(ids(&live, "第4条退货说明"), ids(&fresh, "第4条退货说明"));
}

fn ids(live: &Live, question: &str) -> Vec<String> {
    hits(live, question).into_iter().map(|(id, _)| id).collect()
}

/// With its eighth segment tantivy merges on its own, at the same time as what compacts.
#[test]
fn traces_of_what_was_replaced_go_even_while_tantivy_merges_on_its_own() {
    let place = Place::new(20);
    let (live, _) = place.open();
    for round in 0..5 {
        for edit in 0..7 {
            place.write(&format!("e{edit}.md"), &format!("---\ntitle: 第{edit}条退货说明\n---\n> 第{round}次修改。\n"));
            live.refresh().unwrap();
        }
        assert!(live.compact().unwrap(), "round {round}");
        assert!(!live.compact().unwrap(), "round {round}");
        assert_eq!(hits(&live, "第3条退货说明"), hits(&Live::in_memory(&place.kb()).unwrap(), "第3条退货说明"), "round {round}");
    }
}

#[test]
fn a_damaged_index_is_rebuilt_with_a_warning() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 6] = [
        ("a flipped bit", |dir| {
            let file = fs::read_dir(dir)
                .unwrap()
                .map(|file| file.unwrap().path())
                .find(|path| path.extension().is_some_and(|ending| ending == "idx" || ending == "term"))
                .unwrap();
            let mut bytes = fs::read(&file).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::remove_file(&file).unwrap();
            fs::write(&file, bytes).unwrap();
        }),
        ("a file is gone", |dir| {
            let file = fs::read_dir(dir)
                .unwrap()
                .map(|file| file.unwrap().path())
                .find(|path| path.extension().is_some_and(|ending| ending == "term"))
                .unwrap();
            fs::remove_file(file).unwrap();
        }),
        ("half a list of segments", |dir| {
            let meta = fs::read_to_string(dir.join("meta.json")).unwrap();
            fs::write(dir.join("meta.json"), &meta[..meta.len() / 2]).unwrap();
        }),
        ("no list of segments", |dir| fs::remove_file(dir.join("meta.json")).unwrap()),
        ("made by an earlier version", |dir| put_version(dir, "0.0.1")),
        ("made by a later version", |dir| put_version(dir, "99.0.0")),
    ];
    for (name, damage) in damages {
        let place = Place::new(20);
        let before = hits(&place.open().0, "退货说明");
        damage(&place.index().join("phrasings"));
        let (live, warnings) = place.open();
        assert_eq!(warnings.len(), 1, "{name}: {warnings:?}");
        assert_eq!(hits(&live, "退货说明"), before, "{name}");
    }
}

/// Makes an index say that another version of the program has made it.
fn put_version(dir: &Path, version: &str) {
    let meta = fs::read_to_string(dir.join("meta.json")).unwrap();
    let made = meta.replace(&format!("huashu {} ", env!("CARGO_PKG_VERSION")), &format!("huashu {version} "));
    assert_ne!(made, meta);
    fs::write(dir.join("meta.json"), made).unwrap();
}

#[test]
fn another_lexicon_rebuilds() {
    let place = Place::new(5);
    place.write("z.md", "---\ntitle: 阿巴卡布套装\n---\n> 有。\n");
    drop(place.open());
    fs::create_dir(place.kb().join("lexicon")).unwrap();
    place.write("lexicon/words.txt", "阿巴卡布\n");
    let (live, warnings) = place.open();
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert_eq!(hits(&live, "阿巴卡布")[0].0, "z");
}

#[test]
fn a_second_server_on_a_folder_gets_a_clear_error_and_a_reader_none() {
    let place = Place::new(3);
    let (live, _) = place.open();
    match Live::open(&place.kb(), &place.index()) {
        Err(LiveError::Index(error @ IndexError::Locked(_))) => assert!(error.to_string().contains("another process"), "{error}"),
        other => panic!("{other:?}"),
    }
    let snapshot = open_once(&place.kb(), &place.index(), std::sync::Arc::default()).unwrap();
    assert_eq!(answer(&snapshot, &Request::new("退货")).unwrap().hits.len(), hits(&live, "退货").len());
}

#[test]
fn a_request_ends_on_the_snapshot_it_began_with() {
    let place = Place::new(3);
    let (live, _) = place.open();
    let begun = live.snapshot();
    place.write("e0.md", "---\ntitle: 完全不同\n---\n> 好。\n");
    live.refresh().unwrap();
    let of = |snapshot| answer(snapshot, &Request::new("第0条退货说明")).unwrap().hits[0].entry.title.clone();
    assert_eq!(of(&begun), "第0条退货说明");
    assert_ne!(of(&live.snapshot()), "第0条退货说明");
    assert_eq!(hits(&live, "完全不同").len(), 1);
}

#[test]
fn a_library_is_live_within_a_second() {
    let place = Place::new(3);
    let live = std::sync::Arc::new(place.open().0);
    let _running = live.run(huashu::library::watch::Mode::Events, |_| {}).unwrap();
    place.write("new.md", "---\ntitle: 国补怎么领\n---\n> 好。\n");
    wait_until(|| hits(&live, "国补").len() == 1);
    place.write("new.md", "---\ntitle: 坏了的 front matter\n: : :\n");
    wait_until(|| !live.snapshot().library.problems.is_empty());
    assert_eq!(hits(&live, "国补").len(), 1, "the last good version serves");
    fs::remove_file(place.kb().join("new.md")).unwrap();
    wait_until(|| hits(&live, "国补").is_empty());
}

fn wait_until(done: impl Fn() -> bool) {
    let begin = std::time::Instant::now();
    while !done() {
        // The promise is a second; the machine of the tests is shared.
        assert!(begin.elapsed().as_secs() < 5, "did not happen in time");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}
