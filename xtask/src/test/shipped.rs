//! What is shipped: the binary without its demo.

use std::collections::BTreeSet;

use crate::{process::Program, workspace::Workspace};

/// What is there for the demo and for tests, and in no build that is shipped.
const NOT_SHIPPED: [&str; 6] = ["conformance", "devgerrit", "devidp", "realgerrit", "realkeycloak", "story"];

/// Asks cargo what the shipped binary is made of.
pub(super) fn is_clean(workspace: &Workspace) -> anyhow::Result<bool> {
    let mut cargo = Program::cargo(workspace);
    cargo.args(["tree", "--package", "exq", "--no-default-features", "--edges", "normal"]);
    cargo.args(["--prefix", "none", "--format", "{p}"]);
    let tree = cargo.text()?;
    let crates: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    let bad: Vec<&str> = NOT_SHIPPED.into_iter().filter(|name| crates.contains(name)).collect();
    if !bad.is_empty() {
        println!("what is shipped contains {}", bad.join(", "));
    } else {
        println!("{} crates, none of {}", crates.len(), NOT_SHIPPED.join(", "));
    }
    Ok(bad.is_empty() && crates.contains("exq"))
}
