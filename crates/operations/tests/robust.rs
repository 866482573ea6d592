//! Bytes from outside never bring the reader down, and what it lets through can be planned or is refused with a reason.

mod common;

use common::{sample, sample_with};
use operations::{Tree, check};
use proptest::prelude::*;

const FILES: [&str; 7] = [
    "operations/shop-web.yaml",
    "roles.yaml",
    "links.yaml",
    "targets.yaml",
    "builders.yaml",
    "calendar.yaml",
    "baselines.yaml",
];

/// Every span lies in its file, and rendering doesn't fail.
fn look(tree: &Tree) {
    let (configuration, report) = check(tree);
    assert_eq!(configuration.is_some(), report.is_ok(), "{}", report.render(false));
    for problem in &report.problems {
        if let Some(span) = problem.span {
            let text = tree.get(&problem.file).map(String::from_utf8_lossy).unwrap_or_default();
            assert!(text.get(span.start..span.start + span.len).is_some(), "{problem:?} isn't in its file");
        }
    }
    let _ = report.render(true);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(file in 0..FILES.len(), bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut tree = sample_with(&[(FILES[file], None)]);
        tree.insert(FILES[file], bytes).unwrap();
        look(&tree);
    }

    #[test]
    fn any_text_of_yaml_s_own_characters(file in 0..FILES.len(), text in "[-:{}\\[\\],#&*!|>'\"%@` \n\ta-z0-9.~?<=+_é\\\\]{0,200}") {
        look(&sample_with(&[(FILES[file], Some(&text))]));
    }

    #[test]
    fn a_good_file_with_bytes_changed(
        file in 0..FILES.len(),
        cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..20, "[-:{}\\[\\],#&*!'\" \na-z0-9]{0,6}"), 1..4),
    ) {
        let good = sample();
        let mut text = String::from_utf8(good.get(FILES[file]).unwrap_or(b"freezes: []\n").to_vec()).unwrap();
        for (at, len, put) in cuts {
            let start = at.index(text.len() + 1);
            let end = (start + len).min(text.len());
            if text.is_char_boundary(start) && text.is_char_boundary(end) {
                text.replace_range(start..end, &put);
            }
        }
        look(&sample_with(&[(FILES[file], Some(&text))]));
    }
}
