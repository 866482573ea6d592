//! Whether what lies in a store is what the ledger says: every leaf, hash, checkpoint, text and record. Pure; the store
//! hands in its rows in the order of the methods here.

use std::collections::{BTreeMap, HashMap, HashSet};

use ledger::{Checkpoint, Hash, LogCheck, Opened, Origin, SignedCheckpoint, StateRef, VerifierKey};
use model::Digest;

use crate::{Record, StoredCheckpoint, StoredText, group::RecordId};

/// Findings that are kept in words; more are only counted.
const FINDINGS: usize = 1000;

/// What a check of a whole store found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Checked {
    /// Entries read.
    pub entries: u64,
    /// Records read, bookkeeping included.
    pub records: u64,
    /// Objects read.
    pub objects: u64,
    /// Checkpoints read.
    pub checkpoints: u64,
    /// Texts beside the ledger that were erased. That is no finding: each erasing is an entry of its own.
    pub erased: u64,
    /// What isn't as the ledger says, a sentence each; the first thousand.
    pub findings: Vec<String>,
    /// How many findings there are.
    pub found: u64,
}

impl Checked {
    /// Whether nothing was found.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.found == 0
    }

    /// Notes that something isn't as it should be.
    pub fn find(&mut self, what: impl FnOnce() -> String) {
        self.found += 1;
        if self.findings.len() < FINDINGS {
            self.findings.push(what());
        }
    }
}

/// Reads a whole store: first all checkpoints, then all entries, then records and objects.
pub struct Checker {
    keys: Vec<VerifierKey>,
    log: LogCheck,
    broken: bool,
    checkpoints: BTreeMap<u64, Hash>,
    /// Of each record that the ledger speaks of: its newest state, and which entry says so.
    states: HashMap<RecordId, (StateRef, u64)>,
    recorded_kinds: HashSet<String>,
    checked: Checked,
}

impl Checker {
    /// Begins to check the log of that origin, signed by these keys.
    #[must_use]
    pub fn new(origin: Origin, keys: Vec<VerifierKey>) -> Self {
        Self {
            keys,
            log: LogCheck::new(origin),
            broken: false,
            checkpoints: BTreeMap::new(),
            states: HashMap::new(),
            recorded_kinds: HashSet::new(),
            checked: Checked::default(),
        }
    }

    /// Takes a checkpoint.
    pub fn checkpoint(&mut self, row: &StoredCheckpoint) {
        self.checked.checkpoints += 1;
        match SignedCheckpoint::open(row.note.as_bytes(), &self.keys) {
            Ok(signed) => {
                let Checkpoint { size, root, .. } = signed.checkpoint();
                if (*size, *root) != (row.size, row.root) {
                    self.checked
                        .find(|| format!("checkpoint {}: size or root isn't that of its note", row.size));
                }
                self.checkpoints.insert(*size, *root);
                if *size == 0 && *root != Hash::empty_root() {
                    self.checked.find(|| "checkpoint 0: its root is not that of an empty ledger".to_owned());
                }
            }
            Err(why) => self.checked.find(|| format!("checkpoint {}: {why}", row.size)),
        }
    }

    /// Takes the next entry, with the texts beside it.
    pub fn entry(&mut self, index: u64, bytes: &[u8], hash: &[u8], sealed: &[StoredText]) {
        self.checked.entries += 1;
        if self.broken {
            return;
        }
        let leaf = match self.log.push(bytes) {
            Ok(leaf) => leaf,
            Err(why) => {
                // What follows can't be placed any more.
                self.broken = true;
                self.checked.find(|| format!("entry {index}: {why}"));
                return;
            }
        };
        if index != leaf.index() {
            self.checked.find(|| format!("entry {index}: it lies in the place of entry {}", leaf.index()));
        }
        if leaf.hash().as_bytes() != hash {
            self.checked.find(|| format!("entry {index}: the hash beside it isn't its hash"));
        }
        let size = self.log.size();
        if self.checkpoints.get(&size).is_some_and(|root| *root != self.log.root()) {
            self.checked
                .find(|| format!("checkpoint {size}: its root isn't that of the first {size} entries"));
        }
        for name in leaf.sealed().keys() {
            let text = sealed.iter().find(|text| text.name == *name);
            let Some(text) = text else {
                self.checked.find(|| format!("entry {index}: its text {name:?} is missing, and not erased"));
                continue;
            };
            match leaf.open(name, text.text.as_ref().map(|(salt, body)| (salt, body.as_slice()))) {
                Ok(Opened::Proven(_)) => {}
                Ok(Opened::Erased) => self.checked.erased += 1,
                Err(why) => self.checked.find(|| format!("entry {index}: {why}")),
            }
        }
        for text in sealed.iter().filter(|text| !leaf.sealed().contains_key(&text.name)) {
            self.checked.find(|| format!("entry {index}: it has no text {:?}", text.name));
        }
        if let Some(state) = leaf.state() {
            self.state(index, state);
        }
    }

    fn state(&mut self, index: u64, state: &StateRef) {
        let id = RecordId::new(&state.kind, &state.key);
        let before = self.states.get(&id).map_or(0, |(state, _)| state.version);
        if state.version != before + 1 {
            self.checked.find(|| {
                format!(
                    "entry {index}: it makes version {} of the {} {:?}, after version {before}",
                    state.version, state.kind, state.key
                )
            });
        }
        self.recorded_kinds.insert(state.kind.clone());
        self.states.insert(id, (state.clone(), index));
    }

    /// Takes a record.
    pub fn record(&mut self, record: &Record) {
        self.checked.records += 1;
        let name = || format!("the {} {:?}", record.kind, record.key);
        let Some(entry) = record.entry else {
            if self.recorded_kinds.contains(&record.kind) {
                self.checked.find(|| format!("{}: its kind is recorded, but it has no entry", name()));
            }
            return;
        };
        match self.states.remove(&RecordId::new(&record.kind, &record.key)) {
            None => self.checked.find(|| format!("{}: no entry made it", name())),
            Some((state, index)) if index != entry || state.version != record.version => {
                self.checked.find(|| {
                    format!(
                        "{}: it is at version {} by entry {entry}, the ledger says version {} by entry {index}",
                        name(),
                        record.version,
                        state.version
                    )
                });
            }
            Some((state, index)) if !record.is_committed_by(&state) => {
                self.checked.find(|| format!("{}: it isn't what entry {index} committed to", name()));
            }
            Some(_) => {}
        }
    }

    /// Takes an object.
    pub fn object(&mut self, digest: &[u8], bytes: &[u8]) {
        self.checked.objects += 1;
        if Digest::of(bytes).as_bytes() != digest {
            let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            self.checked.find(|| format!("object {name}: its bytes have another hash"));
        }
    }

    /// Notes a finding that the store itself made.
    pub fn find(&mut self, what: String) {
        self.checked.find(|| what);
    }

    /// Ends the check. `newest` is what the store gives out as the newest checkpoint.
    #[must_use]
    pub fn finish(mut self, newest: Option<&StoredCheckpoint>) -> Checked {
        let size = self.log.size();
        if !self.broken {
            match newest {
                None => self.checked.find(|| "there is no checkpoint".to_owned()),
                Some(row) if row.size != size => self.checked.find(|| {
                    format!("the newest checkpoint is over {} entries, and there are {size}", row.size)
                }),
                Some(_) => {}
            }
            let mut gone: Vec<_> = self.states.into_values().map(|(state, index)| (index, state)).collect();
            gone.sort_unstable_by_key(|(index, _)| *index);
            for (index, state) in gone {
                self.checked.find(|| {
                    format!("the {} {:?}: entry {index} made it, and it is gone", state.kind, state.key)
                });
            }
        }
        self.checked
    }
}
