//! What a history tells beside the verdict: who, which patch set, which server, in which order.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, which lie outside of test functions"
)]

mod common;

use common::*;
use evidence::{ChangeEvidence, FindingCode};
use notedb::testing::{SERVER, World, ident, server_ident};
use notedb::{ObjectId, meta_ref};

/// A review of these commits: author, committer, message. `$1` to `$3` are commits of the branch.
fn told(commits: &[(&str, &str, &str)]) -> ChangeEvidence {
    let mut world = World::default();
    let mut code: Vec<ObjectId> = Vec::new();
    for content in ["base", "one", "two", "three"] {
        let parents: Vec<ObjectId> = code.last().copied().into_iter().collect();
        code.push(common::code(&mut world, &parents, content));
    }
    world.set("refs/heads/main", code[3]);
    let tree = world.tree(&[]);
    let mut tip = None;
    for (author, committer, message) in commits {
        let message = (1..4)
            .fold((*message).to_owned(), |text, n| text.replace(&format!("${n}"), &code[n].to_string()));
        let parents: Vec<ObjectId> = tip.into_iter().collect();
        tip = Some(world.commit(tree, &parents, author, committer, &message));
    }
    world.set(&meta_ref(NUMBER), tip.unwrap());
    judged(&world)
}

const OPENED: &str = "Create\n\nPatch-set: 1\nChange-id: I1\nBranch: main\nStatus: new\nCommit: $1\n";
const MERGED: &str = "Submit\n\nChange has been successfully merged\n\nPatch-set: 1\nStatus: merged\nLabel: SUBM=+1\n\
                      Submission-id: 1\nSubmitted-with: OK\n";
const APPROVED: &str = "Vote\n\nPatch-set: 1\nLabel: Code-Review=+2\n";

/// All by the server `s`, as committers write them.
fn by(commits: &[(u64, &str)]) -> ChangeEvidence {
    let authors: Vec<String> = commits.iter().map(|(who, _)| ident(*who)).collect();
    let server = server_ident();
    let all = authors
        .iter()
        .zip(commits)
        .map(|(author, (_, message))| (author.as_str(), server.as_str(), *message));
    told(&all.collect::<Vec<_>>())
}

fn reason(evidence: &ChangeEvidence, code: FindingCode) -> &str {
    &evidence.finding(code).unwrap().reason
}

#[test]
fn what_the_server_itself_wrote_first_makes_nobody_the_owner() {
    let (server, olivia, rex, simon) = (server_ident(), ident(OLIVIA), ident(REX), ident(SIMON));
    let evidence = told(&[
        (&server, &server, "Import\n\nPatch-set: 1\n"),
        (&olivia, &server, OPENED),
        (&rex, &server, APPROVED),
        (&simon, &server, MERGED),
    ]);
    assert_eq!((evidence.people.owner, evidence.change.server.as_deref()), (Some(OLIVIA), Some(SERVER)));
    assert!(evidence.reviewed, "{:?}", evidence.findings);
}

#[test]
fn a_servers_id_may_hold_an_at_sign() {
    let who = |n: u64| format!("U <{n}@odd@id>");
    let (olivia, rex, simon, server) = (who(OLIVIA), who(REX), who(SIMON), server_ident());
    let evidence = told(&[(&olivia, &server, OPENED), (&rex, &server, APPROVED), (&simon, &server, MERGED)]);
    assert_eq!(evidence.change.server.as_deref(), Some("odd@id"));
    assert!(evidence.reviewed, "{:?}", evidence.findings);
}

#[test]
fn who_contributed_is_said_of_the_reviewed_patch_set() {
    let evidence = by(&[
        (OLIVIA, OPENED),
        (UMA, "Upload\n\nPatch-set: 2\nCommit: $2\nReal-user: R <1002@0a1b2c3d-made-up>\n"),
    ]);
    assert_eq!(
        (evidence.people.owner, evidence.people.uploaders.as_slice()),
        (Some(OLIVIA), &[RITA, UMA][..])
    );
    assert_eq!((evidence.patch_set, evidence.people.author), (Some(2), None));
    let text = serde_json::to_string(&evidence.people).unwrap();
    assert_eq!(
        text,
        r#"{"owner":1000,"uploaders":[1002,1004],"author":null,"committer":null,"co_authors":[]}"#
    );
}

#[test]
fn the_last_words_on_change_id_and_branch_stand() {
    let evidence =
        by(&[(OLIVIA, OPENED), (OLIVIA, "Move\n\nPatch-set: 1\nChange-id: I2\nBranch: refs/heads/x\n")]);
    assert_eq!(evidence.change.id.as_deref(), Some("I2"));
    assert_eq!(evidence.change.branch.as_deref(), Some("refs/heads/x"));
}

#[test]
fn what_a_history_lacks_is_said_at_its_tip() {
    let evidence =
        by(&[(OLIVIA, "Create\n\nPatch-set: 1\nBranch: main\nCommit: $1\n"), (REX, "Hi\n\nPatch-set: 1\n")]);
    let said = format!("commit {}, line 1: the history has no Change-id", evidence.meta);
    assert_eq!(reason(&evidence, FindingCode::Malformed), said);
    let evidence = by(&[(OLIVIA, OPENED), (OLIVIA, "Again\n\nPatch-set: 1\nCommit: $2\n")]);
    let said = format!("commit {}, line 1: patch set 1 has two revisions", evidence.meta);
    assert_eq!(reason(&evidence, FindingCode::Malformed), said);
}

#[test]
fn of_an_open_change_the_newest_patch_set_that_exists_stands() {
    let two = "Upload\n\nPatch-set: 2\nCommit: $2\n";
    let comment = "Hi\n\nPatch-set: 1\n";
    assert_eq!(by(&[(OLIVIA, OPENED), (UMA, two), (REX, comment)]).patch_set, Some(2));
    let deleted = "Delete\n\nPatch-set: 2 (DELETED)\n";
    assert_eq!(by(&[(OLIVIA, OPENED), (UMA, two), (UMA, deleted)]).patch_set, Some(1));
    // Deleted, it may be made again and be another.
    let again =
        by(&[(OLIVIA, OPENED), (UMA, two), (UMA, deleted), (RITA, "Upload\n\nPatch-set: 2\nCommit: $3\n")]);
    assert_eq!((again.patch_set, again.people.uploaders.as_slice()), (Some(2), &[RITA][..]));
    // Made current again.
    let current =
        by(&[(OLIVIA, OPENED), (UMA, two), (UMA, "Back\n\nPatch-set: 1\nCurrent: true\n"), (REX, comment)]);
    assert_eq!(current.patch_set, Some(1));
    let not = by(&[(OLIVIA, OPENED), (UMA, two), (UMA, "Back\n\nPatch-set: 1\nCurrent: false\n")]);
    assert_eq!(not.patch_set, Some(2));
}

#[test]
fn the_commit_that_the_message_names_is_told_only_if_it_is_another() {
    let merged = |body: &str| {
        let merged = MERGED.replace("Change has been successfully merged", body);
        by(&[(OLIVIA, OPENED), (REX, APPROVED), (SIMON, &merged)])
    };
    let hex = |n: usize| format!("Change has been successfully merged as ${n}");
    assert_eq!(merged(&hex(1)).landed_as, None);
    assert!(merged(&hex(2)).landed_as.is_some());
}

#[test]
fn the_submitter_is_whom_the_line_names() {
    let named = MERGED.replace("SUBM=+1", "SUBM=+1, 0a Gerrit User 1004 <1004@0a1b2c3d-made-up>");
    let evidence = by(&[(OLIVIA, OPENED), (REX, APPROVED), (SIMON, &named)]);
    assert_eq!(evidence.submitted.unwrap().by, Some(UMA));
}

#[test]
fn where_the_server_wrote_the_merge_the_last_submitter_before_is_meant() {
    let (server, olivia, rex) = (server_ident(), ident(OLIVIA), ident(REX));
    let (uma, simon) = (ident(UMA), ident(SIMON));
    let subm = "Submit\n\nPatch-set: 1\nLabel: SUBM=+1\n";
    let evidence = told(&[
        (&olivia, &server, OPENED),
        (&rex, &server, APPROVED),
        (&uma, &server, subm),
        (&simon, &server, subm),
        (&rex, &server, "Hi\n\nPatch-set: 1\n"),
        (&server, &server, MERGED),
    ]);
    assert_eq!(evidence.submitted.unwrap().by, Some(SIMON));
}

#[test]
fn who_really_voted_is_told_where_somebody_else_did() {
    let real = |vote: &str| {
        let evidence = by(&[(OLIVIA, OPENED), (SIMON, vote), (SIMON, MERGED)]);
        evidence.votes.iter().map(|vote| (vote.account, vote.real)).collect::<Vec<_>>()
    };
    assert_eq!(real(APPROVED), [(SIMON, None)]);
    let for_rex = "Vote\n\nPatch-set: 1\nLabel: Code-Review=+2, 0a R <1001@0a1b2c3d-made-up>\n";
    assert_eq!(real(for_rex), [(REX, Some(SIMON))]);
    let really_uma = format!("{for_rex}Real-user: U <1004@0a1b2c3d-made-up>\n");
    assert_eq!(real(&really_uma), [(REX, Some(UMA))]);
}

#[test]
fn a_vote_that_a_submit_wrote_and_nobody_cast_is_the_submitters() {
    let rebased = "Submit\n\nChange has been successfully rebased as $2\n\nPatch-set: 2\nCommit: $2\nStatus: merged\n\
                   Label: SUBM=+1\nLabel: Code-Review=+2, 0a R <1001@0a1b2c3d-made-up>\nSubmission-id: 1\nSubmitted-with: OK\n";
    let evidence = by(&[(OLIVIA, OPENED), (SIMON, rebased)]);
    assert_eq!((evidence.votes[0].account, evidence.votes[0].real), (REX, Some(SIMON)));
    assert!(!evidence.reviewed);
}

#[test]
fn who_uploaded_earlier_is_named_once() {
    let evidence = by(&[
        (OLIVIA, OPENED),
        (UMA, "Upload\n\nPatch-set: 2\nCommit: $2\nReal-user: U <1004@0a1b2c3d-made-up>\n"),
        (OLIVIA, "Upload\n\nPatch-set: 3\nCommit: $3\n"),
        (UMA, "Vote\n\nPatch-set: 3\nLabel: Code-Review=+2\n"),
        (SIMON, &MERGED.replace("Patch-set: 1", "Patch-set: 3")),
    ]);
    assert_eq!(reason(&evidence, FindingCode::ReviewerUploadedEarlier), "1004 uploaded patch set 2");
    assert!(evidence.reviewed && evidence.earlier_uploaders == [OLIVIA, UMA].into());
}

#[test]
fn votes_and_requirements_are_listed_in_their_order() {
    let mut world = World::default();
    let mut review = change(&mut world);
    review.vote(&mut world, RITA, "Code-Review=+2");
    review.vote(&mut world, REX, "Verified=+1");
    review.vote(&mut world, UMA, "Code-Review=+1");
    let met = r#""submittabilityExpressionResult":{"status":"PASS"}"#;
    let revision = review.revision;
    review.results(revision, &[("Z", met), ("A", met)]);
    review.submit(&mut world, SIMON);
    let evidence = judged(&world);
    let votes: Vec<_> = evidence.votes.iter().map(|vote| (vote.label.as_str(), vote.account)).collect();
    assert_eq!(votes, [("Code-Review", RITA), ("Code-Review", UMA), ("Verified", REX)]);
    let names: Vec<_> = evidence.requirements.iter().map(|result| result.name.as_str()).collect();
    assert_eq!(names, ["A", "Z"]);
}
