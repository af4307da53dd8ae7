//! What is found and what is not: question → entries, on libraries of a few files. Each row breaks when the behaviour it names breaks.

use huashu::answer::{Answer, Request, answer};
use huashu::learning::Learned;
use huashu::live::Live;
use huashu::ranking::Matched;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

/// A library of entries that have a title and nothing else but a reply of the same words.
fn library(titles: &[&str]) -> (TempDir, Live) {
    let entries: Vec<(String, String)> = titles
        .iter()
        .enumerate()
        .map(|(number, title)| (format!("e{number}.md"), format!("---\ntitle: \"{title}\"\n---\n\n> {title}\n")))
        .collect();
    files(&entries.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>())
}

fn files(entries: &[(&str, &str)]) -> (TempDir, Live) {
    let dir = TempDir::new().unwrap();
    for (path, text) in entries {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).unwrap();
        fs::write(path, text).unwrap();
    }
    let live = Live::in_memory(dir.path()).unwrap();
    (dir, live)
}

fn ask(live: &Live, question: &str) -> Answer {
    answer(&live.snapshot(), &Request { limit: 20, ..Request::new(question) }).unwrap()
}

fn titles(live: &Live, question: &str) -> Vec<String> {
    ask(live, question).hits.iter().map(|hit| hit.entry.title.clone()).collect()
}

fn check(question: &str, found: &[&str], not_found: &[&str]) {
    let (_dir, live) = library(&[found, not_found, &["毫不相干的别的话题"]].concat());
    let hits = titles(&live, question);
    for title in found {
        assert!(hits.iter().any(|hit| hit == title), "{question} should find {title}, found {hits:?}");
    }
    for title in not_found {
        assert!(!hits.iter().any(|hit| hit == title), "{question} should not find {title}, found {hits:?}");
    }
}

#[test]
fn words_are_found_inside_longer_ones() {
    check("简单", &["安装简单，没有复杂的配置"], &[]);
    check("处理", &["待处理"], &[]);
    check("工程", &["在建工程"], &[]);
    check("农业", &["中国农业发展银行"], &[]);
    check("银行", &["中国农业发展银行"], &[]);
    for question in ["测试", "工具", "工具箱"] {
        check(question, &["测试工具箱"], &[]);
    }
    for question in ["永远", "远远", "传人"] {
        check(question, &["永永远远是龙的传人"], &[]);
    }
}

#[test]
fn one_wrong_character_of_the_same_sound_is_forgiven_where_it_makes_no_word() {
    check("我要退或", &["退货流程"], &[]);
    check("运费线怎么赔", &["运费险"], &[]);
    // 经典 is a word, and not 景点.
    check("经典", &[], &["景点"]);
}

#[test]
fn each_matter_of_a_message_has_its_hit() {
    let invoices = ["发票抬头开错了怎么重开", "专票要什么资料", "电子发票在哪里下载", "电子发票抬头怎么改", "发票重开要什么资料"];
    let (_dir, live) = library(&[&invoices[..], &["退货怎么退"]].concat());
    let asked = "发票抬头开错了怎么重开，专票要什么资料，电子发票在哪里下载呀？另外我想退货";
    let hits = titles(&live, asked);
    assert!(hits[..3].contains(&"退货怎么退".to_owned()) && hits[..3].contains(&invoices[0].to_owned()), "{hits:?}");
    let answer = answer(&live.snapshot(), &Request { explain: true, ..Request::new(asked) }).unwrap();
    for hit in &answer.hits {
        let sum: f32 = hit.why.iter().flatten().map(|component| component.value).sum();
        assert!((sum - hit.score).abs() < 1e-3, "{}: {sum} is not {}", hit.entry.title, hit.score);
    }
}

#[test]
fn script_width_and_case_do_not_matter() {
    check("退貨", &["怎么退货"], &[]);
    check("退货", &["怎麼退貨"], &[]);
    check("ＲＥＦＵＮＤ", &["refund 说明"], &[]);
    check("refund", &["ＲＥＦＵＮＤ 说明"], &[]);
}

#[test]
fn initials_find_titles_and_one_wrong_letter_is_forgiven() {
    let (_dir, live) = library(&["退换货", "发货时间"]);
    // Its initials are t, h, h: the third letter is off by one.
    assert_eq!(titles(&live, "thx"), ["退换货"]);
    assert_eq!(titles(&live, "thh"), ["退换货"]);
    assert_eq!(titles(&live, "tuihuan"), ["退换货"]);
    assert!(ask(&live, "thh").hits[0].score > ask(&live, "thx").hits[0].score);
}

#[test]
fn another_word_of_similar_sound_or_look_is_not_meant() {
    check("经典", &["经典款式"], &["景点门票"]);
    check("张云", &["张云的地址"], &["张广伍的地址"]);
}

#[test]
fn quotes_are_phrases_and_a_minus_excludes() {
    check("\"招商基金\" -公司", &["招商基金开户"], &["招商基金公司", "基金招商", "招商银行基金"]);
    check("“招商基金”", &["招商基金开户", "招商基金公司"], &["招商银行基金"]);
    // In a customer's message a quote is a quote.
    let long = format!("\"招商基金\" {}", "是什么意思呀我看不懂能不能帮我看一下".repeat(3));
    check(&long, &["招商基金开户", "招商银行基金"], &[]);
}

#[test]
fn a_phrase_with_one_wrong_character_is_found_below_the_exact_one() {
    let (_dir, live) = library(&["电子发嫖开具", "电子发票开具"]);
    assert_eq!(titles(&live, "电子发票开具"), ["电子发票开具", "电子发嫖开具"]);
}

#[test]
fn a_quote_under_a_heading_of_bad_examples_is_never_a_reply() {
    let (_dir, live) = files(&[(
        "a.md",
        "---\ntitle: 催单\nquestions: [怎么还没发货]\n---\n用在催单。\n\n> 马上帮您催。\n\n## 反面\n\n> 急什么急\n\n## 顾客\n\n> 怎么还没发货\n",
    )]);
    let answer = ask(&live, "急什么急");
    let replies: Vec<&str> = answer.hits[0].replies.iter().map(|reply| reply.text.as_str()).collect();
    assert_eq!(replies, ["马上帮您催。"]);
}

#[test]
fn a_shortcut_comes_first() {
    let (_dir, live) = files(&[
        ("a.md", "---\ntitle: 催发货\nshortcut: cfh\nquestions: [怎么还没发货]\n---\n> 在催了。\n"),
        ("b.md", "---\ntitle: 查发货\nquestions: [cfh 是什么]\n---\n> 在查了。\n"),
    ]);
    let answer = ask(&live, "CFH");
    assert_eq!((&*answer.hits[0].entry.id, answer.hits[0].matched), ("a", Matched::Shortcut));
}

#[test]
fn an_exact_question_outranks_everything_that_shares_words() {
    let (_dir, live) = files(&[
        ("a.md", "---\ntitle: 退款进度\nquestions: [退款什么时候到账]\n---\n> 在查了。\n"),
        ("b.md", "---\ntitle: 退款什么时候到账多久到账到账时间\nquestions: [退款多久到账, 退款到账]\n---\n> 三天。\n"),
    ]);
    let hits = ask(&live, "退款什么时候到账？").hits;
    assert_eq!((&*hits[0].entry.id, hits[0].score), ("a", 1.0));
}

#[test]
fn filters_and_validity_hide_and_nothing_else_does() {
    let (_dir, live) = files(&[
        ("a.md", "---\ntitle: 退货\nchannels: [抖音]\nauthority: 主管\n---\n> 甲。\n"),
        ("b.md", "---\ntitle: 退货\nstate: retired\n---\n> 乙。\n"),
        ("c.md", "---\ntitle: 退货\nstate: draft\n---\n> 丙。\n"),
        ("d.md", "---\ntitle: 退货\nvalid: {until: 2020-01-01}\n---\n> 丁。\n"),
        ("e.md", "---\ntitle: 退货规定\nkind: policy\n---\n戊。\n"),
        ("f.md", "---\ntitle: 新退货\nreplaces: [g]\n---\n> 己。\n"),
        ("g.md", "---\ntitle: 退货\n---\n> 庚。\n"),
        ("h.md", "---\ntitle: 退货\nvalid: {from: 2099-01-01}\n---\n> 辛。\n"),
    ]);
    let mut request = Request::new("退货");
    request.context.channel = Some("千牛".into());
    let found = answer(&live.snapshot(), &request).unwrap();
    let mut ids: Vec<&str> = found.hits.iter().map(|hit| &*hit.entry.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["a", "e", "f"]);
    let marked = found.hits.iter().find(|hit| &*hit.entry.id == "a").unwrap();
    assert_eq!(marked.marks, [huashu::answer::Mark::OtherChannel, huashu::answer::Mark::AboveAuthority]);
    request.filter.kinds = vec![huashu::entry::Kind::Policy];
    assert_eq!(answer(&live.snapshot(), &request).unwrap().hits.len(), 1);
}

#[test]
fn explanations_add_up() {
    let (_dir, live) = files(&[
        ("a.md", "---\ntitle: 快递几天到\nquestions: [物流要多久]\ncategory: 物流/时效\nchannels: [抖音]\n---\n> 三天。\n"),
        ("b.md", "---\ntitle: 退货\n---\n> 快递不退。\n"),
    ]);
    for question in ["我的快递什么时候能到", "快递几天到", "kdjt", "退货快递", "快递"] {
        let mut request = Request { explain: true, ..Request::new(question) };
        request.context.channel = Some("抖音".into());
        let found = answer(&live.snapshot(), &request).unwrap();
        assert!(!found.hits.is_empty(), "{question}");
        for hit in found.hits {
            let sum: f32 = hit.why.unwrap().iter().map(|component| component.value).sum();
            assert!((sum - hit.score).abs() < 1e-4, "{question}: {sum} is not {}", hit.score);
        }
    }
}

/// A table of what was learned: question, entry, how many people picked it.
fn learned(picks: &[(&str, &str, usize)]) -> Arc<Learned> {
    use huashu::learning::{Asked, EventKind, Happened, Tally, Vetoes, phrasing_text, tally};
    let now = jiff::Timestamp::now().as_millisecond();
    let tallies: Vec<(Arc<str>, Tally)> = picks
        .iter()
        .map(|(question, entry, people)| {
            let text: Arc<str> = phrasing_text(question).unwrap().into();
            let asked = |person| Asked {
                identity: format!("person {person}"),
                conversation: format!("conversation {person}"),
                hits: vec![Arc::from(*entry)],
                events: vec![Happened { kind: EventKind::Picked, entry_id: Some(Arc::from(*entry)), at_ms: now }],
            };
            let searches: Vec<Asked> = (0..*people).map(asked).collect();
            let tally = tally(&text, &searches, &[], &Vetoes::new());
            (text, tally)
        })
        .collect();
    Arc::new(Learned::new(tallies.iter().map(|(text, tally)| (text, tally)), now))
}

#[test]
fn what_several_people_picked_lifts_like_questions() {
    let (_dir, live) = files(&[
        ("a.md", "---\ntitle: 门卫说明\n---\n> 在查。\n"),
        ("b.md", "---\ntitle: 包裹丢失赔付\nquestions: [包裹找不到了]\n---\n> 会赔。\n"),
    ]);
    assert_eq!(ask(&live, "楼下大爷说没看见我那个包裹").hits[0].entry.id.as_ref(), "b");
    live.learn(learned(&[("楼下大爷没看见我的包裹", "a", 3)])).unwrap();
    let hit = &ask(&live, "楼下大爷说没看见我那个包裹").hits[0];
    assert_eq!(hit.entry.id.as_ref(), "a");
    assert!(matches!(hit.matched, Matched::Learned(_)));
    assert_eq!(hit.matched_text.text, "楼下大爷没看见我的包裹");
    live.learn(Arc::default()).unwrap();
    assert_eq!(ask(&live, "楼下大爷说没看见我那个包裹").hits[0].entry.id.as_ref(), "b", "forgotten is forgotten");
}

#[test]
fn what_one_person_picked_helps_with_the_same_question_only_and_stays_unseen() {
    let (_dir, live) = files(&[
        ("a.md", "---\ntitle: 门卫说明\n---\n> 在查。\n"),
        ("b.md", "---\ntitle: 包裹丢失赔付\nquestions: [包裹找不到了]\n---\n> 会赔。\n"),
    ]);
    live.learn(learned(&[("楼下大爷没看见我的包裹", "a", 1)])).unwrap();
    assert_eq!(ask(&live, "楼下大爷说没看见我那个包裹啊怎么办").hits[0].entry.id.as_ref(), "b");
    let hit = &ask(&live, "楼下大爷没看见我的包裹").hits[0];
    assert_eq!(hit.entry.id.as_ref(), "a");
    assert_eq!(hit.matched_text.text, "门卫说明", "too few conversations contained the text to show it");
}

#[test]
fn no_number_of_picks_outranks_an_exact_question() {
    let (_dir, live) = files(&[
        ("a.md", "---\ntitle: 退货流程\n---\n> 甲。\n"),
        ("b.md", "---\ntitle: 退款进度\nquestions: [退款什么时候到账]\n---\n> 乙。\n"),
    ]);
    for people in [1, 50] {
        live.learn(learned(&[("退款什么时候到账", "a", people)])).unwrap();
        assert_eq!(ask(&live, "退款什么时候到账").hits[0].entry.id.as_ref(), "b", "{people}");
    }
}

#[test]
fn a_script_that_nobody_asks_for_stays_below_what_answers() {
    let (_dir, live) = files(&[
        ("a.md", "---\ntitle: 降价通知\ntrigger: 降价\n---\n> 降价啦。\n"),
        ("b.md", "---\ntitle: 降价补差价\nquestions: [刚买就降价了]\n---\n> 补给您。\n"),
    ]);
    assert_eq!(titles(&live, "昨天买的今天降价了"), ["降价补差价", "降价通知"]);
    assert_eq!(titles(&live, "降价通知")[0], "降价通知");
}

#[test]
fn every_text_is_a_query() {
    let (_dir, live) = library(&["退货"]);
    for question in [
        "",
        " ",
        "\"",
        "\"\"",
        "-",
        "--",
        "- -",
        "“”",
        "。。。！？",
        "\u{0}",
        "🎉👨‍👩‍👧",
        "a".repeat(3000).as_str(),
        "AND OR NOT (",
        "*:*",
        "\n\n",
    ] {
        ask(&live, question);
    }
    assert!(ask(&live, &"退货".repeat(2000)).truncated);
}

mod any {
    use super::*;
    use proptest::prelude::*;
    use std::sync::OnceLock;

    proptest! {
        #[test]
        fn text_is_answered(text in "(\\PC|[退货发票快递\"“” -]){0,80}") {
            static LIVE: OnceLock<(TempDir, Live)> = OnceLock::new();
            let (_, live) = LIVE.get_or_init(|| library(&["怎么退货", "电子发票", "快递 iphone15pro"]));
            for hit in ask(live, &text).hits {
                prop_assert!((0.0..=1.0).contains(&hit.score));
                for span in hit.title.spans {
                    prop_assert!(hit.title.text.is_char_boundary(span.start) && hit.title.text.is_char_boundary(span.end));
                }
            }
        }
    }
}
