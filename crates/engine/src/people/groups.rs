//! Reads the groups on Gerrit that fill roles.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use gate::{Answers, GerritGroupsRead, GroupsRead, Rulebook};
use model::{Clock, Digest, Reason, ServerName, Timestamp};
use operations::GerritGroup;

use crate::{EngineError, engine::Engine, gerrits::GerritServer};

/// Requests under way at once.
const AT_ONCE: usize = 8;

/// Groups as they were read.
#[derive(Clone, Default)]
pub(crate) struct GroupsFound {
    /// What was read.
    pub(crate) read: GroupsRead,
    /// The answers that it names.
    pub(crate) answers: Answers,
    /// When the first of them was asked for.
    pub(crate) at: Option<Timestamp>,
}

impl Engine {
    /// Reads some groups, and all that they include.
    ///
    /// # Errors
    /// [`EngineError`]: Gerrit can't be asked now.
    pub(crate) async fn read_groups(
        &self,
        wanted: BTreeSet<GerritGroup>,
    ) -> Result<GroupsFound, EngineError> {
        read_groups(&self.servers, &*self.clock, wanted).await
    }
}

/// What speaks against the groups that fill the roles of a rulebook.
///
/// # Errors
/// [`EngineError`]: Gerrit can't be asked now.
pub(crate) async fn group_troubles(
    servers: &Servers,
    clock: &dyn Clock,
    rulebook: &Rulebook,
) -> Result<Vec<Reason>, EngineError> {
    let found = read_groups(servers, clock, rulebook.groups()).await?;
    Ok(rulebook.group_troubles(&gate::examine_groups(&found.read, &found.answers)?))
}

type Servers = BTreeMap<ServerName, Arc<GerritServer>>;

async fn read_groups(
    servers: &Servers,
    clock: &dyn Clock,
    wanted: BTreeSet<GerritGroup>,
) -> Result<GroupsFound, EngineError> {
    let mut found = GroupsFound::default();
    if wanted.is_empty() {
        return Ok(found);
    }
    found.at = Some(clock.now());
    for GerritGroup { server, uuid } in wanted {
        found.read.0.entry(server).or_default().fill.insert(uuid);
    }
    for (name, read) in &mut found.read.0 {
        match servers.get(name) {
            Some(server) => read_of(server, read, &mut found.answers).await?,
            // Of a server that exq.yaml doesn't name no group can be seen.
            None => read.groups.extend(read.fill.iter().map(|uuid| (uuid.clone(), None))),
        }
    }
    Ok(found)
}

async fn read_of(
    server: &Arc<GerritServer>,
    read: &mut GerritGroupsRead,
    answers: &mut Answers,
) -> Result<(), EngineError> {
    for account in [&server.reader, &server.writer] {
        let owned = account.owned_groups().await.map_err(|why| server.error(why))?;
        read.owned.insert(keep(answers, owned.raw.to_vec()));
    }
    loop {
        let unread = read.unread(answers)?;
        if unread.is_empty() {
            return Ok(());
        }
        let details: Vec<(String, Option<Vec<u8>>)> = stream::iter(unread)
            .map(|uuid| async move {
                match server.reader.group_detail(&uuid).await {
                    Ok(detail) => Ok((uuid, Some(detail.raw.to_vec()))),
                    Err(why) if why.is_not_found() => Ok((uuid, None)),
                    Err(why) => Err(server.error(why)),
                }
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        for (uuid, raw) in details {
            let digest = raw.map(|raw| keep(answers, raw));
            read.groups.insert(uuid, digest);
        }
    }
}

fn keep(answers: &mut Answers, raw: Vec<u8>) -> Digest {
    let digest = Digest::of(&raw);
    answers.insert(digest, raw);
    digest
}
