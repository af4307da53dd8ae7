//! Messages grouped by likeness (归并): greedily, the commonest first, each to the group whose first message it is most like. Pure.

use super::Wording;
use crate::analysis::terms::likeness;
use std::collections::HashMap;

/// Distinct messages that are compared, the commonest: the work grows with messages times groups.
const MAX_GROUPED: usize = 6_000;

/// Groups that are kept; what fits into none of them then stands for itself no more.
const MAX_GROUPS: usize = 1_000;

/// From this likeness on two messages ask the same: half of it their characters, half their words. 怎么退货 and 怎么换货 share three of four characters
/// and no word that tells anything: .38; 怎么还没发货 and 什么时候发货 share the one such word: .75.
pub(super) const SAME: f32 = 0.55;

/// Samples kept of a group: as many as a draft has use for.
pub const MAX_SAMPLES: usize = 20;

/// Messages that ask the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Numbers of the messages, in the order given.
    pub members: Vec<usize>,
    /// The commonest wordings first, each with how often it stands there.
    pub samples: Vec<(String, usize)>,
}

/// Groups messages; the largest group first. Messages that say too little stand in none.
pub fn group<'t>(texts: impl IntoIterator<Item = &'t str>, read: impl Fn(&str) -> Option<Wording>) -> Vec<Group> {
    let mut numbers: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, text) in texts.into_iter().enumerate() {
        numbers.entry(text.trim()).or_default().push(number);
    }
    let mut distinct: Vec<(&str, Vec<usize>)> = numbers.into_iter().collect();
    distinct.sort_unstable_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(b.0)));
    distinct.truncate(MAX_GROUPED);
    let mut groups: Vec<(Wording, Group)> = Vec::new();
    for (text, members) in distinct {
        let Some(wording) = read(text) else { continue };
        let alike = groups.iter().map(|(first, _)| alike(first, &wording)).enumerate().filter(|(_, alike)| *alike >= SAME);
        let sample = (text.to_owned(), members.len());
        // The first of those most alike: the larger group.
        match alike.reduce(|best, next| if next.1 > best.1 { next } else { best }) {
            Some((at, _)) => {
                let group = &mut groups[at].1;
                group.members.extend(members);
                if group.samples.len() < MAX_SAMPLES {
                    group.samples.push(sample);
                }
            }
            None if groups.len() < MAX_GROUPS => groups.push((wording, Group { members, samples: vec![sample] })),
            None => {}
        }
    }
    let mut groups: Vec<Group> = groups.into_iter().map(|(_, group)| group).collect();
    groups.iter_mut().for_each(|group| group.members.sort_unstable());
    groups.sort_by(|a, b| b.members.len().cmp(&a.members.len()).then_with(|| a.samples.cmp(&b.samples)));
    groups
}

/// How alike two messages are, 0..1.
#[expect(clippy::cast_precision_loss, reason = "words of a message")]
pub fn alike(one: &Wording, other: &Wording) -> f32 {
    let by_characters = likeness(&one.characters, &other.characters);
    if one.words.is_empty() && other.words.is_empty() {
        return by_characters;
    }
    let shared = one.words.intersection(&other.words).count();
    let all = one.words.len() + other.words.len() - shared;
    (by_characters + shared as f32 / all as f32) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::Analyzer;
    use crate::reports::wording;

    #[test]
    fn what_asks_the_same_stands_together_and_nothing_else() {
        let lexicon = crate::lexicon::load(&[]).0;
        let analyzer = Analyzer::new(&lexicon);
        let read = |text: &str| wording(text, &lexicon, &analyzer);
        let texts = ["怎么还没发货", "怎么退货", "什么时候发货", "怎么换货", "怎么退货", "怎么还没发货", "怎么还没发货呀", "在"];
        let groups = group(texts, read);
        let members: Vec<&[usize]> = groups.iter().map(|group| group.members.as_slice()).collect();
        assert_eq!(members, [&[0, 2, 5, 6][..], &[1, 4], &[3]]);
        assert_eq!(groups[0].samples[0], ("怎么还没发货".to_owned(), 2));
    }

    #[test]
    fn many_messages_take_no_longer_than_one_waits() {
        let lexicon = crate::lexicon::load(&[]).0;
        let analyzer = Analyzer::new(&lexicon);
        let texts: Vec<String> = (0..8_000).map(|number| format!("问{}退{}货", number * 7919 % 1009, number)).collect();
        let begun = std::time::Instant::now();
        let groups = group(texts.iter().map(String::as_str), |text| wording(text, &lexicon, &analyzer));
        assert!(groups.len() <= MAX_GROUPS && begun.elapsed().as_secs() < 12, "{} {:?}", groups.len(), begun.elapsed());
    }
}
