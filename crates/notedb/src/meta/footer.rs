//! The footers of a message: the lines `Key: value` of its last paragraph.

/// One footer line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footer<'a> {
    /// The key as it stands.
    pub key: &'a str,
    /// The value, without the blanks before it.
    pub value: &'a str,
    /// The line of the message, from 0.
    pub line: usize,
}

impl Footer<'_> {
    /// Whether this is the key meant. Gerrit compares keys without case.
    #[must_use]
    pub fn is(&self, key: &str) -> bool {
        self.key.eq_ignore_ascii_case(key)
    }
}

/// The footers of a message, in order.
///
/// Only the last paragraph counts, and never the first line of the message: bodies hold pasted text that looks like
/// footers. Lines end in LF and nothing else (U+2028, U+0085, VT, FF and CR may stand inside values). A line of the
/// last paragraph that has not the form `Key: value` is skipped, as JGit's `FooterLine` does.
pub fn footers(message: &str) -> impl Iterator<Item = Footer<'_>> {
    let trimmed = message.trim_end_matches('\n');
    let start = trimmed
        .rfind("\n\n")
        .map_or_else(|| trimmed.find('\n').map_or(trimmed.len(), |at| at + 1), |at| at + 2);
    let first_line = trimmed.get(..start).unwrap_or_default().matches('\n').count();
    let paragraph = trimmed.get(start..).unwrap_or_default();
    paragraph.split('\n').enumerate().filter_map(move |(n, line)| {
        let (key, value) = line.split_once(':')?;
        let is_key = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        is_key.then(|| Footer { key, value: value.trim_start_matches(' '), line: first_line + n })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(message: &str) -> Vec<(&str, &str, usize)> {
        footers(message).map(|f| (f.key, f.value, f.line)).collect()
    }

    #[test]
    fn only_the_last_paragraph_counts() {
        let message = "Subject\n\nLabel: Code-Review=+2\n\nPatch-set: 1\nStatus: new\n\n";
        assert_eq!(keys(message), [("Patch-set", "1", 4), ("Status", "new", 5)]);
    }

    #[test]
    fn the_subject_is_no_footer() {
        assert_eq!(keys("Status: merged\n"), []);
        assert_eq!(keys("Subject: x\nPatch-set: 1"), [("Patch-set", "1", 1)]);
    }

    #[test]
    fn lines_end_in_lf_only() {
        let message =
            "S\n\nTopic: a\u{2028}Status: merged\u{85}Label: X=1\u{b}Tag: b\u{c}Tag: c\rTag: d\nPatch-set: 1";
        assert_eq!(keys(message).len(), 2);
        assert!(keys(message)[0].1.ends_with("Tag: d"));
    }

    #[test]
    fn other_lines_are_skipped() {
        assert_eq!(keys("S\n\nno footer\n: x\nhas blank: x\nA:b\nEmpty:"), [("A", "b", 5), ("Empty", "", 6)]);
    }

    #[test]
    fn without_an_empty_line_all_but_the_subject_is_the_last_paragraph() {
        assert_eq!(keys("S\nPatch-set: 1\nStatus: new"), [("Patch-set", "1", 1), ("Status", "new", 2)]);
        assert_eq!(keys("S\n\né: x\nPatch-set: 1"), [("Patch-set", "1", 3)]);
    }
}
