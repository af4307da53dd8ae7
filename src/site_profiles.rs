//! Site profiles: where the input box, the messages and the conversation's name stand on the chat pages that the browser extension knows.
//! Pure: bytes in, profiles or a reason out. `library` reads the file of a library, `http` hands the result out.
//!
//! Profiles are data, so that a platform's redesign is mended by a file instead of a release of the extension. Nothing in them is run:
//! selectors select, patterns match, and that is all that the extension does with them.

use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::LazyLock;
use utoipa::ToSchema;

/// Name of the file in a library.
pub const FILE: &str = "site-profiles.json";

/// The format that this program knows.
const FORMAT: u32 = 1;

/// Most profiles: the trade has a dozen platforms, a company adds a few pages of its own.
const MAX_PROFILES: usize = 100;

/// Most selectors or patterns in one list: a page has one input box, and some older ones beside it.
const MAX_LIST: usize = 20;

/// Longest text of a profile, in characters: selectors of generated pages have some hundred.
const MAX_TEXT_CHARS: usize = 500;

/// Known sites, in the order in which they are tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteProfiles {
    /// 1.
    pub format: u32,
    /// For people who read the file.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// In a library's file: whether the built-in profiles are left out. Without it they follow, those with an id of the file excepted.
    #[serde(default)]
    pub replace: bool,
    /// The first that fits a page is taken.
    pub profiles: Vec<SiteProfile>,
}

/// One site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteProfile {
    /// Stable.
    pub id: String,
    /// For people.
    pub name: String,
    /// The library's name of the channel, 抖音 for one; empty: none.
    #[serde(default)]
    pub channel: String,
    /// Addresses as match patterns of browsers, `https://host/*`; `*.` before a host for its subdomains.
    #[serde(rename = "match")]
    pub matches: Vec<String>,
    /// insert; or copy: the site or its client takes no text from an extension.
    #[serde(default)]
    pub place: SitePlace,
    /// Selectors of the input box, best first. Empty: whichever editor has the focus.
    #[serde(default)]
    pub editor: Vec<String>,
    /// Where the messages stand, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<SiteMessages>,
    /// What names the open conversation; the first that gives a text is taken. Empty: the address of the page does.
    #[serde(default)]
    pub conversation: Vec<SiteText>,
    /// What names the shop.
    #[serde(default)]
    pub shop: Vec<SiteText>,
    /// For people: where it is from, what of it is not known.
    #[serde(default)]
    pub note: String,
}

/// How a reply gets to the customer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SitePlace {
    /// Into the input box.
    #[default]
    Insert,
    /// Into the clipboard.
    Copy,
}

/// Selectors of messages. Inside of an item, or the item itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteMessages {
    /// One message each, in the order of the page.
    pub item: String,
    /// What only the customer's have.
    pub customer: String,
    /// What only the agent's have. Items with neither (times, hints of the platform) are passed over; empty: any other item is the agent's.
    #[serde(default)]
    pub agent: String,
    /// The words of an item; empty: all of it.
    #[serde(default)]
    pub text: String,
}

/// A text of the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteText {
    /// Selector of the element.
    pub select: String,
    /// Its attribute; empty: its text.
    #[serde(default)]
    pub attribute: String,
}

/// Those that the program brings.
pub fn built_in() -> &'static SiteProfiles {
    static BUILT_IN: LazyLock<SiteProfiles> = LazyLock::new(|| {
        let none = SiteProfiles { format: FORMAT, note: String::new(), replace: false, profiles: Vec::new() };
        // A test reads the file; here a program without profiles is better than none.
        read(include_bytes!("../web/site-profiles.json")).unwrap_or(none)
    });
    &BUILT_IN
}

/// Reads a file, without the built-in ones.
///
/// # Errors
/// What is wrong, in Chinese and English, and where it is known on which line and column.
pub fn read(bytes: &[u8]) -> Result<SiteProfiles, Wrong> {
    let read: SiteProfiles = serde_json::from_slice(bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes)).map_err(|error| {
        let (line, column) = (u32::try_from(error.line()).unwrap_or(1).max(1), u32::try_from(error.column()).unwrap_or(1).max(1));
        Wrong {
            line,
            column,
            zh: "这里不是有效的网站配置：请照 docs/api.md 检查键名、引号和逗号".to_owned(),
            en: format!("not valid site profiles: {error}"),
        }
    })?;
    match wrong_value(&read) {
        None => Ok(read),
        Some((zh, en)) => Err(Wrong { line: 1, column: 1, zh, en }),
    }
}

/// What is wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// From 1.
    pub line: u32,
    /// In bytes, from 1.
    pub column: u32,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// A library's own profiles, and the built-in ones that it does not name.
pub fn with_built_in(own: &SiteProfiles) -> SiteProfiles {
    let mut all = own.clone();
    if !own.replace {
        let is_named = |id: &str| own.profiles.iter().any(|profile| profile.id == id);
        all.profiles.extend(built_in().profiles.iter().filter(|profile| !is_named(&profile.id)).cloned());
    }
    all
}

fn wrong_value(read: &SiteProfiles) -> Option<(String, String)> {
    if read.format != FORMAT {
        return Some((format!("format 应是 {FORMAT}"), format!("format must be {FORMAT}, found {}", read.format)));
    }
    if read.profiles.len() > MAX_PROFILES {
        return Some((format!("最多 {MAX_PROFILES} 个网站"), format!("at most {MAX_PROFILES} profiles")));
    }
    let mut ids = HashSet::new();
    read.profiles.iter().find_map(|profile| {
        let id = &profile.id;
        if id.is_empty() || !ids.insert(id) {
            return Some((format!("id {id:?} 为空或重复"), format!("the id {id:?} is empty or there twice")));
        }
        if let Some(pattern) = profile.matches.iter().find(|pattern| !is_pattern(pattern)) {
            return Some((
                format!("{id} 的 match {pattern:?} 应写成 https://域名/*"),
                format!("match {pattern:?} of {id} must be written https://host/*"),
            ));
        }
        let lists = [profile.matches.len(), profile.editor.len(), profile.conversation.len(), profile.shop.len()];
        if lists.into_iter().any(|length| length > MAX_LIST) {
            return Some((format!("{id} 的一个列表超过 {MAX_LIST} 项"), format!("a list of {id} has more than {MAX_LIST} items")));
        }
        let messages = profile.messages.iter().flat_map(|messages| [&messages.item, &messages.customer, &messages.agent, &messages.text]);
        let texts = profile.conversation.iter().chain(&profile.shop).flat_map(|text| [&text.select, &text.attribute]);
        let mut all = [id, &profile.name, &profile.channel].into_iter().chain(&profile.editor).chain(messages).chain(texts);
        all.any(|text| text.chars().count() > MAX_TEXT_CHARS)
            .then(|| (format!("{id} 有超过 {MAX_TEXT_CHARS} 字的值"), format!("a text of {id} is longer than {MAX_TEXT_CHARS} characters")))
    })
}

/// Whether a text is a match pattern with a host: one that fits every site would ask agents for every site.
fn is_pattern(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let Some((host, path)) = rest.split_once('/') else { return false };
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    let name = name.strip_prefix("*.").unwrap_or(name);
    matches!(scheme, "http" | "https" | "*")
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        && port.bytes().all(|byte| byte.is_ascii_digit() || byte == b'*')
        && !path.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(profiles: &str) -> String {
        format!(r#"{{"format": 1, "profiles": [{profiles}]}}"#)
    }

    #[test]
    fn the_built_in_profiles_can_be_read() {
        let read = read(include_bytes!("../web/site-profiles.json")).unwrap();
        assert_eq!(&read, built_in());
        for id in ["pinduoduo", "feige", "kuaishou", "jingdong", "weixin", "1688", "whatsapp", "qianniu", "xiaohongshu"] {
            assert!(read.profiles.iter().any(|profile| profile.id == id), "{id}");
        }
    }

    #[test]
    fn what_is_wrong_in_a_file_is_said() {
        let check = |text: &str, line: u32, says: &str| {
            let wrong = read(text.as_bytes()).unwrap_err();
            assert!(wrong.line == line && wrong.en.contains(says), "{text}: {wrong:?}");
        };
        check("{", 1, "not valid");
        check("{\"format\": 1,\n\"profile\": []}", 2, "unknown field");
        check(r#"{"format": 2, "profiles": []}"#, 1, "format must be 1");
        check(&file(r#"{"id": "", "name": "", "match": []}"#), 1, "empty");
        check(&file(r#"{"id": "a", "name": "", "match": []}, {"id": "a", "name": "", "match": []}"#), 1, "twice");
        check(&file(r#"{"id": "a", "name": "", "match": ["<all_urls>"]}"#), 1, "must be written");
        check(&file(r#"{"id": "a", "name": "", "match": ["https://*/*"]}"#), 1, "must be written");
        check(&file(&format!(r#"{{"id": "a", "name": "", "match": [], "editor": ["{}"]}}"#, "a".repeat(501))), 1, "longer than");
        assert!(read("\u{feff}{\"format\": 1, \"profiles\": []}".as_bytes()).is_ok());
    }

    #[test]
    fn patterns_name_a_host() {
        let check = |text: &str, expect: bool| assert_eq!(is_pattern(text), expect, "{text}");
        check("https://mms.pinduoduo.com/*", true);
        check("https://*.jd.com/*", true);
        check("http://127.0.0.1:8000/chat/*", true);
        check("http://127.0.0.1:*/*", true);
        check("*://a.example/*", true);
        check("https://a.example", false);
        check("file:///*", false);
        check("https:///*", false);
        check("https://a b/*", false);
        check("javascript:alert(1)", false);
    }

    #[test]
    fn a_librarys_profiles_come_first_and_replace_those_of_the_same_id() {
        let own = read(file(r#"{"id": "own", "name": "", "match": []}, {"id": "feige", "name": "新", "match": []}"#).as_bytes()).unwrap();
        let all = with_built_in(&own);
        assert_eq!(all.profiles[..2], own.profiles[..]);
        assert_eq!(all.profiles.len(), built_in().profiles.len() + 1);
        assert_eq!(with_built_in(&SiteProfiles { replace: true, ..own.clone() }).profiles, own.profiles);
    }
}
