//! `GET /changes/?q=…`

use std::sync::Arc;

use serde_json::{Value, json};

use crate::change::{Change, Status};
use crate::git::commit as messages;
use crate::notedb::results::{ExpressionStatus, StoredResult};
use crate::refusal::Refusal;
use crate::requirements::Subject;
use crate::requirements::expr::{Atom, Expr};
use crate::rest::{Answer, Request};
use crate::world::World;
use crate::world::accounts::Caller;

use super::info;
use super::options::Options;

/// How many changes one query gives at most.
const MOST: usize = 500;

pub(super) fn query(world: &World, request: &Request) -> Result<Answer, Refusal> {
    let options = Options::of(request)?;
    let limit =
        request.number("n")?.or(request.number("limit")?).filter(|n| *n > 0).unwrap_or(MOST).min(MOST);
    let skip = request.number("S")?.or(request.number("start")?).unwrap_or(0);
    let mut queries: Vec<&str> = request.params("q").chain(request.params("query")).collect();
    if queries.is_empty() {
        queries.push("status:open");
    }
    let mut answers = Vec::new();
    for text in &queries {
        answers.push(run(world, request.caller, text, skip, limit, &options)?);
    }
    match (answers.pop(), answers.is_empty()) {
        (Some(only), true) => Answer::ok(only),
        (last, _) => {
            answers.extend(last);
            Answer::ok(answers.into_iter().map(Value::from).collect::<Vec<_>>())
        }
    }
}

fn run(
    world: &World,
    caller: Caller,
    text: &str,
    skip: usize,
    limit: usize,
    options: &Options,
) -> Result<Vec<Value>, Refusal> {
    let expr = Expr::parse(text).map_err(Refusal::bad)?;
    let mut limit = limit;
    for atom in expr.atoms() {
        check(world, caller, atom)?;
        if let ("limit", Ok(n)) = (atom.key.as_str(), atom.value.parse::<usize>()) {
            limit = limit.min(n);
        }
    }
    let mut found: Vec<Arc<Change>> = world
        .indexed()
        .filter(|change| {
            world.sees_change(caller, change) && world.config(&change.project).state() != "HIDDEN"
        })
        .filter(|change| expr.eval(&|atom| holds(world, caller, change, atom)))
        .collect();
    found.sort_by_key(|change| (std::cmp::Reverse(change.updated), std::cmp::Reverse(change.number)));
    let more = found.len() > skip.saturating_add(limit);
    let page = found.iter().skip(skip).take(limit);
    let mut rows = page.map(|c| info::change(world, caller, c, options)).collect::<Result<Vec<_>, _>>()?;
    if let Some(Value::Object(last)) = rows.last_mut().filter(|_| more) {
        last.insert("_more_changes".to_owned(), json!(true));
    }
    Ok(rows)
}

/// Refuses operators and values that don't exist, before anything is looked at.
fn check(world: &World, caller: Caller, atom: &Atom) -> Result<(), Refusal> {
    let value = atom.value.as_str();
    match atom.key.as_str() {
        "after" | "since" | "before" | "until" | "mergedafter" | "mergedbefore" => {
            date(value).map(|_| ()).ok_or_else(|| Refusal::bad(format!("Invalid date format: {value}")))
        }
        "status" => match value {
            "new" | "open" | "pending" | "merged" | "abandoned" | "closed" | "reviewed" | "submitted" => {
                Ok(())
            }
            _ => Err(Refusal::bad(format!("Unrecognized value: {value}"))),
        },
        "is" => match value {
            "open" | "new" | "pending" | "closed" | "merged" | "abandoned" | "private" | "wip"
            | "submittable" | "owner" | "reviewer" | "cc" | "attention" | "started" => Ok(()),
            _ => Err(Refusal::bad(format!("Invalid query: is:{value}"))),
        },
        "owner" | "o" | "reviewer" | "r" | "cc" | "uploader" if value == "self" => {
            world.resolve_account(caller, value).map(|_| ())
        }
        "" | "owner" | "o" | "reviewer" | "r" | "cc" | "uploader" | "project" | "p" | "projects"
        | "branch" | "ref" | "topic" | "intopic" | "hashtag" | "change" | "submissionid" | "revertof"
        | "commit" | "message" | "label" | "limit" | "age" | "has" | "prefixtopic" | "prefixhashtag"
        | "author" | "committer" => Ok(()),
        _ => Err(Refusal::bad(format!("Unsupported operator {}", atom.text))),
    }
}

/// `2026-11-24 06:55:17 +0000`, with the time, its fraction or the zone left out: seconds since 1970.
fn date(text: &str) -> Option<i64> {
    let mut words = text.split(' ');
    let day = words.next()?;
    let (mut clock, mut zone) = ("00:00:00", "+0000");
    for word in words {
        if word.starts_with(['+', '-']) {
            zone = word;
        } else {
            clock = word;
        }
    }
    let clock = clock.split('.').next()?;
    let stamp = jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", format!("{day} {clock}")).ok()?;
    let offset: i64 = zone.parse().ok()?;
    let utc = stamp.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    Some(utc - (offset / 100 * 60 + offset % 100) * 60)
}

fn holds(world: &World, caller: Caller, change: &Change, atom: &Atom) -> bool {
    let value = atom.value.as_str();
    let person = |id: u32| world.resolve_account(caller, value).ok() == Some(id);
    let when = || date(value).unwrap_or(i64::MAX);
    match atom.key.as_str() {
        "status" | "is" => stands(world, caller, change, value),
        "project" | "p" => change.project == value,
        "projects" => change.project.starts_with(value),
        "branch" => change.short_branch() == value.strip_prefix("refs/heads/").unwrap_or(value),
        "ref" => change.branch == value,
        "topic" => change.topic.as_deref().unwrap_or("") == value,
        "intopic" => change.topic.as_ref().is_some_and(|topic| topic.contains(value)),
        "prefixtopic" => change.topic.as_ref().is_some_and(|topic| topic.starts_with(value)),
        "hashtag" => change.hashtags.iter().any(|tag| tag.eq_ignore_ascii_case(value)),
        "prefixhashtag" => change.hashtags.iter().any(|tag| tag.starts_with(value)),
        "change" => named(change, value),
        "submissionid" => change.submission_id.as_deref() == Some(value),
        "revertof" => change.revert_of.is_some_and(|id| id.to_string() == value),
        "commit" => has_commit(change, value),
        "owner" | "o" => person(change.owner),
        "uploader" => person(change.uploader()),
        "reviewer" | "r" | "cc" => {
            world.resolve_account(caller, value).is_ok_and(|id| change.reviewers.contains_key(&id))
        }
        "after" | "since" => change.updated >= when(),
        "before" | "until" => change.updated <= when(),
        "mergedafter" => change.submitted.is_some_and(|(at, _)| at >= when()),
        "mergedbefore" => change.submitted.is_some_and(|(at, _)| at <= when()),
        "age" => age(value).is_some_and(|seconds| world.now() - change.updated >= seconds),
        "message" => message(world, change).contains(value),
        "author" | "committer" => by_commit(world, change, atom),
        "label" => label(world, change, &atom.text),
        "limit" => true,
        "has" => value == "unresolved" && change.unresolved_count() > 0,
        _ if value.parse::<u32>().is_ok() || value.starts_with('I') => named(change, value),
        _ if value.len() >= 7 && value.chars().all(|c| c.is_ascii_hexdigit()) => has_commit(change, value),
        _ => message(world, change).split_whitespace().any(|word| word == value),
    }
}

fn stands(world: &World, caller: Caller, change: &Change, word: &str) -> bool {
    let me = |has: &dyn Fn(u32) -> bool| caller.account.is_some_and(has);
    match word {
        "open" | "new" | "pending" => change.is_new(),
        "closed" => !change.is_new(),
        "merged" | "submitted" => change.status == Status::Merged,
        "abandoned" => change.status == Status::Abandoned,
        "private" => change.private,
        "wip" => change.work_in_progress,
        "started" => change.has_review_started,
        "submittable" => {
            let results = world.requirement_results(change);
            change.is_new() && results.is_ok_and(|list| list.iter().all(StoredResult::fulfilled))
        }
        "owner" => me(&|id| id == change.owner),
        "reviewer" | "cc" => me(&|id| change.reviewers.contains_key(&id)),
        "attention" => me(&|id| change.needs_attention(id)),
        _ => false,
    }
}

fn named(change: &Change, value: &str) -> bool {
    let triplet = || format!("{}~{}~{}", change.project, change.short_branch(), change.key);
    change.number.to_string() == value
        || (value.starts_with('I') && value.len() >= 8 && change.key.starts_with(value))
        || value == triplet()
        || value == format!("{}~{}", change.project, change.number)
}

fn has_commit(change: &Change, value: &str) -> bool {
    value.len() >= 4 && change.patch_sets.values().any(|p| p.commit.to_string().starts_with(value))
}

fn message(world: &World, change: &Change) -> String {
    let commit = world.repo(&change.project).and_then(|repo| repo.commit(change.current_commit()).ok());
    commit.map(|c| c.message).unwrap_or_else(|| messages::subject_of(&change.subject))
}

fn by_commit(world: &World, change: &Change, atom: &Atom) -> bool {
    let Some(commit) = world.repo(&change.project).and_then(|r| r.commit(change.current_commit()).ok())
    else {
        return false;
    };
    let ident = if atom.key == "author" { commit.author } else { commit.committer };
    ident.email.eq_ignore_ascii_case(&atom.value)
        || ident.name.to_lowercase().contains(&atom.value.to_lowercase())
}

fn label(world: &World, change: &Change, text: &str) -> bool {
    let Some(repo) = world.repo(&change.project) else { return false };
    let labels = world.labels(&change.project);
    let subject = Subject::new(world, &repo, change, &labels);
    subject.is_ok_and(|subject| subject.evaluate(text).status == ExpressionStatus::Pass)
}

/// `2d`, `1h`, `30m`, `5s` in seconds.
fn age(text: &str) -> Option<i64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = text.get(digits.len()..)?.trim();
    let seconds = match unit.chars().next()? {
        's' => 1,
        'm' if unit.starts_with("mo") => 2_592_000,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 604_800,
        'y' => 31_536_000,
        _ => return None,
    };
    digits.parse::<i64>().ok()?.checked_mul(seconds)
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn dates_are_read_as_gerrit_writes_them() {
        assert_eq!(date("1970-01-02 00:00:01 +0000"), Some(86_401));
        assert_eq!(date("1970-01-02 01:00:01.5 +0100"), Some(86_401));
        assert_eq!(date("1970-01-02"), Some(86_400));
        assert_eq!(date("1970-01-02T00:00:01Z"), None);
    }
}
