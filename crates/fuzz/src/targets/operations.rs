//! Files of the operations project: one file of a good one is what somebody wrote.

use ::operations::{Tree, check};

/// The sample, but for programs and policies.
const FILES: [(&str, &str); 5] = [
    ("operations/shop-web.yaml", include_str!("../../../operations/samples/shop/operations/shop-web.yaml")),
    ("roles.yaml", include_str!("../../../operations/samples/shop/roles.yaml")),
    ("links.yaml", include_str!("../../../operations/samples/shop/links.yaml")),
    ("targets.yaml", include_str!("../../../operations/samples/shop/targets.yaml")),
    ("baselines.yaml", include_str!("../../../operations/samples/shop/baselines.yaml")),
];
/// Those that the sample has not.
const MORE: [&str; 2] = ["builders.yaml", "calendar.yaml"];

/// The first line names the file; the rest is what it holds.
pub(super) fn run(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (name, text) = data.split_at_checked(end).unwrap_or((data, &[]));
    let text = text.strip_prefix(b"\n").unwrap_or(text);
    let names = FILES.iter().map(|(name, _)| *name).chain(MORE);
    let path = names.clone().find(|path| path.as_bytes() == name).unwrap_or("operations/shop-web.yaml");
    let mut tree = Tree::new();
    let program: &[u8] = include_bytes!("../../../operations/samples/shop/shop/switch");
    let mut whole = tree.insert("shop/switch", program).is_ok();
    for (file, good) in FILES.iter().filter(|(file, _)| *file != path) {
        whole &= tree.insert(file, good.as_bytes()).is_ok();
    }
    whole &= tree.insert(path, text).is_ok();
    assert!(whole, "the sample is a tree");

    let (configuration, report) = check(&tree);
    assert_eq!(configuration.is_some(), report.is_ok(), "a configuration, or what is wrong with it");
    for problem in &report.problems {
        if let Some(span) = problem.span {
            let file = tree.get(&problem.file).map(String::from_utf8_lossy).unwrap_or_default();
            let there = file.get(span.start..span.start.saturating_add(span.len));
            assert!(there.is_some(), "{} of {} is not in it", span.start, problem.file);
        }
    }
    let _ = (report.render(true), report.render(false));
}
