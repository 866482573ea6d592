//! The operations project, in a few words.

use std::sync::Arc;

use gate::Rulebook;
use model::{Digest, Revision};
use operations::Tree;

/// The files that a test may want otherwise.
#[derive(Clone)]
pub struct Ops {
    /// `review.people`
    pub people: u32,
    /// The operation's file, whole; empty: there is none.
    pub operation: String,
    pub links: String,
    pub roles: String,
    /// What the team forbids beyond the defaults.
    pub policy: String,
    /// `requests.yaml`
    pub requests: String,
}

const OPERATION: &str = r#"
operation: shop-web
title: Roll out the web shop
mode: enforce
trigger: { merged: { server: main, project: shop, branch: main } }
review: { people: PEOPLE }
environments:
  prod: {}
steps:
  - id: tell
    http: { post: "https://shop.example/rollouts", body: { revision: "{{ revision }}" }, expect: { status: 201 }, within: 60s }
on_failure: stop
"#;

const LINKS: &str = "
- { person: olivia, accounts: { main: [1000, 1010] } }
- { person: rex, accounts: { main: [1001, 1011] } }
- { person: rita, accounts: { main: [1002] } }
- { person: simon, accounts: { main: [1003] } }
- { person: uma, accounts: { main: [1004] } }
";

impl Default for Ops {
    fn default() -> Self {
        Self {
            people: 1,
            operation: OPERATION.to_owned(),
            links: LINKS.to_owned(),
            roles: String::new(),
            policy: String::new(),
            requests: String::new(),
        }
    }
}

impl Ops {
    /// With more people needed.
    pub fn people(people: u32) -> Self {
        Self { people, ..Self::default() }
    }

    /// With a policy of the team.
    pub fn policy(policy: &str) -> Self {
        Self { policy: policy.to_owned(), ..Self::default() }
    }

    pub fn tree(&self) -> Tree {
        let operation = self.operation.replace("PEOPLE", &self.people.to_string());
        let files = [
            ("operations/shop-web.yaml", operation),
            ("links.yaml", self.links.clone()),
            ("roles.yaml", self.roles.clone()),
            ("policies/team.cedar", self.policy.clone()),
            ("requests.yaml", self.requests.clone()),
        ];
        let files = files.into_iter().filter(|(_, text)| !text.is_empty());
        Tree::from_files(files.map(|(path, text)| (path, text.into_bytes()))).unwrap()
    }

    /// Other files are another commit.
    pub fn commit(&self) -> Revision {
        let text: Vec<u8> =
            self.tree().files().flat_map(|(path, bytes)| [path.as_bytes(), bytes].concat()).collect();
        Revision::from_bytes(Digest::of(&text).as_bytes()[..20].try_into().unwrap())
    }

    pub fn rulebook(&self) -> Arc<Rulebook> {
        Rulebook::of_tree(self.commit(), &self.tree()).unwrap_or_else(|why| panic!("{why}"))
    }
}
