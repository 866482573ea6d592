//! One commit of a meta history, typed.

use super::fields::Fields;
use super::footer::{Footer, footers};
use super::labels::{CopiedLabel, LabelLine};
use super::records::{SubmitRecord, add_line};
use crate::{Account, Commit, Ident, ObjectId, ParseError};

/// What the `Status` footer says. Drafts of old servers are new changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusLine {
    /// Open.
    New,
    /// Merged.
    Merged,
    /// Abandoned.
    Abandoned,
}

/// What `Patch-set: 3 (…)` says of the patch set beside its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatchSetState {
    /// Nothing, or that it is or was a draft.
    Exists,
    /// Deleted: it and its votes are gone.
    Deleted,
}

/// One commit of a meta history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetaCommit {
    /// Its id.
    pub id: ObjectId,
    /// Its tree: the notes, a blob for each patch set that has some.
    pub tree: ObjectId,
    /// Who did it.
    pub author: Ident,
    /// The server.
    pub committer: Ident,
    /// The lines of the message between its subject and its footers.
    pub body: String,
    /// `Patch-set`: which one it is about.
    pub patch_set: u32,
    /// Whether that one still exists.
    pub patch_set_state: PatchSetState,
    /// `Commit`: the revision, in the commit that made the patch set.
    pub revision: Option<ObjectId>,
    /// `Current`: the patch set was made the current one; a push of it to the branch does that.
    pub current: bool,
    /// `Status`.
    pub status: Option<StatusLine>,
    /// `Branch`, full name.
    pub branch: Option<String>,
    /// `Change-id`.
    pub change_id: Option<String>,
    /// `Submission-id`.
    pub submission_id: Option<String>,
    /// `Submitted-with`.
    pub records: Vec<SubmitRecord>,
    /// `Label`, in order; `SUBM` is not among them.
    pub labels: Vec<LabelLine>,
    /// `Label: SUBM=…`: who submitted, if named; `Some(None)` is the author.
    pub submitter: Option<Option<Account>>,
    /// `Copied-Label`, in order.
    pub copied_labels: Vec<CopiedLabel>,
    /// `Removed`: reviewers who were taken off, and all their votes with them.
    pub removed: Vec<Account>,
    /// `Real-user`: who really acted, if the author was acted for.
    pub real_user: Option<Account>,
}

impl MetaCommit {
    /// Reads the footers of a commit.
    ///
    /// # Errors
    /// [`ParseError`] at the line that Gerrit does not write.
    pub fn parse(id: ObjectId, commit: Commit) -> Result<Self, ParseError> {
        let at = |footer: Footer<'_>, reason: &str| {
            ParseError::new(id, commit.message_line + footer.line, format!("{}: {reason}", footer.key))
        };
        let fields = Fields::new(footers(&commit.message)).map_err(|twice| at(twice, "stands twice"))?;

        let patch_set = fields
            .one("Patch-set")
            .ok_or_else(|| ParseError::new(id, commit.message_line, "the commit says no patch set"))?;
        let (number, patch_set_state) =
            parse_patch_set(patch_set.value).map_err(|reason| at(patch_set, reason))?;
        let id_of = |key| {
            fields
                .one(key)
                .map(|f| f.value.parse::<ObjectId>().map_err(|_| at(f, "is no commit")))
                .transpose()
        };
        let account_of = |f: Footer<'_>| {
            Account::from_ident(f.value).ok_or_else(|| at(f, "is no account of the form <N@server>"))
        };
        let text_of = |key| fields.one(key).map(|f| f.value.to_owned()).filter(|text| !text.is_empty());

        let status = fields
            .one("Status")
            .map(|f| parse_status(f.value).ok_or_else(|| at(f, "is not known")))
            .transpose()?;
        let mut records = Vec::new();
        for line in fields.all("Submitted-with") {
            add_line(&mut records, line.value).map_err(|reason| at(line, reason))?;
        }
        let (mut labels, mut submitter) = (Vec::new(), None);
        for line in fields.all("Label") {
            let label = LabelLine::parse(line.value).map_err(|reason| at(line, reason))?;
            if label.label == "SUBM" {
                submitter = (label.change.value() != 0).then_some(label.account);
            } else if label.account.is_none() && commit.author.account().is_none() {
                return Err(at(line, "names no voter, and the author of the commit is no account"));
            } else {
                labels.push(label);
            }
        }
        let copied_labels = fields
            .all("Copied-Label")
            .map(|line| CopiedLabel::parse(line.value).map_err(|reason| at(line, reason)))
            .collect::<Result<_, _>>()?;

        Ok(Self {
            id,
            tree: commit.tree,
            patch_set: number,
            patch_set_state,
            revision: id_of("Commit")?,
            current: fields.one("Current").is_some_and(|f| f.value.eq_ignore_ascii_case("true")),
            status,
            branch: text_of("Branch").map(full_branch),
            change_id: text_of("Change-id"),
            submission_id: text_of("Submission-id"),
            records,
            labels,
            submitter,
            copied_labels,
            removed: fields.all("Removed").map(account_of).collect::<Result<_, _>>()?,
            real_user: fields.one("Real-user").map(account_of).transpose()?,
            body: body(&commit.message),
            author: commit.author,
            committer: commit.committer,
        })
    }

    /// The account of the author. The server itself has none.
    #[must_use]
    pub fn account(&self) -> Option<Account> {
        self.author.account()
    }
}

fn parse_patch_set(value: &str) -> Result<(u32, PatchSetState), &'static str> {
    let (number, state) = value.split_once(' ').unwrap_or((value, ""));
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let number = number.parse().ok().filter(|n| digits && *n > 0).ok_or("is no number of a patch set")?;
    match state.to_ascii_lowercase().as_str() {
        "" | "(published)" | "(draft)" => Ok((number, PatchSetState::Exists)),
        "(deleted)" => Ok((number, PatchSetState::Deleted)),
        _ => Err("says something unknown of the patch set"),
    }
}

fn parse_status(value: &str) -> Option<StatusLine> {
    Some(match value.to_ascii_lowercase().as_str() {
        "new" | "draft" => StatusLine::New,
        "merged" => StatusLine::Merged,
        "abandoned" => StatusLine::Abandoned,
        _ => return None,
    })
}

fn full_branch(name: String) -> String {
    if name.starts_with("refs/") { name } else { format!("refs/heads/{name}") }
}

fn body(message: &str) -> String {
    let trimmed = message.trim_end_matches('\n');
    let end = trimmed.rfind("\n\n").unwrap_or(0);
    let before = trimmed.get(..end).unwrap_or_default();
    before.split_once("\n\n").map_or("", |(_, body)| body).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(message: &str) -> Result<MetaCommit, ParseError> {
        let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let bytes = format!("tree {tree}\nauthor A <7@srv> 5 +0000\ncommitter S <s@x> 5 +0000\n\n{message}");
        let id = ObjectId::from_bytes([1; 20]);
        MetaCommit::parse(id, Commit::parse(id, bytes.as_bytes())?)
    }

    #[test]
    fn a_single_valued_key_twice_is_refused_with_its_line() {
        let error = parse("S\n\nPatch-set: 1\nStatus: new\nStatus: merged").unwrap_err();
        assert_eq!((error.line, error.reason.as_str()), (9, "Status: stands twice"));
        assert!(parse("S\n\nPatch-set: 1\nstatus: new\nSTATUS: new").is_err());
        assert!(parse("S\n\nPatch-set: 1\nUnknown: a\nUnknown: b\nReviewer: x\nReviewer: y").is_ok());
    }

    #[test]
    fn patch_sets_of_all_generations() {
        for (value, state) in [
            ("1", PatchSetState::Exists),
            ("1 (PUBLISHED)", PatchSetState::Exists),
            ("1 (deleted)", PatchSetState::Deleted),
        ] {
            let commit = parse(&format!("S\n\nPatch-set: {value}")).unwrap();
            assert_eq!((commit.patch_set, commit.patch_set_state), (1, state));
        }
        for bad in ["", "0", "-1", "+1", "x", "1 (eaten)", "99999999999"] {
            assert!(parse(&format!("S\n\nPatch-set: {bad}")).is_err(), "{bad}");
        }
        assert!(parse("S\n\nStatus: new").is_err());
    }

    #[test]
    fn the_submitter_is_no_vote() {
        let commit = parse("S\n\nPatch-set: 1\nLabel: SUBM=+1, 0a\nLabel: Verified=+1").unwrap();
        assert_eq!((commit.submitter, commit.labels.len()), (Some(None), 1));
    }

    #[test]
    fn the_body_is_what_stands_between_subject_and_footers() {
        assert_eq!(parse("S\n\none\n\ntwo\n\nPatch-set: 1\n").unwrap().body, "one\n\ntwo");
        assert_eq!(parse("S\n\nPatch-set: 1\n").unwrap().body, "");
    }

    #[test]
    fn what_gerrit_does_not_write_is_refused() {
        for bad in [
            "Commit: x",
            "Status: eaten",
            "Removed: nobody",
            "Real-user: x",
            "Label: ?",
            "Copied-Label: ?",
            "Submitted-with: ?",
        ] {
            assert!(parse(&format!("S\n\nPatch-set: 1\n{bad}")).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_empty_is_not_said() {
        let commit = parse("S\n\nPatch-set: 1\nBranch: \nCurrent: false\nTopic:").unwrap();
        assert_eq!((commit.branch, commit.current), (None, false));
        assert!(parse("S\n\nPatch-set: 1\nCurrent: TRUE").unwrap().current);
    }

    #[test]
    fn a_vote_of_nobody_is_refused_where_the_author_is_no_account() {
        let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let id = ObjectId::from_bytes([1; 20]);
        let by_server = |label: &str| {
            let message = format!("S\n\nPatch-set: 1\nLabel: {label}\n");
            let bytes =
                format!("tree {tree}\nauthor S <s@x> 5 +0000\ncommitter S <s@x> 5 +0000\n\n{message}");
            MetaCommit::parse(id, Commit::parse(id, bytes.as_bytes()).unwrap())
        };
        assert!(by_server("X=+1").is_err());
        assert_eq!(by_server("X=+1, u A <7@srv>").unwrap().labels.len(), 1);
        assert_eq!(by_server("SUBM=+1").unwrap().submitter, Some(None));
    }

    #[test]
    fn empty_lines_at_the_end_are_none() {
        assert_eq!(parse("S\n\none\n\nPatch-set: 1\n\n\n").unwrap().body, "one");
    }
}
