//! Folding: full width to half width, upper to lower case, traditional to simplified, character by character, with the way
//! back to the original, so that what matches after folding is highlighted where it was written.
//!
//! NFKC changes lengths and keeps zero-width characters, and phrase-level 繁→简 changes lengths too: hence per character.

use rustc_hash::FxHashMap;
use std::ops::Range;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// A folded text and its way back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folded {
    /// The folded text.
    pub text: String,
    /// One per character of `text`, ascending.
    origins: Vec<Origin>,
}

/// Where a folded character came from, in bytes; 32 bits hold any file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Origin {
    folded: u32,
    start: u32,
    end: u32,
}

impl Folded {
    /// The bytes of the original from which the folded bytes `range` come, for a range on character boundaries.
    /// A character that folds to several (㎏ → kg) is taken whole.
    pub fn original(&self, range: Range<usize>) -> Range<usize> {
        let first = self.origins.partition_point(|origin| (origin.folded as usize) < range.start);
        let after = self.origins.partition_point(|origin| (origin.folded as usize) < range.end);
        match self.origins.get(first..after) {
            Some([only]) => only.start as usize..only.end as usize,
            Some([begin, .., end]) => begin.start as usize..end.end as usize,
            _ => {
                let here = self.origins.get(first).map_or_else(|| self.origins.last().map_or(0, |last| last.end), |next| next.start);
                here as usize..here as usize
            }
        }
    }
}

/// Folds a text; 2 µs for a chat message.
pub fn fold(text: &str) -> Folded {
    let mut folded = Folded { text: String::with_capacity(text.len()), origins: Vec::with_capacity(text.len() / 3 + 1) };
    for (offset, original) in text.char_indices() {
        let (start, end) = (narrow(offset), narrow(offset + original.len_utf8()));
        fold_char(original, |character| {
            folded.origins.push(Origin { folded: narrow(folded.text.len()), start, end });
            folded.text.push(character);
        });
    }
    folded
}

fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// Gives the folded characters of one character, none for an invisible one.
pub(super) fn fold_char(character: char, mut give: impl FnMut(char)) {
    if character.is_ascii() {
        give(character.to_ascii_lowercase());
        return;
    }
    if let Some(simplified) = fold_ideograph(character) {
        give(simplified);
        return;
    }
    if is_invisible(character) {
        return;
    }
    for compatible in std::iter::once(character).nfkc() {
        for lower in compatible.to_lowercase() {
            give(SIMPLIFIED.of(lower).unwrap_or(lower));
        }
    }
}

/// The simplified form of an ideograph, which is what folding makes of it; nothing for other characters.
pub(super) fn fold_ideograph(character: char) -> Option<char> {
    matches!(character, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}').then(|| SIMPLIFIED.of(character).unwrap_or(character))
}

/// Zero-width characters, soft hyphen, byte order mark, variation selectors: pasted from chats and never meant.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' | '\u{00AD}' | '\u{FE00}'..='\u{FE0F}' | '\u{202A}'..='\u{202E}')
}

/// The CJK blocks with characters that have a simplified form.
const CJK: std::ops::RangeInclusive<u32> = 0x3400..=0x9FFF;

/// Single characters of 繁→简. Nearly all that is folded is simplified already, which a bit tells.
struct Simplified {
    /// A bit for each character of [`CJK`].
    has: Vec<u64>,
    forms: FxHashMap<char, char>,
}

impl Simplified {
    fn of(&self, character: char) -> Option<char> {
        let place = u32::from(character).checked_sub(*CJK.start())?;
        let bits = self.has.get(place as usize / 64)?;
        if bits >> (place % 64) & 1 == 0 { None } else { self.forms.get(&character).copied() }
    }
}

/// OpenCC's table over the CJK blocks, and what it leaves out of caution.
static SIMPLIFIED: LazyLock<Simplified> = LazyLock::new(|| {
    let mut forms = FxHashMap::default();
    let only = |text: &str| {
        let mut characters = text.chars();
        characters.next().filter(|_| characters.next().is_none())
    };
    for (traditional, simplified) in hanconv::RawDictionary::TSCharacters.iter() {
        if let (Some(traditional), Some(simplified)) = (only(traditional), only(simplified))
            && CJK.contains(&u32::from(traditional))
        {
            forms.insert(traditional, simplified);
        }
    }
    for (traditional, simplified) in
        [('著', '着'), ('麼', '么'), ('衞', '卫'), ('妳', '你'), ('祂', '他'), ('甚', '什'), ('喫', '吃'), ('裏', '里'), ('祗', '只')]
    {
        forms.insert(traditional, simplified);
    }
    let mut has = vec![0; CJK.count().div_ceil(64)];
    for character in forms.keys() {
        let place = u32::from(*character) - CJK.start();
        has[place as usize / 64] |= 1 << (place % 64);
    }
    Simplified { has, forms }
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expect: &str) {
        assert_eq!(fold(text).text, expect, "{text:?}");
    }

    #[test]
    fn width_case_and_script_fold() {
        check("ＲＥＦＵＮＤ 退貨", "refund 退货");
        check("５００ｇ㎏", "500gkg");
        check("看著 甚麼", "看着 什么");
        check("退\u{200b}货", "退货");
        check("İ", "i\u{307}");
    }

    #[test]
    fn the_way_back_leads_to_whole_characters() {
        let text = "共㎏退貨";
        let folded = fold(text);
        let at = folded.text.find('g').unwrap();
        assert_eq!(&text[folded.original(at..at + 1)], "㎏");
        let at = folded.text.find("退货").unwrap();
        assert_eq!(&text[folded.original(at..at + 6)], "退貨");
    }

    proptest! {
        #[test]
        fn any_text_folds_and_every_character_leads_back(text in "\\PC{0,60}") {
            let folded = fold(&text);
            for (at, character) in folded.text.char_indices() {
                let origin = folded.original(at..at + character.len_utf8());
                prop_assert!(!text[origin].is_empty());
            }
        }

        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,60}") {
            let once = fold(&text).text;
            prop_assert_eq!(&fold(&once).text, &once);
        }
    }
}
