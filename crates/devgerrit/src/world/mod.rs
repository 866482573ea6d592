//! Everything that the server knows. One lock guards it: this server is for tests, and order is worth more than
//! speed there. NoteDb is the truth for changes; what is kept in memory can be thrown away at any moment.

pub(crate) mod access;
pub(crate) mod accounts;
pub(crate) mod changes;
pub(crate) mod found;
pub(crate) mod projects;
pub(crate) mod state;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use crate::change::Change;
use crate::clock::{Clock, Entropy};
use crate::config::ProjectConfig;
use crate::events::Outbox;
use crate::faults::Faults;
use crate::git::{Ident, Oid};
use crate::refusal::Refusal;
use state::State;

/// The server's state.
pub(crate) struct World {
    pub(crate) dir: PathBuf,
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub(crate) url: String,
    pub(crate) state: State,
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) faults: Arc<Faults>,
    pub(crate) outbox: Outbox,
    /// Whether changes of one topic are submitted together (`change.submitWholeTopic`).
    pub(crate) whole_topic: bool,
    /// Change number → project, from the refs at start and from what was made since.
    pub(crate) index: BTreeMap<u32, String>,
    /// Parsed meta histories by their tip.
    pub(crate) parsed: RefCell<HashMap<Oid, Arc<Change>>>,
    pub(crate) configs: RefCell<HashMap<(String, Oid), Arc<ProjectConfig>>>,
    /// Change numbers that were drawn and not used yet: next, end.
    pub(crate) drawn: (u32, u32),
}

impl World {
    /// Seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        i64::try_from((self.clock)().as_secs()).unwrap_or(i64::MAX)
    }

    pub(crate) fn now_ms(&self) -> i64 {
        i64::try_from((self.clock)().as_millis()).unwrap_or(i64::MAX)
    }

    /// `bytes` random bytes in hex.
    pub(crate) fn random_hex(&self, bytes: usize) -> String {
        let mut buffer = vec![0; bytes];
        (self.entropy)(&mut buffer);
        hex::encode(buffer)
    }

    /// The ident that the server itself signs with.
    pub(crate) fn server_ident(&self) -> Ident {
        Ident::new("Gerrit Code Review", "root@localhost", self.now())
    }

    pub(crate) fn save(&self) -> Result<(), Refusal> {
        self.state.save(&self.dir.join("state.json")).map_err(|why| Refusal::internal(&why))
    }

    /// The page of a change, as messages and footers name it.
    pub(crate) fn change_url(&self, project: &str, number: u32) -> String {
        format!("{}/c/{project}/+/{number}", self.url)
    }
}
