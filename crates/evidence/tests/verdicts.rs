//! Each row of the tables of `docs/EVIDENCE.md` in two situations: one that has it, and one near miss that hasn't. The
//! verdicts stand in `verdicts.txt`, which reads without knowing Rust.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, which lie outside of test functions"
)]

mod common;

use common::*;
use notedb::testing::{OTHER_SERVER, Review, World, ident, server_ident};

type Play = fn(&mut World);

/// The situations, in the order of the tables.
const SITUATIONS: &[(&str, Play)] = &[
    ("merged with one independent approval", |w| {
        approved(w).submit(w, SIMON);
    }),
    ("approved and not merged", |w| {
        approved(w);
    }),
    ("abandoned", |w| {
        let mut r = approved(w);
        r.act(w, &ident(OLIVIA), "Abandoned", "Status: abandoned");
    }),
    ("merged, then restored by hand", |w| {
        let mut r = approved(w);
        r.submit(w, SIMON);
        r.act(w, &ident(SIMON), "", "Status: new");
    }),
    ("status said merged twice in a run: the first is the merge", |w| {
        let mut r = approved(w);
        r.submit(w, SIMON);
        r.vote(w, RITA, "Code-Review=+2");
        r.act(w, &ident(SIMON), "", "Status: merged");
    }),
    // after-submit
    ("after-submit: the only approval came after the merge", |w| {
        let mut r = change(w);
        r.submit(w, SIMON);
        r.vote(w, REX, "Code-Review=+2");
    }),
    ("after-submit, near miss: the approval came just before", |w| {
        let mut r = change(w);
        r.vote(w, REX, "Code-Review=+2");
        r.submit(w, SIMON);
    }),
    ("after-submit: raised afterwards, two entries", |w| {
        let mut r = change(w);
        r.vote(w, REX, "Code-Review=+1");
        r.submit(w, SIMON);
        r.vote(w, REX, "Code-Review=+2");
    }),
    ("after-submit: cast late and taken back", |w| {
        let mut r = approved(w);
        r.submit(w, SIMON);
        r.vote(w, RITA, "Code-Review=+1");
        r.vote(w, RITA, "Code-Review=0");
    }),
    ("after-submit: copied late", |w| {
        let mut r = approved(w);
        r.submit(w, SIMON);
        r.act(w, &ident(SIMON), "", &format!("Copied-Label: Code-Review=+2, ab {}", ident(RITA)));
    }),
    ("nothing after the merge changes what stood at it", |w| {
        let mut r = approved(w);
        r.submit(w, SIMON);
        r.act(w, &ident(SIMON), "", &format!("Label: -Code-Review {}", ident(REX)));
    }),
    // foreign
    ("foreign: approved by an account of another server", |w| {
        let mut r = change(w);
        let who = format!("Gerrit User {REX} <{REX}@{OTHER_SERVER}>");
        r.act(w, &who, "", "Label: Code-Review=+2");
        r.submit(w, SIMON);
    }),
    ("foreign, near miss: the same number on the change's own server", |w| {
        let mut r = approved(w);
        r.submit(w, SIMON);
    }),
    // on-behalf
    ("on-behalf: Simon cast Rex's vote", |w| {
        let mut r = change(w);
        r.act(w, &ident(REX), "", &format!("Label: Code-Review=+2, ab\nReal-user: {}", ident(SIMON)));
        r.submit(w, SIMON);
    }),
    ("on-behalf, near miss: the real user is the voter", |w| {
        let mut r = change(w);
        r.act(w, &ident(REX), "", &format!("Label: Code-Review=+2, ab\nReal-user: {}", ident(REX)));
        r.submit(w, SIMON);
    }),
    ("on-behalf: laundered by a copy to the next patch set", |w| {
        let mut r = change(w);
        r.act(w, &ident(REX), "", &format!("Label: Code-Review=+2, ab\nReal-user: {}", ident(SIMON)));
        let two = code(w, &[], "two");
        r.upload(w, OLIVIA, two, &format!("Copied-Label: Code-Review=+2, ab {}", ident(REX)));
        r.submit(w, SIMON);
    }),
    ("on-behalf: laundered by a submit that rebases", |w| {
        let mut r = change(w);
        r.act(w, &ident(REX), "", &format!("Label: Code-Review=+2, ab\nReal-user: {}", ident(UMA)));
        let two = code(w, &[], "two");
        r.submit_rebased(w, SIMON, two, &format!("Label: Code-Review=+2, ab {}", ident(REX)));
    }),
    ("on-behalf: the copy names the real voter", |w| {
        let mut r = approved(w);
        let two = code(w, &[], "two");
        r.upload(
            w,
            OLIVIA,
            two,
            &format!("Copied-Label: Code-Review=+2, ab {},{}:\"a tag\"", ident(REX), ident(SIMON)),
        );
        r.submit(w, SIMON);
    }),
    ("on-behalf, near miss: the copy names the voter as the real one", |w| {
        let mut r = approved(w);
        let two = code(w, &[], "two");
        r.upload(
            w,
            OLIVIA,
            two,
            &format!("Copied-Label: Code-Review=+2, ab {0},{0}:\",{1}\"", ident(REX), ident(SIMON)),
        );
        r.submit(w, SIMON);
    }),
    ("on-behalf: a submit that rebases writes a vote that nobody cast", |w| {
        let mut r = change(w);
        let two = code(w, &[], "two");
        r.submit_rebased(w, SIMON, two, &format!("Label: Code-Review=+2, ab {}", ident(REX)));
    }),
    ("on-behalf: it writes another value than was cast", |w| {
        let mut r = change(w);
        r.vote(w, REX, "Code-Review=+1");
        let two = code(w, &[], "two");
        r.submit_rebased(w, SIMON, two, &format!("Label: Code-Review=+2, ab {}", ident(REX)));
    }),
    // self
    ("self: the owner approved", |w| {
        let mut r = change(w);
        r.vote(w, OLIVIA, "Code-Review=+2");
        r.submit(w, SIMON);
    }),
    ("self: the uploader of the merged patch set approved", |w| {
        let mut r = change(w);
        let two = code(w, &[], "two");
        r.upload(w, UMA, two, "");
        r.vote(w, UMA, "Code-Review=+2");
        r.submit(w, SIMON);
    }),
    ("self, near miss: the uploader of an earlier patch set approved", |w| {
        let mut r = change(w);
        let two = code(w, &[], "two");
        let three = code(w, &[], "three");
        r.upload(w, UMA, two, "");
        r.upload(w, OLIVIA, three, "");
        r.vote(w, UMA, "Code-Review=+2");
        r.submit(w, SIMON);
    }),
    ("self: uploaded for Uma by Rex, who approved", |w| {
        let mut r = change(w);
        let two = code(w, &[], "two");
        r.upload(w, UMA, two, &format!("Real-user: {}", ident(REX)));
        r.vote(w, REX, "Code-Review=+2");
        r.submit(w, SIMON);
    }),
    ("self, near miss: the submitter of a rebase is its uploader and may have approved", |w| {
        let mut r = change(w);
        r.vote(w, SIMON, "Code-Review=+2");
        let two = code(w, &[], "two");
        r.submit_rebased(w, SIMON, two, "Label: Code-Review=+2, ab");
    }),
    // stale
    ("stale: approved an earlier patch set", |w| {
        let mut r = approved(w);
        let two = code(w, &[], "two");
        r.upload(w, OLIVIA, two, "");
        r.submit(w, SIMON);
    }),
    ("stale, near miss: a copy carried it", |w| {
        let mut r = approved(w);
        let two = code(w, &[], "two");
        r.upload(w, OLIVIA, two, &format!("Copied-Label: Code-Review=+2, ab {}", ident(REX)));
        r.submit(w, SIMON);
    }),
    ("stale, near miss: a submit that rebases carried it", |w| {
        let mut r = approved(w);
        let two = code(w, &[], "two");
        r.submit_rebased(w, SIMON, two, &format!("Label: Code-Review=+2, ab {}", ident(REX)));
    }),
    ("stale: a submit that rebases left it behind", |w| {
        let mut r = approved(w);
        let two = code(w, &[], "two");
        r.submit_rebased(w, SIMON, two, "");
    }),
    ("an older Gerrit rebased in a commit of its own before the merge", |w| {
        let mut r = change(w);
        r.vote(w, SIMON, "Code-Review=+2");
        let two = code(w, &[], "two");
        r.upload(w, SIMON, two, "");
        w.set("refs/heads/main", two);
        let footers = format!("{}\nLabel: Code-Review=+2", r.merge_footers());
        r.act(w, &ident(SIMON), &format!("Change has been successfully rebased as {two}"), &footers);
    }),
    ("removed on the merged patch set, though an older one still has it", |w| {
        let mut r = approved(w);
        let two = code(w, &[], "two");
        r.upload(w, OLIVIA, two, "");
        r.vote(w, REX, "Code-Review=0");
        r.submit(w, SIMON);
    }),
    ("taken away by somebody else", |w| {
        let mut r = approved(w);
        r.act(w, &ident(OLIVIA), "", &format!("Label: -Code-Review {}", ident(REX)));
        r.submit(w, SIMON);
    }),
    ("the reviewer was removed, and all votes with him", |w| {
        let mut r = approved(w);
        r.act(w, &ident(OLIVIA), "", &format!("Removed: {}", ident(REX)));
        r.submit(w, SIMON);
    }),
    ("near miss: the reviewer was moved to CC", |w| {
        let mut r = approved(w);
        r.act(w, &ident(OLIVIA), "", &format!("CC: {}", ident(REX)));
        r.submit(w, SIMON);
    }),
    // not-max
    ("not-max: only +1", |w| {
        let mut r = change(w);
        r.vote(w, REX, "Code-Review=+1");
        r.submit(w, SIMON);
    }),
    ("not-max, near miss: +1 is the maximum of Verified", |w| {
        let mut r = approved(w);
        r.vote(w, RITA, "Verified=+1");
        r.submit(w, SIMON);
    }),
    ("not-max: the project lowered the maximum to +1", |w| {
        config(w, "[label \"Code-Review\"]\n\tvalue = -1 Bad\n\tvalue = 0 None\n\tvalue = +1 Good\n");
        let mut r = change(w);
        r.vote(w, REX, "Code-Review=+1");
        r.submit(w, SIMON);
    }),
    ("not-max: the project raised the maximum to +3", |w| {
        config(w, "[label \"Code-Review\"]\n\tvalue = -3 Bad\n\tvalue = +3 Good\n");
        let mut r = approved(w);
        r.submit(w, SIMON);
    }),
    // findings
    ("vetoed: -2 stands on the merged patch set", |w| {
        let mut r = approved(w);
        r.vote(w, RITA, "Code-Review=-2");
        r.submit(w, SIMON);
    }),
    ("vetoed, near miss: -1", |w| {
        let mut r = approved(w);
        r.vote(w, RITA, "Code-Review=-1");
        r.submit(w, SIMON);
    }),
    ("vetoed, near miss: -2 on an earlier patch set", |w| {
        let mut r = change(w);
        r.vote(w, RITA, "Code-Review=-2");
        let two = code(w, &[], "two");
        r.upload(w, OLIVIA, two, "");
        r.vote(w, REX, "Code-Review=+2");
        r.submit(w, SIMON);
    }),
    ("vetoed, near miss: -2 after the merge", |w| {
        let mut r = approved(w);
        r.submit(w, SIMON);
        r.vote(w, RITA, "Code-Review=-2");
    }),
    ("vetoed, near miss: -1 on Verified, which is no review label", |w| {
        let mut r = approved(w);
        r.vote(w, RITA, "Verified=-1");
        r.submit(w, SIMON);
    }),
    ("vetoed by a foreign account", |w| {
        let mut r = approved(w);
        r.act(w, &format!("X <7@{OTHER_SERVER}>"), "", "Label: Code-Review=-2");
        r.submit(w, SIMON);
    }),
    ("vetoed by the owner", |w| {
        let mut r = approved(w);
        r.vote(w, OLIVIA, "Code-Review=-2");
        r.submit(w, SIMON);
    }),
    ("vetoed: -1 where the project's lowest is -1", |w| {
        config(w, "[label \"Code-Review\"]\n\tvalue = -1 Bad\n\tvalue = +2 Good\n");
        let mut r = approved(w);
        r.vote(w, RITA, "Code-Review=-1");
        r.submit(w, SIMON);
    }),
    ("requirement-overridden", |w| {
        results(w, r#""overrideExpressionResult":{"value":{"status":"PASS"}}"#);
    }),
    ("requirement-overridden, near miss: the override failed and it was met", |w| {
        results(
            w,
            r#""overrideExpressionResult":{"value":{"status":"FAIL"}},"submittabilityExpressionResult":{"value":{"status":"PASS"}}"#,
        );
    }),
    ("requirement-overridden: hidden in the note of the patch set before the rebase", |w| {
        let mut r = approved(w);
        let one = r.revision;
        r.results(one, &[("R", r#""overrideExpressionResult":{"status":"PASS"}"#)]);
        let two = code(w, &[], "two");
        r.submit_rebased(w, SIMON, two, &format!("Label: Code-Review=+2, ab {}", ident(REX)));
    }),
    ("requirement-overridden: the abandon before left the identical note", |w| {
        let mut r = approved(w);
        let one = r.revision;
        r.results(one, &[("R", r#""overrideExpressionResult":{"status":"PASS"}"#)]);
        r.act(w, &ident(OLIVIA), "Abandoned", "Status: abandoned");
        r.act(w, &ident(OLIVIA), "Restored", "Status: new");
        r.submit(w, SIMON);
    }),
    ("requirement-overridden, near miss: in the note of an earlier patch set", |w| {
        let mut r = change(w);
        let one = r.revision;
        r.results(one, &[("R", r#""overrideExpressionResult":{"status":"PASS"}"#)]);
        let two = code(w, &[], "two");
        r.upload(w, OLIVIA, two, "");
        r.vote(w, REX, "Code-Review=+2");
        r.submit(w, SIMON);
    }),
    ("requirement-bypassed: forced by a push with %submit", |w| {
        results(w, r#""forced":{"value":true}"#);
    }),
    ("requirement-bypassed, near miss: forced is false", |w| {
        results(w, r#""forced":{"value":false},"submittabilityExpressionResult":{"status":"PASS"}"#);
    }),
    ("requirement-bypassed: a record says so, and the labels beside it are not looked at", |w| {
        let mut r = approved(w);
        r.submit_with(w, SIMON, "Submitted-with: NEED: Verified\nSubmitted-with: FORCED");
    }),
    ("requirement-unsatisfied: a stored result", |w| {
        results(w, r#""submittabilityExpressionResult":{"value":{"status":"FAIL"}}"#);
    }),
    ("requirement-unsatisfied, near miss: it does not apply", |w| {
        results(w, r#""applicabilityExpressionResult":{"value":{"status":"FAIL"}}"#);
    }),
    ("requirement-unsatisfied: an error", |w| {
        results(w, r#""submittabilityExpressionResult":{"value":{"status":"ERROR"}}"#);
    }),
    ("requirement-unsatisfied: a label of a record is missing", |w| {
        let mut r = approved(w);
        r.submit_with(w, SIMON, "Submitted-with: NEED: Verified");
    }),
    ("requirement-unsatisfied, near miss: a label that may be given", |w| {
        let mut r = approved(w);
        r.submit_with(w, SIMON, "Submitted-with: MAY: Verified");
    }),
    ("requirement-unsatisfied: a record says not ready", |w| {
        let mut r = approved(w);
        r.submit_with(w, SIMON, "Submitted-with: NOT_READY");
    }),
    ("requirement-unsatisfied: a rule failed", |w| {
        let mut r = approved(w);
        r.submit_with(w, SIMON, "Submitted-with: RULE_ERROR oh: no");
    }),
    ("submitted-on-behalf", |w| {
        let mut r = approved(w);
        r.submit_with(w, SIMON, &format!("Real-user: {}", ident(UMA)));
    }),
    ("submitted-on-behalf, near miss: the real user is the submitter", |w| {
        let mut r = approved(w);
        r.submit_with(w, SIMON, &format!("Real-user: {}", ident(SIMON)));
    }),
    ("pushed-directly: the message says so", |w| {
        let mut r = approved(w);
        let one = r.revision;
        w.set("refs/heads/main", one);
        r.act(
            w,
            &ident(SIMON),
            "Change has been successfully pushed.",
            "Current: true\nStatus: merged\nLabel: SUBM=+1",
        );
    }),
    ("pushed-directly: made current without a record", |w| {
        let mut r = approved(w);
        let one = r.revision;
        w.set("refs/heads/main", one);
        r.act(w, &ident(SIMON), "", "Current: true\nStatus: merged\nSubmission-id: 7");
    }),
    ("pushed-directly, near miss: made current by a submit", |w| {
        let mut r = approved(w);
        r.submit_with(w, SIMON, "Current: true");
    }),
    ("pushed-directly: results that an abandon left are not its own", |w| {
        let mut r = approved(w);
        let one = r.revision;
        r.results(one, &[("R", r#""submittabilityExpressionResult":{"status":"FAIL"}"#)]);
        w.set("refs/heads/main", one);
        r.act(w, &ident(SIMON), "Change has been successfully pushed.", "Status: merged");
    }),
    ("not-on-branch: the branch was reset", |w| {
        let mut r = approved(w);
        r.submit(w, SIMON);
        let other = code(w, &[], "other");
        w.set("refs/heads/main", other);
    }),
    ("not-on-branch: the branch is gone", |w| {
        let mut r = approved(w);
        r.submit(w, SIMON);
        w.refs.remove("refs/heads/main");
    }),
    ("not-on-branch, near miss: the commit that the message names is there", |w| {
        let mut r = approved(w);
        let landed = code(w, &[], "landed");
        let footers = r.merge_footers();
        r.act(w, &ident(SIMON), &format!("Change has been successfully cherry-picked as {landed}"), &footers);
        w.set("refs/heads/main", landed);
    }),
    ("not-on-branch, near miss: moved to another branch before the merge", |w| {
        let mut r = approved(w);
        r.act(w, &ident(OLIVIA), "", "Branch: refs/heads/stable");
        r.branch = "refs/heads/stable".to_owned();
        r.submit(w, SIMON);
        w.refs.remove("refs/heads/main");
    }),
    ("malformed: a single-valued key twice", |w| {
        let mut r = approved(w);
        r.submit_with(w, SIMON, "Branch: refs/heads/a\nBranch: refs/heads/b");
    }),
    ("malformed: the results do not parse", |w| {
        results(w, r#""forced":{"value":true"#);
    }),
    ("malformed: the history is cut off", |w| {
        let first = {
            let mut r = change(w);
            r.vote(w, REX, "Code-Review=+2")
        };
        w.objects.remove(&first);
        change_again(w, first);
    }),
    ("malformed, near miss: footers pasted into the body", |w| {
        let mut r = approved(w);
        r.act(w, &ident(RITA), "Look:\n\nStatus: merged\nStatus: new\nLabel: Code-Review=-2", "");
        r.submit(w, SIMON);
    }),
    ("malformed, near miss: line separators inside a value", |w| {
        let mut r = approved(w);
        r.act(
            w,
            &ident(RITA),
            "",
            "Topic: a\u{2028}Label: Code-Review=-2\u{b}Status: new\u{85}Tag: x\u{c}Tag: y",
        );
        r.submit(w, SIMON);
    }),
    ("evidence-weak: no submission id", |w| {
        let mut r = approved(w);
        merge_without(w, &mut r, "Submission-id");
    }),
    ("evidence-weak: no records", |w| {
        let mut r = approved(w);
        merge_without(w, &mut r, "Submitted-with");
    }),
    ("evidence-weak: a record rests on a vote that nothing carries", |w| {
        let mut r = approved(w);
        let two = code(w, &[], "two");
        r.upload(w, OLIVIA, two, "");
        r.submit_with(w, SIMON, &format!("Submitted-with: OK: Code-Review: {}", ident(REX)));
    }),
    ("evidence-weak, near miss: the record rests on a vote that counts", |w| {
        let mut r = approved(w);
        r.submit_with(w, SIMON, &format!("Submitted-with: OK: Code-Review: {}", ident(REX)));
    }),
    ("reviewer-uploaded-earlier, near miss: only a +1, which counts for nothing", |w| {
        let mut r = approved(w);
        let two = code(w, &[], "two");
        let three = code(w, &[], "three");
        r.upload(w, UMA, two, "");
        r.upload(w, OLIVIA, three, "");
        r.vote(w, UMA, "Code-Review=+1");
        r.vote(w, REX, "Code-Review=+2");
        r.submit(w, SIMON);
    }),
    ("submitter-is-owner", |w| {
        approved(w).submit(w, OLIVIA);
    }),
    ("the server itself wrote the merge commit: the submitter is the one of SUBM before", |w| {
        let mut r = approved(w);
        let one = r.revision;
        w.set("refs/heads/main", one);
        r.act(w, &ident(OLIVIA), "", "Label: SUBM=+1");
        r.act(
            w,
            &server_ident(),
            "Change has been successfully merged into the git repository",
            "Status: merged",
        );
    }),
    ("updated-after-merge: a comment", |w| {
        let mut r = approved(w);
        r.submit(w, SIMON);
        r.act(w, &ident(RITA), "Nice.", "");
    }),
    ("a later migration made another patch set", |w| {
        let mut r = approved(w);
        r.submit(w, SIMON);
        let two = code(w, &[], "two");
        r.upload(w, SIMON, two, "");
    }),
    ("a migration wrote the merge before the patch set that it merged", |w| {
        let mut r = approved(w);
        let two = code(w, &[], "two");
        w.set("refs/heads/main", two);
        let footers = r.merge_footers();
        r.act_on(w, 2, &ident(SIMON), &format!("Change has been successfully rebased as {two}"), &footers);
        r.upload(w, SIMON, two, "");
    }),
    ("the merged patch set's approval survives the deletion of another patch set", |w| {
        let mut r = change(w);
        let two = code(w, &[], "two");
        r.upload(w, OLIVIA, two, "");
        r.vote(w, REX, "Code-Review=+2");
        r.raw(w, &ident(OLIVIA), "Delete\n\nPatch-set: 1 (DELETED)\n");
        r.submit(w, SIMON);
    }),
    // more near misses
    ("open, and nobody has looked at it", |w| {
        change(w);
    }),
    ("open, with a veto", |w| {
        change(w).vote(w, RITA, "Code-Review=-2");
    }),
    ("the submitter votes in the very commit that submits", |w| {
        let mut r = change(w);
        r.submit_with(w, SIMON, "Label: Code-Review=+2, ab");
    }),
    ("the reviewer was removed, and another's vote stays", |w| {
        let mut r = approved(w);
        r.vote(w, RITA, "Code-Review=+2");
        r.act(w, &ident(OLIVIA), "", &format!("Removed: {}", ident(REX)));
        r.submit(w, SIMON);
    }),
    ("the reviewer was removed, and a +1 goes too", |w| {
        let mut r = change(w);
        r.vote(w, REX, "Code-Review=+1");
        r.vote(w, REX, "Verified=+1");
        r.act(w, &ident(OLIVIA), "", &format!("Removed: {}", ident(REX)));
        r.submit(w, SIMON);
    }),
    ("a later vote on an earlier patch set hides none on the merged one", |w| {
        let mut r = change(w);
        let two = code(w, &[], "two");
        r.upload(w, OLIVIA, two, "");
        r.vote(w, REX, "Code-Review=+2");
        r.act_on(w, 1, &ident(REX), "", "Label: Code-Review=-1, ab");
        r.submit(w, SIMON);
    }),
    ("a vote on a later patch set than was merged says nothing", |w| {
        let mut r = change(w);
        let (one, two) = (r.revision, code(w, &[], "two"));
        r.upload(w, OLIVIA, two, "");
        r.vote(w, REX, "Code-Review=+2");
        w.set("refs/heads/main", one);
        let footers = r.merge_footers();
        r.act_on(w, 1, &ident(SIMON), "Change has been successfully merged", &footers);
    }),
    ("stale: of two earlier votes the later one", |w| {
        let mut r = change(w);
        r.vote(w, REX, "Code-Review=+2");
        let (two, three) = (code(w, &[], "two"), code(w, &[], "three"));
        r.upload(w, OLIVIA, two, "");
        r.vote(w, REX, "Code-Review=-1");
        r.upload(w, OLIVIA, three, "");
        r.submit(w, SIMON);
    }),
    ("on-behalf: copied from the later of two votes, which somebody else cast", |w| {
        let mut r = approved(w);
        let (two, three) = (code(w, &[], "two"), code(w, &[], "three"));
        r.upload(w, OLIVIA, two, "");
        r.act(w, &ident(REX), "", &format!("Label: Code-Review=+2, ab\nReal-user: {}", ident(SIMON)));
        r.upload(w, OLIVIA, three, &format!("Copied-Label: Code-Review=+2, ab {}", ident(REX)));
        r.submit(w, SIMON);
    }),
    ("self: the uploader of the patch set before the one that the submit made", |w| {
        let mut r = change(w);
        let (two, three) = (code(w, &[], "two"), code(w, &[], "three"));
        r.upload(w, UMA, two, "");
        r.vote(w, UMA, "Code-Review=+2");
        r.submit_rebased(w, SIMON, three, &format!("Label: Code-Review=+2, ab {}", ident(UMA)));
    }),
    ("self: the message names another commit than the patch set, so the submit made none", |w| {
        let mut r = change(w);
        let (two, landed) = (code(w, &[], "two"), code(w, &[], "landed"));
        r.upload(w, UMA, two, "");
        r.vote(w, UMA, "Code-Review=+2");
        let footers = r.merge_footers();
        r.act(w, &ident(SIMON), &format!("Change has been successfully cherry-picked as {landed}"), &footers);
        w.set("refs/heads/main", landed);
    }),
    ("pushed-directly: a line of the message says so", |w| {
        let mut r = approved(w);
        let one = r.revision;
        w.set("refs/heads/main", one);
        let footers = r.merge_footers();
        r.act(w, &ident(SIMON), "Well.\nChange has been successfully pushed.", &footers);
    }),
    ("a deleted patch set's votes are gone", |w| {
        let mut r = change(w);
        let (one, two) = (r.revision, code(w, &[], "two"));
        r.upload(w, OLIVIA, two, "");
        r.act_on(w, 1, &ident(RITA), "", "Label: Code-Review=+1, ab");
        r.vote(w, REX, "Code-Review=-2");
        r.raw(w, &ident(OLIVIA), "Delete\n\nPatch-set: 2 (DELETED)\n");
        r.act_on(w, 1, &ident(RITA), "", "Label: Code-Review=+2, ab");
        w.set("refs/heads/main", one);
        let footers = r.merge_footers();
        r.act_on(w, 1, &ident(SIMON), "Change has been successfully merged", &footers);
    }),
];

fn config(world: &mut World, text: &str) {
    let commit = world.code(&[], &[("project.config", text)]);
    world.set("refs/meta/config", commit);
}

fn results(world: &mut World, rest: &str) {
    let mut review = approved(world);
    let revision = review.revision;
    review.results(revision, &[("R", rest)]);
    review.submit(world, SIMON);
}

fn merge_without(world: &mut World, review: &mut Review, key: &str) {
    world.set("refs/heads/main", review.revision);
    let footers: Vec<_> =
        review.merge_footers().lines().filter(|line| !line.starts_with(key)).map(str::to_owned).collect();
    review.act(world, &ident(SIMON), "Change has been successfully merged", &footers.join("\n"));
}

/// A meta commit whose parent is not there.
fn change_again(world: &mut World, parent: notedb::ObjectId) {
    let tree = world.tree(&[]);
    let tip = world.commit(tree, &[parent], &ident(RITA), &server_ident(), "Update\n\nPatch-set: 1\n");
    world.set(&notedb::meta_ref(NUMBER), tip);
}

#[test]
fn every_situation_has_the_verdict_of_the_table() {
    let mut table = String::from("# situation, then the verdict: x refuses, i informs; then each vote\n");
    for (name, play) in SITUATIONS {
        let mut world = World::default();
        play(&mut world);
        table += &format!("\n{name}\n    {}\n", verdict(&judged(&world)));
    }
    let expected = include_str!("verdicts.txt");
    assert!(table == expected, "the table is now:\n{table}");
}

#[test]
fn situations_have_names_of_their_own() {
    let mut names: Vec<_> = SITUATIONS.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all);
}
