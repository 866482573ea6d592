//! A compact JWS (RFC 7515) and one public key (RFC 7517) by which it is verified. What the token says of its own key is
//! ignored.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::GrantError;

use super::refuse;

/// No token is longer, in bytes.
const TOKEN_BYTES: usize = 128 << 10;

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    typ: Option<String>,
    #[serde(default)]
    crit: Option<Value>,
}

/// A token's payload, and its header's `typ` in lower case.
pub(crate) struct Opened {
    pub(crate) claims: Map<String, Value>,
    pub(crate) kind: Option<String>,
}

/// Opens a token that this key signed. Asymmetric algorithms only, and only those that fit the key.
pub(crate) fn open(token: &str, key: &Value) -> Result<Opened, GrantError> {
    let malformed = || refuse("the provider's token is no signed JWT");
    if token.len() > TOKEN_BYTES {
        return Err(malformed());
    }
    let (message, signature) = token.rsplit_once('.').ok_or_else(malformed)?;
    let (header, payload) = message.split_once('.').ok_or_else(malformed)?;
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| malformed())?;
    if header.crit.is_some() {
        return Err(malformed());
    }
    let (algorithm, decoding) = key_for(&header.alg, key)?;
    match jsonwebtoken::crypto::verify(signature, message.as_bytes(), &decoding, algorithm) {
        Ok(true) => {}
        Ok(false) | Err(_) => return Err(refuse("the signature of the provider's token is wrong")),
    }
    let claims = serde_json::from_slice(&decode(payload)?).map_err(|_| malformed())?;
    let kind = header.typ.map(|typ| {
        let typ = typ.to_ascii_lowercase();
        typ.strip_prefix("application/").map_or(typ.clone(), str::to_owned)
    });
    Ok(Opened { claims, kind })
}

fn decode(part: &str) -> Result<Vec<u8>, GrantError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| refuse("the provider's token is no signed JWT"))
}

/// The algorithm that the token names, if this key is for it.
fn key_for(name: &str, key: &Value) -> Result<(Algorithm, DecodingKey), GrantError> {
    use Algorithm as A;
    let text = |member: &str| key.get(member).and_then(Value::as_str);
    let part = |member: &str| text(member).unwrap_or_default();
    let wrong = || refuse("the provider's key is not one that checks such a token");
    if text("alg").is_some_and(|only| only != name) {
        return Err(wrong());
    }
    let (algorithm, decoding) = match (text("kty"), text("crv"), name) {
        (Some("RSA"), _, "RS256") => (A::RS256, DecodingKey::from_rsa_components(part("n"), part("e"))),
        (Some("RSA"), _, "RS384") => (A::RS384, DecodingKey::from_rsa_components(part("n"), part("e"))),
        (Some("RSA"), _, "RS512") => (A::RS512, DecodingKey::from_rsa_components(part("n"), part("e"))),
        (Some("RSA"), _, "PS256") => (A::PS256, DecodingKey::from_rsa_components(part("n"), part("e"))),
        (Some("RSA"), _, "PS384") => (A::PS384, DecodingKey::from_rsa_components(part("n"), part("e"))),
        (Some("RSA"), _, "PS512") => (A::PS512, DecodingKey::from_rsa_components(part("n"), part("e"))),
        (Some("EC"), Some("P-256"), "ES256") => {
            (A::ES256, DecodingKey::from_ec_components(part("x"), part("y")))
        }
        (Some("EC"), Some("P-384"), "ES384") => {
            (A::ES384, DecodingKey::from_ec_components(part("x"), part("y")))
        }
        (Some("OKP"), Some("Ed25519"), "EdDSA") => (A::EdDSA, DecodingKey::from_ed_components(part("x"))),
        _ => return Err(wrong()),
    };
    Ok((algorithm, decoding.map_err(|_| wrong())?))
}
