//! The files beside the operations.

use std::collections::BTreeMap;

use model::{
    EnvironmentName, KeyId, OperationName, PersonKey, Project, Revision, RoleName, ServerName, TargetName,
};

use crate::read::{At, Decode, Entries, Kind, Node, Reader, record};

/// `roles.yaml`: roles by name.
pub(crate) type RolesFile = Entries<RoleName, RoleFile>;

record! {
    /// A role, filled from one source: exactly one of people, idp_group and gerrit_group.
    RoleFile {
        /// What it is for, in a few words.
        title: Option<At<String>>,
        /// The persons who have it, by their keys in links.yaml. Nobody is in an empty list.
        people: Option<At<Vec<At<PersonKey>>>>,
        /// Those who are in this group of the identity provider, exactly as in its tokens, have it.
        idp_group: Option<At<String>>,
        /// Those whose accounts are in this group on Gerrit have it.
        gerrit_group: Option<At<GerritGroupFile>>,
    }
}

record! {
    /// A group on a Gerrit server: its members, and those of the groups that it includes.
    GerritGroupFile {
        /// The server.
        server: At<ServerName>,
        /// The group's UUID, 40 hex digits: a name can be given to another group.
        uuid: At<String>,
    }
}

/// `links.yaml`: persons.
pub(crate) type LinksFile = Vec<PersonFile>;

record! {
    /// One human.
    PersonFile {
        /// The key by which the company names them.
        person: At<PersonKey>,
        /// How to call them.
        name: Option<At<String>>,
        /// The numbers of their accounts, by Gerrit server.
        accounts: Option<Entries<ServerName, Vec<At<u64>>>>,
        /// Their identities.
        identities: Option<Vec<At<IdentityFile>>>,
    }
}

record! {
    /// An identity as an issuer proves it.
    IdentityFile {
        /// The issuer's URL, exactly as in its tokens.
        issuer: At<String>,
        /// The subject, exactly as in its tokens.
        subject: At<String>,
    }
}

/// `targets.yaml`: sets of targets by name.
pub(crate) type TargetsFile = Entries<TargetName, At<Vec<At<TargetFile>>>>;

/// A target: its name and plain text values.
#[derive(Debug, Clone)]
pub(crate) struct TargetFile {
    pub(crate) name: At<TargetName>,
    pub(crate) values: BTreeMap<String, At<String>>,
}

impl Decode for TargetFile {
    fn decode(node: &Node, reader: &mut Reader) -> Option<Self> {
        let Kind::Map(entries) = &node.kind else {
            reader.expected(node, "a map with name, and plain text values");
            return None;
        };
        let mut name = None;
        let mut values = BTreeMap::new();
        let mut complete = true;
        for (span, key, value) in entries {
            if key == "name" {
                name = At::<TargetName>::decode(value, reader);
                complete &= name.is_some();
            } else if !crate::template::is_key(key) {
                let message =
                    format!("`{}` is no key of a target: a-z, then a-z, 0-9 and _", crate::read::short(key));
                reader.error(*span, message);
                complete = false;
            } else {
                match At::<String>::decode(value, reader) {
                    Some(value) => {
                        values.insert(key.clone(), value);
                    }
                    None => complete = false,
                }
            }
        }
        if name.is_none() && complete {
            reader.error_hint(node.span, "the target has no name", "give each target a `name`");
        }
        name.filter(|_| complete).map(|name| Self { name, values })
    }
}

impl schemars::JsonSchema for TargetFile {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TargetFile".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let name = generator.subschema_for::<At<TargetName>>();
        schemars::json_schema!({
            "description": "A target: its name and plain text values.",
            "type": "object",
            "required": ["name"],
            "properties": { "name": name },
            "additionalProperties": { "type": "string" },
        })
    }
}

/// `builders.yaml`: builders by name.
pub(crate) type BuildersFile = Entries<String, BuilderFile>;

record! {
    /// Who builds artifacts.
    BuilderFile {
        /// The key that signs its statements.
        key: At<KeyId>,
    }
}

record! {
    /// `calendar.yaml`
    CalendarFile {
        /// Times in which nothing runs.
        freezes: Vec<FreezeFile>,
    }
}

record! {
    /// A time in which nothing runs.
    FreezeFile {
        /// Its name, unique.
        name: At<String>,
        /// Its beginning: 2026-12-20T00:00:00Z.
        from: At<String>,
        /// Its end, exclusive.
        until: At<String>,
        /// Only these operations. Default: all.
        operations: Option<At<Vec<At<OperationName>>>>,
        /// Only these environments. Default: all.
        environments: Option<At<Vec<At<EnvironmentName>>>>,
        /// Why, to the person who waits.
        reason: At<String>,
    }
}

/// `baselines.yaml`: asserted bases.
pub(crate) type BaselinesFile = Vec<BaselineFile>;

record! {
    /// A base asserted by a reviewed line.
    BaselineFile {
        /// The operation.
        operation: At<OperationName>,
        /// The environment.
        environment: At<EnvironmentName>,
        /// The server.
        server: At<ServerName>,
        /// The project.
        project: At<Project>,
        /// The branch: `main`, or in full.
        branch: At<String>,
        /// The revision up to which everything is accepted.
        revision: At<Revision>,
        /// Why, and which unreviewed commits this accepts.
        reason: At<String>,
    }
}

record! {
    /// `requests.yaml`: where requests become changes.
    RequestsFile {
        /// The server.
        server: At<ServerName>,
        /// The project: there lies nothing else, and only our writer makes changes there.
        project: At<Project>,
        /// The branch: `main`, or in full. Default: main.
        branch: Option<At<String>>,
    }
}

/// `workloads.yaml`: services and agents by the name of the rule that lets them in.
pub(crate) type WorkloadsFile = Entries<String, WorkloadFile>;

record! {
    /// Who is let in without a person: by the OIDC token that their platform gives them. They may read and ask, never approve.
    WorkloadFile {
        /// The issuer's URL, exactly as in its tokens.
        issuer: At<String>,
        /// The one audience that the token is for: this installation.
        audience: At<String>,
        /// A service does what it was written to do; an agent decides by itself what to do next.
        kind: WorkloadKind,
        /// What has to hold of the token; all of it.
        when: At<Vec<At<ClaimFile>>>,
    }
}

crate::read::words! {
    /// A service or an agent.
    WorkloadKind {
        /// A service.
        Service = "service",
        /// An agent.
        Agent = "agent",
    }
}

record! {
    /// A condition on a claim: exactly one of equals, one_of and begins.
    ClaimFile {
        /// The claim, by its path: [sub], or [kubernetes.io, serviceaccount, name].
        claim: At<Vec<At<String>>>,
        /// It is this text.
        equals: Option<At<String>>,
        /// It is one of these.
        one_of: Option<At<Vec<At<String>>>>,
        /// It begins so, and that ends in `:` or `/`.
        begins: Option<At<String>>,
    }
}

/// `policies/tests/NAME.yaml`: what policies have to answer.
pub(crate) type ExamplesFile = Vec<ExampleFile>;

record! {
    /// One question to the policies, with the answer that it has to have. What isn't said is fine: one change, reviewed, of a range
    /// that is fresh.
    ExampleFile {
        /// What it shows.
        name: At<String>,
        /// The operation; without it the question is whether a commit of the operations project may be accepted.
        operation: Option<At<OperationName>>,
        /// The environment of the operation.
        environment: Option<At<EnvironmentName>>,
        /// Who contributed to the change.
        contributors: Option<Vec<At<PersonKey>>>,
        /// Whose approval of it counts.
        approvers: Option<Vec<At<PersonKey>>>,
        /// Who consented to the plan, present.
        consents: Option<Vec<At<PersonKey>>>,
        /// Who asked, where it is a request.
        requester: Option<At<PersonKey>>,
        /// Who pressed Submit.
        submitter: Option<At<PersonKey>>,
        /// Roles that somebody has beside those that roles.yaml lists: as if a group filled them.
        roles: Option<Entries<String, Vec<At<RoleName>>>>,
        /// Codes of findings.
        findings: Option<Vec<At<String>>>,
        /// Names of freezes in force.
        freezes: Option<Vec<At<String>>>,
        /// Targets that don't run what our record says.
        drift: Option<Vec<At<String>>>,
        /// Names of holds.
        holds: Option<Vec<At<String>>>,
        /// How old the facts are, in seconds. Default: 1.
        facts_age_s: Option<At<u32>>,
        /// The answer.
        expect: Expected,
        /// Codes of the reasons, all of them, where it is a deny. Left out: whichever.
        reasons: Option<Vec<At<String>>>,
    }
}

crate::read::words! {
    /// Yes or no.
    Expected {
        /// Yes.
        Allow = "allow",
        /// No.
        Deny = "deny",
    }
}

crate::read::derived!(
    ClaimFile,
    Vec<At<ClaimFile>>,
    GerritGroupFile,
    IdentityFile,
    TargetFile,
    Vec<At<PersonKey>>,
    Vec<At<TargetFile>>,
    Vec<At<OperationName>>,
    Vec<At<EnvironmentName>>,
);
