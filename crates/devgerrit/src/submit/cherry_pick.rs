//! `CHERRY_PICK`: each change alone, onto the head of the branch, with footers that say who reviewed it.

use crate::change::revert::rewrite;
use crate::git::{Ident, Oid};
use crate::world::World;

use super::{Batch, Failure, Outcome, PATH_CONFLICT, Plan, footers, merge};

pub(super) fn cherry_pick(
    world: &World,
    batch: &Batch,
    head: Option<Oid>,
    submitter: &Ident,
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
            at = Some(merge::join(batch, from, member, submitter, &world.server_ident())?);
            outcomes.push(Outcome::AsIs);
            continue;
        }
        let message = footers::reviewed(world, member);
        let new = rewrite(&batch.repo, of, from, submitter, &message)?
            .map_err(|_| Failure::Problem(member.change.number, PATH_CONFLICT.to_owned()))?;
        outcomes.push(Outcome::Rewritten {
            commit: new,
            verb: "cherry-picked",
            facts: Vec::new(),
            rebased: false,
        });
        at = Some(new);
    }
    Ok(Plan { head: at.unwrap_or(Oid::ZERO), outcomes })
}
