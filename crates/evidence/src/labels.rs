//! How high a vote must be, and how low one vetoes.

use std::collections::{BTreeMap, BTreeSet};

use notedb::{LabelRange, Objects, ReadError, Refs, Tree, label_ranges};

/// What policy says of labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRules {
    /// The labels on which a counting vote is a review. By default `Code-Review` alone.
    pub review_labels: BTreeSet<String>,
    /// What a vote on a label must reach at least, where policy names something else than the fixed least.
    pub needs: BTreeMap<String, i32>,
}

impl Default for ReviewRules {
    fn default() -> Self {
        Self { review_labels: BTreeSet::from(["Code-Review".to_owned()]), needs: BTreeMap::new() }
    }
}

/// The ranges of the labels of a project: live from REST, offline from `project.config` as it is when read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelRanges(BTreeMap<String, LabelRange>);

impl LabelRanges {
    /// These ranges; a label that is not among them has the fixed one.
    #[must_use]
    pub const fn new(ranges: BTreeMap<String, LabelRange>) -> Self {
        Self(ranges)
    }

    /// Those that `project.config` in `refs/meta/config` of that repository defines.
    ///
    /// # Errors
    /// [`ReadError`] of the store. A config that is missing defines none.
    pub fn of_repository<S: Objects + Refs + ?Sized>(store: &S) -> Result<Self, ReadError> {
        let Some(tip) = store.tip("refs/meta/config")? else { return Ok(Self::default()) };
        let Some(commit) = notedb::walk::commit(store, &tip)? else { return Ok(Self::default()) };
        let Some(tree) = store.get(&commit.tree)?.and_then(|object| Tree::parse(&object.data)) else {
            return Ok(Self::default());
        };
        let Some(file) = tree.get(b"project.config") else { return Ok(Self::default()) };
        let config = store.get(&file.id)?;
        Ok(Self(config.map(|blob| label_ranges(&String::from_utf8_lossy(&blob.data))).unwrap_or_default()))
    }

    /// What a vote on this label must reach: the label's highest value, and never less than the fixed least, which
    /// policy may name otherwise. A project owner who lowers the maximum doesn't lower the need.
    #[must_use]
    pub fn needed(&self, label: &str, rules: &ReviewRules) -> i32 {
        let least = rules.needs.get(label).copied().unwrap_or_else(|| fixed(label));
        self.0.get(label).map_or(least, |range| range.highest.max(least))
    }

    /// The lowest value of this label.
    #[must_use]
    pub fn lowest(&self, label: &str) -> i32 {
        self.0.get(label).map_or_else(|| -fixed(label), |range| range.lowest)
    }
}

/// The highest value of a label that nobody defined.
fn fixed(label: &str) -> i32 {
    if label == "Code-Review" { 2 } else { 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(label: &str, lowest: i32, highest: i32) -> LabelRanges {
        LabelRanges::new(BTreeMap::from([(label.to_owned(), LabelRange { lowest, highest })]))
    }

    #[test]
    fn the_need_is_the_maximum_and_never_less_than_the_fixed_least() {
        let rules = ReviewRules::default();
        assert_eq!(LabelRanges::default().needed("Code-Review", &rules), 2);
        assert_eq!(LabelRanges::default().needed("Verified", &rules), 1);
        assert_eq!(
            ranges("Code-Review", -1, 1).needed("Code-Review", &rules),
            2,
            "lowered by a project owner"
        );
        assert_eq!(ranges("Verified", -3, 3).needed("Verified", &rules), 3);
        let named = ReviewRules { needs: BTreeMap::from([("Verified".to_owned(), 2)]), ..rules };
        assert_eq!(LabelRanges::default().needed("Verified", &named), 2);
    }

    #[test]
    fn the_lowest_is_the_one_defined() {
        assert_eq!(LabelRanges::default().lowest("Code-Review"), -2);
        assert_eq!(ranges("Code-Review", -1, 1).lowest("Code-Review"), -1);
        assert_eq!(LabelRanges::default().lowest("Verified"), -1);
    }
}
