//! What the reports count, on facts of a few lines.

use super::*;
use crate::analysis::Analyzer;
use jiff::tz::TimeZone;
use std::sync::Arc;

/// A search by one agent in one conversation: what was asked, the hits parted by spaces, whether it was confident.
fn asked(text: &str, conversation: &str, hits: &str, confident: bool) -> Seen {
    Seen {
        text: text.to_owned(),
        identity: "小王".to_owned(),
        conversation: conversation.to_owned(),
        hits: hits.split_whitespace().map(Arc::from).collect(),
        took_us: Some(1_000),
        confident: Some(confident),
        ..Seen::default()
    }
}

/// The same search, of which an entry was used.
fn with(search: Seen, kind: EventKind, entry: &str) -> Seen {
    let deed = Deed {
        kind,
        entry_id: (!entry.is_empty()).then(|| Arc::from(entry)),
        at_ms: search.at_ms,
        identity: search.identity.clone(),
        verdict: (kind == EventKind::Feedback).then_some(Verdict::Bad),
        reason: None,
    };
    Seen { deeds: [search.deeds.clone(), vec![deed]].concat(), ..search }
}

fn facts(searches: impl IntoIterator<Item = Seen>) -> Facts {
    Facts { searches: searches.into_iter().collect(), loose: Vec::new(), complete: true }
}

fn reader() -> impl Fn(&str) -> Option<Wording> {
    let lexicon = crate::lexicon::load(&[]).0;
    let analyzer = Analyzer::new(&lexicon);
    move |text| wording(text, &lexicon, &analyzer)
}

#[test]
fn only_what_was_asked_in_vain_is_a_message_without_an_answer() {
    let check = |search: Seen, expect: bool, why: &str| assert_eq!(search.is_unanswered(), expect, "{why}");
    check(asked("能开专票吗", "一", "甲", false), true, "nothing to rely on, nothing used");
    check(with(asked("能开专票吗", "一", "甲", false), EventKind::Picked, "甲"), false, "used all the same");
    check(asked("能开专票吗", "一", "甲", true), false, "a good answer that nobody used is another report");
    check(with(asked("能开专票吗", "一", "甲", true), EventKind::Gap, ""), true, "the agent says that nothing fits");
    check(Seen { confident: None, ..asked("谢谢", "一", "", false) }, false, "it asks nothing");
    check(Seen { confident: None, took_us: None, ..asked("能开专票吗", "一", "", false) }, true, "from before confidence was kept");
}

#[test]
fn messages_without_an_answer_are_counted_by_conversation() {
    let facts = facts([
        asked("可以开专票吗", "一", "", false),
        asked("可以开专票吗", "一", "", false),
        asked("能不能开专票", "二", "", false),
        asked("运费险怎么买", "三", "", false),
        asked("怎么退货", "四", "甲", true),
    ]);
    let rows = no_hits(&facts, reader());
    let rows: Vec<_> = rows.iter().map(|row| (row.samples[0].0.as_str(), row.count, row.people)).collect();
    assert_eq!(rows, [("可以开专票吗", 3, 2), ("运费险怎么买", 1, 1)]);
}

#[test]
fn a_hot_word_counts_once_a_conversation_and_rises_against_before() {
    let now = facts([
        asked("发货了吗", "一", "", true),
        asked("发货了吗", "一", "", true),
        asked("什么时候发货", "二", "", true),
        asked("想退款", "三", "", true),
    ]);
    let before = facts([asked("什么时候发货", "九", "", true)]);
    let words = hot_words(&now, &before, reader());
    assert_eq!(words[0], HotWord { word: "发货".to_owned(), count: 2, before: 1, rise: 1.0 });
    assert_eq!((words[1].word.as_str(), words[1].count, words[1].before, words[1].rise), ("退款", 1, 0, 1.0));
}

#[test]
fn uses_are_counted_once_a_search() {
    let picked = with(with(asked("怎么退货", "一", "甲 乙", true), EventKind::Picked, "甲"), EventKind::Copied, "甲");
    let by_other = Seen { channel: Some("抖音".into()), identity: "小李".into(), ..asked("退货", "二", "甲", true) };
    let other = with(by_other, EventKind::Inserted, "甲");
    let mut facts = facts([picked, other]);
    facts.loose.extend(with(asked("", "", "", true), EventKind::Copied, "乙").deeds);
    let rows = |by: By| {
        let category = |id: &str| (id == "甲").then(|| "售后/退货".to_owned());
        usage(&facts, by, category).into_iter().map(|row| format!("{} {} {}", row.key, row.count, row.people)).collect::<Vec<_>>()
    };
    assert_eq!(rows(By::Entry), ["甲 2 2", "乙 1 1"]);
    assert_eq!(rows(By::Category), ["售后/退货 2 2", " 1 1"]);
    assert_eq!(rows(By::Agent), ["小王 2 1", "小李 1 1"]);
    assert_eq!(rows(By::Channel), [" 2 1", "抖音 1 1"]);
}

#[test]
fn found_and_not_used_needs_more_than_chance() {
    let shown = |hits: &str| asked("怎么退货", "一", hits, true);
    let used = |entry: &str| with(shown("甲 乙 丙 丁"), EventKind::Picked, entry);
    let facts = facts([used("甲"), used("甲"), used("甲"), shown("戊"), shown("戊")]);
    let rows: Vec<_> = passed_over(&facts).into_iter().map(|row| format!("{} {} {}", row.entry_id, row.shown, row.used)).collect();
    assert_eq!(rows, ["丙 3 0", "乙 3 0"], "丁 stood fourth, 戊 was shown twice only");
}

#[test]
fn gaps_about_an_entry_stand_together_and_good_ones_are_none() {
    let good = {
        let mut search = with(asked("怎么退货", "一", "甲", true), EventKind::Feedback, "甲");
        search.deeds[0].verdict = Some(Verdict::Good);
        search
    };
    let bad = |text| with(asked(text, "一", "甲", true), EventKind::Feedback, "甲");
    let facts = facts([good, bad("怎么退货"), bad("退货流程"), with(asked("能开专票吗", "二", "", false), EventKind::Gap, "")]);
    let rows: Vec<_> = gaps(&facts).into_iter().map(|gap| (gap.kind.as_str(), gap.samples.join("/"), gap.count)).collect();
    assert_eq!(rows, [("gap", "能开专票吗".to_owned(), 1), ("feedback", "退货流程/怎么退货".to_owned(), 2)]);
}

#[test]
fn speed_is_told_by_the_hour_of_the_library() {
    let at = |at_ms: i64, took_us: i64| Seen { at_ms, took_us: Some(took_us), ..asked("怎么退货", "一", "", true) };
    let facts = facts([at(0, 1_000), at(1, 3_000), at(2, 2_000), at(3_600_000, 9_000)]);
    let rows = speed(&facts, &TimeZone::get("Asia/Shanghai").unwrap());
    let rows: Vec<_> = rows.iter().map(|row| (row.hour.to_string(), row.p50_ms, row.p99_ms, row.searches)).collect();
    assert_eq!(rows, [("1970-01-01T08:00:00".to_owned(), 2.0, 3.0, 3), ("1970-01-01T09:00:00".to_owned(), 9.0, 9.0, 1)]);
}

#[test]
fn a_pain_says_whether_what_was_added_helped() {
    let at = |at_ms: i64, search: Seen| Seen { at_ms, ..search };
    let vain = || asked("可以开专票吗", "一", "", false);
    let helped = || with(asked("能不能开专票", "五", "专票", true), EventKind::Copied, "专票");
    let week =
        facts([at(1, vain()), at(2, asked("能不能开专票", "二", "", false)), at(8, helped()), at(3, asked("没人懂我", "三", "", false))]);
    let later = facts([at(20, helped()), at(21, vain())]);
    let answer = |asked: &NoHit| {
        let added = asked.samples[0].0.contains("专票");
        added.then(|| Answered { entry_id: Arc::from("专票"), added_at: Some(5) })
    };
    let rows = pains(&week, &later, reader(), answer);
    assert_eq!(rows.len(), 2);
    let pain = &rows[0];
    assert_eq!((pain.asked.people, pain.before, pain.after), (2, Success { asked: 2, used: 0 }, Success { asked: 3, used: 2 }));
    assert_eq!((rows[1].answer.clone(), rows[1].after.share()), (None, None));
}

#[test]
fn the_page_shows_what_customers_wrote_and_runs_none_of_it() {
    let span = Span { from: jiff::civil::date(2026, 11, 16), to: jiff::civil::date(2026, 11, 22) };
    let week = facts([asked("<script>专票</script> *能*开吗", "一", "", false)]);
    let pains = pains(&week, &Facts::default(), reader(), |_| None);
    let pains = pains.into_iter().map(|pain| weekly::TitledPain { pain, title: None }).collect();
    let figures = weekly::Figures::of(&week);
    let report = weekly::Weekly { name: "店|铺".into(), span, before: figures.clone(), figures, pains, rising: Vec::new() };
    let (page, text) = (weekly::html(&report), weekly::markdown(&report));
    assert!(page.contains("&lt;script&gt;专票") && !page.contains("<script"), "{page}");
    assert!(
        text.contains("\\<script\\>专票\\<\\/script\\> \\*能\\*开吗") && text.contains("# 店\\|铺 痛点报告：2026-11-16 至 2026-11-22"),
        "{text}"
    );
    assert!(text.contains("| 没有好答案的搜索 | 1（100%） | 1（100%） |") && text.contains("1 位顾客问了 1 次"), "{text}");
}
