//! A new site: the first account, the first groups, `All-Projects` and `All-Users`, as Gerrit's own set-up leaves them.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::{ConfigText, ProjectConfig, defaults};
use crate::git::Oid;
use crate::refusal::Refusal;

use super::World;
use super::projects::{ALL_PROJECTS, CONFIG};
use super::state::{Account, Group, State, Token};

/// The administrator's number; people follow.
const ADMIN: u32 = 1_000_000;

impl State {
    /// Accounts and groups of a new site.
    pub(crate) fn founded(password: &str, now: i64, random: &dyn Fn() -> String) -> Self {
        let server = random();
        let part = |from: usize, to: usize| server.get(from..to).unwrap_or("0").to_owned();
        let server_id = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-");
        let admin = Account {
            id: ADMIN,
            username: Some("admin".to_owned()),
            name: Some("Administrator".to_owned()),
            preferred_email: Some("admin@example.com".to_owned()),
            emails: BTreeSet::from(["admin@example.com".to_owned()]),
            active: true,
            registered: now,
            tokens: BTreeMap::from([("legacy".to_owned(), Token::new(password, random(), None))]),
        };
        let owner = random();
        let group = |id, name: &str, text: &str, uuid: String, visible, members: &[u32]| Group {
            uuid,
            id,
            name: name.to_owned(),
            description: Some(text.to_owned()),
            owner: owner.clone(),
            visible_to_all: visible,
            members: members.iter().copied().collect(),
            includes: BTreeSet::new(),
            created: now,
            audit: Vec::new(),
        };
        let groups = [
            group(1, "Administrators", "Gerrit Site Administrators", owner.clone(), false, &[ADMIN]),
            group(2, "Service Users", "Users who perform batch actions on Gerrit", random(), true, &[]),
            group(3, "Blocked Users", "Blocked users. Add spammers to this group.", random(), false, &[]),
        ];
        Self {
            server_id,
            next_account: ADMIN + 1,
            next_group: 4,
            accounts: BTreeMap::from([(ADMIN, admin)]),
            groups: groups.into_iter().map(|g| (g.uuid.clone(), g)).collect(),
        }
    }
}

impl World {
    /// Makes the two projects that every site has.
    pub(crate) fn found_projects(&mut self) -> Result<(), Refusal> {
        for (project, text) in [(ALL_PROJECTS, defaults::ALL_PROJECTS), ("All-Users", defaults::ALL_USERS)] {
            if self.repo(project).is_some() {
                continue;
            }
            let repo = self.init_repo(project, CONFIG)?;
            let text =
                ConfigText::parse(text).map_err(|line| Refusal::internal(&format!("default line {line}")))?;
            let config = ProjectConfig { groups: self.named_groups(&text), text };
            let author = self.server_ident();
            let id =
                self.commit_config(&repo, None, &config, &author, "Initialized Gerrit Code Review 3.13.5")?;
            repo.update(CONFIG, Oid::ZERO, id)?;
        }
        Ok(())
    }

    /// name → UUID for the groups that a configuration names.
    fn named_groups(&self, text: &ConfigText) -> BTreeMap<String, String> {
        let lines = text.sections.iter().flat_map(|section| &section.entries).map(|(_, value)| value);
        let names = lines.filter_map(|line| line.rsplit_once("group ").map(|(_, name)| name.to_owned()));
        names.filter_map(|name| self.group_uuid(&name).map(|uuid| (name, uuid))).collect()
    }
}
