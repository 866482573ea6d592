//! Hashes: git's ids of commits, and our own digests.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};

/// Not a hash of the expected length in lower-case hex.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is not {hex_digits} lower-case hex digits")]
pub struct WrongHash {
    text: String,
    hex_digits: usize,
}

macro_rules! hash {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// From raw bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// The raw bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = WrongHash;

            fn from_str(text: &str) -> Result<Self, WrongHash> {
                let wrong = || WrongHash { text: text.chars().take(80).collect(), hex_digits: 2 * $bytes };
                if text.bytes().any(|b| b.is_ascii_uppercase()) {
                    return Err(wrong());
                }
                let mut bytes = [0; $bytes];
                hex::decode_to_slice(text, &mut bytes).map_err(|_| wrong())?;
                Ok(Self(bytes))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    };
}

hash!(
    /// A git commit id (SHA-1), 40 hex digits.
    Revision,
    20
);
hash!(
    /// A SHA-256, 64 hex digits.
    Digest,
    32
);

impl Digest {
    /// The plain SHA-256 of some bytes, as `sha256sum` prints it.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A hash of several parts that can't be mistaken for that of other parts or of another domain: each part is
    /// preceded by its length in bytes (u64, big endian).
    #[must_use]
    pub fn of_parts(domain: &str, parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        hash.update(domain.as_bytes());
        hash.update([0]);
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// A code that two people can read to each other, to see that both look at the same: `K7QF-9D2M-4XTA`, its first 60 bits in
    /// Crockford's alphabet. Longer than is comfortable, so that nobody finds another plan with the same one.
    #[must_use]
    pub fn short_code(&self) -> String {
        const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let [a, b, c, d, e, f, g, h, ..] = self.0;
        let bits = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
        let letter = |at: u32| {
            let five = usize::try_from(bits >> (59 - 5 * at) & 31).unwrap_or_default();
            LETTERS.get(five).copied().map_or('?', char::from)
        };
        let group = |first: u32| (first..first + 4).map(letter).collect::<String>();
        format!("{}-{}-{}", group(0), group(4), group(8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lower_case_hex_of_the_right_length_is_a_hash() {
        let good = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(good.parse::<Revision>().unwrap().to_string(), good);
        for bad in [
            "",
            "0123",
            &good.to_uppercase(),
            &format!("{good}0"),
            "g123456789abcdef0123456789abcdef01234567",
        ] {
            assert!(bad.parse::<Revision>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_short_code_is_the_first_sixty_bits_in_letters_that_nobody_mistakes() {
        let code = |first: [u8; 8]| {
            let mut bytes = [0; 32];
            bytes[..8].copy_from_slice(&first);
            Digest::from_bytes(bytes).short_code()
        };
        assert_eq!(code([0; 8]), "0000-0000-0000");
        assert_eq!(code([0xff; 8]), "ZZZZ-ZZZZ-ZZZZ");
        assert_eq!(code([0x08, 0, 0, 0, 0, 0, 0, 0x10]), "1000-0000-0001");
    }

    #[test]
    fn parts_can_not_be_shifted_into_each_other() {
        assert_ne!(Digest::of_parts("d", &[b"ab", b"c"]), Digest::of_parts("d", &[b"a", b"bc"]));
        assert_ne!(Digest::of_parts("d", &[b"a"]), Digest::of_parts("e", &[b"a"]));
    }
}
