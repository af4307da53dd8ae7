//! Numbers by their form: phones, cards, orders, parcels, and long numbers of no known kind.
//!
//! Formats: phones by 工信部's numbering plan, identity cards GB 11643-1999 (ISO 7064 MOD 11-2), payment cards ISO/IEC 7812 (Luhn), orders and
//! parcels as the platforms and carriers show them. Where a bare number may be one or the other, the words before it decide.

use super::{Private, PrivateKind};
use std::ops::Range;

/// From so many digits on a number of no known kind is masked: 5 to 6 are prices and amounts, 7 is the shortest line.
const MIN_LONG_DIGITS: usize = 7;

/// From so many digits on, words before a number (订单号, 快递) name its kind.
const MIN_NAMED_DIGITS: usize = 8;

/// From so many digits on, letters before a number belong to it (SF…, JDVA…): model numbers have fewer digits.
const MIN_LETTERED_DIGITS: usize = 9;

/// Most letters before a number that belong to it.
const MAX_LETTERS: usize = 5;

/// Most digits of a number that was written in groups: 19 of a card, and four for a country code.
const MAX_GROUPED_DIGITS: usize = 23;

/// How far before a number the words that name it may stand, in characters: 快递单号发你一下是…
const NAMING_CHARS: usize = 10;

/// So many Chinese numerals in a row are read as digits: fewer are words (一二三四, 二零二六年).
const MIN_CHINESE_DIGITS: usize = 5;

/// What is written before a parcel's number.
const TRACKING_PREFIXES: [&str; 22] = [
    "sf", "yt", "jt", "zto", "zt", "sto", "yd", "dpk", "dp", "kye", "ky", "ems", "cn", "lp", "best", "ane", "yzpy", "tt", "zjs", "uc",
    "dn", "jtsd",
];

/// Words before a parcel's number.
const TRACKING_WORDS: [&str; 16] =
    ["快递", "运单", "物流", "包裹", "取件", "顺丰", "中通", "圆通", "申通", "韵达", "极兔", "德邦", "百世", "邮政", "ems", "京东快"];

/// Words before an order's number.
const ORDER_WORDS: [&str; 4] = ["订单", "单子", "order", "下单"];

/// Words before a card's number.
const CARD_WORDS: [&str; 3] = ["银行", "卡号", "储蓄卡"];

/// All numbers that are private.
pub(super) fn find(folded: &str) -> Vec<Private> {
    let ascii = groups(folded, |character| character.is_ascii_digit().then_some(character));
    let mut found = Vec::new();
    scan(folded, &ascii, &mut found);
    let mixed = groups(folded, numeral);
    let mut at = 0;
    while at < mixed.len() {
        // A row of groups of which enough are Chinese numerals.
        let row = 1 + mixed[at..].windows(2).take_while(|pair| is_separator(&folded[pair[0].span.end..pair[1].span.start])).count();
        let chinese = mixed[at..at + row].iter().map(|group| group.chinese).sum::<usize>();
        if chinese >= MIN_CHINESE_DIGITS {
            scan(folded, &mixed[at..at + row], &mut found);
        }
        at += row;
    }
    found.sort_unstable_by_key(|private| private.span.start);
    found.dedup_by(|later, earlier| later.span.start < earlier.span.end);
    found
}

/// A run of digits without anything between.
struct Group {
    span: Range<usize>,
    digits: String,
    /// How many of them are Chinese numerals.
    chinese: usize,
}

fn groups(folded: &str, digit: impl Fn(char) -> Option<char>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (at, character) in folded.char_indices() {
        let end = at + character.len_utf8();
        match groups.last_mut().filter(|group| group.span.end == at) {
            Some(group) => {
                if let Some(digit) = digit(character) {
                    group.span.end = end;
                    group.digits.push(digit);
                    group.chinese += usize::from(!character.is_ascii());
                }
            }
            None => {
                if let Some(digit) = digit(character) {
                    groups.push(Group { span: at..end, digits: digit.to_string(), chinese: usize::from(!character.is_ascii()) });
                }
            }
        }
    }
    groups
}

fn numeral(character: char) -> Option<char> {
    match character {
        '0'..='9' => Some(character),
        '零' | '〇' | '洞' => Some('0'),
        '一' | '幺' | '壹' => Some('1'),
        '二' | '贰' => Some('2'),
        '三' | '叁' => Some('3'),
        '四' | '肆' => Some('4'),
        '五' | '伍' => Some('5'),
        '六' | '陆' => Some('6'),
        '七' | '柒' | '拐' => Some('7'),
        '八' | '捌' => Some('8'),
        '九' | '玖' => Some('9'),
        _ => None,
    }
}

fn scan(folded: &str, groups: &[Group], found: &mut Vec<Private>) {
    let mut at = 0;
    while at < groups.len() {
        let (private, used) = read(folded, &groups[at..]);
        found.extend(private);
        at += used;
    }
}

/// What the first groups are, and how many of them: the longest number that has a kind wins, then the first group alone.
fn read(folded: &str, groups: &[Group]) -> (Option<Private>, usize) {
    let first = &groups[0];
    let before = &folded[..first.span.start];
    let row = 1 + groups.windows(2).take_while(|pair| is_separator(&folded[pair[0].span.end..pair[1].span.start])).count();
    let letters = letters_before(before);
    let mut joined = first.digits.clone();
    let mut joins = vec![joined.clone()];
    for group in &groups[1..row] {
        joined.push_str(&group.digits);
        if joined.len() > MAX_GROUPED_DIGITS {
            break;
        }
        joins.push(joined.clone());
    }
    for (index, digits) in joins.iter().enumerate().rev() {
        let used = &groups[..=index];
        let end = used[index].span.end;
        if digits.len() == 17 && folded[end..].starts_with('x') && is_id_card(&format!("{digits}x")) {
            return (Some(Private { kind: PrivateKind::IdCard, span: first.span.start..end + 1 }), index + 1);
        }
        let Some((kind, start)) = kind_of(folded, digits, used, letters) else { continue };
        let end = match kind {
            PrivateKind::Phone => end + extension(&folded[end..]),
            PrivateKind::Tracking => end + suffix(&folded[end..]),
            _ => end,
        };
        let used = groups.iter().take_while(|group| group.span.start < end).count();
        return (Some(Private { kind, span: start.unwrap_or(first.span.start)..end }), used);
    }
    (None, 1)
}

/// The kind of a number of these groups, and where it begins if letters before belong to it.
fn kind_of(folded: &str, digits: &str, groups: &[Group], letters: &str) -> Option<(PrivateKind, Option<usize>)> {
    let start = groups[0].span.start;
    let before = &folded[..start];
    let whole = groups.len() == 1;
    let named = |words: &[&str]| is_named(before, words);
    // Groups as people cut long numbers; prices and sizes in a row are shorter.
    let cut_well = whole || groups.iter().all(|group| group.digits.len() >= 3);
    if is_duoduo_order(groups, folded) {
        return Some((PrivateKind::Order, None));
    }
    if is_id_card(digits) {
        return Some((PrivateKind::IdCard, None));
    }
    if !letters.is_empty() && cut_well && digits.len() >= MIN_LETTERED_DIGITS {
        let name = letters.trim_end_matches([' ', ':', '-']);
        let from = Some(start - letters.len());
        let after = &folded[groups[groups.len() - 1].span.end..];
        if name == "p" && digits.len() >= 16 {
            return Some((PrivateKind::Order, from));
        }
        if TRACKING_PREFIXES.contains(&name) || name.starts_with("jd") || (name.len() == 2 && digits.len() == 9 && suffix(after) > 0) {
            return Some((PrivateKind::Tracking, from));
        }
        if !is_phone(digits) {
            return Some((PrivateKind::Number, from.filter(|_| letters == name)));
        }
    }
    if is_phone(digits) && (whole || is_phone_cut(groups)) || is_line(digits, groups) {
        let plus = before.ends_with('+').then(|| start - 1);
        return Some((PrivateKind::Phone, plus));
    }
    if cut_well && is_bank_card(digits) && !named(&ORDER_WORDS) && !named(&TRACKING_WORDS) {
        return Some((PrivateKind::BankCard, None));
    }
    if cut_well && digits.len() >= if whole { MIN_NAMED_DIGITS } else { 12 } && !(whole && is_date(digits)) {
        if named(&TRACKING_WORDS) {
            return Some((PrivateKind::Tracking, None));
        }
        if named(&ORDER_WORDS) {
            return Some((PrivateKind::Order, None));
        }
        if named(&CARD_WORDS) && digits.len() >= 12 {
            return Some((PrivateKind::BankCard, None));
        }
    }
    let is_service_line = digits.len() == 10 && (digits.starts_with("400") || digits.starts_with("800"));
    if !whole || is_service_line || digits.len() < MIN_LONG_DIGITS || is_date(digits) || is_amount(&folded[groups[0].span.end..]) {
        return None;
    }
    let kind = match (digits.len(), digits.as_bytes()) {
        // 中通 has 12 or 14 digits from 7, 韵达 13 or 15 from 3 or 4, 申通 15 from 77, 邮政 13 from 1 or 9.
        (14, [b'7', ..]) | (15, [b'7', b'7', ..] | [b'3' | b'4', ..]) | (13, [b'3' | b'4' | b'9', ..]) | (12, [b'7', b'5'..=b'9', ..]) => {
            PrivateKind::Tracking
        }
        // 京东 has 12 digits, 快手 16, 淘宝 16 to 19, 抖音 and 微信 19.
        (12 | 16..=19, _) => PrivateKind::Order,
        _ => PrivateKind::Number,
    };
    Some((kind, None))
}

fn is_separator(between: &str) -> bool {
    matches!(between, " " | "-" | "  " | "·" | "." | "_" | "—" | "–" | " - ")
}

/// Letters before a number that may belong to it, with what parts them from it.
fn letters_before(before: &str) -> &str {
    let end = before.strip_suffix([' ', ':', '-']).unwrap_or(before).len();
    let count = before[..end].bytes().rev().take_while(u8::is_ascii_lowercase).count();
    let is_start = !before[..end - count].ends_with(|character: char| character.is_ascii_alphanumeric());
    if (1..=MAX_LETTERS).contains(&count) && is_start { &before[end - count..] } else { "" }
}

fn is_named(before: &str, words: &[&str]) -> bool {
    let from = before.char_indices().rev().take(NAMING_CHARS).last().map_or(0, |(at, _)| at);
    // The nearest clause only.
    let near = before[from..].rsplit(['。', '!', '?', ';', '\n']).next().unwrap_or_default();
    words.iter().any(|word| near.contains(word))
}

fn is_phone(digits: &str) -> bool {
    let digits = ["+86", "0086", "86"].iter().find_map(|code| digits.strip_prefix(code).filter(|rest| rest.len() == 11)).unwrap_or(digits);
    matches!(digits.as_bytes(), [b'1', b'3'..=b'9', ..]) && digits.len() == 11 && digits.bytes().all(|digit| digit.is_ascii_digit())
}

/// 138 0013 8000, 13800 138000, or digit by digit; not the sizes and prices of a list.
fn is_phone_cut(groups: &[Group]) -> bool {
    let lengths: Vec<usize> = groups.iter().map(|group| group.digits.len()).collect();
    let national = lengths.as_slice();
    let national = if matches!(groups[0].digits.as_str(), "86" | "0086") { &national[1..] } else { national };
    matches!(national, [11] | [3, 4, 4] | [3, 3, 5] | [4, 4, 3] | [3, 8] | [7, 4] | [5, 6] | [4, 3, 4] | [5, 3, 3] | [3, 2, 3, 3])
        || national.len() >= 5
}

/// A line: area code and number (0571-88888888). A service line (400-820-8820) is public.
fn is_line(digits: &str, groups: &[Group]) -> bool {
    let lengths: Vec<usize> = groups.iter().map(|group| group.digits.len()).collect();
    match lengths.as_slice() {
        [3 | 4, 7 | 8] => groups[0].digits.starts_with('0') && !groups[0].digits.starts_with("00"),
        [11 | 12] => digits.starts_with('0') && !digits.starts_with("00"),
        _ => false,
    }
}

/// An extension after a virtual number: 转1234, -1234, 分机1234; its bytes.
fn extension(after: &str) -> usize {
    let mark = after.trim_start_matches(' ');
    let Some(rest) = ["转分机", "转接", "转", "分机号", "分机", "-", "—", "–", ",", "#", "p", "ext", "_"]
        .iter()
        .find_map(|mark_text| mark.strip_prefix(mark_text))
    else {
        return 0;
    };
    let rest = rest.trim_start_matches([' ', ':', '.', '号']);
    let digits: usize = rest.chars().take_while(|character| numeral(*character).is_some()).map(char::len_utf8).sum();
    let count = rest[..digits].chars().count();
    if (3..=6).contains(&count) { after.len() - rest.len() + digits } else { 0 }
}

/// What follows a parcel's number: the country of an EMS number (…CN), the piece of a 京东 one (-1-1-).
fn suffix(after: &str) -> usize {
    let letters = after.bytes().take_while(u8::is_ascii_lowercase).count();
    if letters == 2 && !after[2..].starts_with(|character: char| character.is_ascii_alphanumeric()) {
        return 2;
    }
    let piece = after.bytes().take_while(|byte| *byte == b'-' || byte.is_ascii_digit()).count();
    if after.starts_with('-') && after[..piece].split('-').all(|part| part.len() <= 3) { piece } else { 0 }
}

/// 拼多多: day and fifteen digits, 240101-123456789012345.
fn is_duoduo_order(groups: &[Group], folded: &str) -> bool {
    matches!(groups, [day, rest] if day.digits.len() == 6 && (14..=16).contains(&rest.digits.len()) && folded[day.span.end..rest.span.start].trim() == "-")
}

/// GB 11643: a plausible birthday and the check digit.
fn is_id_card(digits: &str) -> bool {
    /// ISO 7064 MOD 11-2.
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10x98765432";
    let bytes = digits.as_bytes();
    if bytes.len() != 18 || !is_date(&digits[6..14]) || !(b'1'..=b'9').contains(&bytes[0]) {
        return false;
    }
    let sum: u32 = bytes.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight).sum();
    CHECKS.get(sum as usize % 11) == bytes.last()
}

/// A day between 1900 and 2099 in eight digits.
fn is_date(digits: &str) -> bool {
    let part = |range: Range<usize>| digits.get(range).and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
    digits.len() == 8 && (1900..2100).contains(&part(0..4)) && (1..=12).contains(&part(4..6)) && (1..=31).contains(&part(6..8))
}

/// 银联 from 62 with 16 to 19 digits, Visa, Mastercard and JCB with 16, American Express with 15; the check by Luhn.
fn is_bank_card(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    let issued = match bytes.len() {
        15 => matches!(bytes, [b'3', b'4' | b'7', ..]),
        16 => matches!(bytes, [b'4', ..] | [b'5', b'1'..=b'5', ..] | [b'3', b'5', ..] | [b'6', b'0' | b'2', ..] | [b'9', ..]),
        17 | 18 => matches!(bytes, [b'6', b'2', ..]),
        19 => matches!(bytes, [b'6', b'0' | b'2', ..] | [b'9', b'5'..=b'6', ..]),
        _ => false,
    };
    issued && bytes.iter().all(u8::is_ascii_digit) && luhn(bytes)
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match u32::from(digit - b'0') * if place % 2 == 1 { 2 } else { 1 } {
            large @ 10.. => large - 9,
            small => small,
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether what follows a number makes it an amount.
fn is_amount(after: &str) -> bool {
    after.trim_start().starts_with(['元', '块', '万', '亿', '粉', '人', '件', '瓶', '个', '次', '步'])
}
