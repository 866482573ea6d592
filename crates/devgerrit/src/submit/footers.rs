//! `Reviewed-on`, `Reviewed-by` and the like, which two strategies put into the commit.

use crate::git::commit;
use crate::world::World;

use super::Member;

/// The commit's message with the footers of its review.
pub(super) fn reviewed(world: &World, member: &Member) -> String {
    let change = &member.change;
    let mut lines = vec![format!("Reviewed-on: {}", world.change_url(&change.project, change.number))];
    for (label, voter, vote) in change.votes_on(change.current) {
        if vote.value <= 0 {
            continue;
        }
        let key = match label {
            "Code-Review" => "Reviewed-by",
            "Verified" => "Tested-by",
            other => other,
        };
        lines.push(format!("{key}: {}", world.mailbox(voter)));
    }
    commit::with_footers(&member.commit.message, &lines)
}
