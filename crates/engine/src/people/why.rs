//! What somebody may do, and why: their accounts and identities, their roles, and what an operation asks for.

use std::collections::BTreeSet;

use gate::{Rulebook, SessionRead};
use model::{EnvironmentName, OperationName, PersonKey};
use operations::Links;

use super::{SignedIn, session_read};
use crate::{
    engine::Engine,
    surface::{AccessView, Deed, RoleView, SurfaceError},
};

impl Engine {
    /// What somebody may do now, and why, or why not.
    ///
    /// # Errors
    /// [`SurfaceError`]: there is no such operation, or something can't be asked now.
    pub(crate) async fn access_of(
        &self,
        person: &PersonKey,
        deed: Deed,
        on: Option<(OperationName, EnvironmentName)>,
    ) -> Result<AccessView, SurfaceError> {
        let accepted = self.accepted.load_full();
        let rulebook = &*accepted.rulebook;
        let proven: Vec<_> = self.links_read().await?.iter().map(|read| read.link.proven()).collect();
        let links = rulebook.configuration.links().with(&proven);
        let roles = self.roles_of(rulebook, &links, person).await?;
        let known = links.person(person);
        let mut view = AccessView {
            schema: AccessView::SCHEMA,
            person: person.clone(),
            accounts: known.map(|p| p.accounts.iter().cloned().collect()).unwrap_or_default(),
            identities: known.map(|p| p.identities.iter().cloned().collect()).unwrap_or_default(),
            roles,
            deed,
            on: on.as_ref().map(|(operation, environment)| format!("{operation}/{environment}")),
            may: false,
            because: Vec::new(),
        };
        let on = on.as_ref().map(|(operation, environment)| (operation, environment));
        answer(rulebook, &self.operations.server, on, &mut view)?;
        Ok(view)
    }

    /// Whose an identity is: by the links, else by the key that the provider says.
    ///
    /// # Errors
    /// [`SurfaceError::Unavailable`]
    pub(crate) async fn person_of_identity(
        &self,
        identity: &model::Identity,
        key: Option<&PersonKey>,
    ) -> Result<Option<PersonKey>, SurfaceError> {
        let proven: Vec<_> = self.links_read().await?.iter().map(|read| read.link.proven()).collect();
        let accepted = self.accepted.load();
        let links = accepted.rulebook.configuration.links().with(&proven);
        Ok(links.person_of_identity(identity).or(key).cloned())
    }

    async fn roles_of(
        &self,
        rulebook: &Rulebook,
        links: &Links,
        person: &PersonKey,
    ) -> Result<Vec<RoleView>, SurfaceError> {
        let groups = self.read_groups(rulebook.groups()).await.map_err(crate::views::asked)?;
        let groups = gate::examine_groups(&groups.read, &groups.answers)
            .map_err(|why| crate::views::asked(why.into()))?;
        let mut sessions: Vec<SessionRead> = Vec::new();
        if let Some(SignedIn { sessions: all, party }) = &self.signed_in {
            let fits = |who: &identity::Person| {
                links.person_of_identity(who.identity()).or(who.key()) == Some(person)
            };
            let found = all.asked_within(party, super::ASK_MS, fits).await;
            let found = found.map_err(|why| SurfaceError::Unavailable(why.to_string()))?;
            sessions = found.iter().map(|session| session_read(session)).collect();
        }
        let standing = gate::standing(rulebook, links, &groups, &sessions, person, self.clock.now());
        Ok(standing.into_iter().map(|(role, (has, why))| RoleView { role, has, why }).collect())
    }
}

/// Fills in whether, and why.
fn answer(
    rulebook: &Rulebook,
    operations_at: &model::ServerName,
    on: Option<(&OperationName, &EnvironmentName)>,
    view: &mut AccessView,
) -> Result<(), SurfaceError> {
    let asked = |text: String| SurfaceError::Asked(text);
    let linked =
        |server: &model::ServerName, view: &AccessView| view.accounts.iter().any(|a| a.server == *server);
    let link = |server: &model::ServerName| {
        format!(
            "no account of theirs on Gerrit {server} is linked: `exq link`, or a reviewed change to links.yaml"
        )
    };
    let Some((name, environment)) = on else {
        match view.deed {
            Deed::Review => {
                view.may = linked(operations_at, view);
                view.because.push(if view.may {
                    "a vote of theirs on a change of the operations project counts, if they didn't contribute to it".to_owned()
                } else {
                    link(operations_at)
                });
            }
            Deed::Ask | Deed::Approve => {
                view.because.push("that is done to an operation in an environment".to_owned())
            }
            Deed::Run => view.because.push(GATE.to_owned()),
        }
        return Ok(());
    };
    let configuration = &rulebook.configuration;
    let operation = configuration.operation(name);
    let operation = operation.ok_or_else(|| asked(format!("there is no operation {name}")))?;
    let defined = operation.environment(environment);
    let defined = defined.ok_or_else(|| asked(format!("{name} has no environment {environment}")))?;
    let trigger = operation.trigger.as_ref();
    match view.deed {
        Deed::Ask => {
            view.may = trigger.is_none() && configuration.requests().is_some();
            view.because.push(match trigger {
                Some(trigger) => format!(
                    "what is merged into {} {} sets it off, and nobody asks for it",
                    trigger.project, trigger.branch
                ),
                None if view.may => "whoever signs in and may read may ask for it".to_owned(),
                None => "the operations project has no requests.yaml".to_owned(),
            });
        }
        Deed::Review => {
            let server = trigger.map(|t| &t.server).or_else(|| configuration.requests().map(|at| &at.server));
            view.may = server.is_some_and(|server| linked(server, view));
            view.because.push(match server {
                Some(_) if view.may => {
                    "a vote of theirs counts, if they neither contributed nor asked".to_owned()
                }
                Some(server) => link(server),
                None => "the operations project has no requests.yaml".to_owned(),
            });
            let named: BTreeSet<_> =
                view.roles.iter().filter(|role| rulebook.policies.name_role(&role.role)).collect();
            view.because.extend(named.into_iter().map(|role| {
                let has = if role.has { "has" } else { "hasn't" };
                format!("policies ask for the role {}, which {} {has}: {}", role.role, view.person, role.why)
            }));
        }
        Deed::Approve => match &defined.approve {
            None => view.because.push(format!("{name} asks for no approval of its plan in {environment}")),
            Some(approve) => {
                let role = view.roles.iter().find(|role| role.role == approve.role);
                view.may = role.is_some_and(|role| role.has);
                let present = if approve.present { ", being present" } else { "" };
                view.because.push(match role {
                    Some(role) if role.has => {
                        format!("they have the role {} ({}): they consent to the plan{present}, if they neither contributed nor asked", role.role, role.why)
                    }
                    Some(role) => format!("it takes the role {}: {}", role.role, role.why),
                    None => format!("it takes the role {}, which nothing fills", approve.role),
                });
            }
        },
        Deed::Run => view.because.push(GATE.to_owned()),
    }
    Ok(())
}

const GATE: &str = "nobody runs anything: the gate grants what was reviewed, and an executor acts on that";
