//! One situation for each row of the tables of `docs/EVIDENCE.md` that a server can be brought into, each with a near
//! miss: what has the property, and what nearly has it.

pub mod contributors;
pub mod findings;
pub mod ranges;
pub mod requirements;
pub mod standing;
pub mod strategies;
