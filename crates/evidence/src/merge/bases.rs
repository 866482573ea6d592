//! Merge bases: the best common ancestors of two commits.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use notedb::walk::{Reach, links};
use notedb::{ObjectId, Objects};

use super::Stop;
use super::budget::MAX_BASES;

const OURS: u8 = 1;
const THEIRS: u8 = 2;
const BOTH: u8 = OURS | THEIRS;
/// Below a common ancestor: nothing here can be a better one.
const STALE: u8 = 4;

/// The merge bases of two commits, oldest first; of the same second, by id.
///
/// # Errors
/// [`Stop::Unreadable`] if a commit is missing without which they can't be told, or there are too many; [`Stop::Read`]
/// of the store.
pub(super) fn merge_bases<O: Objects + ?Sized>(
    objects: &O,
    ours: ObjectId,
    theirs: ObjectId,
) -> Result<Vec<ObjectId>, Stop> {
    let candidates = common_ancestors(objects, ours, theirs)?;
    if candidates.len() > MAX_BASES {
        return Err(Stop::Unreadable("there are too many merge bases".to_owned()));
    }
    // The walk goes by clocks, which can be wrong: what another one reaches is no best one.
    let mut reached = BTreeSet::new();
    for (_, other) in &candidates {
        let mut reach = Reach::new(objects, &[*other])?;
        for (_, candidate) in candidates.iter().filter(|(_, candidate)| candidate != other) {
            if reach.contains(objects, candidate)? {
                reached.insert(*candidate);
            }
        }
    }
    let mut bases: Vec<_> = candidates.into_iter().filter(|(_, base)| !reached.contains(base)).collect();
    bases.sort_unstable();
    Ok(bases.into_iter().map(|(_, base)| base).collect())
}

/// Paints down from both sides, newest first, until only what lies below common ancestors is left.
fn common_ancestors<O: Objects + ?Sized>(
    objects: &O,
    ours: ObjectId,
    theirs: ObjectId,
) -> Result<Vec<(i64, ObjectId)>, Stop> {
    let mut flags: BTreeMap<ObjectId, u8> = BTreeMap::new();
    let mut queue = BinaryHeap::new();
    for (tip, side) in [(ours, OURS), (theirs, THEIRS)] {
        *flags.entry(tip).or_default() |= side;
        queue.push((moment(objects, tip)?, tip));
    }
    let mut found: BTreeMap<ObjectId, i64> = BTreeMap::new();
    let is_stale =
        |flags: &BTreeMap<ObjectId, u8>, id: &ObjectId| flags.get(id).is_some_and(|f| f & STALE != 0);
    while queue.iter().any(|(_, id)| !is_stale(&flags, id)) {
        let Some((seconds, id)) = queue.pop() else { break };
        let mut paint = flags.get(&id).copied().unwrap_or_default();
        if paint == BOTH {
            found.insert(id, seconds);
            paint |= STALE;
        }
        let Some(of_commit) = links(objects, &id)? else { continue };
        for parent in of_commit.parents {
            let known = flags.entry(parent).or_default();
            if *known & paint != paint {
                *known |= paint;
                // Below a common ancestor nothing matters that isn't there.
                match moment(objects, parent) {
                    Err(Stop::Unreadable(_)) if paint & STALE != 0 => {}
                    found => queue.push((found?, parent)),
                }
            }
        }
    }
    Ok(found.into_iter().filter(|(id, _)| !is_stale(&flags, id)).map(|(id, seconds)| (seconds, id)).collect())
}

fn moment<O: Objects + ?Sized>(objects: &O, id: ObjectId) -> Result<i64, Stop> {
    let links = links(objects, &id)?;
    links.map(|links| links.seconds).ok_or_else(|| Stop::Unreadable(format!("commit {id} is not there")))
}
