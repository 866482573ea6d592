//! Everything from outside may be hostile: put a script, a quote and a bidi override in every text, and look for them.

use engine::surface::{RunView, SubmissionView};
use model::{OutcomeState, RunState, StepResult, StepState};
use serde_json::Value;

use crate::{client::Request, samples, world::Site};

const EVIL: &str =
    "</pre><script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u{202e}\u{200b}\u{1b}[31m&amp;";

fn make_evil(view: &mut SubmissionView) {
    let evil = || EVIL.to_owned();
    view.subject = Some(evil());
    view.change_url = format!("javascript:alert(3)//{EVIL}");
    view.submission.gerrit_id = evil();
    for outcome in &mut view.outcomes {
        outcome.title = evil();
        outcome.approvers = vec![evil()];
        if let OutcomeState::Refused { reasons, .. } | OutcomeState::Waiting { reasons, .. } =
            &mut outcome.state
        {
            for reason in reasons {
                (reason.code, reason.text, reason.cure, reason.policy) =
                    (evil(), evil(), Some(evil()), Some(evil()));
            }
        }
        if let Some(decision) = &mut outcome.decision {
            decision.policies = vec![evil()];
        }
        for commit in outcome.range.iter_mut().flat_map(|range| &mut range.commits) {
            commit.account = evil();
            commit.notes = vec![evil()];
        }
        if let Some(run) = &mut outcome.run {
            make_run_evil(run);
        }
    }
}

fn make_run_evil(run: &mut RunView) {
    for event in &mut run.timeline {
        (event.kind, event.text) = (EVIL.into(), EVIL.into());
    }
    for output in &mut run.outputs {
        (output.step, output.text) = (EVIL.into(), EVIL.into());
    }
    for step in &mut run.plan.steps {
        if let model::Action::Exec(exec) = &mut step.action {
            exec.args = vec![EVIL.into()];
        }
    }
    if let RunState::Finished { at, .. } = run.run.state {
        let signed = model::Digest::of(b"x");
        let result = StepResult::Failed { signed, why: EVIL.into() };
        run.run.steps[0].state = StepState::Done { result, at };
    }
}

/// What a page may hold of markup that could run or lead away: nothing.
fn assert_harmless(what: &str, html: &str) {
    let lower = html.to_lowercase();
    for bad in [
        "<script>",
        "<img src=x",
        "href=\"javascript",
        "src=\"http",
        "style=",
        "onclick",
        "\u{202e}",
        "\u{200b}",
        "\u{1b}",
    ] {
        assert!(!lower.contains(bad), "{what} holds {bad:?}:\n{html}");
    }
    assert_eq!(
        lower.matches("<script").count(),
        lower.matches("<script src=\"/assets/exq.js").count(),
        "{what}"
    );
}

#[tokio::test]
async fn hostile_texts_are_shown_and_do_nothing() {
    let mut all = samples::all();
    all.iter_mut().for_each(make_evil);
    let ids: Vec<_> = all.iter().map(|view| view.submission.id.clone()).collect();
    let site = Site::with(server::Limits::default(), all).await;
    {
        let mut health = site.world.health.lock().unwrap();
        health.alarms = vec![EVIL.into()];
        health.parts = vec![(EVIL.into(), false, EVIL.into())];
        let mut configuration = site.world.configuration.lock().unwrap();
        for reason in &mut configuration.refused.as_mut().unwrap().1 {
            (reason.code, reason.text, reason.cure) = (EVIL.into(), EVIL.into(), Some(EVIL.into()));
        }
    }
    let mut targets = vec!["/".to_owned(), "/runs".into(), "/configuration".into()];
    targets.extend(ids.iter().map(|id| format!("/submissions/{id}")));
    for target in targets {
        let answer = site.cli(Request::get(&target)).await;
        assert_eq!(answer.status, 200, "{target}");
        let html = answer.text();
        assert_harmless(&target, &html);
        if target != "/runs" {
            assert!(html.contains("‹U+202E›"), "{target} shows the override");
        }
    }
    for id in ids {
        let mut events =
            site.events(crate::world::as_cli(Request::get(&format!("/submissions/{id}/events")))).await;
        assert_harmless("events", &events.next().await.unwrap());
    }
}

#[tokio::test]
async fn hostile_requests_come_back_harmless() {
    let site = Site::start().await;
    for target in [
        "/%3Cscript%3Ealert(1)%3C/script%3E",
        "/submissions/%3Cscript%3E",
        "/submissions/%E2%80%AE",
        "//evil.example/x",
        "/open?token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
        "/?after=%22%3E%3Cscript%3E",
        "/runs?state=%3Cscript%3E",
        "/?x=%3Cscript%3E",
        "/assets/..%2f..%2fCargo.toml",
    ] {
        for request in [Request::get(target), crate::world::as_cli(Request::get(target))] {
            let answer = site.send(request).await;
            let html = answer.text();
            assert_harmless(target, &html);
            assert!(!html.contains("href=\"//"), "{target}");
        }
    }
    let error = site.cli(Request::get("/api/v1/runs/%3Cscript%3E")).await;
    assert_eq!(error.header("content-type"), Some("application/json"));
    assert!(matches!(error.json()["error"]["code"], Value::String(_)));
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_keep_browsers_strict() {
    let site = Site::start().await;
    for (target, status) in
        [("/", 401), ("/healthz", 200), ("/nothing", 404), ("/assets/exq.js", 200), ("/open?token=x", 200)]
    {
        let answer = site.send(Request::get(target)).await;
        assert_eq!(answer.status, status);
        let csp = answer.header("content-security-policy").unwrap();
        assert!(
            csp.starts_with("default-src 'none'")
                && !csp.contains("unsafe")
                && csp.contains("frame-ancestors 'none'")
        );
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{target}");
        }
        let cache = answer.header("cache-control").unwrap();
        assert_eq!(cache == "no-store", !target.starts_with("/assets"), "{target}");
        assert!(answer.header("x-request-id").is_some_and(|id| id.starts_with("req-")));
    }
}
