//! The file `groups` beside `project.config`: UUIDs of the names used there.

use std::collections::BTreeMap;

/// name → UUID.
pub(crate) fn parse(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('\t'))
        .map(|(uuid, name)| (name.trim().to_owned(), uuid.trim().to_owned()))
        .collect()
}

/// The file as Gerrit writes it, sorted by UUID; empty if there is nothing to say.
pub(crate) fn render(names: &BTreeMap<String, String>) -> String {
    if names.is_empty() {
        return String::new();
    }
    let width = names.values().map(String::len).max().unwrap_or(0).max(4);
    let mut rows: Vec<(&String, &String)> = names.iter().map(|(name, uuid)| (uuid, name)).collect();
    rows.sort();
    let mut out = format!("# {:w$}\tGroup Name\n#\n", "UUID", w = width.saturating_sub(2));
    for (uuid, name) in rows {
        out.push_str(&format!("{uuid:width$}\t{name}\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_survives_reading_and_writing() {
        let names = BTreeMap::from([
            ("Registered Users".to_owned(), "global:Registered-Users".to_owned()),
            ("a b".to_owned(), "0123".to_owned()),
        ]);
        let text = render(&names);
        assert!(text.starts_with("# UUID                 \tGroup Name\n#\n0123 "), "{text}");
        assert_eq!(parse(&text), names);
    }
}
