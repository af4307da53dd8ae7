//! Sets of entries by number: what a filter lets through. Pure.

/// A set of ordinals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bitset {
    words: Vec<u64>,
}

impl Bitset {
    /// An empty set that can hold `0..size`.
    pub fn new(size: usize) -> Bitset {
        Bitset { words: vec![0; size.div_ceil(64)] }
    }

    /// Adds a member; beyond the size nothing happens.
    pub fn insert(&mut self, member: usize) {
        if let Some(word) = self.words.get_mut(member / 64) {
            *word |= 1 << (member % 64);
        }
    }

    /// Takes a member out.
    pub fn remove(&mut self, member: usize) {
        if let Some(word) = self.words.get_mut(member / 64) {
            *word &= !(1 << (member % 64));
        }
    }

    /// Whether it is a member.
    pub fn contains(&self, member: u32) -> bool {
        self.words.get(member as usize / 64).is_some_and(|word| word & (1 << (member % 64)) != 0)
    }

    /// Keeps what the predicate accepts.
    pub fn retain(&mut self, keep: impl Fn(u32) -> bool) {
        for (index, word) in self.words.iter_mut().enumerate() {
            let mut rest = *word;
            while rest != 0 {
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                if !keep(u32::try_from(index * 64).unwrap_or(u32::MAX) + bit) {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    /// Keeps what the other has too.
    pub fn intersect(&mut self, other: &Bitset) {
        for (index, word) in self.words.iter_mut().enumerate() {
            *word &= other.words.get(index).copied().unwrap_or(0);
        }
    }

    /// How many members.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }
}
