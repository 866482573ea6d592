//! `/projects/{p}/config`

use serde_json::{Map, Value, json};

use crate::refusal::Refusal;
use crate::rest::{Answer, Request, input};
use crate::world::World;
use crate::world::projects::ALL_PROJECTS;

/// REST's name, section and key of the switches that can be inherited, and what the root says.
const SWITCHES: [(&str, &str, &str, bool); 12] = [
    ("use_contributor_agreements", "receive", "requireContributorAgreement", false),
    ("use_content_merge", "submit", "mergeContent", true),
    ("use_signed_off_by", "receive", "requireSignedOffBy", false),
    ("create_new_change_for_all_not_in_target", "receive", "createNewChangeForAllNotInTarget", false),
    ("require_change_id", "receive", "requireChangeId", true),
    ("reject_implicit_merges", "receive", "rejectImplicitMerges", true),
    ("private_by_default", "change", "privateByDefault", false),
    ("work_in_progress_by_default", "change", "workInProgressByDefault", false),
    ("enable_reviewer_by_email", "reviewer", "enableByEmail", false),
    ("match_author_to_committer_date", "submit", "matchAuthorToCommitterDate", false),
    ("reject_empty_commit", "submit", "rejectEmptyCommit", false),
    (
        "skip_adding_author_and_committer_as_reviewers",
        "reviewer",
        "skipAddingAuthorAndCommitterAsReviewers",
        false,
    ),
];

pub(crate) fn get(world: &World, request: &Request, project: &str) -> Result<Answer, Refusal> {
    let config = world.config(project);
    let mut out = Map::new();
    for (name, section, key, root) in SWITCHES {
        let own = config.text.get(section, None, key).filter(|_| project != ALL_PROJECTS);
        let configured = own.map_or("INHERIT", |word| if word == "true" { "TRUE" } else { "FALSE" });
        let mut row = json!({"configured_value": configured, "inherited_value": root});
        if configured == "TRUE"
            && let Some(row) = row.as_object_mut()
        {
            row.insert("value".to_owned(), true.into());
        }
        out.insert(name.to_owned(), row);
    }
    if let Some(text) = config.description() {
        out.insert("description".to_owned(), text.into());
    }
    let own = config.submit_type();
    let inherited = super::get::parent(world, project).map(|parent| world.submit_type(&parent));
    let effective = world.submit_type(project);
    out.insert("max_object_size_limit".to_owned(), json!({}));
    out.insert("submit_type".to_owned(), effective.clone().into());
    let default = json!({
        "value": effective, "configured_value": own.unwrap_or_else(|| "INHERIT".to_owned()),
        "inherited_value": inherited.unwrap_or_else(|| "MERGE_IF_NECESSARY".to_owned()),
    });
    out.insert("default_submit_type".to_owned(), default);
    if config.state() != "ACTIVE" {
        out.insert("state".to_owned(), config.state().into());
    }
    let gc = json!({"gc": {
        "method": "POST", "label": "Run GC", "enabled": true,
        "title": "Triggers the Git Garbage Collection for this project.",
    }});
    out.insert("actions".to_owned(), if world.is_admin(request.caller) { gc } else { json!({}) });
    out.insert("commentlinks".to_owned(), json!({}));
    out.insert("extension_panel_names".to_owned(), json!({}));
    Answer::ok(out)
}

pub(crate) fn put(world: &mut World, request: &Request, project: &str) -> Result<Answer, Refusal> {
    super::demand_owner(world, request.caller, project, "")?;
    let body = request.object()?;
    let mut config = (*world.config(project)).clone();
    for (name, section, key, _) in SWITCHES {
        match body.get(name).and_then(Value::as_str) {
            Some("INHERIT") => config.text.set(section, None, key, &[]),
            Some(word) => config.text.set(section, None, key, &[word.to_lowercase()]),
            None => {}
        }
    }
    if let Some(kind) = input::text(&body, "submit_type") {
        config.text.set("submit", None, "action", &[kind.to_lowercase().replace('_', " ")]);
    }
    if let Some(state) = input::text(&body, "state") {
        let values =
            if state == "ACTIVE" { Vec::new() } else { vec![state.to_lowercase().replace('_', " ")] };
        config.text.set("project", None, "state", &values);
    }
    // a description that is not sent again is gone: that is what Gerrit does
    let description = input::text(&body, "description").filter(|text| !text.is_empty()).map(str::to_owned);
    config.text.set("project", None, "description", &description.into_iter().collect::<Vec<_>>());
    world.write_config(request.caller, project, &config, "Modified project settings")?;
    get(world, request, project)
}
