//! `GET /changes/{id}/revisions/{r}/related`: the chain around a change, newest first.

use serde_json::json;

use crate::change::Change;
use crate::git::walk;
use crate::refusal::Refusal;
use crate::rest::Answer;
use crate::world::World;

use super::info;

pub(super) fn related(world: &World, change: &Change, patch_set: u32) -> Result<Answer, Refusal> {
    let repo = world.must_repo(&change.project)?;
    let group = change.patch_sets.get(&patch_set).and_then(|p| p.group);
    let mut chain = Vec::new();
    for other in world.indexed().filter(|c| c.project == change.project && c.branch == change.branch) {
        if group.is_some() && other.current_patch_set().and_then(|p| p.group) == group {
            let depth = walk::ancestors(&repo, other.current_commit())?.len();
            chain.push((depth, other));
        }
    }
    if chain.len() < 2 {
        return Answer::ok(json!({"changes": []}));
    }
    chain.sort_by_key(|(depth, _)| std::cmp::Reverse(*depth));
    let mut rows = Vec::new();
    for (_, other) in chain {
        let made = repo.commit(other.current_commit())?;
        let parents: Vec<_> = made.parents.iter().map(|id| json!({"commit": id.to_string()})).collect();
        rows.push(json!({
            "project": other.project, "change_id": other.key,
            "commit": {
                "commit": made.id.to_string(), "parents": parents, "author": info::git_person(&made.author),
                "subject": made.subject(),
            },
            "_change_number": other.number, "_revision_number": other.current,
            "_current_revision_number": other.current, "status": other.status.word(),
        }));
    }
    Answer::ok(json!({"changes": rows}))
}
