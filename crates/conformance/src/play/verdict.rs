//! What evidence says of a change or a range, live and offline, in words that a play can compare.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use evidence::{
    ChangeEvidence, ChangeInput, FindingCode, LabelRanges, RangeEvidence, ReviewRules, judge, offline,
};
use gate::{
    Answers, Case, ChangeRead, Detail, GroupsRead, Matter, Rules, examine, live_facts, object_id, revision,
};
use gerrit::git::{Mirror, Want};
use gerrit::info::{AccountId, ChangeInfo};
use gerrit::repo::Repo;
use gerrit::{ChangeId, DetailLevel};
use model::{Digest, Revision, Timestamp};
use notedb::{ObjectId, Refs as _, walk};

use super::Play;

/// Everything that a live reader read of a project.
struct Reading {
    answers: Answers,
    accounts: BTreeMap<String, Digest>,
    changes: BTreeMap<u64, ChangeRead>,
    mirror: Mirror,
    _dir: tempfile::TempDir,
}

impl Play {
    /// Compares what is said live and offline. Offline no address is an account's: `author-unresolved` always stands
    /// there, and is left out of the text.
    pub async fn expect(&self, number: u64, verdict: &str) {
        self.expect_both(number, verdict, verdict).await;
    }

    /// The same, where offline knows less.
    pub async fn expect_both(&self, number: u64, live: &str, offline: &str) {
        assert_eq!(self.live(number, &[]).await, tidy(live), "live, of change {number}");
        assert_eq!(self.offline(number).await, tidy(offline), "offline, of change {number}");
    }

    /// What is said live, when these meta revisions had been seen before.
    pub async fn live(&self, number: u64, seen: &[Revision]) -> String {
        let mut reading = self.reading(&[number]).await;
        let one = reading.changes.get_mut(&number).unwrap();
        one.seen = seen.iter().copied().collect();
        self.words(&self.judged(&reading, number)).await
    }

    /// What is said live when REST answered before the refs were read, and something happened between.
    pub async fn live_torn(&self, number: u64, between: impl Future<Output = ()>) -> String {
        let mut early = self.reading(&[number]).await;
        between.await;
        // Only the refs: a server that can't read its own history says nothing more of it.
        let (mirror, _dir) = self.mirrored().await;
        let meta = mirror.repo().tip(&notedb::meta_ref(number)).unwrap().unwrap();
        early.changes.get_mut(&number).unwrap().meta = revision(&meta);
        early.mirror = mirror;
        self.words(&self.judged(&early, number)).await
    }

    /// The same as [`live`](Self::live), or that the server fails at the change: it can't read every history either, and
    /// then nothing is judged.
    pub async fn expect_live_or_unreadable(&self, number: u64, verdict: &str) {
        let reader = self.stage.client("exq-reader");
        let id = ChangeId::new(&self.stage.project, number);
        match reader.change(&id, DetailLevel::Evidence, None).await {
            Ok(_) => assert_eq!(self.live(number, &[]).await, tidy(verdict), "live, of change {number}"),
            Err(why) => assert!(matches!(why, gerrit::Error::Unavailable { status: 500, .. }), "{why}"),
        }
    }

    /// The tip of the meta history, as REST names it.
    pub async fn meta(&self, number: u64) -> Revision {
        self.read(number).await.meta_rev_id.unwrap().parse().unwrap()
    }

    /// What is said from the server's own repository.
    pub async fn offline(&self, number: u64) -> String {
        let repo = Repo::open(&self.repository).unwrap();
        let mut evidence = offline::one(&repo, number, &ReviewRules::default()).unwrap().unwrap();
        let unresolved = evidence.finding(FindingCode::AuthorUnresolved).is_some();
        assert_ne!(
            unresolved,
            evidence.status.is_none(),
            "offline no author is proven, where one can be read"
        );
        evidence.findings.retain(|finding| finding.code != FindingCode::AuthorUnresolved);
        self.words(&evidence).await
    }

    fn judged(&self, reading: &Reading, number: u64) -> ChangeEvidence {
        let read = &reading.changes[&number];
        let project = self.stage.project.parse().unwrap();
        let live = live_facts(&project, number, read, &reading.accounts, &reading.answers).unwrap();
        let input = ChangeInput {
            number,
            meta: object_id(&read.meta),
            refs: reading.mirror.repo(),
            labels: &LabelRanges::default(),
            rules: &ReviewRules::default(),
            live: Some(&live),
        };
        judge(reading.mirror.repo(), &input).unwrap()
    }

    /// Reads changes and refs as the product does: REST, the meta history that REST names, and the addresses.
    async fn reading(&self, numbers: &[u64]) -> Reading {
        let reader = self.stage.client("exq-reader");
        let (mut answers, mut accounts, mut changes) = (Answers::new(), BTreeMap::new(), BTreeMap::new());
        for number in numbers {
            let id = ChangeId::new(&self.stage.project, *number);
            let answer = reader.change(&id, DetailLevel::Evidence, None).await.unwrap();
            let detail = Digest::of(&answer.raw);
            answers.insert(detail, answer.raw.to_vec());
            let told = Detail::read(&answers, &detail).unwrap().addresses();
            for address in addresses(&answer.value).into_iter().filter(|a| !told.contains_key(a)) {
                let found = reader.accounts_by_email(&address).await.unwrap();
                let digest = Digest::of(&found.raw);
                answers.insert(digest, found.raw.to_vec());
                accounts.insert(address, digest);
            }
            let meta = answer.value.meta_rev_id.as_deref().unwrap().parse().unwrap();
            let branch = answer.value.branch_ref().parse().unwrap();
            let read = ChangeRead { meta, branch, detail, seen: BTreeSet::new() };
            changes.insert(*number, read);
        }
        let (mirror, dir) = self.mirrored().await;
        Reading { answers, accounts, changes, mirror, _dir: dir }
    }

    /// A mirror of the project's refs as they are now.
    async fn mirrored(&self) -> (Mirror, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        let mut mirror = Mirror::open_or_init(dir.path().join("m.git")).unwrap();
        let wants =
            [Want::Prefix("refs/heads/"), Want::Prefix("refs/changes/"), Want::Ref("refs/meta/config")];
        let git = self.stage.client("exq-reader").git();
        mirror.sync(&git, &self.stage.project, &wants).await.unwrap();
        (mirror, dir)
    }

    /// Compares what is said of a range, live and offline.
    pub async fn expect_range(&self, base: &str, tip: &str, changes: &[u64], verdict: &str) {
        let live = self.range(base, tip, changes, None).await;
        assert_eq!(live, tidy(verdict), "live, of {base}..{tip}");
        let repo = Repo::open(&self.repository).unwrap();
        let (base, tip) = (base.parse().unwrap(), tip.parse().unwrap());
        let range = offline::range(&repo, base, tip, "refs/heads/main", &ReviewRules::default()).unwrap();
        assert_eq!(range_words(&range, &repo), tidy(verdict), "offline, of {base}..{tip}");
    }

    /// What is said live of a range of `main`, of which these changes are known; `rules` is `refs/meta/config` when the
    /// base was granted.
    pub async fn range(&self, base: &str, tip: &str, changes: &[u64], rules: Option<Revision>) -> String {
        let reading = self.reading(changes).await;
        let tip_of = |name: &str| reading.mirror.repo().tip(name).unwrap().as_ref().map(revision);
        let case = Case {
            schema: Case::SCHEMA.to_owned(),
            matter: Matter::Accept,
            configuration: base.parse().unwrap(),
            server: "conformance".parse().unwrap(),
            server_id: "conformance".to_owned(),
            project: self.stage.project.parse().unwrap(),
            branch: "refs/heads/main".parse().unwrap(),
            base: base.parse().unwrap(),
            tip: tip.parse().unwrap(),
            branch_tip: tip_of("refs/heads/main"),
            rules: Rules { base: rules, now: tip_of("refs/meta/config") },
            changes: reading.changes.clone(),
            accounts: reading.accounts.clone(),
            freezes: BTreeSet::new(),
            links: vec![],
            groups: GroupsRead::default(),
            sessions: vec![],
            consents: Vec::new(),
            passkeys: Vec::new(),
            read_at: Timestamp::from_millis(0),
        };
        let found = examine(&case, reading.mirror.repo(), &reading.answers).unwrap();
        range_words(&found.range, reading.mirror.repo())
    }

    /// Where `refs/meta/config` is.
    pub async fn rules(&self) -> Revision {
        let repo = Repo::open(&self.repository).unwrap();
        revision(&repo.tip("refs/meta/config").unwrap().unwrap())
    }

    async fn words(&self, evidence: &ChangeEvidence) -> String {
        let mut text = String::from(if evidence.reviewed { "REVIEWED" } else { "not reviewed" });
        for finding in &evidence.findings {
            let mark = if finding.code.is_refusing() { 'x' } else { 'i' };
            let code = serde_json::to_value(finding.code).unwrap();
            let _ = write!(text, "; {mark} {}", code.as_str().unwrap());
        }
        let mut lines = Vec::new();
        for vote in &evidence.votes {
            let why = serde_json::to_value(vote.why).unwrap();
            let copied = if vote.copied { " copied" } else { "" };
            let (label, value, on) = (&vote.label, vote.value, vote.patch_set);
            let (of, why) = (self.name(vote.account).await, why.as_str().unwrap_or("counts"));
            lines.push(format!("{label}{value:+} of {of} on {on}{copied}: {why}"));
        }
        // account numbers differ from server to server
        lines.sort();
        lines.insert(0, text);
        lines.join("\n")
    }

    async fn name(&self, account: u64) -> String {
        let client = self.stage.client("exq-reader");
        client
            .account(AccountId(account))
            .await
            .unwrap()
            .value
            .username
            .unwrap_or_else(|| account.to_string())
    }
}

fn range_words(range: &RangeEvidence, objects: &Repo) -> String {
    let mut text = String::from(if range.reviewed { "REVIEWED" } else { "not reviewed" });
    for finding in &range.findings {
        let code = serde_json::to_value(finding.code).unwrap();
        let _ = write!(text, "; x {}", code.as_str().unwrap());
    }
    let mut lines = Vec::new();
    for commit in &range.commits {
        let account = serde_json::to_value(commit.account).unwrap();
        let reviewed = match commit.reviewed {
            Some(true) => ", reviewed",
            Some(false) => ", not reviewed",
            None => "",
        };
        lines.push(format!("{}: {}{reviewed}", subject(objects, &commit.sha), account.as_str().unwrap()));
    }
    lines.sort();
    lines.insert(0, text);
    lines.join("\n")
}

fn subject(objects: &Repo, id: &ObjectId) -> String {
    let commit = walk::commit(objects, id).unwrap().unwrap();
    commit.message.lines().next().unwrap_or_default().to_owned()
}

/// Addresses of authors, committers and co-authors of every patch set.
fn addresses(info: &ChangeInfo) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for commit in info.revisions.values().filter_map(|revision| revision.commit.as_ref()) {
        found.extend(commit.author.iter().chain(&commit.committer).map(|person| person.email.clone()));
        let lines = commit.message.iter().flat_map(|text| text.lines());
        let co_authors = lines.filter_map(|line| line.strip_prefix("Co-authored-by: ")?.split_once('<'));
        found.extend(co_authors.map(|(_, rest)| rest.trim_end_matches('>').to_owned()));
    }
    found
}

/// Without the indentation of the source.
fn tidy(text: &str) -> String {
    let lines = text.trim().lines().map(str::trim);
    lines.collect::<Vec<_>>().join("\n")
}
