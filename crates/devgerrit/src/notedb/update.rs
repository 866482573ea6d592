//! One commit of a change's history, and how its message is written.

use std::collections::BTreeMap;

use crate::git::Oid;

use super::account;

/// A vote that a commit writes down.
#[derive(Clone, Debug)]
pub(crate) enum VoteLine {
    /// `Label: L=V, uuid[ account]`; the account is left out where it is the commit's author.
    Cast { label: String, value: i32, uuid: String, account: Option<u32> },
    /// `Label: -L[ account]`
    Removed { label: String, account: Option<u32> },
    /// `Copied-Label: L=V, uuid account[,real][:"tag"]`
    Copied { label: String, value: i32, uuid: String, account: u32, real: Option<u32>, tag: Option<String> },
}

/// What becomes of a reviewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ReviewerState {
    Cc,
    Reviewer,
    Removed,
}

impl ReviewerState {
    pub(crate) fn footer(self) -> &'static str {
        match self {
            Self::Cc => "CC",
            Self::Reviewer => "Reviewer",
            Self::Removed => "Removed",
        }
    }

    /// As REST names it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Cc => "CC",
            Self::Reviewer => "REVIEWER",
            Self::Removed => "REMOVED",
        }
    }
}

/// One change of the attention set.
#[derive(Clone, Debug)]
pub(crate) struct Attention {
    pub(crate) account: u32,
    pub(crate) add: bool,
    pub(crate) reason: String,
}

/// One commit of a meta history. What is `None` or empty is not written.
#[derive(Clone, Debug, Default)]
pub(crate) struct MetaUpdate {
    /// The first line: `Create change`, `Create patch set N`, `Update patch set N`.
    pub(crate) summary: String,
    /// The change message that people read.
    pub(crate) message: Option<String>,
    pub(crate) patch_set: u32,
    pub(crate) current: bool,
    pub(crate) description: Option<String>,
    pub(crate) change_id: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) branch: Option<String>,
    pub(crate) status: Option<&'static str>,
    /// Empty takes the topic away.
    pub(crate) topic: Option<String>,
    pub(crate) commit: Option<Oid>,
    /// An empty value takes the key away.
    pub(crate) custom_values: BTreeMap<String, String>,
    pub(crate) hashtags: Option<Vec<String>>,
    pub(crate) tag: Option<String>,
    pub(crate) groups: Option<Oid>,
    pub(crate) reviewers: BTreeMap<u32, ReviewerState>,
    pub(crate) votes: Vec<VoteLine>,
    pub(crate) submission_id: Option<String>,
    pub(crate) submitted_with: Vec<String>,
    pub(crate) real_user: Option<u32>,
    pub(crate) private: Option<bool>,
    pub(crate) work_in_progress: Option<bool>,
    /// How the patch set was merged together: `Base`, `Ours`, …, in the order given.
    pub(crate) merge_facts: Vec<(&'static str, String)>,
    pub(crate) cherry_pick_of: Option<(u32, u32)>,
    pub(crate) revert_of: Option<u32>,
    pub(crate) attention: Vec<Attention>,
}

impl MetaUpdate {
    /// A commit about a patch set that is there.
    pub(crate) fn on(patch_set: u32) -> Self {
        Self { summary: format!("Update patch set {patch_set}"), patch_set, ..Self::default() }
    }

    /// Whether there is anything to write but the patch set's number.
    pub(crate) fn is_empty(&self) -> bool {
        let bare = Self::on(self.patch_set);
        self.message.is_none() && self.footers("") == bare.footers("")
    }

    pub(crate) fn render(&self, server_id: &str) -> String {
        let mut out = format!("{}\n\n", self.summary);
        if let Some(message) = &self.message {
            out.push_str(message);
            out.push_str("\n\n");
        }
        for (key, value) in self.footers(server_id) {
            out.push_str(&format!("{key}: {value}\n"));
        }
        out
    }

    fn footers(&self, server_id: &str) -> Vec<(&str, String)> {
        let person = |id: u32| account::render(id, server_id);
        let mut out: Vec<(&str, String)> = vec![("Patch-set", self.patch_set.to_string())];
        let mut put = |key: &'static str, value: Option<String>| out.extend(value.map(|value| (key, value)));
        put("Current", self.current.then(|| "true".to_owned()));
        put("Patch-set-description", self.description.clone());
        put("Change-id", self.change_id.clone());
        put("Subject", self.subject.clone());
        put("Branch", self.branch.clone());
        put("Status", self.status.map(str::to_owned));
        put("Topic", self.topic.clone());
        put("Commit", self.commit.map(|id| id.to_string()));
        for (key, value) in &self.custom_values {
            put("Custom-Keyed-Value", Some(format!("{key}={value}")));
        }
        put("Hashtags", self.hashtags.as_ref().map(|tags| tags.join(",")));
        put("Tag", self.tag.clone());
        put("Groups", self.groups.map(|id| id.to_string()));
        let mut reviewers: Vec<_> = self.reviewers.iter().collect();
        reviewers.sort_by_key(|(id, state)| (**state, **id));
        for (id, state) in reviewers {
            put(state.footer(), Some(person(*id)));
        }
        for vote in &self.votes {
            match vote {
                VoteLine::Cast { label, value, uuid, account } => {
                    let voter = account.map(|id| format!(" {}", person(id))).unwrap_or_default();
                    put("Label", Some(format!("{label}={}, {uuid}{voter}", signed(*value))));
                }
                VoteLine::Removed { label, account } => {
                    let voter = account.map(|id| format!(" {}", person(id))).unwrap_or_default();
                    put("Label", Some(format!("-{label}{voter}")));
                }
                VoteLine::Copied { label, value, uuid, account, real, tag } => {
                    let real = real.map(|id| format!(",{}", person(id))).unwrap_or_default();
                    let tag = tag.as_ref().map(|tag| format!(":\"{tag}\"")).unwrap_or_default();
                    let line = format!("{label}={}, {uuid} {}{real}{tag}", signed(*value), person(*account));
                    put("Copied-Label", Some(line));
                }
            }
        }
        put("Submission-id", self.submission_id.clone());
        for line in &self.submitted_with {
            put("Submitted-with", Some(line.clone()));
        }
        put("Real-user", self.real_user.map(person));
        put("Private", self.private.map(|on| on.to_string()));
        put("Work-in-progress", self.work_in_progress.map(|on| on.to_string()));
        for (key, value) in &self.merge_facts {
            put(key, Some(value.clone()));
        }
        put("Cherry-pick-of", self.cherry_pick_of.map(|(change, patch_set)| format!("{change},{patch_set}")));
        put("Revert-of", self.revert_of.map(|id| id.to_string()));
        for step in &self.attention {
            put("Attention", Some(attention_json(step, &person(step.account))));
        }
        out
    }
}

/// `+1`, `-1`, and `0` without a sign.
pub(crate) fn signed(value: i32) -> String {
    if value == 0 { "0".to_owned() } else { format!("{value:+}") }
}

/// Gson's compact form, with `<` and `>` escaped as Gson does by default.
fn attention_json(step: &Attention, person: &str) -> String {
    let quote = |text: &str| {
        let plain = serde_json::Value::from(text).to_string();
        let mut out = String::new();
        for c in plain.chars() {
            match c {
                '<' | '>' | '&' | '=' | '\'' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => out.push(c),
            }
        }
        out
    };
    let operation = if step.add { "ADD" } else { "REMOVE" };
    format!(
        "{{\"person_ident\":{},\"operation\":\"{operation}\",\"reason\":{}}}",
        quote(person),
        quote(&step.reason)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_laid_out_as_gerrit_does() {
        let mut update = MetaUpdate::on(2);
        update.message = Some("Patch Set 2: Code-Review+2\n\nfine".to_owned());
        update.tag = Some("autogenerated:x".to_owned());
        update.reviewers.insert(7, ReviewerState::Reviewer);
        update.reviewers.insert(9, ReviewerState::Cc);
        let cast =
            |value| VoteLine::Cast { label: "Code-Review".into(), value, uuid: "ab".into(), account: None };
        update.votes = vec![cast(2), cast(0)];
        update.real_user = Some(9);
        update.attention = vec![Attention { account: 7, add: false, reason: "removed on reply".into() }];
        let text = update.render("sid");
        assert_eq!(
            text,
            "Update patch set 2\n\nPatch Set 2: Code-Review+2\n\nfine\n\nPatch-set: 2\nTag: autogenerated:x\n\
             CC: Gerrit User 9 <9@sid>\nReviewer: Gerrit User 7 <7@sid>\nLabel: Code-Review=+2, ab\n\
             Label: Code-Review=0, ab\nReal-user: Gerrit User 9 <9@sid>\nAttention: {\"person_ident\":\
             \"Gerrit User 7 \\u003c7@sid\\u003e\",\"operation\":\"REMOVE\",\"reason\":\"removed on reply\"}\n"
        );
    }

    #[test]
    fn an_update_without_content_is_empty() {
        assert!(MetaUpdate::on(3).is_empty());
        let mut topic = MetaUpdate::on(3);
        topic.topic = Some(String::new());
        assert!(!topic.is_empty(), "taking a topic away is something");
    }
}
