//! Values that must not show.

use std::fmt;

use zeroize::Zeroizing;

const MARK: &[u8] = b"[redacted]";

/// Values that must not show in an output: found by value, as they are. A program that prints one in another form
/// (encoded, reversed, in pieces) shows it: what a step must not tell, it must not get.
#[derive(Default)]
pub struct Secrets(Vec<Zeroizing<Vec<u8>>>);

impl Secrets {
    /// From values; empty ones are left out.
    #[must_use]
    pub fn new(values: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let mut values: Vec<_> = values.into_iter().filter(|v| !v.is_empty()).map(Zeroizing::new).collect();
        // The longest first: one that contains another goes whole.
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        Self(values)
    }

    /// The bytes with each value replaced by a mark.
    pub(crate) fn redact(&self, bytes: &[u8]) -> Vec<u8> {
        let mut shown = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while let Some((first, after)) = rest.split_first() {
            match self.0.iter().find_map(|value| rest.strip_prefix(value.as_slice())) {
                Some(after) => {
                    shown.extend_from_slice(MARK);
                    rest = after;
                }
                None => {
                    shown.push(*first);
                    rest = after;
                }
            }
        }
        shown
    }

    /// The bytes without an end that may be the beginning of a value.
    pub(crate) fn without_cut_end<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let begins = |value: &[u8]| {
            (1..value.len()).rev().find(|n| value.get(..*n).is_some_and(|part| bytes.ends_with(part)))
        };
        let cut = self.0.iter().filter_map(|value| begins(value)).max().unwrap_or(0);
        bytes.get(..bytes.len() - cut).unwrap_or_default()
    }

    /// The bytes without a beginning that may be the end of a value.
    pub(crate) fn without_cut_beginning<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let ends = |value: &[u8]| {
            (1..value.len())
                .rev()
                .find(|n| value.get(value.len() - n..).is_some_and(|part| bytes.starts_with(part)))
        };
        let cut = self.0.iter().filter_map(|value| ends(value)).max().unwrap_or(0);
        bytes.get(cut..).unwrap_or_default()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({} hidden)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_value_wins_and_empty_ones_are_nothing() {
        let secrets = Secrets::new([b"abc".to_vec(), vec![], b"abcdef".to_vec()]);
        assert_eq!(secrets.redact(b"xabcdefabcx"), b"x[redacted][redacted]x");
        assert_eq!(Secrets::default().redact(b"abc"), b"abc");
        assert_eq!(format!("{secrets:?}"), "Secrets(2 hidden)");
    }

    #[test]
    fn cut_values_are_left_out_at_the_cut_only() {
        let secrets = Secrets::new([b"abcdef".to_vec()]);
        assert_eq!(secrets.without_cut_end(b"x abcde"), b"x ");
        assert_eq!(secrets.without_cut_end(b"abc x"), b"abc x");
        assert_eq!(secrets.without_cut_beginning(b"f x"), b" x");
        assert_eq!(secrets.without_cut_beginning(b"bcdef x"), b" x");
        assert_eq!(secrets.without_cut_beginning(b"x ef"), b"x ef");
    }
}
