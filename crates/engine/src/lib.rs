//! The path: intake, reading, deciding, running, reporting; and the reconcilers.

mod bundle;
mod configuration;
mod consents;
mod engine;
mod entries;
mod error;
mod gerrits;
mod history;
mod inbox;
mod intake;
mod kept;
mod lane;
mod lanes;
mod line;
mod live;
mod look;
mod passkeys;
mod people;
mod place;
mod read;
mod report;
mod requests;
mod runs;
pub mod surface;
mod views;

pub use engine::{Engine, EngineConfig, OperationsAt};
pub use error::EngineError;
pub use gerrits::{GerritConfig, GerritServer};
pub use people::SignedIn;
pub use report::Marker;
