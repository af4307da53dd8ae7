//! Names of people: after the words that announce them, and beside a phone or an address.

use super::{Private, PrivateKind};
use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// Surnames of one character, the commonest 240: they cover more than 96 of 100 people.
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦傅方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢";

/// Surnames of two characters.
const DOUBLE_SURNAMES: [&str; 16] =
    ["欧阳", "上官", "司马", "诸葛", "司徒", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "夏侯", "长孙", "宇文", "轩辕", "端木"];

/// Characters that end a name or show that there is none: what follows a name in a sentence.
const NO_NAME: &str = "的是了吗呢啊吧我你您他她它们请要想说帮在有不没和跟与也都就电手联地这那号码发收寄退换改填写错对到给被把，,。.!?、:;()<> 人货件订单快递便上";

/// Words that begin like a name and are none.
const NO_NAMES: &str = "方便 马上 全部 时间 时候 任何 高兴 平台 平时 安排 安装 安全 安心 单位 单号 单独 连接 连衣 包裹 包邮 包装 应该 管理 谢谢 万一 成功 左右 常用 于是 江苏 广东 项目 路上 路由 金额 金色 边上 余额 水果 牛奶 白色 黄色 蓝色 高级 高端 麦片 阳台 车费 申请 明白 解决 解释 程序 程度 施工 温度 华为 司机 童装 游戏 宁可 辛苦 经理 卫生 易碎 尽快 胡乱 马桶 陈列 沙发 钱包 钱款 成都 温州 和平 原来 原价 原因 原路 计划 储存 查看 查询 查一 向上 海尔 农行 时效 米色 花色 党员 项链 莫名 万能 官方 官网 池子 那边 那个 师傅 全国 全新 全款 全额 申报 南方 明天 后天";

/// Longest name after a colon without a known surname, in characters: 阿依古丽·买买提.
const MAX_NAME_CHARS: usize = 12;

static ANNOUNCED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:我叫|姓名|收件人|收货人|联系人|签收人|寄件人|开户人|户名|名字|本人姓?名?)(?:\s*(?:的?名字)?(?:应该|需要|想|请)?(?:改成|改为|改|换成|更正为|写成|写的是|写的|填的是|填的|叫做|叫|是|为))?\s*(?P<colon>[::])?\s*").ok()
});

/// Names announced in the text, and names beside what was found before.
pub(super) fn find(folded: &str, before: &[Private]) -> Vec<Private> {
    let mut found: Vec<Private> = Vec::new();
    let mut push = |span: Range<usize>| found.push(Private { kind: PrivateKind::Name, span });
    for captures in ANNOUNCED.iter().flat_map(|regex| regex.captures_iter(folded)) {
        let Some(whole) = captures.get(0) else { continue };
        let rest = &folded[whole.end()..];
        let length = name_length(rest).or_else(|| captures.name("colon").and_then(|_| foreign_length(rest)));
        if let Some(length) = length {
            push(whole.end()..whole.end() + length);
        }
    }
    for private in before.iter().filter(|private| matches!(private.kind, PrivateKind::Phone | PrivateKind::Address)) {
        if let Some(span) = name_after(folded, private.span.end).or_else(|| name_before(folded, private.span.start)) {
            push(span);
        }
    }
    found
}

/// Bytes of the name with which a text begins.
fn name_length(text: &str) -> Option<usize> {
    if NO_NAMES.split(' ').any(|word| text.starts_with(word)) {
        return None;
    }
    let first = text.chars().next()?;
    let surname = match DOUBLE_SURNAMES.iter().find(|surname| text.starts_with(**surname)) {
        Some(surname) => surname.len(),
        None if SURNAMES.contains(first) => first.len_utf8(),
        None => return None,
    };
    let given: usize = text[surname..].chars().take(2).take_while(|character| is_given(*character)).map(char::len_utf8).sum();
    (given > 0).then_some(surname + given)
}

/// Bytes of what stands after a colon and has no known surname: a name of a minority, or in letters.
fn foreign_length(text: &str) -> Option<usize> {
    let letters = |character: &char| character.is_ascii_alphabetic() || *character == ' ';
    let han = |character: &char| is_given(*character) || *character == '·';
    let taken: Vec<char> = match text.chars().next()? {
        'a'..='z' => text.chars().take_while(letters).collect(),
        _ => text.chars().take_while(han).collect(),
    };
    let taken: String = taken.into_iter().collect();
    let length = taken.trim_end().chars().count();
    let fits = if taken.is_ascii() {
        20
    } else if taken.contains('·') {
        MAX_NAME_CHARS
    } else {
        4
    };
    (2..=fits).contains(&length).then(|| taken.trim_end().len())
}

fn is_given(character: char) -> bool {
    ('\u{4E00}'..='\u{9FFF}').contains(&character) && !NO_NAME.contains(character)
}

fn is_between(character: char) -> bool {
    character.is_whitespace() || matches!(character, ',' | '、' | ';' | ':' | '/' | '+' | '-' | '|' | '(' | ')')
}

/// A name that stands alone after what was found: …301室 王小明 138….
fn name_after(folded: &str, end: usize) -> Option<Range<usize>> {
    let rest = &folded[end..];
    let start = end + rest.len() - rest.trim_start_matches(is_between).len();
    let run: usize =
        folded[start..].chars().take_while(|character| ('\u{4E00}'..='\u{9FFF}').contains(character)).map(char::len_utf8).sum();
    let run = run - if folded[start..start + run].ends_with('收') { '收'.len_utf8() } else { 0 };
    // Written without a gap it must be marked as the one who receives.
    let marked = start > end || folded[start + run..].starts_with('收');
    (marked && run > 0 && name_length(&folded[start..start + run]) == Some(run)).then_some(start..start + run)
}

/// A name that stands alone before what was found: 王小明 138….
fn name_before(folded: &str, start: usize) -> Option<Range<usize>> {
    let before = folded[..start].trim_end_matches(is_between);
    let run: usize = before.chars().rev().take_while(|character| ('\u{4E00}'..='\u{9FFF}').contains(character)).map(char::len_utf8).sum();
    let name = &before[before.len() - run..];
    (run > 0 && name_length(name) == Some(run)).then(|| before.len() - run..before.len())
}
