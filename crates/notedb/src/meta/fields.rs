//! Picks the footers of one commit apart by key, and refuses what may stand once and stands twice.

use super::footer::Footer;

/// The keys that Gerrit reads at most once in a commit. Twice is refused by Gerrit, so by us.
const SINGLE: &[&str] = &[
    "Assignee",
    "Base",
    "Branch",
    "Change-id",
    "Cherry-pick-of",
    "Commit",
    "Contains-Conflicts",
    "Current",
    "Groups",
    "Hashtags",
    "Merge-Strategy",
    "No-Base-Reason",
    "Ours",
    "Patch-set",
    "Patch-set-description",
    "Private",
    "Real-user",
    "Revert-of",
    "Status",
    "Subject",
    "Submission-id",
    "Tag",
    "Theirs",
    "Topic",
    "Work-in-progress",
];

/// The footers of one commit.
pub(super) struct Fields<'a>(Vec<Footer<'a>>);

impl<'a> Fields<'a> {
    /// Gathers them.
    ///
    /// # Errors
    /// The second of two footers of which one may stand.
    pub(super) fn new(footers: impl Iterator<Item = Footer<'a>>) -> Result<Self, Footer<'a>> {
        let mut seen = [false; SINGLE.len()];
        let mut all = Vec::new();
        for footer in footers {
            let slot = SINGLE.iter().position(|key| footer.is(key)).and_then(|at| seen.get_mut(at));
            if let Some(seen) = slot
                && std::mem::replace(seen, true)
            {
                return Err(footer);
            }
            all.push(footer);
        }
        Ok(Self(all))
    }

    /// The first footer with that key.
    pub(super) fn one(&self, key: &str) -> Option<Footer<'a>> {
        self.all(key).next()
    }

    /// All footers with that key, in order.
    pub(super) fn all(&self, key: &str) -> impl Iterator<Item = Footer<'a>> {
        self.0.iter().copied().filter(move |footer| footer.is(key))
    }
}
