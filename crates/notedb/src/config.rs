//! The ranges of labels, from `project.config` in `refs/meta/config`.

use std::collections::BTreeMap;

/// The lowest and highest value that a label has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LabelRange {
    /// The lowest value.
    pub lowest: i32,
    /// The highest value.
    pub highest: i32,
}

/// The labels that a `project.config` defines, with their ranges. A section without any `value` defines none.
///
/// Reads as git does: section names without case, subsection names with, comments, quotes, lines continued by a
/// backslash. A line that is none of these is passed over: what Gerrit can't read it refuses to take in.
#[must_use]
pub fn label_ranges(config: &str) -> BTreeMap<String, LabelRange> {
    let mut ranges: BTreeMap<String, LabelRange> = BTreeMap::new();
    let mut label: Option<String> = None;
    let joined = config.replace("\\\n", "");
    for line in joined.lines().map(str::trim) {
        let mut entry = line;
        if line.starts_with('[') {
            let Some((header, rest)) = split_header(line) else { continue };
            label = label_of_header(&header);
            entry = rest;
        }
        let (Some(label), Some(value)) = (&label, value_of(entry)) else { continue };
        ranges
            .entry(label.clone())
            .and_modify(|range| {
                range.lowest = range.lowest.min(value);
                range.highest = range.highest.max(value);
            })
            .or_insert(LabelRange { lowest: value, highest: value });
    }
    ranges
}

/// Splits `[label "X"] rest` at the bracket that closes it.
fn split_header(line: &str) -> Option<(String, &str)> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return Some((line.get(1..at)?.to_owned(), line.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

fn label_of_header(header: &str) -> Option<String> {
    let (section, quoted) = header.split_once(char::is_whitespace)?;
    if !section.eq_ignore_ascii_case("label") {
        return None;
    }
    let name = quoted.trim().strip_prefix('"')?.strip_suffix('"')?;
    let mut label = String::new();
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        label.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    Some(label)
}

/// The number of a line `value = -2 This shall not be merged`.
fn value_of(line: &str) -> Option<i32> {
    let (key, value) = line.split_once('=')?;
    if !key.trim().eq_ignore_ascii_case("value") {
        return None;
    }
    let value = value.trim().trim_start_matches('"');
    value.split([' ', '\t', '"', '#', ';']).next()?.parse::<i16>().ok().map(i32::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_of_the_labels_that_are_defined() {
        let ranges = label_ranges(
            "[project]\n\tdescription = x\n[label \"Code-Review\"]\n\tfunction = NoBlock\n\tvalue = -1 Bad\n value = 0 None\n\
             \tVALUE = \"+3 Good\"\n# value = 9\n[Label \"Odd \\\"one\\\"\"] value = 1\n[label \"Only\"]\n copyCondition = is:MIN\n\
             [access \"refs/*\"]\n value = 5\n",
        );
        assert_eq!(ranges.get("Code-Review"), Some(&LabelRange { lowest: -1, highest: 3 }));
        assert_eq!(ranges.get("Odd \"one\""), Some(&LabelRange { lowest: 1, highest: 1 }));
        assert_eq!(ranges.len(), 2);
    }

    #[test]
    fn nonsense_defines_nothing() {
        for text in [
            "",
            "[",
            "[label",
            "[label \"x\"",
            "value = 1",
            "[label]\nvalue = 1",
            "[label \"x\"]\nvalue\nvalue = no",
        ] {
            assert!(label_ranges(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn values_may_come_in_any_order_and_say_more() {
        let ranges = label_ranges("[label \"X\"]\nvalue = 0\nvalue = +1\nvalue = -2 a=b\nvalue = -1\n");
        assert_eq!(ranges.get("X"), Some(&LabelRange { lowest: -2, highest: 1 }));
    }

    #[test]
    fn a_bracket_or_a_quote_within_quotes_closes_nothing() {
        let ranges = label_ranges("[label   \"a\\\"]b\" ] value = 1\n[label \"c]\"]value = 2");
        let names: Vec<_> = ranges.iter().map(|(name, range)| (name.as_str(), range.highest)).collect();
        assert_eq!(names, [("a\"]b", 1), ("c]", 2)]);
        assert_eq!(split_header("[]x"), Some((String::new(), "x")));
        assert_eq!(split_header("[a\\]b]c"), Some(("a\\".to_owned(), "b]c")), "only in quotes it escapes");
    }
}
