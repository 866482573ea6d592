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
    /// Parses the bytes of the commit `id`. Only the headers in the places where git reads them count: tree, parents,
    /// author, committer. A line `parent` behind them is no parent to git, and so not to us.
    ///
    /// # Errors
    /// [`ParseError`] if one of them is missing or in a form that git does not write.
    pub fn parse(id: ObjectId, data: &[u8]) -> Result<Self, ParseError> {
        let mut headers = Headers::new(data);
        let lacks = |line, what| ParseError::new(id, line + 1, format!("the commit has no {what}"));
        let tree = headers.take(b"tree").ok_or_else(|| lacks(0, "tree"))?;
        let tree = ObjectId::from_hex(tree).ok_or_else(|| ParseError::new(id, headers.line, "not a tree"))?;
        let mut parents = Vec::new();
        while let Some(parent) = headers.take(b"parent") {
            let parent = ObjectId::from_hex(parent);
            parents.push(parent.ok_or_else(|| ParseError::new(id, headers.line, "not a parent"))?);
        }
        let author = headers.take(b"author").ok_or_else(|| lacks(headers.line, "author"))?;
        let author = Ident::parse(author).map_err(|reason| ParseError::new(id, headers.line, reason))?;
        let committer = headers.take(b"committer").ok_or_else(|| lacks(headers.line, "committer"))?;
        let committer =
            Ident::parse(committer).map_err(|reason| ParseError::new(id, headers.line, reason))?;
        let (message, message_line) = headers.message();
        Ok(Self { tree, parents, author, committer, message: text(message).into_owned(), message_line })
    }
}

/// Parents and committer time of a commit, without the cost of the rest; for walks.
pub(crate) struct Links {
    pub(crate) parents: Vec<ObjectId>,
    pub(crate) seconds: i64,
}

impl Links {
    /// `None` if it is no commit that git would write.
    pub(crate) fn parse(data: &[u8]) -> Option<Self> {
        let mut headers = Headers::new(data);
        headers.take(b"tree")?;
        let mut parents = Vec::new();
        while let Some(parent) = headers.take(b"parent") {
            parents.push(ObjectId::from_hex(parent)?);
        }
        headers.take(b"author")?;
        let committer = headers.take(b"committer")?;
        Some(Self { parents, seconds: Ident::parse(committer).map_or(0, |ident| ident.time.unix_seconds()) })
    }
}

/// The headers of a commit, taken one after the other.
struct Headers<'a> {
    rest: &'a [u8],
    /// How many lines were taken.
    line: usize,
}

impl<'a> Headers<'a> {
    const fn new(rest: &'a [u8]) -> Self {
        Self { rest, line: 0 }
    }

    /// The value of the next line, if it is that header.
    fn take(&mut self, key: &[u8]) -> Option<&'a [u8]> {
        let (line, after) = next_line(self.rest);
        let value = line.strip_prefix(key)?.strip_prefix(b" ")?;
        (self.rest, self.line) = (after, self.line + 1);
        Some(value)
    }

    /// The message behind the first empty line, and the line on which it begins, from 1. Passes over all other headers
    /// (gpgsig, encoding, mergetag and what is to come) with their continuation lines.
    fn message(mut self) -> (&'a [u8], usize) {
        loop {
            let (line, after) = next_line(self.rest);
            (self.rest, self.line) = (after, self.line + 1);
            if line.is_empty() {
                return (self.rest, self.line + 1);
            }
        }
    }
}

fn next_line(data: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'\n', data) {
        Some(end) => (data.get(..end).unwrap_or_default(), data.get(end + 1..).unwrap_or_default()),
        None => (data, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: ObjectId = ObjectId::from_bytes([1; 20]);
    const TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    fn commit(headers: &str) -> Result<Commit, ParseError> {
        Commit::parse(ID, headers.as_bytes())
    }

    #[test]
    fn headers_and_message_are_read() {
        let commit = commit(&format!(
            "tree {TREE}\nparent {TREE}\nparent {TREE}\nauthor A <a@b> 5 +0100\ncommitter C <c@d> 6 +0000\n\
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
        let error = commit("").unwrap_err();
        assert_eq!((error.line, error.reason.as_str()), (1, "the commit has no tree"));
        let error = commit("tree x\n").unwrap_err();
        assert_eq!((error.line, error.commit), (1, ID));
        let tree = format!("tree {TREE}\n");
        let error = commit(&format!("{tree}parent x\n")).unwrap_err();
        assert_eq!((error.line, error.reason.as_str()), (2, "not a parent"));
        let error = commit(&format!("{tree}committer C <c@d> 6 +0000\n")).unwrap_err();
        assert_eq!((error.line, error.reason.as_str()), (2, "the commit has no author"));
        let error = commit(&format!("{tree}author A <a@b> 5 +0000\n")).unwrap_err();
        assert_eq!((error.line, error.reason.as_str()), (3, "the commit has no committer"));
    }

    #[test]
    fn a_parent_elsewhere_than_git_reads_it_is_none() {
        let (author, committer) = ("author A <a@b> 5 +0000\n", "committer C <c@d> 6 +0000\n");
        let behind = format!("tree {TREE}\n{author}{committer}parent {TREE}\n\nSubject\nparent {TREE}\n");
        assert_eq!(commit(&behind).unwrap().parents, []);
        assert_eq!(Links::parse(behind.as_bytes()).unwrap().parents, []);
        for odd in [
            format!("parent {TREE}\ntree {TREE}\n{author}{committer}\n"),
            format!("tree {TREE}\n{author}parent {TREE}\n{committer}\n"),
            format!("tree {TREE}\n{committer}{author}\n"),
        ] {
            assert!(commit(&odd).is_err() && Links::parse(odd.as_bytes()).is_none(), "{odd}");
        }
    }

    #[test]
    fn a_cut_off_header_ends_the_walk() {
        assert!(Links::parse(b"tree x\nparent 4b825dc642cb6eb9a060e54bf8d69288fbee4904").is_none());
    }

    #[test]
    fn a_walk_takes_a_moment_that_it_cannot_read_for_the_oldest() {
        let text = format!("tree {TREE}\nauthor A <a@b> x\ncommitter C <c@d> x\n\n");
        assert_eq!(Links::parse(text.as_bytes()).unwrap().seconds, 0);
        assert!(commit(&text).is_err());
    }
}
