//! A small set of small numbers.

/// How many numbers a word holds.
const WORD: usize = 64;

/// A set of small numbers; as long as the largest of them asks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// The set of one number.
    pub(super) fn one(number: usize) -> Self {
        let mut words = vec![0; number / WORD];
        words.push(1 << (number % WORD));
        Self(words)
    }

    pub(super) fn has(&self, number: usize) -> bool {
        self.0.get(number / WORD).is_some_and(|word| word >> (number % WORD) & 1 == 1)
    }

    /// Takes in another set; true if it brought something.
    pub(super) fn take_in(&mut self, other: &Self) -> bool {
        let before = self.count();
        self.0.resize(self.0.len().max(other.0.len()), 0);
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
        self.count() > before
    }

    /// How many numbers are in it.
    pub(super) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Longer than three words.
    const NUMBERS: usize = 200;

    #[test]
    fn a_set_of_one_number_has_that_and_no_other() {
        for number in 0..NUMBERS {
            let bits = Bits::one(number);
            assert_eq!(bits.count(), 1);
            for other in 0..NUMBERS {
                assert_eq!(bits.has(other), other == number, "{other} in {{{number}}}");
            }
        }
    }

    #[test]
    fn a_set_takes_in_another_and_says_whether_it_grew() {
        for one in 0..NUMBERS {
            for other in (0..NUMBERS).step_by(7) {
                let (mut bits, mut set) = (Bits::one(one), BTreeSet::from([one]));
                for number in [other, one, 100, other] {
                    assert_eq!(bits.take_in(&Bits::one(number)), set.insert(number), "{number} into {set:?}");
                    assert_eq!(bits.count(), set.len());
                    assert!(set.iter().all(|number| bits.has(*number)), "{set:?}");
                }
            }
        }
    }
}
