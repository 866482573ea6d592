//! Looks at what a hint names: is it merged, and which submission is it part of?

use std::collections::BTreeSet;

use gerrit::{ChangeId, git::Want, info::ChangeStatus};
use model::{ChangeNumber, Project, RefName, Revision, Submission, Timestamp};

use crate::{
    EngineError,
    gerrits::{GerritServer, Synced, change_refs},
    place::{Members, came_alone, changed_paths, place},
    read::{Known, Read, Reader},
};

/// What was found.
pub(crate) enum Look {
    /// The change is not merged; its meta history stands here now.
    Open(Option<Revision>),
    /// It is merged, to a branch that nobody watches; its meta history stands here now.
    Elsewhere(Option<Revision>),
    /// It is merged.
    Merged(Box<Found>),
}

/// A submission, with what was read on the way.
pub(crate) struct Found {
    /// The submission.
    pub submission: Submission,
    /// The subject line of its last change.
    pub subject: String,
    /// The paths that it changed; none: too many, or not known.
    pub paths: Option<BTreeSet<String>>,
    /// Its changes, as read.
    pub known: Known,
    /// The project, as synchronised.
    pub synced: Synced,
}

/// Looks at a change.
///
/// # Errors
/// [`EngineError`]: it can't be said now.
pub(crate) async fn look(
    reader: &Reader<'_>,
    project: &Project,
    number: ChangeNumber,
    watched: &[RefName],
) -> Result<Look, EngineError> {
    let server = reader.server;
    let id = ChangeId::new(project.as_str(), number);
    let own_refs = change_refs(number);
    let mut wants: Vec<Want<'_>> = watched.iter().map(|b| Want::Ref(b.as_str())).collect();
    wants.extend([Want::Prefix(&own_refs), Want::Ref("refs/meta/config")]);
    let (read, mut synced) = tokio::try_join!(reader.change(&id), server.sync(project, &wants))?;
    tracing::debug!(change = number, status = ?read.info.status, "read");
    if read.info.number != number || read.info.project != project.as_str() {
        return Err(EngineError::Outside(format!(
            "asked about change {number} of {project}, Gerrit answered about another"
        )));
    }
    if read.info.status != ChangeStatus::Merged {
        return Ok(Look::Open(synced.tip(&notedb::meta_ref(number))));
    }
    // A name that is no branch of ours is a branch that nobody watches.
    let Some(branch) = watched.iter().find(|b| b.as_str() == read.info.branch_ref()).cloned() else {
        return Ok(Look::Elsewhere(synced.tip(&notedb::meta_ref(number))));
    };
    let mut known = Known::new();
    let gerrit_id = read.info.submission_id.clone().unwrap_or_else(|| number.to_string());
    let submitted_at = read.info.submitted.unwrap_or(read.info.updated);
    let first_seen = read.at;
    known.insert(number, read);
    let alone = gerrit_id == number.to_string()
        && came_alone(&synced, branch.as_str(), number, members(&known, &synced)).await?;
    if !alone {
        for other in others(reader, project, &branch, number).await? {
            // The same press of Submit, whatever the index thinks belongs together.
            if other.info.status == ChangeStatus::Merged
                && other.info.submission_id.as_deref() == Some(&gerrit_id)
            {
                known.insert(other.info.number, other);
            }
        }
    }
    let mut found = place(&synced, branch.as_str(), members(&known, &synced)).await?;
    if known.len() > 1 || found.tip.is_none() {
        // The refs of the others; and a branch that was listed before the merge that REST tells of.
        let prefixes: Vec<String> = known.keys().map(|n| change_refs(*n)).collect();
        let mut wants: Vec<Want<'_>> = prefixes.iter().map(|p| Want::Prefix(p)).collect();
        wants.extend([Want::Ref(branch.as_str()), Want::Ref("refs/meta/config")]);
        synced = server.sync(project, &wants).await?;
        found = place(&synced, branch.as_str(), members(&known, &synced)).await?;
    }
    let tip = found.tip.or_else(|| newest(&known)).ok_or_else(|| {
        EngineError::Outside(format!("change {number} of {project} is merged, and has no revision"))
    })?;
    let paths = match found.before {
        Some(before) => changed_paths(&synced, before, tip).await?,
        None => None,
    };
    let mut changes: Vec<u64> = known.keys().copied().collect();
    changes.sort_unstable();
    let subject =
        changes.last().and_then(|n| known.get(n)).map(|r| r.info.subject.clone()).unwrap_or_default();
    let submission = Submission {
        id: Submission::id_of(&server.name, project, &branch, &tip),
        server: server.name.clone(),
        project: project.clone(),
        branch,
        tip,
        gerrit_id: safe_line(&gerrit_id),
        changes,
        submitted_at: Timestamp::from_millis(submitted_at.timestamp().as_millisecond()),
        seen_at: first_seen,
    };
    Ok(Look::Merged(Box::new(Found { submission, subject: safe_line(&subject), paths, known, synced })))
}

/// The merged changes of the same branch that Gerrit's index says were submitted with this one.
async fn others(
    reader: &Reader<'_>,
    project: &Project,
    branch: &RefName,
    number: ChangeNumber,
) -> Result<Vec<Read>, EngineError> {
    let server = reader.server;
    let id = ChangeId::new(project.as_str(), number);
    let together = server.reader.submitted_together(&id).await.map_err(|why| server.error(why))?;
    let others =
        together.value.changes.into_iter().filter(|c| {
            c.number != number && c.project == project.as_str() && c.branch_ref() == branch.as_str()
        });
    let reads =
        others.map(|c| async move { reader.change(&ChangeId::new(project.as_str(), c.number)).await });
    futures_util::future::try_join_all(reads.collect::<Vec<_>>()).await
}

/// One line that shows as it is.
pub(crate) fn safe_line(text: &str) -> String {
    text.chars().filter(|c| !model::is_hidden(*c)).take(200).collect()
}

fn members(known: &Known, synced: &Synced) -> Members {
    let mut members = Members::new();
    for (number, read) in known {
        let told = read.info.revisions.keys().filter_map(|sha| sha.parse().ok());
        let ours = synced.patch_sets.iter().filter(|(_, of)| of.contains(number)).map(|(id, _)| *id);
        members.push((*number, told.chain(ours).collect()));
    }
    members
}

fn newest(known: &Known) -> Option<Revision> {
    let number = known.keys().max()?;
    known.get(number)?.info.current_revision.as_deref()?.parse().ok()
}

/// The server's name with its pinned id, for the ledger.
#[must_use]
pub(crate) fn pinned(server: &GerritServer) -> String {
    format!("{}={}", server.name, server.server_id)
}
