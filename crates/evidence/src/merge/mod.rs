//! Merges two commits again, to see whether a merge commit adds anything of its own.
//!
//! Three-way, without rename detection, as Gerrit merges: a file changed on one side and gone on the other is a
//! conflict; several merge bases are merged into one first. Lines are compared as git compares them (Myers), and where
//! that gives another tree as JGit does (histogram): where two merges disagree about lines, either is a merge that adds
//! nothing.

mod bases;
mod budget;
mod overlay;
mod text;
mod tree;

use imara_diff::Algorithm;
use notedb::{Kind, ObjectId, Objects, ReadError, walk};

use bases::merge_bases;
use overlay::Overlay;
use tree::{Merger, OnConflict};

/// What came of merging the parents of a merge commit again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeVerdict {
    /// The same tree: the merge commit adds nothing.
    SameTree,
    /// Another tree.
    OtherTree,
    /// The parents conflict in this path, so somebody resolved it by hand.
    Conflict(String),
    /// Something that is needed is not there, or too large.
    Unreadable(String),
}

/// Why a merge stopped.
#[derive(Debug)]
enum Stop {
    Conflict(Vec<u8>),
    Unreadable(String),
    Read(ReadError),
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// The deepest nesting of merge bases that have several merge bases.
const MAX_DEPTH: usize = 16;

/// Merges `first` and `second` again and compares with the tree of the commit `merge`.
///
/// # Errors
/// [`ReadError`] if the store could not answer.
pub fn remerge<O: Objects + ?Sized>(
    objects: &O,
    merge: ObjectId,
    first: ObjectId,
    second: ObjectId,
) -> Result<MergeVerdict, ReadError> {
    let Some(commit) = walk::commit(objects, &merge)? else {
        return Ok(MergeVerdict::Unreadable(format!("commit {merge} is not there")));
    };
    let mut verdict = MergeVerdict::OtherTree;
    for (turn, algorithm) in [Algorithm::Myers, Algorithm::Histogram].into_iter().enumerate() {
        let mut overlay = Overlay::new(objects);
        let this = match merge_commits(&mut overlay, first, second, algorithm, OnConflict::Stop, 0) {
            Ok(tree) if tree == commit.tree => return Ok(MergeVerdict::SameTree),
            Ok(_) => MergeVerdict::OtherTree,
            Err(Stop::Conflict(path)) => MergeVerdict::Conflict(String::from_utf8_lossy(&path).into_owned()),
            // Another way to compare lines reads the same.
            Err(Stop::Unreadable(what)) => return Ok(MergeVerdict::Unreadable(what)),
            Err(Stop::Read(error)) => return Err(error),
        };
        if turn == 0 {
            verdict = this;
        }
    }
    Ok(verdict)
}

/// The tree that merging two commits gives.
fn merge_commits<O: Objects + ?Sized>(
    overlay: &mut Overlay<'_, O>,
    ours: ObjectId,
    theirs: ObjectId,
    algorithm: Algorithm,
    on_conflict: OnConflict,
    depth: usize,
) -> Result<ObjectId, Stop> {
    if depth > MAX_DEPTH {
        return Err(Stop::Unreadable("merge bases of merge bases are nested too deep".to_owned()));
    }
    overlay.budget.merge()?;
    let base = merged_base(overlay, ours, theirs, algorithm, depth)?;
    let base = base.map(|base| tree_of(overlay, base)).transpose()?;
    let (ours, theirs) = (tree_of(overlay, ours)?, tree_of(overlay, theirs)?);
    Merger::new(overlay, algorithm, on_conflict).merge(base, ours, theirs)
}

/// The one commit from which both sides are seen to differ: the merge base, or a merge of all of them, oldest first,
/// in which conflicts stay as marked text. `None` if the two have nothing in common.
fn merged_base<O: Objects + ?Sized>(
    overlay: &mut Overlay<'_, O>,
    ours: ObjectId,
    theirs: ObjectId,
    algorithm: Algorithm,
    depth: usize,
) -> Result<Option<ObjectId>, Stop> {
    let bases = merge_bases(overlay, ours, theirs)?;
    let Some((first, others)) = bases.split_first() else { return Ok(None) };
    let mut base = *first;
    for other in others {
        let tree = merge_commits(overlay, base, *other, algorithm, OnConflict::Mark, depth + 1)?;
        let commit = format!(
            "tree {tree}\nparent {base}\nparent {other}\nauthor v <v> 0 +0000\ncommitter v <v> 0 +0000\n\nvirtual base\n"
        );
        base = overlay.insert(Kind::Commit, commit.into_bytes());
    }
    Ok(Some(base))
}

fn tree_of<O: Objects + ?Sized>(overlay: &Overlay<'_, O>, commit: ObjectId) -> Result<ObjectId, Stop> {
    let parsed = walk::commit(overlay, &commit)?;
    parsed.map(|parsed| parsed.tree).ok_or_else(|| Stop::Unreadable(format!("commit {commit} is not there")))
}
