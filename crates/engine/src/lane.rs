//! Who goes next in a lane. Pure: it is told who is an ancestor of whom.
//!
//! Newest first. What the base already holds is superseded by the run that was granted the base (I3); of the others the
//! newest that is allowed runs, and takes the place of those below it.

use model::{OutcomeId, Revision};

/// An unsettled outcome of the lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Which.
    pub id: OutcomeId,
    /// The revision that it is about.
    pub tip: Revision,
    /// Position in time, for tips that don't descend from one another (a branch that was reset).
    pub submitted_at_ms: i64,
}

/// The candidates, newest first.
///
/// `is_ancestor(a, b)`: `a` is `b` or reachable from it.
pub(crate) fn newest_first(
    mut candidates: Vec<Candidate>,
    mut is_ancestor: impl FnMut(&Revision, &Revision) -> bool,
) -> Vec<Candidate> {
    // Descent is no total order, so this is a selection, not a sort: the next is one that no other descends from.
    let mut ordered = Vec::with_capacity(candidates.len());
    candidates.sort_by_key(|c| std::cmp::Reverse((c.submitted_at_ms, c.id.clone())));
    while !candidates.is_empty() {
        let next = candidates
            .iter()
            .position(|c| !candidates.iter().any(|d| d.tip != c.tip && is_ancestor(&c.tip, &d.tip)))
            .unwrap_or(0);
        ordered.push(candidates.remove(next));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rev(n: u8) -> Revision {
        Revision::from_bytes([n; 20])
    }

    fn candidate(n: u8, at: i64) -> Candidate {
        Candidate { id: OutcomeId::derive(&[&[n]]), tip: rev(n), submitted_at_ms: at }
    }

    /// 1 ← 2 ← 3, and 9 apart.
    fn line(a: &Revision, b: &Revision) -> bool {
        let (a, b) = (a.as_bytes()[0], b.as_bytes()[0]);
        a == b || (a < 9 && b < 9 && a <= b)
    }

    #[test]
    fn descent_decides_who_is_newer_whatever_the_clocks_say() {
        let order = newest_first(vec![candidate(1, 300), candidate(3, 100), candidate(2, 200)], line);
        assert_eq!(order.iter().map(|c| c.tip).collect::<Vec<_>>(), [rev(3), rev(2), rev(1)]);
    }

    #[test]
    fn unrelated_tips_are_ordered_by_time_of_submission() {
        let order = newest_first(vec![candidate(3, 100), candidate(9, 200)], line);
        assert_eq!(order.iter().map(|c| c.tip).collect::<Vec<_>>(), [rev(9), rev(3)]);
    }
}
