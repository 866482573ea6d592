//! The story: what happens in the demo, and what must happen in the tests, through the same public interfaces.

mod play;
mod wait;

pub use play::{Play, Refusal, Rollout};
pub use wait::until;
