//! What an answer says beside its hits: how sure it is, how the customer feels, where the purchase stands, and what comes before the matter.

use huashu::answer::{Answer, Request, answer};
use huashu::facet::Facet;
use huashu::lexicon::{Emotion, Stage};
use huashu::live::Live;
use huashu::ranking::{Context, Matched};
use huashu::search::Filter;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A desk with its matters, and the entries that the general lexicon names for risks and for anger.
const ENTRIES: [(&str, &str); 9] = [
    ("催发货", "title: 催发货\nquestions: [怎么还没发货, 什么时候发货]\n---\n> 已经帮您催了。\n\n## 焦急\n> 知道您等急了，这就去催。\n"),
    ("退货流程", "title: 退货流程\nquestions: [怎么退货, 我要退货]\n---\n> 在订单里点退货。\n"),
    ("退货运费", "title: 退货运费谁出\nquestions: [退货邮费谁付, 退回去的运费]\n---\n> 质量问题我们出。\n"),
    ("发票", "title: 开发票\nquestions: [怎么开发票, 能开发票吗]\n---\n> 在订单里申请。\n"),
    ("少发", "title: 少发漏发\nquestions: [少发了一件, 东西没给齐]\n---\n> 马上核实。\n\n## 愤怒\n> 真的对不起，少了的今天就补。\n"),
    ("愤怒-先道歉", "title: 愤怒先道歉\nquestions: [你们太过分了]\nemotions: [愤怒]\n---\n> 是我们没做好，对不起。\n"),
    ("安全-食用不适过敏", "title: 用后过敏\nquestions: [用了脸上起疹子]\n---\n> 请先停用，要紧的话马上就医。\n"),
    ("扬言投诉12315", "title: 扬言投诉\nquestions: [我要打12315]\n---\n> 您先别急，我请主管来。\n"),
    ("结束语", "title: 结束语\nact: 致谢\n---\n> 有事再找我。\n"),
];

fn desk() -> (TempDir, Live) {
    let dir = TempDir::new().unwrap();
    for (id, text) in ENTRIES {
        fs::write(dir.path().join(Path::new(id).with_extension("md")), format!("---\n{text}")).unwrap();
    }
    let live = Live::in_memory(dir.path()).unwrap();
    (dir, live)
}

fn ask(live: &Live, message: &str) -> Answer {
    answer(&live.snapshot(), &Request::new(message)).unwrap()
}

fn ids(answer: &Answer) -> Vec<&str> {
    answer.hits.iter().map(|hit| &*hit.entry.id).collect()
}

#[test]
fn an_answer_is_as_confident_as_its_question_is_met() {
    let (_dir, live) = desk();
    let confidence = |message: &str| ask(&live, message).confidence;
    let check = |surer: &str, less: &str| {
        let (surer_is, less_is) = (confidence(surer), confidence(less));
        assert!(surer_is > less_is, "{surer} {surer_is} should be above {less} {less_is}");
    };
    check("怎么开发票", "你好，发票要怎么开呀");
    check("你好，我想退货，怎么退货", "那退货");
    check("请问退货的运费谁出", "那这个运费");
    check("怎么开发票", "今天天气不错");
    check("退货邮费谁付呀", "对的，就是那个邮费是吗");
    for message in ["怎么开发票", "你好，我想退货，怎么退货"] {
        assert!(ask(&live, message).confident, "{message}: {}", confidence(message));
    }
    for message in ["那个呢", "今天天气不错", "是的，谁说的", "qzx", "", "……"] {
        assert!(!ask(&live, message).confident, "{message}: {}", confidence(message));
    }
}

#[test]
fn a_hits_confidence_falls_with_its_score_from_that_of_the_answer() {
    let (_dir, live) = desk();
    let answer = ask(&live, "你好我想问下退货的运费怎么算");
    assert!(answer.hits.len() > 1, "{:?}", ids(&answer));
    assert_eq!(answer.hits[0].confidence, answer.confidence);
    for pair in answer.hits.windows(2) {
        assert!(pair[0].confidence >= pair[1].confidence && pair[0].confidence > 0.0 && pair[0].confidence < 1.0);
    }
    // The second page knows of the first.
    let request = Request { offset: 1, ..Request::new("你好我想问下退货的运费怎么算") };
    let page = huashu::answer::answer(&live.snapshot(), &request).unwrap();
    assert_eq!((page.confidence, page.confident), (answer.confidence, answer.confident));
    assert_eq!(page.hits[0].confidence, answer.hits[1].confidence);
}

#[test]
fn a_message_without_a_question_is_sure_of_no_entry() {
    let (_dir, live) = desk();
    let answer = ask(&live, "好的谢谢");
    assert_eq!((ids(&answer)[0], answer.confidence, answer.confident), ("结束语", 0.0, false));
}

#[test]
fn a_named_risk_brings_what_takes_it_over_first_and_the_matter_next() {
    let (_dir, live) = desk();
    let check = |message: &str, first: &[&str]| {
        let answer = ask(&live, message);
        assert_eq!(ids(&answer)[..first.len()], *first, "{message}: {:?}", ids(&answer));
    };
    check("抹了脸过敏了，怎么退货", &["安全-食用不适过敏", "退货流程"]);
    check("再不给开发票我就打12315", &["扬言投诉12315", "发票"]);
    // The graver of two stands first.
    check("脸过敏了，不赔就打12315，怎么退货", &["安全-食用不适过敏", "扬言投诉12315", "退货流程"]);
    // Nobody is ill yet.
    check("过敏体质，怎么退货", &["退货流程"]);
    let answer = ask(&live, "抹了脸过敏了，怎么退货");
    assert_eq!((answer.hits[0].matched, answer.confident), (Matched::Risk, true));
    assert_ne!(answer.hits[1].matched, Matched::Risk);
}

#[test]
fn a_filter_holds_for_what_takes_over_a_risk_too() {
    let (dir, live) = desk();
    fs::write(dir.path().join("安全-食用不适过敏.md"), "---\ntitle: 用后过敏\nchannels: [抖音]\n---\n> 请先停用。\n").unwrap();
    live.refresh().unwrap();
    let filter = Filter { facets: vec![(Facet::Channel, "千牛".to_owned())], ..Filter::default() };
    let request = Request { filter, ..Request::new("抹了脸过敏了，怎么退货") };
    assert_eq!(ids(&answer(&live.snapshot(), &request).unwrap())[0], "退货流程");
}

#[test]
fn what_was_typed_exactly_stays_first() {
    let (_dir, live) = desk();
    assert_eq!(ask(&live, "我要打12315").hits[0].matched, Matched::Phrasing(1));
    assert_eq!(ask(&live, "用了脸上起疹子").hits[0].matched, Matched::Phrasing(1));
}

#[test]
fn anger_is_met_before_the_matter() {
    let (_dir, live) = desk();
    let angry = ask(&live, "你们这群骗子，怎么退货");
    assert_eq!(ids(&angry)[..2], ["愤怒-先道歉", "退货流程"]);
    assert_eq!((angry.emotion.emotion, angry.hits[0].matched), (Emotion::Angry, Matched::Comfort));
    // The matter has words for the angry itself: they come first, and nothing before it.
    let own = ask(&live, "又少发了一件，骗子");
    assert_eq!((ids(&own)[0], &*own.hits[0].replies[0].text), ("少发", "真的对不起，少了的今天就补。"));
    // Hardly anything was said of that matter.
    let vague = ask(&live, "无语了，这东西");
    assert_eq!(ids(&vague), ["愤怒-先道歉", "少发"]);
    // The agent knows better.
    let context = Context { emotion: Some("平静".to_owned()), ..Context::default() };
    let calm = answer(&live.snapshot(), &Request { context, ..Request::new("你们这群骗子，怎么退货") }).unwrap();
    assert_eq!(ids(&calm)[0], "退货流程");
}

#[test]
fn without_the_named_entry_one_made_for_anger_alone_comforts() {
    let (dir, live) = desk();
    fs::remove_file(dir.path().join("愤怒-先道歉.md")).unwrap();
    fs::write(dir.path().join("息怒.md"), "---\ntitle: 息怒\nemotions: [愤怒]\n---\n> 对不起。\n").unwrap();
    live.refresh().unwrap();
    assert_eq!(ids(&ask(&live, "你们这群骗子，怎么退货"))[..2], ["息怒", "退货流程"]);
}

#[test]
fn haste_reorders_replies_and_no_entries() {
    let (_dir, live) = desk();
    let (calm, hasty) = (ask(&live, "什么时候发货呀"), ask(&live, "什么时候发货呀，急！！！"));
    assert_eq!(ids(&calm)[0], ids(&hasty)[0]);
    assert_eq!(hasty.emotion.emotion, Emotion::Anxious);
    assert_eq!(calm.hits[0].replies[0].text, "已经帮您催了。");
    assert_eq!(hasty.hits[0].replies[0].text, "知道您等急了，这就去催。");
    assert!(hasty.hits.iter().all(|hit| !matches!(hit.matched, Matched::Risk | Matched::Comfort)));
}

#[test]
fn what_a_customer_quotes_need_not_stand_in_the_answer() {
    let (_dir, live) = desk();
    assert_eq!(ids(&ask(&live, "页面写“系统处理中”，怎么开发票"))[0], "发票");
    // A phrase alone is meant.
    assert!(ids(&ask(&live, "“系统处理中”")).is_empty());
}

#[test]
fn the_general_words_tell_feeling_and_stage() {
    let (_dir, live) = desk();
    let check = |message: &str, emotion: Emotion, stage: Option<Stage>| {
        let answer = ask(&live, message);
        assert_eq!((answer.emotion.emotion, answer.stage), (emotion, stage), "{message}: {:?}", answer.emotion);
    };
    check("这款有货吗", Emotion::Calm, Some(Stage::Before));
    check("穿多大码合适", Emotion::Calm, Some(Stage::Before));
    check("什么时候发货", Emotion::Calm, Some(Stage::During));
    check("包裹一直没更新，能不能催一下", Emotion::Anxious, Some(Stage::During));
    check("显示已签收，可我没收到货", Emotion::Anxious, Some(Stage::During));
    check("收到了，有个角坏了，想换货", Emotion::Calm, Some(Stage::After));
    check("退货的包裹", Emotion::Calm, Some(Stage::After));
    check("骗子，快退款", Emotion::Angry, Some(Stage::After));
    check("不着急，慢慢发就行", Emotion::Calm, None);
    check("你好", Emotion::Calm, None);
}
