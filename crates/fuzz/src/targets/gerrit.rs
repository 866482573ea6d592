//! What a Gerrit answers: JSON behind its prefix line, and packets of git.

use ::gerrit::{
    Answer,
    info::{
        AccountInfo, ChangeInfo, EmailInfo, GroupAudit, GroupInfo, LabelInfo, ProjectAccess, ProjectInfo,
        ServerInfo, SubmittedTogether,
    },
    testing::{Packets, reference},
};
use bytes::Bytes;
use serde_json::from_slice;

pub(super) fn run(data: &[u8]) {
    let answer = Answer { value: (), raw: Bytes::copy_from_slice(data), date: None, trace: None };
    let json = answer.json();
    for change in from_slice::<ChangeInfo>(json)
        .into_iter()
        .chain(from_slice::<Vec<ChangeInfo>>(json).into_iter().flatten())
    {
        look(&change);
    }
    if let Ok(together) = from_slice::<SubmittedTogether>(json) {
        together.changes.iter().for_each(look);
    }
    let _ =
        (from_slice::<AccountInfo>(json), from_slice::<Vec<EmailInfo>>(json), from_slice::<LabelInfo>(json));
    let _ =
        (from_slice::<GroupInfo>(json), from_slice::<Vec<GroupAudit>>(json), from_slice::<ServerInfo>(json));
    let _ = (from_slice::<ProjectInfo>(json), from_slice::<ProjectAccess>(json));
    packets(data);
}

fn look(change: &ChangeInfo) {
    assert_eq!(
        ::notedb::change_of_meta_ref(&change.meta_ref()),
        Some(change.number),
        "its meta ref is its own"
    );
    assert!(change.branch_ref().starts_with("refs/"), "a branch is named whole");
    if let Some(current) = change.current() {
        assert!(
            change.revisions.values().any(|revision| revision == current),
            "the newest patch set is one of all"
        );
    }
}

/// However the stream is cut into pieces, the same packets come out, or the same refusal.
fn packets(data: &[u8]) {
    let whole = Packets::read([data]);
    for size in [1, 3, 1000] {
        assert_eq!(Packets::read(data.chunks(size)), whole, "in pieces of {size} bytes");
    }
    for line in &whole.data {
        if let Ok(Some((name, _))) = reference(line) {
            assert!(!name.contains(' '), "a name ends at the blank");
        }
    }
}
