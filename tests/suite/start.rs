//! A start with a library of an earlier run: served at once, looked through while it is served, and never an answer that the folder contradicts
//! for good.

use crate::service::PATIENCE;
use huashu::answer::{Request, answer};
use huashu::library::KEPT_FILE;
use huashu::library::watch::Mode;
use huashu::live::Live;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

struct Desk {
    dir: TempDir,
}

impl Desk {
    /// A library that was served once, with the program gone now.
    fn after_a_run() -> Desk {
        let desk = Desk { dir: TempDir::new().unwrap() };
        fs::create_dir(desk.kb()).unwrap();
        fs::write(desk.kb().join("library.toml"), "name = \"店\"\n").unwrap();
        for number in 0..4 {
            desk.write(&format!("e{number}.md"), &format!("第{number}条退货说明"));
        }
        desk.run(&Arc::new(desk.open()));
        desk
    }

    fn kb(&self) -> PathBuf {
        self.dir.path().join("kb")
    }

    fn write(&self, name: &str, title: &str) {
        fs::write(self.kb().join(name), format!("---\ntitle: {title}\n---\n> 内容。\n")).unwrap();
    }

    fn open(&self) -> Live {
        Live::open(&self.kb(), &self.dir.path().join("index")).unwrap().0
    }

    /// Runs until the folder has been looked through, and stops.
    fn run(&self, live: &Arc<Live>) {
        let _running = live.run(Mode::Poll(Duration::from_secs(3_600)), |error| panic!("{error}")).unwrap();
        let begin = Instant::now();
        while live.is_verifying() {
            assert!(begin.elapsed() < PATIENCE, "the folder is still being looked through");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn titles(live: &Live, question: &str) -> Vec<String> {
    let mut titles: Vec<String> =
        answer(&live.snapshot(), &Request::new(question)).unwrap().hits.iter().map(|hit| hit.entry.title.clone()).collect();
    titles.sort_unstable();
    titles
}

#[test]
fn an_unchanged_library_is_served_at_once_from_the_last_commit() {
    let desk = Desk::after_a_run();
    let live = Arc::new(desk.open());
    assert!(live.is_verifying());
    assert_eq!(titles(&live, "退货说明").len(), 4);
    let kept = desk.dir.path().join("index").join(KEPT_FILE);
    let written = fs::metadata(&kept).unwrap().modified().unwrap();
    desk.run(&live);
    assert_eq!(titles(&live, "退货说明").len(), 4);
    assert_eq!(fs::metadata(&kept).unwrap().modified().unwrap(), written, "nothing new is to be kept");
}

#[test]
fn what_changed_while_the_program_was_off_is_served_once_it_is_found() {
    let desk = Desk::after_a_run();
    desk.write("e1.md", "国补怎么领");
    desk.write("new.md", "发票怎么开");
    fs::remove_file(desk.kb().join("e2.md")).unwrap();
    let live = Arc::new(desk.open());
    assert!(live.is_verifying(), "the last commit is served first");
    assert_eq!(titles(&live, "退货说明").len(), 4);
    desk.run(&live);
    assert_eq!(titles(&live, "退货说明"), ["第0条退货说明", "第3条退货说明"]);
    assert_eq!((titles(&live, "国补"), titles(&live, "发票")), (vec!["国补怎么领".to_owned()], vec!["发票怎么开".to_owned()]));
    drop(live);
    // And the start after that begins with it.
    let next = desk.open();
    assert!(next.is_verifying());
    assert_eq!(titles(&next, "国补"), ["国补怎么领"]);
}

#[test]
fn a_commit_later_than_what_was_kept_is_not_served_with_it() {
    let desk = Desk::after_a_run();
    {
        // Killed after an edit: nobody kept the library.
        let live = desk.open();
        desk.write("e1.md", "国补怎么领");
        live.refresh().unwrap();
    }
    let live = desk.open();
    assert!(!live.is_verifying(), "the folder was read");
    assert_eq!((titles(&live, "国补").len(), titles(&live, "退货说明").len()), (1, 3));
}

#[test]
fn other_settings_a_damaged_file_and_a_lost_index_lead_to_a_whole_load() {
    let check = |what: &str, harm: &dyn Fn(&Desk, PathBuf)| {
        let desk = Desk::after_a_run();
        harm(&desk, desk.dir.path().join("index"));
        let live = desk.open();
        assert!(!live.is_verifying(), "{what}");
        assert_eq!(titles(&live, "退货说明").len(), 4, "{what}");
    };
    check("settings", &|desk, _| fs::write(desk.kb().join("library.toml"), "name = \"别的\"\n").unwrap());
    check("damage", &|_, index| {
        let mut bytes = fs::read(index.join(KEPT_FILE)).unwrap();
        bytes[9] ^= 1;
        fs::write(index.join(KEPT_FILE), bytes).unwrap();
    });
    check("nothing kept", &|_, index| fs::remove_file(index.join(KEPT_FILE)).unwrap());
    check("no passages", &|_, index| fs::remove_dir_all(index.join("passages")).unwrap());
    check("a damaged commit", &|_, index| fs::write(index.join("phrasings/meta.json"), "{").unwrap());
}
