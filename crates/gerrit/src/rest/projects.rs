//! Projects (`rest-api-projects.html`).

use std::collections::BTreeMap;

use crate::http::Call;
use crate::info::{BranchInfo, LabelDefinition, ProjectAccess, ProjectInfo};
use crate::{Answer, Client, Result};

/// Projects.
impl Client {
    /// One branch; `branch` without `refs/heads/`, or a whole ref.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound).
    pub async fn branch(&self, project: &str, branch: &str) -> Result<Answer<BranchInfo>> {
        self.transport.json(Call::get(&["projects", project, "branches", branch])?).await
    }

    /// All branches that we can see, `HEAD` and `refs/meta/config` among them.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound).
    pub async fn branches(&self, project: &str) -> Result<Answer<Vec<BranchInfo>>> {
        self.transport.json(Call::get(&["projects", project, "branches", ""])?).await
    }

    /// The labels that hold in a project, also inherited ones. Needs read on `refs/meta/config`.
    ///
    /// # Errors
    /// [`Error::Forbidden`](crate::Error::Forbidden), [`Error::NotFound`](crate::Error::NotFound).
    pub async fn labels(&self, project: &str) -> Result<Answer<Vec<LabelDefinition>>> {
        self.transport.json(Call::get(&["projects", project, "labels", ""])?.flag("inherited")).await
    }

    /// A project's own rights, and its parent. Look at `config_visible` before believing that there are none.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound).
    pub async fn access(&self, project: &str) -> Result<Answer<ProjectAccess>> {
        self.transport.json(Call::get(&["projects", project, "access"])?).await
    }

    /// The projects that we can see, by name.
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn projects(&self) -> Result<Answer<BTreeMap<String, ProjectInfo>>> {
        self.transport.json(Call::get(&["projects", ""])?.flag("d")).await
    }
}
