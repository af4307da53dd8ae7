//! `campaigns.yaml`: when a campaign's scripts are valid, so that one line there moves them all.

use super::source::{Place, Source};
use super::yaml::{self, Fields, Node};
use crate::analysis::fold::fold;
use crate::problem::Code;
use jiff::civil::{Date, DateTime};
use std::collections::HashMap;

/// Most windows of one campaign: phases times shops, generously.
pub const MAX_WINDOWS: usize = 500;

/// One window of a campaign, local time, half-open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// 预热, 预售, 尾款, 返场, …
    pub phase: Option<String>,
    /// Begin.
    pub from: DateTime,
    /// End, exclusive.
    pub until: DateTime,
    /// Shops as written in the file, ids or aliases; empty: all.
    pub shops: Vec<String>,
}

/// Folded name of a campaign → its windows.
pub(super) type Campaigns = HashMap<String, Vec<Window>>;

/// Reads a file; a campaign known already gets the new windows in place of the old, or it could not be moved.
pub(super) fn read(source: &mut Source<'_>, campaigns: &mut Campaigns) {
    let Some(root) = yaml::parse(source) else { return };
    let Some(mut entries) = source.map(root) else { return };
    if let Some(at) = entries.iter().position(|field| field.key == "replace") {
        let replace = entries.remove(at).value;
        if source.text_of(replace).is_some_and(|(_, text)| text == "true") {
            campaigns.clear();
        }
    }
    for field in entries {
        let Some(name) = source.term(field.place, &field.key) else { continue };
        if name.contains('/') {
            source.report(
                field.place,
                Code::BadLexicon,
                "活动名不能含「/」，阶段写在 phase",
                "a campaign's name holds no `/`; a phase goes to `phase`",
            );
            continue;
        }
        let mut items = yaml::items(Some(field.value));
        if items.len() > MAX_WINDOWS {
            let (zh, en) = (
                format!("一个活动最多 {MAX_WINDOWS} 个时段，其余忽略"),
                format!("a campaign has at most {MAX_WINDOWS} windows; the rest is ignored"),
            );
            source.report(field.place, Code::TooMany, zh, en);
            items.truncate(MAX_WINDOWS);
        }
        let windows = items.into_iter().filter_map(|item| window(source, item)).collect();
        campaigns.insert(name, windows);
    }
}

fn window(source: &mut Source<'_>, item: Node) -> Option<Window> {
    let place = item.place;
    let mut fields = source.fields(item, &["phase", "from", "until", "shops"])?;
    let phase = source.texts(fields.take("phase")).into_iter().next().map(|(_, phase)| phase);
    let shops = source.texts(fields.take("shops")).into_iter().map(|(_, shop)| shop).collect();
    let from = moment(source, &mut fields, "from", place, |date| Some(date.at(0, 0, 0, 0)));
    let until = moment(source, &mut fields, "until", place, |date| Some(date.tomorrow().ok()?.at(0, 0, 0, 0)));
    let ((_, from), (until_place, until)) = (from?, until?);
    if until <= from {
        source.report(
            until_place,
            Code::EmptyPeriod,
            format!("结束 {until} 不晚于开始 {from}，此时段未生效"),
            format!("the end {until} is not after the begin {from}; the window has no effect"),
        );
        return None;
    }
    Some(Window { phase, from, until, shops })
}

/// A date, which becomes the moment that `midnight` says, or a date with a time.
fn moment(
    source: &mut Source<'_>,
    fields: &mut Fields,
    key: &str,
    window: Place,
    midnight: impl Fn(Date) -> Option<DateTime>,
) -> Option<(Place, DateTime)> {
    let Some(node) = fields.take(key) else {
        source.report(window, Code::BadValue, format!("时段缺少 {key}"), format!("the window lacks `{key}`"));
        return None;
    };
    let (place, text) = source.text_of(node)?;
    let read = match Date::strptime("%Y-%m-%d", &text) {
        Ok(date) => midnight(date),
        Err(_) => {
            ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S"].into_iter().find_map(|format| DateTime::strptime(format, &text).ok())
        }
    };
    if read.is_none() {
        source.report(
            place,
            Code::BadDate,
            format!("日期「{text}」无法读取；应如 2026-11-10 或 2026-11-10 20:00"),
            format!("`{text}` is no date; expected 2026-11-10 or 2026-11-10 20:00"),
        );
    }
    Some((place, read?))
}

/// The windows that `双11`, or one phase of it, `双11/尾款`, names; `None` if the campaign or the phase is not known.
pub(super) fn windows<'c>(campaigns: &'c Campaigns, campaign: &str) -> Option<Vec<&'c Window>> {
    let (name, phase) = match campaign.split_once('/') {
        Some((name, phase)) => (name, Some(fold(phase.trim()).text)),
        None => (campaign, None),
    };
    let windows = campaigns.get(&fold(name.trim()).text)?;
    let Some(phase) = phase else { return Some(windows.iter().collect()) };
    let named: Vec<&Window> = windows.iter().filter(|window| window.phase.as_ref().is_some_and(|own| fold(own).text == phase)).collect();
    (!named.is_empty()).then_some(named)
}

/// The first moment after `at` at which some window opens or closes.
pub(super) fn next_change(campaigns: &Campaigns, at: DateTime) -> Option<DateTime> {
    campaigns.values().flatten().flat_map(|window| [window.from, window.until]).filter(|change| *change > at).min()
}
