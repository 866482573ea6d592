//! NoteDb: the history of a change as commits on `refs/changes/NN/NNNN/meta`.
//!
//! The format is Gerrit's own (its `ChangeUpdate` and `ChangeNotesParser`): the author is the account
//! (`Gerrit User N <N@server id>`), the committer is the server, the last paragraph of the message is footers, and the
//! tree holds one blob for each patch set that has stored submit requirement results.

pub(crate) mod account;
pub(crate) mod read;
pub(crate) mod results;
pub(crate) mod update;

pub(crate) use update::MetaUpdate;

/// `refs/changes/NN/NNNN/`, where the patch sets and the history of a change lie.
pub(crate) fn change_prefix(number: u32) -> String {
    format!("refs/changes/{:02}/{number}/", number % 100)
}

pub(crate) fn meta_ref(number: u32) -> String {
    format!("{}meta", change_prefix(number))
}

pub(crate) fn patch_set_ref(number: u32, patch_set: u32) -> String {
    format!("{}{patch_set}", change_prefix(number))
}
