//! The words of Exequatur as types.
//!
//! Values only: nothing here reads a clock, a file or a network. What came from outside becomes one of these types by
//! parsing, with a limit, or not at all; what holds one need not check it again.

mod canonical;
mod decision;
mod hash;
mod name;
mod outcome;
mod people;
mod plan;
mod request;
mod run;
mod submission;
mod text;
mod time;

pub use canonical::{Canonical, NotCanonical, from_canonical, to_canonical};
pub use decision::{Answer, Decision, Need, Reason};
pub use hash::{Digest, Revision, WrongHash};
pub use name::{
    ChangeId, DecisionId, EnvironmentName, GrantId, KeyId, OperationName, OutcomeId, PersonKey, Project,
    RefName, RequestId, RoleName, RunId, ServerName, StepId, SubmissionId, TargetName, WrongName,
};
pub use outcome::{Outcome, OutcomeKey, OutcomeState};
pub use people::{Account, AccountId, Identity};
pub use plan::{
    Action, Exec, Gerrit, Http, HttpExpect, Method, Mode, OnFailure, Plan, PlannedStep, Program,
    RequestedPlan, Target, TriggeredBy,
};
pub use request::{Justification, Request, Requester, RequesterKind, WrongJustification};
pub use run::{Run, RunResult, RunState, Step, StepResult, StepState, WrongState};
pub use submission::{ChangeKey, ChangeNumber, Submission};
pub use text::{hidden_character, is_hidden};
pub use time::{Clock, Entropy, OsEntropy, SystemClock, Timestamp, WrongTime};
