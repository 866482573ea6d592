//! An issuer's public keys (RFC 7517). A key that can't be used is left out; it doesn't take the others with it.

use jsonwebtoken::DecodingKey;
use serde_json::Value;

use crate::SigningAlgorithm;

/// What a key can check.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Rsa,
    P256,
    P384,
    Ed25519,
}

/// One public key.
pub(crate) struct Key {
    id: Option<String>,
    family: Family,
    /// The one algorithm that it is for, if it says so.
    only: Option<SigningAlgorithm>,
    library: DecodingKey,
    /// As the issuer wrote it: kept with a consent, so that it can be checked again later.
    written: Value,
}

impl Key {
    fn of(jwk: &Value) -> Option<Self> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        // A key for encryption makes no signatures; a symmetric one is no public key.
        if text("use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let operations = jwk.get("key_ops").and_then(Value::as_array);
        if operations.is_some_and(|all| !all.iter().any(|one| one.as_str() == Some("verify"))) {
            return None;
        }
        let (family, library) = match (text("kty")?, text("crv")) {
            ("RSA", _) => (Family::Rsa, DecodingKey::from_rsa_components(text("n")?, text("e")?)),
            ("EC", Some("P-256")) => (Family::P256, DecodingKey::from_ec_components(text("x")?, text("y")?)),
            ("EC", Some("P-384")) => (Family::P384, DecodingKey::from_ec_components(text("x")?, text("y")?)),
            ("OKP", Some("Ed25519")) => (Family::Ed25519, DecodingKey::from_ed_components(text("x")?)),
            _ => return None,
        };
        // One that is for an algorithm that we don't know is for none of ours.
        let only = match text("alg") {
            Some(name) => Some(name.parse().ok()?),
            None => None,
        };
        Some(Self {
            id: text("kid").map(str::to_owned),
            family,
            only,
            library: library.ok()?,
            written: jwk.clone(),
        })
    }

    /// Whether it can check this algorithm's signatures.
    pub(crate) fn takes(&self, algorithm: SigningAlgorithm) -> bool {
        use SigningAlgorithm as S;
        let fits = match self.family {
            Family::Rsa => {
                matches!(algorithm, S::Rs256 | S::Rs384 | S::Rs512 | S::Ps256 | S::Ps384 | S::Ps512)
            }
            Family::P256 => algorithm == S::Es256,
            Family::P384 => algorithm == S::Es384,
            Family::Ed25519 => algorithm == S::EdDsa,
        };
        fits && self.only.is_none_or(|only| only == algorithm)
    }

    pub(crate) const fn library(&self) -> &DecodingKey {
        &self.library
    }

    pub(crate) const fn written(&self) -> &Value {
        &self.written
    }
}

/// All keys of an issuer.
#[derive(Default)]
pub(crate) struct Keys(Vec<Key>);

impl Keys {
    /// From a key set's `keys`; the first `limit` of those that can be used.
    pub(crate) fn of(jwks: &[Value], limit: usize) -> Self {
        Self(jwks.iter().filter_map(Key::of).take(limit).collect())
    }

    /// Those that could have signed a token with this algorithm and key id. A token without a key id could have been
    /// signed by any.
    pub(crate) fn candidates<'a>(
        &'a self,
        algorithm: SigningAlgorithm,
        id: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Key> {
        self.0.iter().filter(move |key| key.takes(algorithm) && (id.is_none() || key.id.as_deref() == id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_is_used_only_for_what_it_is_for() {
        let rsa = json!({"kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB"});
        let with = |name: &str, value: Value| {
            let mut key = rsa.clone();
            key[name] = value;
            Keys::of(&[key], 9)
        };
        let finds = |keys: &Keys, algorithm, id| keys.candidates(algorithm, id).count() == 1;
        let plain = Keys::of(std::slice::from_ref(&rsa), 9);
        assert!(finds(&plain, SigningAlgorithm::Rs256, Some("a")));
        assert!(finds(&plain, SigningAlgorithm::Ps256, None));
        assert!(!finds(&plain, SigningAlgorithm::Rs256, Some("b")));
        assert!(!finds(&plain, SigningAlgorithm::Es256, Some("a")));
        let only = with("alg", json!("RS256"));
        assert!(finds(&only, SigningAlgorithm::Rs256, None) && !finds(&only, SigningAlgorithm::Ps256, None));
        for (name, value) in [
            ("use", json!("enc")),
            ("key_ops", json!(["encrypt"])),
            ("alg", json!("HS256")),
            ("alg", json!("RSA-OAEP")),
            ("kty", json!("oct")),
            ("n", json!("!")),
        ] {
            assert!(!finds(&with(name, value.clone()), SigningAlgorithm::Rs256, None), "{name} {value}");
        }
    }

    #[test]
    fn odd_keys_do_not_take_the_others_with_them() {
        let good = json!({"kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB", "x5c": ["x"]});
        let odd = [json!(null), json!({}), json!({"kty": "EC", "crv": "P-521"}), json!({"kty": 7}), good];
        assert_eq!(Keys::of(&odd, 9).candidates(SigningAlgorithm::Rs256, Some("a")).count(), 1);
        assert_eq!(Keys::of(&vec![odd[4].clone(); 100], 64).0.len(), 64);
    }
}
