//! Walks over commits: what reaches what.
//!
//! [`difference()`] is the range `base..tip`, [`Reach`] says whether a branch has a commit, [`Ancestry`] who of several is
//! whose ancestor. All are exact: committer times only say in which order is read, so that what lies near the tips is
//! found after few reads, and a clock that ran wrong costs reads and never truth. A commit that is not in the store ends
//! that way of a walk; who needs to know whether it is there asks [`links`].
//!
//! ```
//! use notedb::walk::{Ancestry, Reach, difference};
//! use notedb::{Kind, MapObjects, ObjectId};
//!
//! let mut objects = MapObjects::new();
//! let mut commit = |seconds: u32, parents: &[ObjectId]| {
//!     let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
//!     let tree = ObjectId::from_bytes([0; 20]);
//!     let who = format!("A <a@example.com> {seconds} +0000");
//!     let text = format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n\nSay something\n");
//!     objects.insert(Kind::Commit, text.into_bytes())
//! };
//! let root = commit(1, &[]);
//! let (base, side) = (commit(2, &[root]), commit(3, &[root]));
//! let tip = commit(4, &[base, side]);
//!
//! let range = difference(&objects, &[tip], &[base]).unwrap();
//! assert!(range.len() == 2 && range.contains_key(&side) && range[&tip].parents == [base, side]);
//! assert!(!Reach::new(&objects, &[base]).unwrap().contains(&objects, &side).unwrap());
//! assert!(Ancestry::new(&objects, &[base, tip]).unwrap().is_ancestor(&base, &tip));
//! ```

mod ancestry;
mod bits;
mod difference;
mod paint;

use std::collections::{BinaryHeap, HashSet};

use crate::commit::Links;
use crate::{Commit, Kind, ObjectId, Objects, ReadError};

pub use ancestry::Ancestry;
pub use difference::difference;

/// The parents and the committer's second of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitLinks {
    /// The parents, in order.
    pub parents: Vec<ObjectId>,
    /// Committer time, seconds since 1970; 0 if unreadable. Good for the order of a search, never for a verdict.
    pub seconds: i64,
}

/// Parents and time of a commit; `None` if it is not there or no commit.
///
/// # Errors
/// [`ReadError`] of the store.
pub fn links<O: Objects + ?Sized>(objects: &O, id: &ObjectId) -> Result<Option<CommitLinks>, ReadError> {
    let Some(object) = objects.get(id)?.filter(|object| object.kind == Kind::Commit) else { return Ok(None) };
    Ok(Links::parse(&object.data).map(|links| CommitLinks { parents: links.parents, seconds: links.seconds }))
}

/// A whole commit; `None` if it is not there, no commit, or none that parses.
///
/// # Errors
/// [`ReadError`] of the store.
pub fn commit<O: Objects + ?Sized>(objects: &O, id: &ObjectId) -> Result<Option<Commit>, ReadError> {
    let object = objects.get(id)?.filter(|object| object.kind == Kind::Commit);
    Ok(object.and_then(|object| Commit::parse(*id, &object.data).ok()))
}

/// What can be reached from some commits, found out only as far as it is asked for.
///
/// The search goes by committer time, newest first, so that what lies near the tips is found after few reads; but
/// only an exhausted search says no, so wrong clocks cost time and never truth. A commit that is not in the store ends
/// that way of the search. After an error of the store the search goes on where it was.
#[derive(Debug, Default)]
pub struct Reach {
    seen: HashSet<ObjectId>,
    /// Commits whose parents were not looked at, by time; with these.
    queue: BinaryHeap<(i64, ObjectId, Vec<ObjectId>)>,
}

impl Reach {
    /// From these tips, which are reached themselves if they are commits in the store.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub fn new<O: Objects + ?Sized>(objects: &O, tips: &[ObjectId]) -> Result<Self, ReadError> {
        let mut reach = Self::default();
        for tip in tips {
            reach.extend(objects, *tip)?;
        }
        Ok(reach)
    }

    /// From one more tip.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub fn extend<O: Objects + ?Sized>(&mut self, objects: &O, tip: ObjectId) -> Result<(), ReadError> {
        if !self.seen.contains(&tip)
            && let Some(links) = links(objects, &tip)?
        {
            self.seen.insert(tip);
            self.queue.push((links.seconds, tip, links.parents));
        }
        Ok(())
    }

    /// Whether the commit is reached.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub fn contains<O: Objects + ?Sized>(&mut self, objects: &O, id: &ObjectId) -> Result<bool, ReadError> {
        while !self.seen.contains(id) {
            if !self.step(objects)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// All that is reached.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub fn all<O: Objects + ?Sized>(mut self, objects: &O) -> Result<HashSet<ObjectId>, ReadError> {
        while self.step(objects)? {}
        Ok(self.seen)
    }

    /// Looks at the parents of the newest commit that waits; false if none does.
    fn step<O: Objects + ?Sized>(&mut self, objects: &O) -> Result<bool, ReadError> {
        let Some((seconds, id, parents)) = self.queue.pop() else { return Ok(false) };
        for parent in &parents {
            if let Err(error) = self.extend(objects, *parent) {
                // It waits again: what lies behind it is not lost.
                self.queue.push((seconds, id, parents));
                return Err(error);
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MapObjects;

    #[test]
    fn what_looks_like_a_commit_and_is_none_is_none() {
        let mut objects = MapObjects::new();
        let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let text = format!("tree {tree}\nauthor A <a@b> 0 +0000\ncommitter A <a@b> 1 +0000\n\nx\n");
        let real = objects.insert(Kind::Commit, text.clone().into_bytes());
        let posing = objects.insert(Kind::Blob, text.into_bytes());
        assert_eq!((links(&objects, &posing), commit(&objects, &posing)), (Ok(None), Ok(None)));
        assert!(commit(&objects, &real).unwrap().is_some());
    }
}
