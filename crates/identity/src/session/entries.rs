//! What the ledger says of sessions: ids and codes; whose it is lies beside, sealed.

use ledger::Draft;
use serde::Serialize;

use super::record::{EndReason, SessionRecord, SessionState};
use crate::Groups;

/// What roles rest on: sealed beside the entry, so that a decision can be made again with what was said then.
#[derive(Serialize)]
struct Said<'a> {
    key: Option<&'a model::PersonKey>,
    groups: &'a Groups,
}

fn said(draft: Draft, record: &SessionRecord) -> Result<Draft, serde_json::Error> {
    let draft = draft.seal_text("identity", model::to_canonical(&record.identity)?);
    let SessionState::Open { key, groups, .. } = &record.state else { return Ok(draft) };
    Ok(draft.seal_text("groups", model::to_canonical(&Said { key: key.as_ref(), groups })?))
}

pub(super) fn opened(record: &SessionRecord) -> Result<Draft, serde_json::Error> {
    let draft = Draft::new("session.opened").fact("session", record.id.to_string());
    said(draft.fact("via", record.via.name()), record)
}

pub(super) fn changed(record: &SessionRecord) -> Result<Draft, serde_json::Error> {
    said(Draft::new("session.groups").fact("session", record.id.to_string()), record)
}

pub(super) fn ended(record: &SessionRecord, why: EndReason) -> Draft {
    Draft::new("session.ended").fact("session", record.id.to_string()).fact("why", why.name())
}
