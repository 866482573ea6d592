//! `exq verify`: checks a bundle, with its file and the ledger's key and nothing else.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use ledger::VerifierKey;

use super::{Answer, say};

/// Checks a bundle, offline.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The bundle.
    bundle: PathBuf,
    /// The ledger's public key: the key itself, or a file that holds it.
    #[arg(long, value_name = "KEY")]
    key: String,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Verify {
    pub(super) fn run(self) -> Answer {
        let key = key(&self.key)?;
        let Some(bytes) = read(&self.bundle)? else {
            say(format_args!("not proven: a bundle is a file of at most {} bytes", proof::MAX_BUNDLE_BYTES));
            return Ok(false);
        };
        match proof::verify(&bytes, &key) {
            Ok(verified) if self.json => {
                say(serde_json::to_string(&verified)?);
                Ok(true)
            }
            Ok(v) => {
                say(format_args!(
                    "proven: {} {} of {} in {}: {}",
                    v.run, v.operation, v.revision, v.environment, v.result
                ));
                say(format_args!(
                    "  reviewed by {}; by rule {}",
                    v.approvers.join(", "),
                    v.policies.join(", ")
                ));
                for (title, lines) in [
                    ("Proven", &v.proven),
                    ("Resting on somebody's word", &v.rests_on),
                    ("Not checked", &v.not_checked),
                    ("Not in the bundle, erased or withheld", &v.absent),
                ] {
                    if !lines.is_empty() {
                        say(format_args!("\n{title}:"));
                        lines.iter().for_each(|line| say(format_args!("  - {line}")));
                    }
                }
                Ok(true)
            }
            Err(why) if self.json => {
                say(serde_json::json!({"schema": "exequatur.not-proven/1", "why": why.to_string()}));
                Ok(false)
            }
            Err(why) => {
                say(format_args!("not proven: {why}"));
                Ok(false)
            }
        }
    }
}

/// The file's bytes; none if it is no plain file, or too large. Never more than that is read, whatever it grows to.
fn read(path: &std::path::Path) -> anyhow::Result<Option<Vec<u8>>> {
    use std::io::Read as _;
    let unreadable = || format!("{} can't be read", path.display());
    let file = std::fs::File::open(path).with_context(unreadable)?;
    let limit = proof::MAX_BUNDLE_BYTES as u64;
    let found = file.metadata().with_context(unreadable)?;
    if !found.is_file() || found.len() > limit {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).with_context(unreadable)?;
    Ok((bytes.len() as u64 <= limit).then_some(bytes))
}

/// A key, or a file that holds one.
fn key(text: &str) -> anyhow::Result<VerifierKey> {
    if let Ok(key) = VerifierKey::parse(text) {
        return Ok(key);
    }
    let read = std::fs::read_to_string(text)
        .with_context(|| format!("--key: {text:?} is neither a ledger's key nor a file that holds one"))?;
    VerifierKey::parse(read.trim()).with_context(|| format!("--key: {text}"))
}
