//! Banned phrases: what must not be said to a customer, why, and what to say instead; and `banned.yaml`, where the rules stand.
//!
//! Called by `library` for every reply and by `http` for every draft. Linear in the text, whatever the rules.

use super::patterns::Patterns;
use super::phrases::{Phrases, outside};
use super::source::Source;
use super::yaml::{self, Fields, Node};
use crate::analysis::fold::{Folded, fold};
use crate::facet::{Facet, Facets};
use crate::problem::Code;
use regex::{Regex, RegexBuilder};
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

/// Most rules: people write and explain each of them.
pub const MAX_RULES: usize = 2_000;
/// Most words, exceptions included, of one rule: the whole list of a class fits.
pub const MAX_WORDS_PER_RULE: usize = 2_000;
/// Most regular expressions of all rules: each adds to every check, words do not.
pub const MAX_PATTERNS: usize = 200;
/// Longest regular expression in characters: beyond it nobody can review it.
pub const MAX_PATTERN_CHARS: usize = 500;
/// Largest compiled regular expression: `\w{5,20}` over Unicode needs half of it, and all together stay below half a gigabyte.
pub const MAX_PATTERN_BYTES: usize = 2 << 20;

/// The compiled rules.
#[derive(Debug, Default)]
pub struct Banned {
    /// The rules, in the order of the files.
    pub rules: Vec<Rule>,
    /// Words of letters and digits alone, looked for where nothing else is left of the text: 微 信, 微.信, 微❤信.
    plain: Phrases<Vec<Role>>,
    /// Words with a symbol of their own (100%), looked for where only white space is left out.
    marked: Phrases<Vec<Role>>,
    patterns: Patterns,
}

/// One rule of `banned.yaml`.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Stable id.
    pub id: String,
    /// 引流, 极限词, …
    pub class: String,
    /// Why it is banned.
    pub why: String,
    /// Whether it stops the message.
    pub severity: RuleSeverity,
    /// What to say instead.
    pub better: Vec<String>,
    /// Channels it holds for; empty: all.
    pub channels: Vec<String>,
}

/// What a finding does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleSeverity {
    /// Must not be sent.
    Block,
    /// Think again.
    Warn,
}

/// A place in a text that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Index into [`Banned::rules`].
    pub rule: usize,
    /// Bytes in the original text.
    pub span: Range<usize>,
}

/// A rule with what it looks for, folded.
#[derive(Debug, Clone)]
pub(super) struct RuleSource {
    rule: Rule,
    words: Vec<String>,
    patterns: Vec<Regex>,
    except: Vec<String>,
}

/// What a phrase is to a rule.
#[derive(Debug, Clone, Copy)]
enum Role {
    Word(usize),
    Except(usize),
}

impl Banned {
    pub(super) fn new(sources: Vec<RuleSource>) -> Banned {
        let mut banned = Banned::default();
        let mut patterns = Vec::new();
        let (mut plain, mut marked): (BTreeMap<String, Vec<Role>>, BTreeMap<String, Vec<Role>>) = Default::default();
        for (index, source) in sources.into_iter().enumerate() {
            let roles = source.words.iter().map(|word| (word, Role::Word(index)));
            for (phrase, role) in roles.chain(source.except.iter().map(|phrase| (phrase, Role::Except(index)))) {
                let phrase: String = phrase.chars().filter(|character| is_written(*character)).collect();
                let layer = if phrase.chars().all(char::is_alphanumeric) { &mut plain } else { &mut marked };
                layer.entry(phrase).or_default().push(role);
            }
            patterns.extend(source.patterns.into_iter().map(|pattern| (index, pattern)));
            banned.rules.push(source.rule);
        }
        banned.plain = Phrases::new(plain);
        banned.marked = Phrases::new(marked);
        banned.patterns = Patterns::new(patterns);
        banned
    }

    /// All findings in a text for a channel (absent: any channel's rules), ascending, without overlaps of one rule.
    pub fn find(&self, text: &str, channel: Option<&str>) -> Vec<Finding> {
        let folded = fold(text);
        let mut found: Vec<(usize, Range<usize>)> = Vec::new();
        let mut covers: Vec<(usize, Range<usize>)> = Vec::new();
        for (phrases, keeps) in [(&self.plain, char::is_alphanumeric as fn(char) -> bool), (&self.marked, is_written)] {
            if phrases.is_empty() {
                continue;
            }
            let squeezed = Squeezed::new(&folded, keeps);
            for (range, roles) in phrases.raw(&squeezed.text) {
                let range = squeezed.folded(range);
                for role in roles {
                    match *role {
                        Role::Word(rule) if stands_alone(&folded.text, &range) => found.push((rule, range.clone())),
                        Role::Word(_) => {}
                        Role::Except(rule) => covers.push((rule, range.clone())),
                    }
                }
            }
        }
        found.extend(self.patterns.find(&folded.text));
        found.retain(|(rule, _)| self.holds(*rule, channel));
        if found.is_empty() {
            return Vec::new();
        }
        settle(found, covers).into_iter().map(|(rule, range)| Finding { rule, span: folded.original(range) }).collect()
    }

    fn holds(&self, rule: usize, channel: Option<&str>) -> bool {
        let Some(rule) = self.rules.get(rule) else { return false };
        channel.is_none_or(|channel| rule.channels.is_empty() || rule.channels.iter().any(|own| own == channel))
    }
}

/// Rule by rule drops what lies within the rule's exceptions and what overlaps an earlier finding; ascending by place.
fn settle(mut found: Vec<(usize, Range<usize>)>, covers: Vec<(usize, Range<usize>)>) -> Vec<(usize, Range<usize>)> {
    let mut exceptions: BTreeMap<usize, Vec<Range<usize>>> = BTreeMap::new();
    for (rule, range) in covers {
        exceptions.entry(rule).or_default().push(range);
    }
    found.sort_by_key(|(rule, range)| (*rule, range.start, std::cmp::Reverse(range.end)));
    let mut settled = Vec::new();
    for of_rule in found.chunk_by(|(one, _), (other, _)| one == other) {
        let rule = of_rule.first().map_or(0, |(rule, _)| *rule);
        let ranges = of_rule.iter().map(|(_, range)| (range.clone(), ())).collect();
        let mut end = 0;
        for (range, ()) in outside(ranges, exceptions.remove(&rule).unwrap_or_default()) {
            if range.start >= end {
                end = range.end;
                settled.push((rule, range));
            }
        }
    }
    settled.sort_by_key(|(rule, range)| (range.start, range.end, *rule));
    settled
}

/// A folded text with only some of its characters, and the way back to it.
struct Squeezed {
    text: String,
    /// For each byte of `text` its byte in the folded text.
    origins: Vec<u32>,
}

impl Squeezed {
    fn new(folded: &Folded, keeps: impl Fn(char) -> bool) -> Squeezed {
        let mut squeezed = Squeezed { text: String::with_capacity(folded.text.len()), origins: Vec::with_capacity(folded.text.len()) };
        for (at, character) in folded.text.char_indices().filter(|(_, character)| keeps(*character)) {
            squeezed.text.push(character);
            squeezed.origins.extend((at..at + character.len_utf8()).map(super::source::narrow));
        }
        squeezed
    }

    fn folded(&self, range: Range<usize>) -> Range<usize> {
        let at = |byte: usize| self.origins.get(byte).map_or(0, |origin| *origin as usize);
        at(range.start)..at(range.end.saturating_sub(1)) + 1
    }
}

fn is_written(character: char) -> bool {
    !character.is_whitespace()
}

/// Whether the range is no part of a longer run of ASCII letters, or of digits, at its edges as written: qq is not in qqtang, 第1
/// not in 第10; but vx is in vx123 and in 1vx, which is how it is disguised.
fn stands_alone(folded: &str, range: &Range<usize>) -> bool {
    let bytes = folded.as_bytes();
    let continues =
        |inside: Option<usize>, beside: Option<usize>| match (inside.and_then(|at| bytes.get(at)), beside.and_then(|at| bytes.get(at))) {
            (Some(inside), Some(beside)) => {
                inside.is_ascii_alphabetic() && beside.is_ascii_alphabetic() || inside.is_ascii_digit() && beside.is_ascii_digit()
            }
            _ => false,
        };
    !continues(Some(range.start), range.start.checked_sub(1)) && !continues(range.end.checked_sub(1), Some(range.end))
}

const KEYS: [&str; 9] = ["id", "class", "why", "severity", "better", "words", "patterns", "except", "channels"];

/// Reads a file; a rule whose id an earlier file has takes its place. Channels are those of `facets`.
pub(super) fn read(source: &mut Source<'_>, facets: &Facets, rules: &mut Vec<RuleSource>) {
    let Some(root) = yaml::parse(source) else { return };
    let Some(mut fields) = source.fields(root, &["rules", "replace"]) else { return };
    if fields.says_true("replace") {
        rules.clear();
    }
    let mut seen = HashSet::new();
    for item in yaml::items(fields.take("rules")) {
        let place = item.place;
        let Some(rule) = source.fields(item, &KEYS).and_then(|mut fields| rule(source, place, &mut fields, facets, rules)) else {
            continue;
        };
        let id = rule.rule.id.clone();
        if !seen.insert(id.clone()) {
            let (zh, en) =
                (format!("规则「{id}」在本文件中重复，以第一条为准"), format!("rule `{id}` stands twice in this file; the first holds"));
            source.report(place, Code::BadLexicon, zh, en);
        } else if let Some(known) = rules.iter_mut().find(|known| known.rule.id == id) {
            *known = rule;
        } else if rules.len() == MAX_RULES {
            source.report(
                place,
                Code::TooMany,
                format!("规则超过 {MAX_RULES} 条，其余忽略"),
                format!("more than {MAX_RULES} rules; the rest is ignored"),
            );
            return;
        } else {
            rules.push(rule);
        }
    }
}

fn rule(
    source: &mut Source<'_>,
    place: super::source::Place,
    fields: &mut Fields,
    facets: &Facets,
    rules: &[RuleSource],
) -> Option<RuleSource> {
    let mut text = |source: &mut Source<'_>, key: &str| source.texts(fields.take(key)).into_iter().next();
    let (id, class, why) = (text(source, "id"), text(source, "class"), text(source, "why"));
    let severity = text(source, "severity");
    let (Some((_, id)), Some((_, class)), Some((_, why))) = (id, class, why) else {
        source.report(
            place,
            Code::BadLexicon,
            "规则需要 id、class 和 why，此条未生效",
            "a rule needs `id`, `class` and `why`; it has no effect",
        );
        return None;
    };
    let severity = match severity {
        Some((_, text)) if text == "warn" => RuleSeverity::Warn,
        Some((_, text)) if text == "block" => RuleSeverity::Block,
        other => {
            // Of the two mistakes the one that sends nothing unlawful.
            let at = other.map_or(place, |(at, _)| at);
            let (zh, en) = ("severity 应是 block 或 warn；暂按 block 处理", "`severity` is `block` or `warn`; taken for `block`");
            source.report(at, Code::BadValue, zh, en);
            RuleSeverity::Block
        }
    };
    let better = source.texts(fields.take("better")).into_iter().map(|(_, text)| text).collect();
    let channels = channels(source, fields.take("channels"), facets);
    let mut words = source.terms(fields.take("words"));
    let mut except = source.terms(fields.take("except"));
    if words.len() + except.len() > MAX_WORDS_PER_RULE {
        let zh = format!("一条规则最多 {MAX_WORDS_PER_RULE} 个词，其余忽略；请拆成几条");
        let en = format!("a rule has at most {MAX_WORDS_PER_RULE} words; the rest is ignored; split it");
        source.report(place, Code::TooMany, zh, en);
        words.truncate(MAX_WORDS_PER_RULE);
        except.truncate(MAX_WORDS_PER_RULE - words.len());
    }
    let others: usize = rules.iter().filter(|rule| rule.rule.id != id).map(|rule| rule.patterns.len()).sum();
    let patterns = patterns(source, fields.take("patterns"), others);
    if words.is_empty() && patterns.is_empty() {
        let (zh, en) =
            (format!("规则「{id}」没有可用的 words 或 patterns"), format!("rule `{id}` has no `words` or `patterns` to look for"));
        source.report(place, Code::BadLexicon, zh, en);
    }
    Some(RuleSource { rule: Rule { id, class, why, severity, better, channels }, words, patterns, except })
}

fn channels(source: &mut Source<'_>, node: Option<Node>, facets: &Facets) -> Vec<String> {
    let mut channels = Vec::new();
    for (place, channel) in source.texts(node) {
        match facets.resolve(Facet::Channel, &channel) {
            Some(known) => channels.push(known.to_owned()),
            None => {
                let (zh, en) = (format!("facets.yaml 里没有渠道「{channel}」"), format!("facets.yaml knows no channel `{channel}`"));
                source.report(place, Code::UnknownFacetValue, zh, en);
                // Kept: without it the rule would hold for every channel.
                channels.push(channel);
            }
        }
    }
    channels
}

/// Compiles the expressions of a rule; `others` counts those of the other rules.
fn patterns(source: &mut Source<'_>, node: Option<Node>, others: usize) -> Vec<Regex> {
    let mut patterns = Vec::new();
    for (place, pattern) in source.texts(node) {
        if others + patterns.len() == MAX_PATTERNS {
            let zh = format!("正则表达式共超过 {MAX_PATTERNS} 个，此处忽略");
            source.report(place, Code::TooMany, zh, format!("more than {MAX_PATTERNS} regular expressions; ignored here"));
            break;
        }
        let wrong = if pattern.chars().count() > MAX_PATTERN_CHARS {
            format!("{pattern:.20}… > {MAX_PATTERN_CHARS}")
        } else {
            match RegexBuilder::new(&pattern).case_insensitive(true).size_limit(MAX_PATTERN_BYTES).build() {
                Ok(regex) if regex.is_match("") => "matches the empty text".to_owned(),
                Ok(regex) => {
                    patterns.push(regex);
                    continue;
                }
                // The last line says what is wrong; those before draw the pattern.
                Err(error) => error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned(),
            }
        };
        let (zh, en) =
            ("正则表达式的写法不对，已忽略".to_owned(), format!("the regular expression cannot be used and is ignored: {wrong}"));
        source.report(place, Code::BadLexicon, zh, en);
    }
    patterns
}
