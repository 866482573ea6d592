//! A tree that was checked.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    EnvironmentName, KeyId, OperationName, PersonKey, Project, RefName, Revision, RoleName, ServerName,
    Target, TargetName,
};

use crate::{Calendar, Links, Operation, Report, Roles, Tree};

/// Everything that the operations project says at one commit, checked.
#[derive(Clone, Debug)]
pub struct Configuration {
    pub(crate) tree: Tree,
    pub(crate) operations: BTreeMap<OperationName, Operation>,
    pub(crate) links: Links,
    pub(crate) roles: Roles,
    pub(crate) targets: BTreeMap<TargetName, Vec<Target>>,
    pub(crate) builders: BTreeMap<String, Builder>,
    pub(crate) calendar: Calendar,
    pub(crate) baselines: Vec<Baseline>,
    pub(crate) requests: Option<RequestsAt>,
    pub(crate) workloads: Vec<Workload>,
    pub(crate) examples: Vec<Example>,
}

/// `policies/tests/NAME.yaml`: a question to the policies, and the answer that it has to have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Example {
    /// The file.
    pub file: String,
    /// What it shows.
    pub name: String,
    /// The operation and environment; none: whether a commit of the operations project may be accepted.
    pub run: Option<(OperationName, EnvironmentName)>,
    /// Who contributed.
    pub contributors: BTreeSet<PersonKey>,
    /// Who approved.
    pub approvers: BTreeSet<PersonKey>,
    /// Who consented, present.
    pub consents: BTreeSet<PersonKey>,
    /// Who asked.
    pub requester: Option<PersonKey>,
    /// Who submitted.
    pub submitter: Option<PersonKey>,
    /// Roles beside those that `roles.yaml` lists.
    pub roles: BTreeMap<PersonKey, BTreeSet<RoleName>>,
    /// Findings, freezes, drift and holds, by their names.
    pub findings: BTreeSet<String>,
    /// Freezes in force.
    pub freezes: BTreeSet<String>,
    /// Targets that drifted.
    pub drift: BTreeSet<String>,
    /// Holds.
    pub holds: BTreeSet<String>,
    /// How old the facts are, in seconds.
    pub facts_age_s: u32,
    /// Whether it has to be allowed.
    pub allow: bool,
    /// The reasons that it has to have; none: whichever.
    pub reasons: Option<BTreeSet<String>>,
}

/// `workloads.yaml`: who is let in by a token of their platform.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Workload {
    /// The rule's name.
    pub name: String,
    /// The issuer, byte for byte.
    pub issuer: String,
    /// The one audience that the token is for.
    pub audience: String,
    /// Whether it is an agent, else it is a service.
    pub is_agent: bool,
    /// What has to hold of the token; all of it, and at least one thing.
    pub when: Vec<Claim>,
}

/// A condition on a claim of a token.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Claim {
    /// The claim, by its path.
    pub path: Vec<String>,
    /// How it has to be.
    pub is: ClaimIs,
}

/// How a claim has to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClaimIs {
    /// This text.
    Equals(String),
    /// One of these texts.
    OneOf(Vec<String>),
    /// Begins so; it ends in `:` or `/`.
    Begins(String),
}

/// `requests.yaml`: where requests become changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestsAt {
    /// The server.
    pub server: ServerName,
    /// The project: there lies nothing else.
    pub project: Project,
    /// The branch, in full.
    pub branch: RefName,
}

/// Who builds artifacts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Builder {
    /// The key that signs its statements.
    pub key: KeyId,
}

/// A base asserted by a reviewed line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Baseline {
    /// The operation.
    pub operation: OperationName,
    /// The environment.
    pub environment: EnvironmentName,
    /// The server.
    pub server: ServerName,
    /// The project.
    pub project: Project,
    /// The branch, in full.
    pub branch: RefName,
    /// The revision up to which everything is accepted.
    pub revision: Revision,
    /// Why.
    pub reason: String,
}

impl Configuration {
    /// Checks a tree.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(tree: &Tree) -> Result<Self, Report> {
        let (configuration, report) = crate::check(tree);
        configuration.ok_or(report)
    }

    /// The files it came from: the executor unpacks programs from here, by the plan's hashes.
    #[must_use]
    pub const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The operation of that name.
    #[must_use]
    pub fn operation(&self, name: &OperationName) -> Option<&Operation> {
        self.operations.get(name)
    }

    /// All operations, by name.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values()
    }

    /// The team's policy files, path and text, by path.
    pub fn policies(&self) -> impl Iterator<Item = (&str, &str)> {
        // check refused what isn't UTF-8
        self.tree
            .inside("policies/", ".cedar")
            .filter_map(|(path, bytes)| Some((path, std::str::from_utf8(bytes).ok()?)))
    }

    /// Whose accounts are whose.
    #[must_use]
    pub const fn links(&self) -> &Links {
        &self.links
    }

    /// Who has which role.
    #[must_use]
    pub const fn roles(&self) -> &Roles {
        &self.roles
    }

    /// The targets of a set, in order.
    #[must_use]
    pub fn targets(&self, set: &TargetName) -> Option<&[Target]> {
        self.targets.get(set).map(Vec::as_slice)
    }

    /// Who builds artifacts, by name.
    #[must_use]
    pub const fn builders(&self) -> &BTreeMap<String, Builder> {
        &self.builders
    }

    /// When nothing runs.
    #[must_use]
    pub const fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The asserted bases; one at most for each operation, environment, server, project and branch.
    #[must_use]
    pub fn baselines(&self) -> &[Baseline] {
        &self.baselines
    }

    /// The team's own examples of what policies have to answer, by file.
    #[must_use]
    pub fn examples(&self) -> &[Example] {
        &self.examples
    }

    /// Services and agents that are let in.
    #[must_use]
    pub fn workloads(&self) -> &[Workload] {
        &self.workloads
    }

    /// Where requests become changes; none: nobody can ask for anything.
    #[must_use]
    pub const fn requests(&self) -> Option<&RequestsAt> {
        self.requests.as_ref()
    }

    /// The asserted base of an operation in an environment for a branch.
    #[must_use]
    pub fn baseline(
        &self,
        operation: &OperationName,
        environment: &EnvironmentName,
        server: &ServerName,
        project: &Project,
        branch: &RefName,
    ) -> Option<&Baseline> {
        self.baselines.iter().find(|b| {
            b.operation == *operation
                && b.environment == *environment
                && b.server == *server
                && b.project == *project
                && b.branch == *branch
        })
    }
}
