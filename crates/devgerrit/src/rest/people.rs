//! How REST shows accounts and groups.

use serde_json::{Map, Value, json};

use crate::world::World;
use crate::world::state::Group;

/// An account by its number only, or with all that REST knows of it.
pub(crate) fn account(world: &World, id: u32, detailed: bool) -> Value {
    let mut out = Map::new();
    out.insert("_account_id".to_owned(), id.into());
    if let Some(account) = world.account(id).filter(|_| detailed) {
        for (key, value) in
            [("name", &account.name), ("email", &account.preferred_email), ("username", &account.username)]
        {
            if let Some(value) = value {
                out.insert(key.to_owned(), value.clone().into());
            }
        }
        if world.is_service(id) {
            out.insert("tags".to_owned(), json!(["SERVICE_USER"]));
        }
        if !account.active {
            out.insert("inactive".to_owned(), true.into());
        }
    }
    out.into()
}

/// A UUID as REST puts it into an `id`.
pub(crate) fn encoded(uuid: &str) -> String {
    uuid.replace(':', "%3A")
}

pub(crate) fn group(world: &World, group: &Group, named: bool) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("id".to_owned(), encoded(&group.uuid).into());
    if named {
        out.insert("name".to_owned(), group.name.clone().into());
    }
    out.insert("url".to_owned(), format!("#/admin/groups/uuid-{}", group.uuid).into());
    let options = if group.visible_to_all { json!({"visible_to_all": true}) } else { json!({}) };
    out.insert("options".to_owned(), options);
    if let Some(text) = &group.description {
        out.insert("description".to_owned(), text.clone().into());
    }
    out.insert("group_id".to_owned(), group.id.into());
    if let Some(name) = world.group_name(&group.owner) {
        out.insert("owner".to_owned(), name.into());
    }
    out.insert("owner_id".to_owned(), group.owner.clone().into());
    out.insert("created_on".to_owned(), crate::clock::rest_time(group.created).into());
    out
}
