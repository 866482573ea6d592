//! Evidence on demand: one change, or one range, of a running Gerrit, read now and judged as a decision judges it.

use std::collections::{BTreeMap, BTreeSet};

use evidence::{ChangeEvidence, ChangeInput, FindingCode, LabelRanges, ReviewRules, Status, Vote, judge};
use gate::{Answers, ChangeRead, Matter, live_facts, object_id, revision};
use gerrit::{ChangeId, git::Want, repo::Repo};
use model::{Digest, Project, RefName, Revision, ServerName};
use notedb::{History, HistoryError, MapRefs, ObjectId, Refs as _, meta::StatusLine, meta_ref};
use serde_json::Value;
use store::StoreExt as _;

use crate::{
    EngineError,
    engine::Engine,
    gerrits::{GerritServer, Synced, change_refs},
    history::{must_be_commit, off_thread},
    kept::LaneRecord,
    look::safe_line,
    people::GroupsFound,
    read::{About, Known, Read, Reader},
    surface::{ChangeEvidenceView, RangeEvidenceView, RangeQuestion, VoteName},
};

/// How often a change that moves while it is read is read, before what was read is judged as it is.
const TRIES: usize = 3;
/// The largest number of a change.
const NUMBERS: u64 = i32::MAX as u64;
/// Where most changes go: asked for before the change itself said where it goes.
const USUAL: [&str; 2] = ["refs/heads/main", "refs/heads/master"];

/// A change as read: REST and refs.
struct Taken {
    project: Project,
    read: Read,
    synced: Synced,
}

impl Engine {
    /// What is true about a change now.
    ///
    /// # Errors
    /// [`EngineError`]: it can't be said now.
    pub(crate) async fn evidence_of(
        &self,
        server: &ServerName,
        number: u64,
        project: Option<Project>,
    ) -> Result<ChangeEvidenceView, EngineError> {
        let server = self.server(server)?;
        let project = match project {
            Some(project) => server.must_exist(&project).await.map(|()| Some(project))?,
            None => server.project_of(number).await,
        };
        let reader = self.reader(server);
        let taken = reader.taken(number, project).await?;
        let meta = meta_of(&taken, number)?;
        // From now on a rewrite of what was read is seen; that becomes durable while it is judged.
        let remembered = self.remember_meta(&server.name, number, meta);
        Ok(tokio::try_join!(reader.evidence(taken, number), remembered)?.0)
    }

    /// What is true about a range now.
    ///
    /// # Errors
    /// [`EngineError`]: it can't be said now.
    pub(crate) async fn evidence_of_range(
        &self,
        asked: &RangeQuestion,
    ) -> Result<RangeEvidenceView, EngineError> {
        let server = self.server(&asked.server)?;
        let reader = self.reader(server);
        server.must_exist(&asked.project).await?;
        let wants = [Want::Ref(asked.branch.as_str()), Want::Ref("refs/meta/config")];
        let synced = server.sync(&asked.project, &wants).await?;
        let rules = match asked.rules {
            Some(rules) => Some(rules),
            None => self.rules_at(asked).await?,
        };
        for (end, id) in [("base", Some(asked.base)), ("tip", Some(asked.tip)), ("rules", rules)] {
            if let Some(id) = id {
                must_be_commit(&*synced.repo, end, &id)?;
            }
        }
        let about = About {
            matter: Matter::Accept,
            configuration: self.accepted.load().rulebook.commit,
            project: asked.project.clone(),
            branch: asked.branch.clone(),
            base: asked.base,
            tip: asked.tip,
            rules,
            freezes: BTreeSet::new(),
            groups: GroupsFound::default(),
            consents: Vec::new(),
            passkeys: Vec::new(),
        };
        let examined = reader.examine(&about, Known::new(), synced).await?;
        Ok(RangeEvidenceView {
            schema: RangeEvidenceView::SCHEMA,
            evidence: examined.evidence.range,
            rules,
            read_at: examined.case.read_at,
        })
    }

    /// `refs/meta/config` at a base, where a lane's base it is.
    async fn rules_at(&self, asked: &RangeQuestion) -> Result<Option<Revision>, EngineError> {
        const LANES: usize = 1_000;
        let lanes = self.store.all::<LaneRecord>(&["active", "idle"], LANES).await?;
        let of = lanes.items.into_iter().map(|lane| lane.value).find(|record| {
            let lane = &record.lane;
            (&lane.server, &lane.project, &lane.branch) == (&asked.server, &asked.project, &asked.branch)
                && record.base == asked.base
                && record.rules.is_some()
        });
        Ok(of.and_then(|record| record.rules))
    }
}

impl Reader<'_> {
    /// A change as REST and refs agree upon it, or as it is after some tries. `project` is where it is thought to be: then
    /// both are read side by side.
    async fn taken(&self, number: u64, project: Option<Project>) -> Result<Taken, EngineError> {
        if !(1..=NUMBERS).contains(&number) {
            return Err(EngineError::NotFound { server: self.server.name.clone(), number });
        }
        let mut taken = self.take(number, project).await?;
        for _ in 1..TRIES {
            if agreed(&taken, number)? {
                break;
            }
            taken = self.take(number, Some(taken.project)).await?;
        }
        Ok(taken)
    }

    /// What is true about a change as it was read; where REST and refs disagree, that is found.
    async fn evidence(&self, mut taken: Taken, number: u64) -> Result<ChangeEvidenceView, EngineError> {
        let mut evidence = self.judged(&taken, number).await?;
        let told = taken.read.info.branch_ref();
        if let Some(branch) = evidence.change.branch.as_ref().filter(|branch| **branch != told) {
            return Err(EngineError::Outside(format!(
                "REST says that change {number} is for {}, its history says {branch}",
                safe_line(&told)
            )));
        }
        // The branch may have been listed before the merge that REST tells of.
        if evidence.finding(FindingCode::NotOnBranch).is_some() {
            let wants = [Want::Ref(told.as_str())];
            taken.synced = self.server.sync(&taken.project, &wants).await?;
            evidence = self.judged(&taken, number).await?;
        }
        let first_seen_after_merge = self.unseen(&taken, number, &evidence).await?;
        Ok(ChangeEvidenceView {
            schema: ChangeEvidenceView::SCHEMA,
            names: names(&taken.read.raw, &evidence),
            evidence,
            first_seen_after_merge,
            read_at: taken.read.at,
        })
    }

    /// Reads a change: REST and its refs side by side, if its project is known.
    async fn take(&self, number: u64, project: Option<Project>) -> Result<Taken, EngineError> {
        let seen = |why| not_found(why, &self.server.name, number);
        let (read, early) = match project {
            None => (self.change(&ChangeId::number(number)).await.map_err(seen)?, None),
            Some(project) => {
                let id = ChangeId::number(number);
                let (read, synced) = tokio::join!(self.change(&id), self.refs(&project, number, &USUAL));
                (read.map_err(seen)?, Some((project, synced)))
            }
        };
        let project: Project = read.info.project.parse().map_err(|_| {
            EngineError::Outside(format!("change {number} is in a project whose name can't be one"))
        })?;
        if read.info.number != number {
            return Err(EngineError::Outside(format!(
                "asked about change {number}, Gerrit answered about {}",
                read.info.number
            )));
        }
        let branch = read.info.branch_ref();
        let synced = match early {
            Some((thought, synced)) if thought == project => Some(synced?),
            _ => None,
        };
        let synced = match synced {
            Some(synced) if USUAL.contains(&branch.as_str()) => synced,
            _ => self.refs(&project, number, &[branch.as_str()]).await?,
        };
        Ok(Taken { project, read, synced })
    }

    /// The refs of a change, and some branches.
    async fn refs(&self, project: &Project, number: u64, branches: &[&str]) -> Result<Synced, EngineError> {
        let own = change_refs(number);
        let mut wants = vec![Want::Prefix(&own)];
        wants.extend(branches.iter().map(|branch| Want::Ref(branch)));
        self.server.sync(project, &wants).await
    }

    async fn judged(&self, taken: &Taken, number: u64) -> Result<ChangeEvidence, EngineError> {
        let (mut answers, mut accounts) = (Answers::new(), BTreeMap::new());
        let detail = Digest::of(&taken.read.raw);
        answers.insert(detail, taken.read.raw.clone());
        self.addresses(&taken.read, &taken.synced.repo, &mut answers, &mut accounts).await?;
        let branch: RefName = taken.read.info.branch_ref().parse().map_err(|_| {
            EngineError::Outside(format!("change {number} is of a branch whose name can't be one"))
        })?;
        let meta = meta_of(taken, number)?;
        let refs: MapRefs = taken
            .synced
            .refs
            .get(branch.as_str())
            .map(|tip| (branch.to_string(), *tip))
            .into_iter()
            .collect();
        let read = ChangeRead { meta, branch, detail, seen: self.seen(number).await? };
        let (repo, project) = (taken.synced.repo.clone(), taken.project.clone());
        off_thread(move || {
            let live = live_facts(&project, number, &read, &accounts, &answers)?;
            let input = ChangeInput {
                number,
                meta: object_id(&read.meta),
                refs: &refs,
                labels: &LabelRanges::default(),
                rules: &ReviewRules::default(),
                live: Some(&live),
            };
            Ok(judge(&*repo, &input).map_err(gate::CaseError::from)?)
        })
        .await
    }

    /// Votes of a merged change that stood at no meta revision which we saw while it was open: that they were cast before
    /// the merge rests on Gerrit's word alone. None where nothing was seen while it was open is all of them.
    async fn unseen(
        &self,
        taken: &Taken,
        number: u64,
        evidence: &ChangeEvidence,
    ) -> Result<Vec<VoteName>, EngineError> {
        if evidence.status != Some(Status::Merged) {
            return Ok(Vec::new());
        }
        let seen = self.seen(number).await?;
        let (repo, meta) = (taken.synced.repo.clone(), evidence.meta);
        let mut unseen = evidence.votes.clone();
        off_thread(move || {
            for meta in seen_open(&repo, meta, &seen)? {
                if unseen.is_empty() {
                    break;
                }
                let input = ChangeInput {
                    number,
                    meta,
                    refs: &MapRefs::default(),
                    labels: &LabelRanges::default(),
                    rules: &ReviewRules::default(),
                    live: None,
                };
                let then = judge(&*repo, &input).map_err(gate::CaseError::from)?;
                unseen.retain(|vote| !then.votes.iter().any(|stood| is_same(vote, stood)));
            }
            Ok(unseen.iter().map(VoteName::of).collect())
        })
        .await
    }
}

/// Whether it is the one vote, seen at two times.
fn is_same(one: &Vote, other: &Vote) -> bool {
    let name = |vote: &Vote| (vote.account, vote.value, vote.at);
    one.label == other.label && name(one) == name(other)
}

/// Where a merged change's history was seen while it was open, the newest first: usually that shows every vote at once, so
/// that nothing older is judged. What was rewritten since then shows nothing.
fn seen_open(
    repo: &Repo,
    meta: ObjectId,
    seen: &BTreeSet<Revision>,
) -> Result<Vec<ObjectId>, gate::CaseError> {
    let history = match History::read(repo, meta) {
        Ok(history) => history,
        Err(HistoryError::Malformed(_)) => return Ok(Vec::new()),
        Err(HistoryError::Read(why)) => return Err(why.into()),
    };
    let open = history.commits().iter().take_while(|commit| commit.status != Some(StatusLine::Merged));
    let mut open: Vec<ObjectId> = open.map(|c| c.id).filter(|id| seen.contains(&revision(id))).collect();
    open.reverse();
    Ok(open)
}

/// Where the ref of its meta history stands. If REST, asked again and again, still speaks of another, that is found.
fn meta_of(taken: &Taken, number: u64) -> Result<Revision, EngineError> {
    let stands = taken.synced.repo.tip(&meta_ref(number)).map_err(gate::CaseError::from)?;
    stands
        .as_ref()
        .map(revision)
        .ok_or_else(|| EngineError::Outside(format!("change {number} has no meta history that can be read")))
}

/// Whether REST speaks of the meta revision at which the change's ref stands.
fn agreed(taken: &Taken, number: u64) -> Result<bool, EngineError> {
    let stands = taken.synced.repo.tip(&meta_ref(number)).map_err(gate::CaseError::from)?;
    let told = taken.read.info.meta_rev_id.as_deref().and_then(|id| id.parse().ok());
    Ok(stands.is_some() && stands == told)
}

/// A change that can't be seen is that, not a failure of Gerrit.
fn not_found(why: EngineError, server: &ServerName, number: u64) -> EngineError {
    match why {
        EngineError::Gerrit { why, .. } if why.is_not_found() => {
            EngineError::NotFound { server: server.clone(), number }
        }
        other => other,
    }
}

/// What Gerrit calls the accounts that the evidence names. Names prove nothing: they are for readers.
fn names(raw: &[u8], evidence: &ChangeEvidence) -> BTreeMap<u64, String> {
    let people = &evidence.people;
    let mut wanted: BTreeSet<u64> = evidence.contributors();
    wanted.extend(people.co_authors.iter().copied());
    wanted.extend(evidence.submitted.iter().flat_map(|s| s.by.into_iter().chain(s.real)));
    let own = evidence.votes.iter().filter(|v| v.why != Some(evidence::Why::Foreign));
    wanted.extend(own.flat_map(|v| [v.account].into_iter().chain(v.real)));
    let json = raw.strip_prefix(b")]}'").unwrap_or(raw);
    let mut names = BTreeMap::new();
    let mut left: Vec<Value> = serde_json::from_slice(json).into_iter().collect();
    while let Some(value) = left.pop() {
        match value {
            Value::Array(items) => left.extend(items),
            Value::Object(members) => {
                let number = members.get("_account_id").and_then(Value::as_u64);
                let name = ["name", "username"].iter().find_map(|key| members.get(*key)?.as_str());
                if let (Some(number), Some(name)) = (number.filter(|n| wanted.contains(n)), name) {
                    names.entry(number).or_insert_with(|| safe_line(name));
                }
                left.extend(members.into_iter().map(|(_, value)| value));
            }
            _ => {}
        }
    }
    names
}

impl GerritServer {
    /// The project of a change that one of our mirrors holds: a change's number is unique on its server.
    pub(crate) async fn project_of(&self, number: u64) -> Option<Project> {
        let meta = meta_ref(number);
        self.mirror_with(|refs| refs.contains_key(&meta)).await
    }
}
