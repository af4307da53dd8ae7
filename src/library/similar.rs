//! Replies that are nearly the same text: agents cannot choose between them, and customers who get both notice. Pure.
//!
//! A set-similarity join with prefix filter (Bayardo, Ma, Srikant: Scaling up all pairs similarity search, 2007): two sets can
//! only be alike if they share one of their rarest few members, so that most pairs are never compared.

use super::Library;
use super::place::Place;
use crate::analysis::fold::fold;
use crate::entry::{Entry, Reply, State};
use crate::problem::{Code, Problem};
use std::collections::HashMap;
use std::sync::Arc;

/// From this Jaccard index of character bigrams on, two replies count as the same; two honest wordings of one answer stay below 0.5.
pub(crate) const SIMILAR: f64 = 0.7;

/// One problem for each reply that is nearly the text of an earlier one, naming one. Retired entries do not take part.
pub fn similar_replies(library: &Library) -> Vec<Problem> {
    let replies: Vec<(&Entry, &Reply)> = library
        .entries
        .iter()
        .filter(|entry| entry.state != State::Retired)
        .flat_map(|entry| entry.replies.iter().map(move |reply| (entry.as_ref(), reply)))
        .collect();
    let texts: Vec<String> = replies.iter().map(|(_, reply)| reply.text()).collect();
    similar_earlier(&texts, SIMILAR)
        .into_iter()
        .map(|(later, earlier, jaccard)| {
            let ((entry, reply), (other, original)) = (replies[later], replies[earlier]);
            let (path, line, percent) = (&other.path, original.line, (jaccard * 100.0).floor());
            Place { line: reply.line, ..Place::START }.problem(
                &entry.path,
                Code::SimilarReplies,
                format!("与 {path}:{line} 的话术有 {percent}% 相同：请删去一条，或换一种说法"),
                format!("{percent}% the same as the reply at {path}:{line}: drop one or word it differently"),
            )
        })
        .collect()
}

/// Other entries with a reply at least `least` like one of this entry, most alike first. Retired entries do not take part.
pub fn similar_to<'e>(entry: &Entry, entries: impl IntoIterator<Item = &'e Arc<Entry>>, least: f64) -> Vec<(&'e Arc<Entry>, f64)> {
    let mine: Vec<Vec<u64>> = entry.replies.iter().map(|reply| bigrams(&reply.text())).collect();
    let others = entries.into_iter().filter(|other| other.id != entry.id && other.state != State::Retired);
    let mut found: Vec<(&Arc<Entry>, f64)> = others
        .filter_map(|other| {
            let theirs = other.replies.iter().map(|reply| bigrams(&reply.text()));
            let likeness = theirs.flat_map(|theirs| mine.iter().map(move |mine| jaccard(mine, &theirs)).collect::<Vec<_>>());
            let most = likeness.fold(0.0, f64::max);
            (most >= least).then_some((other, most))
        })
        .collect();
    found.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    found
}

/// The distinct bigrams of a folded text without white space, ascending.
fn bigrams(text: &str) -> Vec<u64> {
    let characters: Vec<char> = fold(text).text.chars().filter(|c| !c.is_whitespace()).collect();
    let mut set: Vec<u64> = characters.windows(2).map(|pair| u64::from(u32::from(pair[0])) << 32 | u64::from(u32::from(pair[1]))).collect();
    set.sort_unstable();
    set.dedup();
    set
}

/// For each text that has an earlier one at least so similar to it: `(its index, such an earlier one, how similar)`. One is enough:
/// naming the most similar would compare all pairs of a thousand copies.
pub(crate) fn similar_earlier(texts: &[String], similar: f64) -> Vec<(usize, usize, f64)> {
    let sets = ranked_sets(texts);
    let mut postings: HashMap<u32, Vec<usize>> = HashMap::new();
    // The last text that each was compared with, so that no pair is compared twice.
    let mut compared = vec![usize::MAX; sets.len()];
    let mut found = Vec::new();
    for (later, set) in sets.iter().enumerate().filter(|(_, set)| !set.is_empty()) {
        let least = at_least(set.len(), similar);
        let prefix = &set[..set.len() - least + 1];
        let found_earlier = prefix.iter().flat_map(|bigram| postings.get(bigram).into_iter().flatten()).find_map(|earlier| {
            let other = &sets[*earlier];
            if other.len() < least
                || set.len() < at_least(other.len(), similar)
                || std::mem::replace(&mut compared[*earlier], later) == later
            {
                return None;
            }
            let jaccard = jaccard(set, other);
            (jaccard >= similar).then_some((later, *earlier, jaccard))
        });
        found.extend(found_earlier);
        for bigram in prefix {
            postings.entry(*bigram).or_default().push(later);
        }
    }
    found
}

/// The bigrams of each folded text without white space, as ranks from the rarest on, ascending.
fn ranked_sets(texts: &[String]) -> Vec<Vec<u32>> {
    let mut numbers: HashMap<(char, char), u32> = HashMap::new();
    let mut counts: Vec<u32> = Vec::new();
    let mut sets: Vec<Vec<u32>> = Vec::with_capacity(texts.len());
    for text in texts {
        let characters: Vec<char> = fold(text).text.chars().filter(|c| !c.is_whitespace()).collect();
        let mut set: Vec<u32> = characters
            .windows(2)
            .map(|pair| {
                *numbers.entry((pair[0], pair[1])).or_insert_with(|| {
                    counts.push(0);
                    u32::try_from(counts.len() - 1).unwrap_or(u32::MAX)
                })
            })
            .collect();
        set.sort_unstable();
        set.dedup();
        for number in &set {
            counts[*number as usize] += 1;
        }
        sets.push(set);
    }
    let mut by_rarity: Vec<u32> = (0..u32::try_from(counts.len()).unwrap_or(u32::MAX)).collect();
    by_rarity.sort_unstable_by_key(|number| counts[*number as usize]);
    let mut ranks = vec![0; counts.len()];
    for (rank, number) in (0..).zip(&by_rarity) {
        ranks[*number as usize] = rank;
    }
    for set in &mut sets {
        set.iter_mut().for_each(|number| *number = ranks[*number as usize]);
        set.sort_unstable();
    }
    sets
}

/// How many bigrams a set of `size` must share with a similar one, and also the least size of that one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "sizes of replies")]
fn at_least(size: usize, similar: f64) -> usize {
    // Less a trifle, so that 0.7 × 10 is not 7.000…1 and so 8.
    ((size as f64 * similar - 1e-9).ceil() as usize).max(1)
}

#[expect(clippy::cast_precision_loss, reason = "sizes of replies")]
fn jaccard<T: Ord>(one: &[T], other: &[T]) -> f64 {
    let (mut left, mut right, mut shared) = (0, 0, 0);
    while let (Some(a), Some(b)) = (one.get(left), other.get(right)) {
        match a.cmp(b) {
            std::cmp::Ordering::Less => left += 1,
            std::cmp::Ordering::Greater => right += 1,
            std::cmp::Ordering::Equal => {
                left += 1;
                right += 1;
                shared += 1;
            }
        }
    }
    shared as f64 / (one.len() + other.len() - shared).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn an_earlier_text_is_named_where_one_is_similar() {
        let found = similar_earlier(
            &texts(&["亲,您的订单会在今天发出", "别的话", "亲,您的订单会在今天发出哦", "亲, 您的訂單會在今天發出", ""]),
            SIMILAR,
        );
        assert_eq!(found.iter().map(|(later, earlier, _)| (*later, *earlier)).collect::<Vec<_>>(), [(2, 0), (3, 0)]);
        assert_eq!(found[1].2, 1.0);
    }

    #[test]
    fn exactly_seven_of_ten_is_similar() {
        assert_eq!(similar_earlier(&texts(&["abcdefgh", "abcdefghijk"]), SIMILAR).len(), 1);
        assert_eq!(similar_earlier(&texts(&["abcdefgh", "abcdefghijkl"]), SIMILAR).len(), 0);
    }

    proptest! {
        #[test]
        fn no_similar_pair_is_missed(texts in prop::collection::vec("[甲乙丙丁]{0,9}", 0..12)) {
            let sets = ranked_sets(&texts);
            let similar = |one: usize, other: usize| !sets[one].is_empty() && !sets[other].is_empty() && jaccard(&sets[one], &sets[other]) >= SIMILAR;
            let expected: Vec<usize> = (0..texts.len()).filter(|later| (0..*later).any(|earlier| similar(*later, earlier))).collect();
            let found: Vec<usize> = similar_earlier(&texts, SIMILAR).into_iter().map(|(later, ..)| later).collect();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn ten_thousand_replies_take_no_longer_than_one_waits() {
        let word = |number: usize| char::from_u32(0x4E00 + u32::try_from(number * 7919 % 3000).unwrap()).unwrap();
        let texts: Vec<String> = (0..10_000)
            .map(|text| format!("亲,非常抱歉让您久等了,{}。请您放心", (0..50).map(|at| word(text * 31 + at * at)).collect::<String>()))
            .collect();
        let begun = std::time::Instant::now();
        similar_earlier(&texts, SIMILAR);
        // A second in a release build; this build is not optimised and the machine may be busy.
        assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    }
}
