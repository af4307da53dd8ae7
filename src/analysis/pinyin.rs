//! Pinyin: what is typed with letters alone finds titles, questions and shortcuts, by initials (thh → 退换货) or syllables (tuihuo).
//!
//! All readings of a character are indexed, since nobody can know which one was meant (银行 is yin xing to a table).

use super::units::units;
use pinyin::ToPinyinMulti;
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Longest input that is read as pinyin, in letters: longer ones are words of another language.
pub const MAX_PINYIN_LETTERS: usize = 40;

/// Marks a pair of initials, so that `li` as two initials differs from the syllable `li`.
const INITIALS_MARK: char = '~';

/// A token of the pinyin field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound<'t> {
    /// A syllable, or the mark and two initials.
    pub term: Cow<'t, str>,
    /// Index of the unit at which it begins.
    pub position: usize,
}

/// The tokens of a folded text.
pub fn sounds(folded: &str) -> Vec<Sound<'_>> {
    let readings: Vec<Vec<&str>> = units(folded).map(|unit| readings(unit.text)).collect();
    let mut sounds = Vec::new();
    for (position, here) in readings.iter().enumerate() {
        sounds.extend(here.iter().map(|syllable| Sound { term: Cow::Borrowed(syllable), position }));
        let Some(next) = readings.get(position + 1) else { continue };
        let mut pairs: Vec<(char, char)> = initials(here).flat_map(|first| initials(next).map(move |second| (first, second))).collect();
        pairs.sort_unstable();
        pairs.dedup();
        sounds.extend(pairs.into_iter().map(|(first, second)| Sound { term: pair(first, second).into(), position }));
    }
    sounds
}

/// The term for two neighbouring initials.
pub fn pair(first: char, second: char) -> String {
    String::from_iter([INITIALS_MARK, first, second])
}

/// Syllables without tones that a character may be read as; none where it is not Chinese.
pub(super) fn syllables(character: char) -> Vec<&'static str> {
    let mut plain: Vec<&'static str> =
        character.to_pinyin_multi().map(|multi| multi.into_iter().map(pinyin::Pinyin::plain).collect()).unwrap_or_default();
    plain.sort_unstable();
    plain.dedup();
    plain
}

/// Syllables without tones that a unit may be read as; a run of letters or digits reads as itself.
fn readings(unit: &str) -> Vec<&str> {
    let mut characters = unit.chars();
    match (characters.next(), characters.next()) {
        (Some(only), None) => {
            let syllables = syllables(only);
            if syllables.is_empty() { vec![unit] } else { syllables }
        }
        _ => vec![unit],
    }
}

fn initials<'r>(readings: &'r [&str]) -> impl Iterator<Item = char> + use<'r> {
    readings.iter().filter_map(|syllable| syllable.chars().next())
}

/// What letters alone may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letters {
    /// The letters, spaces left out: initials of successive characters.
    pub letters: String,
    /// The letters cut into syllables, where that is possible without rest.
    pub syllables: Option<Vec<String>>,
}

/// Reads a folded question as pinyin, where it consists of two letters or more and nothing else.
pub fn read_letters(folded: &str) -> Option<Letters> {
    let letters: String = folded.chars().filter(|character| !matches!(character, ' ' | '\'')).collect();
    let fits = (2..=MAX_PINYIN_LETTERS).contains(&letters.len()) && letters.bytes().all(|byte| byte.is_ascii_lowercase());
    fits.then(|| Letters { syllables: cut(&letters), letters })
}

/// Cuts letters into syllables, longest first with backtracking.
fn cut(letters: &str) -> Option<Vec<String>> {
    /// `zhuang` and `shuang` are the longest.
    const LONGEST_SYLLABLE: usize = 6;
    // Where each reachable end came from; the latest (that is, the longest last syllable) is overwritten by the earlier start.
    let mut from: Vec<Option<usize>> = vec![None; letters.len() + 1];
    from[0] = Some(0);
    for start in 0..letters.len() {
        if from[start].is_none() {
            continue;
        }
        for end in start + 1..=(start + LONGEST_SYLLABLE).min(letters.len()) {
            if from[end].is_none() && SYLLABLES.contains(&letters[start..end]) {
                from[end] = Some(start);
            }
        }
    }
    let mut syllables = Vec::new();
    let mut end = letters.len();
    while end > 0 {
        let start = from[end]?;
        syllables.push(letters[start..end].to_owned());
        end = start;
    }
    syllables.reverse();
    Some(syllables)
}

/// Every syllable that some character has.
static SYLLABLES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    ('\u{4E00}'..='\u{9FA5}').filter_map(|character| character.to_pinyin_multi()).flatten().map(pinyin::Pinyin::plain).collect()
});

/// Whether `letters` are initials of successive units of the folded text, with at most `wrong` letters off; gives the bytes of those units.
pub fn find_initials(folded: &str, letters: &str, wrong: usize) -> Option<std::ops::Range<usize>> {
    let units: Vec<_> = units(folded).map(|unit| (unit.start..unit.end(), readings(unit.text))).collect();
    let letters: Vec<char> = letters.chars().collect();
    units.windows(letters.len().max(1)).find_map(|window| {
        let misses =
            window.iter().zip(&letters).filter(|((_, readings), letter)| !initials(readings).any(|initial| initial == **letter)).count();
        (misses <= wrong).then(|| window[0].0.start..window[window.len() - 1].0.end)
    })
}

/// Where the syllables stand one after another in the folded text, in bytes.
pub fn find_syllables(folded: &str, syllables: &[String]) -> Option<std::ops::Range<usize>> {
    let units: Vec<_> = units(folded).map(|unit| (unit.start..unit.end(), readings(unit.text))).collect();
    units.windows(syllables.len().max(1)).find_map(|window| {
        let all = window.iter().zip(syllables).all(|((_, readings), syllable)| readings.contains(&syllable.as_str()));
        all.then(|| window[0].0.start..window[window.len() - 1].0.end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_initials_and_perhaps_syllables() {
        assert_eq!(read_letters("tuihuo").unwrap().syllables.unwrap(), ["tui", "huo"]);
        assert_eq!(read_letters("tui huo").unwrap().letters, "tuihuo");
        assert_eq!(read_letters("thh").unwrap().syllables, None);
        assert_eq!(read_letters("t"), None);
        assert_eq!(read_letters("退huo"), None);
        assert_eq!(read_letters("7tian"), None);
    }

    #[test]
    fn initials_are_found_where_they_stand_with_all_readings() {
        let text = "如何退换货";
        assert_eq!(&text[find_initials(text, "thh", 0).unwrap()], "退换货");
        assert_eq!(find_initials(text, "thx", 0), None);
        assert_eq!(&text[find_initials(text, "thx", 1).unwrap()], "退换货");
        assert!(find_initials("银行", "yh", 0).is_some());
        assert_eq!(&text[find_syllables(text, &["huan".into(), "huo".into()]).unwrap()], "换货");
    }

    #[test]
    fn both_kinds_of_tokens_are_made() {
        let sounds = sounds("退货");
        assert!(sounds.contains(&Sound { term: "tui".into(), position: 0 }));
        assert!(sounds.contains(&Sound { term: "~th".into(), position: 0 }));
    }
}
