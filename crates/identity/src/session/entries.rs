//! What the ledger says of sessions: ids and codes; whose it is lies beside, sealed.

use ledger::Draft;

use super::record::{EndReason, SessionRecord};

pub(super) fn opened(record: &SessionRecord) -> Result<Draft, serde_json::Error> {
    Ok(Draft::new("session.opened")
        .fact("session", record.id.to_string())
        .fact("via", record.via.name())
        .seal_text("identity", model::to_canonical(&record.identity)?))
}

pub(super) fn changed(record: &SessionRecord) -> Draft {
    Draft::new("session.groups").fact("session", record.id.to_string())
}

pub(super) fn ended(record: &SessionRecord, why: EndReason) -> Draft {
    Draft::new("session.ended").fact("session", record.id.to_string()).fact("why", why.name())
}
