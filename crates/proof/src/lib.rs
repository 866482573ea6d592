//! Bundles, and the verifier that trusts nobody.
//!
//! A [`Bundle`] is one file that proves one run (`docs/BUNDLE.md`). [`verify`] needs it and the ledger's public key, and
//! nothing else: it checks every entry's inclusion under the signed checkpoint, derives the evidence again from Gerrit's raw
//! objects, asks the policies again, and checks plan, grant and step reports against each other.

mod bundle;
mod chain;
mod consent;
mod error;
mod git;
mod lane;
mod limits;
mod log;
mod matter;
mod objects;
mod people;
mod rederive;
mod request;
mod run;
mod states;
mod steps;
mod verify;

pub use bundle::{Bundle, BundleEntry, BundleText, MAX_BUNDLE_BYTES};
pub use error::ProofError;
pub use git::GitObjects;
pub use verify::{Verified, verify};
