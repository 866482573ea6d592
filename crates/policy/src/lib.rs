//! Cedar policies over the words of Exequatur: decisions with reasons.
//!
//! The rules are Cedar's: the defaults in `policies/`, and what a team adds to them. A team's file can forbid more, and
//! permit only what no default forbids. Here is what surrounds them: the [`Question`] as a pure value that can be stored
//! and asked again offline, the schema that every policy is held to, and the way from a rule's annotations to a
//! [`model::Reason`].

mod annotation;
mod decide;
mod diagnostic;
mod facts;
mod parse;
mod question;
mod statement;

pub use decide::Verdict;
pub use diagnostic::{Diagnostic, Span};
pub use parse::{Policies, default_texts};
pub use question::{Accept, Approve, Asked, ChangeFacts, Consent, Question, RangeFacts, Run};
