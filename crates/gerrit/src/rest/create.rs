//! Making changes.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Serialize;
use serde_json::json;

use super::changes::ChangeId;
use crate::http::Call;
use crate::info::ChangeInfo;
use crate::{Answer, Client, Result};

/// Who wrote a commit.
#[derive(Debug, Clone, Serialize)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

/// A change to be made in one call, with its content.
///
/// With a `Change-Id` of our own in `message` a repeat is refused (409), but only as long as Gerrit's index knows the
/// first one. Text in `patch` that is no patch gives **an empty change**: read it back before it is voted on.
#[derive(Debug, Clone)]
pub struct NewChange {
    /// The project.
    pub project: String,
    /// The branch, without `refs/heads/`.
    pub branch: String,
    /// The whole commit message, with its `Change-Id` line if it is to have one of ours.
    pub message: String,
    /// The author, if not we ourselves (needs `forgeAuthor`).
    pub author: Option<Person>,
    /// A patch in git's format; `None` gives an empty change.
    pub patch: Option<String>,
    /// The commit to start from; `None`: the tip of the branch.
    pub base_commit: Option<String>,
    /// The topic.
    pub topic: Option<String>,
    /// Custom keyed values.
    pub custom_keyed_values: BTreeMap<String, String>,
}

/// Making changes.
impl Client {
    /// Makes a change. Nobody is notified.
    ///
    /// # Errors
    /// [`Error::Conflict`](crate::Error::Conflict): a change with this `Change-Id` is there already;
    /// [`Error::Rejected`](crate::Error::Rejected): unknown branch or project, or a malformed hunk;
    /// [`Error::Forbidden`](crate::Error::Forbidden): `forgeAuthor` or the right to make changes is missing.
    pub async fn create_change(&self, new: &NewChange) -> Result<Answer<ChangeInfo>> {
        let mut body = json!({
            "project": new.project, "branch": new.branch, "subject": new.message, "notify": "NONE",
        });
        if let Some(map) = body.as_object_mut() {
            if let Some(author) = &new.author {
                map.insert("author".into(), json!(author));
            }
            if let Some(patch) = &new.patch {
                map.insert("patch".into(), json!({ "patch": patch }));
            }
            if let Some(base) = &new.base_commit {
                map.insert("base_commit".into(), json!(base));
            }
            if let Some(topic) = &new.topic {
                map.insert("topic".into(), json!(topic));
            }
            if !new.custom_keyed_values.is_empty() {
                map.insert("custom_keyed_values".into(), json!(new.custom_keyed_values));
            }
        }
        self.transport.json(Call::new(Method::POST, &["changes", ""])?.json(&body)?).await
    }

    /// Makes a change that reverts a merged one. Not idempotent: look first with the query `revertof:NUMBER`.
    ///
    /// # Errors
    /// [`Error::Conflict`](crate::Error::Conflict): it is not merged;
    /// [`Error::Forbidden`](crate::Error::Forbidden): `revert` is missing.
    pub async fn revert(
        &self,
        id: &ChangeId,
        message: &str,
        topic: Option<&str>,
    ) -> Result<Answer<ChangeInfo>> {
        let mut body = json!({ "message": message, "notify": "NONE" });
        if let (Some(map), Some(topic)) = (body.as_object_mut(), topic) {
            map.insert("topic".into(), json!(topic));
        }
        self.transport.json(Call::new(Method::POST, &["changes", id.as_str(), "revert"])?.json(&body)?).await
    }
}
