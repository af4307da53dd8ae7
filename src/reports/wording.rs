//! What a message says, without what every message says: the words that reports count and compare. Pure.

use crate::analysis::terms::characters;
use crate::analysis::{Analyzer, fold};
use crate::lexicon::Lexicon;
use crate::mask::PrivateKind;
use std::collections::BTreeSet;

/// Words that tell nothing of what is asked. Fillers of the lexicon go as well; what is left is nouns and verbs of the trade.
const STOP_WORDS: [&str; 113] = [
    "什么",
    "怎么",
    "怎样",
    "怎么样",
    "怎么办",
    "如何",
    "为什么",
    "为啥",
    "哪里",
    "哪个",
    "哪些",
    "多少",
    "多久",
    "几天",
    "什么时候",
    "时候",
    "啥时候",
    "可以",
    "可不可以",
    "能不能",
    "能否",
    "是不是",
    "是否",
    "有没有",
    "没有",
    "还有",
    "还没",
    "还没有",
    "不是",
    "不能",
    "不了",
    "不会",
    "不要",
    "不到",
    "这个",
    "那个",
    "这些",
    "那些",
    "这样",
    "那样",
    "这么",
    "那么",
    "这边",
    "那边",
    "这里",
    "那里",
    "一个",
    "一下",
    "一直",
    "一点",
    "一样",
    "一些",
    "我们",
    "你们",
    "他们",
    "咱们",
    "自己",
    "人家",
    "别人",
    "大家",
    "已经",
    "现在",
    "今天",
    "明天",
    "昨天",
    "刚才",
    "刚刚",
    "之前",
    "以后",
    "然后",
    "但是",
    "因为",
    "所以",
    "如果",
    "的话",
    "而且",
    "还是",
    "或者",
    "就是",
    "只是",
    "不过",
    "需要",
    "知道",
    "觉得",
    "看看",
    "看到",
    "告诉",
    "帮忙",
    "麻烦",
    "帮我",
    "给我",
    "我要",
    "我想",
    "想要",
    "应该",
    "可能",
    "一定",
    "真的",
    "直接",
    "东西",
    "事情",
    "问题",
    "情况",
    "出来",
    "起来",
    "过来",
    "下来",
    "上面",
    "里面",
    "客服",
    "亲亲",
    "请问",
    "谢谢",
];

/// Least letters of a message besides fillers: a single one is a slip of the finger.
const MIN_CHARS: usize = 2;

/// A message as reports read it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wording {
    /// Its distinct words of two letters and more, ascending.
    pub words: BTreeSet<String>,
    /// Its letters and characters, ascending.
    pub characters: Box<[char]>,
}

/// Reads a message. `None` where it says too little to be counted.
pub fn wording(text: &str, lexicon: &Lexicon, analyzer: &Analyzer) -> Option<Wording> {
    let open = PrivateKind::ALL.iter().fold(text.to_owned(), |text, kind| text.replace(kind.placeholder(), " "));
    let folded = fold(&open).text;
    let is_filler = |term: &str| lexicon.filler.get(term).is_some() || STOP_WORDS.contains(&term);
    let kept: Vec<&str> = analyzer.cut(&folded).into_iter().filter(|term| !is_filler(term)).collect();
    let characters = characters(&kept.concat());
    let words = kept.into_iter().filter(|term| is_telling(term)).map(str::to_owned).collect();
    (characters.len() >= MIN_CHARS).then_some(Wording { words, characters })
}

/// Two letters at least, and not a number: an amount is no topic.
fn is_telling(term: &str) -> bool {
    term.chars().nth(1).is_some() && term.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_that_tell_something_are_left() {
        let lexicon = crate::lexicon::load(&[]).0;
        let analyzer = Analyzer::new(&lexicon);
        let check = |text: &str, expect: &[&str]| {
            let words = wording(text, &lexicon, &analyzer).map(|wording| wording.words).unwrap_or_default();
            assert_eq!(words, expect.iter().map(|word| (*word).to_owned()).collect(), "{text}");
        };
        check("请问什么时候可以发货", &["发货"]);
        check("我的電話是<手机>,退货要多少运费", &["电话", "退货", "运费"]);
        check("125 元", &[]);
        check("在吗", &[]);
    }
}
