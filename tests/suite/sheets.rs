//! Tables in and out, on real files and folders.

use huashu::library::{self, Library};
use huashu::sheets::import::{self, Conflict, Options, Outcome};
use huashu::sheets::{Format, export, table};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const KEEP: Options<'static> = Options { library: None, overwrite: false, by_name: false, shop: None };
const OVERWRITE: Options<'static> = Options { library: None, overwrite: true, by_name: false, shop: None };

/// Imports a table and gives `row id outcome`, a refusal with its column and reason.
fn import_table(table: &table::Table, dir: &Path, options: Options<'_>) -> Vec<String> {
    let plan = import::plan(table, dir, options, |_, _| {}).unwrap();
    let planned: Vec<Outcome> = plan.rows.iter().map(|row| row.outcome.clone()).collect();
    let rows = import::apply(plan, |_, _| {}).unwrap();
    assert_eq!(planned, rows.iter().map(|row| row.outcome.clone()).collect::<Vec<_>>());
    let outcome = |outcome: &Outcome| match outcome {
        Outcome::Created => "created".to_owned(),
        Outcome::Updated => "updated".to_owned(),
        Outcome::Unchanged => "unchanged".to_owned(),
        Outcome::Conflict(Conflict::Edited { row_changed: true }) => "conflict, both changed".to_owned(),
        Outcome::Conflict(Conflict::Edited { row_changed: false }) => "conflict".to_owned(),
        Outcome::Conflict(Conflict::NotImported) => "conflict, not imported".to_owned(),
        Outcome::Conflict(Conflict::Meanwhile) => "conflict, meanwhile".to_owned(),
        Outcome::Conflict(Conflict::Own) => unreachable!("files are nobody's own"),
        Outcome::Refused(fault) => {
            format!("refused {}: {}", fault.column.map_or_else(String::new, |column| column.to_string()), fault.reason.en)
        }
    };
    rows.iter().map(|row| format!("{} {} {}", row.row, row.id.as_deref().unwrap_or("-"), outcome(&row.outcome))).collect()
}

fn import_csv(text: &str, dir: &Path, options: Options<'_>) -> Vec<String> {
    import_table(&table::read(text.as_bytes(), Some(Format::Csv), None).unwrap(), dir, options)
}

/// Every file below a folder, dotfiles included.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    fn collect(dir: &Path, root: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
        for item in fs::read_dir(dir).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                collect(&path, root, files);
            } else {
                files.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    collect(dir, dir, &mut found);
    found
}

fn entries(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    files(dir).into_iter().filter(|(path, _)| path.ends_with(".md")).collect()
}

fn text(dir: &Path, path: &str) -> String {
    fs::read_to_string(dir.join(path)).unwrap()
}

/// A path that is not there yet.
fn new_dir() -> (tempfile::TempDir, std::path::PathBuf) {
    let above = tempfile::tempdir().unwrap();
    let dir = above.path().join("kb");
    (above, dir)
}

const FAQ: &str = "编号,分类,问题,相似问法,答案,标签,渠道,状态,有效期从,备注,客服
a1,物流/发货,怎么还没发货？,\"什么时候发货
几时发|怎么还没发货？\",\"亲，*今天*就发。
请稍等\",\"催单,物流\",千牛、抖音,启用,,,小王
a2,售后,能退货吗,,7 天内可以。,,全部,停用,2026/11/1,只给售后看,
";

#[test]
fn a_row_becomes_a_file_that_says_what_the_row_says() {
    let (_above, dir) = new_dir();
    assert_eq!(import_csv(FAQ, &dir, KEEP), ["2 a1 created", "3 a2 created"]);
    assert_eq!(
        text(&dir, "物流/发货/怎么还没发货.md"),
        "---\nid: a1\ntitle: 怎么还没发货？\nquestions:\n  - 什么时候发货\n  - 几时发\ncategory: 物流/发货\ntags: [催单, 物流]\nchannels: [千牛, 抖音]\n---\n\n\
         > 亲，\\*今天\\*就发。\n> 请稍等\n"
    );
    assert_eq!(
        text(&dir, "售后/能退货吗.md"),
        "---\nid: a2\ntitle: 能退货吗\ncategory: 售后\nvalid: {from: 2026-11-01}\nstate: retired\nnote: 只给售后看\n---\n\n> 7 天内可以。\n"
    );
    assert_eq!(text(&dir, "library.toml"), "format = 1\n");
    let library = library::load(&dir, None).unwrap();
    let reply = &library.entries.iter().find(|entry| &*entry.id == "a1").unwrap().replies[0];
    assert_eq!(reply.text(), "亲，*今天*就发。\n请稍等");
}

#[test]
fn columns_that_nobody_knows_are_told() {
    let (_above, dir) = new_dir();
    let plan = import::plan(&table::read(FAQ.as_bytes(), None, None).unwrap(), &dir, KEEP, |_, _| {}).unwrap();
    assert_eq!(plan.unused.iter().map(|unused| unused.name.as_str()).collect::<Vec<_>>(), ["客服"]);
    assert!(!dir.exists(), "a plan writes nothing");
}

#[test]
fn twice_is_as_once() {
    let (_above, dir) = new_dir();
    import_csv(FAQ, &dir, KEEP);
    let before = files(&dir);
    for options in [KEEP, OVERWRITE] {
        assert_eq!(import_csv(FAQ, &dir, options), ["2 a1 unchanged", "3 a2 unchanged"]);
        assert_eq!(files(&dir), before);
    }
    // Hashes are a short cut and a memory, not what makes it so.
    fs::remove_file(dir.join(".huashu-import.jsonl")).unwrap();
    assert_eq!(import_csv(FAQ, &dir, KEEP), ["2 a1 unchanged", "3 a2 unchanged"]);
    assert_eq!(files(&dir), before);
}

#[test]
fn a_changed_row_changes_its_lines_and_an_empty_cell_nothing() {
    let (_above, dir) = new_dir();
    import_csv(FAQ, &dir, KEEP);
    let before = text(&dir, "物流/发货/怎么还没发货.md");
    let changed = "编号,分类,问题,答案,标签,状态,有效期至\na1,,,明天发,,停用,2026-12-31\na2,,,,,启用,2026-12-31 20:00\n";
    assert_eq!(import_csv(changed, &dir, KEEP), ["2 a1 updated", "3 a2 updated"]);
    let expect = before
        .replace("> 亲，\\*今天\\*就发。\n> 请稍等\n", "> 明天发\n")
        .replace("channels: [千牛, 抖音]\n", "channels: [千牛, 抖音]\nvalid: {until: 2026-12-31}\nstate: retired\n");
    assert_eq!(text(&dir, "物流/发货/怎么还没发货.md"), expect);
    let other = text(&dir, "售后/能退货吗.md");
    assert!(other.contains("valid: {from: 2026-11-01, until: 2026-12-31 20:00}\nstate: approved\n"), "{other}");
    assert_eq!(import_csv(changed, &dir, KEEP), ["2 a1 unchanged", "3 a2 unchanged"]);
}

#[test]
fn a_file_edited_here_is_kept_unless_overwritten() {
    let (_above, dir) = new_dir();
    import_csv(FAQ, &dir, KEEP);
    let path = "售后/能退货吗.md";
    let edited = text(&dir, path).replace("能退货吗\n", "可以退货吗\n") + "\n先问原因。\n";
    fs::write(dir.join(path), &edited).unwrap();
    assert_eq!(import_csv(FAQ, &dir, KEEP), ["2 a1 unchanged", "3 a2 conflict"]);
    let changed = FAQ.replace("7 天内", "15 天内");
    assert_eq!(import_csv(&changed, &dir, KEEP), ["2 a1 unchanged", "3 a2 conflict, both changed"]);
    assert_eq!(text(&dir, path), edited);
    assert_eq!(import_csv(&changed, &dir, OVERWRITE), ["2 a1 unchanged", "3 a2 updated"]);
    // Only what the row says: the trainer's advice is not in the table.
    assert_eq!(text(&dir, path), edited.replace("可以退货吗\n", "能退货吗\n").replace("7 天内", "15 天内"));
    assert_eq!(import_csv(&changed, &dir, KEEP), ["2 a1 unchanged", "3 a2 unchanged"]);
}

#[test]
fn an_edit_that_the_row_does_not_touch_is_no_conflict_and_is_not_forgotten() {
    let (_above, dir) = new_dir();
    import_csv(FAQ, &dir, KEEP);
    let path = "售后/能退货吗.md";
    let edited = text(&dir, path) + "\n> 另一种说法\n";
    fs::write(dir.join(path), &edited).unwrap();
    assert_eq!(import_csv(FAQ, &dir, KEEP)[1], "3 a2 unchanged");
    assert_eq!(import_csv(&FAQ.replace("7 天内", "15 天内"), &dir, KEEP)[1], "3 a2 conflict, both changed");
    assert_eq!(text(&dir, path), edited);
}

#[test]
fn files_that_are_there_already_are_found_by_id_wherever_they_are() {
    let (_above, dir) = new_dir();
    fs::create_dir_all(dir.join("x")).unwrap();
    fs::write(dir.join("x/随便.md"), "---\n编号: A1\n标题: 怎么还没发货？\n---\n> 马上\n").unwrap();
    assert_eq!(import_csv("id,question,answer\na1,,马上\n", &dir, KEEP), ["2 a1 unchanged"]);
    assert_eq!(import_csv("id,question,answer\na1,,不发\n", &dir, KEEP), ["2 a1 conflict, not imported"]);
    assert_eq!(import_csv("id,question,answer\na1,发货,不发\n", &dir, OVERWRITE), ["2 a1 updated"]);
    assert_eq!(text(&dir, "x/随便.md"), "---\n编号: A1\n标题: 发货\n---\n> 不发\n");
    fs::rename(dir.join("x/随便.md"), dir.join("移走.md")).unwrap();
    assert_eq!(import_csv("id,question,answer\na1,发货,发了\n", &dir, KEEP), ["2 a1 updated"]);
    assert_eq!(entries(&dir).len(), 1);
}

#[test]
fn a_folder_of_a_library_takes_only_what_is_new_or_its_own() {
    let library = tempfile::tempdir().unwrap();
    fs::write(library.path().join("library.toml"), "format = 1\n").unwrap();
    fs::write(library.path().join("a1.md"), "> 马上\n").unwrap();
    let dir = library.path().join("导入");
    let outcomes = import_csv("id,question,answer\na1,发货,不发\na2,退货,可以\n", &dir, KEEP);
    assert!(outcomes[0].starts_with("2 a1 refused : the id `a1` is that of a1.md in another folder"), "{outcomes:?}");
    assert_eq!(outcomes[1], "3 a2 created");
    assert_eq!(files(&dir).into_keys().collect::<Vec<_>>(), [".huashu-import.jsonl", "退货.md"]);
    assert_eq!(import_csv("id,question,answer\na2,退货,可以\n", &dir, KEEP), ["2 a2 unchanged"]);
}

#[test]
fn a_library_without_settings_is_the_callers_and_one_below_is_not_walked_over() {
    let above = tempfile::tempdir().unwrap();
    let (kb, dir) = (above.path().join("kb"), above.path().join("kb/导入"));
    fs::create_dir(&kb).unwrap();
    fs::write(kb.join("a1.md"), "> 马上\n").unwrap();
    let options = Options { library: Some(&kb), ..KEEP };
    let rows = "id,question,answer\na1,发货,不发\na2,退货,可以\n";
    let outcomes = import_csv(rows, &dir, options);
    assert!(outcomes[0].starts_with("2 a1 refused : the id `a1` is that of a1.md in another folder"), "{outcomes:?}");
    assert_eq!(outcomes[1], "3 a2 created");
    assert!(!dir.join("library.toml").exists() && !kb.join("library.toml").exists(), "what is there stays as it is");
    // A library that is still to be made is made whole, with its settings at the top.
    let new = above.path().join("new");
    assert_eq!(import_csv(rows, &new.join("导入"), Options { library: Some(&new), ..KEEP }), ["2 a1 created", "3 a2 created"]);
    assert!(new.join("library.toml").exists() && !new.join("导入/library.toml").exists());
    // Beside a library is no place for files, whether its settings or the caller tell of it.
    let table = table::read(rows.as_bytes(), None, None).unwrap();
    for (options, holds) in [(KEEP, "new"), (options, "kb")] {
        let error = import::plan(&table, above.path(), options, |_, _| {}).unwrap_err().to_string();
        assert!(error.ends_with(&format!("is no library and holds one, {holds}: import into a folder of that")), "{error}");
    }
    assert!(!above.path().join("退货.md").exists());
}

#[test]
fn ids_come_from_the_column_or_group_and_code_or_the_text() {
    let (_above, dir) = new_dir();
    let phrases = "快捷短语编码,快捷短语,快捷短语分组\nfh,亲，今天发货哦,发货 咨询\n,\"您好，欢迎光临小店，有什么可以帮您\",\n,\"您好，欢迎光临小店，有什么可以帮您\",\n";
    let outcomes = import_csv(phrases, &dir, KEEP);
    assert_eq!(outcomes[0], "2 发货-咨询-fh created");
    assert!(outcomes[1].starts_with("3 import-") && outcomes[1].ends_with(" created"), "{outcomes:?}");
    assert_eq!(outcomes[2], "4 - refused : row 3 says the same");
    assert_eq!(text(&dir, "您好，欢迎光临小店.md").lines().nth(2), Some("title: 您好，欢迎光临小店"));
    assert!(text(&dir, "发货 咨询/亲，今天发货哦.md").contains("shortcut: fh\n"));
    // Two answers to one question are two entries, and an answer that is corrected is the same one.
    let same = "question,answer\n能退吗,可以\n能退吗,七天内可以\n";
    assert!(import_csv(same, &dir, KEEP).iter().all(|outcome| outcome.ends_with(" created")));
    let outcomes = import_csv(&same.replace("可以\n能", "可以的\n能"), &dir, KEEP);
    assert!(outcomes[0].ends_with(" updated") && outcomes[1].ends_with(" unchanged"), "{outcomes:?}");
    assert_eq!(entries(&dir).len(), 4);
}

#[test]
fn refused_rows_say_where_and_why_and_stop_nobody() {
    let (_above, dir) = new_dir();
    let rows = "编号,问题,答案,状态,kind,有效期至,folder,file\n\
                a b,问,答,,,,,\n\
                a1,问,答,大概,,,,\n\
                a2,问,答,,诗,,,\n\
                a3,问,答,,,明天,,\n\
                a4,问,答,,,,../x,\n\
                a5,问,答,,,,,README.md\n\
                a6,,,启用,,,,\n\
                ,,,启用,,,,\n\
                a7,问,答,,,,,,多\n\
                a8,有问无答,,,,,,\n\
                A8,问,答,,,,,\n";
    let expect = [
        "2 - refused 1: the id `a b` has white space",
        "3 - refused 4: the state `大概` should be",
        "4 - refused 5: the kind `诗` should be",
        "5 - refused 6: `明天` is no date",
        "6 - refused 7: `..` is no name for a file",
        "7 - refused 8: the file `README.md` should be name.md",
        "8 a6 refused : there is neither a question nor an answer",
        "9 - refused : there is neither an id nor",
        "10 - refused 9: more cells than the header's 8",
        "11 a8 created",
        "12 A8 refused : row 11 has the id `A8` already",
    ];
    let found = import_csv(rows, &dir, KEEP);
    for (found, expect) in found.iter().zip(expect) {
        assert!(found.starts_with(expect), "{found} is not {expect}");
    }
    assert_eq!(found.len(), expect.len());
    assert_eq!(text(&dir, "有问无答.md"), "---\nid: a8\ntitle: 有问无答\n---\n");
}

#[test]
fn a_broken_file_is_neither_written_over_nor_doubled() {
    let (_above, dir) = new_dir();
    import_csv(FAQ, &dir, KEEP);
    let path = "售后/能退货吗.md";
    fs::write(dir.join(path), "---\nid: [\n---\n").unwrap();
    for options in [KEEP, OVERWRITE] {
        let outcomes = import_csv(FAQ, &dir, options);
        assert!(outcomes[1].contains("cannot be read"), "{outcomes:?}");
    }
    assert_eq!((text(&dir, path).as_str(), entries(&dir).len()), ("---\nid: [\n---\n", 2));
}

#[test]
fn a_file_written_between_plan_and_apply_is_kept() {
    let (_above, dir) = new_dir();
    import_csv(FAQ, &dir, KEEP);
    let changed = FAQ.replace("7 天内", "15 天内") + "a3,,新问题,,新答案,,,,,,\n";
    let plan = import::plan(&table::read(changed.as_bytes(), None, None).unwrap(), &dir, KEEP, |_, _| {}).unwrap();
    fs::write(dir.join("售后/能退货吗.md"), "> 手改\n").unwrap();
    fs::write(dir.join("新问题.md"), "> 手写\n").unwrap();
    let rows = import::apply(plan, |_, _| {}).unwrap();
    let conflicts = rows.iter().filter(|row| row.outcome == Outcome::Conflict(Conflict::Meanwhile)).count();
    assert_eq!((conflicts, text(&dir, "售后/能退货吗.md"), text(&dir, "新问题.md")), (2, "> 手改\n".to_owned(), "> 手写\n".to_owned()));
}

#[test]
fn an_import_that_stops_says_how_far_it_came_and_goes_on_next_time() {
    let (_above, dir) = new_dir();
    let table = table::read(FAQ.as_bytes(), None, None).unwrap();
    let plan = import::plan(&table, &dir, KEEP, |_, _| {}).unwrap();
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("售后"), "").unwrap();
    match import::apply(plan, |_, _| {}) {
        Err(error @ import::ImportError::Stopped { .. }) => assert!(error.to_string().contains("售后/能退货吗.md"), "{error}"),
        other => panic!("{other:?}"),
    }
    let outcomes = import_table(&table, &dir, KEEP);
    assert_eq!(outcomes[1], "3 a2 refused : 售后/ should be a folder and is a file");
    fs::remove_file(dir.join("售后")).unwrap();
    assert_eq!(import_table(&table, &dir, KEEP), ["2 a1 unchanged", "3 a2 created"]);
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_an_import_out_of_its_folder() {
    let (above, dir) = new_dir();
    let outside = above.path().join("outside");
    fs::create_dir_all(&outside).unwrap();
    fs::create_dir_all(&dir).unwrap();
    std::os::unix::fs::symlink(&outside, dir.join("售后")).unwrap();
    let plan = import::plan(&table::read(FAQ.as_bytes(), None, None).unwrap(), &dir, KEEP, |_, _| {}).unwrap();
    let rows = import::apply(plan, |_, _| {}).unwrap();
    assert!(matches!(rows[0].outcome, Outcome::Created), "{rows:?}");
    assert!(matches!(rows[1].outcome, Outcome::Refused(_)), "{rows:?}");
    assert_eq!(files(&outside).len(), 0);
}

#[test]
fn one_table_in_every_format_makes_one_library() {
    let rows = [["编号", "问题", "答案", "标签"], ["7", "怎么退货", "第一行\n=第二行", "退货,售后"], ["8", "𠮷野家在哪", "@客服", ""]];
    let csv = |separator: &str| {
        let quoted = rows.map(|row| row.map(|cell| format!("\"{cell}\"")).join(separator));
        quoted.join("\r\n")
    };
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            match cell.parse::<f64>() {
                Ok(number) => sheet.write(row as u32, column as u16, number).unwrap(),
                Err(_) => sheet.write_string(row as u32, column as u16, *cell).unwrap(),
            };
        }
    }
    let jsonl = "{\"编号\":7,\"问题\":\"怎么退货\",\"答案\":\"第一行\\n=第二行\",\"标签\":[\"退货\",\"售后\"]}\n\
                 {\"编号\":8,\"问题\":\"𠮷野家在哪\",\"答案\":\"@客服\"}";
    let files_of_all: [(&str, Vec<u8>); 7] = [
        ("a.csv", csv(",").into_bytes()),
        ("bom.csv", format!("\u{feff}{}", csv(",")).into_bytes()),
        ("gb18030.csv", encoding_rs::GB18030.encode(&csv(",")).0.into_owned()),
        ("semicolon.csv", csv(";").into_bytes()),
        ("a.tsv", csv("\t").into_bytes()),
        ("a.xlsx", workbook.save_to_buffer().unwrap()),
        ("a.jsonl", jsonl.into()),
    ];
    let mut first = None;
    for (name, bytes) in files_of_all {
        let (above, dir) = new_dir();
        let path = above.path().join(name);
        fs::write(&path, bytes).unwrap();
        let outcomes = import_table(&table::read_file(&path, None).unwrap(), &dir, KEEP);
        assert!(outcomes.iter().all(|outcome| outcome.ends_with(" created")), "{name} {outcomes:?}");
        let found = entries(&dir);
        assert_eq!(*first.get_or_insert_with(|| found.clone()), found, "{name}");
    }
    assert_eq!(first.unwrap().len(), 2);
}

#[test]
fn a_table_without_a_header_is_read_by_given_names() {
    let (_above, dir) = new_dir();
    let names = ["shortcut", "-", "answer"].map(str::to_owned);
    let table = table::read("fh,旧,今天发\nth,旧,可以退\n".as_bytes(), None, Some(&names)).unwrap();
    assert_eq!(import_table(&table, &dir, KEEP), ["1 fh created", "2 th created"]);
    assert_eq!(text(&dir, "今天发.md"), "---\nid: fh\ntitle: 今天发\nshortcut: fh\n---\n\n> 今天发\n");
}

fn export_to(library: &Library, format: Format) -> Vec<u8> {
    let (exported, missing) = export::read(library);
    assert_eq!(missing, []);
    let mut bytes = Vec::new();
    export::export(&exported, format, &mut bytes).unwrap();
    bytes
}

const FORMATS: [Format; 4] = [Format::Csv, Format::Tsv, Format::Xlsx, Format::Jsonl];

/// Exports a library in each format, imports it into an empty folder, and compares every byte of every entry.
fn check_round_trip(dir: &Path) {
    let library = library::load(dir, None).unwrap();
    for format in FORMATS {
        let bytes = export_to(&library, format);
        let table = table::read(&bytes, Some(format), None).unwrap();
        let (_above, copy) = new_dir();
        let plan = import::plan(&table, &copy, KEEP, |_, _| {}).unwrap();
        assert_eq!(plan.unused, []);
        import::apply(plan, |_, _| {}).unwrap();
        let served: BTreeMap<_, _> =
            entries(dir).into_iter().filter(|(path, _)| library.entries.iter().any(|entry| entry.path == *path)).collect();
        let copied = entries(&copy);
        assert_eq!(copied.keys().collect::<Vec<_>>(), served.keys().collect::<Vec<_>>(), "{format:?}");
        for (path, bytes) in &served {
            assert!(
                copied[path] == *bytes,
                "{format:?} {path}: {:?}",
                String::from_utf8_lossy(&copied[path]).chars().take(200).collect::<String>()
            );
        }
        // Home again nothing is new.
        let outcomes = import::plan(&table, dir, KEEP, |_, _| {}).unwrap().rows;
        assert!(outcomes.iter().all(|row| row.outcome == Outcome::Unchanged), "{format:?}");
    }
}

#[test]
fn the_shipped_library_comes_back_byte_for_byte() {
    let kb = Path::new(env!("CARGO_MANIFEST_DIR")).join("kb");
    let (_above, dir) = new_dir();
    for (path, bytes) in files(&kb) {
        let target = dir.join(path);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        fs::write(target, bytes).unwrap();
    }
    check_round_trip(&dir);
}

#[test]
fn unusual_files_come_back_byte_for_byte() {
    let (_above, dir) = new_dir();
    fs::create_dir_all(dir.join("深/更深")).unwrap();
    let long: String = (0..40_000).map(|number| if number % 50 == 49 { '\n' } else { '字' }).collect();
    for (path, text) in [
        ("crlf.md", "---\r\nid: x1\r\ntitle: 换行\r\n---\r\n\r\n> 一\r\n> 二\r\n".to_owned()),
        ("没有编号.md", "> 只有话术，没有换行结尾".to_owned()),
        ("深/更深/全角.md", "---\nid: ＡＢ\ntitle: ＂全角＂，＝１＋１\nshortcut: 007\n---\n> ＠客服\n\n\n".to_owned()),
        ("深/bom.md", "\u{feff}---\nid: x2\n---\n> 有标记\n".to_owned()),
        ("长.md", format!("---\nid: x3\n---\n{long}\n\n> 😀{}\n", "😀".repeat(20_000))),
        ("公式.md", "=1+1\n\n> +1\n".to_owned()),
        ("单引号.md", "'=1\n\n> '-1, \"引号\", a;b\tc\n".to_owned()),
        ("控制.md", "\u{1}_x000D_ _x005F_ \r 孤立回车\u{b}\u{85}\u{2028}\n\n> a &amp; <b>\n".to_owned()),
        ("空白.md", "  \n\n \t> x \n   ".to_owned()),
    ] {
        fs::write(dir.join(path), text).unwrap();
    }
    check_round_trip(&dir);
}

#[test]
fn an_export_without_its_markdown_changes_only_what_was_edited() {
    let (_above, dir) = new_dir();
    fs::create_dir_all(&dir).unwrap();
    let file = "---\nid: a\ntitle: 发货\ntags: [甲, 乙]\nstage: 售中\nvalid: {from: 2026-11-10 20:00, until: 2026-11-12}\n---\n先看订单。\n\n> 今天发\n>\n> ***\n> 请等\n\n## 抖音\n> 马上发\n";
    fs::write(dir.join("发货.md"), file).unwrap();
    let library = library::load(&dir, None).unwrap();
    for format in FORMATS {
        let bytes = export_to(&library, format);
        let mut table = table::read(&bytes, Some(format), None).unwrap();
        let markdown = table.columns.iter().position(|name| name == "markdown").unwrap();
        table.columns[markdown] = "-".to_owned();
        assert_eq!(
            import_table(&table, &dir, OVERWRITE),
            [format!("{} a unchanged", if format == Format::Jsonl { 1 } else { 2 })],
            "{format:?}"
        );
        let reply = table.rows[0].cells.iter().position(|cell| cell.starts_with("今天发")).unwrap();
        table.rows[0].cells[reply] = "明天发".to_owned();
        import_table(&table, &dir, OVERWRITE);
        assert_eq!(text(&dir, "发货.md"), file.replace("> 今天发\n>\n> ***\n> 请等\n", "> 明天发\n"), "{format:?}");
        fs::write(dir.join("发货.md"), file).unwrap();
    }
}

#[test]
fn an_entry_keeps_its_id_and_text_where_its_file_name_is_lost() {
    let (_above, dir) = new_dir();
    fs::create_dir_all(&dir).unwrap();
    let file = "---\ntitle: 另一个名字\n---\n> 今天发\n";
    fs::write(dir.join("发货.md"), file).unwrap();
    let bytes = export_to(&library::load(&dir, None).unwrap(), Format::Csv);
    let mut table = table::read(&bytes, Some(Format::Csv), None).unwrap();
    let place = table.columns.iter().position(|name| name == "file").unwrap();
    table.columns[place] = "-".to_owned();
    let (_above, copy) = new_dir();
    assert_eq!(import_table(&table, &copy, KEEP), ["2 发货 created"]);
    assert_eq!(text(&copy, "发货.md"), file);
}

#[test]
fn a_csv_export_is_what_excel_opens_without_harm() {
    let (_above, dir) = new_dir();
    fs::create_dir_all(&dir).unwrap();
    fs::write(dir.join("a.md"), "---\ntitle: =HYPERLINK(\"x\")\nnote: '@x'\n---\n> -1\n").unwrap();
    let text = String::from_utf8(export_to(&library::load(&dir, None).unwrap(), Format::Csv)).unwrap();
    assert!(text.starts_with("\u{feff}编号,分类,标题,"), "{text}");
    assert!(text.ends_with("\"\r\n"), "{text}");
    for cell in ["\"'=HYPERLINK(\"\"x\"\")\"", ",'-1,", ",'@x,", "\"'---\n"] {
        assert!(text.contains(cell), "{cell} in {text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_entry_comes_back_byte_for_byte(
        bodies in proptest::collection::vec("([ '=+@\t\r\n#>*_x0-9|;,\"{}-]|\\PC|[　Ａ，。退货]){0,60}", 1..4),
        crlf in any::<bool>(),
    ) {
        let (_above, dir) = new_dir();
        fs::create_dir_all(dir.join("夹")).unwrap();
        for (number, body) in bodies.iter().enumerate() {
            let file = format!("---\nid: e{number}\ntitle: 第{number}条\n---\n{body}\n\n> {body}\n");
            let file = if crlf { file.replace('\n', "\r\n") } else { file };
            fs::write(dir.join(format!("夹/{number}.md")), file).unwrap();
        }
        check_round_trip(&dir);
    }

    #[test]
    fn any_plain_answer_is_sent_as_it_was_written(answer in "([ '=+#>*_0-9|.,\"<&`~{}!-]|\\[|\\]|\\PC|[，。退货\n]){1,60}") {
        prop_assume!(!answer.trim().is_empty() && !answer.lines().any(|line| line.trim() == "***"));
        let (_above, dir) = new_dir();
        let row = serde_json::json!({"id": "a", "question": "问", "answer": answer}).to_string();
        let table = table::read(row.as_bytes(), Some(Format::Jsonl), None).unwrap();
        prop_assert_eq!(import_table(&table, &dir, KEEP), ["1 a created"]);
        prop_assert_eq!(import_table(&table, &dir, OVERWRITE), ["1 a unchanged"]);
        fs::remove_file(dir.join(".huashu-import.jsonl")).unwrap();
        prop_assert_eq!(import_table(&table, &dir, KEEP), ["1 a unchanged"]);
    }
}
