//! Who has which role: from the file, from groups on Gerrit, from what the identity provider says (I5, I12).

use std::collections::{BTreeMap, BTreeSet};

use model::{Account, AccountId, Digest, Identity, Need, PersonKey, Reason, RoleName, Timestamp};
use operations::{GerritGroup, Links, RoleSource};
use serde::{Deserialize, Serialize};

use crate::{
    Case, CaseError, CaseEvidence, GroupEvidence, GroupTrouble, LinkRead, Matter, Rulebook, groups, question,
};

/// How old what a provider said may be to fill a role, in milliseconds (I12).
const FACTS_MS: i64 = 60_000;

/// What a provider said of somebody's groups. "None were sent" and "none are there" are different answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StatedGroups {
    /// These, sorted, each once.
    Known(Vec<String>),
    /// Too many to send.
    Overage,
    /// It doesn't say.
    Missing,
}

/// What a live session says of the person whose it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionRead {
    /// The session, by the hash of its token.
    pub session: Digest,
    /// The version of its record: its entry says the same of the person.
    pub version: u64,
    /// Whose it is.
    pub identity: Identity,
    /// The key by which the company names that human.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<PersonKey>,
    /// Their groups.
    pub groups: StatedGroups,
    /// When the provider last said so.
    pub asked_at: Timestamp,
}

impl SessionRead {
    /// Whose session it is, under these links: by the identity, else by the key that the provider says.
    #[must_use]
    pub fn person<'a>(&'a self, links: &'a Links) -> Option<&'a PersonKey> {
        links.person_of_identity(&self.identity).or(self.key.as_ref())
    }

    /// Whether what it says may fill a role.
    #[must_use]
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.ms_since(self.asked_at) <= FACTS_MS
    }
}

impl GroupTrouble {
    /// That it leaves a role unfilled, and who can help.
    fn reason(&self, role: &RoleName, group: &GerritGroup) -> Reason {
        Reason {
            code: self.code().to_owned(),
            text: format!("Who has the role {role} can't be said: {} on {}", self.text(), group.server),
            cure: Some(self.cure().to_owned()),
            policy: None,
            need: Need::Waits,
        }
    }
}

impl Rulebook {
    /// Every group on Gerrit that fills a role, named by a rule or not.
    #[must_use]
    pub fn groups(&self) -> BTreeSet<GerritGroup> {
        let roles = self.configuration.roles().roles();
        roles.filter_map(|(_, role)| group_of(&role.source)).cloned().collect()
    }

    /// What speaks against the groups that fill its roles, of which these were found.
    #[must_use]
    pub fn group_troubles(&self, found: &BTreeMap<String, GroupEvidence>) -> Vec<Reason> {
        let roles = self.configuration.roles().roles();
        let troubled = roles.filter_map(|(name, role)| {
            let group = group_of(&role.source)?;
            Some(found.get(&groups::key(group))?.trouble.as_ref()?.reason(name, group))
        });
        troubled.collect()
    }

    /// What fills the roles of which this rulebook speaks when it is asked about that matter: those that a policy names, and
    /// the one whose approval an environment wants. What no rule names decides nothing.
    #[must_use]
    pub fn role_sources(&self, matter: &Matter) -> BTreeMap<&RoleName, &RoleSource> {
        let asked = match matter {
            Matter::Accept => None,
            Matter::Run(run) => Some((&run.operation, &run.environment)),
            Matter::Submit(asked) => Some((&asked.request.operation, &asked.request.environment)),
        };
        let approve = asked.and_then(|(operation, environment)| {
            let environment = self.configuration.operation(operation)?.environment(environment)?;
            environment.approve.as_ref().map(|approve| &approve.role)
        });
        let named = |role: &RoleName| Some(role) == approve || self.policies.name_role(role);
        let all = self.configuration.roles().roles().filter(|(name, _)| named(name));
        all.map(|(name, role)| (name, &role.source)).collect()
    }

    /// The groups on Gerrit that have to be read for that matter.
    #[must_use]
    pub fn groups_wanted(&self, matter: &Matter) -> BTreeSet<GerritGroup> {
        self.role_sources(matter).into_values().filter_map(group_of).cloned().collect()
    }

    /// Whether for that matter it has to be known what the identity provider says of people.
    #[must_use]
    pub fn asks_provider(&self, matter: &Matter) -> bool {
        self.role_sources(matter).into_values().any(|source| matches!(source, RoleSource::IdpGroup(_)))
    }
}

const fn group_of(source: &RoleSource) -> Option<&GerritGroup> {
    match source {
        RoleSource::GerritGroup(group) => Some(group),
        RoleSource::People(_) | RoleSource::IdpGroup(_) => None,
    }
}

/// Leaves in a case only those proven links that bear on it, and gives the persons whom its question names.
///
/// # Errors
/// [`CaseError`] when no question can be asked, but for a rulebook that has no such operation any more.
pub fn narrow(
    case: &mut Case,
    evidence: &CaseEvidence,
    rulebooks: &[&Rulebook],
    now: Timestamp,
) -> Result<BTreeSet<PersonKey>, CaseError> {
    let proven = question::proven(case);
    let mut named = BTreeSet::new();
    for rulebook in rulebooks {
        match question::question(case, evidence, rulebook, None, now) {
            Ok(question) => named.extend(question.roles.into_keys()),
            Err(CaseError::Configuration { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let all: Vec<_> = rulebooks.iter().map(|rulebook| rulebook.configuration.links().with(&proven)).collect();
    let of_named = |read: &LinkRead| {
        let account = read.link.challenge.account();
        all.iter().any(|links| links.person_of(&account).is_some_and(|person| named.contains(person)))
    };
    case.links.retain(of_named);
    Ok(named)
}

/// That it isn't known whether somebody has a role.
pub(crate) struct Missing {
    /// The role.
    pub(crate) role: RoleName,
    /// Who.
    pub(crate) person: PersonKey,
    /// Why.
    pub(crate) why: Reason,
}

/// The roles of some persons, and what can't be said of them.
pub(crate) struct Roles {
    /// Each person's; of who has none, none.
    pub(crate) of: BTreeMap<PersonKey, BTreeSet<RoleName>>,
    /// Why a role isn't known at all: nothing is allowed then.
    pub(crate) unknown: Vec<Reason>,
    /// Why somebody has no role whom the provider may have in its group, by that role.
    pub(crate) missing: Vec<Missing>,
}

/// Who of these persons has which role, under one rulebook. Of those who act (approve, ask, submit) it is said why one isn't known.
///
/// # Errors
/// [`CaseError::Missing`] when the case lacks a group that fills a role.
pub(crate) fn roles(
    case: &Case,
    evidence: &CaseEvidence,
    rulebook: &Rulebook,
    links: &Links,
    persons: BTreeSet<&PersonKey>,
    acting: &BTreeSet<&PersonKey>,
    now: Timestamp,
) -> Result<Roles, CaseError> {
    let configured = rulebook.configuration.roles();
    let mut of: BTreeMap<PersonKey, BTreeSet<RoleName>> =
        persons.iter().map(|person| ((*person).clone(), configured.listed(person))).collect();
    let (mut unknown, mut missing) = (Vec::new(), Vec::new());
    let provider = Provider::new(&case.sessions, links, now);
    for (role, source) in rulebook.role_sources(&case.matter) {
        match source {
            RoleSource::People(_) => {}
            RoleSource::GerritGroup(group) => {
                let key = groups::key(group);
                let found = evidence.groups.get(&key);
                let found = found.ok_or_else(|| CaseError::Missing { what: format!("group {key}") })?;
                if let Some(trouble) = &found.trouble {
                    unknown.push(trouble.reason(role, group));
                    continue;
                }
                let account = |id: &u64| Account { server: group.server.clone(), id: AccountId(*id) };
                for person in found.members.iter().filter_map(|id| links.person_of(&account(id))) {
                    if let Some(roles) = of.get_mut(person) {
                        roles.insert(role.clone());
                    }
                }
            }
            RoleSource::IdpGroup(group) => {
                for (person, roles) in &mut of {
                    match provider.has(person, group) {
                        Ok(true) => {
                            roles.insert(role.clone());
                        }
                        Ok(false) => {}
                        Err(why) if acting.contains(person) => {
                            let why = why.reason(person, role);
                            missing.push(Missing { role: role.clone(), person: person.clone(), why });
                        }
                        Err(_) => {}
                    }
                }
            }
        }
    }
    Ok(Roles { of, unknown, missing })
}

/// Whether somebody has each of a rulebook's roles, and why, in words.
#[must_use]
pub fn standing(
    rulebook: &Rulebook,
    links: &Links,
    groups: &BTreeMap<String, GroupEvidence>,
    sessions: &[SessionRead],
    person: &PersonKey,
    now: Timestamp,
) -> BTreeMap<RoleName, (bool, String)> {
    let provider = Provider::new(sessions, links, now);
    let of = |name: &RoleName, source: &RoleSource| match source {
        RoleSource::People(people) if people.contains(person) => (true, "roles.yaml lists them".to_owned()),
        RoleSource::People(_) => (false, "roles.yaml doesn't list them".to_owned()),
        RoleSource::GerritGroup(group) => match groups.get(&groups::key(group)) {
            None => (false, format!("group {} on {} wasn't read", group.uuid, group.server)),
            Some(GroupEvidence { trouble: Some(trouble), .. }) => (false, trouble.reason(name, group).text),
            Some(found) => {
                let account = |id: &u64| Account { server: group.server.clone(), id: AccountId(*id) };
                let has = found.members.iter().any(|id| links.person_of(&account(id)) == Some(person));
                let (uuid, server) = (&group.uuid, &group.server);
                let is = if has { "an account" } else { "no account" };
                (has, format!("{is} of theirs is in group {uuid} on Gerrit {server}"))
            }
        },
        RoleSource::IdpGroup(group) => match provider.has(person, group) {
            Ok(true) => (true, format!("the identity provider says that they are in {group:?}")),
            Ok(false) => (false, format!("the identity provider says that they are not in {group:?}")),
            Err(why) => (false, why.reason(person, name).text),
        },
    };
    let roles = rulebook.configuration.roles().roles();
    roles.map(|(name, role)| (name.clone(), of(name, &role.source))).collect()
}

/// What the identity provider says, by person.
struct Provider<'a> {
    sessions: BTreeMap<&'a PersonKey, Vec<&'a SessionRead>>,
    now: Timestamp,
}

/// Why it isn't known in which groups somebody is.
#[derive(Clone, Copy)]
enum Unknown {
    NoSession,
    Stale,
    Overage,
    Missing,
}

impl<'a> Provider<'a> {
    fn new(all: &'a [SessionRead], links: &'a Links, now: Timestamp) -> Self {
        let mut sessions: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for session in all {
            if let Some(person) = session.person(links) {
                sessions.entry(person).or_default().push(session);
            }
        }
        Self { sessions, now }
    }

    /// Whether somebody is in a group. Of each identity what was said last counts.
    fn has(&self, person: &PersonKey, group: &str) -> Result<bool, Unknown> {
        let mut last: BTreeMap<&Identity, &SessionRead> = BTreeMap::new();
        for session in self.sessions.get(person).into_iter().flatten() {
            let newest = last.entry(&session.identity).or_insert(session);
            if newest.asked_at < session.asked_at {
                *newest = session;
            }
        }
        let mut why = Unknown::NoSession;
        let mut known = false;
        for session in last.into_values() {
            match &session.groups {
                _ if !session.is_fresh(self.now) => why = Unknown::Stale,
                StatedGroups::Known(groups) if groups.iter().any(|one| one == group) => return Ok(true),
                StatedGroups::Known(_) => known = true,
                StatedGroups::Overage => why = Unknown::Overage,
                StatedGroups::Missing => why = Unknown::Missing,
            }
        }
        if known { Ok(false) } else { Err(why) }
    }
}

impl Unknown {
    fn reason(self, person: &PersonKey, role: &RoleName) -> Reason {
        let (code, text, cure) = match self {
            Self::NoSession => (
                "role-no-session",
                "isn't signed in, so the identity provider says nothing of their groups",
                "they sign in; it is looked at again then",
            ),
            Self::Stale => (
                "role-groups-stale",
                "is in groups of which the identity provider last spoke more than 60 seconds ago",
                "it is asked again as soon as it answers; where it gives no refresh tokens they sign in anew",
            ),
            Self::Overage => (
                "role-groups-overage",
                "is in more groups than the identity provider sends",
                "its administrator lets it send only the groups that are assigned to this application",
            ),
            Self::Missing => (
                "role-groups-missing",
                "is in groups of which the identity provider doesn't speak",
                "its administrator lets it send the groups claim to this application",
            ),
        };
        Reason {
            code: code.to_owned(),
            text: format!("{person} {text}: so it isn't known whether they have the role {role}"),
            cure: Some(cure.to_owned()),
            policy: None,
            need: Need::Waits,
        }
    }
}
