//! Looks at what a hint names: is it merged, and which submission is it part of?

use std::collections::{BTreeSet, HashSet};

use gate::{object_id, revision};
use gerrit::{ChangeId, git::Want, info::ChangeStatus};
use model::{ChangeNumber, Project, RefName, Revision, Submission, Timestamp};
use notedb::{ObjectId, Objects, Tree, walk};

use crate::{
    EngineError,
    gerrits::{GerritServer, Synced, change_refs},
    read::{Known, Read, Reader},
};

/// Commits that are walked back from a branch's head to find where a submission came in.
const WALK: usize = 20_000;
/// Paths of one submission that are looked at.
const PATHS: usize = 20_000;

/// What was found.
pub(crate) enum Look {
    /// The change is not merged; its meta history stands here now.
    Open(Option<Revision>),
    /// It is merged, to a branch that nobody watches; its meta history stands here now.
    Elsewhere(Option<Revision>),
    /// It is merged.
    Merged(Box<Found>),
}

/// A submission, with what was read on the way.
pub(crate) struct Found {
    /// The submission.
    pub submission: Submission,
    /// The subject line of its last change.
    pub subject: String,
    /// The paths that it changed; none: too many, or not known.
    pub paths: Option<BTreeSet<String>>,
    /// Its changes, as read.
    pub known: Known,
    /// The project, as synchronised.
    pub synced: Synced,
}

/// Looks at a change.
///
/// # Errors
/// [`EngineError`]: it can't be said now.
pub(crate) async fn look(
    reader: &Reader<'_>,
    project: &Project,
    number: ChangeNumber,
    watched: &[RefName],
) -> Result<Look, EngineError> {
    let server = reader.server;
    let id = ChangeId::new(project.as_str(), number);
    let own_refs = change_refs(number);
    let mut wants: Vec<Want<'_>> = watched.iter().map(|b| Want::Ref(b.as_str())).collect();
    wants.extend([Want::Prefix(&own_refs), Want::Ref("refs/meta/config")]);
    let (read, mut synced) = tokio::try_join!(reader.change(&id), server.sync(project, &wants))?;
    tracing::debug!(change = number, status = ?read.info.status, "read");
    if read.info.number != number || read.info.project != project.as_str() {
        return Err(EngineError::Outside(format!(
            "asked about change {number} of {project}, Gerrit answered about another"
        )));
    }
    if read.info.status != ChangeStatus::Merged {
        return Ok(Look::Open(synced.tip(&notedb::meta_ref(number))));
    }
    // A name that is no branch of ours is a branch that nobody watches.
    let Some(branch) = watched.iter().find(|b| b.as_str() == read.info.branch_ref()).cloned() else {
        return Ok(Look::Elsewhere(synced.tip(&notedb::meta_ref(number))));
    };
    let mut known = Known::new();
    let gerrit_id = read.info.submission_id.clone().unwrap_or_else(|| number.to_string());
    let submitted_at = read.info.submitted.unwrap_or(read.info.updated);
    let first_seen = read.at;
    known.insert(number, read);
    let alone = gerrit_id == number.to_string() && came_alone(&synced, branch.as_str(), number, &known)?;
    if !alone {
        for other in others(reader, project, &branch, number).await? {
            // The same press of Submit, whatever the index thinks belongs together.
            if other.info.status == ChangeStatus::Merged
                && other.info.submission_id.as_deref() == Some(&gerrit_id)
            {
                known.insert(other.info.number, other);
            }
        }
    }
    let mut place = place(&synced, branch.as_str(), &members(&known, &synced))?;
    if known.len() > 1 || place.tip.is_none() {
        // The refs of the others; and a branch that was listed before the merge that REST tells of.
        let prefixes: Vec<String> = known.keys().map(|n| change_refs(*n)).collect();
        let mut wants: Vec<Want<'_>> = prefixes.iter().map(|p| Want::Prefix(p)).collect();
        wants.extend([Want::Ref(branch.as_str()), Want::Ref("refs/meta/config")]);
        synced = server.sync(project, &wants).await?;
        place = self::place(&synced, branch.as_str(), &members(&known, &synced))?;
    }
    let tip = place.tip.or_else(|| newest(&known)).ok_or_else(|| {
        EngineError::Outside(format!("change {number} of {project} is merged, and has no revision"))
    })?;
    let paths = match place.before {
        Some(before) => changed_paths(&synced.repo, &before, &tip)?,
        None => None,
    };
    let mut changes: Vec<u64> = known.keys().copied().collect();
    changes.sort_unstable();
    let subject =
        changes.last().and_then(|n| known.get(n)).map(|r| r.info.subject.clone()).unwrap_or_default();
    let submission = Submission {
        id: Submission::id_of(&server.name, project, &branch, &tip),
        server: server.name.clone(),
        project: project.clone(),
        branch,
        tip,
        gerrit_id: safe_line(&gerrit_id),
        changes,
        submitted_at: Timestamp::from_millis(submitted_at.timestamp().as_millisecond()),
        seen_at: first_seen,
    };
    Ok(Look::Merged(Box::new(Found { submission, subject: safe_line(&subject), paths, known, synced })))
}

/// Whether the branch's last move, from where we saw it before, brought this change and no other: Gerrit moves a branch
/// once for all that one press of Submit merges into it, so nothing of the same submission can lie below.
fn came_alone(
    synced: &Synced,
    branch: &str,
    number: ChangeNumber,
    known: &Known,
) -> Result<bool, EngineError> {
    let (Some(before), Some(tip)) = (synced.before.get(branch), synced.refs.get(branch)) else {
        return Ok(false);
    };
    let brought = walk::difference(&synced.repo, &[*tip], &[*before]).map_err(gate::CaseError::from)?;
    let members = members(known, synced);
    let ours = |id: &ObjectId| members.iter().any(|(n, commits)| *n == number && commits.contains(id));
    // The merge commit that Gerrit makes where the branch had moved on; one that is a change is somebody's patch set.
    let made = |id: &ObjectId| id == tip && !synced.patch_sets.contains_key(id);
    let merge = |id: &ObjectId, parents: usize| parents > 1 && made(id);
    Ok(brought.keys().any(ours)
        && brought.iter().all(|(id, links)| ours(id) || merge(id, links.parents.len())))
}

/// The merged changes of the same branch that Gerrit's index says were submitted with this one.
async fn others(
    reader: &Reader<'_>,
    project: &Project,
    branch: &RefName,
    number: ChangeNumber,
) -> Result<Vec<Read>, EngineError> {
    let server = reader.server;
    let id = ChangeId::new(project.as_str(), number);
    let together = server.reader.submitted_together(&id).await.map_err(|why| server.error(why))?;
    let others =
        together.value.changes.into_iter().filter(|c| {
            c.number != number && c.project == project.as_str() && c.branch_ref() == branch.as_str()
        });
    let reads =
        others.map(|c| async move { reader.change(&ChangeId::new(project.as_str(), c.number)).await });
    futures_util::future::try_join_all(reads.collect::<Vec<_>>()).await
}

/// One line that shows as it is.
fn safe_line(text: &str) -> String {
    text.chars().filter(|c| !model::is_hidden(*c)).take(200).collect()
}

/// Every commit by which a change of the submission can have come to the branch: its patch sets.
fn members(known: &Known, synced: &Synced) -> Vec<(u64, HashSet<ObjectId>)> {
    let mut members: Vec<(u64, HashSet<ObjectId>)> = Vec::new();
    for (number, read) in known {
        let told = read.info.revisions.keys().filter_map(|sha| sha.parse().ok());
        let ours = synced.patch_sets.iter().filter(|(_, of)| of.contains(number)).map(|(id, _)| *id);
        members.push((*number, told.chain(ours).collect()));
    }
    members
}

fn newest(known: &Known) -> Option<Revision> {
    let number = known.keys().max()?;
    known.get(number)?.info.current_revision.as_deref()?.parse().ok()
}

#[derive(Default)]
struct Place {
    tip: Option<Revision>,
    before: Option<Revision>,
}

/// Where on the branch the submission came in: the first commit of the branch's first-parent line that holds all of its
/// changes, and the one before the first that holds any.
fn place(synced: &Synced, branch: &str, members: &[(u64, HashSet<ObjectId>)]) -> Result<Place, EngineError> {
    let Some(head) = synced.refs.get(branch) else { return Ok(Place::default()) };
    let mut line = Vec::new();
    let mut at = Some(*head);
    let mut left: HashSet<u64> = members.iter().map(|(n, _)| *n).collect();
    let mut found: Vec<usize> = Vec::new();
    while let (Some(id), true) = (at, line.len() < WALK) {
        let Some(links) = walk::links(&synced.repo, &id).map_err(gate::CaseError::from)? else { break };
        // A commit of the line brings what its other parents reach and its first parent doesn't.
        let brought: HashSet<ObjectId> = if links.parents.len() > 1 {
            let first = links.parents.first().copied().into_iter().collect::<Vec<_>>();
            let range = walk::difference(&synced.repo, &[id], &first).map_err(gate::CaseError::from)?;
            range.into_keys().collect()
        } else {
            [id].into()
        };
        for (number, commits) in members {
            if left.contains(number) && !commits.is_disjoint(&brought) {
                left.remove(number);
                found.push(line.len());
            }
        }
        line.push(id);
        if left.is_empty() {
            at = links.parents.first().copied();
            break;
        }
        at = links.parents.first().copied();
    }
    if !left.is_empty() {
        return Ok(Place::default());
    }
    // The line goes back in time: the smallest index is the newest commit.
    let tip = found.iter().min().and_then(|i| line.get(*i)).map(revision);
    Ok(Place { tip, before: at.as_ref().map(revision) })
}

/// The paths in which two commits differ; none when there are too many to say.
fn changed_paths<O: Objects + ?Sized>(
    objects: &O,
    a: &Revision,
    b: &Revision,
) -> Result<Option<BTreeSet<String>>, EngineError> {
    let tree = |commit: &Revision| -> Result<Option<ObjectId>, EngineError> {
        Ok(walk::commit(objects, &object_id(commit)).map_err(gate::CaseError::from)?.map(|c| c.tree))
    };
    let (Some(a), Some(b)) = (tree(a)?, tree(b)?) else { return Ok(None) };
    let mut paths = BTreeSet::new();
    let mut pairs = vec![(String::new(), Some(a), Some(b))];
    while let Some((prefix, a, b)) = pairs.pop() {
        if paths.len() + pairs.len() > PATHS {
            return Ok(None);
        }
        if a == b {
            continue;
        }
        let (Some(a), Some(b)) = (entries(objects, a)?, entries(objects, b)?) else { return Ok(None) };
        let names: BTreeSet<&Vec<u8>> = a.iter().chain(&b).map(|e| &e.name).collect();
        for name in names {
            let find = |list: &[notedb::Entry]| list.iter().find(|e| e.name == *name).cloned();
            let (old, new) = (find(&a), find(&b));
            if old.as_ref().map(|e| (e.mode, e.id)) == new.as_ref().map(|e| (e.mode, e.id)) {
                continue;
            }
            let path = format!("{prefix}{}", String::from_utf8_lossy(name));
            let folder = |e: &Option<notedb::Entry>| e.as_ref().filter(|e| e.mode.is_tree()).map(|e| e.id);
            let file = |e: &Option<notedb::Entry>| e.as_ref().is_some_and(|e| !e.mode.is_tree());
            if file(&old) || file(&new) {
                paths.insert(path.clone());
            }
            let (old, new) = (folder(&old), folder(&new));
            if old.is_some() || new.is_some() {
                pairs.push((format!("{path}/"), old, new));
            }
        }
    }
    Ok(Some(paths))
}

/// The entries of a tree; of no tree, none.
fn entries<O: Objects + ?Sized>(
    objects: &O,
    id: Option<ObjectId>,
) -> Result<Option<Vec<notedb::Entry>>, EngineError> {
    let Some(id) = id else { return Ok(Some(Vec::new())) };
    let object = objects.get(&id).map_err(gate::CaseError::from)?;
    Ok(object.and_then(|o| Tree::parse(&o.data)).map(|tree| tree.entries))
}

/// The server's name with its pinned id, for the ledger.
#[must_use]
pub(crate) fn pinned(server: &GerritServer) -> String {
    format!("{}={}", server.name, server.server_id)
}
