//! What cargo says of the workspace.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::OnceLock,
};

use serde_json::Value;

/// The platform that is built and shipped.
pub(crate) const PLATFORM: &str = "x86_64-unknown-linux-gnu";

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The workspace's metadata on our platform.
pub(crate) fn metadata() -> &'static Value {
    static METADATA: OnceLock<Value> = OnceLock::new();
    METADATA.get_or_init(|| {
        let text = run(&["metadata", "--format-version", "1", "--filter-platform", PLATFORM]);
        serde_json::from_str(&text).unwrap()
    })
}

/// A crate of ours.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    /// Name, kind (`normal`, `dev`, `build`) and whether it is optional.
    pub(crate) dependencies: Vec<(String, String, bool)>,
    pub(crate) features: BTreeMap<String, Vec<String>>,
}

/// All crates of ours.
pub(crate) fn members() -> Vec<Member> {
    let ours: BTreeSet<&str> =
        list(metadata(), "workspace_members").iter().filter_map(Value::as_str).collect();
    let packages = list(metadata(), "packages").iter().filter(|package| ours.contains(text(package, "id")));
    let member = |package: &Value| Member {
        name: text(package, "name").to_owned(),
        folder: Path::new(text(package, "manifest_path")).parent().unwrap().to_owned(),
        dependencies: list(package, "dependencies").iter().map(dependency).collect(),
        features: serde_json::from_value(package["features"].clone()).unwrap(),
    };
    let members: Vec<Member> = packages.map(member).collect();
    assert!(members.len() > 10, "cargo names too few crates of ours");
    members
}

fn dependency(value: &Value) -> (String, String, bool) {
    let kind = value["kind"].as_str().unwrap_or("normal");
    (text(value, "name").to_owned(), kind.to_owned(), value["optional"].as_bool().unwrap())
}

pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// What is really built: every crate, by name and version, that `cargo tree` with these arguments shows.
pub(crate) fn tree(arguments: &[&str]) -> BTreeSet<(String, String)> {
    let mut all = vec!["tree", "--target", PLATFORM, "--prefix", "none", "--format", "{p}"];
    all.extend(arguments);
    let crates = |line: &str| {
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.next()?.trim_start_matches('v').to_owned()))
    };
    run(&all).lines().filter_map(crates).collect()
}

#[expect(clippy::disallowed_methods, reason = "a test asks the cargo that built it")]
fn run(arguments: &[&str]) -> String {
    let mut cargo = std::process::Command::new(env!("CARGO"));
    let output = cargo.args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
