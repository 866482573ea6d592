//! Groups (`rest-api-groups.html`).

use std::collections::BTreeMap;

use crate::http::Call;
use crate::info::{AccountInfo, GroupAudit, GroupInfo};
use crate::{Answer, Client, Result};

/// Groups, by UUID. A group that is not visible to us is answered like one that does not exist.
impl Client {
    /// A group.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound): also where we can't see it.
    pub async fn group(&self, uuid: &str) -> Result<Answer<GroupInfo>> {
        self.transport.json(Call::get(&["groups", uuid])?).await
    }

    /// A group with its direct members and the groups that it includes directly, as far as we can see those.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound): also where we can't see it.
    pub async fn group_detail(&self, uuid: &str) -> Result<Answer<GroupInfo>> {
        self.transport.json(Call::get(&["groups", uuid, "detail"])?).await
    }

    /// The groups that we own, by name: whose members we could change. An administrator owns all.
    ///
    /// # Errors
    /// As every call: see [`Error`](crate::Error).
    pub async fn owned_groups(&self) -> Result<Answer<BTreeMap<String, GroupInfo>>> {
        self.transport.json(Call::get(&["groups", ""])?.flag("owned")).await
    }

    /// The people in it, also through included groups if `recursive`.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound): also where we can't see it.
    pub async fn group_members(&self, uuid: &str, recursive: bool) -> Result<Answer<Vec<AccountInfo>>> {
        let call = Call::get(&["groups", uuid, "members", ""])?;
        self.transport.json(if recursive { call.flag("recursive") } else { call }).await
    }

    /// Who was added and removed, by whom and when. Only for owners of the group.
    ///
    /// # Errors
    /// [`Error::Forbidden`](crate::Error::Forbidden) or [`Error::NotFound`](crate::Error::NotFound).
    pub async fn group_audit(&self, uuid: &str) -> Result<Answer<Vec<GroupAudit>>> {
        self.transport.json(Call::get(&["groups", uuid, "log.audit"])?).await
    }
}
