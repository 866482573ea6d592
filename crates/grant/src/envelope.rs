//! DSSE v1.0 (secure-systems-lab/dsse, `envelope.md` and `protocol.md`), in the one form that we write: canonical JSON,
//! one signature, standard base64 with padding. Every other way to write the same is refused, so that an envelope has
//! one digest.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use model::{KeyId, from_canonical, to_canonical};
use serde::{Deserialize, Serialize};

use crate::{GrantError, Purpose, SigningKey, key::public_key};

/// The media type of in-toto statements.
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// What an envelope may have at most, in bytes: grants and reports have one or two thousand.
pub(crate) const LIMIT: usize = 64 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<Signature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    keyid: String,
    sig: String,
}

/// DSSE's pre-authentication encoding: what is signed.
fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// Signs a payload.
pub(crate) fn seal(payload: &[u8], key: &SigningKey) -> Result<Vec<u8>, GrantError> {
    let signature = Signature {
        keyid: key.id().to_string(),
        sig: STANDARD.encode(key.sign(&pae(PAYLOAD_TYPE, payload))),
    };
    let bytes = to_canonical(&Envelope {
        payload: STANDARD.encode(payload),
        payload_type: PAYLOAD_TYPE.to_owned(),
        signatures: vec![signature],
    })?;
    if bytes.len() > LIMIT {
        return Err(GrantError::TooLong { len: bytes.len(), limit: LIMIT });
    }
    Ok(bytes)
}

/// The payload, if that key signed it.
pub(crate) fn open(bytes: &[u8], key: &KeyId, purpose: Purpose) -> Result<Vec<u8>, GrantError> {
    if bytes.len() > LIMIT {
        return Err(GrantError::TooLong { len: bytes.len(), limit: LIMIT });
    }
    let envelope: Envelope = from_canonical(bytes).map_err(GrantError::Envelope)?;
    if envelope.payload_type != PAYLOAD_TYPE {
        return Err(GrantError::PayloadType { found: envelope.payload_type.chars().take(80).collect() });
    }
    let [signature] = envelope.signatures.as_slice() else {
        return Err(GrantError::Signatures { count: envelope.signatures.len() });
    };
    if signature.keyid != key.as_str() {
        return Err(GrantError::OtherKey {
            purpose,
            expected: key.clone(),
            found: signature.keyid.chars().take(80).collect(),
        });
    }
    // The engine refuses missing padding, blanks, and bits after the last byte.
    let payload = STANDARD.decode(&envelope.payload).map_err(|_| GrantError::Base64 { what: "payload" })?;
    let sig = STANDARD.decode(&signature.sig).map_err(|_| GrantError::Base64 { what: "signature" })?;
    let sig = ed25519_dalek::Signature::from_slice(&sig).map_err(|_| GrantError::Signature { purpose })?;
    public_key(key)?
        .verify_strict(&pae(PAYLOAD_TYPE, &payload), &sig)
        .map_err(|_| GrantError::Signature { purpose })?;
    Ok(payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_secret(Purpose::Gate, &[3; 32]).unwrap()
    }

    fn sealed() -> String {
        String::from_utf8(seal(b"{\"hello\":\"world\"}", &key()).unwrap()).unwrap()
    }

    fn refusal(envelope: &str) -> GrantError {
        open(envelope.as_bytes(), key().id(), Purpose::Gate).unwrap_err()
    }

    #[test]
    fn the_encoding_is_that_of_the_dsse_page() {
        // protocol.md, test vectors
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    #[test]
    fn what_was_sealed_opens() {
        let payload = open(sealed().as_bytes(), key().id(), Purpose::Gate).unwrap();
        assert_eq!(payload, b"{\"hello\":\"world\"}");
    }

    #[test]
    fn another_way_to_write_the_same_envelope_is_refused() {
        let good = sealed();
        let reordered: serde_json::Value = serde_json::from_str(&good).unwrap();
        for bad in [
            format!("{good}\n"),
            format!(" {good}"),
            good.replace("\":", "\": "),
            serde_json::to_string_pretty(&reordered).unwrap(),
            good.replace("application/", "application\\/"),
            good.replacen('{', "{\"extra\":1,", 1),
            good.replacen("{\"keyid", "{\"cert\":\"x\",\"keyid", 1),
            good.replacen("{\"payload\"", "{\"payload\":\"\",\"payload\"", 1),
        ] {
            assert_ne!(bad, good);
            assert!(matches!(refusal(&bad), GrantError::Envelope(_)), "{bad}");
        }
    }

    #[test]
    fn variants_of_base64_are_refused() {
        let good = sealed();
        let envelope: Envelope = serde_json::from_str(&good).unwrap();
        let (payload, sig) = (envelope.payload, envelope.signatures[0].sig.clone());
        assert!(payload.ends_with("In0=") && sig.ends_with("=="), "{payload} {sig}");
        let loose = payload.replace("In0=", "In1="); // the last bits are no part of a byte
        for (from, to) in [
            (&payload, payload.trim_end_matches('=').to_owned()),
            (&payload, format!("{payload}=")),
            (&payload, format!(" {payload}")),
            (&payload, loose),
            (&sig, sig.trim_end_matches('=').to_owned()),
            (&sig, format!("{sig}\\n")),
        ] {
            let bad = good.replace(from.as_str(), &to);
            assert_ne!(bad, good);
            assert!(matches!(refusal(&bad), GrantError::Base64 { .. }), "{bad}");
        }
        let url_safe = sig.replace('+', "-").replace('/', "_");
        if url_safe != sig {
            assert!(matches!(refusal(&good.replace(&sig, &url_safe)), GrantError::Base64 { .. }));
        }
    }

    #[test]
    fn none_or_several_signatures_are_refused() {
        let good = sealed();
        let envelope: Envelope = serde_json::from_str(&good).unwrap();
        for count in [0, 2] {
            let signatures = std::iter::repeat_with(|| Signature {
                keyid: envelope.signatures[0].keyid.clone(),
                sig: envelope.signatures[0].sig.clone(),
            });
            let bad = Envelope {
                payload: envelope.payload.clone(),
                payload_type: envelope.payload_type.clone(),
                signatures: signatures.take(count).collect(),
            };
            let bad = String::from_utf8(to_canonical(&bad).unwrap()).unwrap();
            assert!(matches!(refusal(&bad), GrantError::Signatures { count: c } if c == count));
        }
    }

    #[test]
    fn another_payload_type_is_refused() {
        let bad = sealed().replace("vnd.in-toto+json", "vnd.other+json");
        assert!(matches!(refusal(&bad), GrantError::PayloadType { .. }));
    }

    #[test]
    fn another_key_is_refused_whatever_the_envelope_calls_it() {
        let other = SigningKey::from_secret(Purpose::Gate, &[4; 32]).unwrap();
        let by_other = String::from_utf8(seal(b"{}", &other).unwrap()).unwrap();
        assert!(matches!(refusal(&by_other), GrantError::OtherKey { .. }));
        let renamed = by_other.replace(other.id().as_str(), key().id().as_str());
        assert!(matches!(refusal(&renamed), GrantError::Signature { .. }));
    }

    #[test]
    fn what_is_too_long_is_neither_read_nor_written() {
        let long = " ".repeat(LIMIT + 1);
        assert!(matches!(refusal(&long), GrantError::TooLong { .. }));
        assert!(matches!(seal(long.as_bytes(), &key()), Err(GrantError::TooLong { .. })));
    }
}
