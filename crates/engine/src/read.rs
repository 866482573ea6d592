//! Reads what a decision needs: REST and git, side by side, with our own credentials.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use gate::{Answers, Case, CaseEvidence, ChangeRead, Matter, Rules, examine, object_id};
use gerrit::{ChangeId, DetailLevel, git::Want, info::ChangeInfo, repo::Repo};
use model::{Clock, Digest, Project, RefName, Revision, Timestamp};
use notedb::{MapObjects, Recorder, Refs as _, walk};
use store::StoreExt as _;

use crate::{
    EngineError,
    gerrits::{GerritServer, Synced, change_refs},
    history::{meta_to_judge, off_thread},
    kept::{ChangeIndex, SeenMetas},
    people::GroupsFound,
};

/// Changes of one range that are read at most.
const CHANGES: usize = 500;
/// Addresses of one case that are asked about at most.
const ADDRESSES: usize = 200;
/// Requests under way at once.
const AT_ONCE: usize = 8;

/// One change as Gerrit's REST says it.
pub(crate) struct Read {
    /// What it means.
    pub info: ChangeInfo,
    /// The bytes as read.
    pub raw: Vec<u8>,
    /// When.
    pub at: Timestamp,
}

/// Changes that were read already, by number.
pub(crate) type Known = HashMap<u64, Read>;

/// A case that was read and judged.
pub(crate) struct Examined {
    /// The case.
    pub case: Case,
    /// What was found.
    pub evidence: CaseEvidence,
    /// The REST answers that it names.
    pub answers: Answers,
    /// The git objects that judging read.
    pub git: MapObjects,
}

/// Reads cases of one server.
pub(crate) struct Reader<'a> {
    /// The server.
    pub server: &'a GerritServer,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Where seen meta revisions are kept.
    pub store: &'a dyn store::Store,
}

/// What a case is about.
pub(crate) struct About {
    /// What is asked.
    pub matter: Matter,
    /// The accepted configuration.
    pub configuration: Revision,
    /// The project.
    pub project: Project,
    /// The branch.
    pub branch: RefName,
    /// Where the range begins.
    pub base: Revision,
    /// Where it ends.
    pub tip: Revision,
    /// `refs/meta/config` when the base was granted.
    pub rules: Option<Revision>,
    /// Names of the freezes in force.
    pub freezes: BTreeSet<String>,
    /// The groups that fill roles.
    pub groups: GroupsFound,
    /// What was said to plans of the outcome.
    pub consents: Vec<grant::Consent>,
    /// The passkeys by which it was.
    pub passkeys: Vec<gate::PasskeyRead>,
}

impl Reader<'_> {
    /// One change, whole.
    ///
    /// # Errors
    /// [`EngineError::Gerrit`], [`EngineError::Clock`].
    pub(crate) async fn change(&self, id: &ChangeId) -> Result<Read, EngineError> {
        let at = self.clock.now();
        let answer = self.server.reader.change(id, DetailLevel::Evidence, None).await;
        let answer = answer.map_err(|why| self.server.error(why))?;
        self.server.check_clock(&answer, self.clock)?;
        Ok(Read { info: answer.value, raw: answer.raw.to_vec(), at })
    }

    /// Reads and judges a case. If a commit stays unaccounted for, every ref of the project is looked at before that is
    /// said: an index that a crash emptied must not turn a reviewed commit into an unreviewed one.
    ///
    /// # Errors
    /// [`EngineError`]: it can't be said now.
    pub(crate) async fn examine(
        &self,
        about: &About,
        known: Known,
        synced: Synced,
    ) -> Result<Examined, EngineError> {
        let mut reading = Reading { reader: self, about, known, synced, whole: false };
        reading.gather().await?;
        let mut examined = reading.judge().await?;
        // The revision of an open change is accounted for by no merged one, however far is looked.
        let open = matches!(about.matter, Matter::Submit(_));
        if !open && !examined.evidence.range.commits.iter().all(evidence::RangeCommit::is_reviewed) {
            reading.widen().await?;
            reading.gather().await?;
            examined = reading.judge().await?;
        }
        Ok(examined)
    }
}

struct Reading<'a> {
    reader: &'a Reader<'a>,
    about: &'a About,
    known: Known,
    synced: Synced,
    whole: bool,
}

impl Reading<'_> {
    /// Reads every change that may account for a commit of the range and isn't known yet.
    async fn gather(&mut self) -> Result<(), EngineError> {
        let range = self.range().await?;
        if range.len() > CHANGES {
            return Err(EngineError::TooLong { commits: range.len(), limit: CHANGES });
        }
        let told: BTreeSet<u64> = self.known.keys().copied().collect();
        let mut wanted = BTreeSet::new();
        let mut strangers = Vec::new();
        for id in range.keys() {
            match self.synced.patch_sets.get(id) {
                Some(numbers) => wanted.extend(numbers),
                None => strangers.push(*id),
            }
        }
        if !self.whole {
            let merges = |id: &notedb::ObjectId| range.get(id).is_some_and(|links| links.parents.len() > 1);
            let ask: Vec<String> =
                strangers.iter().filter(|id| !merges(id)).map(ToString::to_string).collect();
            wanted.extend(self.by_commit(ask).await?);
        }
        let new: Vec<u64> = wanted.difference(&told).copied().collect();
        if new.is_empty() {
            return Ok(());
        }
        let project = self.about.project.as_str();
        let reader = self.reader;
        let read: Vec<Result<Read, EngineError>> = stream::iter(new.clone())
            .map(|number| async move { reader.change(&ChangeId::new(project, number)).await })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let read = self.without_unreadable(read)?;
        let prefixes: Vec<String> = new.iter().map(|number| change_refs(*number)).collect();
        let mut wants: Vec<Want<'_>> = prefixes.iter().map(|p| Want::Prefix(p)).collect();
        wants.push(Want::Ref(self.about.branch.as_str()));
        wants.push(Want::Ref("refs/meta/config"));
        self.synced = self.reader.server.sync(&self.about.project, &wants).await?;
        self.known.extend(read.into_iter().map(|read| (read.info.number, read)));
        Ok(())
    }

    /// What could be read. Anybody may push a commit of somebody else's to a change of their own, and make that one private
    /// or too large to be read: what can't be read accounts for nothing, and must not keep the rest from being judged. But
    /// if nothing at all could be read, the fault is ours: then nothing is said.
    fn without_unreadable(&self, read: Vec<Result<Read, EngineError>>) -> Result<Vec<Read>, EngineError> {
        let (mut good, mut why) = (Vec::new(), None);
        for read in read {
            match read {
                Ok(read) => good.push(read),
                Err(EngineError::Gerrit {
                    why: error @ (gerrit::Error::NotFound { .. } | gerrit::Error::TooLarge { .. }),
                    server,
                }) => why = Some(EngineError::Gerrit { why: error, server }),
                Err(error) => return Err(error),
            }
        }
        match why {
            Some(why) if good.is_empty() && self.known.is_empty() => Err(why),
            Some(why) => {
                tracing::warn!(error = %why, project = %self.about.project, "left out");
                Ok(good)
            }
            None => Ok(good),
        }
    }

    /// The commits that are brought, and those that the project's own rules brought: these may have moved by reviewed
    /// changes, too.
    async fn range(&self) -> Result<BTreeMap<notedb::ObjectId, walk::CommitLinks>, EngineError> {
        let mut ranges = vec![(object_id(&self.about.tip), object_id(&self.about.base))];
        if let (Some(base), Some(now)) = (self.about.rules, self.synced.tip("refs/meta/config")) {
            ranges.push((object_id(&now), object_id(&base)));
        }
        let repo = self.synced.repo.clone();
        off_thread(move || {
            let mut range = BTreeMap::new();
            for (tip, base) in ranges {
                range.extend(walk::difference(&*repo, &[tip], &[base]).map_err(gate::CaseError::from)?);
            }
            Ok(range)
        })
        .await
    }

    /// The merged changes that Gerrit's index knows for some commits.
    async fn by_commit(&self, commits: Vec<String>) -> Result<BTreeSet<u64>, EngineError> {
        let server = self.reader.server;
        let pages: Vec<Vec<u64>> = stream::iter(commits)
            .map(|commit| async move {
                let query = gerrit::ChangeQuery {
                    query: format!("commit:{commit}"),
                    limit: 10,
                    start: 0,
                    detail: DetailLevel::Brief,
                };
                let answer = server.reader.changes(&query).await.map_err(|why| server.error(why))?;
                let ours =
                    answer.value.changes.into_iter().filter(|c| c.project == self.about.project.as_str());
                Ok::<_, EngineError>(ours.map(|c| c.number).collect())
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(pages.into_iter().flatten().collect())
    }

    /// Brings every ref of every change.
    async fn widen(&mut self) -> Result<(), EngineError> {
        let wants = [
            Want::Prefix("refs/changes/"),
            Want::Ref(self.about.branch.as_str()),
            Want::Ref("refs/meta/config"),
        ];
        self.synced = self.reader.server.sync(&self.about.project, &wants).await?;
        self.whole = true;
        Ok(())
    }

    async fn judge(&self) -> Result<Examined, EngineError> {
        let mut answers = self.about.groups.answers.clone();
        let mut changes = BTreeMap::new();
        let mut accounts = BTreeMap::new();
        let now = self.reader.clock.now();
        let mut read_at = self.about.groups.at.map_or(now, |at| at.min(now));
        for (number, read) in &self.known {
            if read.info.project != self.about.project.as_str() {
                continue;
            }
            read_at = read_at.min(read.at);
            let meta = self.reader.meta(&self.synced, *number, read)?;
            let detail = Digest::of(&read.raw);
            answers.insert(detail, read.raw.clone());
            // A change of a branch whose name is none of ours accounts for nothing here.
            let Ok(branch) = read.info.branch_ref().parse() else { continue };
            let seen = self.reader.seen(*number).await?;
            changes.insert(*number, ChangeRead { meta, branch, detail, seen });
            self.reader.addresses(read, &self.synced.repo, &mut answers, &mut accounts).await?;
        }
        let case = Case {
            schema: Case::SCHEMA.to_owned(),
            matter: self.about.matter.clone(),
            configuration: self.about.configuration,
            server: self.reader.server.name.clone(),
            server_id: self.reader.server.server_id.clone(),
            project: self.about.project.clone(),
            branch: self.about.branch.clone(),
            base: self.about.base,
            tip: self.about.tip,
            branch_tip: self.synced.tip(self.about.branch.as_str()),
            rules: Rules { base: self.about.rules, now: self.synced.tip("refs/meta/config") },
            changes,
            accounts,
            freezes: self.about.freezes.clone(),
            links: Vec::new(),
            groups: self.about.groups.read.clone(),
            sessions: Vec::new(),
            consents: self.about.consents.clone(),
            passkeys: self.about.passkeys.clone(),
            read_at,
        };
        let repo = self.synced.repo.clone();
        off_thread(move || {
            let recorder = Recorder::new(&*repo);
            let evidence = examine(&case, &recorder, &answers)?;
            let git = recorder.into_recorded();
            Ok(Examined { case, evidence, answers, git })
        })
        .await
    }
}

impl Reader<'_> {
    /// The meta revision to judge.
    ///
    /// # Errors
    /// There is none: the change can't be seen over git (any more).
    pub(crate) fn meta(&self, synced: &Synced, number: u64, read: &Read) -> Result<Revision, EngineError> {
        let told = read.info.meta_rev_id.as_deref().and_then(|id| id.parse().ok());
        let stands = synced.repo.tip(&notedb::meta_ref(number)).map_err(gate::CaseError::from)?;
        let meta = meta_to_judge(&*synced.repo, told, stands).map_err(gate::CaseError::from)?;
        meta.ok_or_else(|| {
            EngineError::Outside(format!("change {number} has no meta history that can be read"))
        })
    }

    /// Where its meta history was seen before.
    pub(crate) async fn seen(&self, number: u64) -> Result<BTreeSet<Revision>, EngineError> {
        let key = ChangeIndex::key_of(&self.server.name, number);
        let seen = self.store.get::<SeenMetas>(&key).await?;
        Ok(seen.map(|s| s.value.metas.into_iter().collect()).unwrap_or_default())
    }

    /// Asks about each address of authors, committers and co-authors that the change's own answer doesn't tell an account
    /// for, and that wasn't asked about yet.
    pub(crate) async fn addresses(
        &self,
        read: &Read,
        repo: &Repo,
        answers: &mut Answers,
        accounts: &mut BTreeMap<String, Digest>,
    ) -> Result<(), EngineError> {
        let told = gate::Detail::read(answers, &Digest::of(&read.raw))?.addresses();
        let mut unasked = BTreeSet::new();
        for (sha, revision) in &read.info.revisions {
            // The commit itself says who wrote it; REST only where we don't have it.
            let commit = match sha.parse() {
                Ok(id) => walk::commit(repo, &id).map_err(gate::CaseError::from)?,
                Err(_) => None,
            };
            match (commit, &revision.commit) {
                (Some(commit), _) => {
                    unasked.extend(evidence::co_authors(&commit.message).into_iter().map(str::to_owned));
                    unasked.extend([commit.author.email, commit.committer.email]);
                }
                (None, Some(told)) => {
                    unasked.extend(told.author.iter().chain(&told.committer).map(|p| p.email.clone()));
                    let message = told.message.as_deref().unwrap_or_default();
                    unasked.extend(evidence::co_authors(message).into_iter().map(str::to_owned));
                }
                (None, None) => {}
            }
        }
        unasked.retain(|a| {
            !a.is_empty() && a.len() <= 254 && !told.contains_key(a) && !accounts.contains_key(a)
        });
        let asked: Vec<(String, Option<Vec<u8>>)> = stream::iter(unasked.into_iter().take(ADDRESSES))
            .map(|address| async move {
                let raw = self.address(&address).await?;
                Ok::<_, EngineError>((address, raw))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        for (address, raw) in asked {
            let Some(raw) = raw else { continue };
            let digest = Digest::of(&raw);
            answers.insert(digest, raw);
            accounts.insert(address, digest);
        }
        Ok(())
    }

    /// The answer about an address; none when it can't be asked about: then nobody is proven by it.
    async fn address(&self, address: &str) -> Result<Option<Vec<u8>>, EngineError> {
        match self.server.reader.accounts_by_email(address).await {
            Ok(answer) => Ok(Some(answer.raw.to_vec())),
            Err(why) if why.class() == gerrit::Class::Permanent => Ok(None),
            Err(why) => Err(self.server.error(why)),
        }
    }
}
