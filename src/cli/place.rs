//! Where things lie: command line, then environment, then `huashu.toml`, then defaults.

use super::Shared;
use anyhow::{Context, anyhow, bail};
use clap::{ColorChoice, ValueEnum};
use serde::Deserialize;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The settings file, read from the working directory.
const FILE: &str = "huashu.toml";

/// Its keys, for the sentence about an unknown one.
const KEYS: &str = "kb、index、data、color、listen、poll、rate、tls_cert、tls_key、host_names、oidc";

/// The library where nothing says otherwise.
const DEFAULT_KB: &str = "kb";

/// Largest interval of `poll`: a day; more is a slip of the unit.
const MAX_POLL_SECONDS: u64 = 24 * 60 * 60;

/// The folders of one library.
#[derive(Debug)]
pub(super) struct Place {
    /// Content.
    pub(super) kb: PathBuf,
    /// Derived indexes.
    pub(super) index: PathBuf,
    /// Databases and the local token.
    pub(super) data: PathBuf,
}

impl Place {
    /// Settles the folders; none of them need exist.
    pub(super) fn of(shared: &Shared, file: &File) -> anyhow::Result<Place> {
        let kb = shared.kb.clone().or_else(|| file.kb.clone()).unwrap_or_else(|| DEFAULT_KB.into());
        let index = shared.index.clone().or_else(|| file.index.clone()).map_or_else(|| beside(&kb, "index", "--index"), Ok)?;
        let data = shared.data.clone().or_else(|| file.data.clone()).map_or_else(|| beside(&kb, "data", "--data"), Ok)?;
        Ok(Place { kb, index, data })
    }
}

/// `WHAT/NAME` beside a library whose folder is NAME.
fn beside(kb: &Path, what: &str, flag: &str) -> anyhow::Result<PathBuf> {
    // `.` and `a/..` have a name only once they are resolved.
    let resolved = if matches!(kb.components().next_back(), Some(std::path::Component::Normal(_))) { None } else { kb.canonicalize().ok() };
    let kb = resolved.as_deref().unwrap_or(kb);
    match (kb.parent(), kb.file_name()) {
        (Some(parent), Some(name)) => Ok(parent.join(what).join(name)),
        _ => bail!("{} 没有文件夹名，放不下 {what}/；请用 {flag} 指定", kb.display()),
    }
}

/// `huashu.toml`: the same names as the flags.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    kb: Option<PathBuf>,
    index: Option<PathBuf>,
    data: Option<PathBuf>,
    color: Option<Color>,
    /// Where `serve` listens.
    pub(super) listen: Option<Listen>,
    /// Seconds between walks of `serve`.
    pub(super) poll: Option<Poll>,
    /// Requests a second of one caller of `serve`; 0: any number.
    pub(super) rate: Option<u32>,
    /// Certificate and chain of `serve`, PEM.
    pub(super) tls_cert: Option<PathBuf>,
    /// Its key.
    pub(super) tls_key: Option<PathBuf>,
    /// Public names of `serve`.
    #[serde(default)]
    pub(super) host_names: Vec<String>,
    /// The provider by which people sign in.
    pub(super) oidc: Option<crate::oidc::OidcSettings>,
}

impl File {
    pub(super) fn color(&self) -> Option<ColorChoice> {
        self.color.as_ref().map(|color| color.0)
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
struct Color(ColorChoice);

impl TryFrom<String> for Color {
    type Error = String;

    fn try_from(text: String) -> Result<Color, String> {
        let color = ColorChoice::from_str(&text, false).map_err(|_| format!("颜色应是 auto、always 或 never，不是 {text:?}"))?;
        Ok(Color(color))
    }
}

/// An address to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Listen(pub(super) SocketAddr);

impl TryFrom<String> for Listen {
    type Error = String;

    fn try_from(text: String) -> Result<Listen, String> {
        text.parse()
    }
}

impl std::str::FromStr for Listen {
    type Err = String;

    /// Reads `ADDR:PORT` or `localhost:PORT`.
    fn from_str(text: &str) -> Result<Listen, String> {
        let local = |port: &str| Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse::<u16>().ok()?)));
        let address = text.parse().ok().or_else(|| text.strip_prefix("localhost:").and_then(local));
        match address {
            None => Err(format!("应是 地址:端口，例如 127.0.0.1:7700，不是 {text:?}")),
            Some(address) => Ok(Listen(address)),
        }
    }
}

/// How often to walk the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u64")]
pub(super) struct Poll(pub(super) Duration);

impl TryFrom<u64> for Poll {
    type Error = String;

    fn try_from(seconds: u64) -> Result<Poll, String> {
        match seconds {
            1..=MAX_POLL_SECONDS => Ok(Poll(Duration::from_secs(seconds))),
            _ => Err(format!("应是 1 到 {MAX_POLL_SECONDS} 秒，不是 {seconds}")),
        }
    }
}

impl std::str::FromStr for Poll {
    type Err = String;

    fn from_str(text: &str) -> Result<Poll, String> {
        let seconds: u64 = text.parse().map_err(|_| format!("应是整数秒，不是 {text:?}"))?;
        seconds.try_into()
    }
}

/// Reads `huashu.toml`; all at rest where there is none.
pub(super) fn read_file() -> anyhow::Result<File> {
    match std::fs::read_to_string(FILE) {
        Ok(text) => toml::from_str(&text).map_err(|error| anyhow!(fault(&text, &error))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(File::default()),
        Err(error) => Err(error).with_context(|| format!("{FILE} 读不出来")),
    }
}

/// What is wrong with the file, and where.
fn fault(text: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let said = error.message();
    let unknown = said.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    let why = match unknown {
        Some(key) => format!("不认识的键 {key}，可用的键：{KEYS}"),
        // Our own sentences, and none of the reader's.
        None if !said.is_ascii() => said.to_owned(),
        None if said.starts_with("invalid type") || said.starts_with("invalid value") => "值的写法不对，或者类型不对".to_owned(),
        None => "不是有效的 TOML；文字要加引号".to_owned(),
    };
    format!("{FILE} 第 {line} 行第 {column} 列：{why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_their_port() {
        let check = |text: &str, expect: Option<&str>| {
            let found = text.parse::<Listen>().map(|listen| listen.0.to_string());
            assert_eq!(found.clone().ok().as_deref(), expect, "{text}: {found:?}");
        };
        check("127.0.0.1:7700", Some("127.0.0.1:7700"));
        check("127.8.0.1:0", Some("127.8.0.1:0"));
        check("localhost:80", Some("127.0.0.1:80"));
        check("[::1]:9", Some("[::1]:9"));
        check("0.0.0.0:7700", Some("0.0.0.0:7700"));
        check("[::]:7700", Some("[::]:7700"));
        check("example.com:80", None);
        check("127.0.0.1", None);
        check("localhost:70000", None);
        check("", None);
    }

    #[test]
    fn index_and_data_lie_beside_the_library_under_its_name() {
        let check = |kb: &str, expect: &str| assert_eq!(beside(Path::new(kb), "index", "--index").unwrap(), Path::new(expect), "{kb}");
        check("kb", "index/kb");
        check("kb/", "index/kb");
        check("/srv/店/知识库", "/srv/店/index/知识库");
        check("../kb", "../index/kb");
        assert!(beside(Path::new("/"), "index", "--index").unwrap_err().to_string().contains("--index"));
        let here = std::env::current_dir().unwrap();
        assert_eq!(
            beside(Path::new("."), "index", "--index").unwrap(),
            here.parent().unwrap().join("index").join(here.file_name().unwrap())
        );
    }

    #[test]
    fn a_wrong_settings_file_is_told_with_its_line() {
        let check = |text: &str, parts: &[&str]| {
            let error = fault(text, &toml::from_str::<File>(text).unwrap_err());
            assert!(!error.contains("expected"), "{error}");
            for part in parts {
                assert!(error.contains(part), "{text}: {error}");
            }
        };
        check("kb = \"a\"\nkbb = \"b\"\n", &["第 2 行第 1 列", "不认识的键 kbb"]);
        check("kb = 3\n", &["第 1 行第 6 列"]);
        check("kb = \n", &["第 1 行"]);
        check("\n\nlisten = \"example.com\"\n", &["第 3 行第 10 列", "地址:端口"]);
        check("poll = 0\n", &["第 1 行第 8 列", "86400"]);
        check("color = \"blue\"\n", &["第 1 行第 9 列", "never"]);
    }
}
