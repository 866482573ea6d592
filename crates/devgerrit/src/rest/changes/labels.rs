//! `labels`, `permitted_labels`, and who may be removed.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::change::{Change, Status};
use crate::clock::rest_time;
use crate::config::Label;
use crate::notedb::update::ReviewerState;
use crate::rest::people;
use crate::rest::projects::shown_value as padded;
use crate::world::World;
use crate::world::accounts::Caller;

use super::options::Options;

/// The members of a change that `LABELS` and `DETAILED_LABELS` bring.
pub(super) fn of(world: &World, caller: Caller, change: &Change, options: &Options) -> Vec<(String, Value)> {
    let labels = world.labels(&change.project);
    let detailed = options.has("DETAILED_LABELS");
    let accounts = options.has("DETAILED_ACCOUNTS");
    let mut all = Map::new();
    for label in &labels {
        all.insert(label.name.clone(), one(world, change, label, options, detailed, accounts));
    }
    let mut out = vec![("labels".to_owned(), all.into())];
    if detailed {
        let permitted = labels.iter().filter_map(|label| {
            let values = permitted(world, caller, change, label);
            (!values.is_empty()).then(|| (label.name.clone(), json!(values)))
        });
        out.push(("permitted_labels".to_owned(), permitted.collect::<Map<_, _>>().into()));
        out.push(("removable_labels".to_owned(), removable(world, caller, change, accounts)));
    }
    let removable: Vec<Value> = removable_reviewers(world, caller, change)
        .into_iter()
        .map(|id| people::account(world, id, accounts))
        .collect();
    out.push(("removable_reviewers".to_owned(), removable.into()));
    out
}

/// Who stands in `all`: reviewers, and whoever voted or submitted.
fn voters(change: &Change, with_reviewers: bool) -> BTreeSet<u32> {
    let voted = change.approvals.keys().filter(|(on, _, _)| *on == change.current).map(|(_, _, id)| *id);
    let reviewers = change.reviewers.iter().filter(|(_, (state, _))| *state == ReviewerState::Reviewer);
    voted.chain(reviewers.map(|(id, _)| *id).filter(|_| with_reviewers)).collect()
}

fn one(
    world: &World,
    change: &Change,
    label: &Label,
    options: &Options,
    detailed: bool,
    accounts: bool,
) -> Value {
    let mut out = Map::new();
    let merged = change.status == Status::Merged;
    let rows: Vec<Value> = voters(change, detailed)
        .into_iter()
        .map(|id| row(world, change, label, id, detailed, accounts))
        .collect();
    if (detailed || merged) && !rows.is_empty() {
        out.insert("all".to_owned(), rows.into());
    }
    if detailed || merged {
        let values = label.values.iter().map(|(value, text)| (padded(*value), Value::from(text.clone())));
        out.insert("values".to_owned(), values.collect::<Map<_, _>>().into());
        out.insert("default_value".to_owned(), label.default.into());
    }
    out.insert("optional".to_owned(), true.into());
    if options.has("LABELS") || change.is_new() {
        for (_, id, vote) in change.votes_on(change.current).filter(|(name, _, _)| *name == label.name) {
            let key = match vote.value {
                v if v == label.max() && v > 0 => "approved",
                v if v == label.min() && v < 0 => "rejected",
                v if v > 0 => "recommended",
                v if v < 0 => "disliked",
                _ => continue,
            };
            if merged && matches!(key, "recommended" | "disliked") {
                continue;
            }
            out.insert(key.to_owned(), people::account(world, id, accounts));
            if matches!(key, "recommended" | "disliked") {
                out.insert("value".to_owned(), vote.value.into());
            }
        }
    }
    out.into()
}

fn row(world: &World, change: &Change, label: &Label, id: u32, detailed: bool, accounts: bool) -> Value {
    let mut out = people::account(world, id, accounts);
    let merged = change.status == Status::Merged;
    let vote = change.approvals.get(&(change.current, label.name.clone(), id));
    let range = world.vote_range(Caller::of(id), change, &format!("label-{}", label.name));
    let Some(map) = out.as_object_mut() else { return out };
    match vote.filter(|vote| vote.value != 0) {
        Some(vote) => {
            map.insert("value".to_owned(), vote.value.into());
            map.insert("date".to_owned(), rest_time(vote.at).into());
            if let Some(tag) = &vote.tag {
                map.insert("tag".to_owned(), tag.clone().into());
            }
            if vote.post_submit {
                map.insert("post_submit".to_owned(), true.into());
            }
            if let Some((min, max)) = range.filter(|_| detailed) {
                // after the merge a vote can only rise
                let min = if merged { vote.value } else { min };
                map.insert(
                    "permitted_voting_range".to_owned(),
                    json!({"min": min, "max": max.max(vote.value)}),
                );
            }
        }
        None if merged || change.status == Status::Abandoned => {
            map.insert("value".to_owned(), 0.into());
        }
        None => {
            if let Some((min, max)) = range {
                map.insert("value".to_owned(), 0.into());
                map.insert("permitted_voting_range".to_owned(), json!({"min": min, "max": max}));
            }
        }
    }
    out
}

/// The values that the caller may vote now.
fn permitted(world: &World, caller: Caller, change: &Change, label: &Label) -> Vec<String> {
    let Some(account) = caller.account else { return Vec::new() };
    if change.status == Status::Abandoned {
        return Vec::new();
    }
    let Some((min, max)) = world.vote_range(caller, change, &format!("label-{}", label.name)) else {
        return Vec::new();
    };
    let least =
        if change.status == Status::Merged { change.vote(&label.name, account).max(min) } else { min };
    label.values.keys().filter(|value| (least..=max).contains(*value)).map(|value| padded(*value)).collect()
}

fn removable(world: &World, caller: Caller, change: &Change, accounts: bool) -> Value {
    let mut out = Map::new();
    if !change.is_new() {
        return out.into();
    }
    for (label, id, vote) in change.votes_on(change.current).filter(|(_, _, vote)| vote.value != 0) {
        if !may_remove_vote(world, caller, change, label, id, vote.value) {
            continue;
        }
        let of_label = out.entry(label.to_owned()).or_insert_with(|| json!({}));
        if let Some(of_label) = of_label.as_object_mut() {
            let list = of_label.entry(padded(vote.value)).or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                list.push(people::account(world, id, accounts));
            }
        }
    }
    out.into()
}

/// Oneself; the owner of the change for votes that are not negative; owners of the project; administrators.
pub(super) fn may_remove_vote(
    world: &World,
    caller: Caller,
    change: &Change,
    label: &str,
    voter: u32,
    value: i32,
) -> bool {
    let range = world.vote_range(caller, change, &format!("removeLabel-{label}"));
    caller.account == Some(voter)
        || (caller.account == Some(change.owner) && value >= 0)
        || world.is_owner(caller, &change.project)
        || range.is_some_and(|(min, max)| (min..=max).contains(&value))
}

fn removable_reviewers(world: &World, caller: Caller, change: &Change) -> Vec<u32> {
    if !change.is_new() {
        return Vec::new();
    }
    let all = caller.account == Some(change.owner) || world.is_owner(caller, &change.project);
    change.reviewers.keys().copied().filter(|id| all || caller.account == Some(*id)).collect()
}
