//! Commit objects.

use crate::ident::{Ident, text};
use crate::{ObjectId, ParseError};

/// A parsed commit object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Its tree.
    pub tree: ObjectId,
    /// Its parents, in order.
    pub parents: Vec<ObjectId>,
    /// Who wrote it.
    pub author: Ident,
    /// Who made the commit.
    pub committer: Ident,
    /// The message; bytes that are no UTF-8 are replaced.
    pub message: String,
    /// The line of the object on which the message begins, from 1.
    pub message_line: usize,
}

impl Commit {
    /// Parses the bytes of the commit `id`.
    ///
    /// # Errors
    /// [`ParseError`] if it has no tree, author or committer, or one of them in a form that git does not write.
    pub fn parse(id: ObjectId, data: &[u8]) -> Result<Self, ParseError> {
        let (mut tree, mut author, mut committer, mut parents) = (None, None, None, Vec::new());
        let mut rest = data;
        let mut line_number = 0;
        loop {
            let (line, after) = next_line(rest);
            line_number += 1;
            if line.is_empty() {
                rest = after;
                break;
            }
            let fail = |reason: &str| ParseError::new(id, line_number, reason);
            let (key, value) = split_header(line);
            match key {
                b"tree" if tree.is_none() => {
                    tree = Some(ObjectId::from_hex(value).ok_or_else(|| fail("not a tree"))?)
                }
                b"parent" => parents.push(ObjectId::from_hex(value).ok_or_else(|| fail("not a parent"))?),
                b"author" if author.is_none() => author = Some(Ident::parse(value).map_err(fail)?),
                b"committer" if committer.is_none() => committer = Some(Ident::parse(value).map_err(fail)?),
                // Others (gpgsig, encoding, mergetag and what is to come) and their continuation lines.
                _ => {}
            }
            rest = after;
        }
        let missing = |what: &str| ParseError::new(id, 1, format!("the commit has no {what}"));
        Ok(Self {
            tree: tree.ok_or_else(|| missing("tree"))?,
            parents,
            author: author.ok_or_else(|| missing("author"))?,
            committer: committer.ok_or_else(|| missing("committer"))?,
            message: text(rest).into_owned(),
            message_line: line_number + 1,
        })
    }
}

/// Tree, parents and committer time of a commit, without the cost of the rest; for walks.
pub(crate) struct Links {
    pub(crate) parents: Vec<ObjectId>,
    pub(crate) seconds: i64,
}

impl Links {
    /// `None` if it is no commit that git would write.
    pub(crate) fn parse(data: &[u8]) -> Option<Self> {
        let mut parents = Vec::new();
        let mut rest = data;
        loop {
            let (line, after) = next_line(rest);
            match split_header(line) {
                (b"parent", value) => parents.push(ObjectId::from_hex(value)?),
                (b"committer", value) => {
                    let seconds = Ident::parse(value).map_or(0, |ident| ident.time.unix_seconds());
                    return Some(Self { parents, seconds });
                }
                (b"", _) => return None,
                _ => {}
            }
            rest = after;
        }
    }
}

fn next_line(data: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'\n', data) {
        Some(end) => (data.get(..end).unwrap_or_default(), data.get(end + 1..).unwrap_or_default()),
        None => (data, &[]),
    }
}

fn split_header(line: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b' ', line) {
        // A continuation line begins with the blank; its key is the line itself, which is nothing that we look for.
        Some(0) | None => (line, &[]),
        Some(end) => (line.get(..end).unwrap_or_default(), line.get(end + 1..).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: ObjectId = ObjectId::from_bytes([1; 20]);

    fn commit(headers: &str) -> Result<Commit, ParseError> {
        Commit::parse(ID, headers.as_bytes())
    }

    #[test]
    fn headers_and_message_are_read() {
        let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let commit = commit(&format!(
            "tree {tree}\nparent {tree}\nparent {tree}\nauthor A <a@b> 5 +0100\ncommitter C <c@d> 6 +0000\n\
             gpgsig -----\n author X <x@y> 7 +0000\n\nSubject\n\nBody\n"
        ))
        .unwrap();
        assert_eq!(commit.parents.len(), 2);
        assert_eq!(commit.author.email, "a@b");
        assert_eq!(commit.committer.time.unix_seconds(), 6);
        assert_eq!(commit.message, "Subject\n\nBody\n");
        assert_eq!(commit.message_line, 9);
    }

    #[test]
    fn what_lacks_a_header_says_which() {
        assert_eq!(commit("").unwrap_err().reason, "the commit has no tree");
        let error = commit("tree x\n").unwrap_err();
        assert_eq!((error.line, error.commit), (1, ID));
    }

    #[test]
    fn a_cut_off_header_ends_the_walk() {
        assert!(Links::parse(b"tree x\nparent 4b825dc642cb6eb9a060e54bf8d69288fbee4904").is_none());
    }
}
