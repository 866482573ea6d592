//! The API's answers.

use std::sync::atomic::Ordering;

use crate::{client::Request, samples, world::Site};

#[tokio::test]
async fn why_finds_the_same_submission_by_change_run_and_id() {
    let site = Site::start().await;
    let id = samples::id("succeeded").to_string();
    for query in [
        "change=40&server=main".to_owned(),
        "change=40".to_owned(),
        format!("run={}", samples::run_id("succeeded")),
        format!("submission={id}"),
    ] {
        let answer = site.cli(Request::get(&format!("/api/v1/why?{query}"))).await;
        assert_eq!(answer.json()["submission"]["id"], id.as_str(), "{query}");
    }
    for (query, status) in [
        ("", 400),
        ("change=40&run=run-00000000000000000000", 400),
        ("server=main", 400),
        ("change=forty&server=main", 400),
        ("change=40&server=MAIN", 400),
        ("chance=40", 400),
        ("change=4000&server=main", 404),
        ("run=run-00000000000000000000", 404),
        ("run=sub-00000000000000000000", 400),
    ] {
        let answer = site.cli(Request::get(&format!("/api/v1/why?{query}"))).await;
        assert_eq!(answer.status, status, "{query}");
        let error = &answer.json()["error"];
        assert!(error["code"].is_string() && error["message"].is_string(), "{query}");
        assert!(error.get("hint").is_some(), "{query}");
    }
}

#[tokio::test]
async fn evidence_says_what_it_was_asked_about_and_why_it_cant() {
    let site = Site::start().await;
    let change = site.cli(Request::get("/api/v1/evidence?change=40&server=main&project=shop")).await.json();
    assert_eq!(change["evidence"]["change"]["number"], 40);
    assert_eq!(change["names"]["1001"], "Bob");
    let (base, tip) = (samples::revision("base"), samples::revision("tip"));
    let at = "project=shop&branch=refs/heads/main";
    let range =
        site.cli(Request::get(&format!("/api/v1/evidence?range={base}..{tip}&{at}&rules={tip}"))).await;
    assert_eq!(range.json()["rules"], tip.to_string());
    for (query, status) in [
        (String::new(), 400),
        ("change=0x28".into(), 400),
        ("change=40&branch=refs/heads/main".into(), 400),
        (format!("range={base}..{tip}"), 400),
        (format!("range={base}&{at}"), 400),
        (format!("range={base}...{tip}&{at}"), 400),
        (format!("range={base}..main&{at}"), 400),
        (format!("range={base}..{tip}&project=shop&branch=main"), 400),
        (format!("range={base}..{tip}&project=../etc&branch=refs/heads/main"), 400),
        (format!("range={base}..{base}&{at}"), 400),
        ("change=40&server=other".into(), 404),
        ("change=41".into(), 404),
    ] {
        let answer = site.cli(Request::get(&format!("/api/v1/evidence?{query}"))).await;
        assert_eq!(answer.status, status, "{query}");
        assert!(answer.json()["error"]["message"].is_string(), "{query}");
    }
    for (again, status, code) in [(true, 503, "gerrit-unavailable"), (false, 502, "gerrit-unusable")] {
        *site.world.gerrit.lock().unwrap() = Some(again);
        let answer = site.cli(Request::get("/api/v1/evidence?change=40")).await;
        assert_eq!((answer.status, &answer.json()["error"]["code"]), (status, &code.into()));
        assert_eq!(answer.header("retry-after").is_some(), again);
        assert!(!answer.text().contains("secret-path"), "{}", answer.text());
    }
}

#[tokio::test]
async fn lists_are_paged_and_filtered_within_limits() {
    let site = Site::start().await;
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = site.cli(Request::get(&format!("/api/v1/submissions?limit=3{after}"))).await.json();
        assert_eq!(page["schema"], "exequatur.submissions/1");
        seen.extend(page["rows"].as_array().unwrap().iter().map(|r| r["submission"]["id"].to_string()));
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 4);
    let running = site.cli(Request::get("/api/v1/runs?state=granted,running")).await.json();
    assert_eq!(running["rows"].as_array().unwrap().len(), 1);
    assert_eq!(running["rows"][0]["state"], "running");
    for bad in ["limit=0", "limit=501", "limit=-1", "state=sleeping", "after=", "x=1"] {
        assert_eq!(site.cli(Request::get(&format!("/api/v1/runs?{bad}"))).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_bundle_is_a_file_with_a_safe_name() {
    let site = Site::start().await;
    let id = samples::run_id("succeeded");
    let answer = site.cli(Request::get(&format!("/api/v1/runs/{id}/bundle"))).await;
    assert_eq!(answer.body, b"bundle \x00\xff of a run");
    assert_eq!(answer.header("content-type"), Some("application/octet-stream"));
    let name = format!("attachment; filename=\"{id}.bundle\"");
    assert_eq!(answer.header("content-disposition"), Some(name.as_str()));
    for bad in ["..%2f..%2fetc", "run-%0d%0aset-cookie:x", "run-00"] {
        let answer = site.cli(Request::get(&format!("/api/v1/runs/{bad}/bundle"))).await;
        assert_eq!(answer.status, 400, "{bad}");
        assert!(answer.header("content-disposition").is_none() && answer.header("set-cookie").is_none());
    }
}

#[tokio::test]
async fn the_checkpoint_comes_byte_for_byte() {
    let site = Site::start().await;
    let note = site.cli(Request::get("/api/v1/checkpoint")).await;
    assert_eq!(note.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(note.text(), "exequatur.example/log\n42\nq83vEjRWeJA=\n\n— exequatur.example/log AAAA\n");
}

#[tokio::test]
async fn readiness_says_which_part_is_missing() {
    let site = Site::start().await;
    assert_eq!(site.cli(Request::get("/readyz")).await.status, 200);
    {
        let mut health = site.world.health.lock().unwrap();
        health.ready = false;
        health.parts[0] = ("store".into(), false, "disk full".into());
    }
    let answer = site.cli(Request::get("/readyz")).await;
    assert_eq!((answer.status, &answer.json()["parts"][0]["text"]), (503, &"disk full".into()));
    assert_eq!(site.send(Request::get("/healthz")).await.text(), "ok\n");
}

#[tokio::test]
async fn metrics_tell_of_engine_and_server() {
    let site = Site::start().await;
    site.cli(Request::get("/api/v1/runs")).await;
    let text = site.cli(Request::get("/metrics")).await.text();
    for line in [
        "# TYPE exq_runs_total counter",
        "exq_runs_total{result=\"succeeded\"} 3",
        "exq_http_requests_total{route=\"/api/v1/runs\",status=\"200\"} 1",
        "exq_http_streams 0",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} in\n{text}");
    }
}

#[tokio::test]
async fn the_stores_own_words_stay_inside() {
    let site = Site::start().await;
    site.world.broken.store(true, Ordering::SeqCst);
    let id = samples::id("refused");
    for target in
        ["/api/v1/submissions".into(), "/".into(), format!("/submissions/{id}"), "/configuration".into()]
    {
        let answer = site.cli(Request::get(&target)).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")), "{target}");
        assert!(!answer.text().contains("secret-path"), "{target}");
    }
}
