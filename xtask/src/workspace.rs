//! The workspace: where it lies, and what cargo says is in it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::Value;

use crate::process::Program;

/// The folder of the workspace.
pub(crate) struct Workspace(PathBuf);

/// A test, an example or a program of one package.
pub(crate) struct Target {
    pub(crate) package: String,
    pub(crate) name: String,
    pub(crate) kind: String,
}

impl Workspace {
    /// The one that this program was built from.
    pub(crate) fn here() -> Self {
        let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self(xtask.parent().unwrap_or(xtask).to_owned())
    }

    pub(crate) fn root(&self) -> &Path {
        &self.0
    }

    fn metadata(&self) -> anyhow::Result<Value> {
        let mut cargo = Program::cargo(self);
        cargo.args(["metadata", "--format-version", "1", "--no-deps"]);
        serde_json::from_str(&cargo.text()?).context("cargo metadata wrote no JSON")
    }

    /// The folder in which cargo builds.
    pub(crate) fn target(&self) -> anyhow::Result<std::path::PathBuf> {
        Ok(text(&self.metadata()?, "target_directory").into())
    }

    /// Every target of every package, by package and name.
    pub(crate) fn targets(&self) -> anyhow::Result<Vec<Target>> {
        let metadata = self.metadata()?;
        let mut targets = Vec::new();
        for package in list(&metadata, "packages") {
            for target in list(package, "targets") {
                let kinds = list(target, "kind");
                let kind = kinds.first().and_then(Value::as_str).unwrap_or_default().to_owned();
                targets.push(Target { package: text(package, "name"), name: text(target, "name"), kind });
            }
        }
        targets.sort_by(|a, b| (&a.package, &a.name).cmp(&(&b.package, &b.name)));
        Ok(targets)
    }
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}
