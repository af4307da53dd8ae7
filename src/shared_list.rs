//! A list whose copies share what they have in common: one with another item somewhere costs a piece of it, not a copy of all.

use std::cmp::Ordering;
use std::fmt;
use std::iter::FlatMap;
use std::ops::Index;
use std::slice;
use std::sync::Arc;

/// Items in a piece; all but the last are full.
pub(crate) const PIECE: usize = 512;

/// A list of which copies are cheap and [`SharedList::replace`] too.
#[derive(Clone)]
pub struct SharedList<T> {
    pieces: Vec<Arc<Vec<T>>>,
}

impl<T> SharedList<T> {
    /// A list of pieces that are full, the last perhaps not; `None` where they are not.
    pub(crate) fn of_pieces(pieces: Vec<Vec<T>>) -> Option<SharedList<T>> {
        let (last, full) = pieces.split_last().map_or((0, &[][..]), |(last, full)| (last.len(), full));
        let are_pieces = full.iter().all(|piece| piece.len() == PIECE) && (pieces.is_empty() || (1..=PIECE).contains(&last));
        are_pieces.then(|| SharedList { pieces: pieces.into_iter().map(Arc::new).collect() })
    }

    /// How many items.
    pub fn len(&self) -> usize {
        self.pieces.last().map_or(0, |last| (self.pieces.len() - 1) * PIECE + last.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The item at a place.
    pub fn get(&self, place: usize) -> Option<&T> {
        self.pieces.get(place / PIECE)?.get(place % PIECE)
    }

    /// The items in their order.
    pub fn iter(&self) -> Iter<'_, T> {
        self.pieces.iter().flat_map(|piece| piece.iter())
    }

    /// As `binary_search_by` of slices, on a list in the order of `compare`.
    ///
    /// # Errors
    /// Where such an item would stand.
    pub fn binary_search_by(&self, mut compare: impl FnMut(&T) -> Ordering) -> Result<usize, usize> {
        let piece = self.pieces.partition_point(|piece| piece.last().is_some_and(|last| compare(last).is_lt()));
        let found = self.pieces.get(piece).map_or(Err(0), |items| items.binary_search_by(compare));
        found.map(|place| piece * PIECE + place).map_err(|place| (piece * PIECE + place).min(self.len()))
    }
}

impl<T: Clone> SharedList<T> {
    /// Puts another item at a place; copies keep theirs.
    ///
    /// # Panics
    /// Where the list is shorter.
    pub fn replace(&mut self, place: usize, item: T) {
        Arc::make_mut(&mut self.pieces[place / PIECE])[place % PIECE] = item;
    }
}

/// The items of a [`SharedList`].
pub type Iter<'a, T> = FlatMap<slice::Iter<'a, Arc<Vec<T>>>, slice::Iter<'a, T>, fn(&'a Arc<Vec<T>>) -> slice::Iter<'a, T>>;

impl<T> FromIterator<T> for SharedList<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> SharedList<T> {
        let mut items = items.into_iter();
        let pieces = std::iter::from_fn(|| {
            let piece: Vec<T> = items.by_ref().take(PIECE).collect();
            (!piece.is_empty()).then(|| Arc::new(piece))
        });
        SharedList { pieces: pieces.collect() }
    }
}

impl<'a, T> IntoIterator for &'a SharedList<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> Index<usize> for SharedList<T> {
    type Output = T;

    fn index(&self, place: usize) -> &T {
        &self.pieces[place / PIECE][place % PIECE]
    }
}

impl<T: fmt::Debug> fmt::Debug for SharedList<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_as_a_vector(len in 0..3 * PIECE, sought in 0..7 * PIECE, place in 0..3 * PIECE) {
            let mut plain: Vec<usize> = (0..len).map(|number| number * 2).collect();
            let mut list: SharedList<usize> = plain.iter().copied().collect();
            prop_assert_eq!((list.len(), list.is_empty(), list.get(place)), (plain.len(), plain.is_empty(), plain.get(place)));
            prop_assert_eq!(list.binary_search_by(|item| item.cmp(&sought)), plain.binary_search(&sought));
            let pieces: Vec<Vec<usize>> = plain.chunks(PIECE).map(<[usize]>::to_vec).collect();
            prop_assert_eq!(SharedList::of_pieces(pieces).map(|list| list.iter().eq(&plain)), Some(true));
            let halves: Vec<Vec<usize>> = plain.chunks(PIECE / 2).map(<[usize]>::to_vec).collect();
            prop_assert_eq!(SharedList::of_pieces(halves).is_some(), len <= PIECE / 2);
            let before = list.clone();
            if place < len {
                list.replace(place, 1);
                prop_assert_eq!((list[place], before[place]), (1, place * 2));
                prop_assert_eq!(&format!("{before:?}"), &format!("{plain:?}"));
                plain[place] = 1;
            }
            prop_assert_eq!(list.iter().collect::<Vec<_>>(), plain.iter().collect::<Vec<_>>());
        }
    }
}
