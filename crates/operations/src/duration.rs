//! `30s`, `45m`, `1h`, `7d`.

use std::{fmt, str::FromStr};

/// A length of time, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Millis(pub u64);

/// Text that is no length of time.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no length of time")]
pub struct WrongDuration(String);

/// The longest that anything here may take: a year.
const MOST_MS: u64 = 366 * 24 * 60 * 60 * 1000;

impl FromStr for Millis {
    type Err = WrongDuration;

    fn from_str(text: &str) -> Result<Self, WrongDuration> {
        let wrong = || WrongDuration(text.chars().take(40).collect());
        let unit = text.chars().last().ok_or_else(wrong)?;
        let unit_ms: u64 = match unit {
            's' => 1000,
            'm' => 60 * 1000,
            'h' => 60 * 60 * 1000,
            'd' => 24 * 60 * 60 * 1000,
            _ => return Err(wrong()),
        };
        let digits = text.strip_suffix(unit).ok_or_else(wrong)?;
        if digits.is_empty()
            || digits.len() > 9
            || !digits.bytes().all(|b| b.is_ascii_digit())
            || digits.starts_with('0')
        {
            return Err(wrong());
        }
        let count: u64 = digits.parse().map_err(|_| wrong())?;
        count.checked_mul(unit_ms).filter(|ms| *ms <= MOST_MS).map(Self).ok_or_else(wrong)
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(86_400_000, 'd'), (3_600_000, 'h'), (60_000, 'm'), (1000, 's')];
        match units.iter().find(|(unit_ms, _)| self.0 >= *unit_ms && self.0.is_multiple_of(*unit_ms)) {
            Some((unit_ms, unit)) => write!(f, "{}{unit}", self.0 / unit_ms),
            None => write!(f, "{}ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_number_and_a_unit_is_a_length_of_time() {
        for (text, ms) in [("30s", 30_000), ("45m", 2_700_000), ("1h", 3_600_000), ("7d", 604_800_000)] {
            assert_eq!(text.parse(), Ok(Millis(ms)));
            assert_eq!(Millis(ms).to_string(), text);
        }
        for bad in ["", "s", "30", "0s", "1.5h", "-1s", "1w", "1h30m", " 1h", "9999999d", "1000000000s", "1ſ"]
        {
            assert!(bad.parse::<Millis>().is_err(), "{bad}");
        }
    }
}
