//! Addresses in texts: where they stand and whether a shop allows them. Pure; used by the library's check and by that of drafts.

use std::ops::Range;

/// Bare addresses of a text, `https://…` and the like, as bytes.
pub fn find(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.match_indices("://").map(|(colon, _)| {
        let start = text[..colon].trim_end_matches(|c: char| c.is_ascii_alphabetic()).len();
        let rest = &text[start..];
        start..start + rest.find(|c: char| c.is_whitespace() || !c.is_ascii()).unwrap_or(rest.len())
    })
}

/// The host of `scheme://user@host:port/…`, lower case.
pub fn host(address: &str) -> Option<String> {
    let rest = address.strip_prefix("//").or_else(|| address.split_once("://").map(|(_, rest)| rest))?;
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = host.split(':').next().unwrap_or(host).trim_end_matches('.');
    (!host.is_empty()).then(|| host.to_lowercase())
}

/// Whether a host is one of the domains or below one.
pub fn is_allowed(host: &str, domains: &[impl AsRef<str>]) -> bool {
    domains.iter().any(|domain| host.strip_suffix(domain.as_ref()).is_some_and(|sub| sub.is_empty() || sub.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_end_with_chinese_and_hosts_are_below_their_domains() {
        let check = |text: &str, expect: &[(&str, bool)]| {
            let found: Vec<(String, bool)> =
                find(text).filter_map(|range| host(&text[range])).map(|host| (host.clone(), is_allowed(&host, &["a.com"]))).collect();
            let expect: Vec<(String, bool)> = expect.iter().map(|(host, allowed)| ((*host).to_owned(), *allowed)).collect();
            assert_eq!(found, expect, "{text}");
        };
        check("看https://m.a.com/x?y=1。再看 http://A.com:80", &[("m.a.com", true), ("a.com", true)]);
        check("https://a.com@evil.com/ 与 https://nota.com", &[("evil.com", false), ("nota.com", false)]);
        check("没有链接", &[]);
    }
}
