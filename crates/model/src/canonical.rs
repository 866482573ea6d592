//! One way to write each value: RFC 8785 JSON. What is hashed or signed is written this way, and refused in any other.

use serde::{Serialize, de::DeserializeOwned};

use crate::Digest;

/// Why bytes are not the canonical form of a value.
#[derive(Debug, thiserror::Error)]
pub enum NotCanonical {
    /// The bytes don't parse as the type.
    #[error("not a valid value: {0}")]
    Parse(#[from] serde_json::Error),
    /// They parse, but there is another way to write the same value, and that one is the canonical.
    #[error("the same value is written differently in canonical JSON (RFC 8785)")]
    Encoding,
    /// More bytes than any such value may have.
    #[error("{len} bytes; at most {limit} are read")]
    TooLong {
        /// What was given.
        len: usize,
        /// What is read at most.
        limit: usize,
    },
}

/// What is read at most in one canonical value, in bytes.
const LIMIT: usize = 8 * 1024 * 1024;

/// The canonical bytes of a value.
///
/// # Errors
/// Only when the value can't be JSON at all (a map with keys that are no strings).
pub fn to_canonical<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    serde_json_canonicalizer::to_vec(&value)
}

/// Reads canonical bytes; refuses everything that isn't byte for byte what [`to_canonical`] writes.
///
/// # Errors
/// [`NotCanonical`] says which of the three it was.
pub fn from_canonical<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, NotCanonical> {
    if bytes.len() > LIMIT {
        return Err(NotCanonical::TooLong { len: bytes.len(), limit: LIMIT });
    }
    let value: T = serde_json::from_slice(bytes)?;
    if to_canonical(&value)? == bytes { Ok(value) } else { Err(NotCanonical::Encoding) }
}

/// A value with a hash of its own: SHA-256 over a domain, a zero byte and the canonical bytes.
pub trait Canonical: Serialize {
    /// Keeps hashes of different kinds of value apart.
    const DOMAIN: &'static str;

    /// The hash.
    ///
    /// # Errors
    /// As [`to_canonical`].
    fn digest(&self) -> Result<Digest, serde_json::Error> {
        Ok(Digest::of_parts(Self::DOMAIN, &[&to_canonical(self)?]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn refuses_every_other_way_to_write_the_same_value() {
        let value: BTreeMap<String, u32> = [("a".into(), 1), ("b".into(), 2)].into();
        let bytes = to_canonical(&value).unwrap();
        assert_eq!(bytes, br#"{"a":1,"b":2}"#);
        assert_eq!(from_canonical::<BTreeMap<String, u32>>(&bytes).unwrap(), value);
        for other in [
            r#"{"b":2,"a":1}"#,
            r#"{"a": 1,"b":2}"#,
            r#"{"a":1,"a":1,"b":2}"#,
            "{\"a\":1,\"b\":2}\n",
            r#"{"\u0061":1,"b":2}"#,
        ] {
            assert!(from_canonical::<BTreeMap<String, u32>>(other.as_bytes()).is_err(), "{other}");
        }
    }
}
