//! Passkeys (W3C Web Authentication Level 3): what an authenticator signed, and what it says when it is enrolled.
//!
//! Asked for without attestation: what an authenticator says of itself is believed as little as a browser is. What counts is
//! that the same key signs later, unlocked by its person (user verification), on the one site, for the one origin; and that
//! another person confirmed whose it is.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use model::Digest;
use serde::{Deserialize, Serialize};

use crate::GrantError;

use super::{Site, refuse};

/// No part of an answer is longer, in bytes.
const PART_BYTES: usize = 4096;
/// No credential's id is longer, in bytes (section 4 of the standard).
const CREDENTIAL_BYTES: usize = 1023;
/// RP id's hash, flags, counter.
const FIXED_BYTES: usize = 37;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const HAS_CREDENTIAL: u8 = 0x40;
const HAS_EXTENSIONS: u8 = 0x80;

/// Consent by passkey. The bytes are in base64url, as browsers give them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Passkey {
    /// Which credential.
    pub credential: String,
    /// Its public key, as it was enrolled.
    pub key: PasskeyKey,
    /// The relying party's id: the host name that it is for.
    pub site: String,
    /// The origin of the page that asked for it.
    pub origin: String,
    /// What the browser wrote (`clientDataJSON`).
    pub client_data: String,
    /// What the authenticator wrote.
    pub authenticator_data: String,
    /// Over both.
    pub signature: String,
}

/// The public key of a passkey; numbers in hex.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum PasskeyKey {
    /// ECDSA on P-256 with SHA-256 (COSE -7).
    Es256 {
        /// 32 bytes.
        x: String,
        /// 32 bytes.
        y: String,
    },
    /// Ed25519 (COSE -8).
    EdDsa {
        /// 32 bytes.
        x: String,
    },
    /// RSASSA-PKCS1-v1_5 with SHA-256 (COSE -257).
    Rs256 {
        /// 256 to 1,024 bytes.
        n: String,
        /// At most 8 bytes.
        e: String,
    },
}

/// What the browser writes.
#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
    #[serde(default, rename = "topOrigin")]
    top_origin: Option<String>,
}

/// A passkey as it is enrolled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Registration {
    /// Its id, in base64url.
    pub credential: String,
    /// Its public key.
    pub key: PasskeyKey,
}

impl Passkey {
    /// That this key signed this challenge, on this site, for a page of this origin, unlocked by its person.
    pub(super) fn verify(&self, challenge: &Digest) -> Result<(), GrantError> {
        let client_data = decode(&self.client_data)?;
        let authenticator_data = decode(&self.authenticator_data)?;
        let site = Site { id: self.site.clone(), origin: self.origin.clone() };
        said(&client_data, "webauthn.get", challenge, &site)?;
        let (flags, rest) = fixed(&authenticator_data, &site)?;
        if flags & HAS_CREDENTIAL != 0 || (flags & HAS_EXTENSIONS == 0) != rest.is_empty() {
            return Err(refuse("what the passkey's authenticator wrote is not what it says"));
        }
        let mut message = authenticator_data;
        message.extend_from_slice(Digest::of(&client_data).as_bytes());
        self.key.verify(&message, &decode(&self.signature)?)
    }
}

/// Reads what a browser gives when a passkey is made: its answer's `clientDataJSON` and authenticator data.
///
/// # Errors
/// [`GrantError::Consent`] when it is for another challenge, site or origin, when its person wasn't verified, or for a key of a
/// kind that isn't taken.
pub fn register(
    client_data: &str,
    authenticator_data: &str,
    challenge: &Digest,
    site: &Site,
) -> Result<Registration, GrantError> {
    said(&decode(client_data)?, "webauthn.create", challenge, site)?;
    let authenticator_data = decode(authenticator_data)?;
    let (flags, rest) = fixed(&authenticator_data, site)?;
    let malformed = || refuse("what the passkey's authenticator wrote can't be read");
    if flags & HAS_CREDENTIAL == 0 {
        return Err(malformed());
    }
    // AAGUID, the length of the id, the id, the key (section 6.5.1).
    let rest = rest.get(16..).ok_or_else(malformed)?;
    let (len, rest) = rest.split_first_chunk::<2>().ok_or_else(malformed)?;
    let len = usize::from(u16::from_be_bytes(*len));
    if len == 0 || len > CREDENTIAL_BYTES {
        return Err(malformed());
    }
    let (id, rest) = rest.split_at_checked(len).ok_or_else(malformed)?;
    let (key, rest) =
        cose(rest).ok_or_else(|| refuse("the passkey's key is of no kind that is taken here"))?;
    if (flags & HAS_EXTENSIONS == 0) != rest.is_empty() {
        return Err(malformed());
    }
    key.check()?;
    Ok(Registration { credential: URL_SAFE_NO_PAD.encode(id), key })
}

/// What the browser says that it was asked for.
fn said(client_data: &[u8], kind: &str, challenge: &Digest, site: &Site) -> Result<(), GrantError> {
    let said: ClientData =
        serde_json::from_slice(client_data).map_err(|_| refuse("what the browser wrote can't be read"))?;
    if said.kind != kind {
        return Err(refuse("the passkey was asked for something else than this"));
    }
    if said.challenge != URL_SAFE_NO_PAD.encode(challenge.as_bytes()) {
        return Err(refuse("the passkey signed something else than this plan and this answer"));
    }
    if said.origin != site.origin || said.cross_origin || said.top_origin.is_some() {
        return Err(refuse("the passkey was asked for by a page of another origin"));
    }
    Ok(())
}

/// The fixed part of what an authenticator writes: its flags, and the rest.
fn fixed<'a>(data: &'a [u8], site: &Site) -> Result<(u8, &'a [u8]), GrantError> {
    let malformed = || refuse("what the passkey's authenticator wrote can't be read");
    let (fixed, rest) = data.split_at_checked(FIXED_BYTES).ok_or_else(malformed)?;
    if fixed.get(..32) != Some(Digest::of(site.id.as_bytes()).as_bytes().as_slice()) {
        return Err(refuse("the passkey is of another site"));
    }
    let flags = fixed.get(32).copied().ok_or_else(malformed)?;
    if flags & USER_PRESENT == 0 || flags & USER_VERIFIED == 0 {
        return Err(refuse("the passkey was not unlocked by its person (no user verification)"));
    }
    Ok((flags, rest))
}

fn decode(text: &str) -> Result<Vec<u8>, GrantError> {
    let wrong = || refuse("a part of the passkey's answer is no base64url");
    if text.len() > PART_BYTES {
        return Err(wrong());
    }
    URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())
}

impl PasskeyKey {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), GrantError> {
        self.check()?;
        let fine = match self {
            Self::Es256 { x, y } => {
                let mut point = vec![4];
                point.extend(number(x)?);
                point.extend(number(y)?);
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature).is_ok()
            }
            Self::EdDsa { x } => {
                UnparsedPublicKey::new(&ED25519, number(x)?).verify(message, signature).is_ok()
            }
            Self::Rs256 { n, e } => RsaPublicKeyComponents { n: number(n)?, e: number(e)? }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
        };
        if fine { Ok(()) } else { Err(refuse("the passkey's signature is wrong")) }
    }

    /// That its numbers are as long as they have to be.
    fn check(&self) -> Result<(), GrantError> {
        let fits = match self {
            Self::Es256 { x, y } => number(x)?.len() == 32 && number(y)?.len() == 32,
            Self::EdDsa { x } => number(x)?.len() == 32,
            Self::Rs256 { n, e } => {
                (256..=1024).contains(&number(n)?.len()) && (1..=8).contains(&number(e)?.len())
            }
        };
        if fits { Ok(()) } else { Err(refuse("the passkey's key is not one")) }
    }
}

fn number(text: &str) -> Result<Vec<u8>, GrantError> {
    hex::decode(text).map_err(|_| refuse("the passkey's key is not one"))
}

/// One value of a COSE key (RFC 9052, section 7): all that keys have.
enum Item<'a> {
    Number(i64),
    Bytes(&'a [u8]),
}

/// Reads a COSE key, and gives what comes after it. Of CBOR (RFC 8949) only what CTAP2 lets authenticators write there: a map
/// of small numbers to numbers and strings of bytes, each in its shortest form.
fn cose(bytes: &[u8]) -> Option<(PasskeyKey, &[u8])> {
    let (major, count, mut rest) = head(bytes)?;
    if major != 5 || count > 8 {
        return None;
    }
    let mut members = std::collections::BTreeMap::new();
    for _ in 0..count {
        let (Item::Number(name), after) = item(rest)? else { return None };
        let (value, after) = item(after)?;
        if members.insert(name, value).is_some() {
            return None;
        }
        rest = after;
    }
    let number = |name| match members.get(&name) {
        Some(Item::Number(value)) => Some(*value),
        _ => None,
    };
    let text = |name| match members.get(&name) {
        Some(Item::Bytes(value)) => Some(hex::encode(value)),
        _ => None,
    };
    // Key type and algorithm (RFC 9053, RFC 8812); for curves also which.
    let key = match (number(1)?, number(3)?, number(-1)) {
        (2, -7, Some(1)) => PasskeyKey::Es256 { x: text(-2)?, y: text(-3)? },
        (1, -8, Some(6)) => PasskeyKey::EdDsa { x: text(-2)? },
        (3, -257, None) => PasskeyKey::Rs256 { n: text(-1)?, e: text(-2)? },
        _ => return None,
    };
    Some((key, rest))
}

fn item(bytes: &[u8]) -> Option<(Item<'_>, &[u8])> {
    let (major, value, rest) = head(bytes)?;
    match major {
        0 => Some((Item::Number(i64::from(value)), rest)),
        1 => Some((Item::Number(-1 - i64::from(value)), rest)),
        2 => {
            let (text, rest) = rest.split_at_checked(usize::try_from(value).ok()?)?;
            Some((Item::Bytes(text), rest))
        }
        _ => None,
    }
}

/// The head of a CBOR item: major type, argument, what comes after it.
fn head(bytes: &[u8]) -> Option<(u8, u32, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (major, short) = (first >> 5, first & 0x1f);
    match short {
        0..24 => Some((major, u32::from(short), rest)),
        24 => {
            let (value, rest) = rest.split_first()?;
            (*value >= 24).then_some((major, u32::from(*value), rest))
        }
        25 => {
            let (value, rest) = rest.split_first_chunk::<2>()?;
            let value = u16::from_be_bytes(*value);
            (value > 0xff).then_some((major, u32::from(value), rest))
        }
        _ => None,
    }
}
