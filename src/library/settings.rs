//! `library.toml`: format version, name, time zone, week, hours. Pure: text in, settings and problems out.

use super::place::Lines;
use super::rules;
use super::{Escalation, LibraryError, Settings};
use crate::entry::Authority;
use crate::problem::{Code, Problem};
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// The newest format of a library that this program reads and the one that it writes.
pub const FORMAT: u64 = 1;

/// The name of the file.
pub(super) const FILE: &str = "library.toml";

/// Keys of the file, for the sentence about an unknown one.
const KEYS: &str = "format, name, time_zone, week_start, hours, escalation, hold, review, points, retention, git";

impl Settings {
    /// What holds without `library.toml`.
    pub(super) fn default_for(dir: &Path) -> Settings {
        let name = dir.file_name().map_or_else(|| "huashu".to_owned(), |name| name.to_string_lossy().into_owned());
        let time_zone = TimeZone::get("Asia/Shanghai").unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(8)));
        Settings {
            name,
            time_zone,
            hours: BTreeMap::new(),
            week_start: Weekday::Monday,
            escalation: Escalation::default(),
            hold: None,
            review: rules::Review::default(),
            points: rules::PointRules::default(),
            retention: rules::Retention::default(),
            git: rules::Git::default(),
        }
    }
}

/// Reads the file; what cannot be read keeps the value of `base`.
///
/// # Errors
/// [`LibraryError::NewerFormat`]: nothing else in the file can be trusted then.
pub(super) fn read(text: &str, dir: &Path, base: Settings) -> Result<(Settings, Vec<Problem>), LibraryError> {
    let lines = Lines::of(text);
    let body = text.strip_prefix('\u{feff}').unwrap_or(text);
    let skipped = text.len() - body.len();
    let place = |span: std::ops::Range<usize>| lines.place(span.start + skipped..span.end + skipped);
    let (mut settings, mut problems) = (base, Vec::new());
    let table = match DeTable::parse(body) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            let is_bare_key = body.get(span.clone()).is_some_and(|text| !text.is_ascii());
            let hint_zh = if is_bare_key { "（中文的键要加引号：\"夜间\" = …）" } else { "" };
            let hint_en = if is_bare_key { " (a Chinese key needs quotes)" } else { "" };
            let (at, why) = (place(span), error.message());
            problems.push(at.problem(
                FILE,
                Code::BadSettings,
                format!("不是有效的 TOML{hint_zh}。请照 docs/format.md 改正，在此之前沿用原来的设置"),
                format!("not valid TOML: {why}{hint_en}; the settings before it stay in force"),
            ));
            return Ok((settings, problems));
        }
    };
    for (key, value) in &table {
        let at = place(value.span());
        let mut bad = |code: Code, zh: String, en: String| problems.push(at.problem(FILE, code, zh, en));
        match key.get_ref().as_ref() {
            "format" => match value.get_ref().as_integer().and_then(|number| number.as_str().parse::<u64>().ok()) {
                Some(found) if found > FORMAT => {
                    return Err(LibraryError::NewerFormat { found, known: FORMAT, path: dir.join(FILE) });
                }
                Some(1..) => {}
                _ => bad(
                    Code::BadSettings,
                    format!("format 应是 1 到 {FORMAT} 的整数"),
                    format!("format must be a whole number from 1 to {FORMAT}"),
                ),
            },
            "name" => match value.get_ref().as_str().map(str::trim).filter(|name| !name.is_empty()) {
                Some(name) => settings.name = name.to_owned(),
                None => bad(Code::BadSettings, "name 应是文字".into(), "name must be a text".into()),
            },
            "time_zone" => match value.get_ref().as_str().and_then(|name| TimeZone::get(name).ok()) {
                Some(zone) => settings.time_zone = zone,
                None => bad(
                    Code::BadSettings,
                    "time_zone 应是 IANA 时区名，例如 \"Asia/Shanghai\"".into(),
                    "time_zone must be an IANA name such as \"Asia/Shanghai\"".into(),
                ),
            },
            "week_start" => match value.get_ref().as_str() {
                Some("monday") => settings.week_start = Weekday::Monday,
                Some("sunday") => settings.week_start = Weekday::Sunday,
                _ => bad(
                    Code::BadSettings,
                    "week_start 应是 \"monday\" 或 \"sunday\"".into(),
                    "week_start must be \"monday\" or \"sunday\"".into(),
                ),
            },
            "hours" => match value.get_ref() {
                DeValue::Table(hours) => {
                    settings.hours.clear();
                    for (name, span) in hours {
                        match span.get_ref().as_str().and_then(hours_of) {
                            Some(period) => {
                                settings.hours.insert(name.get_ref().to_string(), period);
                            }
                            None => problems.push(place(span.span()).problem(
                                FILE,
                                Code::BadSettings,
                                "时段应写成 \"09:00-22:00\"，起止不同".to_owned(),
                                "hours are written \"09:00-22:00\", begin and end different".to_owned(),
                            )),
                        }
                    }
                }
                _ => bad(
                    Code::BadSettings,
                    "[hours] 应是一张表：名称 = \"09:00-22:00\"".into(),
                    "[hours] must be a table of name = \"09:00-22:00\"".into(),
                ),
            },
            "hold" => match value.get_ref().as_str().map(str::trim).filter(|id| !id.is_empty()) {
                Some(id) => settings.hold = Some(id.to_owned()),
                None => bad(Code::BadSettings, "hold 应是一个条目的编号".into(), "hold must be the id of an entry".into()),
            },
            "escalation" => match escalation_of(value.get_ref()) {
                Some(escalation) => settings.escalation = escalation,
                None => bad(
                    Code::BadSettings,
                    "[escalation] 应有 entries = [\"条目编号\", …] 和 limits = { \"一线\" = \"店铺的值的名称\", … }".into(),
                    "[escalation] has entries = [\"id of an entry\", …] and limits = { \"一线\" = \"name of a shop's value\", … }".into(),
                ),
            },
            "review" => match rules::review(value.get_ref()) {
                Some(review) => settings.review = review,
                None => bad(
                    Code::BadSettings,
                    "[review] 应是 four_eyes = true 或 false".into(),
                    "[review] has four_eyes = true or false".into(),
                ),
            },
            "git" => match rules::git(value.get_ref()) {
                Some(git) => settings.git = git,
                None => bad(Code::BadSettings, "[git] 应是 commit = true 或 false".into(), "[git] has commit = true or false".into()),
            },
            "points" => match rules::points(value.get_ref()) {
                Some(points) => settings.points = points,
                None => bad(
                    Code::BadSettings,
                    "[points] 的键是 new、case、edit、phrasing、correction、outdated、gap（0 到 1000）和 uses（0 到 10000），值是整数"
                        .into(),
                    "[points] has new, case, edit, phrasing, correction, outdated, gap (0 to 1000) and uses (0 to 10000), whole numbers"
                        .into(),
                ),
            },
            "retention" => match rules::retention(value.get_ref()) {
                Some(retention) => settings.retention = retention,
                None => bad(
                    Code::BadSettings,
                    "[retention] 的键是 searches、events、audit、submissions、notices、points，值是天数（1 到 3650）".into(),
                    "[retention] has searches, events, audit, submissions, notices, points, each a number of days (1 to 3650)".into(),
                ),
            },
            unknown => problems.push(place(key.span()).problem(
                FILE,
                Code::UnknownKey,
                format!("不认识的键 {unknown}，可用的键：{KEYS}"),
                format!("unknown key {unknown}; known are {KEYS}"),
            )),
        }
    }
    Ok((settings, problems))
}

/// Reads `entries` and `limits`; either may be absent.
fn escalation_of(value: &DeValue) -> Option<Escalation> {
    let text = |value: &DeValue| value.as_str().map(str::to_owned);
    let mut escalation = Escalation::default();
    for (key, value) in value.as_table()? {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("entries", DeValue::Array(ids)) => escalation.entries = ids.iter().map(|id| text(id.get_ref())).collect::<Option<_>>()?,
            ("limits", DeValue::Table(limits)) => {
                let limit = |(level, name): (&toml::Spanned<std::borrow::Cow<'_, str>>, &toml::Spanned<DeValue<'_>>)| {
                    Some((Authority::parse(level.get_ref())?.as_str().to_owned(), text(name.get_ref())?))
                };
                escalation.limits = limits.iter().map(limit).collect::<Option<_>>()?;
            }
            _ => return None,
        }
    }
    Some(escalation)
}

/// Reads `09:00-22:00`; `24:00` is the midnight at the end of the day.
fn hours_of(text: &str) -> Option<(Time, Time)> {
    let (from, until) = text.split_once(['-', '–', '~'])?;
    let time = |text: &str| {
        let (hour, minute) = text.trim().split_once([':', '：'])?;
        let (hour, minute) = (hour.parse::<i8>().ok()?, minute.parse::<i8>().ok()?);
        Time::new(if (hour, minute) == (24, 0) { 0 } else { hour }, minute, 0, 0).ok()
    };
    let (from, until) = (time(from)?, time(until)?);
    (from != until).then_some((from, until))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::time;

    fn read_text(text: &str) -> Result<(Settings, Vec<Problem>), LibraryError> {
        let dir = Path::new("/somewhere/店");
        read(text, dir, Settings::default_for(dir))
    }

    #[test]
    fn a_full_file_is_read_as_written() {
        let (settings, problems) = read_text(
            "format = 1\nname = \"某店\"\ntime_zone = \"Europe/Berlin\"\nweek_start = \"sunday\"\n[hours]\n\"白天\" = \"09:00-22:30\"\n\"夜间\" = \"22:30-09:00\"\n\"晚\" = \"18:00-24:00\"\n[escalation]\nentries = [\"夜间升级\"]\nlimits = { \"一线\" = \"一线赔付上限\" }\n",
        )
        .unwrap();
        assert_eq!(problems, []);
        assert_eq!((settings.name.as_str(), settings.week_start), ("某店", Weekday::Sunday));
        assert_eq!(settings.time_zone.iana_name(), Some("Europe/Berlin"));
        assert_eq!(settings.hours["夜间"], (time(22, 30, 0, 0), time(9, 0, 0, 0)));
        assert_eq!(settings.hours["晚"], (time(18, 0, 0, 0), time(0, 0, 0, 0)));
        assert_eq!(
            (settings.escalation.entries, settings.escalation.limits["一线"].as_str()),
            (vec!["夜间升级".to_owned()], "一线赔付上限")
        );
    }

    #[test]
    fn rules_of_the_team_are_read_and_the_rest_is_as_ever() {
        let (settings, problems) =
            read_text("[review]\nfour_eyes = true\n[points]\ncase = 8\nuses = 3\n[retention]\nsearches = 90\n").unwrap();
        assert_eq!(problems, []);
        assert!(settings.review.four_eyes);
        assert_eq!((settings.points.case, settings.points.uses, settings.points.gap), (8, 3, 1));
        assert_eq!((settings.retention.searches, settings.retention.events), (90, 400));
    }

    #[test]
    fn an_empty_file_means_the_defaults() {
        let (settings, problems) = read_text("\u{feff}").unwrap();
        assert_eq!(problems, []);
        assert_eq!((settings.name.as_str(), settings.time_zone.iana_name()), ("店", Some("Asia/Shanghai")));
    }

    #[test]
    fn a_newer_format_stops_the_load_and_says_what_to_do() {
        let error = read_text("name = 3\nformat = 2").unwrap_err();
        assert!(matches!(error, LibraryError::NewerFormat { found: 2, known: FORMAT, .. }));
        assert!(error.to_string().contains("install a newer huashu"));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place_and_the_rest_holds() {
        let check = |text: &str, code: Code, line: u32, column: u32| {
            let (settings, problems) = read_text(text).unwrap();
            let found: Vec<_> = problems.iter().map(|problem| (problem.code, problem.line, problem.column)).collect();
            assert_eq!(found, [(code, line, column)], "{text}");
            assert_eq!(settings.time_zone.iana_name(), Some("Asia/Shanghai"), "{text}");
        };
        check("format = \"1\"", Code::BadSettings, 1, 10);
        check("format = 0", Code::BadSettings, 1, 10);
        check("\u{feff}名 = 3", Code::BadSettings, 1, 1);
        check("colour = 3", Code::UnknownKey, 1, 1);
        check("\"颜色\" = 3", Code::UnknownKey, 1, 1);
        check("time_zone = \"Mars/North\"", Code::BadSettings, 1, 13);
        check("week_start = \"friday\"", Code::BadSettings, 1, 14);
        check("hours = 3", Code::BadSettings, 1, 9);
        check("[hours]\n\"夜间\" = \"22-9\"", Code::BadSettings, 2, 8);
        check("[hours]\n\"夜间\" = \"09:00-09:00\"", Code::BadSettings, 2, 8);
        check("hold = []", Code::BadSettings, 1, 8);
        check("escalation = 3", Code::BadSettings, 1, 14);
        check("[escalation]\nentries = \"夜间升级\"", Code::BadSettings, 1, 1);
        check("[escalation]\nlimits = { \"经理\" = \"上限\" }", Code::BadSettings, 1, 1);
        check("[review]\nfour_eyes = 1", Code::BadSettings, 1, 1);
        check("[git]\ncommit = 1", Code::BadSettings, 1, 1);
        check("[points]\ncase = -1", Code::BadSettings, 1, 1);
        check("[points]\nlikes = 1", Code::BadSettings, 1, 1);
        check("[retention]\nsearches = 0", Code::BadSettings, 1, 1);
        check("[retention]\nsearches = \"1\"", Code::BadSettings, 1, 1);
        check("name = ", Code::BadSettings, 1, 8);
    }

    #[test]
    fn a_chinese_key_without_quotes_is_told_as_what_it_is() {
        let (_, problems) = read_text("[hours]\n夜间 = \"22:00-09:00\"").unwrap();
        assert!(problems[0].zh.contains("加引号"), "{}", problems[0].zh);
    }
}
