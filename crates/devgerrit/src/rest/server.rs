//! `/config/server/…`

use serde_json::json;

use crate::refusal::Refusal;
use crate::world::World;

use super::{Answer, Request, demand, input};

/// The version whose behaviour this server follows.
pub(crate) const VERSION: &str = "3.13.5";

pub(crate) fn info(world: &World) -> Result<Answer, Refusal> {
    let mut change = json!({
        "allow_blame": true, "update_delay": 300, "mergeability_computation_behavior": "NEVER",
        "conflicts_predicate_enabled": true,
    });
    if let Some(change) = change.as_object_mut().filter(|_| world.whole_topic) {
        change.insert("submit_whole_topic".to_owned(), true.into());
    }
    Answer::ok(json!({
        "accounts": {"visibility": "ALL", "default_display_name": "FULL_NAME"},
        "auth": {
            "auth_type": "DEVELOPMENT_BECOME_ANY_ACCOUNT", "editable_account_fields": ["FULL_NAME", "USER_NAME"],
            "git_basic_auth_policy": "HTTP", "max_token_lifetime": 0,
        },
        "change": change,
        "download": {"schemes": {}, "archives": ["tgz", "tar", "tbz2", "txz"]},
        "gerrit": {
            "all_projects": "All-Projects", "all_users": "All-Users", "doc_search": false,
            "project_state_predicate_enabled": true,
        },
        "groups": {}, "note_db_enabled": true, "plugin": {"js_resource_paths": []}, "sshd": {},
        "suggest": {"from": 0}, "user": {"anonymous_coward_name": "Name of user not set"},
        "receive": {"enable_signed_push": false}, "submit_requirement_dashboard_columns": [], "metadata": [],
    }))
}

/// Puts changes back into the index.
pub(crate) fn index_changes(world: &World, request: &Request) -> Result<Answer, Refusal> {
    demand(world, request.caller, "maintainServer", "maintain server")?;
    for id in input::list(&request.object()?, "changes") {
        if let Ok(number) = id.rsplit('~').next().unwrap_or("").parse() {
            world.faults.show_in_index(number);
        }
    }
    Answer::none()
}
