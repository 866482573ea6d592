//! Who somebody is and which roles they have, read for one decision: groups on Gerrit, live sessions, proven links.

mod groups;
mod links;
mod view;
mod why;
mod workloads;

use std::{collections::BTreeSet, sync::Arc};

use gate::{Case, LinkRead, Rulebook, SessionRead, StatedGroups};
use identity::{Groups, RelyingParty, Session, SessionRecord, Sessions};
use model::PersonKey;
use store::{Commit, Expect, Transition};

pub(crate) use groups::{GroupsFound, group_troubles};
pub(crate) use links::KeptLink;

use crate::{
    EngineError,
    engine::Engine,
    gerrits::{GerritServer, Synced},
    read::{About, Examined, Known},
};

/// What a provider said longer ago than this is asked for again before a decision, in milliseconds: many decisions at once ask
/// once.
const ASK_MS: i64 = 1_000;

/// Where people sign in: what the provider says of them fills roles.
#[derive(Clone)]
pub struct SignedIn {
    /// Their sessions.
    pub sessions: Arc<Sessions>,
    /// The provider.
    pub party: Arc<RelyingParty>,
}

impl Engine {
    /// Reads and judges a case, with who the people are that it names.
    ///
    /// # Errors
    /// [`EngineError`]: it can't be said now.
    pub(crate) async fn examine(
        &self,
        server: &GerritServer,
        mut about: About,
        known: Known,
        synced: Synced,
        rulebooks: &[&Rulebook],
    ) -> Result<Examined, EngineError> {
        let wanted = rulebooks.iter().flat_map(|rulebook| rulebook.groups_wanted(&about.matter)).collect();
        about.groups = self.read_groups(wanted).await?;
        let mut examined = self.reader(server).examine(&about, known, synced).await?;
        self.name_people(&mut examined, rulebooks).await?;
        Ok(examined)
    }

    /// Adds to a case what links and roles rest on, as far as it bears on those whom its question names.
    async fn name_people(&self, examined: &mut Examined, rulebooks: &[&Rulebook]) -> Result<(), EngineError> {
        let Examined { case, evidence, .. } = examined;
        case.links = self.links_read().await?;
        let named = gate::narrow(case, evidence, rulebooks, self.clock.now())?;
        if rulebooks.iter().any(|rulebook| rulebook.asks_provider(&case.matter)) {
            case.sessions = self.sessions_of(case, rulebooks, &named).await?;
            // What is too old fills no role anyway, and doesn't make the rest old.
            let now = self.clock.now();
            let fresh = case.sessions.iter().filter(|session| session.is_fresh(now));
            case.read_at = fresh.map(|session| session.asked_at).fold(case.read_at, Ord::min);
        }
        Ok(())
    }

    /// What the provider says of some persons.
    async fn sessions_of(
        &self,
        case: &Case,
        rulebooks: &[&Rulebook],
        named: &BTreeSet<PersonKey>,
    ) -> Result<Vec<SessionRead>, EngineError> {
        let Some(SignedIn { sessions, party }) = &self.signed_in else { return Ok(Vec::new()) };
        let proven: Vec<_> = case.links.iter().map(|read| read.link.proven()).collect();
        let links: Vec<_> = rulebooks.iter().map(|r| r.configuration.links().with(&proven)).collect();
        let fits = |person: &identity::Person| {
            links.iter().any(|links| {
                let person = links.person_of_identity(person.identity()).or(person.key());
                person.is_some_and(|key| named.contains(key))
            })
        };
        let found = sessions.asked_within(party, ASK_MS, fits).await;
        let found = found.map_err(|why| EngineError::Outside(why.to_string()))?;
        Ok(found.iter().map(|session| session_read(session)).collect())
    }
}

fn session_read(session: &Session) -> SessionRead {
    let person = session.person();
    SessionRead {
        session: session.id().digest(),
        version: session.version(),
        identity: person.identity().clone(),
        key: person.key().cloned(),
        groups: match person.groups() {
            Groups::Known(groups) => StatedGroups::Known(groups.clone()),
            Groups::Overage => StatedGroups::Overage,
            Groups::Missing => StatedGroups::Missing,
        },
        asked_at: session.asked_at(),
    }
}

/// Holds a commit to the links and sessions that a case was decided on: who is revoked or signed out at this very moment no
/// longer counts (I12).
///
/// # Errors
/// None in practice.
pub(crate) fn require_people(commit: &mut Commit, case: &Case) -> Result<(), EngineError> {
    for LinkRead { link, version } in &case.links {
        let key = KeptLink::key_of(&link.challenge.account());
        commit.push(Transition::require::<KeptLink>(Expect::Version(*version), &key)?);
    }
    for SessionRead { session, version, .. } in &case.sessions {
        let key = session.to_string();
        commit.push(Transition::require::<SessionRecord>(Expect::Version(*version), &key)?);
    }
    Ok(())
}
