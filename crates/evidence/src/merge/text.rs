//! Three-way merge of lines.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Merged {
    /// Merged without conflict.
    Clean(Vec<u8>),
    /// The text with both sides of each conflict between marks.
    Marked(Vec<u8>),
}

/// One change of one side: which lines of the base it takes, and which of its own it puts there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hunk {
    base: Range<usize>,
    side: Range<usize>,
}

/// One side: its lines and its changes.
struct Side<'a> {
    lines: Vec<&'a [u8]>,
    hunks: std::iter::Peekable<std::vec::IntoIter<Hunk>>,
}

/// Merges as git's `xdl_merge` does: changes that overlap or touch are one conflict, unless both sides then say the
/// same.
pub(super) fn merge_text(base: &[u8], ours: &[u8], theirs: &[u8], algorithm: Algorithm) -> Merged {
    let lines: Vec<_> = base.split_inclusive(|byte| *byte == b'\n').collect();
    let mut ours = Side::new(base, ours, algorithm);
    let mut theirs = Side::new(base, theirs, algorithm);
    let (mut text, mut done, mut marked) = (Vec::new(), 0, false);
    while let Some(start) = [ours.next_start(), theirs.next_start()].into_iter().flatten().min() {
        add(&mut text, lines.get(done..start));
        let (mut of_ours, mut of_theirs, mut end) = (Vec::new(), Vec::new(), start);
        // The first change opens the region; whatever of either side begins within it or touches it belongs to it.
        while ours.take_up_to(&mut end, &mut of_ours) | theirs.take_up_to(&mut end, &mut of_theirs) {}
        let region = start..end;
        match (of_ours.is_empty(), of_theirs.is_empty()) {
            (false, true) => add(&mut text, ours.text(&region, &of_ours)),
            (true, false) => add(&mut text, theirs.text(&region, &of_theirs)),
            _ => {
                let (our_text, their_text) = (ours.text(&region, &of_ours), theirs.text(&region, &of_theirs));
                if our_text == their_text {
                    add(&mut text, our_text);
                } else {
                    marked = true;
                    text.extend(b"<<<<<<<\n");
                    add(&mut text, our_text);
                    text.extend(b"=======\n");
                    add(&mut text, their_text);
                    text.extend(b">>>>>>>\n");
                }
            }
        }
        done = end;
    }
    add(&mut text, lines.get(done..));
    if marked { Merged::Marked(text) } else { Merged::Clean(text) }
}

fn add(text: &mut Vec<u8>, lines: Option<&[&[u8]]>) {
    text.extend(lines.unwrap_or_default().iter().flat_map(|line| line.iter().copied()));
}

impl<'a> Side<'a> {
    fn new(base: &[u8], side: &'a [u8], algorithm: Algorithm) -> Self {
        let input = InternedInput::new(base, side);
        let mut diff = Diff::compute(algorithm, &input);
        diff.postprocess_no_heuristic(&input);
        let range = |range: Range<u32>| range.start as usize..range.end as usize;
        let hunks = diff.hunks().map(|hunk| Hunk { base: range(hunk.before), side: range(hunk.after) });
        Self {
            lines: side.split_inclusive(|byte| *byte == b'\n').collect(),
            hunks: hunks.collect::<Vec<_>>().into_iter().peekable(),
        }
    }

    fn next_start(&mut self) -> Option<usize> {
        self.hunks.peek().map(|hunk| hunk.base.start)
    }

    /// Takes the changes that begin at or before `end`, and moves it to where they end. Says whether there was any.
    fn take_up_to(&mut self, end: &mut usize, taken: &mut Vec<Hunk>) -> bool {
        let mut any = false;
        while let Some(hunk) = self.hunks.next_if(|hunk| hunk.base.start <= *end) {
            *end = hunk.base.end.max(*end);
            taken.push(hunk);
            any = true;
        }
        any
    }

    /// What this side has in place of a region of the base, in which it made these changes.
    fn text(&self, region: &Range<usize>, hunks: &[Hunk]) -> Option<&[&'a [u8]]> {
        let (first, last) = (hunks.first()?, hunks.last()?);
        let start = first.side.start.checked_sub(first.base.start.checked_sub(region.start)?)?;
        let end = last.side.end + region.end.checked_sub(last.base.end)?;
        self.lines.get(start..end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merge(base: &str, ours: &str, theirs: &str) -> Option<String> {
        let text = |lines: &str| {
            lines.split(' ').filter(|l| !l.is_empty()).map(|l| format!("{l}\n")).collect::<String>()
        };
        match merge_text(
            text(base).as_bytes(),
            text(ours).as_bytes(),
            text(theirs).as_bytes(),
            Algorithm::Myers,
        ) {
            Merged::Clean(text) => Some(String::from_utf8(text).unwrap().trim_end().replace('\n', " ")),
            Merged::Marked(_) => None,
        }
    }

    #[test]
    fn changes_apart_are_merged() {
        assert_eq!(merge("a b c d e", "A b c d e", "a b c d E").as_deref(), Some("A b c d E"));
        assert_eq!(merge("a b c", "x a b c", "a b").as_deref(), Some("x a b"));
        assert_eq!(merge("a b c d", "a d", "a b c d e").as_deref(), Some("a d e"));
    }

    #[test]
    fn the_same_change_on_both_sides_is_made_once() {
        assert_eq!(merge("a b c", "a X c", "a X c").as_deref(), Some("a X c"));
        assert_eq!(merge("a b c d e", "a X c d E", "a X c d e").as_deref(), Some("a X c d E"));
    }

    #[test]
    fn changes_that_overlap_or_touch_conflict() {
        assert_eq!(merge("a b c", "a X c", "a Y c"), None);
        assert_eq!(merge("a b c d", "a X c d", "a b Y d"), None);
        assert_eq!(merge("a b", "a x b", "a y b"), None);
        // Whoever begins first, and however much the other one's goes on.
        assert_eq!(merge("a b c d", "a X Y d", "P Q c d"), None);
        assert_eq!(merge("a b c d", "P Q c d", "a X Y d"), None);
        assert_eq!(merge("a b c d", "a X Y c d", "a X d"), None);
        assert_eq!(merge("a b c d", "a X d", "a X Y c d"), None);
    }

    #[test]
    fn a_last_line_without_end_is_another_line() {
        assert_eq!(
            merge_text(b"a\nb\n", b"a\nb", b"a\nb\n", Algorithm::Myers),
            Merged::Clean(b"a\nb".to_vec())
        );
        assert!(matches!(merge_text(b"a\nb\n", b"a\nb", b"a\nb\nc\n", Algorithm::Myers), Merged::Marked(_)));
    }
}
