//! How REST shows a change.

use serde_json::{Map, Value, json};

use crate::change::{Change, Message, PatchSet, Status, kind, records};
use crate::clock::rest_time;
use crate::git::{Commit, Ident, Repo, commit as messages, files};
use crate::notedb::results::{ExpressionResult, ExpressionStatus, StoredResult};
use crate::notedb::update::ReviewerState;
use crate::refusal::Refusal;
use crate::rest::people;
use crate::world::World;
use crate::world::accounts::Caller;

use super::labels;
use super::options::Options;

pub(crate) fn change(
    world: &World,
    caller: Caller,
    change: &Change,
    options: &Options,
) -> Result<Value, Refusal> {
    let repo = world.must_repo(&change.project)?;
    let detailed = options.has("DETAILED_ACCOUNTS");
    let person = |id: u32| people::account(world, id, detailed);
    let project = change.project.replace('/', "%2F");
    let branch = change.short_branch();
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| {
        out.insert(key.to_owned(), value);
    };
    put("id", format!("{project}~{}", change.number).into());
    put("triplet_id", format!("{project}~{}~{}", branch.replace('/', "%2F"), change.key).into());
    put("project", change.project.clone().into());
    put("branch", branch.into());
    if let Some(topic) = &change.topic {
        put("topic", topic.clone().into());
    }
    if !change.attention.is_empty() {
        let rows = |added: bool| -> Map<String, Value> {
            let states = change.attention.iter().filter(|(_, state)| state.added == added);
            states
                .map(|(id, state)| {
                    let at = rest_time(state.at);
                    (
                        id.to_string(),
                        json!({"account": person(*id), "last_update": at, "reason": state.reason}),
                    )
                })
                .collect()
        };
        put("attention_set", rows(true).into());
        put("removed_from_attention_set", rows(false).into());
    }
    if options.has("CUSTOM_KEYED_VALUES") {
        put("custom_keyed_values", json!(change.custom_values));
    }
    put("hashtags", change.hashtags.iter().cloned().collect());
    put("change_id", change.key.clone().into());
    put("subject", change.subject.clone().into());
    put("status", change.status.word().into());
    put("created", rest_time(change.created).into());
    put("updated", rest_time(change.updated).into());
    if let Some((at, by)) = change.submitted.filter(|_| change.status == Status::Merged) {
        put("submitted", rest_time(at).into());
        put("submitter", person(by));
    }
    if change.is_new() {
        put("submit_type", world.submit_type(&change.project).into());
        if options.has("SUBMITTABLE") {
            let met = world.requirement_results(change)?.iter().all(StoredResult::fulfilled);
            put("submittable", met.into());
        }
    }
    let current = repo.commit(change.current_commit())?;
    if !options.has("SKIP_DIFFSTAT") {
        let (insertions, deletions) = files::totals(&repo, &current)?;
        put("insertions", insertions.into());
        put("deletions", deletions.into());
    }
    put("total_comment_count", change.comment_count().into());
    put("unresolved_comment_count", change.unresolved_count().into());
    for (key, on) in [("is_private", change.private), ("work_in_progress", change.work_in_progress)] {
        if on {
            put(key, true.into());
        }
    }
    put("has_review_started", change.has_review_started.into());
    if let Some(number) = change.revert_of {
        put("revert_of", number.into());
    }
    if let Some(id) = change.submission_id.as_ref().filter(|_| change.status == Status::Merged) {
        put("submission_id", id.clone().into());
    }
    if let Some((number, patch_set)) = change.cherry_pick_of {
        put("cherry_pick_of_change", number.into());
        put("cherry_pick_of_patch_set", patch_set.into());
    }
    put("meta_rev_id", change.meta.to_string().into());
    put("_number", change.number.into());
    put("virtual_id_number", change.number.into());
    put("owner", person(change.owner));
    if options.has("LABELS") || options.has("DETAILED_LABELS") {
        for (key, value) in labels::of(world, caller, change, options) {
            put(&key, value);
        }
        put("reviewers", reviewers(change, &person));
        put("pending_reviewers", json!({}));
    }
    if options.has("REVIEWER_UPDATES") || options.has("DETAILED_LABELS") && detailed {
        let rows = change.reviewer_updates.iter().map(|step| {
            json!({
                "updated": rest_time(step.at), "updated_by": person(step.by), "reviewer": person(step.reviewer),
                "state": step.state.word(),
            })
        });
        put("reviewer_updates", rows.collect());
    }
    if options.has("MESSAGES") {
        put("messages", change.messages.iter().map(|m| message(world, m, detailed)).collect());
    }
    put("current_revision_number", change.current.into());
    let all = ["ALL_REVISIONS", "ALL_COMMITS", "ALL_FILES"].iter().any(|name| options.has(name));
    let one = ["CURRENT_REVISION", "CURRENT_COMMIT", "CURRENT_FILES"].iter().any(|name| options.has(name));
    if all || one {
        put("current_revision", change.current_commit().to_string().into());
        let mut revisions = Map::new();
        for patch_set in change.patch_sets.values().filter(|p| all || p.number == change.current) {
            revisions
                .insert(patch_set.commit.to_string(), revision(world, &repo, change, patch_set, options)?);
        }
        put("revisions", revisions.into());
    }
    if options.has("CHECK") {
        put("problems", json!([]));
    }
    if options.has("TRACKING_IDS") {
        put("tracking_ids", json!([]));
    }
    put("requirements", json!([]));
    put("submit_records", submit_records(world, change, detailed));
    if options.has("SUBMIT_REQUIREMENTS") {
        let results = world.requirement_results(change)?;
        put("submit_requirements", results.iter().map(requirement).collect());
    }
    Ok(out.into())
}

fn reviewers(change: &Change, person: &dyn Fn(u32) -> Value) -> Value {
    let mut out = Map::new();
    for state in [ReviewerState::Cc, ReviewerState::Reviewer] {
        let rows: Vec<Value> = change
            .reviewers
            .iter()
            .filter(|(_, (has, _))| *has == state)
            .map(|(id, _)| person(*id))
            .collect();
        if !rows.is_empty() {
            out.insert(state.word().to_owned(), rows.into());
        }
    }
    out.into()
}

/// A message. Accounts that the server wrote into it as numbers are shown by name.
pub(crate) fn message(world: &World, message: &Message, detailed: bool) -> Value {
    let mut text = String::new();
    let mut named = Vec::new();
    let mut rest = message.text.as_str();
    while let Some((head, tail)) = rest.split_once("<GERRIT_ACCOUNT_") {
        text.push_str(head);
        match tail.split_once('>').and_then(|(id, tail)| id.parse::<u32>().ok().map(|id| (id, tail))) {
            Some((id, tail)) => {
                text.push_str(&world.mailbox(id));
                named.push(people::account(world, id, detailed));
                rest = tail;
            }
            None => {
                text.push_str("<GERRIT_ACCOUNT_");
                rest = tail;
            }
        }
    }
    text.push_str(rest);
    let mut out = json!({
        "id": message.id.to_string(), "date": rest_time(message.at), "message": text, "accounts_in_message": named,
        "_revision_number": message.patch_set,
    });
    if let Some(out) = out.as_object_mut() {
        if let Some(tag) = &message.tag {
            out.insert("tag".to_owned(), tag.clone().into());
        }
        for (key, id) in [("author", message.author), ("real_author", message.real_author)] {
            if let Some(id) = id {
                out.insert(key.to_owned(), people::account(world, id, detailed));
            }
        }
    }
    out
}

fn revision(
    world: &World,
    repo: &Repo,
    change: &Change,
    patch_set: &PatchSet,
    options: &Options,
) -> Result<Value, Refusal> {
    let detailed = options.has("DETAILED_ACCOUNTS");
    let current = patch_set.number == change.current;
    let before = change.patch_sets.range(..patch_set.number).next_back();
    let kind = match before {
        Some((_, before)) => kind::of(repo, before.commit, patch_set.commit)?,
        None => kind::ChangeKind::Rework,
    };
    let made = repo.commit(patch_set.commit)?;
    let mut out = json!({
        "kind": kind.word(), "_number": patch_set.number, "created": rest_time(patch_set.created),
        "uploader": people::account(world, patch_set.uploader, detailed),
        "ref": crate::notedb::patch_set_ref(change.number, patch_set.number), "fetch": {}, "branch": change.branch,
    });
    if let Some(out) = out.as_object_mut() {
        if patch_set.real_uploader != patch_set.uploader {
            out.insert("real_uploader".to_owned(), people::account(world, patch_set.real_uploader, detailed));
        }
        if let Some(text) = &patch_set.description {
            out.insert("description".to_owned(), text.clone().into());
        }
        if !patch_set.merge_facts.is_empty() {
            let facts = patch_set.merge_facts.iter().map(|(key, value)| {
                let value = if key == "Contains-Conflicts" { json!(value == "true") } else { json!(value) };
                (key.to_lowercase().replace('-', "_"), value)
            });
            out.insert("conflicts".to_owned(), facts.collect::<Map<_, _>>().into());
        }
        if options.has("ALL_COMMITS") || options.has("CURRENT_COMMIT") && current {
            out.insert("commit".to_owned(), commit(repo, &made, false));
        }
        if options.has("ALL_FILES") || options.has("CURRENT_FILES") && current {
            out.insert("files".to_owned(), super::files::map(repo, &made)?.into());
        }
        if options.has("COMMIT_FOOTERS") && current {
            out.insert("commit_with_footers".to_owned(), with_footers(world, change, &made).into());
        }
    }
    Ok(out)
}

fn with_footers(world: &World, change: &Change, made: &Commit) -> String {
    let mut lines = vec![format!("Reviewed-on: {}", world.change_url(&change.project, change.number))];
    for (label, voter, _) in change.votes_on(change.current).filter(|(_, _, vote)| vote.value > 0) {
        let key = if label == "Code-Review" { "Reviewed-by" } else { label };
        lines.push(format!("{key}: {}", world.mailbox(voter)));
    }
    messages::with_footers(&made.message, &lines)
}

/// A commit; `named` puts its own name into it.
pub(crate) fn commit(repo: &Repo, made: &Commit, named: bool) -> Value {
    let parents = made.parents.iter().map(|parent| {
        let subject = repo.commit(*parent).map(|c| c.subject()).unwrap_or_default();
        json!({"commit": parent.to_string(), "subject": subject})
    });
    let mut out = json!({
        "parents": parents.collect::<Vec<_>>(), "author": git_person(&made.author),
        "committer": git_person(&made.committer), "subject": made.subject(), "message": made.message,
    });
    if let Some(out) = out.as_object_mut().filter(|_| named) {
        out.insert("commit".to_owned(), made.id.to_string().into());
    }
    out
}

pub(crate) fn git_person(ident: &Ident) -> Value {
    json!({
        "name": ident.name, "email": ident.email, "date": rest_time(ident.when), "tz": ident.zone_minutes,
    })
}

fn submit_records(world: &World, change: &Change, detailed: bool) -> Value {
    let merged = change.status == Status::Merged;
    if (merged && change.submitted_with.is_empty()) || change.status == Status::Abandoned {
        return json!([]);
    }
    let row = |name: &str, by: Option<u32>| {
        let mut out = json!({"label": name, "status": "MAY"});
        if let (Some(id), Some(out)) = (by, out.as_object_mut()) {
            out.insert("applied_by".to_owned(), people::account(world, id, detailed));
        }
        out
    };
    let rows: Vec<Value> = if merged {
        let lines = change.submitted_with.iter().filter_map(|line| line.strip_prefix("MAY: "));
        lines
            .map(|line| match line.split_once(": ") {
                Some((label, by)) => row(label, crate::notedb::account::parse(by)),
                None => row(line, None),
            })
            .collect()
    } else {
        let labels = world.labels(&change.project);
        labels.iter().map(|label| row(&label.name, records::applied_by(change, &label.name))).collect()
    };
    let status = if merged { "CLOSED" } else { "OK" };
    let mut out = vec![json!({"rule_name": records::RULE, "status": status, "labels": rows})];
    if change.submitted_with.iter().any(|line| line == "FORCED") && merged {
        out.push(json!({"status": "FORCED"}));
    }
    out.into()
}

/// One requirement's result.
pub(crate) fn requirement(result: &StoredResult) -> Value {
    let mut out = json!({"name": result.name, "status": result.status(), "is_legacy": false});
    if let Some(out) = out.as_object_mut() {
        if let Some(text) = &result.description {
            out.insert("description".to_owned(), text.clone().into());
        }
        if let Some(r) = &result.applicability {
            // what decides whether it applies is not shown, only how it came out
            let fulfilled = r.status == ExpressionStatus::Pass;
            let shown = json!({"fulfilled": fulfilled, "status": r.status.word()});
            out.insert("applicability_expression_result".to_owned(), shown);
        }
        for (key, r) in [
            ("submittability_expression_result", &result.submittability),
            ("override_expression_result", &result.overriding),
        ] {
            if let Some(r) = r {
                out.insert(key.to_owned(), expression(r));
            }
        }
    }
    out
}

fn expression(r: &ExpressionResult) -> Value {
    let explained: Map<String, Value> =
        r.passing.iter().chain(&r.failing).map(|atom| (atom.clone(), Value::from(""))).collect();
    let fulfilled = matches!(r.status, ExpressionStatus::Pass | ExpressionStatus::NotEvaluated);
    let mut out = json!({
        "expression": r.expression, "fulfilled": fulfilled, "status": r.status.word(), "passing_atoms": r.passing,
        "failing_atoms": r.failing, "atom_explanations": explained,
    });
    if let (Some(why), Some(out)) = (&r.error, out.as_object_mut()) {
        out.insert("error_message".to_owned(), why.clone().into());
    }
    out
}
