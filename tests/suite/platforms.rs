//! Tables of other programs: out of a library and in again, and files as those programs and LibreOffice write them.

use crate::service::{PROGRAM, VARIABLES, put as put_text};
use crate::team::{Team, read};
use huashu::library;
use huashu::sheets::Format;
use huashu::sheets::export::{self, Target};
use huashu::sheets::import::{self, Options, Outcome};
use huashu::sheets::platform::Platform;
use huashu::sheets::source::{self, By, Reading};
use serde_json::Value;
use std::fs;
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::Command;

/// A library with what is hard to carry: lines, markup, formulas, alternatives, no shortcut.
fn library_in(dir: &Path) {
    let files = [
        ("library.toml", "format = 1\n"),
        (
            "售后/退货.md",
            "---\nid: a1\ntitle: 怎么退货\nquestions: [想退, 退货流程]\ncategory: 售后/退货\nshortcut: th\ntags: [退货, 运费]\nnote: 七天内\nchannels: [千牛]\n---\n\n> 亲，<七天> & 内能退\n> 第二行\n\n> 另一种说法\n",
        ),
        ("售后/公式.md", "---\nid: a2\ntitle: =1+1 等于几\ncategory: 售后/公式\nshortcut: gs\n---\n\n> -5 元，@客服\n"),
    ];
    for (path, text) in files {
        fs::create_dir_all(dir.join(path).parent().unwrap()).unwrap();
        fs::write(dir.join(path), text).unwrap();
    }
}

fn plan(bytes: &[u8], format: Option<Format>, dir: &Path) -> (Option<Platform>, Vec<String>) {
    let source = source::read(bytes, &Reading { format, ..Reading::default() }).unwrap();
    let options = Options { library: Some(dir), by_name: source.platform.is_some(), ..Options::default() };
    let plan = import::plan(&source.table, dir, options, |_, _| {}).unwrap();
    let rows = import::apply(plan, |_, _| {}).unwrap();
    let row = |row: &import::RowOutcome| {
        let why = row.outcome.reason().map_or_else(String::new, |reason| format!(" ({})", reason.en));
        format!("{} {}{why}", row.id.as_deref().unwrap_or("-"), row.outcome.as_str())
    };
    (source.platform, rows.iter().map(row).collect())
}

#[test]
fn what_goes_out_for_a_program_comes_back_as_the_same_entries() {
    for platform in Platform::ALL {
        for container in ["csv", "xlsx"] {
            let dir = tempfile::tempdir().unwrap();
            library_in(dir.path());
            let target = Target::parse(platform.as_str(), Some(container)).unwrap();
            let loaded = library::load(dir.path(), None).unwrap();
            let mut bytes = Vec::new();
            export::export_as(&export::read(&loaded).0, target, &mut bytes).unwrap();
            let (seen, mut rows) = plan(&bytes, Format::parse(container), dir.path());
            rows.sort();
            assert_eq!(
                (seen, rows),
                (Some(platform), vec!["a1 unchanged".to_owned(), "a2 unchanged".to_owned()]),
                "{platform:?} {container}"
            );
            if container == "csv" {
                let text = String::from_utf8(bytes).unwrap();
                let risky = text.lines().flat_map(|line| line.split(',')).filter(|cell| cell.starts_with(['=', '+', '-', '@'])).count();
                assert_eq!(risky, 0, "{platform:?}: {text}");
            }
            // A new library of it says the same.
            let new = tempfile::tempdir().unwrap();
            let into = new.path().join("kb");
            let source = source::read(&fs::read(put(new.path(), container, dir.path(), target)).unwrap(), &Reading::default()).unwrap();
            let made = import::plan(&source.table, &into, Options { by_name: true, ..Options::default() }, |_, _| {}).unwrap();
            assert!(made.rows.iter().all(|row| row.outcome == Outcome::Created), "{platform:?}: {:?}", made.rows);
            import::apply(made, |_, _| {}).unwrap();
            let made = library::load(&into, None).unwrap();
            let first = made.entries.iter().find(|entry| entry.replies[0].text().contains("七天")).unwrap();
            assert_eq!(first.replies[0].text(), "亲，<七天> & 内能退\n第二行", "{platform:?}");
            assert_eq!(first.replies.len(), if platform == Platform::Lanren { 2 } else { 1 }, "{platform:?}");
        }
    }
}

/// The export of a library as a file of its own.
fn put(dir: &Path, container: &str, of: &Path, target: Target) -> std::path::PathBuf {
    let loaded = library::load(of, None).unwrap();
    let mut bytes = Vec::new();
    export::export_as(&export::read(&loaded).0, target, &mut bytes).unwrap();
    let path = dir.join(format!("table.{container}"));
    fs::write(&path, bytes).unwrap();
    path
}

/// A workbook as LibreOffice and web programs write it: texts in the cells themselves, in runs, and a number for an id.
fn foreign_workbook() -> Vec<u8> {
    let sheet = r#"<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
<row r="1"><c r="A1" t="inlineStr"><is><t>分段标题（选填）</t></is></c><c r="B1" t="inlineStr"><is><r><t>分段内容</t></r><r><t>（必填，问题答案，最长不超过4096个字符）</t></r></is></c><c r="C1" t="inlineStr"><is><t>问题（选填，单元格内一行一个）</t></is></c></row>
<row r="2"><c r="A2"><v>12306</v></c><c r="B2" t="inlineStr"><is><t xml:space="preserve">先查 一下 </t></is></c><c r="C2" t="inlineStr"><is><t>火车票
电话多少</t></is></c></row>
</sheetData></worksheet>"#;
    let parts = [
        (
            "[Content_Types].xml",
            r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#,
        ),
        (
            "_rels/.rels",
            r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#,
        ),
        (
            "xl/workbook.xml",
            r#"<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>"#,
        ),
        (
            "xl/_rels/workbook.xml.rels",
            r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#,
        ),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn files_as_the_programs_write_them_are_read() {
    let check = |bytes: &[u8], platform: Platform, title: &str, questions: &[&str], reply: &str| {
        let above = tempfile::tempdir().unwrap();
        let dir = above.path().join("kb");
        let source = source::read(bytes, &Reading::default()).unwrap();
        assert_eq!(source.platform, Some(platform));
        let plan = import::plan(&source.table, &dir, Options { by_name: true, ..Options::default() }, |_, _| {}).unwrap();
        import::apply(plan, |_, _| {}).unwrap();
        let made = library::load(&dir, None).unwrap();
        let entry = &made.entries[0];
        let asked: Vec<&str> = entry.questions.iter().map(String::as_str).collect();
        assert_eq!((entry.title.as_str(), asked.as_slice(), entry.replies[0].text().as_str()), (title, questions, reply), "{platform:?}");
    };
    check(&foreign_workbook(), Platform::Maxkb, "12306", &["火车票", "电话多少"], "先查 一下");
    let zammad = "id,name,keywords,content,note,active\n7,改地址,\"地址, 改\",\"<div>亲，<b>发货前</b>能改</div><div>请报新地址&nbsp;</div>\",,true\n";
    check(zammad.as_bytes(), Platform::Zammad, "改地址", &[], "亲，发货前能改\n请报新地址");
    let (gbk, ..) = encoding_rs::GB18030.encode("快捷短语编码,快捷短语,快捷短语分组\r\nfh,亲，今天就发,物流\r\n");
    check(&gbk, Platform::Qianniu, "亲，今天就发", &[], "亲，今天就发");
    check("匹配关键词,回复内容,平台\n,,\n退货|怎么退,可以退的,千牛\n".as_bytes(), Platform::Lanren, "退货", &["怎么退"], "可以退的");
    let briskine = "id,title,shortcut,subject,to,cc,bcc,tags,body\n5c2f,Hi,h,,,,,\"a, b\",Hello<br>there\n";
    check(briskine.as_bytes(), Platform::Briskine, "Hi", &[], "Hello\nthere");
    check("问题,答案\n能退吗,能\n".as_bytes(), Platform::Qa, "能退吗", &[], "能");
    let chosen = Reading { by: By::Us, ..Reading::default() };
    assert_eq!(source::read("问题,答案\n能退吗,能\n".as_bytes(), &chosen).unwrap().platform, None);
}

#[test]
fn equal_codes_of_two_shops_stay_two_entries() {
    let dir = tempfile::tempdir().unwrap();
    library_in(dir.path());
    let (_, rows) = plan("快捷短语编码,快捷短语,快捷短语分组\nth,旗舰店的退货,旗舰店\nth,又一句,旗舰店\n".as_bytes(), None, dir.path());
    assert_eq!(rows[0], "旗舰店-th created", "the same code in another group is another phrase");
    assert!(rows[1].starts_with("旗舰店-th refused"), "a code is there once: {rows:?}");
}

#[test]
fn equal_codes_of_two_shops_sets_stay_two_entries_and_come_again_unchanged() {
    let dir = tempfile::tempdir().unwrap();
    library_in(dir.path());
    fs::create_dir_all(dir.path().join("shops")).unwrap();
    for shop in ["旗舰店", "专卖店"] {
        fs::write(dir.path().join(format!("shops/{shop}.yaml")), format!("name: {shop}\n")).unwrap();
    }
    let import = |shop: &str, words: &str| {
        let table = format!("快捷短语编码,快捷短语,快捷短语分组\nfh,{words},物流\ngs,\"-5 元，@客服\",售后/公式\n");
        let source = source::read(table.as_bytes(), &Reading::default()).unwrap();
        let options = Options { library: Some(dir.path()), by_name: true, shop: Some(shop), ..Options::default() };
        let rows = import::apply(import::plan(&source.table, dir.path(), options, |_, _| {}).unwrap(), |_, _| {}).unwrap();
        rows.iter().map(|row| format!("{} {}", row.id.as_deref().unwrap_or("-"), row.outcome.as_str())).collect::<Vec<_>>()
    };
    // What is for all shops is theirs too.
    assert_eq!(import("旗舰店", "今天发"), ["旗舰店-物流-fh created", "a2 unchanged"]);
    assert_eq!(import("专卖店", "明天发"), ["专卖店-物流-fh created", "a2 unchanged"]);
    assert_eq!(import("旗舰店", "今天发"), ["旗舰店-物流-fh unchanged", "a2 unchanged"]);
    assert_eq!(import("专卖店", "后天发"), ["专卖店-物流-fh updated", "a2 unchanged"]);
    let made = library::load(dir.path(), None).unwrap();
    let problems: Vec<&str> = made.problems.iter().map(|problem| problem.code.as_str()).collect();
    assert!(!problems.contains(&"duplicate-shortcut"), "a code is unique per shop: {problems:?}");
    let said = |shop: &str| {
        let (mut entries, _) = export::read(&made);
        export::keep_shop(&mut entries, shop, &made);
        let mut bytes = Vec::new();
        export::export_as(&entries, Target::parse("qianniu", None).unwrap(), &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    assert!(said("旗舰店").contains("fh,今天发,物流") && !said("旗舰店").contains("后天发"), "{}", said("旗舰店"));
    assert!(said("专卖店").contains("fh,后天发,物流"), "{}", said("专卖店"));
}

#[tokio::test(flavor = "multi_thread")]
async fn team_and_personal_sets_use_the_same_codes_and_neither_touches_the_other() {
    let team = Team::new().await;
    let import = async |who: &str, path: &str, words: &str| {
        let table = format!("快捷短语编码,快捷短语,快捷短语分组\nfhsj,{words},物流/发货\n,亲，{words},我的\n");
        let (status, answer) = read(team.ask(Some(who), "POST", path, Some(&table)).await).await;
        assert_eq!(status, 200, "{answer}");
        let rows = answer["rows"].as_array().unwrap().iter();
        rows.map(|row| format!("{} {}", row["id"].as_str().unwrap_or("-"), row["outcome"].as_str().unwrap())).collect::<Vec<_>>()
    };
    let own = async |who: &str| -> Vec<(String, String)> {
        let kept = team.register.private_entries(who).await.unwrap();
        kept.into_iter().map(|words| (words.shortcut.unwrap_or_default(), words.text)).collect()
    };
    let file = || fs::read_to_string(team.kb.join("物流/发货时间.md")).unwrap();
    let before = file();
    assert_eq!(import("小李", "/v1/private/import?dry_run=true", "马上发").await, ["fhsj created", "亲，马上发 created"]);
    assert!(own("小李").await.is_empty(), "a dry run keeps nothing");
    assert_eq!(import("小李", "/v1/private/import", "马上发").await, ["fhsj created", "亲，马上发 created"]);
    assert_eq!(import("小李", "/v1/private/import", "马上发").await, ["fhsj unchanged", "亲，马上发 unchanged"]);
    assert_eq!(import("小李", "/v1/private/import", "慢慢发").await, ["fhsj conflict", "亲，慢慢发 created"]);
    assert!(own("小李").await.contains(&("fhsj".to_owned(), "马上发".to_owned())), "what one has stays");
    assert_eq!(import("小李", "/v1/private/import?overwrite=true", "慢慢发").await, ["fhsj updated", "亲，慢慢发 unchanged"]);
    assert_eq!(own("小李").await.len(), 3, "nothing is dropped");
    assert_eq!(import("乙客服", "/v1/private/import", "乙的话").await[0], "fhsj created", "everybody has a set of their own");
    assert_eq!(file(), before, "a personal set is not the library's");
    assert_eq!(import("培训", "/v1/import?into=物流", "48 小时内发货。").await[0], "发货时间 unchanged");
    assert!(own("培训").await.is_empty(), "the team's set is nobody's own");
    let text = async |who: &str, path: &str| {
        let response = team.ask(Some(who), "GET", path, None).await;
        assert_eq!(response.status(), 200, "{path}");
        String::from_utf8(axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()).unwrap()
    };
    let (mine, ours) = (text("小李", "/v1/private/export?format=qianniu").await, text("培训", "/v1/export?format=qianniu").await);
    assert!(mine.contains("fhsj,慢慢发,") && !mine.contains("48 小时") && !mine.contains("乙的话"), "{mine}");
    assert!(ours.contains("fhsj,48 小时内发货。") && !ours.contains("慢慢发"), "{ours}");
    let (status, again) = read(team.ask(Some("小李"), "POST", "/v1/private/import", Some(&mine)).await).await;
    assert_eq!((status.as_u16(), &again["counts"]["unchanged"]), (200, &3.into()), "what went out comes back as the same: {again}");
    assert_eq!(team.ask(Some("小李"), "GET", "/v1/private/export?format=jsonl", None).await.status(), 400);
}

#[test]
fn commands_keep_the_sets_apart_too() {
    let desk = tempfile::tempdir().unwrap();
    library_in(&desk.path().join("kb"));
    put_text(desk.path(), "我的.csv", "快捷短语编码,快捷短语,快捷短语分组\nth,我这样说退货,我的\n");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(PROGRAM);
        for name in VARIABLES {
            command.env_remove(name);
        }
        let output = command.args(arguments).current_dir(desk.path()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    assert_eq!(run(&["user", "add", "小李", "--role", "agent"]).0, 0);
    let check = |arguments: &[&str], code: i32, said: &str| {
        let (found, out, err) = run(arguments);
        assert!(found == code && format!("{out}{err}").contains(said), "{arguments:?}: {found}\n{out}{err}");
    };
    check(&["import", "我的.csv"], 2, "--into");
    check(&["import", "我的.csv", "--set", "personal"], 2, "--user");
    check(&["import", "我的.csv", "--set", "team"], 2, "--into");
    check(&["import", "我的.csv", "--set", "personal", "--user", "没有的人"], 2, "没有账号");
    check(&["import", "我的.csv", "--set", "personal", "--user", "小李", "--dry-run"], 0, "新建 1");
    check(&["import", "我的.csv", "--set", "personal", "--user", "小李"], 0, "新建 1");
    check(&["import", "我的.csv", "--set", "personal", "--user", "小李"], 0, "未变 1");
    check(&["export", "--set", "personal", "--user", "小李", "--format", "qianniu"], 0, "th,我这样说退货,");
    check(&["export", "--set", "personal", "--user", "小李", "--format", "jsonl"], 2, "个人短语只能写成");
    let team = run(&["export", "--format", "qianniu"]).1;
    assert!(team.contains("th,\"亲，<七天> & 内能退") && !team.contains("我这样说"), "{team}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_over_the_api_is_tried_then_made_and_stands_in_the_history() {
    let team = Team::new().await;
    let table = "快捷短语编码,快捷短语,快捷短语分组,谁写的\nfp,=发票随货寄出,票据,小王\n,,票据,\n";
    let import = async |query: &str| {
        let answer = team.ask(Some("培训"), "POST", &format!("/v1/import?name=千牛.csv&into=导入{query}"), Some(table)).await;
        let (status, answer) = read(answer).await;
        assert_eq!(status, 200, "{answer}");
        answer
    };
    let tried = import("&dry_run=true").await;
    assert_eq!((tried["format"].as_str(), tried["columns"][1]["field"].as_str()), (Some("qianniu"), Some("reply")), "{tried}");
    assert_eq!((&tried["columns"][3]["field"], &tried["columns"][3]["samples"]), (&Value::Null, &serde_json::json!(["小王"])), "{tried}");
    assert_eq!((&tried["rows"][0]["outcome"], &tried["rows"][1]["outcome"]), (&"created".into(), &"refused".into()), "{tried}");
    assert!(!team.kb.join("导入").exists(), "a dry run writes nothing");
    let made = import("").await;
    assert_eq!((&made["counts"]["created"], &made["rows"][0]["id"]), (&1.into(), &"票据-fp".into()), "{made}");
    let (status, entry) = read(team.ask(Some("培训"), "GET", "/v1/entries/票据-fp", None).await).await;
    assert_eq!((status.as_u16(), entry["entry"]["replies"][0]["segments"][0]["text"].as_str()), (200, Some("=发票随货寄出")), "{entry}");
    let (versions, _) = team.register.versions_of_entry("票据-fp", 9, 0).await.unwrap();
    assert_eq!(
        (versions.len(), versions[0].way.as_str(), versions[0].who.as_str(), versions[0].why.as_str()),
        (1, "import", "培训", "导入 千牛.csv")
    );
    assert_eq!(import("").await["counts"]["unchanged"], 1, "twice is as once");
    let named = import("&dry_run=true&columns=-,title,category,note&format=sheet").await;
    assert_eq!(named["columns"][1]["field"], "title", "{named}");
    for (query, status) in [("into=../外面", 400), ("into=.git", 400), ("format=excel", 400), ("columns=甲,乙,丙,丁", 400)] {
        let answer = team.ask(Some("培训"), "POST", &format!("/v1/import?{query}"), Some(table)).await;
        assert_eq!(answer.status().as_u16(), status, "{query}");
    }
    let big = "a".repeat(huashu::http::MAX_IMPORT_BYTES + 1);
    assert_eq!(team.ask(Some("培训"), "POST", "/v1/import", Some(&big)).await.status().as_u16(), 413);
    let csv = team.ask(Some("培训"), "GET", "/v1/export?format=qianniu&shop=甲店", None).await;
    let text = axum::body::to_bytes(csv.into_body(), usize::MAX).await.unwrap();
    let text = String::from_utf8(text.to_vec()).unwrap();
    assert!(text.contains("jth,") && text.contains("fp,'=发票随货寄出,票据") && !text.contains("yth"), "{text}");
}
