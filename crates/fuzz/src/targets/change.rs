//! Judging one change of any review: a verdict, and never a yes without its reasons.

use ::evidence::{ChangeEvidence, ChangeInput, FindingCode, LabelRanges, ReviewRules, Status, judge};
use ::notedb::Recorder;

use crate::targets::chain::{Chain, NUMBER, pieces};

pub(super) fn run(data: &[u8]) {
    let chain = Chain::new(data);
    let Some(evidence) = judged(&chain) else { return };
    holds(&evidence);
    // What is not known says nothing.
    let more = Chain::new(&with_unknown_footers(data));
    if let Some(more) = judged(&more) {
        assert!(evidence.reviewed || !more.reviewed, "an unknown footer made it reviewed");
    }
}

fn judged(chain: &Chain) -> Option<ChangeEvidence> {
    let (labels, rules) = (LabelRanges::default(), ReviewRules::default());
    let refs = &chain.world;
    let input =
        ChangeInput { number: NUMBER, meta: chain.tip, refs, labels: &labels, rules: &rules, live: None };
    let recorder = Recorder::new(&chain.world);
    let evidence = judge(&recorder, &input).ok()?;
    let again = judge(&recorder.into_recorded(), &input).ok();
    assert_eq!(again.as_ref(), Some(&evidence), "what was read is enough to judge again");
    Some(evidence)
}

fn holds(evidence: &ChangeEvidence) {
    let json = serde_json::to_string(evidence).unwrap_or_default();
    let again = serde_json::from_str::<ChangeEvidence>(&json).map(|again| serde_json::to_string(&again).ok());
    assert_eq!(again.ok().flatten(), Some(json), "its JSON goes there and back");
    let codes: Vec<FindingCode> = evidence.findings.iter().map(|finding| finding.code).collect();
    assert!(
        codes.is_sorted() && codes.iter().collect::<std::collections::BTreeSet<_>>().len() == codes.len()
    );
    let has = |code: FindingCode| codes.contains(&code);
    if has(FindingCode::Malformed) {
        assert!(
            codes.len() == 1 && evidence.status.is_none() && evidence.votes.is_empty(),
            "nothing else is said"
        );
    } else {
        assert_eq!(
            has(FindingCode::NotMerged),
            evidence.status != Some(Status::Merged),
            "merged, or it says so"
        );
    }
    for vote in &evidence.votes {
        assert!(vote.value != 0 && vote.counts == vote.why.is_none(), "a vote counts or says why not");
    }
    let contributors = evidence.contributors();
    let independent = evidence.votes.iter().any(|vote| {
        vote.counts
            && vote.label == "Code-Review"
            && vote.value >= 2
            && Some(vote.patch_set) == evidence.patch_set
            && !contributors.contains(&vote.account)
            && vote.real.is_none()
    });
    if evidence.reviewed {
        assert!(evidence.status == Some(Status::Merged), "reviewed means merged");
        assert!(!codes.iter().any(|code| code.is_refusing()), "reviewed means that nothing refuses");
        assert!(independent, "reviewed rests on an independent vote on the merged patch set");
    }
}

/// The same with a footer more in each commit, which nobody knows.
fn with_unknown_footers(data: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    for (at, piece) in pieces(data).into_iter().enumerate() {
        if at > 0 {
            all.extend(b"%%\n");
        }
        all.extend(piece);
        if !piece.starts_with(b"{") {
            if !piece.ends_with(b"\n") {
                all.push(b'\n');
            }
            all.extend(b"Zz-Nobody-Knows: Code-Review=+2\n");
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_judged_as_their_names_say() {
        for (name, seed) in crate::seeds::Corpus::of("evidence-change").unwrap().seeds {
            let evidence = judged(&Chain::new(&seed)).unwrap();
            let yes = ["reviewed", "copied", "rebased", "results", "abandoned", "odd-lines", "deleted"];
            assert_eq!(evidence.reviewed, yes.contains(&name.as_str()), "{name}: {:?}", evidence.findings);
            assert!(evidence.finding(FindingCode::Malformed).is_none(), "{name}: {:?}", evidence.findings);
        }
    }
}
