//! Merge bases: the best common ancestors of two commits.

use std::collections::{BTreeMap, BinaryHeap};

use notedb::walk::{Reach, links};
use notedb::{ObjectId, Objects, ReadError};

const OURS: u8 = 1;
const THEIRS: u8 = 2;
const BOTH: u8 = OURS | THEIRS;
/// Below a common ancestor: nothing here can be a better one.
const STALE: u8 = 4;

/// The merge bases of two commits, oldest first; of the same second, by id.
///
/// # Errors
/// [`ReadError`] of the store.
pub(super) fn merge_bases<O: Objects + ?Sized>(
    objects: &O,
    ours: ObjectId,
    theirs: ObjectId,
) -> Result<Vec<ObjectId>, ReadError> {
    let candidates = common_ancestors(objects, ours, theirs)?;
    // The walk goes by clocks, which can be wrong: what another one reaches is no best one.
    let mut bases = Vec::new();
    for (at, (seconds, candidate)) in candidates.iter().enumerate() {
        let mut is_reached = false;
        for (other_at, (_, other)) in candidates.iter().enumerate() {
            is_reached |= at != other_at && Reach::new(objects, &[*other])?.contains(objects, candidate)?;
        }
        if !is_reached {
            bases.push((*seconds, *candidate));
        }
    }
    bases.sort_unstable();
    Ok(bases.into_iter().map(|(_, base)| base).collect())
}

/// Paints down from both sides, newest first, until only what lies below common ancestors is left.
fn common_ancestors<O: Objects + ?Sized>(
    objects: &O,
    ours: ObjectId,
    theirs: ObjectId,
) -> Result<Vec<(i64, ObjectId)>, ReadError> {
    let mut flags: BTreeMap<ObjectId, u8> = BTreeMap::new();
    let mut queue = BinaryHeap::new();
    for (tip, side) in [(ours, OURS), (theirs, THEIRS)] {
        *flags.entry(tip).or_default() |= side;
        if let Some(links) = links(objects, &tip)? {
            queue.push((links.seconds, tip));
        }
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
                if let Some(links) = links(objects, &parent)? {
                    queue.push((links.seconds, parent));
                }
            }
        }
    }
    Ok(found.into_iter().filter(|(id, _)| !is_stale(&flags, id)).map(|(id, seconds)| (seconds, id)).collect())
}
