//! The parsers take any bytes: they answer or refuse, and never panic.

use notedb::meta::{CopiedLabel, LabelLine, footers};
use notedb::{Account, Commit, History, Kind, MapObjects, ObjectId, Tree, label_ranges, requirements, walk};
use proptest::prelude::*;

const ID: ObjectId = ObjectId::from_bytes([7; 20]);

/// Text made of the pieces that the formats are made of.
fn text() -> impl Strategy<Value = String> {
    let pieces = [
        "tree ",
        "parent ",
        "author ",
        "committer ",
        "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
        "\n",
        "\n\n",
        " ",
        "<",
        ">",
        "@",
        ",",
        ":",
        "A <7@s> 1700000000 +0000",
        "Patch-set: 1",
        "Label: ",
        "Copied-Label: ",
        "X=+1",
        "-X",
        ":\"",
        "Submitted-with: ",
        "OK",
        "NEED: ",
        "\u{2028}",
        "é",
        "\0",
        "[label \"X\"]",
        "value = ",
        "-2",
        "\\",
        "\"",
        "=",
        "40000 a\0",
        "99999999999999999999",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..40).prop_map(|parts| parts.concat())
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![prop::collection::vec(any::<u8>(), 0..200), text().prop_map(String::into_bytes)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_commit_or_refused(data in bytes()) {
        if let Ok(commit) = Commit::parse(ID, &data) {
            prop_assert!(commit.message_line >= 3);
        }
        let mut objects = MapObjects::new();
        let id = objects.insert(Kind::Commit, data);
        let _ = walk::links(&objects, &id).unwrap();
        if let Err(notedb::HistoryError::Malformed(error)) = History::read(&objects, id) {
            prop_assert!(error.line >= 1);
        }
    }

    #[test]
    fn any_bytes_are_a_tree_that_is_written_back_or_refused(data in bytes()) {
        if let Some(tree) = Tree::parse(&data) {
            prop_assert_eq!(Tree::parse(&tree.clone().to_bytes()).unwrap().entries.len(), tree.entries.len());
        }
    }

    #[test]
    fn any_text_is_parsed_or_refused(text in text()) {
        for footer in footers(&text) {
            prop_assert!(text.contains(footer.value) && !footer.value.contains('\n'));
        }
        let _ = LabelLine::parse(&text);
        let _ = CopiedLabel::parse(&text);
        let _ = Account::from_ident(&text);
        for range in label_ranges(&text).values() {
            prop_assert!(range.lowest <= range.highest);
        }
    }

    #[test]
    fn any_note_is_read_or_refused(note in bytes()) {
        let mut objects = MapObjects::new();
        let blob = objects.insert(Kind::Blob, note);
        let entry = notedb::Entry { mode: notedb::Mode::from_bits(0o100_644), name: ID.to_string().into_bytes(), id: blob };
        let tree = objects.insert(Kind::Tree, Tree { entries: vec![entry] }.to_bytes());
        let _ = requirements::stored(&objects, tree, ID);
    }
}
