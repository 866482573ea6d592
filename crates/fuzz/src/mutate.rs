//! The driver without coverage: seeds, and what a small, seeded chance makes of them.

use crate::seeds::Corpus;

/// Small, seeded chance (xorshift64*).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The same seed rolls the same.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// The next number.
    pub const fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number below `limit`; 0 if that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        let roll = usize::try_from(self.roll() >> 33).unwrap_or_default();
        roll.checked_rem(limit).unwrap_or(0)
    }

    fn pick<'t, T>(&mut self, among: &'t [T]) -> Option<&'t T> {
        among.get(self.below(among.len()))
    }
}

/// One input, made of the corpus; at most `longest` bytes.
#[must_use]
pub fn input(dice: &mut Dice, corpus: &Corpus, longest: usize) -> Vec<u8> {
    let mut data = match dice.below(20) {
        // From nothing.
        0 => (0..dice.below(64)).map(|_| byte(dice)).collect(),
        _ => dice.pick(&corpus.seeds).map(|(_, seed)| seed.clone()).unwrap_or_default(),
    };
    for _ in 0..=dice.below(6) {
        change(dice, corpus, &mut data);
    }
    data.truncate(longest);
    data
}

/// Any byte, those that formats are made of more often.
fn byte(dice: &mut Dice) -> u8 {
    const OFTEN: &[u8] = b"\n\n :,<>@=-+\"{}[]()0123456789\0\xff\x7f\\/";
    let any = dice.roll().to_le_bytes()[3];
    if dice.below(2) == 0 { any } else { dice.pick(OFTEN).copied().unwrap_or(any) }
}

fn change(dice: &mut Dice, corpus: &Corpus, data: &mut Vec<u8>) {
    let at = dice.below(data.len() + 1);
    let most = if dice.below(4) == 0 { 200 } else { 12 };
    let length = 1 + dice.below(most);
    let end = (at + length).min(data.len());
    match dice.below(9) {
        0 => {
            let with = byte(dice);
            if let Some(byte) = data.get_mut(at) {
                *byte = with;
            }
        }
        1 => drop(data.drain(at..end)),
        2 => {
            let put: Vec<u8> = (0..dice.below(8)).map(|_| byte(dice)).collect();
            data.splice(at..at, put);
        }
        3 | 4 => {
            let word = dice.pick(&corpus.words).cloned().unwrap_or_default();
            let end = if dice.below(2) == 0 { at } else { (at + word.len()).min(data.len()) };
            data.splice(at..end, word);
        }
        5 => {
            let piece = data.get(at..end).unwrap_or_default().to_vec();
            let to = dice.below(data.len() + 1);
            data.splice(to..to, piece);
        }
        6 => {
            // A piece of another seed.
            let other = dice.pick(&corpus.seeds).map(|(_, seed)| seed.as_slice()).unwrap_or_default();
            let from = dice.below(other.len() + 1);
            let piece = other.get(from..(from + length).min(other.len())).unwrap_or_default().to_vec();
            data.splice(at..end, piece);
        }
        7 => lines(dice, data),
        _ => {
            // Another number.
            if let Some(digit) = data.iter_mut().skip(at).find(|byte| byte.is_ascii_digit()) {
                *digit = b'0' + u8::try_from(dice.below(10)).unwrap_or_default();
            }
        }
    }
}

/// Lines are said twice, left out, or change places.
fn lines(dice: &mut Dice, data: &mut Vec<u8>) {
    let mut lines: Vec<Vec<u8>> = data.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let (one, other) = (dice.below(lines.len()), dice.below(lines.len()));
    if one < lines.len() && other < lines.len() {
        match dice.below(3) {
            0 => lines.swap(one, other),
            1 => drop(lines.remove(one)),
            _ => {
                if let Some(line) = lines.get(one).cloned() {
                    lines.insert(other, line);
                }
            }
        }
    }
    *data = lines.concat();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_inputs_and_another_makes_others() {
        let corpus = Corpus {
            seeds: vec![("a".to_owned(), b"one\ntwo\nthree\n".to_vec())],
            words: vec![b"word".to_vec()],
        };
        let inputs = |seed| {
            let mut dice = Dice::new(seed);
            (0..200).map(|_| input(&mut dice, &corpus, 30)).collect::<Vec<_>>()
        };
        assert_eq!(inputs(1), inputs(1));
        assert_ne!(inputs(1), inputs(2));
        let all = inputs(1);
        assert!(all.iter().all(|data| data.len() <= 30));
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert!(different.len() > 150, "only {} different inputs", different.len());
        assert!(all.iter().any(|data| data.windows(4).any(|piece| piece == b"word")));
    }
}
