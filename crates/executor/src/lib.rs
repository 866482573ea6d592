//! Verifies a grant, spends it, acts, and signs what happened.
//!
//! The order is in the types. [`Executor::verify`] is the only way to a [`Prepared`] run; its transitions spend the grant
//! and record the first intent; only the store's receipt for them makes a [`Spent`]; only a `Spent` can be driven. So no
//! step acts before its grant is spent and its intent is durable, under a signed checkpoint (I1, I4, I6).
//!
//! After a crash [`Executor::resume`] verifies the same grant again and goes on where the journal ends: a step with an
//! intent and no outcome is repeated only if it may be, and otherwise the run ends `unknown` (I7).

mod advance;
mod drive;
mod entries;
mod error;
mod files;
mod journal;
mod kept;
mod machine;
mod prepare;

pub use drive::Settle;
pub use error::ExecutorError;
pub use kept::SpentGrant;
pub use prepare::{Executor, ExecutorConfig, Prepared, Spent};
