//! The content of files.

use base64::Engine as _;
use bytes::Bytes;

use super::changes::ChangeId;
use crate::http::Call;
use crate::{Answer, Client, Error, Result};

/// Files.
impl Client {
    /// The bytes of a file at a revision of a change (a commit id, or `current`).
    ///
    /// # Errors
    /// [`Error::NotFound`]: no such file there.
    pub async fn file_content(&self, id: &ChangeId, revision: &str, path: &str) -> Result<Answer<Bytes>> {
        self.content(&["changes", id.as_str(), "revisions", revision, "files", path, "content"]).await
    }

    /// The bytes of a file at the tip of a branch.
    ///
    /// # Errors
    /// [`Error::NotFound`]: no such file, branch or project.
    pub async fn branch_file(&self, project: &str, branch: &str, path: &str) -> Result<Answer<Bytes>> {
        self.content(&["projects", project, "branches", branch, "files", path, "content"]).await
    }

    async fn content(&self, segments: &[&str]) -> Result<Answer<Bytes>> {
        let read = self.transport.send(Call::get(segments)?).await?;
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(read.body.trim_ascii())
            .map_err(|_| Error::Shape { what: read.what, why: "a file's content is not base64".into() })?;
        Ok(Answer { value: Bytes::from(bytes), raw: read.body, date: read.date, trace: read.trace })
    }
}
