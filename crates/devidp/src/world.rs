//! Who is there, and what was given to whom.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::Timestamp;
use serde_json::{Map, Value};

use crate::{Error, Fault, keys::Key};

/// One person whom one can be.
#[derive(Clone, Debug)]
pub struct DevPerson {
    /// The subject in tokens: no name.
    pub subject: String,
    /// How one picks them: `alice`. Also `preferred_username` and the start of the mail address.
    pub login: String,
    /// The claim `name`.
    pub name: String,
    /// The claim `groups`.
    pub groups: Vec<String>,
    /// The claim `person`, by which the company names one human.
    pub person: Option<String>,
    /// More claims; they win over all others.
    pub claims: Map<String, Value>,
}

impl DevPerson {
    /// `alice`, `Alice`, subject `u-alice`, person key `alice`.
    #[must_use]
    pub fn new(login: &str, groups: &[&str]) -> Self {
        let mut letters = login.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        Self {
            subject: format!("u-{login}"),
            login: login.to_owned(),
            name: first + letters.as_str(),
            groups: groups.iter().map(|group| (*group).to_owned()).collect(),
            person: Some(login.to_owned()),
            claims: Map::new(),
        }
    }
}

/// One relying party.
#[derive(Clone, Debug)]
pub struct DevClient {
    /// Its id.
    pub id: String,
    /// Its secret; none: a public client.
    pub secret: Option<String>,
    /// Where browsers may be sent back to, byte for byte.
    pub redirect_uris: Vec<String>,
    /// Where it hears of sign-outs.
    pub logout_uri: Option<String>,
}

/// What a code, a refresh token or a device code stands for.
#[derive(Clone)]
pub(crate) struct Grant {
    pub(crate) client: String,
    pub(crate) login: String,
    pub(crate) session: String,
    pub(crate) nonce: Option<String>,
    pub(crate) signed_in_at: Timestamp,
}

pub(crate) struct Code {
    pub(crate) grant: Grant,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: String,
    pub(crate) until: Timestamp,
}

pub(crate) struct DeviceCode {
    pub(crate) client: String,
    pub(crate) user_code: String,
    /// PKCE's, if the client sent one.
    pub(crate) challenge: Option<String>,
    pub(crate) until: Timestamp,
    pub(crate) asked_at: Option<Timestamp>,
    /// None: nobody has answered. `Err`: refused.
    pub(crate) answer: Option<Result<Grant, ()>>,
}

#[derive(Default)]
pub(crate) struct World {
    pub(crate) people: BTreeMap<String, DevPerson>,
    pub(crate) clients: BTreeMap<String, DevClient>,
    /// The last one signs; all are published.
    pub(crate) keys: Vec<Key>,
    /// Never published.
    pub(crate) foreign: Option<Key>,
    pub(crate) made_keys: usize,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) refresh: HashMap<String, Grant>,
    pub(crate) devices: HashMap<String, DeviceCode>,
    pub(crate) faults: BTreeSet<Fault>,
    /// How often discovery and keys were read.
    pub(crate) reads: (usize, usize),
}

impl World {
    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    pub(crate) fn person(&self, login: &str) -> Result<&DevPerson, Error> {
        self.people.get(login).ok_or_else(|| Error::Unknown(format!("person {login}")))
    }
}
