//! Where on its branch a submission came in, and what it brought there.

use std::{
    collections::{BTreeSet, HashSet},
    sync::PoisonError,
};

use gate::object_id;
use model::{ChangeNumber, Revision};
use notedb::{ObjectId, Objects, Tree, walk};

use crate::{EngineError, gerrits::Synced, history::off_thread};

/// Paths of one submission that are looked at.
const PATHS: usize = 20_000;

/// Every commit by which each change of a submission can have come to the branch: its patch sets.
pub(crate) type Members = Vec<(u64, HashSet<ObjectId>)>;

/// Whether the branch's last move, from where we saw it before, brought this change and no other: Gerrit moves a branch
/// once for all that one press of Submit merges into it, so nothing of the same submission can lie below.
///
/// # Errors
/// When the mirror can't be read.
pub(crate) async fn came_alone(
    synced: &Synced,
    branch: &str,
    number: ChangeNumber,
    members: Members,
) -> Result<bool, EngineError> {
    let (Some(before), Some(tip)) = (synced.before.get(branch), synced.refs.get(branch)) else {
        return Ok(false);
    };
    let (repo, before, tip) = (synced.repo.clone(), *before, *tip);
    let brought =
        off_thread(move || Ok(walk::difference(&*repo, &[tip], &[before]).map_err(gate::CaseError::from)?));
    let brought = brought.await?;
    let ours = |id: &ObjectId| members.iter().any(|(n, commits)| *n == number && commits.contains(id));
    // The merge commit that Gerrit makes where the branch had moved on; one that is a change is somebody's patch set.
    let made = |id: &ObjectId| *id == tip && !synced.patch_sets.contains_key(id);
    let merge = |id: &ObjectId, parents: usize| parents > 1 && made(id);
    Ok(brought.keys().any(ours)
        && brought.iter().all(|(id, links)| ours(id) || merge(id, links.parents.len())))
}

/// Where a submission came in.
#[derive(Clone, Copy, Default)]
pub(crate) struct Place {
    /// The commit of the branch's line by which it is whole.
    pub(crate) tip: Option<Revision>,
    /// The one before the first that brought any of it.
    pub(crate) before: Option<Revision>,
}

/// Where on the branch a submission came in: the first commit of the branch's first-parent line that holds all of its
/// changes, and the one before the first that holds any.
///
/// # Errors
/// When the mirror can't be read.
pub(crate) async fn place(synced: &Synced, branch: &str, members: Members) -> Result<Place, EngineError> {
    let Some(head) = synced.refs.get(branch).copied() else { return Ok(Place::default()) };
    let (repo, line) = (synced.repo.clone(), synced.line(branch));
    off_thread(move || {
        let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(line.place(&*repo, head, &members).map_err(gate::CaseError::from)?)
    })
    .await
}

/// The paths in which two commits differ; none when there are too many to say.
///
/// # Errors
/// When the mirror can't be read.
pub(crate) async fn changed_paths(
    synced: &Synced,
    a: Revision,
    b: Revision,
) -> Result<Option<BTreeSet<String>>, EngineError> {
    let repo = synced.repo.clone();
    off_thread(move || paths_between(&*repo, &a, &b)).await
}

fn paths_between<O: Objects + ?Sized>(
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
