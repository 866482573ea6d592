//! What is written in one transaction, and what is known afterwards.

use std::ops::Range;
use std::sync::Arc;

use ledger::Hash;
use model::Digest;

use crate::{Act, Invalid, Transition, limits};

/// Bytes that are kept under their own SHA-256: raw evidence, signed results, files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Object {
    digest: Digest,
    bytes: Vec<u8>,
}

impl Object {
    /// These bytes.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { digest: Digest::of(&bytes), bytes }
    }

    /// Their SHA-256.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Transitions and objects that become durable together or not at all. Transitions apply in order: a later one sees
/// what an earlier one wrote.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    transitions: Vec<Transition>,
    objects: Vec<Object>,
}

impl Commit {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a transition.
    #[must_use]
    pub fn with(mut self, transition: Transition) -> Self {
        self.transitions.push(transition);
        self
    }

    /// Adds a transition.
    pub fn push(&mut self, transition: Transition) {
        self.transitions.push(transition);
    }

    /// Adds an object and says under which digest it will be found. Idempotent: the same bytes are kept once.
    pub fn object(&mut self, bytes: Vec<u8>) -> Digest {
        let object = Object::new(bytes);
        let digest = object.digest;
        if !self.objects.contains(&object) {
            self.objects.push(object);
        }
        digest
    }

    /// The transitions, in order.
    #[must_use]
    pub fn transitions(&self) -> &[Transition] {
        &self.transitions
    }

    /// The objects.
    #[must_use]
    pub fn objects(&self) -> &[Object] {
        &self.objects
    }

    /// Transitions and objects, given away.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Transition>, Vec<Object>) {
        (self.transitions, self.objects)
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.transitions.is_empty() && self.objects.is_empty()
    }

    /// The bytes of bodies and objects.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let bodies = self.transitions.iter().map(|t| match t.act() {
            Act::Record(_, record, _) | Act::Note(_, record) => record.body.len(),
            Act::Forget(..) | Act::Require(..) | Act::Entry(_) | Act::Erase(..) => 0,
        });
        bodies.sum::<usize>() + self.objects.iter().map(|o| o.bytes.len()).sum::<usize>()
    }

    /// What a store checks before it takes a commit.
    ///
    /// # Errors
    /// [`Invalid`] when it is over a limit of [`limits`].
    pub fn check(&self) -> Result<(), Invalid> {
        let over = |what, len, limit| Err(Invalid::TooMuch { what, len, limit });
        if self.transitions.len() > limits::TRANSITIONS {
            return over("transitions", self.transitions.len(), limits::TRANSITIONS);
        }
        if self.objects.len() > limits::OBJECTS {
            return over("objects", self.objects.len(), limits::OBJECTS);
        }
        if let Some(object) = self.objects.iter().find(|o| o.bytes.len() > limits::OBJECT_BYTES) {
            return over("bytes in an object", object.bytes.len(), limits::OBJECT_BYTES);
        }
        if self.bytes() > limits::COMMIT_BYTES {
            return over("bytes", self.bytes(), limits::COMMIT_BYTES);
        }
        for transition in &self.transitions {
            if let Act::Record(_, record, _) | Act::Note(_, record) = transition.act() {
                limits::check(record)?;
            }
        }
        Ok(())
    }
}

impl From<Vec<Transition>> for Commit {
    fn from(transitions: Vec<Transition>) -> Self {
        Self { transitions, objects: vec![] }
    }
}

/// What is known once a commit is durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Receipt {
    /// The entries, in the order of the transitions that carry one; empty if none does.
    pub entries: Range<u64>,
    /// The signed checkpoint that all of them are under; for a commit without entries the newest one.
    pub checkpoint: Arc<StoredCheckpoint>,
    /// For each transition the version that its record has now; none where it wrote no record.
    pub versions: Vec<Option<u64>>,
}

/// A signed checkpoint of the ledger.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredCheckpoint {
    /// How many entries it is over.
    pub size: u64,
    /// The root hash of the tree over them.
    pub root: Hash,
    /// The signed note (C2SP tlog-checkpoint), as text.
    pub note: String,
}
