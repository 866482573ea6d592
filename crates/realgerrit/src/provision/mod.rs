//! Who and what is on a server: a value, and how it is put there over REST.

mod apply;
mod standard;

/// All that is put on a server. Applying it twice does no harm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct World {
    /// People and service accounts.
    pub people: Vec<Person>,
    /// Groups.
    pub groups: Vec<Group>,
    /// Projects.
    pub projects: Vec<Project>,
    /// Labels.
    pub labels: Vec<Label>,
    /// Submit requirements.
    pub requirements: Vec<Requirement>,
    /// Rights.
    pub rights: Vec<Right>,
}

/// An account. Its password is [`password`] of its user name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The user name.
    pub username: String,
    /// The full name.
    pub name: String,
    /// The preferred address.
    pub email: String,
    /// Other addresses, confirmed.
    pub other_emails: Vec<String>,
    /// True: member of `Service Users`.
    pub service_user: bool,
}

/// A group that all can see. It never owns itself: then each member could add members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The name.
    pub name: String,
    /// User names of its members.
    pub members: Vec<String>,
    /// The name of the group that owns it.
    pub owner: String,
}

/// A project with a `main` branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// The name.
    pub name: String,
    /// `MERGE_IF_NECESSARY`, `REBASE_ALWAYS`, …
    pub submit_type: String,
}

/// A label of All-Projects that never copies votes and, by itself, blocks nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The name.
    pub name: String,
    /// Values and what they mean.
    pub values: Vec<(i32, String)>,
}

/// A submit requirement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The project.
    pub project: String,
    /// The name.
    pub name: String,
    /// When it is satisfied.
    pub submittability: String,
    /// When it is passed all the same.
    pub override_when: Option<String>,
}

/// One rule of a project's access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Right {
    /// The project.
    pub project: String,
    /// A ref pattern, or `GLOBAL_CAPABILITIES`.
    pub reference: String,
    /// `read`, `submit`, `label-Code-Review`, …
    pub permission: String,
    /// The name of a group.
    pub group: String,
    /// What the rule says.
    pub rule: Rule,
    /// True: the rules of parents and of wider patterns for this permission don't hold here.
    pub exclusive: bool,
}

/// What a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Allowed.
    Allow,
    /// Allowed, with these votes.
    Votes(i32, i32),
    /// Forbidden, whatever else allows it.
    Block,
    /// These votes and those beyond them forbidden.
    BlockVotes(i32, i32),
}

/// The password of a provisioned account.
#[must_use]
pub fn password(username: &str) -> String {
    format!("{username}-pw")
}
