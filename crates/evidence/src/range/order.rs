//! Parents before children.

use std::collections::{BTreeMap, HashSet};

use notedb::ObjectId;
use notedb::walk::CommitLinks;

/// The commits of a range, parents before children: depth first from the tip, first parent first. The same range gives
/// the same order.
pub(super) fn parents_first(tip: ObjectId, within: &BTreeMap<ObjectId, CommitLinks>) -> Vec<ObjectId> {
    enum Visit {
        Enter(ObjectId),
        Leave(ObjectId),
    }
    let (mut order, mut seen, mut stack) = (Vec::new(), HashSet::new(), vec![Visit::Enter(tip)]);
    while let Some(visit) = stack.pop() {
        match visit {
            Visit::Leave(id) => order.push(id),
            Visit::Enter(id) => {
                let Some(links) = within.get(&id).filter(|_| seen.insert(id)) else { continue };
                stack.push(Visit::Leave(id));
                stack.extend(links.parents.iter().rev().map(|parent| Visit::Enter(*parent)));
            }
        }
    }
    order
}
