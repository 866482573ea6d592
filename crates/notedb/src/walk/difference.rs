//! What some commits reach and others don't.

use std::collections::BTreeMap;

use super::CommitLinks;
use super::paint::{About, Known, paint};
use crate::{ObjectId, Objects, ReadError};

/// Ends of a range that are looked at in one walk.
const AT_ONCE: usize = 1023;

/// The commits reachable from `tips` and not from `hidden`, with their parents, by id.
///
/// Exact, whatever the clocks of the committers said: they only decide in which order is read. A commit that is not in the
/// store ends that way of the walk.
///
/// # Errors
/// [`ReadError`] of the store.
pub fn difference<O: Objects + ?Sized>(
    objects: &O,
    tips: &[ObjectId],
    hidden: &[ObjectId],
) -> Result<BTreeMap<ObjectId, CommitLinks>, ReadError> {
    let mut known = Known::new(objects);
    // Until nothing waits that only the tips are known to reach. A clock that ran wrong can end that too early, so that
    // something stays in that is hidden too; nothing is taken out that is not.
    let mut found = BTreeMap::new();
    for (id, by) in paint(&mut known, &[tips, hidden], About::First)? {
        if by.has(0)
            && !by.has(1)
            && let Some(links) = known.links(id)?
        {
            found.insert(id, links.clone());
        }
    }
    // Whatever stays in leads to an end of what was found, and what all ends reach leads back to none of them: so far,
    // and no further, the hidden side is followed.
    for ends in ends(&found).chunks(AT_ONCE) {
        let groups: Vec<&[ObjectId]> = std::iter::once(hidden).chain(ends.chunks(1)).collect();
        let reached_by = paint(&mut known, &groups, About::First)?;
        found.retain(|id, _| !reached_by.get(id).is_some_and(|by| by.has(0)));
    }
    Ok(found)
}

/// Those with no parent among them.
fn ends(commits: &BTreeMap<ObjectId, CommitLinks>) -> Vec<ObjectId> {
    let is_end = |links: &CommitLinks| !links.parents.iter().any(|parent| commits.contains_key(parent));
    commits.iter().filter(|(_, links)| is_end(links)).map(|(id, _)| *id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_a_range_are_those_with_no_parent_in_it() {
        let id = |n: u8| ObjectId::from_bytes([n; 20]);
        let commits = [(1, vec![]), (2, vec![9]), (3, vec![1, 9]), (4, vec![9, 2]), (5, vec![3, 4])];
        let links =
            |parents: Vec<u8>| CommitLinks { parents: parents.into_iter().map(id).collect(), seconds: 0 };
        let commits = commits.into_iter().map(|(n, parents)| (id(n), links(parents))).collect();
        assert_eq!(ends(&commits), [id(1), id(2)]);
    }
}
