//! Which pages may call: the service's own, and the browser extension. What comes from no page (bots, scripts, the command line) sends no
//! `Origin` and is none of this module's business.
//!
//! Browsers let every page send simple requests anywhere, and tell by headers who sends; so pages of other origins are refused before they
//! write. They may not read either: without the headers of [`allow`] a browser keeps the answer from them.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

/// The origin of the browser extension: its id is the hash of the `key` in `web/manifest.json`, so that it is the same however it is installed.
pub const EXTENSION_ORIGIN: &str = "chrome-extension://onpimkkjkiomnnkcogjcfpmdejdbmbig";

/// What the extension may send besides what is safe anyway.
const ALLOWED_HEADERS: &str = "authorization, content-type, huashu-install, if-match, if-none-match";

/// What the extension may ask.
const ALLOWED_METHODS: &str = "GET, POST, PUT, DELETE";

/// What the extension may read of the answer's headers.
const EXPOSED_HEADERS: &str = "etag, retry-after, x-request-id";

/// Seconds for which a browser keeps the permission: the longest that Chromium takes.
const MAX_AGE_SECONDS: &str = "7200";

/// Asked by browsers before a page of a public site may call into a private network, and by extensions likewise.
const ASKS_PRIVATE: HeaderName = HeaderName::from_static("access-control-request-private-network");

/// The answer to it.
const ALLOWS_PRIVATE: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// Who sent a request, as far as its headers tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    /// No page, or the service's own.
    Own,
    /// The browser extension.
    Extension,
    /// A page of another origin.
    Foreign,
}

impl Sender {
    /// Reads the headers. As in Go's `CrossOriginProtection`: `Sec-Fetch-Site` where the browser sends it, else `Origin` against `Host`.
    pub(super) fn of(uri: &Uri, headers: &HeaderMap) -> Sender {
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let origin = text(header::ORIGIN);
        if origin == Some(EXTENSION_ORIGIN) {
            return Sender::Extension;
        }
        match text(HeaderName::from_static("sec-fetch-site")) {
            Some("same-origin" | "none") => return Sender::Own,
            Some(_) => return Sender::Foreign,
            None => {}
        }
        let host = uri.authority().map(axum::http::uri::Authority::as_str).or(text(header::HOST));
        let is_same = |origin: &str| origin.split_once("://").is_some_and(|(_, of)| host.is_some_and(|host| of.eq_ignore_ascii_case(host)));
        match origin {
            None => Sender::Own,
            Some(origin) if is_same(origin) => Sender::Own,
            Some(_) => Sender::Foreign,
        }
    }

    /// Whether the request may go on.
    pub(super) fn may(self, method: &Method) -> bool {
        self != Sender::Foreign || matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
    }
}

/// The answer to a browser that asks whether the extension may call; `None` where it asks nothing of the kind.
pub(super) fn preflight(sender: Sender, method: &Method, headers: &HeaderMap) -> Option<Response> {
    let asks = *method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if sender != Sender::Extension || !asks {
        return None;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    let own = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS),
        (header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECONDS),
    ];
    for (name, value) in own {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if headers.contains_key(ASKS_PRIVATE) {
        response.headers_mut().insert(ALLOWS_PRIVATE, HeaderValue::from_static("true"));
    }
    Some(response)
}

/// Lets the sender read the answer, where it is the extension.
pub(super) fn allow(sender: Sender, headers: &mut HeaderMap) {
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if sender == Sender::Extension {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static(EXTENSION_ORIGIN));
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    #[test]
    fn senders_are_told_by_their_headers() {
        let check = |headers: &[(&'static str, &str)], expect: Sender| {
            let map: HeaderMap =
                headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())).collect();
            assert_eq!(Sender::of(&Uri::from_static("/v1/search"), &map), expect, "{headers:?}");
        };
        let other = "chrome-extension://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
        check(&[], Sender::Own);
        check(&[("host", "127.0.0.1:8423")], Sender::Own);
        check(&[("host", "127.0.0.1:8423"), ("origin", "http://127.0.0.1:8423")], Sender::Own);
        // Behind a proxy that speaks TLS, or writes another host.
        check(&[("host", "kb.example"), ("origin", "https://kb.example")], Sender::Own);
        check(&[("host", "inner:1"), ("origin", "https://kb.example"), ("sec-fetch-site", "same-origin")], Sender::Own);
        check(&[("sec-fetch-site", "none")], Sender::Own);
        check(&[("host", "127.0.0.1:8423"), ("origin", EXTENSION_ORIGIN)], Sender::Extension);
        check(&[("host", "127.0.0.1:8423"), ("origin", EXTENSION_ORIGIN), ("sec-fetch-site", "cross-site")], Sender::Extension);
        check(&[("host", "127.0.0.1:8423"), ("origin", other)], Sender::Foreign);
        check(&[("host", "127.0.0.1:8423"), ("origin", "http://127.0.0.1:8424")], Sender::Foreign);
        check(&[("host", "127.0.0.1:8423"), ("origin", "null")], Sender::Foreign);
        check(&[("sec-fetch-site", "cross-site")], Sender::Foreign);
        check(&[("sec-fetch-site", "same-site")], Sender::Foreign);
    }

    #[test]
    fn the_extensions_id_is_that_of_its_key() {
        let manifest: serde_json::Value = serde_json::from_str(include_str!("../../web/manifest.json")).unwrap();
        let key = decode(manifest["key"].as_str().unwrap());
        let letter = |digit: u8| char::from(b'a' + digit);
        let id: String = Sha256::digest(&key)[..16].iter().flat_map(|byte| [letter(byte >> 4), letter(byte & 15)]).collect();
        assert_eq!(EXTENSION_ORIGIN, format!("chrome-extension://{id}"));
    }

    /// Base64 without a crate for one test.
    fn decode(text: &str) -> Vec<u8> {
        const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let digits: Vec<usize> = text.chars().filter_map(|c| DIGITS.find(c)).collect();
        let group = |four: &[usize]| {
            let bits = four.iter().chain(&[0; 4]).take(4).fold(0, |bits, digit| bits << 6 | digit);
            let bytes: Vec<u8> = (0..four.len() - 1).map(|at| u8::try_from(bits >> (16 - 8 * at) & 255).unwrap()).collect();
            bytes
        };
        digits.chunks(4).flat_map(group).collect()
    }
}
