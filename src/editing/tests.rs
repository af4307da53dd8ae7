use super::*;
use std::fs;

struct Desk {
    dir: tempfile::TempDir,
    _data: tempfile::TempDir,
    editing: Editing,
}

impl Desk {
    async fn new() -> Desk {
        let (dir, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let register = Register::open(data.path()).await.unwrap();
        Desk { editing: Editing::new(dir.path(), register), dir, _data: data }
    }

    fn author() -> Author {
        Author::new("小李", Way::Studio, " 改口径 ")
    }

    /// The history of an entry, oldest first: action, way, path, content.
    async fn history(&self, entry_id: &str) -> Vec<String> {
        let register = self.editing.register();
        let (mut versions, _) = register.versions_of_entry(entry_id, 100, 0).await.unwrap();
        versions.reverse();
        let mut told = Vec::new();
        for version in versions {
            let text = match version.hash {
                Some(hash) => String::from_utf8(register.text(hash).await.unwrap().unwrap()).unwrap(),
                None => String::new(),
            };
            told.push(format!("{} {} {} {text}", version.action.as_str(), version.way.as_str(), version.path));
        }
        told
    }
}

fn hash_of(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[tokio::test]
async fn an_entry_is_made_changed_moved_removed_and_brought_back_and_the_history_has_every_text() {
    let desk = Desk::new().await;
    let apply = async |change: Change| desk.editing.apply(change, &Desk::author()).await.unwrap();
    let made = apply(Change::write("物流/催.md", "一".into(), Expected::Absent)).await;
    assert_eq!((made.entry_id.as_deref(), made.hash), (Some("催"), Some(hash_of("一"))));
    apply(Change::write("物流/催.md", "二".into(), Expected::Version(hash_of("一")))).await;
    // The name gives the id where the file does not, so that a move to another folder keeps it.
    apply(Change::relocate("物流/催.md", "售后/催.md", "三".into(), hash_of("二"))).await;
    assert!(!desk.dir.path().join("物流/催.md").exists());
    apply(Change::remove("售后/催.md", hash_of("三"))).await;
    let back = apply(Change::write("售后/催.md", "二".into(), Expected::Absent).restoring()).await;
    assert_eq!(fs::read_to_string(desk.dir.path().join("售后/催.md")).unwrap(), "二");
    let expect = [
        "create studio 物流/催.md 一",
        "save studio 物流/催.md 二",
        "move studio 售后/催.md 三",
        "delete studio 售后/催.md ",
        "restore studio 售后/催.md 二",
    ];
    assert_eq!(desk.history("催").await, expect);
    let version = desk.editing.register().version(&back.version).await.unwrap().unwrap();
    assert_eq!((version.who.as_str(), version.why.as_str()), ("小李", "改口径"));
    assert_eq!(desk.editing.register().intended_versions().await.unwrap(), []);
}

#[tokio::test]
async fn what_was_written_beside_us_is_kept_before_it_is_replaced() {
    let desk = Desk::new().await;
    fs::write(desk.dir.path().join("催.md"), "别人写的").unwrap();
    let change = Change::write("催.md", "我写的".into(), Expected::Version(hash_of("别人写的")));
    desk.editing.apply(change, &Desk::author()).await.unwrap();
    assert_eq!(desk.history("催").await, ["create file 催.md 别人写的", "save studio 催.md 我写的"]);
}

#[tokio::test]
async fn who_is_second_changes_nothing_and_leaves_no_version() {
    let desk = Desk::new().await;
    fs::write(desk.dir.path().join("催.md"), "先到").unwrap();
    for change in [
        Change::write("催.md", "后到".into(), Expected::Absent),
        Change::write("催.md", "后到".into(), Expected::Version(hash_of("更早"))),
        Change::remove("催.md", hash_of("更早")),
        Change::relocate("催.md", "别处.md", "后到".into(), hash_of("更早")),
        Change::write("没有.md", "后到".into(), Expected::Version(hash_of("更早"))),
    ] {
        let error = desk.editing.apply(change.clone(), &Desk::author()).await.unwrap_err();
        assert!(matches!(error, EditingError::Write(WriteError::Conflict { .. })), "{change:?}: {error}");
    }
    let taken = Change::relocate("催.md", "占.md", "先到".into(), hash_of("先到"));
    fs::write(desk.dir.path().join("占.md"), "占着").unwrap();
    assert!(desk.editing.apply(taken, &Desk::author()).await.is_err());
    let contents = ["催.md", "占.md"].map(|path| fs::read_to_string(desk.dir.path().join(path)).unwrap());
    assert_eq!(contents, ["先到", "占着"]);
    assert_eq!(desk.history("催").await, ["create file 催.md 先到"]);
    assert_eq!(desk.editing.register().intended_versions().await.unwrap(), []);
}

#[tokio::test]
async fn of_many_changes_each_answers_for_itself() {
    let desk = Desk::new().await;
    fs::write(desk.dir.path().join("7.md"), "占着").unwrap();
    let changes = (0..BATCH + 20).map(|n| Change::write(&format!("{n}.md"), n.to_string().into_bytes(), Expected::Absent));
    let outcomes = desk.editing.apply_all(changes.collect(), &Desk::author()).await.unwrap();
    assert_eq!(outcomes.len(), BATCH + 20);
    let failed: Vec<usize> = outcomes.iter().enumerate().filter(|(_, outcome)| outcome.is_err()).map(|(at, _)| at).collect();
    assert_eq!(failed, [7]);
    assert_eq!(outcomes[510].as_ref().unwrap().path, "510.md");
    assert_eq!(fs::read_to_string(desk.dir.path().join("519.md")).unwrap(), "519");
}
