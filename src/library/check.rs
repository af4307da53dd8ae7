//! What is wrong with an entry in the light of the rest: lexicon, shops, other entries, files, today. Pure but for [`Target`]s.
//!
//! Three parts, by how often they run: [`within`] once per version of a file, [`across`] at each load, and
//! [`similar_replies`] when somebody asks (`huashu check`).

use super::Shop;
use super::bytes::kept;
use super::place::{FrontMatter, Lines, Place};
use super::shop;
use crate::entry::{Entry, Reply, Segment, State};
use crate::facet::Facet;
use crate::lexicon::banned::RuleSeverity;
use crate::lexicon::{Lexicon, LexiconFile};
use crate::link;
use crate::markdown::Key;
use crate::problem::{Code, Problem};
use crate::slots;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;

pub use super::similar::similar_replies;

/// The places in an entry's file that [`across`] may have to point at, noted while the text is at hand.
#[derive(Debug, Clone)]
pub(super) struct Notes {
    id: Place,
    id_key: String,
    shortcut: Option<(String, Place)>,
    review_by: Place,
    /// Ids in `next` and `replaces`.
    mentions: Vec<(String, Place)>,
    /// Relative links, as paths of the library; `None` leads out of it.
    links: Vec<(String, Option<String>, Place)>,
}

kept! { Notes { id, id_key, shortcut, review_by, mentions, links } }

/// The form in which ids are compared: 催发货-A and 催发货-a are one.
pub(super) fn id_key(id: &str) -> String {
    id.nfc().collect::<String>().to_lowercase()
}

/// Notes the places of an entry.
pub(super) fn notes(entry: &Entry, text: &str) -> Notes {
    let lines = Lines::of(text);
    let front = FrontMatter::of(&lines);
    let mentions = [(Key::Next, &entry.next), (Key::Replaces, &entry.replaces)];
    let folder = entry.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    Notes {
        id: front.value(Key::Id, &entry.id),
        id_key: id_key(&entry.id),
        shortcut: entry
            .shortcut
            .as_ref()
            .map(|shortcut| (crate::analysis::fold::fold(shortcut).text, front.value(Key::Shortcut, shortcut))),
        review_by: entry.review_by.map_or(Place::START, |date| front.value(Key::ReviewBy, &date.to_string())),
        mentions: mentions
            .into_iter()
            .flat_map(|(key, ids)| ids.iter().map(move |id| (key, id)))
            .map(|(key, id)| (id.clone(), front.value(key, id)))
            .collect(),
        links: entry
            .links
            .iter()
            .filter(|link| !link.target.is_empty() && !is_address(&link.target))
            .map(|link| (link.target.clone(), resolve(folder, &link.target), lines.place(link.span.clone())))
            .collect(),
    }
}

/// Whether a link leads elsewhere: `https://…`, `mailto:…`, `//host`.
fn is_address(target: &str) -> bool {
    target.starts_with("//")
        || target.split_once(':').is_some_and(|(scheme, _)| {
            scheme.len() > 1
                && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        })
}

/// The path in the library to which a relative link in a folder points, NFC; `None` where it leads out of the library.
pub(crate) fn resolve(folder: &str, target: &str) -> Option<String> {
    let (mut parts, target) = match target.strip_prefix('/') {
        Some(from_root) => (Vec::new(), from_root),
        None => (folder.split('/').filter(|part| !part.is_empty()).collect(), target),
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/").nfc().collect())
}

/// What concerns an entry, the lexicon and the shops: banned phrases, values that shops lack, foreign addresses, campaigns.
pub(super) fn within(entry: &Entry, text: &str, lexicon: &Lexicon, shops: &BTreeMap<String, Shop>) -> Vec<Problem> {
    if entry.state == State::Retired {
        return Vec::new();
    }
    let lines = Lines::of(text);
    let mut found = Vec::new();
    found.extend(campaign(entry, &lines, lexicon));
    for reply in &entry.replies {
        let shops = shops_of(entry, reply, shops);
        let channels = channels_of(entry, reply, &shops);
        for segment in &reply.segments {
            let at = |range: Range<usize>| lines.place(file_range(segment, range));
            banned(&entry.path, &segment.text, &channels, lexicon, at, &mut found);
            missing_values(&entry.path, &segment.text, &shops, at, &mut found);
        }
    }
    foreign_links(entry, &lines, shops, &mut found);
    found
}

fn campaign(entry: &Entry, lines: &Lines, lexicon: &Lexicon) -> Option<Problem> {
    let campaign = entry.campaign.as_deref().filter(|campaign| super::clock::windows_of(lexicon, campaign).is_none())?;
    let at = FrontMatter::of(lines).value(Key::Campaign, campaign);
    let mut known: Vec<_> = lexicon.campaigns.keys().map(String::as_str).collect();
    known.sort_unstable();
    let known = known.join("、");
    Some(at.problem(
        &entry.path,
        Code::UnknownCampaign,
        format!("词库没有活动“{campaign}”（已有：{known}）。请在 lexicon/campaigns.yaml 加上它的时间，在此之前不按活动限制"),
        format!("the lexicon has no campaign {campaign} (known: {known}): add its windows to lexicon/campaigns.yaml; until then they do not limit this entry"),
    ))
}

/// The shops that may send a reply.
fn shops_of<'s>(entry: &Entry, reply: &Reply, shops: &'s BTreeMap<String, Shop>) -> Vec<&'s Shop> {
    let conditions = |facet| reply.conditions.iter().filter(move |(of, _)| *of == facet).map(|(_, value)| value.as_str());
    let overlap = |wanted: Vec<&str>, has: &dyn Fn(&str) -> bool| wanted.is_empty() || wanted.into_iter().any(has);
    shops
        .values()
        .filter(|shop| {
            overlap(entry.facet(Facet::Shop).collect(), &|id| id == shop.id)
                && overlap(conditions(Facet::Shop).collect(), &|id| id == shop.id)
                && [entry.facet(Facet::Channel).collect::<Vec<_>>(), conditions(Facet::Channel).collect()]
                    .into_iter()
                    .all(|wanted| shop.channels.is_empty() || overlap(wanted, &|channel| shop.channels.iter().any(|has| has == channel)))
        })
        .collect()
}

/// The channels on which a reply may be sent; empty: any.
fn channels_of<'e>(entry: &'e Entry, reply: &'e Reply, shops: &[&'e Shop]) -> Vec<&'e str> {
    let conditions: Vec<&str> =
        reply.conditions.iter().filter(|(facet, _)| *facet == Facet::Channel).map(|(_, value)| value.as_str()).collect();
    if !conditions.is_empty() {
        return conditions;
    }
    let own: Vec<&str> = entry.facet(Facet::Channel).collect();
    if !own.is_empty() {
        return own;
    }
    if shops.is_empty() || shops.iter().any(|shop| shop.channels.is_empty()) {
        return Vec::new();
    }
    shops.iter().flat_map(|shop| shop.channels.iter().map(String::as_str)).collect()
}

/// Bytes of a segment's text as bytes of its file.
fn file_range(segment: &Segment, range: Range<usize>) -> Range<usize> {
    let start = segment.file_offset(range.start);
    // The last byte is mapped, not the one after it, which may belong to the next run.
    let end = if range.is_empty() { start } else { segment.file_offset(range.end - 1) + 1 };
    start..end.max(start)
}

fn banned(path: &str, text: &str, channels: &[&str], lexicon: &Lexicon, at: impl Fn(Range<usize>) -> Place, found: &mut Vec<Problem>) {
    let names = slot_names(text);
    for finding in lexicon.banned.find(text, None) {
        let Some(rule) = lexicon.banned.rules.get(finding.rule) else { continue };
        let concerns =
            rule.channels.is_empty() || channels.is_empty() || rule.channels.iter().any(|channel| channels.contains(&channel.as_str()));
        let is_name = names.iter().any(|name| name.start <= finding.span.start && finding.span.end <= name.end);
        if !concerns || is_name {
            continue;
        }
        let phrase = &text[finding.span.clone()];
        let code = match rule.severity {
            RuleSeverity::Block => Code::BannedPhrase,
            RuleSeverity::Warn => Code::RiskyPhrase,
        };
        let (better_zh, better_en) = match rule.better.as_slice() {
            [] => (String::new(), String::new()),
            better => (format!("。可以说：{}", better.join(" / ")), format!("; say instead: {}", better.join(" / "))),
        };
        found.push(at(finding.span).problem(
            path,
            code,
            format!("“{phrase}”（{}）：{}{better_zh}", rule.class, rule.why),
            format!("“{phrase}” ({}, rule {}): {}{better_en}", rule.class, rule.id, rule.why),
        ));
    }
}

/// The parts of a text that name slots: they are never sent, fallbacks are.
fn slot_names(text: &str) -> Vec<Range<usize>> {
    slots::find(text)
        .slots
        .into_iter()
        .map(|slot| match text[slot.span.clone()].find(['|', '｜']) {
            Some(bar) => slot.span.start..slot.span.start + bar,
            None => slot.span,
        })
        .collect()
}

fn missing_values(path: &str, text: &str, shops: &[&Shop], at: impl Fn(Range<usize>) -> Place, found: &mut Vec<Problem>) {
    for slot in slots::find(text).slots {
        let Some(name) = slot.shop_value().filter(|name| slot.fallback.is_none() && !name.is_empty() && slot.is_well_named()) else {
            continue;
        };
        let has = |shop: &&&Shop| shop.values.get(name).is_some_and(|value| !value.trim().is_empty());
        let without: Vec<_> = shops.iter().filter(|shop| !has(shop)).map(|shop| shop.id.as_str()).collect();
        let (zh, en) = if shops.is_empty() {
            (format!("没有店铺可以填 {{{{店铺.{name}}}}}：请在 shops/ 建店铺文件"), format!("no shop can fill {name}: add one to shops/"))
        } else if without.is_empty() {
            continue;
        } else {
            let without = without.join("、");
            (
                format!("店铺 {without} 没有“{name}”的值：请在 shops/ 补上，或写后备 {{{{店铺.{name}|…}}}}"),
                format!("no value {name} in shop {without}: add it in shops/ or give a fallback after a bar"),
            )
        };
        found.push(at(slot.span).problem(path, Code::MissingShopValue, zh, en));
    }
}

/// Addresses in replies, of links and bare ones, on domains that none of the entry's shops allows.
fn foreign_links(entry: &Entry, lines: &Lines, shops: &BTreeMap<String, Shop>, found: &mut Vec<Problem>) {
    let own: Vec<&str> = entry.facet(Facet::Shop).collect();
    let domains: Vec<&str> = shops
        .values()
        .filter(|shop| own.is_empty() || own.contains(&shop.id.as_str()))
        .flat_map(|shop| shop.link_domains.iter().map(String::as_str))
        .collect();
    let mut report = |address: &str, at: Place| {
        let Some(host) = link::host(address) else { return };
        if link::is_allowed(&host, &domains) {
            return;
        }
        let known = if domains.is_empty() { "无".to_owned() } else { domains.join("、") };
        found.push(at.problem(
            &entry.path,
            Code::ForeignLink,
            format!("话术里的链接 {host} 不在店铺允许的域名里（link_domains：{known}），可能被平台判为引流"),
            format!("a reply links to {host}, which is not among its shops' link_domains ({known})"),
        ));
    };
    let linked: HashSet<&str> = entry.links.iter().filter(|link| link.in_reply).map(|link| link.target.as_str()).collect();
    for link in entry.links.iter().filter(|link| link.in_reply) {
        report(&link.target, lines.place(link.span.clone()));
    }
    for segment in entry.replies.iter().flat_map(|reply| &reply.segments) {
        for range in link::find(&segment.text) {
            let address = &segment.text[range.clone()];
            if !linked.iter().any(|known| known.starts_with(address) || address.starts_with(known)) {
                report(address, lines.place(file_range(segment, range)));
            }
        }
    }
}

/// What is wrong with a shop beyond its own file: channels that nobody knows, names that another shop has, banned phrases in values.
pub(super) fn shop(path: &str, read: &shop::Read, lexicon: &Lexicon) -> Vec<Problem> {
    let mut found = Vec::new();
    for (channel, at) in &read.channels {
        if lexicon.facets.resolve(Facet::Channel, channel).is_none() {
            found.push(at.problem(
                path,
                Code::UnknownFacetValue,
                format!("不认识的渠道“{channel}”，可用的有：{}", lexicon.facets.values(Facet::Channel).join("、")),
                format!("unknown channel {channel}; known are {}", lexicon.facets.values(Facet::Channel).join(", ")),
            ));
        }
    }
    for name in read.shop.aliases.iter().chain([&read.shop.name]) {
        if let Some(other) = lexicon.facets.resolve(Facet::Shop, name).filter(|other| *other != read.shop.id) {
            found.push(Place::START.problem(
                path,
                Code::BadSettings,
                format!("“{name}”已经是店铺 {other} 的名称，请换一个"),
                format!("{name} is already a name of the shop {other}: choose another"),
            ));
        }
    }
    let channels: Vec<&str> = read.shop.channels.iter().map(String::as_str).collect();
    for (name, at) in &read.values {
        if let Some(value) = read.shop.values.get(name) {
            banned(path, value, &channels, lexicon, |_| *at, &mut found);
        }
    }
    found
}

/// What a library's own lexicon files name and the library does not have: entries that take over a risk, shops of a campaign.
pub(super) fn lexicon(lexicon: &Lexicon, files: &[LexiconFile], ids: &HashSet<String>) -> Vec<Problem> {
    let mut found = Vec::new();
    for file in files {
        let Ok(text) = std::str::from_utf8(&file.bytes) else { continue };
        let lines = Lines::of(text);
        let unknown = |name: &str, is_meant: &dyn Fn(&str) -> bool| {
            let at = text.match_indices(name).map(|(at, _)| at).find(|at| is_meant(text[..*at].trim_end_matches([' ', '"', '\''])))?;
            Some(lines.place(at..at + name.len()))
        };
        if file.path.ends_with("/emotions.yaml") {
            if let Some(comfort) = lexicon.emotions.comfort.as_ref().filter(|comfort| !ids.contains(&id_key(comfort)))
                && let Some(at) = unknown(comfort, &|before| before.ends_with("comfort:"))
            {
                found.push(at.problem(
                    &file.path,
                    Code::UnknownEntry,
                    format!("安抚愤怒的顾客用条目“{comfort}”，但没有这个条目"),
                    format!("angry customers are met with the entry {comfort}, which does not exist"),
                ));
            }
            for risk in lexicon.emotions.risks.iter().filter(|risk| !ids.contains(&id_key(&risk.entry))) {
                let Some(at) = unknown(&risk.entry, &|before| before.ends_with("entry:")) else { continue };
                found.push(at.problem(
                    &file.path,
                    Code::UnknownEntry,
                    format!("风险“{}”由条目“{}”接手，但没有这个条目", risk.name, risk.entry),
                    format!("the risk {} is taken over by the entry {}, which does not exist", risk.name, risk.entry),
                ));
            }
        }
        if file.path.ends_with("/campaigns.yaml") {
            let shops: BTreeSet<&str> =
                lexicon.campaigns.values().flatten().flat_map(|window| window.shops.iter().map(String::as_str)).collect();
            for shop in shops.into_iter().filter(|shop| lexicon.facets.resolve(Facet::Shop, shop).is_none()) {
                let Some(at) = unknown(shop, &|before| before.ends_with([':', '[', ',', '-'])) else { continue };
                found.push(at.problem(
                    &file.path,
                    Code::UnknownShop,
                    format!("没有店铺“{shop}”：请在 shops/ 建店铺文件，或改正名称"),
                    format!("there is no shop {shop}: add it to shops/ or correct the name"),
                ));
            }
        }
    }
    found
}

/// One entry as it takes part in [`across`].
pub(super) struct Candidate<'f> {
    pub(super) entry: &'f Entry,
    pub(super) notes: &'f Notes,
}

/// Which of several entries with one id are withheld, and why: the first in the order of paths keeps it.
pub(super) fn duplicate_ids(candidates: &[Candidate]) -> (HashSet<usize>, Vec<Problem>) {
    let mut first: HashMap<&str, &Entry> = HashMap::with_capacity(candidates.len());
    let (mut withheld, mut found) = (HashSet::new(), Vec::new());
    for (index, Candidate { entry, notes }) in candidates.iter().enumerate() {
        if let Some(earlier) = first.get(notes.id_key.as_str()) {
            withheld.insert(index);
            found.push(notes.id.problem(
                &entry.path,
                Code::DuplicateId,
                format!("编号“{}”已经用在 {}（不分大小写），本条目不生效。请改 id 或文件名", entry.id, earlier.path),
                format!(
                    "the id {} is taken by {} (case does not matter), so this entry is not served: change its id or file name",
                    entry.id, earlier.path
                ),
            ));
        } else {
            first.insert(&notes.id_key, entry);
        }
    }
    (withheld, found)
}

/// Whether two entries are ever offered together: a shortcut is unique within a shop.
fn share_a_shop(one: &Entry, other: &Entry) -> bool {
    let shops = |entry: &'_ Entry| entry.facet(Facet::Shop).map(str::to_owned).collect::<Vec<_>>();
    let (one, other) = (shops(one), shops(other));
    one.is_empty() || other.is_empty() || one.iter().any(|shop| other.contains(shop))
}

fn taken(entry: &Entry, key: &str, at: &Place, earlier: &Entry) -> Problem {
    at.problem(
        &entry.path,
        Code::DuplicateShortcut,
        format!("快捷码 {key} 已经用在 {}（{}），请换一个", earlier.path, earlier.title),
        format!("the shortcut {key} is taken by {}: choose another", earlier.path),
    )
}

/// Whether the shortcut of the last candidate is another's.
pub(super) fn shortcut_taken(candidates: &[Candidate]) -> Option<Problem> {
    let (Candidate { entry, notes }, others) = candidates.split_last()?;
    let (key, at) = notes.shortcut.as_ref().filter(|_| entry.state != State::Retired)?;
    let has = |other: &&Candidate| {
        let is_same = other.notes.shortcut.as_ref().is_some_and(|(other, _)| other == key);
        is_same && other.entry.state != State::Retired && share_a_shop(entry, other.entry)
    };
    Some(taken(entry, key, at, others.iter().find(has)?.entry))
}

/// What concerns entries among each other, the files that they link to and today's date.
/// `is_id` tells whether an id exists, in the form of [`id_key`]; `exists` whether a path of the library does.
pub(super) fn across(candidates: &[Candidate], is_id: impl Fn(&str) -> bool, exists: impl Fn(&str) -> bool, today: Date) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut shortcuts: HashMap<&str, Vec<&Entry>> = HashMap::new();
    for Candidate { entry, notes } in candidates {
        if entry.state == State::Retired {
            continue;
        }
        if let Some((key, at)) = &notes.shortcut {
            let of_key = shortcuts.entry(key).or_default();
            match of_key.iter().find(|earlier| share_a_shop(entry, earlier)) {
                Some(earlier) => found.push(taken(entry, key, at, earlier)),
                None => of_key.push(entry),
            }
        }
        for (id, at) in &notes.mentions {
            if !is_id(&id_key(id)) {
                found.push(at.problem(
                    &entry.path,
                    Code::UnknownEntry,
                    format!("没有编号为“{id}”的条目：写错了，还是已经改名？"),
                    format!("no entry has the id {id}: misspelt or renamed?"),
                ));
            }
        }
        for (target, path, at) in &notes.links {
            if !path.as_deref().is_some_and(&exists) {
                let (zh, en) = match path {
                    Some(path) => (format!("知识库里没有 {path}"), format!("the library has no {path}")),
                    None => (format!("{target} 指向知识库之外"), format!("{target} leads out of the library")),
                };
                found.push(at.problem(&entry.path, Code::BrokenLink, format!("链接失效：{zh}"), format!("broken link: {en}")));
            }
        }
        if let Some(date) = entry.review_by.filter(|date| *date < today) {
            found.push(notes.review_by.problem(
                &entry.path,
                Code::ReviewDue,
                format!("复审日 {date} 已过：请核对内容，再改 review_by"),
                format!("its review was due on {date}: check the content, then change review_by"),
            ));
        }
    }
    found
}

impl Notes {
    /// The id in the form in which ids are compared.
    pub(super) fn id_key(&self) -> &str {
        &self.id_key
    }

    /// The shortcut, folded.
    pub(super) fn shortcut(&self) -> Option<&str> {
        self.shortcut.as_ref().map(|(shortcut, _)| shortcut.as_str())
    }
}
