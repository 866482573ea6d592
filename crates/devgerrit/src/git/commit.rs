//! Commits.

use super::{GitError, Ident, Oid};

/// A commit, with the parts that are used here. Other headers (signatures, encodings) are dropped when rewritten.
#[derive(Clone, Debug)]
pub(crate) struct Commit {
    pub(crate) id: Oid,
    pub(crate) tree: Oid,
    pub(crate) parents: Vec<Oid>,
    pub(crate) author: Ident,
    pub(crate) committer: Ident,
    pub(crate) message: String,
}

impl Commit {
    pub(crate) fn parse(id: Oid, bytes: &[u8]) -> Result<Self, GitError> {
        let corrupt = || GitError::Corrupt { id, why: "not a commit" };
        let text = String::from_utf8_lossy(bytes);
        let (head, message) = text.split_once("\n\n").unwrap_or((text.trim_end_matches('\n'), ""));
        let (mut tree, mut parents, mut author, mut committer) = (None, Vec::new(), None, None);
        for line in head.split('\n') {
            match line.split_once(' ') {
                Some(("tree", value)) => tree = Oid::parse(value),
                Some(("parent", value)) => parents.push(Oid::parse(value).ok_or_else(corrupt)?),
                Some(("author", value)) if author.is_none() => author = Some(Ident::parse(value)),
                Some(("committer", value)) if committer.is_none() => committer = Some(Ident::parse(value)),
                _ => {}
            }
        }
        Ok(Self {
            id,
            tree: tree.ok_or_else(corrupt)?,
            parents,
            author: author.ok_or_else(corrupt)?,
            committer: committer.ok_or_else(corrupt)?,
            message: message.to_owned(),
        })
    }

    /// The bytes of a commit with these parts.
    pub(crate) fn encode(
        tree: Oid,
        parents: &[Oid],
        author: &Ident,
        committer: &Ident,
        message: &str,
    ) -> Vec<u8> {
        let mut out = format!("tree {tree}\n");
        for parent in parents {
            out.push_str(&format!("parent {parent}\n"));
        }
        out.push_str(&format!("author {}\ncommitter {}\n\n{message}", author.render(), committer.render()));
        out.into_bytes()
    }

    /// The first paragraph on one line, as git and Gerrit show it.
    pub(crate) fn subject(&self) -> String {
        subject_of(&self.message)
    }
}

pub(crate) fn subject_of(message: &str) -> String {
    let text = message.trim_start_matches('\n');
    let first = text.split("\n\n").next().unwrap_or("");
    first.trim_end_matches('\n').replace('\n', " ")
}

/// The footers (`Key: value`) of the last paragraph; empty if that paragraph is the subject, or holds prose.
pub(crate) fn footers_of(message: &str) -> Vec<(&str, &str)> {
    let text = message.trim_end();
    let Some((_, last)) = text.rsplit_once("\n\n") else { return Vec::new() };
    last.lines().filter_map(split_footer).collect()
}

fn split_footer(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once(':')?;
    let fine = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    fine.then(|| (key, value.trim()))
}

/// Whether the last paragraph consists of footers only, so that one more may be put under it.
pub(crate) fn ends_in_footers(message: &str) -> bool {
    let text = message.trim_end();
    let Some((_, last)) = text.rsplit_once("\n\n") else { return false };
    last.lines().all(|line| split_footer(line).is_some())
}

/// The message with these footer lines at its end; lines that it has already are not repeated.
pub(crate) fn with_footers(message: &str, lines: &[String]) -> String {
    let body = message.trim_end();
    let missing: Vec<&str> =
        lines.iter().map(String::as_str).filter(|line| !body.lines().any(|has| has == *line)).collect();
    if missing.is_empty() {
        return format!("{body}\n");
    }
    let gap = if ends_in_footers(message) { "\n" } else { "\n\n" };
    format!("{body}{gap}{}\n", missing.join("\n"))
}

/// All values of `Change-Id` in the footers.
pub(crate) fn change_ids(message: &str) -> Vec<&str> {
    footers_of(message).into_iter().filter(|(key, _)| *key == "Change-Id").map(|(_, value)| value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn footers_come_from_the_last_paragraph_only() {
        let message = "Subject\n\nKey: not a footer\n\nChange-Id: I1\nSigned-off-by: A <a@x>\n";
        assert_eq!(footers_of(message), vec![("Change-Id", "I1"), ("Signed-off-by", "A <a@x>")]);
        assert!(footers_of("Change-Id: I1\n").is_empty(), "a subject is no footer");
    }

    #[test]
    fn a_footer_joins_the_footers_that_are_there() {
        let more = ["Reviewed-on: u".to_owned()];
        assert_eq!(with_footers("S\n\nChange-Id: I1\n", &more), "S\n\nChange-Id: I1\nReviewed-on: u\n");
        assert_eq!(with_footers("S\n\nprose here\n", &more), "S\n\nprose here\n\nReviewed-on: u\n");
        assert_eq!(with_footers("S\n\nReviewed-on: u\n", &more), "S\n\nReviewed-on: u\n");
    }
}
