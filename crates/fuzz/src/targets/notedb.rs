//! Histories, objects, footers and notes: what git stores and what Gerrit writes there.

use ::notedb::{
    Account, Commit, History, Kind, MapObjects, Object, ObjectId, Objects as _, Time, Tree, label_ranges,
    meta::{CopiedLabel, LabelLine, VoteChange, footers},
    requirements, walk,
};

use crate::targets::chain::Chain;

const ID: ObjectId = ObjectId::from_bytes([7; 20]);

pub(super) fn run(data: &[u8]) {
    commit(data);
    if let Some(tree) = Tree::parse(data) {
        let again = Tree::parse(&tree.clone().to_bytes());
        let count = again.map(|again| again.entries.len());
        assert_eq!(count, Some(tree.entries.len()), "a tree that is written back is one");
    }
    text(&String::from_utf8_lossy(data));
    note(data);
    let chain = Chain::new(data);
    if let Ok(history) = History::read(&chain.world, chain.tip) {
        assert_eq!(history.commits().len(), chain.length, "a history is the whole chain or none");
        assert_eq!(history.commits().last().map(|commit| commit.id), Some(chain.tip), "oldest first");
    }
}

/// A commit parses whole, or not at all; a walk sees the same parents and the same moment.
fn commit(data: &[u8]) {
    let mut objects = MapObjects::new();
    let id = objects.insert(Kind::Commit, data.to_vec());
    let links = walk::links(&objects, &id).unwrap_or_default();
    if let Ok(commit) = Commit::parse(id, data) {
        let seconds = commit.committer.time.unix_seconds();
        let seen = links.map(|links| (links.parents, links.seconds));
        assert_eq!(seen, Some((commit.parents, seconds)), "a walk and a reader see the same commit");
        assert!(commit.message_line >= 5, "a message stands behind three headers and a blank line");
    }
    assert_eq!(objects.get(&id).ok().flatten(), Some(Object::new(Kind::Commit, data.to_vec())));
}

fn text(text: &str) {
    let mut last = None;
    for footer in footers(text) {
        assert!(!footer.value.contains('\n') && !footer.key.is_empty(), "a footer is one line");
        let line = text.split('\n').nth(footer.line).unwrap_or_default();
        assert!(line.starts_with(footer.key) && line.ends_with(footer.value), "a footer is where it says");
        assert!(last.replace(footer.line) < Some(footer.line) && footer.line > 0, "in order, and no subject");
    }
    for line in text.lines() {
        if let Ok(vote) = LabelLine::parse(line) {
            value(vote.change);
        }
        if let Ok(vote) = CopiedLabel::parse(line) {
            value(vote.change);
            assert!(!vote.account.server.is_empty(), "an account is one of a server");
        }
        if let Some(account) = Account::from_address(line) {
            assert!(
                account.number < 10_000_000_000 && !account.server.is_empty(),
                "an account is a number there"
            );
        }
        if let Ok(time) = line.parse::<Time>() {
            assert_eq!(time.to_string(), line, "a moment has one spelling");
        }
        if let Some(number) = ::notedb::change_of_meta_ref(line) {
            assert_eq!(::notedb::meta_ref(number), line, "a change has one meta ref");
        }
    }
    for range in label_ranges(text).values() {
        assert!(range.lowest <= range.highest, "a range has an order");
    }
}

fn value(change: VoteChange) {
    assert!(i16::try_from(change.value()).is_ok(), "a vote is a short");
}

fn note(data: &[u8]) {
    let mut objects = MapObjects::new();
    let blob = objects.insert(Kind::Blob, data.to_vec());
    let mode = ::notedb::Mode::from_bits(0o100_644);
    let entry = ::notedb::Entry { mode, name: ID.to_string().into_bytes(), id: blob };
    let tree = objects.insert(Kind::Tree, Tree { entries: vec![entry] }.to_bytes());
    if let Ok(results) = requirements::stored(&objects, tree, ID)
        && !results.is_empty()
    {
        assert!(data.trim_ascii_start().starts_with(b"{"), "only JSON holds results");
    }
}
