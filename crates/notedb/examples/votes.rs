//! Prints the votes in one meta commit, given the output of `git cat-file commit <meta>` on standard input.

use std::io::Read as _;

use notedb::meta::MetaCommit;
use notedb::{Commit, Kind, Object};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut bytes = Vec::new();
    std::io::stdin().take(1 << 20).read_to_end(&mut bytes)?;
    let id = Object::new(Kind::Commit, bytes.as_slice()).id();
    let commit = MetaCommit::parse(id, Commit::parse(id, &bytes)?)?;
    for vote in &commit.labels {
        let voter = vote.account.clone().or_else(|| commit.account());
        let voter = voter.map_or_else(|| "nobody".to_owned(), |account| account.number.to_string());
        println!("{} on patch set {}: {:+} by {voter}", vote.label, commit.patch_set, vote.change.value());
    }
    Ok(())
}
