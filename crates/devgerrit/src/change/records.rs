//! Submit records: the older form of "may this be submitted", which says `MAY` for every label here.

use crate::config::Label;
use crate::notedb::account;

use super::Change;

/// The rule that wrote the record.
pub(crate) const RULE: &str = "gerrit~DefaultSubmitRule";

/// Who is named beside a label: any voter with a value that is not zero.
pub(crate) fn applied_by(change: &Change, label: &str) -> Option<u32> {
    let votes = change.votes_on(change.current);
    votes
        .filter(|(has, _, vote)| *has == label && vote.value != 0)
        .max_by_key(|(_, _, v)| v.value)
        .map(|(_, id, _)| id)
}

/// The lines of `Submitted-with`.
pub(crate) fn submitted_with(
    change: &Change,
    labels: &[Label],
    forced: bool,
    server_id: &str,
) -> Vec<String> {
    let mut lines = vec!["OK".to_owned(), format!("Rule-Name: {RULE}")];
    for label in labels {
        let by = applied_by(change, &label.name).map(|id| format!(": {}", account::render(id, server_id)));
        lines.push(format!("MAY: {}{}", label.name, by.unwrap_or_default()));
    }
    if forced {
        lines.push("FORCED".to_owned());
    }
    lines
}
