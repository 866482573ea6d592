//! A compact JWS (RFC 7515), taken apart. Whatever it says of its own key (`jwk`, `jku`, `x5u`, `x5c`) is ignored.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::{Refusal, SigningAlgorithm};

use super::Key;

/// No header is longer, in bytes of base64.
const MAX_HEADER: usize = 4096;

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    crit: Option<serde_json::Value>,
}

/// A token before its signature is checked. What it claims can't be read yet.
pub(crate) struct Jws<'a> {
    pub(crate) algorithm: SigningAlgorithm,
    pub(crate) key_id: Option<String>,
    /// Its `typ`, lower case, without `application/`.
    pub(crate) kind: Option<String>,
    signed: &'a str,
    payload: &'a str,
    signature: &'a str,
}

impl<'a> Jws<'a> {
    /// Takes a token apart. An algorithm that isn't allowed ends it here, before any key is looked at.
    pub(crate) fn parse(token: &'a str, allowed: &[SigningAlgorithm], limit: usize) -> Result<Self, Refusal> {
        if token.len() > limit {
            return Err(Refusal::TooLong { limit });
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::Malformed("it has no parts"))?;
        let (header, payload) = signed.split_once('.').ok_or(Refusal::Malformed("it has two parts"))?;
        if payload.contains('.') {
            return Err(Refusal::Malformed("it has more than three parts"));
        }
        if header.len() > MAX_HEADER {
            return Err(Refusal::TooLong { limit: MAX_HEADER });
        }
        let header = decode(header)?;
        let header: Header =
            serde_json::from_slice(&header).map_err(|_| Refusal::Malformed("its header is no such JSON"))?;
        let algorithm: SigningAlgorithm = header.alg.parse().map_err(|()| Refusal::Algorithm)?;
        if !allowed.contains(&algorithm) {
            return Err(Refusal::Algorithm);
        }
        if header.crit.is_some() {
            return Err(Refusal::Malformed("it demands an extension that isn't known"));
        }
        let kind = header.typ.map(|typ| {
            let typ = typ.to_ascii_lowercase();
            typ.strip_prefix("application/").map_or(typ.clone(), str::to_owned)
        });
        Ok(Self { algorithm, key_id: header.kid, kind, signed, payload, signature })
    }

    /// The payload, if this key made the signature.
    pub(crate) fn verify(&self, key: &Key) -> Result<Vec<u8>, Refusal> {
        if !key.takes(self.algorithm) {
            return Err(Refusal::Signature);
        }
        let algorithm = self.algorithm.library();
        match jsonwebtoken::crypto::verify(self.signature, self.signed.as_bytes(), key.library(), algorithm) {
            Ok(true) => decode(self.payload),
            Ok(false) | Err(_) => Err(Refusal::Signature),
        }
    }
}

fn decode(part: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Refusal::Malformed("a part is no base64url"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str) -> String {
        format!("{}.e30.AAAA", URL_SAFE_NO_PAD.encode(header))
    }

    fn refused(token: &str) -> Refusal {
        Jws::parse(token, &SigningAlgorithm::DEFAULT, 10_000).err().unwrap()
    }

    #[test]
    fn algorithms_that_prove_nothing_are_never_taken() {
        for name in ["none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512", "RS1", "RS256 ", "ES256K"]
        {
            assert_eq!(refused(&token(&format!(r#"{{"alg":"{name}"}}"#))), Refusal::Algorithm, "{name}");
        }
        assert_eq!(refused(&token(r#"{"alg":"RS512"}"#)), Refusal::Algorithm, "known, not allowed");
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for bad in
            ["", ".", "..", "a.b", "a.b.c.d", "{}", "e30.e30.e30", &token("[]"), &token(r#"{"alg":1}"#)]
        {
            assert!(matches!(refused(bad), Refusal::Malformed(_)), "{bad}");
        }
        assert!(matches!(
            refused(&token(r#"{"alg":"RS256","crit":["b64"],"b64":false}"#)),
            Refusal::Malformed(_)
        ));
        assert!(matches!(refused(&"a".repeat(10_001)), Refusal::TooLong { .. }));
        let wide = token(&format!(r#"{{"alg":"RS256","x":"{}"}}"#, "y".repeat(4000)));
        assert!(matches!(refused(&wide), Refusal::TooLong { .. }));
    }
}
