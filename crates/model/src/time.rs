//! Time and chance are arguments: these are their types.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A moment in UTC, to the millisecond; written `2026-11-24T08:00:00.123Z`, and only so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Text that is no such moment.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is no time like 2026-11-24T08:00:00.123Z")]
pub struct WrongTime(String);

impl Timestamp {
    /// Milliseconds since 1970; outside of the years 1970 to 9999 it is moved to the nearer end.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(0, 253_402_207_200_000 - 1))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Later by so many milliseconds.
    #[must_use]
    pub fn plus_ms(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// Milliseconds from `earlier` to this; negative if it is later.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_millisecond(self.0).map_err(|_| fmt::Error)?;
        write!(f, "{moment:.3}")
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = WrongTime;

    fn from_str(text: &str) -> Result<Self, WrongTime> {
        let wrong = || WrongTime(text.chars().take(80).collect());
        let moment: jiff::Timestamp = text.parse().map_err(|_| wrong())?;
        let time = Self::from_millis(moment.as_millisecond());
        if time.to_string() == text { Ok(time) } else { Err(wrong()) }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock: made once, in `exq`.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[allow(clippy::disallowed_methods)] // the one place that may ask
        let now = std::time::SystemTime::now();
        let since = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Where chance comes from.
pub trait Entropy: Send + Sync {
    /// Fills the slice with bytes that nobody can guess.
    ///
    /// # Errors
    /// When the machine has none to give; then nothing that needs them may happen.
    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()>;
}

/// The machine's own source: made once, in `exq`.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        getrandom::fill(bytes).map_err(|why| std::io::Error::other(why.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_way_to_write_a_moment() {
        let time = Timestamp::from_millis(1_795_507_200_123);
        assert_eq!(time.to_string(), "2026-11-24T08:00:00.123Z");
        assert_eq!(time.to_string().parse(), Ok(time));
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000Z");
        for bad in ["2026-11-24T08:00:00Z", "2026-11-24T08:00:00.123+00:00", "2026-11-24 08:00:00.123Z", "x"]
        {
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
    }
}
