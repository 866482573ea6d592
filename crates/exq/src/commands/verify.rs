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
        let size = std::fs::metadata(&self.bundle)
            .with_context(|| format!("{} can't be read", self.bundle.display()))?
            .len();
        if size > proof::MAX_BUNDLE_BYTES as u64 {
            say(format_args!("not proven: {size} bytes; a bundle has at most {}", proof::MAX_BUNDLE_BYTES));
            return Ok(false);
        }
        let bytes = std::fs::read(&self.bundle)
            .with_context(|| format!("{} can't be read", self.bundle.display()))?;
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
                    ("Erased", &v.erased),
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

/// A key, or a file that holds one.
fn key(text: &str) -> anyhow::Result<VerifierKey> {
    if let Ok(key) = VerifierKey::parse(text) {
        return Ok(key);
    }
    let read = std::fs::read_to_string(text)
        .with_context(|| format!("--key: {text:?} is neither a ledger's key nor a file that holds one"))?;
    VerifierKey::parse(read.trim()).with_context(|| format!("--key: {text}"))
}
