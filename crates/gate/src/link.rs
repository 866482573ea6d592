//! Links by challenge: the holder of an account on Gerrit says there, in words that name both sides, whose it is.
//!
//! Whoever signed in is given a text. Only the account's holder can post it as that account; what proves the link is the
//! commit of the change's meta history by which it was posted.

use model::{Account, AccountId, ChangeNumber, Identity, PersonKey, Revision, ServerName, Timestamp};
use notedb::{Commit, Kind, Objects, meta::MetaCommit};
use operations::Proven;
use serde::{Deserialize, Serialize};

use crate::{CaseError, case::same, object_id};

/// How long a challenge may be answered, in milliseconds.
const VALID_MS: i64 = 10 * 60_000;
/// How far Gerrit's clock may be behind ours, in milliseconds.
const SKEW_MS: i64 = 60_000;
/// What is shown of a name, in characters.
const SHOWN: usize = 100;

/// What has to be posted, by which account, for whom, and until when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Challenge {
    /// Whose the account is said to be: who signed in, and asked for it.
    pub identity: Identity,
    /// The key by which the company names that human, as the provider said it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<PersonKey>,
    /// What they are called there.
    pub shown: String,
    /// The server.
    pub server: ServerName,
    /// Its pinned id.
    pub server_id: String,
    /// The account.
    pub account: AccountId,
    /// What that is called.
    pub account_shown: String,
    /// Random, 32 hex digits.
    pub nonce: String,
    /// When it was asked for.
    pub asked_at: Timestamp,
}

/// A link that was proven.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// `exequatur.link/1`
    pub schema: String,
    /// What was asked.
    pub challenge: Challenge,
    /// The change on which it was answered.
    pub change: ChangeNumber,
    /// The commit of its meta history that is the answer.
    pub meta: Revision,
}

/// A link as a case holds it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkRead {
    /// The link.
    pub link: Link,
    /// The version of its record: it was neither revoked nor made anew.
    pub version: u64,
}

/// Why an answer proves nothing.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // the message says it
pub enum LinkRefusal {
    #[error("the text isn't there as it was given, in a line of its own")]
    OtherText,
    #[error("it was posted by {0}, and not by the account that it names")]
    OtherAccount(String),
    #[error("it was posted on behalf of that account by another one ({0})")]
    OnBehalf(String),
    #[error("it was posted after its ten minutes were over")]
    Late,
    #[error(
        "it was posted before it was asked for: the clocks are apart, or it isn't the text that was given"
    )]
    Early,
}

impl Challenge {
    /// Until when it may be answered.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.asked_at.plus_ms(VALID_MS)
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> Account {
        Account { server: self.server.clone(), id: self.account }
    }

    /// What the account's holder posts, in one line: it names both sides, so that nobody vouches for somebody unseen.
    #[must_use]
    pub fn text(&self) -> String {
        format!(
            "exequatur-link {}: my account {} ({}) on Gerrit {} ({}) belongs to {}, subject {} of {}. Never post this for \
             somebody else.",
            self.nonce,
            self.account.0,
            visible(&self.account_shown),
            self.server,
            visible(&self.server_id),
            visible(&self.shown),
            visible(&self.identity.subject),
            visible(&self.identity.issuer),
        )
    }

    /// Whether a commit of a meta history is the answer.
    ///
    /// # Errors
    /// [`LinkRefusal`]
    pub fn answered_by(&self, commit: &MetaCommit) -> Result<(), LinkRefusal> {
        // The whole of it, and nothing else in that commit: with a submit, say, Gerrit writes lines of files into a message
        // that has the name of whoever submits.
        let said = commit.body.trim();
        let said = said.strip_prefix(&format!("Patch Set {}:", commit.patch_set)).map_or(said, str::trim);
        let more = commit.status.is_some()
            || commit.revision.is_some()
            || commit.submission_id.is_some()
            || !commit.labels.is_empty()
            || !commit.removed.is_empty();
        if said != self.text() || more {
            return Err(LinkRefusal::OtherText);
        }
        let own =
            |account: &notedb::Account| account.number == self.account.0 && account.server == self.server_id;
        match commit.account() {
            Some(account) if own(&account) => {}
            Some(account) => return Err(LinkRefusal::OtherAccount(format!("account {}", account.number))),
            None => return Err(LinkRefusal::OtherAccount("the server itself".to_owned())),
        }
        if let Some(real) = commit.real_user.as_ref().filter(|real| !own(real)) {
            return Err(LinkRefusal::OnBehalf(format!("account {}", real.number)));
        }
        let at = Timestamp::from_millis(commit.committer.time.unix_seconds().saturating_mul(1000));
        if at > self.until() {
            return Err(LinkRefusal::Late);
        }
        if self.asked_at.ms_since(at) > SKEW_MS {
            return Err(LinkRefusal::Early);
        }
        Ok(())
    }
}

impl Link {
    /// The schema's name.
    pub const SCHEMA: &'static str = "exequatur.link/1";

    /// The bond as the list of links holds it.
    #[must_use]
    pub fn proven(&self) -> Proven {
        let Challenge { identity, key, .. } = &self.challenge;
        Proven { account: self.challenge.account(), identity: identity.clone(), key: key.clone() }
    }

    /// That the commit it names is there, and is the answer.
    ///
    /// # Errors
    /// [`CaseError`]
    pub fn verify<O: Objects + ?Sized>(&self, objects: &O) -> Result<(), CaseError> {
        let what = || format!("the commit {} that proves a link", self.meta);
        let id = object_id(&self.meta);
        let object = objects.get(&id)?.filter(|object| object.kind == Kind::Commit);
        let object = object.ok_or_else(|| CaseError::Missing { what: what() })?;
        let wrong = |why: String| CaseError::Answer { what: what(), why };
        let commit = Commit::parse(id, &object.data).and_then(|commit| MetaCommit::parse(id, commit));
        let commit = commit.map_err(|why| wrong(why.to_string()))?;
        self.challenge.answered_by(&commit).map_err(|why| wrong(why.to_string()))
    }
}

impl LinkRead {
    pub(crate) fn check(&self) -> Result<(), CaseError> {
        same("a link's schema", &self.link.schema, Link::SCHEMA)
    }
}

/// A text of somebody else's on one line, without anything that hides or turns text; shortened.
fn visible(text: &str) -> String {
    let mut shown = String::new();
    for (at, c) in text.chars().enumerate() {
        if at == SHOWN {
            shown.push('…');
            break;
        }
        if model::is_hidden(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    shown.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use notedb::ObjectId;

    use super::*;

    fn challenge() -> Challenge {
        Challenge {
            identity: Identity { issuer: "https://idp.example".to_owned(), subject: "sub-1".to_owned() },
            key: Some("alice".parse().unwrap()),
            shown: "Alice\n\u{202e}Adams".to_owned(),
            server: "main".parse().unwrap(),
            server_id: "srv".to_owned(),
            account: AccountId(1001),
            account_shown: "alice".to_owned(),
            nonce: "ab".repeat(16),
            asked_at: Timestamp::from_millis(1_700_000_000_000),
        }
    }

    fn commit(author: &str, at: i64, body: &str, footers: &str) -> MetaCommit {
        let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let text = format!(
            "tree {tree}\nauthor A <{author}> {at} +0000\ncommitter G <g@x> {at} +0000\n\nUpdate patch set 1\n\n{body}\n\n\
             Patch-set: 1\n{footers}"
        );
        let id = ObjectId::from_bytes([1; 20]);
        MetaCommit::parse(id, Commit::parse(id, text.as_bytes()).unwrap()).unwrap()
    }

    const AT: i64 = 1_700_000_060;

    #[test]
    fn the_text_names_both_sides_in_one_visible_line() {
        let text = challenge().text();
        for part in ["1001 (alice)", "Gerrit main", "srv", "sub-1", "https://idp.example", "ababab"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains('\n') && model::hidden_character(&text).is_none(), "{text}");
    }

    #[test]
    fn the_holders_own_message_is_the_answer() {
        for body in [challenge().text(), format!("Patch Set 1:\n\n{}", challenge().text())] {
            assert_eq!(challenge().answered_by(&commit("1001@srv", AT, &body, "")), Ok(()), "{body}");
        }
    }

    #[test]
    fn what_gerrit_writes_in_the_holders_name_is_no_answer() {
        let text = challenge().text();
        let refused = |body: &str, footers: &str| {
            assert_eq!(
                challenge().answered_by(&commit("1001@srv", AT, body, footers)),
                Err(LinkRefusal::OtherText),
                "{body}"
            );
        };
        // A submit shows what wasn't reviewed: lines of files, each after a blank or a sign.
        let diff =
            format!("Change has been successfully merged\n\n```\n@@ -1,2 +1,2 @@\n {text}\n-old\n+new\n```");
        refused(&diff, "");
        refused(&format!("Patch Set 1:\n\n{text}\n\nhello"), "");
        refused(&text, "Status: merged\n");
        refused(&text, "Label: Code-Review=+2\n");
    }

    #[test]
    fn each_answer_that_proves_nothing_is_refused() {
        let text = challenge().text();
        let refused = |commit| challenge().answered_by(&commit).unwrap_err();
        assert_eq!(refused(commit("1001@srv", AT, "Patch Set 1:", "")), LinkRefusal::OtherText);
        assert_eq!(refused(commit("1001@srv", AT, &format!("> {text}"), "")), LinkRefusal::OtherText);
        let other = challenge();
        let other = Challenge { nonce: "cd".repeat(16), ..other }.text();
        assert_eq!(refused(commit("1001@srv", AT, &other, "")), LinkRefusal::OtherText);
        let by = |who: &str| refused(commit(who, AT, &text, ""));
        assert!(matches!(by("1002@srv"), LinkRefusal::OtherAccount(_)));
        assert!(matches!(by("1001@elsewhere"), LinkRefusal::OtherAccount(_)));
        assert!(matches!(by("alice@example.com"), LinkRefusal::OtherAccount(_)));
        let real = "Real-user: Gerrit User 1002 <1002@srv>\n";
        assert!(matches!(refused(commit("1001@srv", AT, &text, real)), LinkRefusal::OnBehalf(_)));
        assert_eq!(refused(commit("1001@srv", AT + 600, &text, "")), LinkRefusal::Late);
        assert_eq!(refused(commit("1001@srv", AT - 180, &text, "")), LinkRefusal::Early);
    }
}
