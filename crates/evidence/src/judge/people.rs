//! Who contributed to the patch set that was reviewed.

use std::collections::BTreeSet;

use notedb::{Commit, Objects, ReadError};

use super::story::Story;
use crate::{LiveFacts, People};

/// Who contributed, and what could not be proven.
#[derive(Debug, Default)]
pub(super) struct Contributors {
    pub(super) people: People,
    /// Every account whose vote is one on its own work.
    pub(super) barred: BTreeSet<u64>,
    /// Why author, committer or a co-author is not known; `None` if all are.
    pub(super) unresolved: Option<String>,
}

impl Contributors {
    /// From the history, and live from the commit's addresses.
    ///
    /// # Errors
    /// [`ReadError`] of the store.
    pub(super) fn read<O: Objects + ?Sized>(
        objects: &O,
        story: &Story<'_>,
        live: Option<&LiveFacts>,
    ) -> Result<Self, ReadError> {
        let mut this = Self::default();
        let uploaders = [&story.reviewed.uploader, &story.reviewed.real_uploader];
        let uploaders: BTreeSet<_> =
            uploaders.into_iter().flatten().filter_map(|account| story.own(account)).collect();
        this.people.owner = Some(story.owner);
        this.people.uploaders = uploaders.iter().copied().collect();
        this.barred = uploaders;
        this.barred.insert(story.owner);
        match live {
            None => this.unresolved = Some("offline no address can be proven to be an account's".to_owned()),
            Some(live) => match notedb::walk::commit(objects, &story.reviewed.revision)? {
                None => this.unresolved = Some(format!("commit {} is not there", story.reviewed.revision)),
                Some(commit) => this.resolve(story, live, &commit),
            },
        }
        Ok(this)
    }

    /// Finds the accounts of a commit's addresses. An address of several accounts bars all of them and names none.
    fn resolve(&mut self, story: &Story<'_>, live: &LiveFacts, commit: &Commit) {
        let mut unproven = Vec::new();
        let mut find = |role: &str, address: &str| -> Option<u64> {
            let accounts = live.accounts.get(address).into_iter().flatten();
            self.barred.extend(accounts.clone());
            match accounts.copied().collect::<Vec<_>>().as_slice() {
                [one] => Some(*one),
                [] => {
                    unproven.push(format!("the {role} could not be proven to be an account"));
                    None
                }
                _ => {
                    unproven.push(format!("the address of the {role} is that of several accounts"));
                    None
                }
            }
        };
        self.people.author = find("author", &commit.author.email);
        let committed_by_server =
            story.commits.iter().any(|meta| meta.committer.is_same_person(&commit.committer));
        if !committed_by_server {
            self.people.committer = find("committer", &commit.committer.email);
        }
        let co_authors: BTreeSet<_> =
            co_authors(&commit.message).iter().filter_map(|address| find("co-author", address)).collect();
        self.people.co_authors = co_authors.into_iter().collect();
        unproven.dedup();
        self.unresolved = (!unproven.is_empty()).then(|| unproven.join("; "));
    }
}

/// The addresses of `Co-authored-by` lines, wherever in the message they stand: a blank line too many makes nobody
/// less of an author.
#[must_use]
pub fn co_authors(message: &str) -> Vec<&str> {
    const KEY: &str = "co-authored-by:";
    let lines = message.lines().map(str::trim);
    let values = lines.filter_map(|line| {
        let key = line.get(..KEY.len()).filter(|key| key.eq_ignore_ascii_case(KEY))?;
        line.get(key.len()..)
    });
    values
        .map(|value| value.split_once('<').map_or(value, |(_, rest)| rest).trim_end_matches('>').trim())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn co_authors_are_found_wherever_they_stand() {
        let message = "S\n\nCo-authored-by: A <a@x>\n\nco-Authored-By: b@y\nReviewed-by: C <c@z>\n  Co-authored-by: D <d@w>";
        assert_eq!(co_authors(message), ["a@x", "b@y", "d@w"]);
        assert_eq!(
            co_authors("S\n\nCo-authored-by: A <a@x> <b@y>"),
            ["a@x> <b@y"],
            "an address that nobody has"
        );
        assert_eq!(co_authors("Subject\n\nThanks to Co-authored-by: A <a@x>"), [""; 0]);
    }
}
