//! `REBASE_IF_NECESSARY` and `REBASE_ALWAYS`: the submit makes a patch set of its own.

use crate::change::revert::{merged, rewrite};
use crate::git::{Ident, Oid};
use crate::refusal::Refusal;
use crate::world::World;

use super::{Batch, Failure, Outcome, Plan, footers, merge};

pub(super) fn rebase(
    world: &World,
    batch: &Batch,
    head: Option<Oid>,
    submitter: &Ident,
    always: bool,
) -> Result<Plan, Failure> {
    let mut at = head;
    let mut outcomes = Vec::new();
    for member in &batch.changes {
        let of = &member.commit;
        let Some(from) = at else {
            at = Some(of.id);
            outcomes.push(Outcome::AsIs);
            continue;
        };
        if of.parents.len() > 1 {
            // a merge is not rebased
            at = Some(merge::join(batch, from, member, submitter, &world.server_ident())?);
            outcomes.push(Outcome::AsIs);
            continue;
        }
        if !always && of.parents == [from] {
            at = Some(of.id);
            outcomes.push(Outcome::AsIs);
            continue;
        }
        let message = if always { footers::reviewed(world, member) } else { of.message.clone() };
        let new = rewrite(&batch.repo, of, from, submitter, &message)?.map_err(|paths| {
            let list: Vec<String> = paths.iter().map(|path| format!("* {path}")).collect();
            Refusal::conflict(format!(
                "Cannot rebase {}: Change {} could not be rebased due to a conflict during merge.\n\n\
                 merge conflict(s):\n{}",
                of.id,
                member.change.number,
                list.join("\n")
            ))
        })?;
        let base = of.parents.first().copied().unwrap_or(from);
        let facts = merged(base, of.id, from);
        outcomes.push(Outcome::Rewritten {
            commit: new,
            verb: "rebased and submitted",
            facts,
            rebased: true,
        });
        at = Some(new);
    }
    Ok(Plan { head: at.unwrap_or(Oid::ZERO), outcomes })
}
