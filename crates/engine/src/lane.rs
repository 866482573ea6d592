//! Who goes next in a lane. Pure: it is told who is an ancestor of whom.
//!
//! Newest first. What the base already holds is superseded by the run that was granted the base (I3); of the others the
//! newest that is allowed runs, and takes the place of those below it.

use std::collections::BTreeSet;

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
/// `is_ancestor(a, b)`: `a` is `b` or reachable from it. Asked once about each two of them.
pub(crate) fn newest_first(
    mut candidates: Vec<Candidate>,
    is_ancestor: impl Fn(&Revision, &Revision) -> bool,
) -> Vec<Candidate> {
    // Descent is no total order, so this is a selection, not a sort: the next is the first one, by time, that no other
    // which is left descends from.
    candidates.sort_by_key(|c| std::cmp::Reverse((c.submitted_at_ms, c.id.clone())));
    let below = |a: &Candidate, b: &Candidate| a.tip != b.tip && is_ancestor(&a.tip, &b.tip);
    let mut above: Vec<usize> =
        candidates.iter().map(|c| candidates.iter().filter(|d| below(c, d)).count()).collect();
    let mut left: BTreeSet<usize> = (0..candidates.len()).collect();
    let mut free: BTreeSet<usize> =
        above.iter().enumerate().filter(|(_, above)| **above == 0).map(|(at, _)| at).collect();
    let mut ordered = Vec::with_capacity(candidates.len());
    while let Some(next) = free.pop_first().or_else(|| left.first().copied()) {
        left.remove(&next);
        let Some(one) = candidates.get(next) else { break };
        for at in &left {
            if let (Some(count), Some(other)) = (above.get_mut(*at), candidates.get(*at))
                && *count > 0
                && below(other, one)
            {
                *count -= 1;
                if *count == 0 {
                    free.insert(*at);
                }
            }
        }
        ordered.push(one.clone());
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

    /// What it has to be, word by word: at each step the first by time that no other which is left descends from.
    fn one_by_one(mut candidates: Vec<Candidate>) -> Vec<Candidate> {
        let mut ordered = Vec::new();
        candidates.sort_by_key(|c| std::cmp::Reverse((c.submitted_at_ms, c.id.clone())));
        while !candidates.is_empty() {
            let free = |c: &Candidate| !candidates.iter().any(|d| d.tip != c.tip && divides(&c.tip, &d.tip));
            let next = candidates.iter().position(free).unwrap_or(0);
            ordered.push(candidates.remove(next));
        }
        ordered
    }

    /// A descent that is no line: who divides is the ancestor.
    fn divides(a: &Revision, b: &Revision) -> bool {
        let (a, b) = (a.as_bytes()[0], b.as_bytes()[0]);
        a > 0 && b % a == 0
    }

    #[test]
    fn any_descent_is_ordered_as_it_was_one_by_one() {
        let mut state = 7_u64;
        for _ in 0..200 {
            let mut all = Vec::new();
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let n = u8::try_from(1 + (state >> 33) % 40).unwrap();
                let at = i64::try_from((state >> 50) % 5).unwrap();
                let id = OutcomeId::derive(&[&state.to_be_bytes()]);
                all.push(Candidate { id, tip: rev(n), submitted_at_ms: at });
            }
            assert_eq!(newest_first(all.clone(), divides), one_by_one(all));
        }
    }

    #[test]
    fn hundreds_that_wait_are_ordered_by_asking_about_each_two_of_them_twice_at_most() {
        let all: Vec<Candidate> = (0..500_i64)
            .map(|n| Candidate {
                id: OutcomeId::derive(&[&n.to_be_bytes()]),
                tip: Revision::from_bytes(
                    model::Digest::of(&n.to_be_bytes()).as_bytes()[..20].try_into().unwrap(),
                ),
                submitted_at_ms: n % 7,
            })
            .collect();
        let asked = std::cell::Cell::new(0_u64);
        let place: std::collections::HashMap<Revision, usize> =
            all.iter().enumerate().map(|(at, c)| (c.tip, at)).collect();
        let ordered = newest_first(all, |a, b| {
            asked.set(asked.get() + 1);
            place[a] <= place[b]
        });
        let places: Vec<usize> = ordered.iter().map(|c| place[&c.tip]).collect();
        assert_eq!(places, (0..500).rev().collect::<Vec<_>>());
        assert!(asked.get() < 2 * 500 * 500, "asked {} times", asked.get());
    }
}
