//! Nothing is left out: each entry says which version of which record it made, and versions have no gaps.
//!
//! Without this, who hands over a bundle could leave out what speaks against it: a wait, an attempt that died, a turn.

use crate::{
    ProofError,
    error::same,
    log::{Entry, Log},
};

/// Every kind of entry that a bundle may hold, with the kind of record that it changes.
const KINDS: &[(&str, &str)] = &[
    ("configuration.accepted", "configuration"),
    ("configuration.refused", "configuration"),
    ("consent.given", "consents"),
    ("consent.refused", "consents"),
    ("genesis.accepted", "configuration"),
    ("grant.issued", "grant"),
    ("grant.spent", "spent-grant"),
    ("lane.moved", "lane"),
    ("link.made", "link"),
    ("outcome.open", "outcome"),
    ("outcome.ran", "outcome"),
    ("outcome.running", "outcome"),
    ("outcome.waiting", "outcome"),
    ("passkey.confirmed", "passkey"),
    ("passkey.enrolled", "passkey"),
    ("passkey.revoked", "passkey"),
    ("request.made", "request"),
    ("request.merged", "request"),
    ("request.opened", "request"),
    ("request.submitting", "request"),
    ("run.finished", "run"),
    ("run.turned", "run"),
    ("session.groups", "session"),
    ("session.opened", "session"),
    ("step.finished", "run"),
    ("step.started", "run"),
    ("submission.seen", "submission"),
];

/// Records whose whole history is in a bundle, from version 1; that of the configuration up to the one that decided.
const WHOLE: &[&str] =
    &["configuration", "consents", "grant", "outcome", "request", "run", "spent-grant", "submission"];

/// Checks every entry's kind and record: each kind of record is one record, each history is without a gap.
pub(crate) fn check(log: &Log) -> Result<(), ProofError> {
    for entry in &log.entries {
        let known = KINDS.iter().find(|(kind, _)| *kind == entry.kind());
        let (_, record) =
            known.ok_or_else(|| ProofError::Stray(format!("entry {} ({})", entry.index, entry.kind())))?;
        same(&format!("the record of entry {}", entry.index), entry.state()?.kind.as_str(), *record)?;
    }
    for kind in WHOLE {
        history(log, kind)?;
    }
    for entry in of(log, "configuration") {
        same("the record of the configuration", entry.state()?.key.as_str(), "operations")?;
    }
    Ok(())
}

fn of<'a>(log: &'a Log, record: &str) -> impl Iterator<Item = &'a Entry> {
    log.entries.iter().filter(move |e| e.leaf.state().is_some_and(|state| state.kind == record))
}

/// All versions of one record, from 1.
fn history(log: &Log, kind: &str) -> Result<(), ProofError> {
    let mut key = None;
    for (version, entry) in (1_u64..).zip(of(log, kind)) {
        let state = entry.state()?;
        same(
            &format!("the {kind} of entry {}", entry.index),
            state.key.as_str(),
            *key.get_or_insert(&state.key),
        )?;
        if state.version != version {
            return Err(gap(entry, version, state.version));
        }
    }
    Ok(())
}

/// That one entry made the version right after another's, of the same record.
pub(crate) fn next_to(before: &Entry, after: &Entry) -> Result<(), ProofError> {
    let (a, b) = (before.state()?, after.state()?);
    same(&format!("the {} of entry {}", b.kind, after.index), b.key.as_str(), a.key.as_str())?;
    if Some(b.version) == a.version.checked_add(1) {
        Ok(())
    } else {
        Err(gap(after, a.version + 1, b.version))
    }
}

fn gap(entry: &Entry, expected: u64, found: u64) -> ProofError {
    ProofError::Ledger(format!(
        "entry {} ({}) makes version {found} of its record, and version {expected} is next: something is left out",
        entry.index,
        entry.kind()
    ))
}
