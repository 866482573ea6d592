//! Reads what a decision needs: REST and git, side by side, with our own credentials.

use std::collections::{BTreeMap, BTreeSet, HashMap, btree_map::Entry};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use gate::{Answers, Case, CaseEvidence, ChangeRead, Matter, Rules, examine, object_id};
use gerrit::{ChangeId, DetailLevel, git::Want, info::ChangeInfo};
use model::{Clock, Digest, Project, RefName, Revision, Timestamp};
use notedb::{MapObjects, ObjectId, Objects, ReadError, Recorder, walk};
use store::StoreExt as _;

use crate::{
    EngineError,
    gerrits::{GerritServer, Synced, change_refs},
    kept::{ChangeIndex, SeenMetas},
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
        if !examined.evidence.range.commits.iter().all(evidence::RangeCommit::is_reviewed) {
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
        let (tip, base) = (object_id(&self.about.tip), object_id(&self.about.base));
        let mut range =
            walk::difference(&self.synced.repo, &[tip], &[base]).map_err(gate::CaseError::from)?;
        // A project's own rules may have moved by reviewed changes, too.
        if let (Some(base), Some(now)) = (self.about.rules, self.synced.tip("refs/meta/config")) {
            let (base, now) = (object_id(&base), object_id(&now));
            let rules =
                walk::difference(&self.synced.repo, &[now], &[base]).map_err(gate::CaseError::from)?;
            range.extend(rules);
        }
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
        let read: Vec<Read> = stream::iter(new.clone())
            .map(|number| async move { reader.change(&ChangeId::new(project, number)).await })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let prefixes: Vec<String> = new.iter().map(|number| change_refs(*number)).collect();
        let mut wants: Vec<Want<'_>> = prefixes.iter().map(|p| Want::Prefix(p)).collect();
        wants.push(Want::Ref(self.about.branch.as_str()));
        wants.push(Want::Ref("refs/meta/config"));
        self.synced = self.reader.server.sync(&self.about.project, &wants).await?;
        self.known.extend(read.into_iter().map(|read| (read.info.number, read)));
        Ok(())
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
        let mut answers = Answers::new();
        let mut changes = BTreeMap::new();
        let mut accounts = BTreeMap::new();
        let mut read_at = self.reader.clock.now();
        for (number, read) in &self.known {
            if read.info.project != self.about.project.as_str() {
                continue;
            }
            read_at = read_at.min(read.at);
            let meta = self.meta(*number, read)?;
            let detail = Digest::of(&read.raw);
            answers.insert(detail, read.raw.clone());
            // A change of a branch whose name is none of ours accounts for nothing here.
            let Ok(branch) = read.info.branch_ref().parse() else { continue };
            let seen = self.seen(*number).await?;
            changes.insert(*number, ChangeRead { meta, branch, detail, seen });
            for address in self.unknown_addresses(read, &answers, detail)? {
                if let Entry::Vacant(unasked) = accounts.entry(address) {
                    let Some(raw) = self.address(unasked.key()).await? else { continue };
                    let digest = Digest::of(&raw);
                    answers.insert(digest, raw);
                    unasked.insert(digest);
                }
            }
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
            read_at,
        };
        let recorder = Recorder::new(&self.synced.repo);
        let evidence = examine(&case, &recorder, &answers)?;
        Ok(Examined { case, evidence, answers, git: recorder.into_recorded() })
    }

    /// The meta revision to judge: what REST spoke of, if we have it; else what the refs say.
    fn meta(&self, number: u64, read: &Read) -> Result<Revision, EngineError> {
        let told = read.info.meta_rev_id.as_deref().and_then(|id| id.parse().ok());
        let ours = self.synced.tip(&notedb::meta_ref(number));
        told.filter(|told| self.has(told)).or(ours).ok_or_else(|| {
            EngineError::Outside(format!("change {number} has no meta history that can be read"))
        })
    }

    fn has(&self, commit: &Revision) -> bool {
        matches!(walk::links(&self.synced.repo, &object_id(commit)), Ok(Some(_)))
    }

    async fn seen(&self, number: u64) -> Result<BTreeSet<Revision>, EngineError> {
        let key = ChangeIndex::key_of(&self.reader.server.name, number);
        let seen = self.reader.store.get::<SeenMetas>(&key).await?;
        Ok(seen.map(|s| s.value.metas.into_iter().collect()).unwrap_or_default())
    }

    /// Addresses of authors, committers and co-authors that the change's own answer doesn't tell an account for.
    fn unknown_addresses(
        &self,
        read: &Read,
        answers: &Answers,
        detail: Digest,
    ) -> Result<Vec<String>, EngineError> {
        let told = gate::Detail::read(answers, &detail)?.addresses();
        let mut addresses = BTreeSet::new();
        for commit in read.info.revisions.values().filter_map(|r| r.commit.as_ref()) {
            addresses.extend(commit.author.iter().chain(&commit.committer).map(|p| p.email.clone()));
            addresses.extend(commit.message.iter().flat_map(|text| co_authors(text)));
        }
        addresses.retain(|a| !a.is_empty() && a.len() <= 254 && !told.contains_key(a));
        Ok(addresses.into_iter().take(ADDRESSES).collect())
    }

    /// The answer about an address; none when it can't be asked about: then nobody is proven by it.
    async fn address(&self, address: &str) -> Result<Option<Vec<u8>>, EngineError> {
        let server = self.reader.server;
        match server.reader.accounts_by_email(address).await {
            Ok(answer) => Ok(Some(answer.raw.to_vec())),
            Err(why) if why.class() == gerrit::Class::Permanent => Ok(None),
            Err(why) => Err(server.error(why)),
        }
    }
}

/// Addresses in `Co-authored-by` lines; what isn't one costs a look and proves nothing.
fn co_authors(message: &str) -> impl Iterator<Item = String> {
    message.lines().filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        let address = value.rsplit_once('<')?.1.split_once('>')?.0;
        key.trim().eq_ignore_ascii_case("co-authored-by").then(|| address.to_owned())
    })
}

/// Whether `a` is `b`, or an ancestor of it.
///
/// # Errors
/// When the mirror can't be read.
pub(crate) fn is_ancestor(synced: &Synced, a: &Revision, b: &Revision) -> Result<bool, EngineError> {
    Ok(reaches(&synced.repo, &object_id(b), &object_id(a)).map_err(gate::CaseError::from)?)
}

/// Whether a commit reaches another. The search that can say no reads a whole history; but what lies between two commits
/// is found quickly, and that nothing does is never said wrongly: so mostly one of both ways answers at once.
fn reaches<O: Objects + ?Sized>(objects: &O, from: &ObjectId, to: &ObjectId) -> Result<bool, ReadError> {
    for id in [from, to] {
        if walk::links(objects, id)?.is_none() {
            return Ok(false);
        }
    }
    let reached =
        |from: &ObjectId, to: &ObjectId| Ok(walk::difference(objects, &[*to], &[*from])?.is_empty());
    if reached(from, to)? {
        return Ok(true);
    }
    // No history runs in a circle.
    if reached(to, from)? {
        return Ok(false);
    }
    walk::Reach::new(objects, &[*from])?.contains(objects, to)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use notedb::{Kind, Object};

    use super::*;

    /// Counts what is read.
    struct Counted(MapObjects, AtomicUsize);

    impl Objects for Counted {
        fn get(&self, id: &ObjectId) -> Result<Option<Object>, ReadError> {
            self.1.fetch_add(1, Ordering::Relaxed);
            self.0.get(id)
        }
    }

    fn commit(objects: &mut MapObjects, seconds: i64, parents: &[ObjectId]) -> ObjectId {
        let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
        let person = format!("A <a@b> {seconds} +0000");
        let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let text = format!("tree {tree}\n{parents}author {person}\ncommitter {person}\n\n{seconds}\n");
        objects.insert(Kind::Commit, text.into_bytes())
    }

    /// A line of commits, and one beside it.
    fn history(length: i64) -> (Counted, Vec<ObjectId>, ObjectId) {
        let mut objects = MapObjects::new();
        let mut line = vec![commit(&mut objects, 1, &[])];
        for second in 2..=length {
            let parent = *line.last().unwrap();
            line.push(commit(&mut objects, second, &[parent]));
        }
        let beside = commit(&mut objects, length + 1, &[line[line.len() / 2]]);
        (Counted(objects, AtomicUsize::new(0)), line, beside)
    }

    #[test]
    fn a_commit_reaches_itself_and_what_is_below() {
        let (objects, line, beside) = history(20);
        let reaches = |from, to| reaches(&objects, &from, &to).unwrap();
        assert!(reaches(line[9], line[9]) && reaches(line[19], line[0]) && reaches(beside, line[10]));
        assert!(!reaches(line[0], line[19]) && !reaches(beside, line[11]) && !reaches(line[19], beside));
        let unknown = ObjectId::from_bytes([7; 20]);
        assert!(!reaches(unknown, line[0]) && !reaches(line[0], unknown) && !reaches(unknown, unknown));
    }

    #[test]
    fn a_wrong_clock_changes_no_answer() {
        let mut objects = MapObjects::new();
        let root = commit(&mut objects, 900, &[]);
        let early = commit(&mut objects, 1, &[root]);
        let late = commit(&mut objects, 500, &[early]);
        for (from, to, expected) in
            [(late, root, true), (early, root, true), (root, early, false), (root, late, false)]
        {
            assert_eq!(reaches(&objects, &from, &to).unwrap(), expected);
        }
    }

    #[test]
    fn what_lies_above_is_told_without_reading_the_history_below() {
        let (objects, line, _) = history(2000);
        assert!(!reaches(&objects, &line[1998], &line[1999]).unwrap());
        let read = objects.1.load(Ordering::Relaxed);
        assert!(read < 40, "{read} objects were read");
    }
}
