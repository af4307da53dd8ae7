//! Libraries of any size from real words: the same entries for the same number in every run, on every machine.
//!
//! Words are those of jieba's dictionary, drawn as often as they are used (a few very often, most hardly ever), because posting lists of made-up
//! words have no such shape. Sentences are those of customers and agents with words put into them.

use jieba_rs::Jieba;
use std::fs;
use std::io;
use std::path::Path;

/// Entries in one folder: what file systems and people still list quickly.
const ENTRIES_A_FOLDER: usize = 1_000;

/// Characters whose pairs are looked up in the dictionary: the most used ones, beyond which its words are rare names.
const CHARACTERS: usize = 2_500;

/// Most words of one part of speech.
const WORDS: usize = 20_000;

/// Nouns that are categories; with the matters in them a thousand, more than people keep in order.
const CATEGORIES: usize = 40;

const MATTERS: [&str; 24] = [
    "怎么退货",
    "多久发货",
    "能开发票吗",
    "坏了怎么修",
    "尺码怎么选",
    "有没有赠品",
    "可以换颜色吗",
    "什么时候到",
    "降价补差价",
    "少发了配件",
    "怎么取消订单",
    "运费谁出",
    "保修多久",
    "怎么安装",
    "用不了怎么办",
    "和图片不一样",
    "支持货到付款吗",
    "能不能便宜点",
    "物流不动了",
    "退款没到账",
    "地址写错了",
    "没收到货",
    "有质量问题",
    "怎么使用",
];
const QUESTIONS: [&str; 12] = [
    "请问{n}{m}",
    "我昨天买的{n}{m}",
    "你们家的{n}为什么{v}不了",
    "{n}的{n}{v}了怎么办",
    "刚收到的{n}，{m}呀",
    "{n}{v}之后还能{v}吗",
    "朋友送的{n}想{v}，{m}",
    "这个{n}是{a}的吗",
    "直播间拍的{n}{m}呢",
    "{n}{m}，{n}也一起{v}可以吗",
    "为什么{n}比{n}{a}",
    "{v}{n}要多长时间",
];
const ADVICE: [&str; 6] = [
    "顾客问{n}{m}时用。",
    "{n}要{v}的时候用，先问清订单再{v}。",
    "只用于{a}的{n}，别的不能{v}。",
    "{v}{n}之前用；顾客着急时先道歉。",
    "{n}{v}不了时用，超过权限转组长。",
    "顾客说{n}{a}时用。",
];
const OPENINGS: [&str; 6] = ["您好，", "{{昵称|亲}}，", "让您久等了，", "非常抱歉给您添麻烦了，", "感谢您的支持，", "看到您的消息了，"];
const CLAUSES: [&str; 12] = [
    "{n}的{n}是可以{v}的",
    "请您先{v}{n}，再把{n}拍张照片发给我",
    "我们会在48小时内{v}{n}",
    "订单 {{订单号}} 的{n}正在{v}",
    "{n}如果{a}，可以{v}或者{v}",
    "这款{n}{a}，{v}起来比{n}方便",
    "{v}之前请看一下{n}有没有{v}",
    "退回的{n}由我们承担{n}",
    "{n}和{n}不能一起{v}",
    "您说的{n}我已经记下来，{v}好了马上告诉您",
    "活动期间{n}{v}会慢一些",
    "{n}保持{a}就不影响{v}",
];
const CLOSINGS: [&str; 5] = ["。", "，您看可以吗？", "，辛苦您了。", "，有问题随时找我。", "，祝您生活愉快！"];

/// Makes the entries.
pub(crate) struct Generator {
    nouns: Vec<String>,
    verbs: Vec<String>,
    adjectives: Vec<String>,
}

impl Generator {
    /// Takes the words of two characters out of jieba's dictionary, the most used first.
    pub(crate) fn new() -> Generator {
        let jieba = Jieba::new();
        let text = |character: char| character.to_string();
        let mut characters: Vec<char> = ('\u{4E00}'..='\u{9FA5}').filter(|character| jieba.has_word(&text(*character))).collect();
        characters.sort_by_cached_key(|character| (usize::MAX - jieba.suggest_freq(&text(*character)), *character));
        characters.truncate(CHARACTERS);
        let pairs = characters.iter().flat_map(|one| characters.iter().map(move |other| (*one, *other)));
        let mut words: Vec<String> =
            pairs.map(|(one, other)| String::from_iter([one, other])).filter(|word| jieba.has_word(word)).collect();
        words.sort_by_cached_key(|word| (usize::MAX - jieba.suggest_freq(word), word.clone()));
        let of = |tags: &[&str]| {
            let is = |word: &&String| jieba.tag(word, false).first().is_some_and(|tag| tag.word == **word && tags.contains(&tag.tag));
            words.iter().filter(is).take(WORDS).cloned().collect()
        };
        Generator { nouns: of(&["n", "nz"]), verbs: of(&["v", "vn"]), adjectives: of(&["a", "an", "b"]) }
    }

    /// Path and text of an entry.
    pub(crate) fn entry(&self, number: usize) -> (String, String) {
        let random = &mut Random(number as u64);
        let title = format!("{}{}", self.noun(random), random.one_of(&MATTERS));
        let category = format!("{}/{}", &self.nouns[random.below(CATEGORIES)], random.one_of(&MATTERS));
        let questions: String = (0..3).map(|_| format!("  - {}\n", self.sentence(random, &QUESTIONS))).collect();
        let stage = random.one_of(&["售前", "售中", "售后"]);
        let advice = self.sentence(random, &ADVICE);
        let replies: String = (0..2).map(|_| format!("\n> {}\n", self.reply(random))).collect();
        let path = format!("g{:04}/e{number:07}.md", number / ENTRIES_A_FOLDER);
        let front = format!("title: {title}\nquestions:\n{questions}category: {category}\nstage: {stage}");
        (path, format!("---\n{front}\n---\n{advice}\n{replies}"))
    }

    /// Writes a library.
    pub(crate) fn write(&self, dir: &Path, entries: usize) -> io::Result<()> {
        fs::create_dir_all(dir)?;
        fs::write(dir.join("library.toml"), format!("format = 1\nname = \"{entries} 条\"\n"))?;
        for number in 0..entries {
            let (path, text) = self.entry(number);
            let path = dir.join(path);
            if number % ENTRIES_A_FOLDER == 0 {
                fs::create_dir_all(path.parent().unwrap_or(dir))?;
            }
            fs::write(path, text)?;
        }
        Ok(())
    }

    fn reply(&self, random: &mut Random) -> String {
        let clauses: Vec<String> = (0..2 + random.below(2)).map(|_| self.sentence(random, &CLAUSES)).collect();
        format!("{}{}{}", random.one_of(&OPENINGS), clauses.join("，"), random.one_of(&CLOSINGS))
    }

    /// A pattern with words in its places; `{{` is the slot of a reply and stays.
    fn sentence(&self, random: &mut Random, patterns: &[&str]) -> String {
        let mut sentence = String::new();
        let mut rest = random.one_of(patterns);
        while let Some((before, after)) = rest.split_once('{') {
            sentence.push_str(before);
            let place = ["n}", "v}", "a}", "m}"].into_iter().find(|place| after.starts_with(place));
            sentence.push_str(match place {
                Some("n}") => self.noun(random),
                Some("v}") => random.word_of(&self.verbs),
                Some("a}") => random.word_of(&self.adjectives),
                Some(_) => random.one_of(&MATTERS),
                None => "{",
            });
            rest = place.map_or(after, |place| &after[place.len()..]);
        }
        sentence + rest
    }

    fn noun(&self, random: &mut Random) -> &str {
        random.word_of(&self.nouns)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): a few lines that never change, where a crate's numbers may between versions.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn one_of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len())]
    }

    /// A word by its rank r with a frequency of 1/r, as Zipf's law has it: a rank whose logarithm is uniform.
    fn word_of<'w>(&mut self, words: &'w [String]) -> &'w str {
        let uniform = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        let rank = (words.len() as f64).powf(uniform) as usize;
        &words[rank.clamp(1, words.len()) - 1]
    }
}
