//! A bit for each of 1,024 places: most that is not in a set is told apart by it alone.

/// Places taken by the members of a set; a number stands at that of its lowest ten bits.
#[derive(Debug, Default)]
pub struct Sieve([u64; 16]);

impl Sieve {
    /// The sieve of some numbers.
    pub fn of(numbers: impl IntoIterator<Item = u64>) -> Sieve {
        let mut sieve = Sieve::default();
        for number in numbers {
            sieve.0[Sieve::word(number)] |= Sieve::bit(number);
        }
        sieve
    }

    /// Whether a number may be among them; where not it is not.
    pub fn may_have(&self, number: u64) -> bool {
        self.0[Sieve::word(number)] & Sieve::bit(number) != 0
    }

    fn word(number: u64) -> usize {
        (number >> 6 & 15) as usize
    }

    fn bit(number: u64) -> u64 {
        1 << (number & 63)
    }
}
