//! The line of first parents of a branch, with what each of its commits brought: read once, and then only what is new.

use std::collections::{BTreeMap, HashMap};

use gate::revision;
use notedb::{ObjectId, Objects, ReadError, walk};

use crate::place::{Members, Place};

/// Commits that are walked back from a branch's head.
pub(crate) const WALK: i64 = 20_000;

/// What is known of a line. Commits are numbered upwards: that of a commit is one more than its first parent's.
#[derive(Debug, Default)]
pub(crate) struct Line {
    commits: BTreeMap<i64, ObjectId>,
    numbers: HashMap<ObjectId, i64>,
    /// Each commit that came to the line with one of its commits, itself included, and that one's number.
    brought: HashMap<ObjectId, i64>,
    /// The first parent of the lowest commit that is known.
    below: Option<ObjectId>,
}

impl Line {
    /// Where on the line that ends at `head` these changes came in: the first commit that holds all of them, and the one
    /// before the first that holds any.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub(crate) fn place<O: Objects + ?Sized>(
        &mut self,
        objects: &O,
        head: ObjectId,
        members: &Members,
    ) -> Result<Place, ReadError> {
        if !self.follow(objects, head)? {
            return Ok(Place::default());
        }
        let Some(top) = self.commits.last_key_value().map(|(number, _)| *number) else {
            return Ok(Place::default());
        };
        let mut found: Vec<i64> = Vec::with_capacity(members.len());
        for (_, commits) in members {
            let number = loop {
                let known = commits.iter().filter_map(|id| self.brought.get(id)).max().copied();
                if let Some(number) = known.filter(|number| top - number < WALK) {
                    break Some(number);
                }
                if !self.further(objects, top)? {
                    break None;
                }
            };
            let Some(number) = number else { return Ok(Place::default()) };
            found.push(number);
        }
        let tip = found.iter().max().and_then(|number| self.commits.get(number)).map(revision);
        let before = found.iter().min().and_then(|number| self.before(*number)).as_ref().map(revision);
        Ok(Place { tip, before })
    }

    /// The first parent of a commit of the line.
    fn before(&self, number: i64) -> Option<ObjectId> {
        self.commits.get(&(number - 1)).copied().or(self.below)
    }

    /// Makes the line end at `head`; false if that isn't there.
    fn follow<O: Objects + ?Sized>(&mut self, objects: &O, head: ObjectId) -> Result<bool, ReadError> {
        let mut fresh = Vec::new();
        let mut at = Some(head);
        let joins = loop {
            let Some(id) = at else { break None };
            if let Some(number) = self.numbers.get(&id) {
                break Some(*number);
            }
            let Some(links) = walk::links(objects, &id)? else { break None };
            at = links.parents.first().copied();
            fresh.push((id, links.parents));
            if self.commits.is_empty() || i64::try_from(fresh.len()).unwrap_or(WALK) >= WALK {
                break None;
            }
        };
        let Some(number) = joins.filter(|_| i64::try_from(self.commits.len()).unwrap_or(WALK) < 2 * WALK)
        else {
            // Another line, or the first time.
            *self = Self::default();
            let Some((id, parents)) = fresh.into_iter().next() else {
                let Some(links) = walk::links(objects, &head)? else { return Ok(false) };
                return self.add(objects, 0, head, &links.parents).map(|()| true);
            };
            return self.add(objects, 0, id, &parents).map(|()| true);
        };
        // What stood above is no part of it any more.
        let above = self.commits.split_off(&(number + 1));
        if !above.is_empty() {
            for id in above.values() {
                self.numbers.remove(id);
            }
            self.brought.retain(|_, with| *with <= number);
        }
        for (next, (id, parents)) in (number + 1..).zip(fresh.into_iter().rev()) {
            self.add(objects, next, id, &parents)?;
        }
        Ok(true)
    }

    /// Goes one commit further down; false if there is none, or it is too far.
    fn further<O: Objects + ?Sized>(&mut self, objects: &O, top: i64) -> Result<bool, ReadError> {
        let lowest = self.commits.first_key_value().map_or(top, |(number, _)| *number);
        let Some(id) = self.below.filter(|_| top - lowest + 1 < WALK) else { return Ok(false) };
        let Some(links) = walk::links(objects, &id)? else { return Ok(false) };
        self.add(objects, lowest - 1, id, &links.parents).map(|()| true)
    }

    fn add<O: Objects + ?Sized>(
        &mut self,
        objects: &O,
        number: i64,
        id: ObjectId,
        parents: &[ObjectId],
    ) -> Result<(), ReadError> {
        // A commit of the line brings what its other parents reach and its first parent doesn't.
        if let (Some(first), true) = (parents.first(), parents.len() > 1) {
            let range = walk::difference(objects, &[id], &[*first])?;
            self.brought.extend(range.into_keys().map(|brought| (brought, number)));
        }
        self.brought.insert(id, number);
        self.numbers.insert(id, number);
        if self.commits.first_key_value().is_none_or(|(lowest, _)| number < *lowest) {
            self.below = parents.first().copied();
        }
        self.commits.insert(number, id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use notedb::{Kind, MapObjects, Recorder};

    use super::*;

    fn commit(objects: &mut MapObjects, seconds: i64, parents: &[ObjectId]) -> ObjectId {
        let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
        let person = format!("A <a@b> {seconds} +0000");
        let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let text = format!("tree {tree}\n{parents}author {person}\ncommitter {person}\n\n{seconds}\n");
        objects.insert(Kind::Commit, text.into_bytes())
    }

    /// What it has to be, read anew each time.
    fn anew(objects: &MapObjects, head: ObjectId, members: &Members) -> Place {
        let (mut line, mut at) = (Vec::new(), Some(head));
        let mut left: HashSet<u64> = members.iter().map(|(n, _)| *n).collect();
        let mut found = Vec::new();
        while let Some(id) = at {
            let Some(links) = walk::links(objects, &id).unwrap() else { break };
            let brought: HashSet<ObjectId> = if links.parents.len() > 1 {
                walk::difference(objects, &[id], &links.parents[..1]).unwrap().into_keys().collect()
            } else {
                [id].into()
            };
            for (number, commits) in members {
                if !commits.is_disjoint(&brought) && left.remove(number) {
                    found.push(line.len());
                }
            }
            line.push(id);
            at = links.parents.first().copied();
            if left.is_empty() {
                break;
            }
        }
        if !left.is_empty() {
            return Place::default();
        }
        let tip = found.iter().min().map(|at| revision(&line[*at]));
        Place { tip, before: at.as_ref().map(revision) }
    }

    /// A line of which every third commit merges a side of two, and those sides.
    fn history() -> (MapObjects, Vec<ObjectId>, Vec<ObjectId>) {
        let mut objects = MapObjects::new();
        let (mut line, mut sides) = (vec![commit(&mut objects, 1, &[])], Vec::new());
        for at in 1..40_i64 {
            let below = *line.last().unwrap();
            if at % 3 == 0 {
                let from = line[line.len().saturating_sub(4)];
                let low = commit(&mut objects, 10 * at - 2, &[from]);
                let high = commit(&mut objects, 10 * at - 1, &[low]);
                sides.extend([low, high]);
                line.push(commit(&mut objects, 10 * at, &[below, high]));
            } else {
                line.push(commit(&mut objects, 10 * at, &[below]));
            }
        }
        (objects, line, sides)
    }

    #[test]
    fn a_kept_line_says_what_reading_anew_says_whatever_was_asked_before() {
        let (mut objects, line, sides) = history();
        let beside = commit(&mut objects, 9000, &[line[20]]);
        let mut kept = Line::default();
        let all: Vec<ObjectId> = line.iter().chain(&sides).copied().collect();
        let heads = [line[39], line[30], line[39], line[12], beside, line[39], sides[3], line[35]];
        for (turn, head) in heads.into_iter().enumerate() {
            for (at, id) in all.iter().enumerate() {
                let other = all[(at * 7 + turn) % all.len()];
                let members: Members = vec![(1, [*id].into()), (2, [other, beside].into())];
                let found = kept.place(&objects, head, &members).unwrap();
                let expected = anew(&objects, head, &members);
                assert_eq!((found.tip, found.before), (expected.tip, expected.before), "{turn}: {at}");
            }
        }
        let nowhere = ObjectId::from_bytes([9; 20]);
        assert_eq!(kept.place(&objects, nowhere, &vec![(1, [line[1]].into())]).unwrap().tip, None);
    }

    #[test]
    fn what_was_read_once_is_not_read_again() {
        let (objects, line, sides) = history();
        let mut kept = Line::default();
        let low: Members = vec![(1, [sides[0]].into())];
        kept.place(&objects, line[38], &low).unwrap();
        let recorder = Recorder::new(&objects);
        assert_eq!(kept.place(&recorder, line[38], &low).unwrap().tip, Some(revision(&line[3])));
        kept.place(&recorder, line[38], &vec![(1, [sides[1]].into())]).unwrap();
        assert_eq!(recorder.into_recorded().len(), 0);
        // one more on top costs what it brought
        let recorder = Recorder::new(&objects);
        kept.place(&recorder, line[39], &low).unwrap();
        let read = recorder.into_recorded().len();
        assert!(read < 20, "{read} commits were read");
    }
}
