//! The pages as people read them.

use crate::{client::Request, samples, world::Site};

/// A page without what differs from run to run: the port, and the version of the assets.
async fn page(site: &Site, target: &str) -> String {
    let answer = site.cli(Request::get(target)).await;
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"), "{target}");
    let html = answer.text().replace(&site.address.to_string(), "127.0.0.1:PORT");
    let id = answer.header("x-request-id").unwrap().to_owned();
    let version = html.split("exq.css?v=").nth(1).unwrap()[..12].to_owned();
    html.replace(&version, "VERSION").replace(&id, "REQUEST")
}

#[tokio::test]
async fn a_refused_submission() {
    let site = Site::start().await;
    insta::assert_snapshot!(
        "refused",
        page(&site, &format!("/submissions/{}", samples::id("refused"))).await
    );
}

#[tokio::test]
async fn a_waiting_submission() {
    let site = Site::start().await;
    insta::assert_snapshot!(
        "waiting",
        page(&site, &format!("/submissions/{}", samples::id("waiting"))).await
    );
}

#[tokio::test]
async fn a_run_that_succeeded() {
    let site = Site::start().await;
    insta::assert_snapshot!(
        "succeeded",
        page(&site, &format!("/submissions/{}", samples::id("succeeded"))).await
    );
}

#[tokio::test]
async fn the_other_pages() {
    let site = Site::start().await;
    for (name, target) in [
        ("overview", "/"),
        ("runs", "/runs?state=finished"),
        ("configuration", "/configuration"),
        ("nothing-there", "/nothing"),
    ] {
        insta::assert_snapshot!(name, page(&site, target).await);
    }
}

#[tokio::test]
async fn an_empty_server_says_what_it_waits_for() {
    let site = Site::with(server::Limits::default(), vec![]).await;
    let html = page(&site, "/").await;
    assert!(html.contains("Nothing was merged yet that is watched here."), "{html}");
    assert!(html.contains("<code>shop</code> on <code>main</code>"), "{html}");
}

#[tokio::test]
async fn a_submission_that_nothing_matched_says_so() {
    let mut view = samples::refused();
    view.outcomes.clear();
    view.subject = None;
    let site = Site::with(server::Limits::default(), vec![view]).await;
    let html = page(&site, &format!("/submissions/{}", samples::id("refused"))).await;
    assert!(html.contains("No operation matched") && html.contains("subject no longer known"), "{html}");
}

#[tokio::test]
async fn a_runs_address_leads_to_its_place() {
    let site = Site::start().await;
    let run = samples::run_id("succeeded");
    let answer = site.cli(Request::get(&format!("/runs/{run}"))).await;
    let place = format!("/submissions/{}#{run}", samples::id("succeeded"));
    assert_eq!((answer.status, answer.header("location")), (303, Some(place.as_str())));
    let html = page(&site, place.split('#').next().unwrap()).await;
    assert!(html.contains(&format!("id=\"{run}\"")));
}

#[tokio::test]
async fn every_reason_says_who_can_cure_it_and_every_run_how_to_check_it() {
    let site = Site::start().await;
    let refused = page(&site, &format!("/submissions/{}", samples::id("refused"))).await;
    assert!(refused.contains("Two people of the role operations-owners: accept it by a reviewed baseline."));
    let run = samples::run_id("succeeded");
    let succeeded = page(&site, &format!("/submissions/{}", samples::id("succeeded"))).await;
    assert!(succeeded.contains(&format!("exq verify {run}.bundle --key ledger.pub")));
    assert!(succeeded.contains(&format!("/api/v1/runs/{run}/bundle")));
}

#[tokio::test]
async fn a_page_has_no_id_twice() {
    let site = Site::start().await;
    for seed in ["refused", "waiting", "succeeded", "running"] {
        let html = page(&site, &format!("/submissions/{}", samples::id(seed))).await;
        let mut ids: Vec<&str> =
            html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        ids.sort_unstable();
        let all = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), all, "{seed}");
    }
}
