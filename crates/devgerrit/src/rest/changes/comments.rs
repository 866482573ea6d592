//! `GET /changes/{id}/comments`: published inline comments by file.

use serde_json::{Map, Value, json};

use crate::change::Change;
use crate::refusal::Refusal;
use crate::rest::{Answer, people};
use crate::world::World;

pub(super) fn list(world: &World, change: &Change) -> Result<Answer, Refusal> {
    let mut out: Map<String, Value> = Map::new();
    for stored in change.comments.values().flatten() {
        let path = stored.pointer("/key/filename").and_then(Value::as_str).unwrap_or("");
        let author =
            stored.pointer("/author/id").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok());
        let written = stored.get("writtenOn").and_then(Value::as_str).and_then(|text| text.parse().ok());
        let at = written.map_or(0, |stamp: jiff::Timestamp| stamp.as_second());
        let mut row = json!({
            "id": stored.pointer("/key/uuid"), "patch_set": stored.pointer("/key/patchSetId"),
            "updated": crate::clock::rest_time(at), "message": stored.get("message"),
            "unresolved": stored.get("unresolved"), "commit_id": stored.get("revId"),
        });
        if let Some(row) = row.as_object_mut() {
            if let Some(id) = author {
                row.insert("author".to_owned(), people::account(world, id, true));
            }
            if let Some(line) = stored.get("lineNbr").filter(|line| **line != json!(0)) {
                row.insert("line".to_owned(), line.clone());
            }
            if let Some(parent) = stored.get("parentUuid") {
                row.insert("in_reply_to".to_owned(), parent.clone());
            }
        }
        if let Some(list) = out.entry(path.to_owned()).or_insert_with(|| json!([])).as_array_mut() {
            list.push(row);
        }
    }
    Answer::ok(out)
}
