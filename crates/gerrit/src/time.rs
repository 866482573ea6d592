//! Gerrit's timestamps.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant as Gerrit's REST writes it: `2026-11-24 06:50:15.290000000`, always UTC.
///
/// Gerrit shows nine decimals, but whole seconds once it has read the value back from NoteDb, so the same event may
/// be shown with two times that differ by less than a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(Timestamp);

const SHAPE: &str = "%Y-%m-%d %H:%M:%S%.f";

impl Time {
    /// Wraps an instant.
    #[must_use]
    pub const fn new(at: Timestamp) -> Self {
        Self(at)
    }

    /// The instant.
    #[must_use]
    pub const fn timestamp(self) -> Timestamp {
        self.0
    }

    /// Reads Gerrit's form. `None` if it is anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let civil = jiff::civil::DateTime::strptime(SHAPE, text).ok()?;
        Some(Self(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()))
    }

    /// Reads the `Date` header of an HTTP answer (RFC 9110 §5.6.7, the fixed form).
    pub(crate) fn parse_http(text: &str) -> Option<Self> {
        let civil = jiff::civil::DateTime::strptime("%a, %d %b %Y %H:%M:%S GMT", text).ok()?;
        Some(Self(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()))
    }

    /// As a query operator wants it: whole seconds, and the zone said.
    #[must_use]
    pub fn for_query(self) -> String {
        format!("\"{}\"", self.0.strftime("%Y-%m-%d %H:%M:%S +0000"))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%d %H:%M:%S.%9f"))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| de::Error::custom("not a time of the form 2026-11-24 06:50:15.290000000"))
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_and_writes_as_gerrit_shows_it() {
        let time = Time::parse("2026-11-24 06:50:15.290000000").unwrap();
        assert_eq!(time.to_string(), "2026-11-24 06:50:15.290000000");
        assert_eq!(time.for_query(), "\"2026-11-24 06:50:15 +0000\"");
        assert!(Time::parse("2026-11-24T06:50:15Z").is_none());
        assert!(Time::parse("2026-13-24 06:50:15.000000000").is_none());
    }

    #[test]
    fn the_date_header_is_the_same_instant() {
        assert_eq!(
            Time::parse_http("Tue, 24 Nov 2026 06:50:15 GMT"),
            Time::parse("2026-11-24 06:50:15.000000000")
        );
        assert!(Time::parse_http("Tue, 24 Nov 2026 06:50:15 +0100").is_none());
    }
}
