//! Operations as code: parse, check with spans, plan.
//!
//! A [`Tree`] is the `operations` project at one commit. [`check`] makes a [`Configuration`] of it, or says everything that
//! is wrong with it, each with file, place and hint; it is what start runs and what `exq config check` prints. [`plan`]
//! resolves one operation of it to a [`model::Plan`]. Pure: nothing here reads a file, a clock or a network.

mod calendar;
mod check;
mod configuration;
mod duration;
mod file;
mod matching;
mod operation;
mod people;
mod plan;
mod problem;
mod read;
mod schema;
mod suggest;
mod template;
mod tree;

pub use calendar::{Calendar, Freeze};
pub use check::check;
pub use configuration::{Baseline, Builder, Claim, ClaimIs, Configuration, Example, RequestsAt, Workload};
pub use duration::{Millis, WrongDuration};
pub use operation::{
    Approve, Environment, ExecStep, GerritStep, HttpStep, JsonTemplate, Merged, Newer, Operation, RunProgram,
    StepDo, StepSpec, UrlTemplate,
};
pub use people::{GerritGroup, Links, Person, Proven, Role, RoleSource, Roles};
pub use plan::{Ask, PlanError, Wish, plan, requested};
pub use problem::{Problem, Report, Severity, Span};
pub use schema::{Document, schemas};
pub use template::{Place, Template, WrongTemplate};
pub use tree::{Tree, TreeError};
