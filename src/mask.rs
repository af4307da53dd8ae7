//! Private data in a text: phone, identity card, bank card, e-mail, each with its place. Pure.
//!
//! Called by `http` for drafts. Findings are typed, so that what is masked later becomes a typed placeholder.

use regex::Regex;
use std::ops::Range;
use std::sync::LazyLock;

/// What kind of private data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PrivateKind {
    /// A mobile number, with or without country code or extension.
    Phone,
    /// A resident identity card of 18 characters (GB 11643).
    IdCard,
    /// A payment card.
    BankCard,
    /// An e-mail address.
    Email,
}

impl PrivateKind {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            PrivateKind::Phone => "phone",
            PrivateKind::IdCard => "id_card",
            PrivateKind::BankCard => "bank_card",
            PrivateKind::Email => "email",
        }
    }

    /// The name for people.
    pub fn zh(self) -> &'static str {
        match self {
            PrivateKind::Phone => "手机号",
            PrivateKind::IdCard => "身份证号",
            PrivateKind::BankCard => "银行卡号",
            PrivateKind::Email => "邮箱地址",
        }
    }
}

/// One place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Private {
    /// What it is.
    pub kind: PrivateKind,
    /// Bytes of the text.
    pub span: Range<usize>,
}

/// RFC 5322 allows far more; this is what people have.
static EMAIL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)[a-z0-9._%+-]{1,64}[@＠][a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}").ok());

/// An extension after a virtual number: 转1234, -1234, ,1234.
static EXTENSION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\s*(?:转|分机|[,，-])\s*[0-9０-９]{3,6}(?:[^0-9０-９]|$)").ok());

/// Groups of digits that may belong to one number: 622202 0200 1122 33445 has five, people write no more.
const MAX_GROUPS: usize = 6;

/// All private data in a text, ascending, without overlaps.
pub fn find(text: &str) -> Vec<Private> {
    let mut found: Vec<Private> =
        EMAIL.iter().flat_map(|email| email.find_iter(text)).map(|hit| Private { kind: PrivateKind::Email, span: hit.range() }).collect();
    let groups: Vec<Group> = groups(text)
        .into_iter()
        .filter(|group| found.iter().all(|email| group.end <= email.span.start || email.span.end <= group.start))
        .collect();
    let mut at = 0;
    while at < groups.len() {
        match longest(text, &groups[at..]) {
            Some((kind, used)) => {
                let mut end = groups[at + used - 1].end;
                if kind == PrivateKind::Phone {
                    end += extension(&text[end..]);
                }
                found.push(Private { kind, span: groups[at].start..end });
                at += used;
            }
            None => at += 1,
        }
    }
    found.sort_by_key(|private| private.span.start);
    found.dedup_by(|later, earlier| later.span.start < earlier.span.end);
    found
}

/// A run of digits without anything between.
struct Group {
    start: usize,
    end: usize,
    digits: String,
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (at, character) in text.char_indices() {
        let Some(digit) = digit(character, groups.last().is_some_and(|group| group.end == at && group.digits.len() == 17)) else {
            continue;
        };
        let end = at + character.len_utf8();
        match groups.last_mut().filter(|group| group.end == at) {
            Some(group) => {
                group.end = end;
                group.digits.push(digit);
            }
            None => groups.push(Group { start: at, end, digits: digit.to_string() }),
        }
    }
    groups
}

/// A digit in any width, or as a Chinese numeral; `X` counts as the last place of an identity card.
fn digit(character: char, last_place: bool) -> Option<char> {
    match character {
        '0'..='9' => Some(character),
        '０'..='９' => char::from_digit(u32::from(character) - u32::from('０'), 10),
        'x' | 'X' | 'Ｘ' | 'ｘ' if last_place => Some('X'),
        '零' | '〇' => Some('0'),
        '一' | '幺' | '壹' => Some('1'),
        '二' | '贰' => Some('2'),
        '三' | '叁' => Some('3'),
        '四' | '肆' => Some('4'),
        '五' | '伍' => Some('5'),
        '六' | '陆' => Some('6'),
        '七' | '柒' => Some('7'),
        '八' | '捌' => Some('8'),
        '九' | '玖' => Some('9'),
        _ => None,
    }
}

/// What the first groups together are, with how many of them; the most groups win.
fn longest(text: &str, groups: &[Group]) -> Option<(PrivateKind, usize)> {
    let mut joined = String::new();
    let mut best = None;
    for (index, group) in groups.iter().take(MAX_GROUPS).enumerate() {
        if index > 0 && !is_separator(&text[groups[index - 1].end..group.start]) {
            break;
        }
        joined.push_str(&group.digits);
        if let Some(kind) = kind_of(&joined) {
            best = Some((kind, index + 1));
        }
    }
    best
}

fn is_separator(between: &str) -> bool {
    matches!(between, " " | "-" | "\u{3000}" | "\u{a0}" | "·" | "－")
}

fn kind_of(digits: &str) -> Option<PrivateKind> {
    if is_phone(digits) {
        Some(PrivateKind::Phone)
    } else if is_id_card(digits) {
        Some(PrivateKind::IdCard)
    } else if is_bank_card(digits) {
        Some(PrivateKind::BankCard)
    } else {
        None
    }
}

/// Eleven digits from 13 to 19 on, country code allowed.
fn is_phone(digits: &str) -> bool {
    let local = match digits.len() {
        13 => digits.strip_prefix("86"),
        15 => digits.strip_prefix("0086"),
        _ => Some(digits),
    };
    local.is_some_and(|local| {
        local.len() == 11 && local.starts_with('1') && matches!(local.as_bytes().get(1), Some(b'3'..=b'9')) && !local.contains('X')
    })
}

/// Weights and check characters of GB 11643-1999 (ISO 7064, MOD 11-2), and a birthday that can be one.
fn is_id_card(digits: &str) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: &[u8; 11] = b"10X98765432";
    let bytes = digits.as_bytes();
    if bytes.len() != 18 {
        return false;
    }
    let sum: u32 = bytes.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight).sum();
    let number = |range: Range<usize>| digits.get(range).and_then(|text| text.parse::<u32>().ok()).unwrap_or(0);
    let birthday = (1900..=2100).contains(&number(6..10)) && (1..=12).contains(&number(10..12)) && (1..=31).contains(&number(12..14));
    birthday && CHECKS.get(sum as usize % 11) == bytes.get(17)
}

/// Issuer prefix and length, then Luhn (ISO/IEC 7812-1): Luhn alone would take every tenth order number.
fn is_bank_card(digits: &str) -> bool {
    let issued = match digits.len() {
        15 => digits.starts_with("34") || digits.starts_with("37"),
        16 => digits.starts_with("62") || digits.starts_with('4') || digits.starts_with("35") || ("51"..="55").contains(&&digits[..2]),
        17..=19 => digits.starts_with("62"),
        _ => false,
    };
    issued && !digits.contains('X') && luhn(digits)
}

fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte - b'0');
            match (index % 2, digit) {
                (0, digit) => digit,
                (_, digit @ 5..) => digit * 2 - 9,
                (_, digit) => digit * 2,
            }
        })
        .sum();
    sum % 10 == 0
}

/// Bytes of an extension at the beginning of what follows a phone number.
fn extension(rest: &str) -> usize {
    let Some(hit) = EXTENSION.as_ref().and_then(|extension| extension.find(rest)) else { return 0 };
    hit.as_str().trim_end_matches(|character: char| digit(character, false).is_none()).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[(PrivateKind, &str)]) {
        let found = find(text);
        let found: Vec<(PrivateKind, &str)> = found.iter().map(|private| (private.kind, &text[private.span.clone()])).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn phones_are_found_however_they_are_written() {
        use PrivateKind::Phone;
        check("电话13812345678谢谢", &[(Phone, "13812345678")]);
        check("138 1234 5678", &[(Phone, "138 1234 5678")]);
        check("138-1234-5678", &[(Phone, "138-1234-5678")]);
        check("+8613812345678", &[(Phone, "8613812345678")]);
        check("+86 138 1234 5678", &[(Phone, "86 138 1234 5678")]);
        check("１３８１２３４５６７８", &[(Phone, "１３８１２３４５６７８")]);
        check("一三八一二三四五六七八", &[(Phone, "一三八一二三四五六七八")]);
        check("打13812345678转4321就行", &[(Phone, "13812345678转4321")]);
        check("13812345678 13912345678", &[(Phone, "13812345678"), (Phone, "13912345678")]);
    }

    #[test]
    fn cards_need_their_check_digit() {
        check("身份证11010519491231002X", &[(PrivateKind::IdCard, "11010519491231002X")]);
        check("11010519491231002x", &[(PrivateKind::IdCard, "11010519491231002x")]);
        check("110105194912310021", &[]);
        check("6222 0200 0000 0000 005", &[]);
        check("卡号 4111 1111 1111 1111", &[(PrivateKind::BankCard, "4111 1111 1111 1111")]);
        check("4111 1111 1111 1112", &[]);
    }

    #[test]
    fn addresses_of_mail_are_found() {
        check("发到 zhang.san@example.com 吧", &[(PrivateKind::Email, "zhang.san@example.com")]);
        check("13812345678@qq.com", &[(PrivateKind::Email, "13812345678@qq.com")]);
        check("@我", &[]);
    }

    #[test]
    fn what_only_looks_like_it_is_left_alone() {
        check("订单 2847193847561928374 已发", &[]);
        check("满200减20,48小时内", &[]);
        check("400-000-0001", &[]);
        check("12812345678", &[]);
        check("138123456789", &[]);
        check("一二三四", &[]);
    }
}
