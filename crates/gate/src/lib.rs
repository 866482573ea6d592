//! The gate: joins evidence, people, plan and policy into a decision; pure, so that it can be done again offline.
//!
//! A [`Case`] is all that was read for one decision: ids of git objects, digests of REST answers, the accepted
//! configuration. [`examine`] judges it into a [`CaseEvidence`]; [`decide`] asks the policies of the [`Rulebook`] in
//! force. Who runs them again over the same objects gets the same bytes: that is what a bundle rests on.
//!
//! Nothing here reads a clock, a store or a network, and there is no other place that says yes (I1).

mod case;
mod consent;
mod decide;
mod error;
mod evidence;
mod examples;
mod groups;
mod link;
mod live;
mod matrix;
mod passkey;
mod question;
mod request;
mod roles;
mod rulebook;

pub use case::{Case, ChangeRead, Matter, Rules, RunMatter};
pub use consent::{MOST_CONSENTS, may_consent, person_of};
pub use decide::{Judgement, decide, plan};
pub use error::CaseError;
pub use evidence::{CaseEvidence, examine};
pub use examples::Shown;
pub use groups::{GerritGroupsRead, GroupEvidence, GroupTrouble, GroupsRead, examine as examine_groups};
pub use link::{Challenge, Link, LinkRead, LinkRefusal};
pub use live::{Answers, Detail, live_facts, object_id, revision};
pub use passkey::PasskeyRead;
pub use question::{defined, question};
pub use request::{RequestEvidence, RequestMatter, unknown_request};
pub use roles::{SessionRead, StatedGroups, narrow, standing};
pub use rulebook::{Rulebook, RulebookError, read_tree};
