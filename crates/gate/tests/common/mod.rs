//! A play: a made-up repository with its reviews, what REST says of them, the operations project, and the question.
//!
//! REST here tells the same story as the meta histories, from a bookkeeping of its own; a test that wants a lie says so.
#![allow(dead_code, unreachable_pub)] // each test program uses its part
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // these are tests

pub mod rules;
pub mod story;

use std::collections::{BTreeMap, BTreeSet};

use gate::{
    Answers, Case, CaseError, CaseEvidence, ChangeRead, GroupsRead, Judgement, Matter, Rulebook, Rules,
    RunMatter, decide, examine, revision,
};
use model::{Answer, Digest, Need, Reason, Revision, Submission, Timestamp};
use notedb::{MapObjects, ObjectId, Recorder, Refs as _, meta_ref, testing::World};
use serde_json::{Value, json};

pub use rules::Ops;
pub use story::Story;

/// Olivia owns and writes, Rex and Rita review, Simon submits, Uma uploads. Olivia and Rex each have a second account.
pub const OLIVIA: u64 = 1000;
pub const REX: u64 = 1001;
pub const RITA: u64 = 1002;
pub const SIMON: u64 = 1003;
pub const UMA: u64 = 1004;
pub const OLIVIA_2: u64 = 1010;
pub const REX_2: u64 = 1011;
/// An account that no link names.
pub const STRANGER: u64 = 1099;

/// Our own account that writes; no link names it.
pub const WRITER: u64 = 1050;

pub const MAIN: &str = "refs/heads/main";
pub const META_CONFIG: &str = "refs/meta/config";

pub fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(1_795_507_200_000 + ms)
}

pub fn address(account: u64) -> String {
    format!("u{account}@example.com")
}

/// Nothing was done wrong yet.
pub struct Play {
    pub world: World,
    pub base: ObjectId,
    pub head: ObjectId,
    pub stories: BTreeMap<u64, Story>,
    /// Rules at the base, and now.
    pub rules: Rules,
    /// The accepted configuration.
    pub ops: Ops,
    /// The one that the outcome was opened under, where it is another.
    pub opened: Option<Ops>,
    pub accept: bool,
    /// What is changed in the case at last.
    pub twist: fn(&mut Case),
    /// What is changed in the answer about each change at last.
    pub lie: fn(&mut Value),
    /// Addresses of which Gerrit knows no account.
    pub unknown_addresses: BTreeSet<String>,
}

impl Default for Play {
    fn default() -> Self {
        let mut world = World::default();
        let base = world.code(&[], &[("file", "base")]);
        world.set(MAIN, base);
        let config = world.code(&[], &[("project.config", "")]);
        world.set(META_CONFIG, config);
        let config = Some(revision(&config));
        Self {
            world,
            base,
            head: base,
            stories: BTreeMap::new(),
            rules: Rules { base: config, now: config },
            ops: Ops::default(),
            opened: None,
            accept: false,
            twist: |_| {},
            lie: |_| {},
            unknown_addresses: BTreeSet::new(),
        }
    }
}

impl Play {
    /// Rex approved Olivia's change 42, and Simon submitted it.
    pub fn reviewed() -> Self {
        let mut play = Self::default();
        play.open(42, OLIVIA);
        play.vote(42, REX, 2);
        play.submit(42, SIMON);
        play
    }

    /// Who asks is the operations project itself.
    pub fn accepting(mut self) -> Self {
        self.accept = true;
        self
    }

    /// A commit by these, whose file nobody else has.
    pub fn code(&mut self, parent: ObjectId, author: u64, committer: u64, message: &str) -> ObjectId {
        let name = |account| format!("User {account} <{}>", address(account));
        let tree = self.world.tree(&[("file", &format!("{parent}{message}"))]);
        self.world.commit(tree, &[parent], &name(author), &name(committer), message)
    }

    /// A change of one patch set on top of the branch, that its owner wrote.
    pub fn open(&mut self, number: u64, owner: u64) {
        self.open_by(number, owner, owner);
    }

    /// The same, written by somebody else.
    pub fn open_by(&mut self, number: u64, owner: u64, author: u64) {
        let message = format!("Change {number}\n");
        let revision = self.code(self.head, author, owner, &message);
        let story = Story::open(&mut self.world, number, owner, revision, MAIN);
        self.stories.insert(number, story);
    }

    /// A change to the project's own rules.
    pub fn open_rules(&mut self, number: u64, owner: u64) {
        let parent = self.world.tip(META_CONFIG).unwrap().unwrap();
        let revision = self.code(parent, owner, owner, &format!("Change {number}\n"));
        let story = Story::open(&mut self.world, number, owner, revision, META_CONFIG);
        self.stories.insert(number, story);
    }

    pub fn vote(&mut self, number: u64, voter: u64, value: i32) {
        self.stories.get_mut(&number).unwrap().vote(&mut self.world, voter, value);
    }

    /// Another patch set on the same parent, uploaded by one and written by another.
    pub fn upload(&mut self, number: u64, uploader: u64, author: u64) {
        let again = self.stories[&number].uploaders.len();
        let message = format!("Change {number}, again {again}\n");
        let revision = self.code(self.head, author, uploader, &message);
        self.stories.get_mut(&number).unwrap().upload(&mut self.world, uploader, revision);
    }

    pub fn submit(&mut self, number: u64, submitter: u64) {
        let story = self.stories.get_mut(&number).unwrap();
        story.submit(&mut self.world, submitter, "");
        if story.review.branch == MAIN {
            self.head = story.review.revision;
        } else {
            self.rules.now = Some(revision(&story.review.revision));
        }
    }

    /// A commit pushed to the branch past Gerrit's review.
    pub fn push(&mut self, author: u64) {
        self.head = self.code(self.head, author, author, "Pushed\n");
        self.world.set(MAIN, self.head);
    }

    fn matter(&self, accepted: Revision) -> Matter {
        if self.accept {
            return Matter::Accept;
        }
        let (server, project) = ("main".parse().unwrap(), "shop".parse().unwrap());
        let branch = MAIN.parse().unwrap();
        let tip = revision(&self.head);
        let on_main = self.stories.values().filter(|s| s.review.branch == MAIN && s.submitter.is_some());
        Matter::Run(Box::new(RunMatter {
            submission: Submission {
                id: Submission::id_of(&server, &project, &branch, &tip),
                server,
                project,
                branch,
                tip,
                gerrit_id: "42".into(),
                changes: on_main.map(|s| s.review.number).collect(),
                submitted_at: at(-60_000),
                seen_at: at(-50_000),
            },
            operation: "shop-web".parse().unwrap(),
            environment: "prod".parse().unwrap(),
            opened_under: self.opened.as_ref().map_or(accepted, Ops::commit),
            before: None,
            request: None,
        }))
    }

    /// The case, and the answers that it names.
    pub fn case(&self) -> (Case, Answers) {
        let mut answers = Answers::new();
        let mut keep = |answer: &Value| {
            let bytes = format!(")]}}'\n{answer}\n").into_bytes();
            let digest = Digest::of(&bytes);
            answers.insert(digest, bytes);
            digest
        };
        let mut changes = BTreeMap::new();
        let mut accounts = BTreeMap::new();
        for (number, story) in &self.stories {
            let meta = revision(&self.world.tip(&meta_ref(*number)).unwrap().unwrap());
            let mut detail = story.detail(&meta.to_string());
            (self.lie)(&mut detail);
            let read = ChangeRead {
                meta,
                branch: story.review.branch.parse().unwrap(),
                detail: keep(&detail),
                seen: BTreeSet::new(),
            };
            changes.insert(*number, read);
        }
        for account in [OLIVIA, REX, RITA, SIMON, UMA, OLIVIA_2, REX_2, STRANGER, WRITER] {
            let address = address(account);
            // The query matches prefixes, so others come along.
            let longer = json!({"_account_id": 1, "email": format!("{address}.org")});
            let own = json!({"_account_id": account, "email": address});
            let known = !self.unknown_addresses.contains(&address);
            let found = if known { json!([own, longer]) } else { json!([longer]) };
            accounts.insert(address, keep(&found));
        }
        let accepted = self.ops.commit();
        let mut case = Case {
            schema: Case::SCHEMA.to_owned(),
            matter: self.matter(accepted),
            configuration: accepted,
            server: "main".parse().unwrap(),
            server_id: notedb::testing::SERVER.to_owned(),
            project: "shop".parse().unwrap(),
            branch: MAIN.parse().unwrap(),
            base: revision(&self.base),
            tip: revision(&self.head),
            branch_tip: self.world.tip(MAIN).unwrap().as_ref().map(revision),
            rules: self.rules,
            changes,
            accounts,
            freezes: BTreeSet::new(),
            links: vec![],
            groups: GroupsRead::default(),
            sessions: vec![],
            consents: Vec::new(),
            passkeys: Vec::new(),
            read_at: at(-1_000),
        };
        (self.twist)(&mut case);
        (case, answers)
    }

    pub fn examine(&self) -> Result<CaseEvidence, CaseError> {
        let (case, answers) = self.case();
        examine(&case, &self.world, &answers)
    }

    /// Evidence, and what the recorder kept of the objects that it rests on.
    pub fn recorded(&self) -> (CaseEvidence, MapObjects) {
        let (case, answers) = self.case();
        let recorder = Recorder::new(&self.world.objects);
        let evidence = examine(&case, &recorder, &answers).unwrap();
        (evidence, recorder.into_recorded())
    }

    pub fn rulebooks(&self) -> [std::sync::Arc<Rulebook>; 2] {
        let accepted = self.ops.rulebook();
        let opened = self.opened.as_ref().map_or_else(|| accepted.clone(), Ops::rulebook);
        [accepted, opened]
    }

    /// From what was read to the answer.
    pub fn decide(&self) -> Result<Judgement, CaseError> {
        let (case, answers) = self.case();
        let evidence = examine(&case, &self.world, &answers)?;
        let [accepted, opened] = self.rulebooks();
        let judgement = decide(&case, &evidence, &accepted, &opened, at(0))?;
        // Whatever was played: an allow has no reasons, a deny at least one, each of which a person can read.
        let decision = &judgement.decision;
        assert_eq!(decision.answer == Answer::Allow, decision.reasons.is_empty());
        for reason in &decision.reasons {
            assert!(!reason.text.is_empty() && !reason.text.contains('{'), "{reason:?}");
        }
        Ok(judgement)
    }

    /// The reason with that code.
    pub fn reason(&self, code: &str) -> Reason {
        let reasons = self.decide().unwrap().decision.reasons;
        let found = reasons.iter().find(|reason| reason.code == code);
        found.unwrap_or_else(|| panic!("no {code} in {reasons:?}")).clone()
    }

    /// The answer in a line: `ALLOW`, or the codes of what is in the way, with `…` where it can still be supplied.
    pub fn line(&self) -> String {
        let judgement = match self.decide() {
            Ok(judgement) => judgement,
            Err(why) => return format!("NOT DECIDED: {}", self.plain(&why.to_string())),
        };
        if judgement.decision.answer == Answer::Allow {
            let approvers: Vec<_> = judgement.approvers.iter().map(ToString::to_string).collect();
            return format!("ALLOW, reviewed by {}", approvers.join(", "));
        }
        let waits = judgement.decision.reasons.iter().all(|reason| reason.need == Need::Waits);
        let codes = judgement.decision.reasons.iter().map(|reason| match reason.need {
            Need::Waits => format!("{}…", reason.code),
            Need::Final => reason.code.clone(),
        });
        let codes: Vec<_> = codes.collect();
        format!("{}: {}", if waits { "WAITS" } else { "DENY" }, codes.join(", "))
    }

    /// Without ids that say nothing to a reader.
    fn plain(&self, text: &str) -> String {
        let words = text.split(' ').map(|word| {
            let hex = word.chars().filter(char::is_ascii_hexdigit).count();
            if hex >= 40 { "<id>" } else { word }
        });
        words.collect::<Vec<_>>().join(" ")
    }
}
