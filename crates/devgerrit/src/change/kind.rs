//! How a patch set differs from the one before it.

use crate::git::merge::{self, Merged};
use crate::git::{Commit, GitError, Oid, Repo};

/// REST's `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Rework,
    TrivialRebase,
    TrivialRebaseWithMessageUpdate,
    MergeFirstParentUpdate,
    NoCodeChange,
    NoChange,
}

impl ChangeKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Rework => "REWORK",
            Self::TrivialRebase => "TRIVIAL_REBASE",
            Self::TrivialRebaseWithMessageUpdate => "TRIVIAL_REBASE_WITH_MESSAGE_UPDATE",
            Self::MergeFirstParentUpdate => "MERGE_FIRST_PARENT_UPDATE",
            Self::NoCodeChange => "NO_CODE_CHANGE",
            Self::NoChange => "NO_CHANGE",
        }
    }

    /// The end of `Uploaded patch set N: …` for this kind.
    pub(crate) fn remark(self, before: u32) -> Option<String> {
        match self {
            Self::NoChange => Some(format!(
                "New patch set was added with same tree, parent tree, and commit message as Patch Set {before}."
            )),
            Self::NoCodeChange => Some("Commit message was updated.".to_owned()),
            Self::TrivialRebase => Some(format!("Patch Set {before} was rebased.")),
            Self::TrivialRebaseWithMessageUpdate => {
                Some(format!("Patch Set {before} was rebased, commit message was updated."))
            }
            Self::Rework | Self::MergeFirstParentUpdate => None,
        }
    }
}

pub(crate) fn of(repo: &Repo, before: Oid, after: Oid) -> Result<ChangeKind, GitError> {
    let (before, after) = (repo.commit(before)?, repo.commit(after)?);
    let same_message = before.message == after.message;
    if before.tree == after.tree && same_parent_trees(repo, &before, &after)? {
        let kind = if same_message { ChangeKind::NoChange } else { ChangeKind::NoCodeChange };
        return Ok(kind);
    }
    match (before.parents.as_slice(), after.parents.as_slice()) {
        ([old], [new]) if old != new => {
            let base = repo.commit(*old)?.tree;
            let onto = repo.commit(*new)?.tree;
            match merge::trees(repo, base, onto, before.tree)? {
                Merged::Clean(tree) if tree == after.tree && same_message => Ok(ChangeKind::TrivialRebase),
                Merged::Clean(tree) if tree == after.tree => Ok(ChangeKind::TrivialRebaseWithMessageUpdate),
                _ => Ok(ChangeKind::Rework),
            }
        }
        ([_, old @ ..], [_, new @ ..]) if !old.is_empty() && old == new && same_message => {
            Ok(ChangeKind::MergeFirstParentUpdate)
        }
        _ => Ok(ChangeKind::Rework),
    }
}

fn same_parent_trees(repo: &Repo, a: &Commit, b: &Commit) -> Result<bool, GitError> {
    if a.parents == b.parents {
        return Ok(true);
    }
    let trees = |commit: &Commit| -> Result<Vec<Oid>, GitError> {
        commit.parents.iter().map(|parent| repo.commit(*parent).map(|c| c.tree)).collect()
    };
    Ok(trees(a)? == trees(b)?)
}
