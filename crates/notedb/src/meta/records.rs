//! The lines `Submitted-with:`, which are the submit records of the moment of the submit.

use crate::Account;

/// What a rule said of the whole change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordStatus {
    /// May be submitted.
    Ok,
    /// Was closed already.
    Closed,
    /// Was submitted without asking the rules.
    Forced,
    /// May not be submitted.
    NotReady,
    /// The rule failed.
    RuleError,
}

/// What a rule said of one label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelStatus {
    /// Satisfied.
    Ok,
    /// Forbids the submit.
    Reject,
    /// Is missing.
    Need,
    /// Is not needed.
    May,
    /// Can't be given by anybody.
    Impossible,
}

/// One label of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordLabel {
    /// What the rule said.
    pub status: LabelStatus,
    /// The label.
    pub label: String,
    /// Whose vote decided, if named.
    pub voter: Option<Account>,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubmitRecord {
    /// What the rule said.
    pub status: RecordStatus,
    /// The rule's name, if written.
    pub rule: Option<String>,
    /// The labels that it looked at.
    pub labels: Vec<RecordLabel>,
}

/// Takes one `Submitted-with` value into the records.
pub(super) fn add_line(records: &mut Vec<SubmitRecord>, line: &str) -> Result<(), &'static str> {
    let word = line.split([' ', ':']).next().unwrap_or_default();
    // A record is a bare word, or a word and a message after a blank; labels have a colon after the word.
    if let (Some(status), false) =
        (record_status(word), line.get(word.len()..).is_some_and(|rest| rest.starts_with(':')))
    {
        records.push(SubmitRecord { status, rule: None, labels: Vec::new() });
        return Ok(());
    }
    let record = records.last_mut().ok_or("a submit record begins with something else than its status")?;
    if let Some(rule) = line.strip_prefix("Rule-Name: ") {
        record.rule = Some(rule.to_owned());
        return Ok(());
    }
    let (status, rest) = line.split_once(": ").ok_or("a submit record has a status that is not known")?;
    let status = label_status(status).ok_or("a submit record has a label status that is not known")?;
    let (label, voter) = match rest.split_once(": ") {
        Some((label, ident)) => (
            label,
            Some(Account::from_ident(ident).ok_or("a submit record names a voter that is no account")?),
        ),
        None => (rest, None),
    };
    record.labels.push(RecordLabel { status, label: label.to_owned(), voter });
    Ok(())
}

fn record_status(word: &str) -> Option<RecordStatus> {
    Some(match word {
        "OK" => RecordStatus::Ok,
        "CLOSED" => RecordStatus::Closed,
        "FORCED" => RecordStatus::Forced,
        "NOT_READY" => RecordStatus::NotReady,
        "RULE_ERROR" => RecordStatus::RuleError,
        _ => return None,
    })
}

fn label_status(word: &str) -> Option<LabelStatus> {
    Some(match word {
        "OK" => LabelStatus::Ok,
        "REJECT" => LabelStatus::Reject,
        "NEED" => LabelStatus::Need,
        "MAY" => LabelStatus::May,
        "IMPOSSIBLE" => LabelStatus::Impossible,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(lines: &[&str]) -> Result<Vec<SubmitRecord>, &'static str> {
        let mut records = Vec::new();
        lines.iter().try_for_each(|line| add_line(&mut records, line))?;
        Ok(records)
    }

    #[test]
    fn records_of_both_generations() {
        let records = records(&[
            "OK",
            "Rule-Name: gerrit~DefaultSubmitRule",
            "MAY: Verified",
            "OK: Code-Review: Real Name <7@srv>",
            "FORCED",
            "RULE_ERROR it broke: badly",
        ])
        .unwrap();
        assert_eq!(records.len(), 3);
        assert_eq!(records[0].rule.as_deref(), Some("gerrit~DefaultSubmitRule"));
        assert_eq!(records[0].labels[0].status, LabelStatus::May);
        assert_eq!(records[0].labels[1].voter.as_ref().unwrap().number, 7);
        assert_eq!(records[2].status, RecordStatus::RuleError);
    }

    #[test]
    fn what_is_no_record_is_refused() {
        for bad in [&["MAY: Verified"][..], &["SUPER"], &["OK", "LATER: Verified"], &["OK", "OK: X: nobody"]]
        {
            assert!(records(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn every_word_of_a_record_is_known() {
        let records = records(&[
            "CLOSED",
            "OK: A",
            "REJECT: B",
            "NEED: C",
            "MAY: D",
            "IMPOSSIBLE: E",
            "REJECT: F: Name: Odd <7@srv>",
            "NOT_READY",
        ])
        .unwrap();
        use LabelStatus as S;
        assert_eq!((records[0].status, records[1].status), (RecordStatus::Closed, RecordStatus::NotReady));
        let statuses: Vec<_> = records[0].labels.iter().map(|label| label.status).collect();
        assert_eq!(statuses, [S::Ok, S::Reject, S::Need, S::May, S::Impossible, S::Reject]);
        assert_eq!(records[0].labels[5].label, "F", "a name may hold a colon");
    }
}
