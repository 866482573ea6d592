//! How many lines were added and taken away.

/// Above this many differing lines the answer is "everything was replaced": the exact count is a quadratic search.
const MOST_EDITS: usize = 4_000;

/// (inserted, deleted) lines from `old` to `new`; `None` for binary content.
pub(crate) fn count(old: &[u8], new: &[u8]) -> Option<(usize, usize)> {
    if old.iter().chain(new).any(|b| *b == 0) {
        return None;
    }
    let (old, new) = (lines(old), lines(new));
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (old.get(head..).unwrap_or(&[]), new.get(head..).unwrap_or(&[]));
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let old = old.get(..old.len() - tail).unwrap_or(&[]);
    let new = new.get(..new.len() - tail).unwrap_or(&[]);
    let edits = shortest(old, new).unwrap_or(old.len() + new.len());
    // edits = inserted + deleted, and inserted - deleted = the difference of the lengths
    let inserted = (edits + new.len()).saturating_sub(old.len()) / 2;
    Some((inserted, edits - inserted))
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|b| *b == b'\n').collect()
}

/// The length of the shortest edit script (Myers 1986, the greedy algorithm).
fn shortest(old: &[&[u8]], new: &[&[u8]]) -> Option<usize> {
    let most = (old.len() + new.len()).min(MOST_EDITS);
    let offset = isize::try_from(most).ok()? + 1;
    let mut far = vec![0isize; usize::try_from(2 * offset + 1).ok()?];
    let at = |far: &[isize], k: isize| {
        usize::try_from(k + offset).ok().and_then(|n| far.get(n).copied()).unwrap_or(-1)
    };
    for d in 0..=isize::try_from(most).ok()? {
        for k in (-d..=d).step_by(2) {
            let down = k == -d || (k != d && at(&far, k - 1) < at(&far, k + 1));
            let mut x = if down { at(&far, k + 1) } else { at(&far, k - 1) + 1 };
            let mut y = x - k;
            while let (Ok(i), Ok(j)) = (usize::try_from(x), usize::try_from(y)) {
                match (old.get(i), new.get(j)) {
                    (Some(a), Some(b)) if a == b => (x, y) = (x + 1, y + 1),
                    _ => break,
                }
            }
            if let Some(slot) = usize::try_from(k + offset).ok().and_then(|n| far.get_mut(n)) {
                *slot = x;
            }
            if x >= isize::try_from(old.len()).ok()? && y >= isize::try_from(new.len()).ok()? {
                return usize::try_from(d).ok();
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn counts_are_those_of_the_shortest_script() {
        assert_eq!(count(b"", b"a\nb\n"), Some((2, 0)));
        assert_eq!(count(b"a\nb\nc\n", b"a\nc\n"), Some((0, 1)));
        assert_eq!(count(b"a\nb\nc\nd\n", b"b\nx\nd\ny\n"), Some((2, 2)));
        assert_eq!(count(b"a\n", b"a\n"), Some((0, 0)));
        assert_eq!(count(b"\0", b"a\n"), None);
    }
}
