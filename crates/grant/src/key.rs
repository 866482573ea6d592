//! Keys. Each has one purpose, which is part of all that it signs.

use std::fmt;

use ed25519_dalek::{Signer as _, VerifyingKey};
use model::{Entropy, KeyId};
use zeroize::Zeroizing;

use crate::GrantError;

/// What a key is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// Signs grants.
    Gate,
    /// Signs what steps did.
    Executor,
}

impl Purpose {
    /// Its name, in key files and in what is signed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Executor => "executor",
        }
    }

    pub(crate) const fn with_article(self) -> &'static str {
        match self {
            Self::Gate => "a gate",
            Self::Executor => "an executor",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a key file begins with.
const FILE_PREFIX: &str = "exequatur-key-1:";

/// An Ed25519 key (RFC 8032) for one purpose. It is not shown, not cloned, and wiped when dropped.
pub struct SigningKey {
    purpose: Purpose,
    key: ed25519_dalek::SigningKey,
    id: KeyId,
}

impl SigningKey {
    /// From its 32 secret bytes.
    ///
    /// # Errors
    /// None in practice: only if the public key's name had no valid form.
    pub fn from_secret(purpose: Purpose, secret: &[u8; 32]) -> Result<Self, GrantError> {
        let key = ed25519_dalek::SigningKey::from_bytes(secret);
        let id = key_id(&key.verifying_key())?;
        Ok(Self { purpose, key, id })
    }

    /// A new one.
    ///
    /// # Errors
    /// [`GrantError::Entropy`] when the machine has no randomness to give.
    pub fn generate(purpose: Purpose, entropy: &dyn Entropy) -> Result<Self, GrantError> {
        let mut secret = Zeroizing::new([0; 32]);
        entropy.fill(secret.as_mut_slice()).map_err(GrantError::Entropy)?;
        Self::from_secret(purpose, &secret)
    }

    /// Reads a key file: one line `exequatur-key-1:<purpose>:<64 lower-case hex digits>`.
    ///
    /// # Errors
    /// [`GrantError::KeyFile`], without what stood there; [`GrantError::WrongPurpose`] if it is for something else.
    pub fn from_file_text(purpose: Purpose, text: &str) -> Result<Self, GrantError> {
        let line = text.strip_suffix('\n').unwrap_or(text);
        let (named, digits) = line
            .strip_prefix(FILE_PREFIX)
            .and_then(|rest| rest.split_once(':'))
            .ok_or(GrantError::KeyFile)?;
        let is = match named {
            "gate" => Purpose::Gate,
            "executor" => Purpose::Executor,
            _ => return Err(GrantError::KeyFile),
        };
        if digits.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(GrantError::KeyFile);
        }
        let mut secret = Zeroizing::new([0; 32]);
        hex::decode_to_slice(digits, secret.as_mut_slice()).map_err(|_| GrantError::KeyFile)?;
        if is != purpose {
            return Err(GrantError::WrongPurpose { is, needs: purpose });
        }
        Self::from_secret(purpose, &secret)
    }

    /// The key file's text, with its newline: for a file that only its owner can read.
    #[must_use]
    pub fn to_file_text(&self) -> Zeroizing<String> {
        let digits = Zeroizing::new(hex::encode(Zeroizing::new(self.key.to_bytes()).as_slice()));
        Zeroizing::new(format!("{FILE_PREFIX}{}:{}\n", self.purpose, digits.as_str()))
    }

    /// The public key, which is its name.
    #[must_use]
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// What it is for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {}, secret hidden)", self.purpose, self.id)
    }
}

fn key_id(key: &VerifyingKey) -> Result<KeyId, GrantError> {
    let text = format!("ed25519:{}", hex::encode(key.as_bytes()));
    text.parse().map_err(|_| GrantError::KeyFile)
}

/// The public key that an id is. Weak ones (of small order: one signature fits many messages) are none.
pub(crate) fn public_key(id: &KeyId) -> Result<VerifyingKey, GrantError> {
    let bad = || GrantError::BadKey { key: id.clone() };
    let digits = id.as_str().strip_prefix("ed25519:").ok_or_else(bad)?;
    let mut bytes = [0; 32];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| bad())?;
    let key = VerifyingKey::from_bytes(&bytes).map_err(|_| bad())?;
    // A second way to write the same point would be a second name for the same key.
    if key.is_weak() || key.to_edwards().compress().as_bytes() != &bytes { Err(bad()) } else { Ok(key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Entropy for Fixed {
        fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
            bytes.fill(7);
            Ok(())
        }
    }

    struct Empty;

    impl Entropy for Empty {
        fn fill(&self, _: &mut [u8]) -> std::io::Result<()> {
            Err(std::io::Error::other("none"))
        }
    }

    #[test]
    fn the_public_key_is_that_of_rfc_8032() {
        // RFC 8032, section 7.1, test 1.
        let mut secret = [0; 32];
        hex::decode_to_slice("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", &mut secret)
            .unwrap();
        let key = SigningKey::from_secret(Purpose::Gate, &secret).unwrap();
        assert_eq!(
            key.id().as_str(),
            "ed25519:d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
    }

    #[test]
    fn a_key_file_gives_the_same_key_back_and_only_for_its_purpose() {
        let key = SigningKey::generate(Purpose::Gate, &Fixed).unwrap();
        let text = key.to_file_text();
        assert!(text.starts_with("exequatur-key-1:gate:0707") && text.ends_with("07\n"));
        assert_eq!(SigningKey::from_file_text(Purpose::Gate, &text).unwrap().id(), key.id());
        assert!(matches!(
            SigningKey::from_file_text(Purpose::Executor, &text),
            Err(GrantError::WrongPurpose { is: Purpose::Gate, needs: Purpose::Executor })
        ));
    }

    #[test]
    fn anything_else_is_no_key_file_and_the_error_does_not_quote_it() {
        let good = format!("exequatur-key-1:gate:{}", "ab".repeat(32));
        assert!(SigningKey::from_file_text(Purpose::Gate, &good).is_ok());
        for bad in [
            String::new(),
            good.to_uppercase(),
            good.replace("ab", "AB"),
            good.replace("gate", "ledger"),
            good.replace("key-1", "key-2"),
            format!("{good}\n\n"),
            format!("{good}\r\n"),
            format!(" {good}"),
            format!("{good}ab"),
            good.chars().take(84).collect(),
        ] {
            let error = SigningKey::from_file_text(Purpose::Gate, &bad).unwrap_err();
            assert!(matches!(error, GrantError::KeyFile), "{bad}: {error}");
            assert!(!format!("{error} {error:?}").contains("abab"));
        }
    }

    #[test]
    fn a_key_is_not_shown() {
        let key = SigningKey::generate(Purpose::Executor, &Fixed).unwrap();
        assert!(!format!("{key:?}").contains("0707"));
    }

    #[test]
    fn without_randomness_there_is_no_key() {
        assert!(matches!(SigningKey::generate(Purpose::Gate, &Empty), Err(GrantError::Entropy(_))));
    }

    #[test]
    fn a_weak_public_key_is_refused() {
        let weak: KeyId = format!("ed25519:01{}", "00".repeat(31)).parse().unwrap();
        assert!(matches!(public_key(&weak), Err(GrantError::BadKey { .. })));
        // y = 1 + p: the same point, written differently
        let alias: KeyId = format!("ed25519:ee{}7f", "ff".repeat(30)).parse().unwrap();
        assert!(matches!(public_key(&alias), Err(GrantError::BadKey { .. })));
    }
}
