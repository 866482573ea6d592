//! Addresses: percent-encoding that Gerrit undoes exactly.

use crate::{Error, Result};

/// Encodes one path segment or query value: everything but RFC 3986's unreserved characters. Gerrit decodes `+` as a
/// blank even in paths, so it must not stand raw.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase());
            }
        }
    }
    out
}

/// A path below `/a/`, made of segments that each are encoded.
#[derive(Debug, Clone)]
pub(crate) struct Path(String);

impl Path {
    /// Joins `segments`. A last empty one gives the trailing slash of Gerrit's collections.
    pub(crate) fn new(segments: &[&str]) -> Result<Self> {
        let mut path = String::new();
        for (index, segment) in segments.iter().enumerate() {
            let last = index + 1 == segments.len();
            // Dot segments would be taken away by every URL parser: another address than the one meant.
            if matches!(*segment, "." | "..") || (segment.is_empty() && !last) || segment.len() > 1024 {
                return Err(Error::Unusable { what: "a name in an address".into(), name: shorten(segment) });
            }
            if index > 0 {
                path.push('/');
            }
            path.push_str(&encode(segment));
        }
        Ok(Self(path))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// At most 80 characters of a text from outside, without control characters, for a message.
pub(crate) fn shorten(text: &str) -> String {
    clean(text, 80)
}

/// At most `max` characters, control characters (but line breaks) replaced.
pub(crate) fn clean(text: &str, max: usize) -> String {
    let mut out: String =
        text.chars().take(max).map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(max).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_plus_and_percent_of_a_name_are_encoded() {
        let path = Path::new(&["projects", "plugins/a+b%2F", "branches", ""]).unwrap();
        assert_eq!(path.as_str(), "projects/plugins%2Fa%2Bb%252F/branches/");
    }

    #[test]
    fn names_that_would_change_the_address_are_refused() {
        for bad in ["..", ".", ""] {
            assert!(Path::new(&["projects", bad, "access"]).is_err(), "{bad:?}");
        }
        assert!(Path::new(&["projects", "..."]).is_ok());
    }

    #[test]
    fn text_from_outside_is_cut_and_cleaned() {
        assert_eq!(clean("a\u{1b}[31mb", 80), "a\u{fffd}[31mb");
        assert_eq!(clean("abc", 2), "ab…");
    }
}
