//! Learning from the past: agents paste their scripts, so that a reply in an old chat tells which entry the message before it asked for. Pure.
//!
//! Texts are compared as sets of character bigrams. An inverted index over the library's replies counts what they share with a text, so
//! that a hundred thousand pairs against a thousand replies take seconds.

use super::phrasing_text;
use crate::analysis::fold;
use crate::entry::{Entry, EntryId, Kind};
use crate::mask::mask;
use crate::slots;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Share of a script's bigrams that an agent's text must hold: agents drop a sentence or change a word of it.
pub const MIN_CONTAINED: f64 = 0.7;

/// Jaccard index from which the two count as the same text, what slots were filled with left out; two honest wordings of one answer stay
/// below 0.5.
pub const MIN_JACCARD: f64 = 0.6;

/// A script that stands in a longer text as good as whole counts too, from this share on…
pub const MIN_CONTAINED_WHOLE: f64 = 0.9;

/// …if it has so many bigrams: 请稍等 stands in anything.
pub const MIN_WHOLE_BIGRAMS: usize = 15;

/// Least bigrams of a script that is compared at all.
pub const MIN_BIGRAMS: usize = 6;

/// Bigrams with which one slot may be filled: a date, a number, an address.
pub const SLOT_BIGRAMS: usize = 20;

/// Least characters of an agent's reply that is listed as a script which the library lacks: shorter ones are courtesies.
pub const MIN_SCRIPT_CHARS: usize = 10;

/// Messages shown with a missing script.
const MAX_EXAMPLES: usize = 3;

/// One turn of an old chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Which conversation.
    pub conversation: String,
    /// What the customer wrote.
    pub message: String,
    /// What the agent answered.
    pub reply: String,
}

/// A file of turns: tab separated, three columns, without header.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Turns {
    /// What could be read.
    pub turns: Vec<Turn>,
    /// Numbers of lines, from 1, that have not three columns.
    pub bad_lines: Vec<usize>,
}

/// Reads `conversation TAB message TAB reply` lines; empty lines are passed over.
pub fn read_turns(text: &str) -> Turns {
    let mut turns = Turns::default();
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    for (line, number) in text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()) {
        let columns: Vec<&str> = line.split('\t').map(str::trim).collect();
        match columns.as_slice() {
            [conversation, message, reply] if !message.is_empty() && !reply.is_empty() => {
                turns.turns.push(Turn {
                    conversation: (*conversation).to_owned(),
                    message: (*message).to_owned(),
                    reply: (*reply).to_owned(),
                });
            }
            _ => turns.bad_lines.push(number),
        }
    }
    turns
}

/// What old chats teach.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Taught {
    /// Phrasings, those of most conversations first.
    pub phrasings: Vec<TaughtPhrasing>,
    /// Replies that recur and are no script of the library, most frequent first.
    pub missing: Vec<MissingScript>,
    /// Turns whose reply is a script of the library.
    pub matched: usize,
    /// Of these, turns whose message says too little to be learned.
    pub unlearnable: usize,
    /// All turns.
    pub turns: usize,
}

/// A message that was answered with a script.
#[derive(Debug, Clone, PartialEq)]
pub struct TaughtPhrasing {
    /// Masked and folded.
    pub text: String,
    /// Whose script.
    pub entry_id: EntryId,
    /// The script.
    pub reply_id: String,
    /// How alike the texts were at best, 0..1.
    pub similarity: f64,
    /// In which conversations.
    pub conversations: BTreeSet<String>,
}

/// A script that the library lacks.
#[derive(Debug, Clone, PartialEq)]
pub struct MissingScript {
    /// Its commonest wording, masked.
    pub text: String,
    /// How many turns have it, in nearly the same words.
    pub times: usize,
    /// In how many conversations.
    pub conversations: usize,
    /// Messages before it, masked.
    pub examples: Vec<String>,
}

/// Matches the replies of old chats to those of the library. `is_question` says whether a message asks anything; a reply that recurs at
/// least `min_times` without being a script is listed as missing.
pub fn learn_from<'e>(
    turns: &[Turn],
    entries: impl IntoIterator<Item = &'e Arc<Entry>>,
    is_question: impl Fn(&str) -> bool,
    min_times: usize,
) -> Taught {
    let scripts = Scripts::new(entries);
    let mut taught = Taught { turns: turns.len(), ..Taught::default() };
    let mut found: HashMap<&str, Option<Match>> = HashMap::new();
    let mut phrasings: BTreeMap<(String, EntryId), TaughtPhrasing> = BTreeMap::new();
    let mut unmatched: Vec<&Turn> = Vec::new();
    for turn in turns {
        let Some(hit) = found.entry(&turn.reply).or_insert_with(|| scripts.find(&turn.reply)) else {
            unmatched.push(turn);
            continue;
        };
        taught.matched += 1;
        let Some(text) = phrasing_text(&turn.message).filter(|_| is_question(&turn.message)) else {
            taught.unlearnable += 1;
            continue;
        };
        let script = &scripts.scripts[hit.script];
        let phrasing = phrasings.entry((text.clone(), Arc::clone(&script.entry_id))).or_insert_with(|| TaughtPhrasing {
            text,
            entry_id: Arc::clone(&script.entry_id),
            reply_id: script.reply_id.clone(),
            similarity: 0.0,
            conversations: BTreeSet::new(),
        });
        phrasing.similarity = phrasing.similarity.max(hit.similarity);
        phrasing.conversations.insert(turn.conversation.clone());
    }
    taught.phrasings = phrasings.into_values().collect();
    taught.phrasings.sort_by(|a, b| {
        b.conversations.len().cmp(&a.conversations.len()).then(b.similarity.total_cmp(&a.similarity)).then_with(|| a.text.cmp(&b.text))
    });
    taught.missing = missing_scripts(&unmatched, min_times);
    taught
}

/// The library's replies, ready to be compared.
struct Scripts {
    scripts: Vec<Script>,
    /// Bigram → scripts that hold it.
    postings: HashMap<(char, char), Vec<u32>>,
}

struct Script {
    entry_id: EntryId,
    reply_id: String,
    bigrams: usize,
    slots: usize,
}

/// Which script a text is.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Match {
    script: usize,
    similarity: f64,
}

impl Scripts {
    /// Each reply whole, and each of its messages alone. Entries without a question teach none: their replies answer a moment or an act.
    fn new<'e>(entries: impl IntoIterator<Item = &'e Arc<Entry>>) -> Scripts {
        let mut scripts = Scripts { scripts: Vec::new(), postings: HashMap::new() };
        for entry in entries.into_iter().filter(|entry| entry.act.is_none() && entry.trigger.is_none() && entry.kind != Kind::Case) {
            for reply in &entry.replies {
                scripts.add(entry, &reply.id, &reply.text());
                if reply.segments.len() > 1 {
                    reply.segments.iter().for_each(|segment| scripts.add(entry, &reply.id, &segment.text));
                }
            }
        }
        scripts
    }

    fn add(&mut self, entry: &Entry, reply_id: &str, text: &str) {
        let slots = slots::find(text).slots;
        let mut set = BTreeSet::new();
        let mut at = 0;
        // No bigram reaches over a slot.
        for slot in &slots {
            set.extend(bigrams(&text[at..slot.span.start]));
            at = slot.span.end;
        }
        set.extend(bigrams(&text[at..]));
        if set.len() < MIN_BIGRAMS {
            return;
        }
        let number = u32::try_from(self.scripts.len()).unwrap_or(u32::MAX);
        self.scripts.push(Script {
            entry_id: Arc::clone(&entry.id),
            reply_id: reply_id.to_owned(),
            bigrams: set.len(),
            slots: slots.len(),
        });
        for bigram in set {
            self.postings.entry(bigram).or_default().push(number);
        }
    }

    /// The script that a text is most like, where it is like enough to one.
    fn find(&self, text: &str) -> Option<Match> {
        let set: BTreeSet<(char, char)> = bigrams(text).collect();
        let mut shared: HashMap<u32, usize> = HashMap::new();
        for script in set.iter().filter_map(|bigram| self.postings.get(bigram)).flatten() {
            *shared.entry(*script).or_default() += 1;
        }
        let matches = shared.into_iter().filter_map(|(script, shared)| {
            let similarity = similarity(&self.scripts[script as usize], set.len(), shared)?;
            Some(Match { script: script as usize, similarity })
        });
        matches.max_by(|a, b| a.similarity.total_cmp(&b.similarity).then(b.script.cmp(&a.script)))
    }
}

/// How alike a script and a text are, where they are alike enough. What the text has beyond the script may have filled its slots.
#[expect(clippy::cast_precision_loss, reason = "sizes of replies")]
fn similarity(script: &Script, size: usize, shared: usize) -> Option<f64> {
    let contained = shared as f64 / script.bigrams as f64;
    let beyond = (size - shared).saturating_sub(script.slots * SLOT_BIGRAMS);
    let jaccard = shared as f64 / (script.bigrams + beyond) as f64;
    let same = contained >= MIN_CONTAINED && jaccard >= MIN_JACCARD;
    let within = contained >= MIN_CONTAINED_WHOLE && script.bigrams >= MIN_WHOLE_BIGRAMS;
    // Of two scripts within a text the one that is more of it counts.
    (same || within).then_some(jaccard)
}

/// Pairs of neighbouring letters and characters of a text, punctuation, spaces and digits left out: digits are what differs.
fn bigrams(text: &str) -> impl Iterator<Item = (char, char)> + use<> {
    let letters: Vec<char> = fold(text).text.chars().filter(|character| character.is_alphabetic()).collect();
    (1..letters.len()).map(move |at| (letters[at - 1], letters[at]))
}

/// Replies that recur in nearly the same words.
fn missing_scripts(unmatched: &[&Turn], min_times: usize) -> Vec<MissingScript> {
    // The same but for digits and punctuation is one wording.
    let mut wordings: HashMap<String, Vec<&Turn>> = HashMap::new();
    for turn in unmatched {
        let letters: String = fold(&turn.reply).text.chars().filter(|character| character.is_alphabetic()).collect();
        if letters.chars().count() >= MIN_SCRIPT_CHARS {
            wordings.entry(letters).or_default().push(turn);
        }
    }
    let mut wordings: Vec<(String, Vec<&Turn>)> = wordings.into_iter().collect();
    wordings.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
    let texts: Vec<String> = wordings.iter().map(|(letters, _)| letters.clone()).collect();
    // The commoner stands earlier, so that a group is named by its commonest wording.
    let mut leader: Vec<usize> = (0..texts.len()).collect();
    for (later, earlier, _) in crate::library::similar_earlier(&texts, crate::library::SIMILAR) {
        leader[later] = leader[earlier];
    }
    let mut groups: BTreeMap<usize, Vec<&Turn>> = BTreeMap::new();
    for (wording, leader) in leader.iter().enumerate() {
        groups.entry(*leader).or_default().extend(&wordings[wording].1);
    }
    let mut missing: Vec<MissingScript> =
        groups.into_values().filter(|turns| turns.len() >= min_times.max(1)).map(|turns| missing_script(&turns)).collect();
    missing.sort_by(|a, b| b.times.cmp(&a.times).then_with(|| a.text.cmp(&b.text)));
    missing
}

fn missing_script(turns: &[&Turn]) -> MissingScript {
    let conversations: BTreeSet<&str> = turns.iter().map(|turn| turn.conversation.as_str()).collect();
    let mut examples: Vec<String> = Vec::new();
    for turn in turns {
        let example = mask(&turn.message);
        if examples.len() < MAX_EXAMPLES && !examples.contains(&example) {
            examples.push(example);
        }
    }
    MissingScript {
        text: turns.first().map(|turn| mask(&turn.reply)).unwrap_or_default(),
        times: turns.len(),
        conversations: conversations.len(),
        examples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facet::Facets;
    use crate::markdown;

    fn entry(id: &str, body: &str) -> Arc<Entry> {
        let parsed = markdown::parse(
            &format!("{id}.md"),
            format!("---\ntitle: {id}\nquestions: [{id}]\n---\n{body}\n").as_bytes(),
            &Facets::default(),
        );
        Arc::new(parsed.entry.unwrap())
    }

    fn library() -> Vec<Arc<Entry>> {
        vec![
            entry("催发货", "> {{昵称|亲}},让您久等了,非常抱歉!您的订单会在 {{发货时间}} 前发出,请您放心哦。"),
            entry(
                "改地址",
                "> 亲,地址已经帮您修改好了,请您核对一下新的地址。\n> ***\n> 如果快递已经揽收,需要您联系快递员转寄到新的地址哦。",
            ),
        ]
    }

    fn turn(conversation: &str, message: &str, reply: &str) -> Turn {
        Turn { conversation: conversation.into(), message: message.into(), reply: reply.into() }
    }

    #[test]
    fn lines_of_three_columns_are_read_and_others_told() {
        let turns = read_turns("\u{FEFF}a\tb\tc\n\na\tb\na\t\tc\r\nd\te;f\tg\r\n");
        assert_eq!(turns.turns, [turn("a", "b", "c"), turn("d", "e;f", "g")]);
        assert_eq!(turns.bad_lines, [3, 4]);
    }

    #[test]
    fn a_pasted_script_tells_its_entry() {
        let library = library();
        let scripts = Scripts::new(&library);
        for (reply, expect) in [
            ("小王,让您久等了,非常抱歉!您的订单会在 11月12日晚上20点 前发出,请您放心哦。", Some("催发货")),
            ("亲，让您久等啦，非常抱歉！您的订单会在明天中午前发出，请放心哦", Some("催发货")),
            ("如果快递已经揽收,需要您联系快递员转寄到新的地址哦", Some("改地址")),
            ("在的亲 亲,地址已经帮您修改好了,请您核对一下新的地址。还有别的可以帮您吗", Some("改地址")),
            ("亲,已经帮您备注了,请您放心", None),
            ("请您放心哦", None),
            ("", None),
        ] {
            let found = scripts.find(reply).map(|hit| scripts.scripts[hit.script].entry_id.to_string());
            assert_eq!(found.as_deref(), expect, "{reply}");
        }
    }

    #[test]
    fn the_message_before_a_script_is_learned_masked_once_for_each_conversation() {
        let script = "亲,地址已经帮您修改好了,请您核对一下新的地址";
        let turns = [
            turn("1", "帮我改地址,电话13800138000", script),
            turn("1", "帮我改地址,电话13900139000", script),
            turn("2", "帮我改地址，电话13800138000。", script),
            turn("3", "好的", script),
            turn("4", "地址写错了", "好的呢"),
        ];
        let taught = learn_from(&turns, &library(), |message| message != "好的", 2);
        assert_eq!((taught.matched, taught.unlearnable, taught.turns), (4, 1, 5));
        let found: Vec<_> =
            taught.phrasings.iter().map(|phrasing| (phrasing.text.as_str(), &*phrasing.entry_id, phrasing.conversations.len())).collect();
        assert_eq!(found, [("帮我改地址,电话<手机>", "改地址", 2)]);
    }

    #[test]
    fn replies_that_recur_and_match_nothing_are_missing_scripts() {
        let turns = [
            turn("1", "能便宜点吗", "亲,这个价格已经是最低价了哦,不能再优惠了"),
            turn("2", "优惠", "亲,这个价格已经是最低价了哦,不能再优惠了!"),
            turn("3", "便宜", "亲亲,这个价格已经是最低价了哦,不能再优惠了呢"),
            turn("4", "你好", "您好"),
            turn("5", "你好", "您好"),
            turn("6", "x", "只说过一次的话不算一个缺少的话术"),
        ];
        let taught = learn_from(&turns, &library(), |_| true, 2);
        assert_eq!(taught.missing.len(), 1);
        assert_eq!((taught.missing[0].times, taught.missing[0].conversations), (3, 3));
        assert_eq!(taught.missing[0].examples, ["能便宜点吗", "优惠", "便宜"]);
    }
}
