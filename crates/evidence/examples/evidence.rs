//! Says what is true about the changes of a bare repository, one JSON line a change:
//!
//! ```text
//! cargo run -p evidence --example evidence -- --repo mirror.git --all
//! cargo run -p evidence --example evidence -- --repo mirror.git 4711
//! cargo run -p evidence --example evidence -- --repo mirror.git --range <base>..<tip> --branch refs/heads/main
//! ```

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use evidence::{ReviewRules, offline};
use gerrit::repo::Repo;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let rules = ReviewRules::default();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match words.as_slice() {
        ["--repo", path, "--all"] => {
            for evidence in offline::all(&Repo::open(Path::new(path))?, &rules)? {
                writeln!(out, "{}", serde_json::to_string(&evidence)?)?;
            }
        }
        ["--repo", path, "--range", range, "--branch", branch] => {
            let (base, tip) = range.split_once("..").context("a range is <base>..<tip>")?;
            let repo = Repo::open(Path::new(path))?;
            let evidence = offline::range(&repo, base.parse()?, tip.parse()?, branch, &rules)?;
            writeln!(out, "{}", serde_json::to_string(&evidence)?)?;
        }
        ["--repo", path, number] => {
            let evidence = offline::one(&Repo::open(Path::new(path))?, number.parse()?, &rules)?;
            let evidence = evidence.with_context(|| format!("there is no change {number}"))?;
            writeln!(out, "{}", serde_json::to_string(&evidence)?)?;
        }
        _ => bail!(
            "usage: evidence --repo <bare.git> (--all | <number> | --range <base>..<tip> --branch <ref>)"
        ),
    }
    Ok(out.flush()?)
}
