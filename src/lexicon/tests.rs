//! The lexicon as a whole: files in, answers and problems out.

use super::*;
use crate::entry::Act;
use crate::facet::Facet;

/// Loads library files without the general ones. Each gets the first line that would replace those, so that it is always tried.
fn alone(files: &[(&str, &str)]) -> (Lexicon, Vec<String>) {
    let with_replace = |name: &str, text: &str| match name.ends_with(".yaml") {
        true => format!("replace: true\n{text}"),
        false => format!("# replace: true\n{text}"),
    };
    let files: Vec<LexiconFile> = files
        .iter()
        .map(|(name, text)| LexiconFile { path: format!("lexicon/{name}"), bytes: with_replace(name, text).into_bytes() })
        .collect();
    let (lexicon, problems) = extend(Lists::default(), &files);
    let shown = problems
        .iter()
        .map(|problem| format!("{}:{}:{}+{} {}", problem.path, problem.line, problem.column, problem.width, problem.code))
        .collect();
    (lexicon, shown)
}

fn at(text: &str) -> DateTime {
    text.parse().unwrap()
}

#[test]
fn the_general_lexicon_has_no_problems() {
    let (lexicon, problems) = load(&[]);
    assert_eq!(problems, []);
    assert!(!lexicon.words.is_empty());
    assert!(!lexicon.banned.rules.is_empty());
    assert!(!lexicon.synonyms.is_empty() && !lexicon.confusions.is_empty() && !lexicon.filler.is_empty());
    assert!(!lexicon.emotions.risks.is_empty());
    assert!(!lexicon.campaigns.is_empty());
    assert_eq!(lexicon.facets.resolve(Facet::Channel, "千牛"), Some("千牛"));
}

#[test]
fn a_problem_stands_at_its_place() {
    #[track_caller]
    fn check(name: &str, text: &str, expect: &[&str]) {
        let (_, problems) = alone(&[(name, text)]);
        let expect: Vec<String> = expect.iter().map(|place| format!("lexicon/{name}:{place}")).collect();
        assert_eq!(problems, expect, "{name}: {text}");
    }
    // Lines count from the `replace` line, which is the first.
    check("words.txt", "运费险 10 n 多余\n", &["2:1+11 bad-lexicon"]);
    check("words.txt", "运费险 n\n运费险 100\n  # 说明\nc# 5 # 说明\n", &[]);
    check("synonyms.txt", "只有一个\n", &["2:1+4 bad-lexicon"]);
    check("synonyms.txt", "退货, , 退掉\n", &["2:4+0 bad-lexicon"]);
    check("synonyms.txt", "a => b => c\n", &["2:1+11 bad-lexicon"]);
    check("synonyms.txt", "a => \n", &["2:5+0 bad-lexicon"]);
    check("confusions.txt", "退或 退货\n", &["2:1+5 bad-lexicon"]);
    check("filler.txt", "你好\n在吗\n[问候]\n您好\n[闲聊]\n天气\n", &["2:1+2 bad-lexicon", "6:1+4 bad-lexicon"]);
    check("emotions.yaml", "angry: [{word: 骗子, weight: 很重}]\n", &["2:28+2 bad-value"]);
    check("emotions.yaml", "angry: [{word: 骗子, wieght: 2}]\n", &["2:20+6 unknown-key"]);
    check("emotions.yaml", "risk: [{name: 过敏, words: [起疹]}]\n", &["2:8+1 bad-lexicon"]);
    check("emotions.yaml", "angry: [骗子]\nangry: [坑人]\n", &["3:1+5 duplicate-key"]);
    check("facets.yaml", "channel: {}\n", &["2:1+7 unknown-key"]);
    check("facets.yaml", "channels: [千牛]\n", &["2:11+1 bad-value"]);
    check("facets.yaml", "authority: {店长: }\n", &["2:13+2 bad-value"]);
    check("facets.yaml", "channels: {千牛: [淘宝], 抖音: [淘宝]}\n", &["2:27+2 bad-lexicon"]);
    check("campaigns.yaml", "双11: {from: 2026-13-01, until: 2026-11-02}\n", &["2:13+10 bad-date"]);
    check("campaigns.yaml", "双11: {from: 2026-11-01 25:00, until: 2026-11-02}\n", &["2:13+16 bad-date"]);
    check("campaigns.yaml", "双11: {from: 2026-11-03, until: 2026-11-02}\n", &["2:32+10 empty-period"]);
    check("campaigns.yaml", "双11: {from: 2026-11-03}\n", &["2:6+1 bad-value"]);
    check("campaigns.yaml", "双11: {from: 2026-11-03, until: 2026-11-03, shop: 旗舰店}\n", &["2:44+4 unknown-key"]);
    check("campaigns.yaml", "双11/尾款: {from: 2026-11-03, until: 2026-11-03}\n", &["2:1+6 bad-lexicon"]);
    check("banned.yaml", "rules: [{id: a, class: 推脱, why: 推脱, severity: bad, words: [不归我管]}]\n", &["2:47+3 bad-value"]);
    check("banned.yaml", "rules: [{id: a, words: [不归我管]}]\n", &["2:9+1 bad-lexicon"]);
    check(
        "banned.yaml",
        "rules: [{id: a, class: b, why: c, severity: warn, patterns: ['(', 'a*', ok]}]\n",
        &["2:62+3 bad-lexicon", "2:67+4 bad-lexicon"],
    );
    check("banned.yaml", "rules: [{id: a, class: b, why: c, severity: warn}]\n", &["2:9+1 bad-lexicon"]);
    check(
        "banned.yaml",
        "rules: [{id: a, class: b, why: c, severity: warn, words: [坏], channels: [咸鱼]}]\n",
        &["2:74+2 unknown-facet-value"],
    );
    check("banned.yaml", "rules:\n  - id： a\n    class: b\n", &["3:7+1 full-width-colon"]);
    check("banned.yaml", "rules: [\n", &["2:8+0 bad-lexicon"]);
    check("banned.yaml", "a: &x [坏]\nb: *x\n", &["3:4+2 bad-lexicon"]);
    check("stopwords.txt", "", &["1:1+0 unknown-key"]);
}

#[test]
fn what_goes_beyond_a_limit_is_left_out_with_a_problem() {
    #[track_caller]
    fn check(name: &str, text: &str, expect: &str) {
        let (_, problems) = alone(&[(name, text)]);
        assert_eq!(problems.len(), 1, "{name}: {problems:?}");
        assert!(problems[0].ends_with(expect), "{name}: {problems:?}");
    }
    let many = |count: usize| (0..count).map(|at| format!("词{at}")).collect::<Vec<_>>();
    let rule = |rest: &str| format!("{{id: a, class: b, why: c, severity: warn, {rest}}}");
    check("words.txt", &"长".repeat(MAX_TERM_CHARS + 1), "bad-lexicon");
    check("words.txt", &many(MAX_TERMS + 2).join("\n"), "too-many");
    check(
        "campaigns.yaml",
        &format!("双11: [{}]", "{from: 2026-01-01, until: 2026-01-02}, ".repeat(campaign::MAX_WINDOWS + 1)),
        "too-many",
    );
    check("emotions.yaml", "angry: [{word: 坏, weight: 11}]", "bad-value");
    check("emotions.yaml", "angry: [{word: 坏, weight: 0}]", "bad-value");
    check("emotions.yaml", "angry: [{word: 坏, weight: NaN}]", "bad-value");
    let risks = many(emotion::MAX_RISKS + 1).iter().map(|name| format!("{{name: {name}, words: [坏], entry: x}}")).collect::<Vec<_>>();
    check("emotions.yaml", &format!("risk: [{}]", risks.join(", ")), "too-many");
    check(
        "banned.yaml",
        &format!("rules: [{}]", rule(&format!("words: [{}]", many(banned::MAX_WORDS_PER_RULE + 1).join(", ")))),
        "too-many",
    );
    check("banned.yaml", &format!("rules: [{}]", rule(&format!("patterns: [{}]", many(banned::MAX_PATTERNS + 1).join(", ")))), "too-many");
    let long = format!("words: [坏], patterns: [{}]", "坏".repeat(banned::MAX_PATTERN_CHARS + 1));
    check("banned.yaml", &format!("rules: [{}]", rule(&long)), "bad-lexicon");
    check("banned.yaml", &format!("rules: [{}]", rule("words: [坏], patterns: ['(\\w{50}){50}']")), "bad-lexicon");
    let rules = many(banned::MAX_RULES + 1).iter().map(|id| rule("words: [坏]").replace("id: a", &format!("id: {id}"))).collect::<Vec<_>>();
    check("banned.yaml", &format!("rules: [{}]", rules.join(", ")), "too-many");
}

#[test]
fn a_risk_of_a_known_name_gains_words_and_another_entry() {
    let risk = |words: &str, entry: &str| format!("{{name: 过敏, words: [{words}], entry: {entry}}}");
    let (lexicon, _) = alone(&[("emotions.yaml", &format!("risk: [{}, {}]", risk("起疹", "旧"), risk("红肿", "新")))]);
    assert_eq!(
        lexicon.emotions.risks,
        [Risk { name: "过敏".to_owned(), words: vec!["起疹".to_owned(), "红肿".to_owned()], entry: "新".to_owned() }]
    );
}

#[test]
fn deep_nesting_and_foreign_bytes_are_problems() {
    let check = |bytes: Vec<u8>, expect: Code| {
        let (_, problems) = load(&[LexiconFile { path: "lexicon/banned.yaml".to_owned(), bytes }]);
        assert_eq!(problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), [expect]);
    };
    check(format!("rules: {}{}", "[".repeat(60), "]".repeat(60)).into_bytes(), Code::BadLexicon);
    check(b"rules: []\n# \xff".to_vec(), Code::NotUtf8);
    check(vec![b' '; MAX_FILE_BYTES + 1], Code::FileTooLarge);
}

#[test]
fn a_file_of_problems_shows_the_first_of_them() {
    let (_, problems) = alone(&[("confusions.txt", &"没有箭头\n".repeat(MAX_PROBLEMS * 2))]);
    assert_eq!(problems.len(), MAX_PROBLEMS + 1);
    assert!(problems.last().unwrap().ends_with("too-many"));
}

#[test]
fn a_library_extends_the_general_lexicon_or_replaces_it() {
    let load_words = |text: &str| {
        let (lexicon, problems) = load(&[LexiconFile { path: "lexicon/words.txt".to_owned(), bytes: text.as_bytes().to_vec() }]);
        assert_eq!(problems, []);
        lexicon.words.len()
    };
    let (general, _) = load(&[]);
    assert_eq!(load_words("某某独有词\n"), general.words.len() + 1);
    assert_eq!(load_words("# replace: true\n某某独有词\n"), 1);
    assert_eq!(load_words("\u{FEFF}# replace: true\r\n某某独有词 5 n\r\n"), 1);
}

#[test]
fn only_words_change_the_analysis_hash() {
    let hash = |name: &str, text: &str| alone(&[(name, text)]).0.analysis_hash;
    let general = load(&[]).0.analysis_hash;
    assert_eq!(hash("synonyms.txt", "退货, 退掉"), alone(&[]).0.analysis_hash);
    assert_eq!(hash("words.txt", "甲乙 5\n丙丁"), hash("words.txt", "丙丁\n甲乙 5 n"));
    assert_ne!(hash("words.txt", "甲乙 5"), hash("words.txt", "甲乙 6"));
    assert_ne!(hash("words.txt", "甲乙 5"), general);
}

#[test]
fn words_are_folded_and_the_last_holds() {
    let (lexicon, _) = alone(&[("words.txt", "運費險 10\n运费险 20 n # 保险\nC# x\n")]);
    let word = |text: &str, frequency, tag: &str| Word { text: text.to_owned(), frequency, tag: Some(tag.to_owned()) };
    assert_eq!(lexicon.words, [word("c#", None, "x"), word("运费险", Some(20), "n")]);
}

#[test]
fn synonyms_lead_where_the_file_says() {
    let (lexicon, problems) =
        alone(&[("synonyms.txt", "改地址, 換地址，改收货地址\n退掉, 退回 => 退货\n退货, 退款退货\nXL, 加大码 # 尺码\n")]);
    assert!(problems.is_empty());
    let check = |term: &str, expect: &[&str]| assert_eq!(lexicon.synonyms_of(term), expect, "{term}");
    check("改地址", &["换地址", "改收货地址"]);
    check("换地址", &["改地址", "改收货地址"]);
    check("退掉", &["退货"]);
    check("退回", &["退货"]);
    check("退货", &["退款退货"]);
    check("xl", &["加大码"]);
    check("没有的词", &[]);

    let found = |text: &str| lexicon.synonym_spans(text).into_iter().map(|(range, _)| text[range].to_owned()).collect::<Vec<_>>();
    assert_eq!(found("能不能改地址,xl的"), ["改地址", "xl"]);
    assert_eq!(found("要2xl"), Vec::<String>::new());
    assert_eq!(found("退款退货"), ["退款退货", "退货"]);
}

#[test]
fn confusions_lead_to_what_is_meant() {
    let (lexicon, _) = alone(&[("confusions.txt", "退或 => 退货\n退或款 => 退货款, 退款\n")]);
    let found = |text: &str| lexicon.confusion_spans(text).into_iter().map(|(_, meant)| meant.join(" ")).collect::<Vec<_>>();
    assert_eq!(found("我要退或"), ["退货"]);
    assert_eq!(found("我要退或款"), ["退货款 退款"]);
}

#[test]
fn filler_is_found_by_section() {
    let (lexicon, _) = alone(&[("filler.txt", "[问候]\n你好\n你好呀\n[致谢]\n谢谢\nthx\n[语气]\n呀\n")]);
    let check = |text: &str, expect: &[(&str, FillerKind)]| {
        let found = lexicon.filler_spans(text);
        let found: Vec<(&str, FillerKind)> = found.into_iter().map(|(range, kind)| (&text[range], kind)).collect();
        assert_eq!(found, expect, "{text}");
    };
    check("你好呀,谢谢", &[("你好呀", FillerKind::Greeting), ("谢谢", FillerKind::Act(Act::Thanks))]);
    check("thx呀", &[("thx", FillerKind::Act(Act::Thanks)), ("呀", FillerKind::Particle)]);
    check("thxx", &[]);
}

#[test]
fn campaigns_open_and_close_to_the_minute() {
    let (mut lexicon, problems) = alone(&[(
        "campaigns.yaml",
        "双11:\n  - {phase: 预售, from: 2026-10-20 20:00, until: 2026-10-31 18:00}\n  - {phase: 尾款, from: 2026-10-31, until: 2026-11-01}\n  - {phase: 返场, from: 2026-11-12, until: 2026-11-14, shops: [旗舰]}\n",
    )]);
    assert!(problems.is_empty(), "{problems:?}");
    lexicon.facets.add(Facet::Shop, "旗舰店", ["旗舰"]);
    let check = |campaign: &str, shop: Option<&str>, moment: &str, expect: bool| {
        assert_eq!(lexicon.campaign_is_open(campaign, shop, at(moment)), expect, "{campaign} {shop:?} {moment}");
    };
    check("双11", None, "2026-10-20T19:59", false);
    check("双11", None, "2026-10-20T20:00", true);
    check("雙１１/預售", None, "2026-10-31T17:59", true);
    check("双11/预售", None, "2026-10-31T18:00", false);
    check("双11/尾款", None, "2026-10-20T20:00", false);
    // A date as the end includes that day.
    check("双11/尾款", None, "2026-11-01T23:59", true);
    check("双11/尾款", None, "2026-11-02T00:00", false);
    check("双11", Some("旗舰店"), "2026-11-12T00:00", true);
    check("双11", Some("生活馆"), "2026-11-12T00:00", false);
    check("双11", None, "2026-11-12T00:00", true);
    check("双12", None, "2026-11-12T00:00", false);
    assert!(lexicon.knows_campaign("双11/返场") && !lexicon.knows_campaign("双11/预热") && !lexicon.knows_campaign("双12"));
    assert_eq!(lexicon.next_campaign_change(at("2026-10-20T19:59")), Some(at("2026-10-20T20:00")));
    assert_eq!(lexicon.next_campaign_change(at("2026-10-20T20:00")), Some(at("2026-10-31T00:00")));
    assert_eq!(lexicon.next_campaign_change(at("2026-11-15T00:00")), None);
}

#[test]
fn a_librarys_windows_take_the_place_of_the_general_ones() {
    let (general, _) = load(&[]);
    let name = general.campaigns.keys().min().unwrap();
    let text = format!("{name}: {{from: 2031-01-01, until: 2031-01-02}}\n");
    let (lexicon, _) = load(&[LexiconFile { path: "lexicon/campaigns.yaml".to_owned(), bytes: text.into_bytes() }]);
    assert_eq!(lexicon.campaigns[name].len(), 1);
    assert_eq!(lexicon.campaigns.len(), general.campaigns.len());
}

#[test]
fn feelings_are_read_from_words_and_marks() {
    let (lexicon, problems) = alone(&[(
        "emotions.yaml",
        "anxious: [着急, 急死了, {word: 急, weight: 0.5}]\nangry: [{word: 骗子, weight: 2}, 投诉, 我要投诉, {word: 失望, weight: 0.5}]\nhaste: [尽快, 快点]\n\
         calm: [不着急, 不投诉, 不骗人]\nrisk:\n  - {name: 轻生, words: [不想活], entry: 轻生}\n  - {name: 过敏, words: [过敏, 起疹], entry: 过敏}\n",
    )]);
    assert!(problems.is_empty(), "{problems:?}");
    let check = |text: &str, emotion: Emotion, score: f32| {
        let reading = read_emotion(&crate::analysis::fold::fold(text).text, &lexicon.emotions);
        assert_eq!((reading.emotion, reading.score), (emotion, score), "{text}: {reading:?}");
    };
    check("什么时候发货", Emotion::Calm, 0.0);
    check("我很着急", Emotion::Anxious, 1.0);
    check("不着急,慢慢发", Emotion::Calm, 0.0);
    check("之前说不着急,现在着急了", Emotion::Anxious, 1.0);
    check("有点急", Emotion::Calm, 0.5);
    check("急急急", Emotion::Anxious, 2.0);
    check("有点急！！", Emotion::Anxious, 1.0);
    check("骗子", Emotion::Angry, 2.0);
    check("我要投诉", Emotion::Angry, 1.0);
    check("我不投诉", Emotion::Calm, 0.0);
    check("失望!!!", Emotion::Angry, 1.0);
    check("有点失望,急", Emotion::Anxious, 1.0);
    check("在吗？？？", Emotion::Anxious, 1.0);
    check("在吗??", Emotion::Calm, 0.0);
    check("太好了！！！", Emotion::Calm, 0.0);
    check("哈哈哈哈", Emotion::Calm, 0.0);
    check("", Emotion::Calm, 0.0);

    let reading = read_emotion("起疹了,过敏了,尽快,着急", &lexicon.emotions);
    assert_eq!(reading.risks, [1]);
    assert!(reading.haste);
    assert_eq!(reading.words.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>(), ["起疹", "过敏", "尽快", "着急"]);
    assert!(!read_emotion("着急", &lexicon.emotions).haste);
}

const RULES: &str = "rules:
- {id: 微信, class: 引流, why: 站外, severity: block, words: [微信, 加v, vx, qq], except: [微信支付], patterns: ['V[xX]?\\s*[:：]\\s*\\w{5,}']}
- {id: 第一, class: 极限词, why: 广告法, severity: warn, words: [第一, 第一名, 一名, 100%, 第1], except: [第一时间, '100%棉']}
- {id: 抖音, class: 竞品, why: 竞品, severity: block, words: [拼夕夕], channels: [抖店]}
";

#[test]
fn banned_words_are_found_through_their_disguises() {
    let (lexicon, problems) = alone(&[("facets.yaml", "channels: {千牛: , 抖音: [抖店]}"), ("banned.yaml", RULES)]);
    assert!(problems.is_empty(), "{problems:?}");
    let check = |text: &str, expect: &[&str]| {
        let found = lexicon.banned.find(text, None);
        let found: Vec<String> =
            found.iter().map(|one| format!("{} {}", lexicon.banned.rules[one.rule].id, &text[one.span.clone()])).collect();
        assert_eq!(found, expect, "{text}");
    };
    check("加我微信吧", &["微信 微信"]);
    check("加我 微·❤ 信 吧", &["微信 微·❤ 信"]);
    check("加我ＷＸ,ＶＸ", &["微信 ＶＸ"]);
    check("加 V 吧", &["微信 加 V"]);
    check("加vip会员", &[]);
    check("vx123", &["微信 vx"]);
    check("我的1vx", &["微信 vx"]);
    check("vx abc", &["微信 vx"]);
    check("rev xl", &[]);
    check("qqtang", &[]);
    check("V：abc_12345", &["微信 V：abc_12345"]);
    check("可以用微信支付", &[]);
    check("可以用微信 支付,微信也行", &["微信 微信"]);
    check("微信和微信", &["微信 微信", "微信 微信"]);
    check("第一时间处理", &[]);
    check("销量第一", &["第一 第一"]);
    check("第一名", &["第一 第一名"]);
    check("第10件", &[]);
    check("第1名", &["第一 第1"]);
    check("效果100 %", &["第一 100 %"]);
    check("满100减10,100%棉", &[]);
    check("1100%", &[]);
    check("銷量第一,加微信", &["第一 第一", "微信 微信"]);
    check("", &[]);
}

#[test]
fn a_rule_holds_on_its_channels() {
    let (lexicon, _) = alone(&[("facets.yaml", "channels: {千牛: , 抖音: [抖店]}"), ("banned.yaml", RULES)]);
    let check =
        |channel: Option<&str>, expect: usize| assert_eq!(lexicon.banned.find("去拼夕夕,销量第一", channel).len(), expect, "{channel:?}");
    check(None, 2);
    check(Some("抖音"), 2);
    check(Some("千牛"), 1);
}

#[test]
fn a_rule_of_a_known_id_takes_its_place() {
    let (general, _) = load(&[]);
    let id = &general.banned.rules[0].id;
    let text = format!("rules: [{{id: {id}, class: 引流, why: 换成我们的, severity: warn, words: [某某词]}}]\n");
    let (lexicon, _) = load(&[LexiconFile { path: "lexicon/banned.yaml".to_owned(), bytes: text.into_bytes() }]);
    assert_eq!(lexicon.banned.rules.len(), general.banned.rules.len());
    assert_eq!(lexicon.banned.rules[0].why, "换成我们的");
    assert_eq!(lexicon.banned.find("某某词", None).len(), 1);
}

#[test]
fn a_million_characters_are_checked_in_linear_time() {
    let (lexicon, _) = alone(&[("facets.yaml", "channels: {千牛: , 抖音: [抖店]}"), ("banned.yaml", RULES)]);
    let text = "微信支付微信第一时间".repeat(100_000);
    let began = std::time::Instant::now();
    assert_eq!(lexicon.banned.find(&text, None).len(), 100_000);
    // Quadratic work would take hours; the bound is loose because the test machine may be busy.
    assert!(began.elapsed().as_secs() < 60, "{:?}", began.elapsed());
}

proptest::proptest! {
    // Each case builds whole lexicons.
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(32))]
    #[test]
    fn any_bytes_load_and_any_text_is_checked(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), text in "\\PC{0,40}") {
        let files: Vec<LexiconFile> = GENERAL_FILES.iter().map(|(name, _)| LexiconFile { path: (*name).to_owned(), bytes: bytes.clone() }).collect();
        extend(Lists::default(), &files);
        let (lexicon, _) = alone(&[("facets.yaml", "channels: {千牛: , 抖音: [抖店]}"), ("banned.yaml", RULES)]);
        for finding in lexicon.banned.find(&text, None) {
            proptest::prop_assert!(!text[finding.span].is_empty());
        }
    }
}
