//! `MERGE_IF_NECESSARY`, `MERGE_ALWAYS` and `FAST_FORWARD_ONLY`.

use crate::change::Change;
use crate::git::merge::{self, Merged};
use crate::git::{Ident, Oid, walk};

use super::{Batch, Failure, Member, Outcome, PATH_CONFLICT, Plan};

fn as_is(batch: &Batch, head: Oid) -> Plan {
    Plan { head, outcomes: batch.changes.iter().map(|_| Outcome::AsIs).collect() }
}

/// The changes that no other change of the batch stands on.
fn tips(batch: &Batch) -> Result<Vec<&Member>, Failure> {
    let mut tips = Vec::new();
    for member in &batch.changes {
        let mut covered = false;
        for other in batch.changes.iter().filter(|other| other.commit.id != member.commit.id) {
            covered |= walk::is_ancestor(&batch.repo, member.commit.id, other.commit.id)?;
        }
        if !covered {
            tips.push(member);
        }
    }
    Ok(tips)
}

/// Whether the branch may simply move to this commit.
fn follows(batch: &Batch, head: Option<Oid>, id: Oid) -> Result<bool, Failure> {
    Ok(match head {
        None => true,
        Some(head) => walk::is_ancestor(&batch.repo, head, id)?,
    })
}

pub(super) fn fast_forward_only(batch: &Batch, head: Option<Oid>) -> Result<Plan, Failure> {
    let mut at = head;
    for tip in tips(batch)? {
        if !follows(batch, at, tip.commit.id)? {
            let why = "Project policy requires all submissions to be a fast-forward. Please rebase the change locally \
                       and upload again for review.";
            return Err(Failure::Problem(tip.change.number, why.to_owned()));
        }
        at = Some(tip.commit.id);
    }
    Ok(as_is(batch, at.unwrap_or(Oid::ZERO)))
}

/// Moves the branch forward where that is possible (unless `always`), and merges what remains, tip by tip.
pub(super) fn merge(
    batch: &Batch,
    head: Option<Oid>,
    submitter: &Ident,
    server: &Ident,
    always: bool,
) -> Result<Plan, Failure> {
    let mut at = head;
    let mut forwarded = always;
    for tip in tips(batch)? {
        let Some(from) = at else {
            at = Some(tip.commit.id);
            continue;
        };
        if !forwarded && follows(batch, at, tip.commit.id)? {
            at = Some(tip.commit.id);
            forwarded = true;
            continue;
        }
        if walk::is_ancestor(&batch.repo, tip.commit.id, from)? {
            continue;
        }
        at = Some(join(batch, from, tip, submitter, server)?);
    }
    Ok(as_is(batch, at.unwrap_or(Oid::ZERO)))
}

/// A merge commit by the submitter, committed by the server.
pub(super) fn join(
    batch: &Batch,
    head: Oid,
    tip: &Member,
    submitter: &Ident,
    server: &Ident,
) -> Result<Oid, Failure> {
    let tree = match merge::commits(&batch.repo, head, tip.commit.id)? {
        Merged::Clean(tree) => tree,
        Merged::Conflict(_) => return Err(Failure::Problem(tip.change.number, PATH_CONFLICT.to_owned())),
    };
    let brought = walk::new_commits(&batch.repo, tip.commit.id, &[head])?;
    let merged: Vec<&Member> = brought
        .iter()
        .rev()
        .filter_map(|commit| batch.changes.iter().find(|member| member.commit.id == commit.id))
        .collect();
    let message = message(&merged, &batch.branch);
    Ok(batch.repo.write_commit(tree, &[head, tip.commit.id], submitter, server, &message)?)
}

/// Gerrit's words for a merge of these changes, newest first.
fn message(merged: &[&Member], branch: &str) -> String {
    let mut topics: Vec<&str> = merged.iter().filter_map(|m| m.change.topic.as_deref()).collect();
    topics.sort_unstable();
    topics.dedup();
    let mut out = match (merged, topics.as_slice()) {
        ([only], _) => format!("Merge \"{}\"", only.commit.subject()),
        (_, [topic]) => format!("Merge changes from topic \"{topic}\""),
        (_, [_, ..]) => {
            let quoted: Vec<String> = topics.iter().map(|topic| format!("\"{topic}\"")).collect();
            format!("Merge changes from topics {}", quoted.join(", "))
        }
        (many, []) => {
            let short = |change: &Change| change.key.chars().take(9).collect::<String>();
            let keys: Vec<String> = many.iter().take(5).map(|m| short(&m.change)).collect();
            let more = if many.len() > 5 { ", ..." } else { "" };
            format!("Merge changes {}{more}", keys.join(","))
        }
    };
    if branch != "refs/heads/master" {
        out.push_str(&format!(" into {}", branch.strip_prefix("refs/heads/").unwrap_or(branch)));
    }
    if merged.len() > 1 {
        out.push_str("\n\n* changes:\n");
        for member in merged {
            out.push_str(&format!("  {}\n", member.commit.subject()));
        }
    }
    out
}
