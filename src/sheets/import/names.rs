//! Ids, titles and file names for rows that bring none, and the rules for those that do. Pure.

use crate::entry::MAX_ID_CHARS;
use crate::hex::hex;
use crate::sheets::Reason;
use crate::slots;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

/// Longest title made of a text, in characters: a line of a list on the screen.
const MAX_TITLE_CHARS: usize = 40;
/// A clause shorter than this says nothing by itself (您好, 亲): the next one joins it.
const MIN_TITLE_CHARS: usize = 6;
/// Longest name made for a file or folder, in bytes. File systems hold 255, encrypted ones 143, and an id may follow.
const MAX_NAME_BYTES: usize = 120;
/// Longest name of a file or folder that is given, in bytes: what file systems hold.
const MAX_GIVEN_NAME_BYTES: usize = 255;
/// Folders made of a category: deeper ones are one path of people, not of folders.
const MAX_CATEGORY_FOLDERS: usize = 8;
/// Names that Windows keeps for itself.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt1", "lpt2", "lpt3", "lpt4",
    "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// An id as given by a row, NFC.
pub(super) fn given_id(text: &str) -> Result<String, Reason> {
    let id: String = text.nfc().collect();
    let fault = if id.chars().count() > MAX_ID_CHARS {
        Some(("太长", "is too long"))
    } else if id.contains(char::is_whitespace) {
        Some(("含空白", "has white space"))
    } else if id.contains(['/', '\\']) {
        Some(("含斜杠", "has a slash"))
    } else if id.contains(char::is_control) {
        Some(("含控制字符", "has a control character"))
    } else if id.starts_with('.') {
        Some(("以点开头", "begins with a dot"))
    } else {
        None
    };
    match fault {
        None => Ok(id),
        Some((zh, en)) => Err(Reason::new(
            format!("编号「{id}」{zh}；最多 {MAX_ID_CHARS} 个字，不含空白、斜杠和控制字符，不以点开头"),
            format!("the id `{id}` {en}; at most {MAX_ID_CHARS} characters, no white space, slash or control character, no leading dot"),
        )),
    }
}

/// The id of a row with a group and a code: the pair is what a platform tells scripts apart by.
pub(super) fn id_of_code(group: Option<&str>, code: &str) -> String {
    let whole = group.map_or_else(|| code.to_owned(), |group| format!("{group}-{code}"));
    let safe: String = whole
        .nfc()
        .map(
            |character| {
                if character.is_whitespace() || character.is_control() || "/\\>＞／".contains(character) { '-' } else { character }
            },
        )
        .collect();
    let safe = safe.trim_start_matches(['.', '-']);
    if safe.chars().count() <= MAX_ID_CHARS && !safe.is_empty() {
        return safe.to_owned();
    }
    let kept: String = safe.chars().take(MAX_ID_CHARS - 13).collect();
    format!("{kept}-{}", short_hash(&[&whole]))
}

/// The id of a row that has only its text.
pub(super) fn id_of_text(parts: &[&str]) -> String {
    format!("import-{}", short_hash(parts))
}

/// 12 hex digits: among 100,000 rows two meet by chance once in 56,000 tables, and are refused, not mixed up.
fn short_hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hex(&hash.finalize()[..6])
}

/// The first clause of a text, without its blanks.
pub(in crate::sheets) fn first_clause(text: &str) -> String {
    let filled = slots::find(text).slots.iter().rev().fold(text.to_owned(), |mut filled, slot| {
        filled.replace_range(slot.span.clone(), slot.fallback.unwrap_or_default());
        filled
    });
    let filled = filled.trim_start_matches(|character: char| !character.is_alphanumeric());
    let mut clause = String::new();
    for (length, character) in filled.chars().enumerate() {
        let ends = match character {
            '\n' | '\r' | '。' | '！' | '？' | '!' | '?' | '；' | ';' => length > 0,
            '，' | ',' | '~' | '～' | '：' | '…' => length >= MIN_TITLE_CHARS,
            _ => false,
        };
        if ends && (length >= MIN_TITLE_CHARS || matches!(character, '\n' | '\r')) || length == MAX_TITLE_CHARS {
            break;
        }
        clause.push(character);
    }
    clause.trim().to_owned()
}

/// The parts of a category however it is written.
pub(super) fn category_path(text: &str) -> Vec<&str> {
    text.split(['/', '／', '>', '＞', '\\']).map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// A folder for a category: one in the other for each part of its path.
pub(super) fn folder_of(category: &str) -> String {
    category_path(category).into_iter().take(MAX_CATEGORY_FOLDERS).map(|part| name_of(part, MAX_NAME_BYTES)).collect::<Vec<_>>().join("/")
}

/// Names to try for a file, without ending, best first; the last is unique as ids are.
pub(super) fn file_names(title: &str, id: &str) -> [String; 3] {
    let title = name_of(title, MAX_NAME_BYTES);
    let id = name_of(id, MAX_NAME_BYTES);
    [title.clone(), format!("{title}-{id}"), format!("{id}-{}", short_hash(&[&id, &title]))]
}

/// A text as the name of a file or folder on every system.
fn name_of(text: &str, most_bytes: usize) -> String {
    let mut name = String::new();
    for character in text.nfc() {
        let safe = match character {
            character if character.is_control() || character.is_whitespace() => ' ',
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => '-',
            '？' | '\u{feff}' => continue,
            character => character,
        };
        if name.len() + safe.len_utf8() > most_bytes {
            break;
        }
        if !(safe == ' ' && (name.is_empty() || name.ends_with(' '))) {
            name.push(safe);
        }
    }
    let name = name.trim_start_matches(['.', ' ', '-']).trim_end_matches(['.', ' ', '-', '：', '，', '。', '；']);
    let stem = name.split('.').next().unwrap_or_default().trim().to_ascii_lowercase();
    match name {
        "" => "_".to_owned(),
        name if stem == "readme" || RESERVED.contains(&stem.as_str()) => format!("_{name}"),
        name => name.to_owned(),
    }
}

/// Checks a path of folders, or one name, that a row gives: nothing in it may lead elsewhere or be hidden. The same rules as
/// `library` has, told here with row and column.
pub(super) fn given_path(path: &str) -> Result<(), Reason> {
    let is_bad = |name: &str| {
        name.is_empty()
            || name.starts_with(['.', ' '])
            || name.ends_with(['.', ' '])
            || name.len() > MAX_GIVEN_NAME_BYTES
            || name.contains(['\\', ':', '*', '?', '"', '<', '>', '|'])
            || name.contains(char::is_control)
    };
    match path.split('/').find(|name| is_bad(name)) {
        None => Ok(()),
        Some(name) => Err(Reason::new(
            format!(
                "「{name}」不能作文件名：不为空，不以点或空格开头结尾，不含 \\ : * ? \" < > | 和控制字符，最多 {MAX_GIVEN_NAME_BYTES} 字节"
            ),
            format!(
                "`{name}` is no name for a file: not empty, no dot or space at its ends, none of \\ : * ? \" < > | or control characters, at \
                 most {MAX_GIVEN_NAME_BYTES} bytes"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_title_is_the_first_clause_that_says_something() {
        let check = |text: &str, expect: &str| assert_eq!(first_clause(text), expect);
        check("亲，您好，这款七天无理由退货哦，运费险也有", "亲，您好，这款七天无理由退货哦");
        check("{{昵称|亲}}，让您久等了！订单 {{订单号}} 马上发", "亲，让您久等了");
        check("怎么退货\n第二行", "怎么退货");
        check("你好！在的", "你好！在的");
        check("  【公告】今日 16:00 前付款当天发出。", "公告】今日 16:00 前付款当天发出");
        check(&"长".repeat(60), &"长".repeat(40));
        check("。。。", "");
    }

    #[test]
    fn names_of_files_are_valid_everywhere() {
        let check = |title, expect: &str| assert_eq!(file_names(title, "7")[0], expect);
        check("怎么退货？", "怎么退货");
        check("7天/15天 退换:有\t什么<区别>", "7天-15天 退换-有 什么-区别");
        check("../../etc/passwd", "etc-passwd");
        check("README", "_README");
        check("con.txt", "_con.txt");
        check("...", "_");
        check("服务有效期：", "服务有效期");
        assert_eq!(file_names(&"长".repeat(60), "7")[0].len(), MAX_NAME_BYTES);
        assert_eq!(folder_of("售后 / 退款>进度"), "售后/退款/进度");
        assert_eq!(folder_of("../.git//x"), "_/git/x");
    }

    #[test]
    fn ids_of_codes_and_texts_are_ids() {
        assert_eq!(id_of_code(Some("售后/退货 类"), "th1"), "售后-退货-类-th1");
        assert_eq!(id_of_code(None, "/th1"), "th1");
        assert_ne!(id_of_text(&["a", "b"]), id_of_text(&["ab", ""]));
        let long = id_of_code(Some(&"长".repeat(90)), "a");
        assert_ne!(long, id_of_code(Some(&"长".repeat(90)), "b"));
        assert!(given_id(&long).is_ok());
        for bad in ["a b", "a/b", ".a", "a\u{7}", &"长".repeat(81)] {
            assert!(given_id(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_makes_valid_names(text in "\\PC{0,90}|[./\\\\ :\n-]{0,9}", id in "[^/\\s]{1,80}") {
            for name in file_names(&text, &id) {
                let file = format!("{name}.md");
                prop_assert!(given_path(&file).is_ok(), "{file:?}");
                prop_assert!(file.len() <= 255);
            }
            let folder = folder_of(&text);
            prop_assert!(folder.is_empty() || given_path(&folder).is_ok(), "{folder:?}");
            prop_assert!(given_id(&id_of_code(Some(&text), "x")).is_ok());
            prop_assert!(first_clause(&text).chars().count() <= MAX_TITLE_CHARS);
        }
    }
}
