//! The gate: joins evidence, people, plan and policy into a decision; pure, so that it can be done again offline.

mod case;

pub use case::{Case, ChangeRead, Matter, Rules, RunMatter};
