//! The time of an entry: UTC, to the millisecond, one spelling.

use crate::Error;
use std::fmt;

const RULE: &str = "a time is UTC to the millisecond, such as `2026-11-24T08:00:00.123Z`";

/// Milliseconds since 1970-01-01T00:00:00Z, in the years 1970 to 9999.
///
/// Prints as `2026-11-24T08:00:00.123Z` and parses only that.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Time(i64);

/// 9999-12-31T23:59:59.999Z.
const LAST_MS: i64 = 253_402_300_799_999;

/// Days from 0000-03-01 to 1970-01-01 in the Gregorian calendar.
const EPOCH_DAYS: i64 = 719_468;

impl Time {
    /// From milliseconds since the epoch.
    ///
    /// # Errors
    ///
    /// [`Error::Grammar`] before 1970 or after 9999.
    pub fn from_unix_ms(ms: i64) -> Result<Self, Error> {
        if (0..=LAST_MS).contains(&ms) {
            return Ok(Self(ms));
        }
        Err(Error::grammar("time", &ms.to_string(), "a time lies in the years 1970 to 9999"))
    }

    /// Milliseconds since the epoch.
    pub const fn unix_ms(self) -> i64 {
        self.0
    }

    /// Reads the one spelling that [`Time`] prints.
    ///
    /// # Errors
    ///
    /// [`Error::Grammar`] for anything else, such as another precision, another zone, or a leap second.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bad = || Error::grammar("time", text, RULE);
        let number = |from: usize, to: usize| -> Option<i64> {
            let digits = text.get(from..to)?;
            if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None }
        };
        let parts =
            (number(0, 4), number(5, 7), number(8, 10), number(11, 13), number(14, 16), number(17, 19));
        let (Some(year), Some(month), Some(day), Some(h), Some(m), Some(s)) = parts else {
            return Err(bad());
        };
        let ms = number(20, 23).ok_or_else(bad)?;
        // Civil date to days, Howard Hinnant's algorithm. A date or time that doesn't exist comes out as another one.
        let year = if month <= 2 { year - 1 } else { year };
        let month = if month > 2 { month - 3 } else { month + 9 };
        let day_of_year = (153 * month + 2) / 5 + day - 1;
        let days =
            365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year;
        let time = Self::from_unix_ms((((days - EPOCH_DAYS) * 24 + h) * 60 + m) * 60_000 + s * 1_000 + ms)
            .map_err(|_| bad())?;
        if time.to_string() == text { Ok(time) } else { Err(bad()) }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Days to civil date, Howard Hinnant's algorithm, for days ≥ 0: no fallible call, no time-zone data.
        let (days, ms) = (self.0 / 86_400_000, self.0 % 86_400_000);
        let z = days + EPOCH_DAYS;
        let (era, doe) = (z / 146_097, z % 146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let day = doy - (153 * mp + 2) / 5 + 1;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        let year = yoe + era * 400 + i64::from(month <= 2);
        let (h, m, s, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000);
        write!(f, "{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{ms:03}Z")
    }
}
