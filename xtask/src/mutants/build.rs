//! Builds the woven crates. Mutants that don't compile are named by the compiler, taken out, and the rest is built again.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::bail;
use serde_json::Value;

use super::{
    scratch::{Scratch, Source},
    weave::Woven,
};
use crate::{process::Program, workspace::Workspace};

/// One build of two small crates and what they need.
const BUILD: Duration = Duration::from_secs(20 * 60);
/// The compiler stops at the first sort of complaint, so there are more after the next build; but not for ever.
const ROUNDS: usize = 25;

/// A test program.
#[derive(Debug, Clone)]
pub(super) struct Tests {
    pub(super) package: String,
    pub(super) name: String,
    pub(super) program: PathBuf,
}

/// The test programs, and the mutants that can't live.
pub(super) fn build(
    workspace: &Workspace,
    scratch: &Scratch,
    sources: &[Source],
) -> anyhow::Result<(Vec<Tests>, BTreeSet<u32>)> {
    let mut unviable = BTreeSet::new();
    for round in 1..=ROUNDS {
        let woven = scratch.weave(sources, |id| !unviable.contains(&id))?;
        let messages = cargo(workspace, scratch)?;
        let errors: Vec<&Value> = messages
            .iter()
            .filter(|message| {
                message["reason"] == "compiler-message" && is(message, "/message/level", "error")
            })
            .map(|message| &message["message"])
            .collect();
        if errors.is_empty() {
            let tests: Vec<Tests> = messages.iter().filter_map(tests).collect();
            if tests.is_empty() {
                bail!("the woven crates didn't build, and the compiler doesn't say why");
            }
            return Ok((tests, unviable));
        }
        let before = unviable.len();
        for error in &errors {
            unviable.extend(blame(error, &woven));
        }
        println!("round {round}: {} mutants don't compile so far", unviable.len());
        if unviable.len() == before {
            let said: Vec<&str> = errors.iter().filter_map(|error| error["rendered"].as_str()).collect();
            bail!("the woven crates don't build, and no mutant is to blame:\n{}", said.join("\n"));
        }
    }
    bail!("after {ROUNDS} builds there are still mutants that don't compile")
}

/// What cargo and the compiler say, as JSON.
fn cargo(workspace: &Workspace, scratch: &Scratch) -> anyhow::Result<Vec<Value>> {
    let mut cargo = Program::cargo(workspace);
    cargo.current_dir(scratch.folder());
    cargo.args(["build", "--tests", "--offline", "--quiet", "--message-format", "json"]);
    cargo.args(["--workspace", "--keep-going"]);
    cargo.env("CARGO_TARGET_DIR", scratch.folder().join("target"));
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_PROFILE_DEV_OPT_LEVEL", "1");
    // Its complaints are what we ask for; as many as there are.
    cargo.env("RUSTFLAGS", "-Awarnings");
    let mut messages = Vec::new();
    cargo.listen(BUILD, |line| messages.extend(serde_json::from_str(line).ok()))?;
    Ok(messages)
}

fn tests(message: &Value) -> Option<Tests> {
    if message["reason"] != "compiler-artifact"
        || message.pointer("/profile/test") != Some(&Value::Bool(true))
    {
        return None;
    }
    let program = PathBuf::from(message["executable"].as_str()?);
    let manifest = Path::new(message["manifest_path"].as_str()?);
    let package = manifest.parent()?.file_name()?.to_str()?.to_owned();
    Some(Tests { package, name: message.pointer("/target/name")?.as_str()?.to_owned(), program })
}

fn is(message: &Value, place: &str, word: &str) -> bool {
    message.pointer(place).and_then(Value::as_str) == Some(word)
}

/// The mutants that an error is because of.
fn blame(error: &Value, woven: &BTreeMap<String, Woven>) -> BTreeSet<u32> {
    let mut spans: BTreeMap<&str, Vec<Range<usize>>> = BTreeMap::new();
    let mut all = vec![error];
    all.extend(error["children"].as_array().into_iter().flatten());
    for span in all.iter().filter_map(|part| part["spans"].as_array()).flatten() {
        let position = |key: &str| usize::try_from(span[key].as_u64()?).ok();
        if let (Some(file), Some(start), Some(end)) =
            (span["file_name"].as_str(), position("byte_start"), position("byte_end"))
        {
            spans.entry(file).or_default().push(start..end);
        }
    }
    spans.iter().filter_map(|(file, spans)| Some(woven.get(*file)?.blame(spans))).flatten().collect()
}
