//! Submitting.

use reqwest::Method;
use serde_json::json;

use super::changes::ChangeId;
use crate::http::Call;
use crate::info::ChangeInfo;
use crate::{Answer, Client, Result};

/// Submitting.
impl Client {
    /// Submits exactly this revision (a commit id), never a newer one.
    ///
    /// # Errors
    /// [`Error::Conflict`](crate::Error::Conflict): it is not the current revision, a requirement is unsatisfied, it
    /// is merged already, or the merge conflicts; [`Error::Forbidden`](crate::Error::Forbidden): `submit` is missing.
    pub async fn submit_revision(&self, id: &ChangeId, revision: &str) -> Result<Answer<ChangeInfo>> {
        let call = Call::new(Method::POST, &["changes", id.as_str(), "revisions", revision, "submit"])?
            .json(&json!({ "notify": "NONE" }))?;
        self.transport.json(call).await
    }

    /// Gives up an open change.
    ///
    /// # Errors
    /// [`Error::Conflict`](crate::Error::Conflict): it is merged or given up already.
    pub async fn abandon(&self, id: &ChangeId, message: &str) -> Result<Answer<ChangeInfo>> {
        let call = Call::new(Method::POST, &["changes", id.as_str(), "abandon"])?
            .json(&json!({ "message": message, "notify": "NONE" }))?;
        self.transport.json(call).await
    }
}
