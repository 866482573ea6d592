//! The issuer's keys, and how it signs.

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::Error;

/// How the issuer signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Algorithm {
    /// RSA, as most do.
    #[default]
    Rs256,
    /// ECDSA on P-256.
    Es256,
}

enum Pair {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
}

/// One key.
pub(crate) struct Key {
    pub(crate) id: String,
    pair: Pair,
}

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Key {
    pub(crate) fn generate(algorithm: Algorithm, id: String) -> Result<Self, Error> {
        let failed = |_| Error::Key("it can't be made");
        let pair = match algorithm {
            Algorithm::Rs256 => Pair::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?)),
            Algorithm::Es256 => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?;
                Pair::Ec(Box::new(pair))
            }
        };
        Ok(Self { id, pair })
    }

    const fn algorithm(&self) -> &'static str {
        match self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::Ec(_) => "ES256",
        }
    }

    /// As it is published.
    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = json!({"kid": self.id, "use": "sig", "alg": self.algorithm()});
        let parts = match &self.pair {
            Pair::Rsa(pair) => {
                let public = pair.public_key();
                vec![
                    ("kty", "RSA".to_owned()),
                    ("n", b64(public.modulus().big_endian_without_leading_zero())),
                    ("e", b64(public.exponent().big_endian_without_leading_zero())),
                ]
            }
            Pair::Ec(pair) => {
                // 0x04, then both coordinates.
                let point = pair.public_key().as_ref();
                let (x, y) = point.get(1..).unwrap_or_default().split_at_checked(32).unwrap_or_default();
                vec![("kty", "EC".to_owned()), ("crv", "P-256".to_owned()), ("x", b64(x)), ("y", b64(y))]
            }
        };
        if let Some(object) = jwk.as_object_mut() {
            object.extend(parts.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))));
        }
        jwk
    }

    /// A token, signed as it should be.
    pub(crate) fn sign(&self, key_id: &str, kind: &str, claims: &Value) -> Result<String, Error> {
        let signed = input(&json!({"alg": self.algorithm(), "kid": key_id, "typ": kind}), claims);
        let (random, failed) = (SystemRandom::new(), |_| Error::Key("it doesn't sign"));
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).map_err(failed)?;
                signature
            }
            Pair::Ec(pair) => pair.sign(&random, signed.as_bytes()).map_err(failed)?.as_ref().to_vec(),
        };
        Ok(format!("{signed}.{}", b64(signature)))
    }

    /// A token whose "secret" is the public key.
    pub(crate) fn confuse(&self, claims: &Value) -> String {
        let signed = input(&json!({"alg": "HS256", "kid": self.id, "typ": "JWT"}), claims);
        let public = match &self.pair {
            Pair::Rsa(pair) => pair.public_key().as_ref(),
            Pair::Ec(pair) => pair.public_key().as_ref(),
        };
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, public), signed.as_bytes());
        format!("{signed}.{}", b64(tag))
    }
}

/// A token that nobody signed.
pub(crate) fn unsigned(claims: &Value) -> String {
    format!("{}.", input(&json!({"alg": "none", "typ": "JWT"}), claims))
}

fn input(header: &Value, claims: &Value) -> String {
    format!("{}.{}", b64(header.to_string()), b64(claims.to_string()))
}
