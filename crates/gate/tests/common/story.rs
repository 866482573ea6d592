//! One change: its meta history as Gerrit writes it, and what REST says of it.

use std::collections::BTreeMap;

use notedb::ObjectId;
use notedb::testing::{Review, World, ident};
use serde_json::{Value, json};

use super::address;

/// What happened to one change.
pub struct Story {
    pub review: Review,
    pub owner: u64,
    /// Revision and uploader of each patch set, from 1.
    pub uploaders: Vec<(ObjectId, u64)>,
    /// What stands on the newest patch set.
    pub votes: BTreeMap<u64, i32>,
    pub submitter: Option<u64>,
    /// Results of submit requirements, by name.
    pub requirements: Vec<(String, &'static str)>,
    /// The highest and lowest of Code-Review, as the project has it.
    pub range: i32,
}

impl Story {
    pub fn open(world: &mut World, number: u64, owner: u64, revision: ObjectId, branch: &str) -> Self {
        Self::of(Review::open_on(world, number, owner, revision, branch), owner, revision)
    }

    /// One whose history was begun already.
    pub fn of(review: Review, owner: u64, revision: ObjectId) -> Self {
        Self {
            review,
            owner,
            uploaders: vec![(revision, owner)],
            votes: BTreeMap::new(),
            submitter: None,
            requirements: Vec::new(),
            range: 2,
        }
    }

    pub fn vote(&mut self, world: &mut World, voter: u64, value: i32) {
        self.review.vote(world, voter, &format!("Code-Review={value:+}"));
        self.votes.insert(voter, value);
    }

    /// Somebody votes in another one's name.
    pub fn vote_for(&mut self, world: &mut World, real: u64, voter: u64, value: i32) {
        let footers = format!("Label: Code-Review={value:+}, ab\nReal-user: {}", ident(real));
        self.review.act(world, &ident(voter), "", &footers);
        self.votes.insert(voter, value);
    }

    pub fn upload(&mut self, world: &mut World, uploader: u64, revision: ObjectId) {
        self.review.upload(world, uploader, revision, "");
        self.uploaders.push((revision, uploader));
        self.votes.clear();
    }

    /// The results that the submit will store.
    pub fn requirement(&mut self, name: &str, json: &str, status: &'static str) {
        self.review.results(self.review.revision, &[(name, json)]);
        self.requirements.push((name.to_owned(), status));
    }

    pub fn submit(&mut self, world: &mut World, submitter: u64, footers: &str) {
        self.review.submit_with(world, submitter, footers);
        self.submitter = Some(submitter);
    }

    /// `GET /changes/shop~42/detail`, with the options that we ask for.
    pub fn detail(&self, meta: &str) -> Value {
        let account = |id: u64| json!({"_account_id": id, "email": address(id)});
        let revisions = self.uploaders.iter().enumerate().map(|(at, (revision, uploader))| {
            (revision.to_string(), json!({"_number": at + 1, "uploader": account(*uploader)}))
        });
        let values = (-self.range..=self.range).map(|value| {
            let key = if value == 0 { " 0".to_owned() } else { format!("{value:+}") };
            (key, json!("text"))
        });
        let all = self.votes.iter().map(|(voter, value)| json!({"_account_id": voter, "value": value}));
        let requirements =
            self.requirements.iter().map(|(name, status)| json!({"name": name, "status": status}));
        let mut detail = json!({
            "_number": self.review.number,
            "project": "shop",
            "branch": self.review.branch.trim_start_matches("refs/heads/"),
            "subject": "Change something",
            "status": if self.submitter.is_some() { "MERGED" } else { "NEW" },
            "meta_rev_id": meta,
            "owner": account(self.owner),
            "current_revision": self.review.revision.to_string(),
            "revisions": revisions.collect::<serde_json::Map<_, _>>(),
            "labels": {"Code-Review": {
                "all": all.collect::<Vec<_>>(),
                "values": values.collect::<serde_json::Map<_, _>>(),
            }},
            "submit_requirements": requirements.collect::<Vec<_>>(),
        });
        if let Some(submitter) = self.submitter {
            detail["submitter"] = account(submitter);
        }
        detail
    }
}
