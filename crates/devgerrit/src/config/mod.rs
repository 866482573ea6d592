//! `refs/meta/config`: the text format, what it means, and what a new site begins with.

pub(crate) mod defaults;
pub(crate) mod groups_file;
pub(crate) mod project;
pub(crate) mod text;

pub(crate) use project::{Action, Label, ProjectConfig, Requirement, Rule};
pub(crate) use text::ConfigText;
