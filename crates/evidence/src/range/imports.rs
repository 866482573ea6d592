//! What reviewed merge changes brought along, and when that is fine.

use std::collections::{BTreeMap, BTreeSet};

use notedb::walk::{CommitLinks, difference};
use notedb::{ObjectId, Objects, ReadError};

use super::RangeInput;
use super::merged::Merged;

/// When policy takes an import for fine. The default takes none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportRules {
    /// The branches whose reviewed changes may be imported.
    pub sources: BTreeSet<String>,
    /// The label by a counting vote on which the reviewers of a merge change accept what it imports.
    pub accepted_by: Option<String>,
}

impl ImportRules {
    /// Whether an import is fine: a reviewed change of a source, or accepted as such on the merge change.
    pub(super) fn is_fine(&self, origin: Option<&Merged>, imported_by: &[&Merged]) -> bool {
        origin.is_some_and(|change| change.reviewed && self.sources.contains(&change.branch))
            || self
                .accepted_by
                .as_ref()
                .is_some_and(|label| imported_by.iter().any(|merge| merge.counting.contains(label)))
    }
}

/// For each imported commit of a range, the reviewed merge changes that brought it: it is reached from a second or
/// later parent of each of them, and neither from its first parent nor from the base.
pub(super) fn imported<'a, O: Objects + ?Sized>(
    objects: &O,
    input: &RangeInput<'a>,
    within: &BTreeMap<ObjectId, CommitLinks>,
) -> Result<BTreeMap<ObjectId, Vec<&'a Merged>>, ReadError> {
    let mut imported: BTreeMap<ObjectId, Vec<&Merged>> = BTreeMap::new();
    for (id, links) in within {
        let Some((first, others)) = links.parents.split_first().filter(|(_, others)| !others.is_empty())
        else {
            continue;
        };
        let Some(merge) = input.merged.on(input.branch, id).filter(|merge| merge.reviewed) else { continue };
        for (brought, _) in difference(objects, others, &[*first, input.base])? {
            imported.entry(brought).or_default().push(merge);
        }
    }
    Ok(imported)
}
