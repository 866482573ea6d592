//! The body that somebody posts to the hook: a hint, of which nothing is believed.

use ::gerrit::hint::{Hint, HintKind};
use ::model::Project;

pub(super) fn run(data: &[u8]) {
    let Ok(hint) = Hint::parse(data) else { return };
    assert!(
        !hint.project.is_empty() && !hint.project.chars().any(char::is_control),
        "a name that can't be one"
    );
    if let Some(reference) = &hint.reference {
        assert!(reference.starts_with("refs/"), "a ref is named whole");
        let of_meta = ::notedb::change_of_meta_ref(reference);
        assert!(hint.number.is_some() || of_meta.is_none(), "a meta ref names its change");
    }
    if let Some(revision) = &hint.new_revision {
        assert!(revision.parse::<::notedb::ObjectId>().is_ok(), "a revision is one");
    }
    if let HintKind::Other(word) = &hint.kind {
        assert!(word.chars().count() <= 300, "an unknown word is shortened");
    }
    if let Ok(project) = hint.project.parse::<Project>() {
        assert_eq!(project.as_str(), hint.project, "a project is taken as it is, or not at all");
    }
}
