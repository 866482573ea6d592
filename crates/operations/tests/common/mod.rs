//! The sample tree, and a submission for it.
#![allow(dead_code, unreachable_pub)] // each test file uses its part
#![allow(clippy::unwrap_used)] // the helpers of tests are tests

use std::{fs, path::Path};

use model::{Revision, Submission, TriggeredBy};
use operations::Tree;

/// `samples/shop` as a tree.
pub fn sample() -> Tree {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/shop");
    let mut tree = Tree::new();
    add(&mut tree, &root, &root);
    tree
}

fn add(tree: &mut Tree, root: &Path, folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            add(tree, root, &path);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            tree.insert(&name, fs::read(&path).unwrap()).unwrap();
        }
    }
}

/// The sample with some files replaced, or taken out.
pub fn sample_with(files: &[(&str, Option<&str>)]) -> Tree {
    let mut tree = Tree::new();
    for (path, bytes) in sample().files() {
        if !files.iter().any(|(replaced, _)| *replaced == path) {
            tree.insert(path, bytes).unwrap();
        }
    }
    for (path, text) in files {
        if let Some(text) = text {
            tree.insert(path, text.as_bytes()).unwrap();
        }
    }
    tree
}

/// Some commit of the operations project.
pub fn commit() -> Revision {
    "cc".repeat(20).parse().unwrap()
}

/// Some submission.
pub fn triggered_by() -> TriggeredBy {
    let (server, project) = ("main".parse().unwrap(), "shop".parse().unwrap());
    let branch = "refs/heads/main".parse().unwrap();
    let revision = "ab".repeat(20).parse().unwrap();
    TriggeredBy {
        submission: Submission::id_of(&server, &project, &branch, &revision),
        server,
        project,
        branch,
        revision,
        base: "aa".repeat(20).parse().unwrap(),
        changes: vec![41, 42],
    }
}
