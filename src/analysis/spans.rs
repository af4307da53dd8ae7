//! Where the bigrams of a text stand that somebody looks for: what folding, parting and hashing give, in one pass that keeps none of it. Pure.

use super::fold::{fold_char, fold_ideograph};
use super::terms::GramHash;
use super::units::Class;
use std::ops::Range;

/// A unit that is being read, or the one before it.
struct Unit {
    class: Class,
    /// Its own hash, and that of the one before with it; nothing where a character is in no bigram that is looked for.
    own: Option<GramHash>,
    pair: Option<GramHash>,
    /// Whether the one before stands directly before it.
    touches: bool,
    /// Bytes of the original.
    span: Range<usize>,
}

/// The bytes of a text, as it is written, of each of its bigrams that `meets` says yes to by their hash; no character but those that `knows` says yes to is in
/// one. The same as [`grams`](super::grams) of the folded text, but nine characters of ten cost a look only.
pub fn gram_spans(text: &str, knows: impl Fn(char) -> bool, meets: impl Fn(u64) -> bool) -> Vec<Range<usize>> {
    let mut met = Vec::new();
    // Nothing met reaches over a mark, or over an ideograph that is not known. What stands between two of these is read together with them: a
    // character stands for itself only where nothing touches it.
    let (mut before, mut touches) = (0, false);
    let mut stretch: Option<Stretch> = None;
    for (start, written) in text.char_indices() {
        let ideograph = fold_ideograph(written);
        let goes_on = ideograph.map_or_else(|| !MARKS.contains(&written), &knows);
        if goes_on {
            let is_alone = stretch.is_none() && ideograph.is_some();
            let from = stretch.map_or(before, |stretch| stretch.from);
            stretch = Some(Stretch { from, is_alone });
            continue;
        }
        let is_touched = touches || ideograph.is_some();
        (before, touches) = (start, ideograph.is_some());
        if let Some(Stretch { from, is_alone }) = stretch.take()
            && !(is_alone && is_touched)
        {
            add_spans(text, from..start + written.len_utf8(), &knows, &meets, &mut met);
        }
    }
    if let Some(Stretch { from, is_alone }) = stretch
        && !(is_alone && touches)
    {
        add_spans(text, from..text.len(), &knows, &meets, &mut met);
    }
    met
}

/// Part of a text in which something may be met.
#[derive(Clone, Copy)]
struct Stretch {
    /// Its first byte, at what stands before it.
    from: usize,
    /// Whether it is one ideograph.
    is_alone: bool,
}

/// Punctuation that most texts have, of which folding makes no unit.
const MARKS: [char; 19] = ['，', '。', '、', '！', '？', '：', '；', '（', '）', '“', '”', '《', '》', '【', '】', ' ', '\n', '-', '.'];

/// Adds what is met within a part of a text.
fn add_spans(text: &str, within: Range<usize>, knows: impl Fn(char) -> bool, meets: impl Fn(u64) -> bool, met: &mut Vec<Range<usize>>) {
    let (mut last, mut now): (Option<Unit>, Option<Unit>) = (None, None);
    let is_met = |hash: Option<GramHash>| hash.is_some_and(|hash| meets(hash.finish()));
    // A character without neighbours stands for itself.
    let leave = |unit: Option<Unit>, met: &mut Vec<Range<usize>>| {
        met.extend(unit.filter(|unit| !unit.touches && unit.class == Class::Single && is_met(unit.own)).map(|unit| unit.span));
    };
    let end = |unit: Option<Unit>, last: &mut Option<Unit>, met: &mut Vec<Range<usize>>| {
        let Some(unit) = unit else { return };
        match last.take() {
            Some(before) if unit.touches => met.extend(is_met(unit.pair).then_some(before.span.start..unit.span.end)),
            before => leave(before, met),
        }
        if unit.class != Class::Single && is_met(unit.own) {
            met.push(unit.span.clone());
        }
        *last = Some(unit);
    };
    let mut touches = false;
    for (at, written) in text[within.clone()].char_indices() {
        let start = within.start + at;
        let stop = start + written.len_utf8();
        fold_char(written, |character| {
            let class = Class::of(character);
            let goes_on = now.as_ref().is_some_and(|unit| unit.class == class && class != Class::Single);
            if !goes_on {
                end(now.take(), &mut last, met);
            }
            if class == Class::Other {
                touches = false;
                return;
            }
            let unit = now.get_or_insert_with(|| Unit {
                class,
                own: Some(GramHash::default()),
                pair: last.as_ref().filter(|_| touches).and_then(|last| last.own),
                touches,
                span: start..stop,
            });
            touches = true;
            unit.span.end = stop;
            let add = |hash: GramHash| hash.with(character);
            (unit.own, unit.pair) = if knows(character) { (unit.own.map(add), unit.pair.map(add)) } else { (None, None) };
        });
    }
    end(now, &mut last, met);
    leave(last, met);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::terms::gram_hash;
    use crate::analysis::{fold, grams};
    use proptest::prelude::*;
    use std::collections::{BTreeSet, HashSet};

    fn sorted(spans: impl IntoIterator<Item = Range<usize>>) -> BTreeSet<(usize, usize)> {
        spans.into_iter().map(|span| (span.start, span.end)).collect()
    }

    /// The bigrams of `sought` in `text`, in one pass and step by step.
    fn check(sought: &str, text: &str) {
        let sought = fold(sought).text;
        let hashes: HashSet<u64> = grams(&sought).iter().map(|token| gram_hash(token.term)).collect();
        let characters: HashSet<char> = sought.chars().collect();
        let found = gram_spans(text, |character| characters.contains(&character), |hash| hashes.contains(&hash));
        let folded = fold(text);
        let met = grams(&folded.text).into_iter().filter(|token| hashes.contains(&gram_hash(token.term)));
        let expect = sorted(met.map(|token| folded.original(token.start..token.end())));
        assert_eq!(sorted(found), expect, "{sought:?} in {text:?}");
    }

    #[test]
    fn bigrams_are_found_as_they_are_made() {
        for (sought, text) in [
            ("退货运费", "亲，退貨的运费、運費险：退 货"),
            ("iPhone15pro", "买iphone15pro送，ＩＰＨＯＮＥ 15 pro"),
            ("500g", "５００ｇ㎏，5kg"),
            ("好", "好，好的。不好"),
            ("退货", "退\u{200b}货"),
            ("", "什么都没有"),
        ] {
            check(sought, text);
        }
    }

    proptest! {
        #[test]
        fn any_bigrams_are_found_in_any_text(sought in "[退货运费15ab㎏，。 ＡİÅ]{0,12}", text in "[退貨货运費费15abＡ㎏，。 \u{200b}İÅ]{0,30}") {
            check(&sought, &text);
        }

        #[test]
        fn any_text_may_be_looked_through(text in "\\PC{0,60}") {
            check(&text, &text);
        }
    }
}
