//! What a relying party is told.

use std::{fmt, str::FromStr, time::Duration};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};

/// An asymmetric signature algorithm of JWS (RFC 7518, section 3.1; RFC 8037). `none` and the symmetric ones aren't here:
/// they can't be allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[allow(missing_docs)] // they are their names in RFC 7518
pub enum SigningAlgorithm {
    #[serde(rename = "RS256")]
    Rs256,
    #[serde(rename = "RS384")]
    Rs384,
    #[serde(rename = "RS512")]
    Rs512,
    #[serde(rename = "PS256")]
    Ps256,
    #[serde(rename = "PS384")]
    Ps384,
    #[serde(rename = "PS512")]
    Ps512,
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "ES384")]
    Es384,
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl SigningAlgorithm {
    /// What is allowed if nothing else is said.
    pub const DEFAULT: [Self; 5] = [Self::Rs256, Self::Ps256, Self::Es256, Self::Es384, Self::EdDsa];

    /// Its name in RFC 7518.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    pub(crate) const fn library(self) -> jsonwebtoken::Algorithm {
        use jsonwebtoken::Algorithm as A;
        match self {
            Self::Rs256 => A::RS256,
            Self::Rs384 => A::RS384,
            Self::Rs512 => A::RS512,
            Self::Ps256 => A::PS256,
            Self::Ps384 => A::PS384,
            Self::Ps512 => A::PS512,
            Self::Es256 => A::ES256,
            Self::Es384 => A::ES384,
            Self::EdDsa => A::EdDSA,
        }
    }
}

impl FromStr for SigningAlgorithm {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        const ALL: [SigningAlgorithm; 9] = [
            SigningAlgorithm::Rs256,
            SigningAlgorithm::Rs384,
            SigningAlgorithm::Rs512,
            SigningAlgorithm::Ps256,
            SigningAlgorithm::Ps384,
            SigningAlgorithm::Ps512,
            SigningAlgorithm::Es256,
            SigningAlgorithm::Es384,
            SigningAlgorithm::EdDsa,
        ];
        ALL.into_iter().find(|algorithm| algorithm.name() == text).ok_or(())
    }
}

/// One identity provider, and what we are there.
#[derive(Clone)]
pub struct ProviderConfig {
    /// The issuer, byte for byte as in its tokens and in its discovery document. `https`, or `http` on loopback.
    pub issuer: String,
    /// Our client there.
    pub client_id: String,
    /// Its secret. None: a public client, which PKCE alone protects.
    pub client_secret: Option<SecretString>,
    /// Where the provider sends the browser back to; registered there byte for byte.
    pub redirect_uri: String,
    /// What is asked for. `openid` is always asked for. Default `openid profile email`.
    pub scopes: Vec<String>,
    /// The claim that lists groups. Default `groups`.
    pub groups_claim: String,
    /// The claim by which the company names one human. None: nobody has a person key, and counts for nobody.
    pub person_claim: Option<String>,
    /// Which signatures are taken. Default [`SigningAlgorithm::DEFAULT`].
    pub algorithms: Vec<SigningAlgorithm>,
    /// How much we take.
    pub limits: Limits,
    /// How long we wait.
    pub timeouts: Timeouts,
}

impl ProviderConfig {
    /// With defaults for everything else.
    #[must_use]
    pub fn new(
        issuer: impl Into<String>,
        client_id: impl Into<String>,
        redirect_uri: impl Into<String>,
    ) -> Self {
        Self {
            issuer: issuer.into(),
            client_id: client_id.into(),
            client_secret: None,
            redirect_uri: redirect_uri.into(),
            scopes: ["openid", "profile", "email"].map(str::to_owned).to_vec(),
            groups_claim: "groups".to_owned(),
            person_claim: None,
            algorithms: SigningAlgorithm::DEFAULT.to_vec(),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
        }
    }
}

impl fmt::Debug for ProviderConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderConfig")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("has_secret", &self.client_secret.is_some())
            .finish_non_exhaustive()
    }
}

/// How much we take from an identity provider, and for how long its word is good.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one answer. Default 512 KiB.
    pub body_bytes: usize,
    /// Bytes of one token. Default 128 KiB.
    pub token_bytes: usize,
    /// Groups of one person. Default 1,000.
    pub groups: usize,
    /// Bytes of a group's name. Default 256.
    pub group_bytes: usize,
    /// Keys of one issuer. Default 64.
    pub keys: usize,
    /// How far the provider's clock may be from ours. Default 60 s.
    pub leeway_ms: i64,
    /// How old an ID token that we just asked for may be. Default 5 min.
    pub token_age_ms: i64,
    /// Between two reads of discovery document and keys. Default 1 h.
    pub refresh_ms: i64,
    /// For how long the last ones are used while the provider is away. Default 24 h.
    pub stale_ms: i64,
    /// Between two reads of the keys because a token names one that we don't know. Default 30 s.
    pub unknown_key_ms: i64,
    /// Sign-ins that wait for the browser to come back; the oldest makes room. Default 16,384.
    pub pending: usize,
    /// For how long one waits. Default 10 min.
    pub pending_ms: i64,
    /// Device sign-ins that wait; a new one is refused when that many do. Default 1,024.
    pub devices: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 512 << 10,
            token_bytes: 128 << 10,
            groups: 1_000,
            group_bytes: 256,
            keys: 64,
            leeway_ms: 60_000,
            token_age_ms: 5 * 60_000,
            refresh_ms: 60 * 60_000,
            stale_ms: 24 * 60 * 60_000,
            unknown_key_ms: 30_000,
            pending: 16_384,
            pending_ms: 10 * 60_000,
            devices: 1_024,
        }
    }
}

/// How long we wait for an identity provider.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For the connection to stand. Default 5 s.
    pub connect: Duration,
    /// For a request to be answered whole. Default 10 s.
    pub request: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), request: Duration::from_secs(10) }
    }
}
