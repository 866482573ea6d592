//! Groups on Gerrit that fill roles: who is in them, and whether they may fill a role at all.
//!
//! Shapes: Gerrit 3.13, `Documentation/rest-api-groups.html` (`GroupInfo`).

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use model::{Digest, ServerName};
use operations::GerritGroup;
use serde::{Deserialize, Serialize};

use crate::{Answers, CaseError, live};

/// How deep groups may include each other.
const DEPTH: usize = 8;
/// Groups that one role may rest on.
const GROUPS: usize = 64;
/// Accounts in all of them.
const MEMBERS: usize = 5_000;

/// What was read of groups, by server.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupsRead(pub BTreeMap<ServerName, GerritGroupsRead>);

/// What was read of the groups of one server.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GerritGroupsRead {
    /// Those that fill a role.
    pub fill: BTreeSet<String>,
    /// Those, and what they include, by UUID: the answer to `GET /groups/{uuid}/detail`; none: it isn't there, or we may
    /// not see it.
    pub groups: BTreeMap<String, Option<Digest>>,
    /// The answers to `GET /groups/?owned` to each of our accounts: the groups that it could write.
    pub owned: BTreeSet<Digest>,
}

impl GroupsRead {
    /// Whether nothing was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The answers that it names.
    pub fn answers(&self) -> impl Iterator<Item = &Digest> {
        self.0.values().flat_map(|server| server.groups.values().flatten().chain(&server.owned))
    }
}

/// Who is in a group, and what speaks against it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupEvidence {
    /// The numbers of the accounts in it and in what it includes.
    pub members: BTreeSet<u64>,
    /// Why it can't fill a role.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trouble: Option<GroupTrouble>,
}

/// Why a group can't fill a role. The text is its UUID, or that of one that it includes.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupTrouble {
    /// It isn't there, or the account that reads may not see it.
    Unseen(String),
    /// It owns itself: whoever is in it decides who is in it.
    OwnsItself(String),
    /// An account of ours could add members to it.
    Ours(String),
    /// Gerrit doesn't tell who is in it (`ldap:…`, `global:…`).
    Foreign(String),
    /// There is more of it than is read.
    TooLarge(String),
}

impl GroupTrouble {
    /// The reason's code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unseen(_) => "role-group-unseen",
            Self::OwnsItself(_) => "role-group-owns-itself",
            Self::Ours(_) => "role-group-ours",
            Self::Foreign(_) => "role-group-foreign",
            Self::TooLarge(_) => "role-group-too-large",
        }
    }

    /// What is so, to a person; the sentence goes on after the name of the role and of its group.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Unseen(uuid) => {
                format!("group {uuid} isn't there, or the account that reads may not see it")
            }
            Self::OwnsItself(uuid) => {
                format!("group {uuid} owns itself, so each of its members can add members")
            }
            Self::Ours(uuid) => format!("an account of Exequatur's own could add members to group {uuid}"),
            Self::Foreign(uuid) => {
                format!("it includes {uuid}, and Gerrit doesn't tell who is in that")
            }
            Self::TooLarge(uuid) => format!(
                "at group {uuid} there are more than {DEPTH} levels, {GROUPS} groups or {MEMBERS} accounts"
            ),
        }
    }

    /// Who can help, and how.
    #[must_use]
    pub const fn cure(&self) -> &'static str {
        match self {
            Self::Unseen(_) => {
                "its owner ticks \"Make group visible to all registered users\" on the group's page on Gerrit, or roles.yaml names another group"
            }
            Self::OwnsItself(_) => {
                "a Gerrit administrator sets another owner on the group's page (General, Owners): one whose members don't have the role"
            }
            Self::Ours(_) => {
                "a Gerrit administrator takes our accounts out of the group's owners, and out of Administrators"
            }
            Self::Foreign(_) => {
                "its owner includes groups whose members Gerrit itself keeps, or roles.yaml names another group"
            }
            Self::TooLarge(_) => "a smaller group for the role",
        }
    }
}

/// `GroupInfo`, the parts that we look at.
#[derive(Debug, Deserialize)]
struct Detail {
    id: String,
    #[serde(default)]
    owner_id: Option<String>,
    #[serde(default)]
    members: Vec<Member>,
    #[serde(default)]
    includes: Vec<Included>,
}

#[derive(Debug, Deserialize)]
struct Member {
    #[serde(rename = "_account_id")]
    id: u64,
    #[serde(default)]
    inactive: bool,
}

#[derive(Debug, Deserialize)]
struct Included {
    id: String,
}

/// Whether this is a group that Gerrit itself keeps.
fn is_own(uuid: &str) -> bool {
    uuid.len() == 40 && uuid.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

impl GerritGroupsRead {
    /// The groups that were found to be included, or that fill a role, and weren't read yet: what a reader has to read next.
    /// Too many are none: what was read says so.
    ///
    /// # Errors
    /// [`CaseError`] when an answer can't be used.
    pub fn unread(&self, answers: &Answers) -> Result<BTreeSet<String>, CaseError> {
        if self.is_too_much() {
            return Ok(BTreeSet::new());
        }
        let mut wanted = self.fill.clone();
        for read in self.groups.values() {
            let Some(digest) = read else { continue };
            wanted
                .extend(detail(answers, digest)?.includes.into_iter().map(|g| g.id).filter(|id| is_own(id)));
        }
        wanted.retain(|uuid| !self.groups.contains_key(uuid));
        Ok(wanted)
    }

    /// Whether more was read than all roles together may rest on.
    fn is_too_much(&self) -> bool {
        self.groups.len() > GROUPS.saturating_mul(self.fill.len().max(1))
    }

    /// Who is in a group.
    fn of(&self, root: &str, answers: &Answers) -> Result<GroupEvidence, CaseError> {
        let trouble = |why| Ok(GroupEvidence { members: BTreeSet::new(), trouble: Some(why) });
        let mut members = BTreeSet::new();
        let mut seen = BTreeSet::from([root.to_owned()]);
        let mut next = VecDeque::from([(root.to_owned(), 1)]);
        while let Some((uuid, depth)) = next.pop_front() {
            if depth > DEPTH || seen.len() > GROUPS {
                return trouble(GroupTrouble::TooLarge(uuid));
            }
            let read = match self.groups.get(&uuid) {
                Some(read) => read,
                None if self.is_too_much() => return trouble(GroupTrouble::TooLarge(uuid)),
                None => return Err(CaseError::Missing { what: format!("group {uuid}") }),
            };
            let Some(digest) = read else { return trouble(GroupTrouble::Unseen(uuid)) };
            let group = detail(answers, digest)?;
            if group.id != uuid {
                let why = format!("it is about {:?}", group.id);
                return Err(CaseError::Answer { what: format!("group {uuid}"), why });
            }
            // One without an owner that it tells may be its own.
            let Some(owner) = group.owner_id.filter(|owner| *owner != uuid) else {
                return trouble(GroupTrouble::OwnsItself(uuid));
            };
            let ours = self.ours(answers)?;
            // Who can add himself to the owners can add anybody to what they own.
            if ours.contains(&uuid) || ours.contains(&owner) {
                return trouble(GroupTrouble::Ours(uuid));
            }
            members.extend(group.members.iter().filter(|m| !m.inactive).map(|m| m.id));
            if members.len() > MEMBERS {
                return trouble(GroupTrouble::TooLarge(uuid));
            }
            for Included { id } in group.includes {
                if !is_own(&id) {
                    return trouble(GroupTrouble::Foreign(id));
                }
                if seen.insert(id.clone()) {
                    next.push_back((id, depth + 1));
                }
            }
        }
        Ok(GroupEvidence { members, trouble: None })
    }

    /// The groups that one of our accounts could write. An administrator could write all of them.
    fn ours(&self, answers: &Answers) -> Result<BTreeSet<String>, CaseError> {
        if self.owned.is_empty() {
            return Err(CaseError::Missing { what: "which groups our own accounts could write".to_owned() });
        }
        let mut ours = BTreeSet::new();
        for digest in &self.owned {
            let owned: BTreeMap<String, Included> =
                live::parse("groups", live::answer(answers, digest, "the answer about owned groups")?)?;
            ours.extend(owned.into_values().map(|group| group.id));
        }
        Ok(ours)
    }
}

fn detail(answers: &Answers, digest: &Digest) -> Result<Detail, CaseError> {
    live::parse("a group", live::answer(answers, digest, "the answer about a group")?)
}

/// The name under which a group stands in evidence.
pub(crate) fn key(group: &GerritGroup) -> String {
    format!("{}/{}", group.server, group.uuid)
}

/// Who is in each group that fills a role.
///
/// # Errors
/// [`CaseError`]: something wasn't read, or can't be used.
pub fn examine(read: &GroupsRead, answers: &Answers) -> Result<BTreeMap<String, GroupEvidence>, CaseError> {
    let mut found = BTreeMap::new();
    for (server, groups) in &read.0 {
        for uuid in &groups.fill {
            let group = GerritGroup { server: server.clone(), uuid: uuid.clone() };
            found.insert(key(&group), groups.of(uuid, answers)?);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const OWNER: &str = "ffffffffffffffffffffffffffffffffffffffff";

    fn uuid(n: usize) -> String {
        format!("{n:040x}")
    }

    #[derive(Default)]
    struct Town {
        answers: Answers,
        read: GerritGroupsRead,
    }

    impl Town {
        fn keep(&mut self, value: &Value) -> Digest {
            let bytes = format!(")]}}'\n{value}").into_bytes();
            let digest = Digest::of(&bytes);
            self.answers.insert(digest, bytes);
            digest
        }

        fn group(&mut self, n: usize, owner: &str, members: &[u64], includes: &[String]) -> &mut Self {
            let members: Vec<Value> = members.iter().map(|id| json!({"_account_id": id})).collect();
            let includes: Vec<Value> = includes.iter().map(|id| json!({"id": id})).collect();
            let detail = json!({"id": uuid(n), "owner_id": owner, "members": members, "includes": includes});
            let detail = Some(self.keep(&detail));
            self.read.groups.insert(uuid(n), detail);
            let none = self.keep(&json!({}));
            self.read.owned.insert(none);
            self
        }

        fn of(&self, n: usize) -> GroupEvidence {
            self.read.of(&uuid(n), &self.answers).unwrap()
        }

        fn trouble(&self, n: usize) -> Option<GroupTrouble> {
            let found = self.of(n);
            assert_eq!(found.members, BTreeSet::new(), "who can't fill a role has no members");
            found.trouble
        }
    }

    #[test]
    fn members_of_included_groups_are_members_and_a_cycle_ends() {
        let mut town = Town::default();
        town.group(1, OWNER, &[1, 2], &[uuid(2)]).group(2, OWNER, &[2, 3], &[uuid(3), uuid(1)]);
        town.group(3, OWNER, &[4], &[uuid(2)]);
        let found = town.of(1);
        assert_eq!((found.members, found.trouble), (BTreeSet::from([1, 2, 3, 4]), None));
    }

    #[test]
    fn an_inactive_account_is_no_member() {
        let mut town = Town::default();
        town.group(1, OWNER, &[1], &[]);
        let detail =
            json!({"id": uuid(1), "owner_id": OWNER, "members": [{"_account_id": 1, "inactive": true}]});
        let digest = town.keep(&detail);
        town.read.groups.insert(uuid(1), Some(digest));
        assert_eq!(town.of(1).members, BTreeSet::new());
    }

    #[test]
    fn a_group_that_owns_itself_fills_no_role_also_where_it_is_only_included() {
        let mut town = Town::default();
        town.group(1, &uuid(1), &[1], &[]).group(2, OWNER, &[2], &[uuid(1)]);
        assert_eq!(town.trouble(1), Some(GroupTrouble::OwnsItself(uuid(1))));
        assert_eq!(town.trouble(2), Some(GroupTrouble::OwnsItself(uuid(1))));
    }

    #[test]
    fn a_group_that_our_own_accounts_can_write_fills_no_role() {
        for mine in [uuid(1), OWNER.to_owned()] {
            let mut town = Town::default();
            town.group(1, OWNER, &[1], &[]).group(2, OWNER, &[], &[]);
            let mine = town.keep(&json!({"some-name": {"id": mine}}));
            town.read.owned.insert(mine);
            assert_eq!(town.trouble(1), Some(GroupTrouble::Ours(uuid(1))));
        }
    }

    #[test]
    fn a_group_that_we_can_not_see_fills_no_role() {
        let mut town = Town::default();
        town.group(2, OWNER, &[], &[]);
        town.read.groups.insert(uuid(1), None);
        assert_eq!(town.trouble(1), Some(GroupTrouble::Unseen(uuid(1))));
    }

    #[test]
    fn a_group_whose_members_gerrit_does_not_tell_fills_no_role() {
        let mut town = Town::default();
        town.group(1, OWNER, &[1], &["global%3ARegistered-Users".to_owned()]);
        let foreign = GroupTrouble::Foreign("global%3ARegistered-Users".to_owned());
        assert_eq!(town.trouble(1), Some(foreign));
    }

    #[test]
    fn groups_that_lie_too_deep_or_are_too_many_fill_no_role() {
        let mut town = Town::default();
        for n in 1..=DEPTH + 1 {
            town.group(n, OWNER, &[1], &[uuid(n + 1)]);
        }
        assert!(matches!(town.trouble(1), Some(GroupTrouble::TooLarge(_))));
        let mut town = Town::default();
        let all: Vec<String> = (2..GROUPS + 3).map(uuid).collect();
        town.group(1, OWNER, &[1], &all);
        for n in 2..GROUPS + 3 {
            town.group(n, OWNER, &[1], &[]);
        }
        assert!(matches!(town.trouble(1), Some(GroupTrouble::TooLarge(_))));
        let mut town = Town::default();
        let many: Vec<u64> = (0..=MEMBERS as u64).collect();
        town.group(1, OWNER, &many, &[]);
        assert!(matches!(town.trouble(1), Some(GroupTrouble::TooLarge(_))));
    }

    #[test]
    fn an_answer_that_is_missing_or_about_another_group_is_no_answer() {
        let mut town = Town::default();
        town.group(1, OWNER, &[1], &[uuid(2)]);
        assert!(town.read.of(&uuid(1), &town.answers).is_err(), "what it includes wasn't read");
        let other = town.keep(&json!({"id": uuid(7), "owner_id": OWNER}));
        town.read.groups.insert(uuid(1), Some(other));
        assert!(town.read.of(&uuid(1), &town.answers).is_err(), "another group");
        town.group(1, OWNER, &[1], &[]);
        town.read.owned.clear();
        assert!(town.read.of(&uuid(1), &town.answers).is_err(), "nobody asked whether it is ours");
    }

    #[test]
    fn what_has_to_be_read_next_is_what_was_found_to_be_included() {
        let mut town = Town::default();
        town.read.fill.insert(uuid(1));
        assert_eq!(town.read.unread(&town.answers).unwrap(), BTreeSet::from([uuid(1)]));
        town.group(1, OWNER, &[], &[uuid(2), "ldap%3Ax".to_owned()]);
        assert_eq!(town.read.unread(&town.answers).unwrap(), BTreeSet::from([uuid(2)]));
        town.group(2, OWNER, &[], &[uuid(1)]);
        assert_eq!(town.read.unread(&town.answers).unwrap(), BTreeSet::new());
    }
}
