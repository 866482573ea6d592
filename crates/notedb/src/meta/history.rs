//! The chain of commits of one change.

use super::meta_commit::MetaCommit;
use crate::{Commit, HistoryError, Kind, ObjectId, Objects, ParseError};

/// The longest history that is read. Gerrit itself stops at 1,000 updates by default, `change.maxUpdates`.
pub const MAX_COMMITS: usize = 100_000;

/// The meta history of one change, oldest commit first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    commits: Vec<MetaCommit>,
}

impl History {
    /// Reads the whole chain that ends at `tip`.
    ///
    /// # Errors
    /// [`HistoryError::Malformed`] if a commit of the chain is missing, does not parse, or has two parents;
    /// [`HistoryError::Read`] if the store could not answer.
    pub fn read<O: Objects + ?Sized>(objects: &O, tip: ObjectId) -> Result<Self, HistoryError> {
        let mut commits = Vec::new();
        let (mut next, mut child) = (Some(tip), tip);
        while let Some(id) = next {
            if commits.len() == MAX_COMMITS {
                return Err(ParseError::new(
                    id,
                    1,
                    format!("the history has more than {MAX_COMMITS} commits"),
                )
                .into());
            }
            let Some(object) = objects.get(&id)? else {
                return Err(
                    ParseError::new(child, 1, format!("the history is cut off: {id} is not there")).into()
                );
            };
            if object.kind != Kind::Commit {
                return Err(
                    ParseError::new(id, 1, format!("is a {}, no commit", object.kind.as_str())).into()
                );
            }
            let commit = Commit::parse(id, &object.data)?;
            if commit.parents.len() > 1 {
                return Err(
                    ParseError::new(id, 3, "a meta history is a chain, and this commit merges").into()
                );
            }
            (child, next) = (id, commit.parents.first().copied());
            commits.push(MetaCommit::parse(id, commit)?);
        }
        commits.reverse();
        Ok(Self { commits })
    }

    /// The commits, oldest first; at least one.
    #[must_use]
    pub fn commits(&self) -> &[MetaCommit] {
        &self.commits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MapObjects;

    fn refused(objects: &MapObjects, tip: ObjectId) -> String {
        History::read(objects, tip).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_chain_says_where_it_breaks() {
        let mut objects = MapObjects::new();
        let tree = objects.insert(Kind::Tree, Vec::new());
        let who = "A <7@srv> 1 +0000";
        let mut commit = |parents: &[ObjectId]| {
            let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
            let text = format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n\nS\n\nPatch-set: 1\n");
            objects.insert(Kind::Commit, text.into_bytes())
        };
        let (first, gone) = (commit(&[]), ObjectId::from_bytes([9; 20]));
        let (merge, cut, odd) = (commit(&[first, first]), commit(&[gone]), commit(&[tree]));
        assert_eq!(
            refused(&objects, merge),
            format!("commit {merge}, line 3: a meta history is a chain, and this commit merges")
        );
        assert_eq!(
            refused(&objects, cut),
            format!("commit {cut}, line 1: the history is cut off: {gone} is not there")
        );
        assert_eq!(refused(&objects, odd), format!("commit {tree}, line 1: is a tree, no commit"));
        assert_eq!(History::read(&objects, first).unwrap().commits().len(), 1);
    }
}
