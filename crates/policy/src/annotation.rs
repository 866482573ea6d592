//! What the annotations of a policy say to people: `@reason("{independent} of {needed} …")`.

use cedar_policy::{Effect, Policy};
use model::Need;

/// Names that a text may hold in braces; [`crate::facts::Values`] has a value for each.
pub(crate) const NAMES: &[&str] = &[
    "approvals",
    "approve_people",
    "approve_present",
    "approve_role",
    "changes",
    "commits",
    "drift",
    "environment",
    "facts_age_s",
    "freezes",
    "holds",
    "independent",
    "needed",
    "operation",
    "project",
    "unaccounted",
    "unlinked_approvers",
    "unlinked_contributors",
];

/// A policy as people see it.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) code: String,
    pub(crate) reason: String,
    pub(crate) cure: Option<String>,
    pub(crate) need: Need,
}

/// The id and the rule of a policy, or everything that is wrong with its annotations, each with a hint.
pub(crate) fn read(policy: &Policy) -> Result<(String, Rule), Vec<(String, String)>> {
    let mut wrong = Vec::new();
    for (name, value) in policy.annotations() {
        if !["id", "code", "reason", "cure", "need"].contains(&name) {
            wrong.push((
                format!("there is no annotation @{name}"),
                "known are @id, @code, @reason, @cure and @need".to_owned(),
            ));
        }
        if model::hidden_character(value).is_some() || value.len() > 1000 {
            wrong.push((
                format!("@{name} holds a character that hides text, or more than 1,000 bytes"),
                "write it in plain, visible characters".to_owned(),
            ));
        }
    }
    let forbids = policy.effect() == Effect::Forbid;
    let id = policy.annotation("id").unwrap_or_default().to_owned();
    if !is_id(&id) {
        wrong.push((
            if id.is_empty() { "a policy has no @id".to_owned() } else { format!("{id:?} is no id") },
            "give each policy an id of a-z, 0-9 and -: @id(\"no-friday\")".to_owned(),
        ));
    }
    let code = policy.annotation("code").unwrap_or(&id).to_owned();
    if !is_id(&code) && code != id {
        wrong.push((format!("{code:?} is no code"), "a code is made of a-z, 0-9 and -".to_owned()));
    }
    let reason = policy.annotation("reason").unwrap_or_default().to_owned();
    if forbids && reason.trim().is_empty() {
        wrong.push((
            format!("{id} forbids without a @reason"),
            "say it to the person who reads it: @reason(\"…\"), and who can help: @cure(\"…\")".to_owned(),
        ));
    }
    let cure = policy.annotation("cure").map(str::to_owned);
    let need = match policy.annotation("need") {
        None | Some("final") => Need::Final,
        Some("waits") => Need::Waits,
        Some(other) => {
            wrong.push((
                format!("@need(\"{other}\")"),
                "it is \"waits\" where what is missing can still come, else \"final\"".to_owned(),
            ));
            Need::Final
        }
    };
    for name in names(&reason).chain(cure.iter().flat_map(|text| names(text))) {
        if !NAMES.contains(&name) {
            wrong.push((
                format!("{{{name}}} is no fact that a text can name"),
                format!("known are {}", NAMES.join(", ")),
            ));
        }
    }
    if wrong.is_empty() { Ok((id, Rule { code, reason, cure, need })) } else { Err(wrong) }
}

fn is_id(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// The names in braces.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or(rest))
}

/// The text with each name replaced by its value; values are not read again.
pub(crate) fn fill(text: &str, value: impl Fn(&str) -> String) -> String {
    let mut parts = text.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('}') {
            Some((name, rest)) => {
                filled.push_str(&value(name));
                filled.push_str(rest);
            }
            None => filled.push_str(part),
        }
    }
    filled
}
