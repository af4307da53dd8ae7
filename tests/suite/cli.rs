//! The program as people and scripts run it: its words, its exit codes, where it takes its settings from.

use super::service::{PATIENCE, PROGRAM, Service, VARIABLES, put};
use assert_cmd::Command;
use serde_json::Value;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Replies of the tiny library; each its own question.
const ENTRIES: [(&str, &str); 3] = [
    (
        "售中/催发货.md",
        "---\ntitle: 催发货\nquestions: [怎么还没发货, 什么时候发货]\nshortcut: cfh\n---\n\n催促发货时用。\n\n> 亲，订单 {{订单号}} 今天发出。\n",
    ),
    (
        "售后/退运费.md",
        "---\ntitle: 退货运费谁出\nquestions: [运费险怎么赔]\nchannels: [抖音]\n---\n\n问运费时用。\n\n> 有运费险的，保险赔给您。\n",
    ),
    ("政策/无理由.md", "---\ntitle: 七天无理由退货\nkind: policy\n---\n\n签收后七天内可以退。\n"),
];

/// A working directory with the tiny library in `kb`.
fn desk() -> TempDir {
    let desk = tempfile::tempdir().unwrap();
    for (path, text) in ENTRIES {
        put(desk.path(), &format!("kb/{path}"), text);
    }
    desk
}

/// The program with nothing of the tester's own settings.
fn huashu(desk: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    for name in VARIABLES {
        command.env_remove(name);
    }
    command.current_dir(desk).timeout(PATIENCE);
    command
}

/// Exit code, standard output and standard error.
fn run(mut command: Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn run_in(desk: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = huashu(desk);
    command.args(arguments);
    run(command)
}

fn json_of(desk: &Path, arguments: &[&str]) -> Value {
    let (code, out, err) = run_in(desk, &[arguments, &["--json"]].concat());
    assert!(code < 2, "{arguments:?}: {err}");
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}"))
}

#[test]
fn exit_codes_and_words_are_as_the_help_says() {
    let desk = desk();
    put(desk.path(), "broken/a.md", "---\ntitle: 甲\nvalid: {from: 明天}\n---\n\n> 好\n");
    put(desk.path(), "warned/a.md", "---\ntitle: 甲\nquestions: [乙]\nkeey: 丙\n---\n\n> 好\n");
    put(desk.path(), "q.tsv", "q1\t怎么还没发货\n");
    put(desk.path(), "bad.tsv", "q1 no tab\n");
    put(desk.path(), "qrels", "q1 0 催发货 3\n");
    put(desk.path(), "other.qrels", "q9 0 催发货 3\n");
    let check = |arguments: &[&str], code: i32, out: &str, err: &str| {
        let found = run_in(desk.path(), arguments);
        assert!(found.0 == code && found.1.contains(out) && found.2.contains(err), "{arguments:?}: {found:#?}");
        assert_eq!(found.2.matches("错误：").count(), usize::from(code == 2), "told once: {found:#?}");
    };
    check(&["--help"], 0, "用法: huashu [选项] <命令>", "");
    check(&["search", "--help"], 0, "--channel", "");
    check(&["phrasings", "list", "--help"], 0, "用法: huashu phrasings list [选项]", "");
    check(&["--version"], 0, "huashu 0.", "");
    check(&["search", "怎么还没发货"], 0, "催发货", "");
    check(&["search", "完全无关的外星飞船"], 0, "没有找到", "");
    check(&["check"], 0, "没有问题：3 个条目", "");
    check(&["check", "--kb", "warned"], 0, "1 个警告：1 个条目", "");
    check(&["check", "--kb", "broken"], 1, "错误[bad-date]", "");
    check(&["check", "--kb", "missing"], 2, "", "知识库 missing 读不了：没有这个文件或文件夹");
    check(&["check", "elsewhere"], 2, "", "elsewhere 不在知识库 kb 里");
    check(&["serch"], 2, "", "没有 serch 这个命令，是不是");
    check(&["search"], 2, "", "缺少 <TEXT>");
    check(&["search", "--chanel", "千牛", "x"], 2, "", "不认识 --chanel，是不是 --channel？");
    check(&["search", "--limit", "101", "x"], 2, "", "应是 1 到 100 的整数");
    check(&["search", "--limit", "many", "x"], 2, "", "\"many\"");
    check(&["search", "--kind", "faq", "x"], 2, "", "应是 answer、policy、case");
    check(&["search", "--channel", "电报", "x"], 2, "", "没有 \"电报\" 这个渠道，可以是：千牛");
    check(&["check", "--color", "blue"], 2, "", "可以是：auto、always、never");
    check(&["export"], 2, "", "--format");
    check(&["export", "--format", "pdf"], 2, "", "应是 csv、tsv、xlsx、jsonl、qianniu");
    check(&["export", "--output", "a.doc"], 2, "", "请用 --format");
    check(&["import", "missing.csv", "--into", "kb/新"], 2, "", "missing.csv 读不出来：没有这个文件或文件夹");
    check(&["import", "q.tsv"], 2, "", "--into");
    check(&["eval", "--queries", "q.tsv", "--qrels", "qrels"], 0, "success@1  1.0000", "");
    check(&["eval", "--queries", "bad.tsv", "--qrels", "qrels"], 2, "", "bad.tsv 读不懂：第 1 行应写成「qid TAB text」");
    check(&["eval", "--queries", "q.tsv", "--qrels", "other.qrels"], 2, "", "编号对得上吗");
    check(&["serve", "--listen", "0.0.0.0:0"], 2, "", "不是本机地址");
    check(&["serve", "--listen", "7700"], 2, "", "应是 地址:端口");
    check(&["serve", "--json=3"], 2, "", "--json 后面多了 \"3\"");
    check(&["search", "--limit", "3", "--limit", "4", "x"], 2, "", "--limit <N> 只能给一次");
    check(&["serve", "--poll", "0"], 2, "", "应是 1 到 86400 秒");
    check(&["new", "催发货"], 2, "", "编号 催发货 已经有了：售中/催发货.md");
    check(&["completions", "fish"], 0, "complete -c huashu", "");
    check(&["completions", "csh"], 2, "", "可以是：bash");
}

/// What `check` prints of [`problems_are_printed_as_a_compiler_does`]'s library.
const GOLDEN: &str = "\
警告[unknown-key]: 不认识的键「keey」，它的值不起作用；请删去，或对照 docs/format.md 里的键
 --> kb/售前/链接.md:4:1
  |
4 | keey: 丙
  | ^^^^

错误[broken-link]: 链接失效：知识库里没有 售前/没有.md
 --> kb/售前/链接.md:7:2
  |
7 | 见[说明](没有.md)。
  |   ^^^^^^^^^^^^^^^

错误[full-width-colon]: 「标题」后面是全角冒号「：」；请改成半角冒号加一个空格「标题: 」
 --> kb/售后/坏.md:3:3
  |
3 | 标题：甲
  |     ^^

2 个错误，1 个警告：4 个条目
";

#[test]
fn problems_are_printed_as_a_compiler_does() {
    let desk = desk();
    put(desk.path(), "kb/售后/坏.md", "---\ntitle: 坏了\n标题：甲\n---\n\n> 好\n");
    put(desk.path(), "kb/售前/链接.md", "---\ntitle: 链接\nquestions: [在哪看]\nkeey: 丙\n---\n\n见[说明](没有.md)。\n\n> 好的\n");
    let (code, out, err) = run_in(desk.path(), &["check"]);
    assert_eq!((code, err.as_str()), (1, ""));
    assert_eq!(out, GOLDEN);
    let (code, out, _) = run_in(desk.path(), &["check", "kb/售前"]);
    assert_eq!((code, out.contains("broken-link"), out.contains("full-width-colon")), (1, true, false));
    let (code, out, _) = run_in(desk.path(), &["check", "售中/催发货.md"]);
    assert_eq!((code, out.as_str()), (0, "没有问题：1 个条目\n"));
    let problems = json_of(desk.path(), &["check"]);
    assert_eq!((&problems["errors"], &problems["warnings"], &problems["entries"]), (&2.into(), &1.into(), &4.into()));
    let codes: Vec<&str> = problems["problems"].as_array().unwrap().iter().map(|problem| problem["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["unknown-key", "broken-link", "full-width-colon"]);
}

#[test]
fn nearly_equal_replies_are_told_of() {
    let desk = desk();
    put(desk.path(), "kb/售后/双.md", "---\ntitle: 双\nquestions: [双]\nkeey: 丙\n---\n\n> 亲，订单 {{订单号}} 今天发出！\n");
    let codes = |arguments: &[&str]| -> Vec<String> {
        let problems = json_of(desk.path(), arguments)["problems"].as_array().unwrap().clone();
        problems.iter().map(|problem| format!("{} {}", problem["code"].as_str().unwrap(), problem["line"])).collect()
    };
    assert_eq!(codes(&["check"]), ["unknown-key 4", "similar-replies 7"]);
    assert_eq!(codes(&["check", "--similar"]), ["similar-replies 7"]);
}

#[test]
fn flags_come_before_environment_before_file_before_default() {
    let desk = desk();
    for name in ["file", "env", "flag"] {
        put(desk.path(), &format!("{name}/a.md"), format!("---\nid: {name}\ntitle: 退款\nquestions: [怎么退款]\n---\n\n> 可以退。\n"));
    }
    let check = |env: Option<&str>, flag: Option<&str>, expect: &str| {
        let mut command = huashu(desk.path());
        command.args(["search", "退货运费谁出 退款", "--limit", "1", "--json"]);
        env.map(|env| command.env("HUASHU_KB", env));
        flag.map(|flag| command.args(["--kb", flag]));
        let (_, out, err) = run(command);
        let found: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {err}"));
        assert_eq!(found["hits"][0]["id"], expect, "{env:?} {flag:?}");
    };
    check(None, None, "退运费");
    put(desk.path(), "huashu.toml", "kb = \"file\"\n");
    check(None, None, "file");
    check(Some("env"), None, "env");
    check(Some("env"), Some("flag"), "flag");
    check(None, Some("flag"), "flag");
}

#[test]
fn a_wrong_settings_file_stops_with_its_line_and_column() {
    let desk = desk();
    let check = |text: &str, parts: &[&str]| {
        put(desk.path(), "huashu.toml", text);
        let (code, _, err) = run_in(desk.path(), &["check"]);
        assert_eq!(code, 2, "{text}");
        for part in parts.iter().chain(&["huashu.toml"]) {
            assert!(err.contains(part), "{text}: {err}");
        }
    };
    check("kb = \"kb\"\nport = 3\n", &["第 2 行第 1 列", "port"]);
    check("kb = [\n", &["行"]);
    check("listen = \"0.0.0.0\"\n", &["第 1 行第 10 列", "地址:端口"]);
}

#[test]
fn colours_are_for_terminals_unless_told_otherwise() {
    let desk = desk();
    let check = |arguments: &[&str], env: Option<(&str, &str)>, expect: bool| {
        let mut command = huashu(desk.path());
        command.args(["search", "怎么还没发货"]).args(arguments);
        env.map(|(name, value)| command.env(name, value));
        assert_eq!(run(command).1.contains('\u{1b}'), expect, "{arguments:?} {env:?}");
    };
    check(&[], None, false);
    check(&["--color", "always"], None, true);
    check(&["--color", "never"], None, false);
    check(&["--color", "always"], Some(("NO_COLOR", "1")), true);
    check(&[], Some(("HUASHU_COLOR", "always")), true);
    check(&["--color", "never"], Some(("HUASHU_COLOR", "always")), false);
    check(&["--color", "always", "--json"], None, false);
    put(desk.path(), "huashu.toml", "color = \"always\"\n");
    check(&[], None, true);
    check(&[], Some(("HUASHU_COLOR", "never")), false);
    check(&["--color", "never"], None, false);
}

#[test]
fn search_shows_reply_blanks_and_marks_and_nothing_that_moves_the_cursor() {
    let desk = desk();
    put(desk.path(), "kb/逃.md", "---\ntitle: 逃\nquestions: [逃生通道在哪]\n---\n\n> 红\u{1b}[31m色\n");
    let (_, out, _) = run_in(desk.path(), &["search", "怎么还没发货"]);
    assert!(
        out.starts_with(
            "顾客情绪：焦急\n 1  催发货  标准答案  催发货  1.00\n    问法  怎么还没发货\n    话术  亲，订单 {{订单号}} 今天发出。\n    待填  订单号\n"
        ),
        "{out}"
    );
    let (_, out, _) = run_in(desk.path(), &["search", "--channel", "千牛", "运费险怎么赔"]);
    assert!(out.contains("退货运费谁出") && out.contains("注意  其他渠道"), "{out}");
    let (_, out, _) = run_in(desk.path(), &["search", "逃生通道在哪"]);
    assert!(out.contains("红[31m色"), "{out}");
    let (_, out, _) = run_in(desk.path(), &["search", "--kind", "政策", "退货"]);
    assert!(out.contains("无理由") && !out.contains("退运费"), "{out}");
    let mut command = huashu(desk.path());
    command.args(["search", "-", "--limit", "1"]).write_stdin("你好\n\n怎么还没发货\n");
    assert!(run(command).1.contains("催发货"));
}

#[test]
fn search_tells_what_stops_routine_replies_and_who_takes_over() {
    let desk = desk();
    put(desk.path(), "kb/lexicon/emotions.yaml", "risk:\n  - {name: 起火, words: [冒烟, 烧起来], entry: 安全-起火}\n");
    put(desk.path(), "kb/安全-起火.md", "---\ntitle: 起火\nquestions: [充电着火了]\n---\n\n> 请先断电，离远一点。\n");
    let (_, out, _) = run_in(desk.path(), &["search", "充电器冒烟了"]);
    assert!(out.contains("注意：起火（冒烟）。先停用常规话术，按「安全-起火」处理\n"), "{out}");
    let (_, out, _) = run_in(desk.path(), &["search", "怎么还没发货"]);
    assert!(!out.contains("停用常规话术"), "{out}");
}

#[test]
fn search_in_json_has_the_shape_of_the_api() {
    let desk = desk();
    let found = json_of(desk.path(), &["search", "cfh", "--explain"]);
    for key in ["query_id", "hits", "facets", "total", "took_ms", "emotion", "act", "confident", "truncated"] {
        assert!(found.get(key).is_some(), "{key}: {found}");
    }
    let hit = &found["hits"][0];
    assert_eq!((&hit["id"], &hit["kind"], &hit["score"]), (&"催发货".into(), &"answer".into(), &1.0.into()));
    assert_eq!(hit["replies"][0]["missing"], serde_json::json!(["订单号"]));
    let sum: f64 = hit["why"].as_array().unwrap().iter().map(|why| why["value"].as_f64().unwrap()).sum();
    assert!((sum - hit["score"].as_f64().unwrap()).abs() < 1e-3, "{hit}");
    assert!(json_of(desk.path(), &["search", "cfh"])["hits"][0].get("why").is_none());
}

#[test]
fn an_import_says_what_became_of_each_row() {
    let desk = desk();
    put(desk.path(), "kb/library.toml", "format = 1\n");
    put(desk.path(), "表.csv", "编号,问题,答案,状态\na1,能开发票吗,可以开电子发票,启用\na2,能刻字吗,可以,停用\n催发货,别的,别的,启用\n");
    let outcomes = |arguments: &[&str]| -> Vec<String> {
        let report = json_of(desk.path(), &[&["import", "表.csv", "--into", "kb/导入"], arguments].concat());
        report["rows"].as_array().unwrap().iter().map(|row| row["outcome"].as_str().unwrap().to_owned()).collect()
    };
    let tried = outcomes(&["--dry-run"]);
    assert!(!desk.path().join("kb/导入").exists());
    assert_eq!(tried, ["created", "created", "refused"]);
    assert_eq!(outcomes(&[]), tried);
    assert_eq!(outcomes(&[]), ["unchanged", "unchanged", "refused"]);
    let (code, out, _) = run_in(desk.path(), &["import", "表.csv", "--into", "kb/导入"]);
    assert_eq!(code, 1);
    assert!(out.contains("售中/催发货.md") && out.contains("新建 0，更新 0，未变 2，保留 0，拒绝 1；共 3 行"), "{out}");
    put(desk.path(), "无表头.csv", "b1,能改地址吗,发货前可以改\n");
    let (code, out, _) = run_in(desk.path(), &["import", "无表头.csv", "--into", "kb/导入", "--columns", "编号,问题,答案"]);
    assert!(code == 0 && out.contains("新建 1"), "{out}");
    let (_, out, _) = run_in(desk.path(), &["search", "能改地址吗"]);
    assert!(out.contains("发货前可以改"), "{out}");
}

#[test]
fn what_is_exported_comes_back_as_the_same_library() {
    let desk = desk();
    for format in ["csv", "xlsx", "jsonl"] {
        let (file, into) = (format!("out.{format}"), format!("back-{format}"));
        let (code, _, err) = run_in(desk.path(), &["export", "--format", format, "--output", &file]);
        assert_eq!(code, 0, "{format}: {err}");
        let (code, out, err) = run_in(desk.path(), &["import", &file, "--into", &into]);
        assert_eq!((code, out.contains("新建 3")), (0, true), "{format}: {out}{err}");
        for (path, text) in ENTRIES {
            assert_eq!(fs::read_to_string(desk.path().join(&into).join(path)).unwrap(), text, "{format} {path}");
        }
    }
    let (code, out, _) = run_in(desk.path(), &["export", "--format", "jsonl"]);
    assert_eq!((code, out), (0, fs::read_to_string(desk.path().join("out.jsonl")).unwrap()));
}

#[test]
fn eval_measures_writes_a_run_and_names_entries_that_are_not_there() {
    let desk = desk();
    put(desk.path(), "q.tsv", "q1\t怎么还没发货\nq2\t运费险怎么赔\nq3\t没有标注\n");
    put(desk.path(), "qrels", "q1 0 催发货 3\nq2 0 不在 3\n");
    let mut command = huashu(desk.path());
    command.args(["eval", "--queries", "q.tsv", "--qrels", "qrels", "--run", "out.run", "--json"]);
    let (code, out, err) = run(command);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["asked"], &report["questions"], &report["success_1"]), (0, &3.into(), &2.into(), &0.5.into()));
    assert!(report["latency_ms"]["p99"].as_f64().unwrap() > 0.0);
    assert!(err.contains("标注里有 1 个条目知识库没有：不在"), "{err}");
    assert!(fs::read_to_string(desk.path().join("out.run")).unwrap().starts_with("q1 Q0 催发货 1 "));
    let graded = json_of(desk.path(), &["eval", "--queries", "q.tsv", "--qrels", "qrels", "--min-grade", "2"]);
    assert_eq!(graded["min_grade"], 2);
}

#[test]
fn eval_with_labels_judges_confidence_emotion_and_stage() {
    let desk = desk();
    put(desk.path(), "q.tsv", "q1\t怎么还没发货\nq2\t那个呢\nq3\t骗子\n");
    put(desk.path(), "qrels", "q1 0 催发货 3\n");
    put(desk.path(), "labels", "q1\ty\tanxious\tmid\nq2\tn\tcalm\tother\nq3\tn\tangry\tother\n");
    let arguments = ["eval", "--queries", "q.tsv", "--qrels", "qrels", "--labels", "labels"];
    let labels = json_of(desk.path(), &arguments)["labels"].clone();
    assert_eq!((&labels["labelled"], &labels["confidence"]["auroc"]), (&3.into(), &1.0.into()), "{labels}");
    assert_eq!((&labels["confidence"]["answerable"], &labels["confidence"]["unanswerable"]), (&1.into(), &2.into()));
    assert_eq!((&labels["emotion"]["f1"], &labels["stage"]["accuracy"]), (&1.0.into(), &1.0.into()), "{labels}");
    let (code, out, _) = run_in(desk.path(), &arguments);
    assert_eq!((code, out.contains("置信 AUROC  1.0000"), out.contains("情绪 F1  1.0000")), (0, true, true), "{out}");
    put(desk.path(), "labels", "q1\ty\thappy\tmid\n");
    let (code, _, err) = run_in(desk.path(), &arguments);
    assert_eq!((code, err.contains("第 1 行应写成「qid TAB y|n")), (2, true), "{err}");
}

#[test]
fn golden_questions_tell_what_moved_since_the_last_run() {
    let desk = desk();
    let golden = |arguments: &[&str]| run_in(desk.path(), &[&["check", "--golden"], arguments].concat());
    let (code, _, err) = golden(&[]);
    assert_eq!((code, err.contains("golden.tsv 不存在")), (2, true), "{err}");
    put(desk.path(), "kb/golden.tsv", "# 问题\n亲怎么还没发货呀\t催发货\t1\n月球怎么去\t不在\t3\n");
    // A miss is no loss.
    let (code, out, err) = golden(&[]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    for part in ["没进前列  月球怎么去", "不在（知识库没有这个条目）", "2 个问题：第一条就是 50.0%", "第一次运行"]
    {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert_eq!(golden(&["--strict"]).0, 1);
    let (code, out, _) = golden(&[]);
    assert_eq!((code, out.contains("和上次一样")), (0, true), "{out}");
    // Another entry takes its place.
    put(desk.path(), "kb/抢.md", "---\ntitle: 抢\nquestions: [亲怎么还没发货呀]\n---\n> 在催了。\n");
    let mut command = huashu(desk.path());
    command.args(["check", "--golden", "--json"]);
    let (code, out, _) = run(command);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &report["lost"], &report["gained"], &report["first_run"]), (1, &1.into(), &0.into(), &false.into()), "{report}");
    let moved = &report["moved"][0];
    assert_eq!(
        (&moved["entry"], &moved["before"], &moved["rank"], &moved["first"]),
        (&"催发货".into(), &1.into(), &2.into(), &"抢".into())
    );
    assert_eq!((report["misses"].as_array().unwrap().len(), &report["success_3"]), (2, &0.5.into()));
    // It is out again, and told as better.
    fs::remove_file(desk.path().join("kb/抢.md")).unwrap();
    let (code, out, _) = golden(&[]);
    assert_eq!((code, out.contains("变好  第 2 → 第 1  催发货")), (0, true), "{out}");
    // A state that nobody can read is as none.
    put(desk.path(), "data/kb/golden.json", "{");
    let (code, out, _) = golden(&[]);
    assert_eq!((code, out.contains("第一次运行")), (0, true), "{out}");
    put(desk.path(), "kb/golden.tsv", "怎么还没发货 催发货\n");
    let (code, _, err) = golden(&[]);
    assert_eq!((code, err.contains("第 1 行应写成「question TAB entry TAB n")), (2, true), "{err}");
}

#[test]
fn an_index_is_written_once_and_anew_where_asked() {
    let desk = desk();
    let touched = |arguments: &[&str]| json_of(desk.path(), arguments)["touched"].clone();
    assert_eq!(touched(&["index"]), 3);
    assert!(desk.path().join("index/kb").is_dir());
    assert_eq!(touched(&["index"]), 0);
    assert_eq!(touched(&["index", "--rebuild"]), 3);
}

#[test]
fn a_new_entry_is_well_formed_and_a_draft_until_it_says_something() {
    let desk = desk();
    let made = json_of(desk.path(), &["new", "能开发票吗？", "--folder", "售前", "--question", "开票吗", "--reply", "可以开：电子发票 #1"]);
    assert_eq!((&made["id"], &made["path"]), (&"能开发票吗".into(), &"售前/能开发票吗.md".into()));
    for (title, kind) in [("草稿甲", "answer"), ("草稿乙", "policy"), ("草稿丙", "case")] {
        assert_eq!(run_in(desk.path(), &["new", title, "--kind", kind]).0, 0, "{title}");
    }
    let problems = json_of(desk.path(), &["check"]);
    assert_eq!((&problems["entries"], &problems["errors"], &problems["warnings"]), (&7.into(), &0.into(), &1.into()));
    assert_eq!((&problems["problems"][0]["code"], &problems["problems"][0]["path"]), (&"no-question".into(), &"草稿甲.md".into()));
    assert!(run_in(desk.path(), &["search", "开票吗"]).1.contains("话术  可以开：电子发票 #1"));
    assert!(!run_in(desk.path(), &["search", "草稿甲"]).1.contains("草稿甲"));
    assert_eq!(run_in(desk.path(), &["new", "能开发票吗"]).0, 2);
}

#[test]
fn who_closes_the_pipe_hears_no_complaint() {
    let desk = desk();
    // More than any buffer on the way holds.
    put(desk.path(), "kb/长.md", format!("---\ntitle: 长\nquestions: [长吗]\n---\n{}\n\n> 好\n", "说明。".repeat(100_000)));
    for format in ["jsonl", "csv", "tsv", "xlsx"] {
        let mut child = std::process::Command::new(PROGRAM)
            .args(["export", "--format", format])
            .current_dir(desk.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""), "{format}");
    }
}

/// The tiny library, served.
fn serve(desk: &Path) -> Service {
    let service = Service::start(desk);
    assert_eq!((&service.said["entries"], &service.said["problems"]), (&3.into(), &0.into()));
    service
}

#[test]
fn a_folder_has_one_server_at_a_time_and_others_read_beside_it() {
    let desk = desk();
    let server = serve(desk.path());
    assert!(server.get("/healthz").0 == 200);
    for arguments in [["serve", "--listen=127.0.0.1:0"], ["index", "--rebuild"]] {
        let (code, _, err) = run_in(desk.path(), &arguments);
        assert!(code == 2 && err.contains("另一个进程正在写索引"), "{arguments:?}: {err}");
    }
    assert_eq!(run_in(desk.path(), &["search", "怎么还没发货"]).0, 0);
    put(desk.path(), "huashu.toml", format!("listen = {:?}\n", server.address));
    let (code, _, err) = run_in(desk.path(), &["serve", "--index", "other"]);
    assert!(code == 2 && err.contains(&server.address) && err.contains("--listen"), "{err}");
}

#[cfg(unix)]
#[test]
fn a_server_ends_well_when_it_is_told_to_stop() {
    let desk = desk();
    let mut server = serve(desk.path());
    let mut panel = TcpStream::connect(&server.address).unwrap();
    panel.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(panel, "GET /v1/notices HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).unwrap();
    let mut heard = [0; 2_048];
    let begun = panel.read(&mut heard).unwrap();
    assert!(heard[..begun].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&heard));
    let told = std::process::Command::new("kill").args(["-TERM", &server.child.id().to_string()]).status().unwrap();
    assert!(told.success());
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = server.child.try_wait().unwrap() {
            break status;
        }
        assert!(begin.elapsed() < PATIENCE, "still running");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(0));
    let mut rest = String::new();
    panel.read_to_string(&mut rest).unwrap();
    assert!(rest.ends_with("0\r\n\r\n"), "an open stream of notices is ended, not cut: {rest:?}");
    serve(desk.path());
}
