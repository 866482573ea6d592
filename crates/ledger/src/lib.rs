//! An append-only, tamper-evident log in C2SP formats, usable alone: no network, no database, no clock and no
//! randomness of its own.
//!
//! - [`Draft`] is what a writer says; [`Draft::seal`] turns it into a [`Leaf`] (canonical JSON, `docs/LEDGER.md`) and
//!   the erasable [`Sealed`] texts that lie beside the log.
//! - [`Frontier`] appends leaf hashes (RFC 6962) and knows the root; [`Tree`] keeps every node, in memory.
//! - [`InclusionProof`] and [`ConsistencyProof`] are made from any [`Nodes`] and verified without one.
//! - [`Checkpoint`] is signed by a [`LogSigner`] and opened with a [`VerifierKey`] (c2sp.org/tlog-checkpoint,
//!   c2sp.org/signed-note); witnesses add a [`Cosignature`] (c2sp.org/tlog-cosignature).
//! - [`LogCheck`] and [`verify_log`] check a whole log; [`TlogProof`] is one entry's proof in a file
//!   (c2sp.org/tlog-proof); [`tile`] has the paths and bytes of c2sp.org/tlog-tiles.

mod check;
mod checkpoint;
pub mod commitment;
mod cosignature;
mod draft;
mod error;
mod fact;
mod frontier;
mod hash;
mod key;
mod leaf;
mod name;
mod note;
mod proof;
pub mod tile;
mod time;
mod tlog_proof;
mod tree;

pub use check::{LogCheck, VerifiedLog, verify_log};
pub use checkpoint::{Checkpoint, MAX_NOTE_BYTES, SignedCheckpoint};
pub use commitment::{Commitment, Purpose, Salt, Salts};
pub use cosignature::{Cosignature, CosignerKey, CosignerSigner};
pub use draft::{Draft, MAX_BODY_BYTES, Sealed};
pub use error::Error;
pub use fact::{Fact, MAX_INTEGER};
pub use frontier::{Frontier, NodeId};
pub use hash::{Hash, leaf_hash, node_hash};
pub use key::{LogSigner, VerifierKey};
pub use leaf::{Leaf, MAX_LEAF_BYTES, Opened, StateRef};
pub use name::{Origin, is_kind};
pub use proof::{ConsistencyProof, InclusionProof, Nodes};
pub use time::Time;
pub use tlog_proof::TlogProof;
pub use tree::Tree;
