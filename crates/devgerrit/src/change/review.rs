//! Votes and messages.

use std::collections::BTreeMap;

use serde_json::json;

use crate::config::Label;
use crate::notedb::MetaUpdate;
use crate::notedb::update::{Attention, ReviewerState, VoteLine};
use crate::refusal::Refusal;
use crate::world::World;
use crate::world::accounts::Caller;
use crate::world::changes::Note;

use super::{Change, Status};

/// The longest message that Gerrit takes by default.
const LONGEST_MESSAGE: usize = 16_384;

/// What somebody says about a patch set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Review {
    pub(crate) message: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) labels: BTreeMap<String, i32>,
    /// The account that is spoken for.
    pub(crate) on_behalf_of: Option<(u32, String)>,
    pub(crate) reviewers: BTreeMap<u32, ReviewerState>,
    pub(crate) work_in_progress: Option<bool>,
    pub(crate) ignore_attention: bool,
    /// Inline comments, without what the server adds.
    pub(crate) comments: Vec<InlineComment>,
}

/// One inline comment.
#[derive(Clone, Debug)]
pub(crate) struct InlineComment {
    pub(crate) path: String,
    pub(crate) line: Option<i64>,
    pub(crate) message: String,
    pub(crate) unresolved: bool,
    pub(crate) in_reply_to: Option<String>,
}

impl World {
    /// Writes a review down. Gives the labels that were taken, as sent.
    pub(crate) fn review(
        &mut self,
        caller: Caller,
        change: &Change,
        patch_set: u32,
        review: &Review,
    ) -> Result<BTreeMap<String, i32>, Refusal> {
        let sender = caller.known()?;
        let message = review.message.as_deref().map(str::trim).filter(|text| !text.is_empty());
        if let Some(text) = message.filter(|text| text.len() > LONGEST_MESSAGE) {
            return Err(Refusal::bad(format!(
                "One or more comments were rejected in validation: Comment size exceeds limit ({} > {LONGEST_MESSAGE})",
                text.len()
            )));
        }
        let labels = self.labels(&change.project);
        // labels that don't exist and values out of range fall away without a word
        let asked: BTreeMap<String, i32> = review
            .labels
            .iter()
            .filter_map(|(name, value)| {
                let label = labels.iter().find(|l| l.name.eq_ignore_ascii_case(name))?;
                label.values.contains_key(value).then(|| (label.name.clone(), *value))
            })
            .collect();
        let voter = self.voter(caller, change, review, &asked)?;
        if let Some(on) = review.work_in_progress.filter(|on| *on != change.work_in_progress) {
            self.may_toggle_wip(caller, change)?;
            let _ = on;
        }
        let old: BTreeMap<String, i32> = asked
            .keys()
            .map(|name| {
                let vote = change.approvals.get(&(patch_set, name.clone(), voter));
                (name.clone(), vote.map_or(0, |vote| vote.value))
            })
            .collect();
        closed_rules(change, &labels, &asked, &old)?;

        let mut update = MetaUpdate::on(patch_set);
        let mut words = Vec::new();
        for (name, value) in &asked {
            if old.get(name) == Some(value) {
                continue;
            }
            words.push(if *value == 0 { format!("-{name}") } else { format!("{name}{value:+}") });
            let uuid = self.vote_uuid();
            update.votes.push(VoteLine::Cast { label: name.clone(), value: *value, uuid, account: None });
        }
        let voted = !update.votes.is_empty();
        let says = message.is_some() || !review.comments.is_empty();
        let cast_before = |name: &String| change.approvals.contains_key(&(patch_set, name.clone(), voter));
        if asked.iter().any(|(name, value)| old.get(name) != Some(value) && !cast_before(name)) {
            update.reviewers.insert(voter, ReviewerState::Reviewer);
        }
        if !voted && says && change.reviewer_state(voter).is_none() && voter != change.owner {
            update.reviewers.insert(voter, ReviewerState::Cc);
        }
        for (id, state) in &review.reviewers {
            if *id != change.owner && change.reviewer_state(*id) != Some(*state) {
                update.reviewers.insert(*id, *state);
            }
        }
        if let Some(on) = review.work_in_progress.filter(|on| *on != change.work_in_progress) {
            update.work_in_progress = Some(on);
        }
        let prefix = if words.is_empty() {
            format!("Patch Set {patch_set}:")
        } else {
            format!("Patch Set {patch_set}: {}", words.join(" "))
        };
        let prefix = match review.comments.len() {
            0 => prefix,
            1 => format!("{prefix}\n\n(1 comment)"),
            many => format!("{prefix}\n\n({many} comments)"),
        };
        let text = match message {
            Some(message) => Some(format!("{prefix}\n\n{message}")),
            None => (voted || !review.comments.is_empty()).then_some(prefix),
        };
        update.message.clone_from(&text);
        if text.is_some() || !update.is_empty() {
            update.tag.clone_from(&review.tag);
        }
        if update.is_empty() {
            return Ok(asked);
        }
        if !review.ignore_attention && change.status == Status::New {
            let negative = asked.values().any(|value| *value < 0) && voted;
            update.attention = self.attention_of_reply(change, voter, negative, &review.reviewers);
        }
        let author = Caller { account: Some(voter), real: Some(caller.real.unwrap_or(sender)) };
        let author = if voter == sender { caller } else { author };
        match self.commented(change, patch_set, voter, &review.comments) {
            Some(note) => self.record_with_note(author, change, update, &note)?,
            None => self.record(author, change, update)?,
        }
        let now = self.must_change(change.number)?;
        for (id, state) in &review.reviewers {
            if *state == ReviewerState::Reviewer && change.reviewer_state(*id) != Some(*state) {
                self.reviewer_added(&now, *id, voter);
            }
        }
        if let Some(text) = text {
            let changed = old.into_iter().filter(|(name, was)| asked.get(name) != Some(was)).collect();
            self.comment_added(&now, patch_set, voter, &text, &changed);
        }
        Ok(asked)
    }

    /// The note of the patch set with these comments in it; nothing if there are none.
    fn commented(&self, change: &Change, patch_set: u32, author: u32, new: &[InlineComment]) -> Option<Note> {
        let commit = change.patch_sets.get(&patch_set)?.commit;
        let key = commit.to_string();
        let mut with = change.clone();
        let at = jiff::Timestamp::from_second(self.now()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        for comment in new {
            let mut stored = json!({
                "key": {
                    "uuid": format!("{}_{}", self.random_hex(4), self.random_hex(4)), "filename": comment.path,
                    "patchSetId": patch_set,
                },
                "lineNbr": comment.line.unwrap_or(0), "author": {"id": author}, "writtenOn": at.to_string(), "side": 1,
                "message": comment.message, "revId": key, "serverId": self.state.server_id,
                "unresolved": comment.unresolved,
            });
            if let (Some(stored), Some(parent)) = (stored.as_object_mut(), &comment.in_reply_to) {
                stored.insert("parentUuid".to_owned(), parent.clone().into());
            }
            with.comments.entry(key.clone()).or_default().push(stored);
        }
        let results = change.results.get(&key).map(Vec::as_slice).unwrap_or_default();
        (!new.is_empty()).then(|| with.note(results, commit))
    }

    /// Who votes: the caller, or the account spoken for; and whether that is allowed.
    fn voter(
        &self,
        caller: Caller,
        change: &Change,
        review: &Review,
        asked: &BTreeMap<String, i32>,
    ) -> Result<u32, Refusal> {
        let sender = caller.known()?;
        if let Some((account, name)) = &review.on_behalf_of {
            if asked.is_empty() {
                return Err(Refusal::forbidden(format!(
                    "label required to post review on behalf of \"{name}\""
                )));
            }
            for (label, value) in asked {
                let range = self.vote_range(caller, change, &format!("labelAs-{label}"));
                if !range.is_some_and(|(min, max)| (min..=max).contains(value)) {
                    return Err(Refusal::forbidden(format!(
                        "not permitted to modify label \"{label}\" on behalf of \"{name}\""
                    )));
                }
            }
            if !self.sees_change(Caller::of(*account), change) {
                return Err(Refusal::unprocessable(format!(
                    "on_behalf_of account {account} cannot see change"
                )));
            }
            return Ok(*account);
        }
        for (label, value) in asked.iter().filter(|(_, value)| **value != 0) {
            let range = self.vote_range(caller, change, &format!("label-{label}"));
            if !range.is_some_and(|(min, max)| (min..=max).contains(value)) {
                return Err(Refusal::forbidden(format!("Applying label \"{label}\": {value} is restricted")));
            }
        }
        Ok(sender)
    }

    pub(crate) fn may_toggle_wip(&self, caller: Caller, change: &Change) -> Result<(), Refusal> {
        let may = caller.account == Some(change.owner)
            || self.is_owner(caller, &change.project)
            || self.can(caller, &change.project, &change.branch, "toggleWipState");
        if may { Ok(()) } else { Err(Refusal::forbidden("toggle work in progress state not permitted")) }
    }

    /// Who is waited for after a reply. Service users only raise attention with a vote against.
    fn attention_of_reply(
        &self,
        change: &Change,
        voter: u32,
        negative: bool,
        reviewers: &BTreeMap<u32, ReviewerState>,
    ) -> Vec<Attention> {
        let mut steps = Vec::new();
        // nobody waits for a service user; what a robot says against a change is said again
        let mut add = |account: u32, reason: &str, again: bool| {
            if account != voter && !self.is_service(account) && (again || !change.needs_attention(account)) {
                steps.push(Attention { account, add: true, reason: reason.to_owned() });
            }
        };
        for (id, _) in reviewers.iter().filter(|(_, state)| **state == ReviewerState::Reviewer) {
            add(*id, "Reviewer was added", false);
        }
        let robot = self.is_service(voter);
        let reason = match (robot, negative) {
            (false, _) => Some("Someone else replied on the change"),
            (true, true) => Some("A robot voted negatively on a label"),
            (true, false) => None,
        };
        if let Some(reason) = reason.filter(|_| voter != change.owner) {
            add(change.owner, reason, robot);
            if change.uploader() != change.owner {
                add(change.uploader(), reason, robot);
            }
        }
        if change.needs_attention(voter) && !robot {
            let reason = "removed on reply".to_owned();
            steps.insert(0, Attention { account: voter, add: false, reason });
        }
        steps
    }
}

/// After the merge a vote can only rise; on an abandoned change there is none.
fn closed_rules(
    change: &Change,
    labels: &[Label],
    asked: &BTreeMap<String, i32>,
    old: &BTreeMap<String, i32>,
) -> Result<(), Refusal> {
    if asked.is_empty() || change.status == Status::New {
        return Ok(());
    }
    if change.status == Status::Abandoned {
        return Err(Refusal::conflict("change is closed"));
    }
    let closed = |name: &str| labels.iter().any(|label| label.name == name && !label.allow_post_submit);
    let refused: Vec<&str> = asked
        .iter()
        .filter(|(name, v)| closed(name) && old.get(*name) != Some(v))
        .map(|(n, _)| n.as_str())
        .collect();
    if !refused.is_empty() {
        return Err(Refusal::conflict(format!(
            "Voting on labels disallowed after submit: {}",
            refused.join(", ")
        )));
    }
    let reduced: Vec<&str> =
        asked.iter().filter(|(name, value)| old.get(*name) > Some(value)).map(|(n, _)| n.as_str()).collect();
    if reduced.is_empty() {
        return Ok(());
    }
    Err(Refusal::conflict(format!("Cannot reduce vote on labels for closed change: {}", reduced.join(", "))))
}
