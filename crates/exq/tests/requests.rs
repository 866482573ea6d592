//! Requests, from the command line to the proof: what is asked for is reviewed in Gerrit, submitted by us, and runs once;
//! whatever else lies in the requests project counts for nothing.

mod common;

use anyhow::{Context as _, Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use common::{
    PATIENCE, asking,
    office::{Office, said},
    word,
};
use exq::demo::until;
use serde_json::Value;

type Test = Result<()>;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_is_reviewed_submitted_by_us_runs_once_and_is_proven() -> Test {
    let mut office = Office::dev().await?;
    asking::asked_reviewed_and_run(&mut office).await?;
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_requests_for_one_operation_both_run_and_neither_takes_the_others_place() -> Test {
    let mut office = Office::dev().await?;
    asking::two_at_once(&mut office).await?;
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_an_owner_changed_past_review_stop_requests_until_two_people_accept_them() -> Test {
    let mut office = Office::dev().await?;
    let bob = office.stage.town.desk("bob");
    let first = office.ask("alice", "INC-1", "Please restart the shop").await?;
    bob.vote(&first.change, 2).await?;
    office.ran(&first).await?;
    let admin = office.stage.town.admin_desk();
    let rule = serde_json::json!({"name": "Calm", "submittability_expression": "-label:Code-Review=MIN"});
    admin.rest().call("PUT", "projects/requests/submit_requirements/Calm", Some(&rule)).await?;
    let second = office.ask("alice", "INC-2", "Please restart it again").await?;
    bob.vote(&second.change, 2).await?;
    office.waits_for(&second, "rules-changed").await?;
    ensure!(office.status(&second.change).await? == "NEW", "it was submitted");
    let stood = office.stage.play().settled(first.change.number).await?;
    let stood = stood.pointer("/submission/tip").and_then(Value::as_str).context("no tip")?.to_owned();
    let lines = office.operations("baselines.yaml").await?;
    let line = format!(
        "- operation: shop-restart\n  environment: prod\n  server: main\n  project: requests\n  branch: main\n  \
         revision: \"{stood}\"\n  reason: \"a requirement more\"\n"
    );
    office.configure(&[("baselines.yaml", &format!("{lines}{line}"))]).await?;
    let run = office.ran(&second).await?;
    let bundle = office.stage.api.bytes(&format!("runs/{run}/bundle")).await?;
    proof::verify(&bundle, &office.stage.running()?.ledger_key)?;
    ensure!(office.restarted() == ["INC-1", "INC-2"], "{:?}", office.restarted());
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_never_counts_as_a_reviewer_by_whichever_identity() -> Test {
    let mut office = Office::dev().await?;
    asking::who_asks_is_no_reviewer(&mut office).await?;
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_somebody_whom_no_link_names_waits_until_a_link_does() -> Test {
    let mut office = Office::dev().await?;
    let asked = office.ask("mallory", "INC-1", "Nobody knows who I am").await?;
    office.stage.town.desk("bob").vote(&asked.change, 2).await?;
    office.waits_for(&asked, "requester-unlinked").await?;
    ensure!(office.status(&asked.change).await? == "NEW", "it was submitted");
    let links = office.operations("links.yaml").await? + "- { person: mallory }\n";
    office.configure(&[("links.yaml", &links)]).await?;
    office.ran(&asked).await?;
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_against_it_stands_in_the_way() -> Test {
    let mut office = Office::dev().await?;
    let asked = office.ask("alice", "INC-1", "Please restart the shop").await?;
    let (bob, carol) = (office.stage.town.desk("bob"), office.stage.town.desk("carol"));
    carol.vote(&asked.change, -2).await?;
    bob.vote(&asked.change, 2).await?;
    office.waits_for(&asked, "vetoed").await?;
    ensure!(office.status(&asked.change).await? == "NEW", "it was submitted");
    carol.vote(&asked.change, 0).await?;
    office.ran(&asked).await?;
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_patch_set_on_a_request_ends_it() -> Test {
    let mut office = Office::lax().await?;
    let asked = office.ask("alice", "INC-1", "Please restart the shop").await?;
    let path = format!("requests/{}.yaml", asked.id);
    office.add_patch_set("dave", &asked.change, &path, "operation: shop-restart\n").await?;
    office.stage.town.desk("bob").vote(&asked.change, 2).await?;
    let view = office.stands(&asked, "refused").await?;
    ensure!(view.to_string().contains("request-patch-sets"), "{view}");
    office.abandoned(&asked.change).await?;
    let message = office.stage.play().said(&asked.change, "Not run: it was refused").await?;
    ensure!(message.contains("somebody added to what was asked"), "{message}");
    let (code, text) = office.exq("alice", &["why", &asked.change.number.to_string()]).await?;
    ensure!(code == Some(2) && text.contains("somebody added to what was asked"), "{code:?} {text}");
    ensure!(office.restarted().is_empty(), "{:?}", office.restarted());
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_patch_set_that_was_merged_before_we_looked_runs_nothing() -> Test {
    let mut office = Office::lax().await?;
    let asked = office.ask("alice", "INC-1", "Please restart the shop").await?;
    office.down().await?;
    let path = format!("requests/{}.yaml", asked.id);
    let bob = office.stage.town.desk("bob");
    let file = path.replace('/', "%2F");
    let file = format!("changes/requests~{}/revisions/current/files/{file}/content", asked.change.number);
    let text = bob.rest().call("GET", &file, None).await?;
    let text = STANDARD.decode(text.as_str().context("no content")?.trim())?;
    let text = String::from_utf8(text)? + "# the same, as far as anybody can see\n";
    office.add_patch_set("dave", &asked.change, &path, &text).await?;
    bob.vote(&asked.change, 2).await?;
    bob.submit(&asked.change).await?;
    office.up().await?;
    let codes = office.refused(&asked.change).await?;
    for code in ["request-patch-sets", "request-foreign-hand", "request-submitted-past-us"] {
        ensure!(codes.iter().any(|c| c == code), "{code} isn't in {codes:?}");
    }
    let number = asked.change.number.to_string();
    let (code, why) = office.exq("alice", &["why", &number]).await?;
    ensure!(code == Some(1) && why.contains("somebody added to what was asked"), "{code:?} {why}");
    office.stage.play().said(&asked.change, "Not run").await?;
    ensure!(office.restarted().is_empty(), "{:?}", office.restarted());
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_submitted_past_us_runs_nothing() -> Test {
    let mut office = Office::lax().await?;
    let asked = office.ask("alice", "INC-1", "Please restart the shop").await?;
    office.down().await?;
    let bob = office.stage.town.desk("bob");
    bob.vote(&asked.change, 2).await?;
    bob.submit(&asked.change).await?;
    office.up().await?;
    ensure!(office.refused(&asked.change).await? == ["request-submitted-past-us"], "another reason");
    office.stage.play().said(&asked.change, "Not run").await?;
    ensure!(office.restarted().is_empty(), "{:?}", office.restarted());
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_nobody_asked_for_through_us_counts_for_nothing() -> Test {
    let office = Office::lax().await?;
    let (bob, carol) = (office.stage.town.desk("bob"), office.stage.town.desk("carol"));
    let file = "operation: shop-restart\nenvironment: prod\ninputs:\n  ticket: \"INC-1\"\n";
    let path = "requests/req-0123456789abcdef0123.yaml";
    let change = carol.change("requests", &[(path, file)], "Request: shop-restart in prod").await?;
    bob.vote(&change, 2).await?;
    bob.submit(&change).await?;
    let view = until("it is seen", PATIENCE, || async {
        office.stage.api.json(&format!("why?change={}", change.number)).await.map(Some)
    })
    .await?;
    ensure!(view.pointer("/refused/0/code").and_then(Value::as_str) == Some("request-unknown"), "{view}");
    let config = &office.stage.town.config;
    let home = tempfile::TempDir::new()?;
    let number = change.number.to_string();
    let (code, text) = said(common::office::exq(config, home.path(), &["why", &number])).await?;
    ensure!(
        code == Some(1) && text.contains("is no request that was made through Exequatur"),
        "{code:?} {text}"
    );
    office.stage.play().said(&change, "Not run").await?;
    ensure!(office.restarted().is_empty(), "{:?}", office.restarted());
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_plan_runs_nothing_and_says_so() -> Test {
    let mut office = Office::dev().await?;
    asking::stale(&mut office).await?;
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_asked_for_is_said_and_nothing_is_stored() -> Test {
    let mut office = Office::dev().await?;
    let long = "x".repeat(3_000);
    let huge = "x".repeat(100_000);
    let ask = |why: &str| {
        ["request", "shop-restart", "--input", "ticket=INC-1", "--justification", why].map(str::to_owned)
    };
    for (why, said) in [
        ("", "says in words why"),
        ("......................", "says in words why"),
        ("Restart \u{202e}it\u{202c} now", "U+202E"),
        ("Restart\u{1b}[2J it now", "U+001B"),
        (&long, "at most 2000 characters"),
        (&huge, "too large"),
    ] {
        let arguments = ask(why);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let (code, text) = office.exq("alice", &arguments).await?;
        ensure!(code == Some(2) && text.contains(said), "{said:?}: {code:?} {text}");
    }
    let why = "It hangs since 8:00";
    for (arguments, said) in [
        (vec!["shop-web", "--input", "x=1"], "a submission sets it off"),
        (vec!["shop-rstart"], "there is no operation"),
        (vec!["shop-restart"], "asks for the inputs [ticket]"),
        (vec!["shop-restart", "--input", "ticket=a\u{202e}b"], "hides text"),
        (vec!["shop-restart", "--input", "ticket=-rf"], "would be an option"),
        (vec!["shop-restart", "--environment", "moon", "--input", "ticket=1"], "no environment moon"),
        (vec!["shop-restart", "--input", "ticket=1", "--plan", &"0".repeat(64)], "is not what you looked at"),
    ] {
        let all = [vec!["request"], arguments, vec!["--justification", why]].concat();
        let (code, text) = office.exq("alice", &all).await?;
        ensure!(code == Some(2) && text.contains(said), "{said:?}: {code:?} {text}");
    }
    // The host's own token is nobody who could ask.
    let home = tempfile::TempDir::new()?;
    let config = office.stage.town.config.clone();
    let all = ["request", "shop-restart", "--input", "ticket=1", "--justification", why];
    let (code, text) = said(common::office::exq(&config, home.path(), &all)).await?;
    ensure!(code == Some(2) && text.contains("nobody is signed in"), "{text}");
    let body =
        serde_json::json!({"operation": "shop-restart", "inputs": {"ticket": "1"}, "justification": why});
    for path in ["requests", "plan"] {
        let refused = office.stage.api.post(path, &body).await.err().context("the host's token asked")?;
        ensure!(refused.to_string().contains("about a person"), "{refused}");
    }
    // Who asks is who is signed in, whatever the body says.
    let list = office.stage.api.json("requests").await?;
    ensure!(list.get("rows").and_then(Value::as_array).is_some_and(Vec::is_empty), "{list}");
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asked_withdraws_it_and_nobody_else_does() -> Test {
    let mut office = Office::dev().await?;
    let asked = office.ask("alice", "INC-1", "Please restart the shop").await?;
    let (code, text) = office.exq("erin", &["request", "withdraw", &asked.id]).await?;
    ensure!(code == Some(2) && text.contains("not yours to withdraw"), "{code:?} {text}");
    let (code, text) = office.exq("alice", &["request", "withdraw", &asked.id]).await?;
    ensure!(code == Some(0), "{code:?} {text}");
    office.abandoned(&asked.change).await?;
    office.stage.play().said(&asked.change, "Not run: it was withdrawn by alice \"Alice\"").await?;
    // Brought back to life on Gerrit, and approved: it doesn't stand any more.
    let admin = office.stage.town.admin_desk();
    let path = format!("changes/requests~{}/restore", asked.change.number);
    admin.rest().call("POST", &path, Some(&serde_json::json!({}))).await?;
    office.stage.town.desk("bob").vote(&asked.change, 2).await?;
    let later = office.ask("alice", "INC-2", "Now it hangs indeed").await?;
    office.stage.town.desk("bob").vote(&later.change, 2).await?;
    office.ran(&later).await?;
    ensure!(office.status(&asked.change).await? == "NEW", "a withdrawn request was submitted");
    ensure!(office.restarted() == ["INC-2"], "{:?}", office.restarted());
    let (code, text) = office.exq("alice", &["request", "withdraw", &later.id]).await?;
    ensure!(code == Some(2) && text.contains("can't be withdrawn any more"), "{code:?} {text}");
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_request_that_is_merged_all_the_same_runs_nothing() -> Test {
    let mut office = Office::lax().await?;
    let asked = office.ask("alice", "INC-1", "Please restart the shop").await?;
    office.exq("alice", &["request", "withdraw", &asked.id]).await?;
    office.abandoned(&asked.change).await?;
    let (admin, bob) = (office.stage.town.admin_desk(), office.stage.town.desk("bob"));
    let path = format!("changes/requests~{}/restore", asked.change.number);
    admin.rest().call("POST", &path, Some(&serde_json::json!({}))).await?;
    bob.vote(&asked.change, 2).await?;
    bob.submit(&asked.change).await?;
    let codes = office.refused(&asked.change).await?;
    ensure!(codes.contains(&"request-ended".to_owned()), "{codes:?}");
    ensure!(office.restarted().is_empty(), "{:?}", office.restarted());
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_reviews_in_time_expires() -> Test {
    let mut office = Office::dev().await?;
    let text = office.operations("operations/shop-restart.yaml").await? + "wait: { within: 4s }\n";
    office.configure(&[("operations/shop-restart.yaml", &text)]).await?;
    let asked = office.ask("alice", "INC-1", "Please restart the shop").await?;
    office.stands(&asked, "expired").await?;
    office.abandoned(&asked.change).await?;
    office.stage.play().said(&asked.change, "Not run: nobody reviewed it in time").await?;
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_made_while_gerrit_is_away_is_kept_shown_and_made_once() -> Test {
    let mut office = Office::dev().await?;
    let faults = office.stage.gerrit.faults()?;
    // Signed in before Gerrit goes.
    office.exq("alice", &["whoami"]).await?;
    faults.unavailable(1_000_000);
    let all = ["request", "shop-restart", "--input", "ticket=INC-1", "--justification", "It hangs again"];
    let config = office.stage.town.config.clone();
    let home = office.home("alice")?.to_owned();
    let asking = tokio::spawn(said(common::office::exq(&config, &home, &all)));
    let view = until("something says why there is no change", PATIENCE, || async {
        let list = office.stage.api.json("requests").await?;
        Ok(list.pointer("/rows/0").filter(|row| !word(row, "trouble").is_empty()).cloned())
    })
    .await?;
    ensure!(word(&view, "state") == "made" && view.get("change").is_some_and(Value::is_null), "{view}");
    let id = view.pointer("/request/id").and_then(Value::as_str).context("no id")?.to_owned();
    office.stage.alarm(&id).await?;
    faults.unavailable(0);
    let asked = office.asked(&view).await?;
    // Who still waited for it is told.
    let (code, text) = asking.await??;
    ensure!(code == Some(0) && text.contains(&format!("/+/{}", asked.change.number)), "{code:?} {text}");
    office.stage.town.desk("bob").vote(&asked.change, 2).await?;
    office.ran(&asked).await?;
    ensure!(of_requests(&office).await? == 1, "more than one change");
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_the_change_and_its_record_makes_no_second_one() -> Test {
    let mut office = Office::dev().await?;
    office.exq("alice", &["whoami"]).await?;
    // Gerrit makes the change; its answer is never read.
    let hold = office.stage.gerrit.faults()?.hold("/files/requests%2F");
    let all =
        ["request", "shop-restart", "--input", "ticket=INC-1", "--justification", "It hangs again", "--json"];
    let config = office.stage.town.config.clone();
    let home = office.home("alice")?.to_owned();
    let asking = tokio::spawn(said(common::office::exq(&config, &home, &all)));
    until("the change is made", PATIENCE, || async { Ok((of_requests(&office).await? == 1).then_some(())) })
        .await?;
    let list = office.stage.api.json("requests").await?;
    let view = list.pointer("/rows/0").cloned().context("no request")?;
    ensure!(word(&view, "state") == "made", "{view}");
    office.down().await?;
    hold.release();
    office.up().await?;
    asking.abort();
    let asked = office.asked(&view).await?;
    office.stage.town.desk("bob").vote(&asked.change, 2).await?;
    office.ran(&asked).await?;
    ensure!(of_requests(&office).await? == 1, "more than one change");
    ensure!(office.restarted() == ["INC-1"], "{:?}", office.restarted());
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_while_gerrit_submits_it_runs_it_once() -> Test {
    let mut office = Office::dev().await?;
    let asked = office.ask("alice", "INC-1", "Please restart the shop").await?;
    // Gerrit merges it; its answer is never read, and no event tells of it.
    let faults = office.stage.gerrit.faults()?;
    let hold = faults.hold("/submit");
    faults.drop_events(1_000);
    office.stage.town.desk("bob").vote(&asked.change, 2).await?;
    until("it is merged", PATIENCE, || async {
        Ok((office.status(&asked.change).await? == "MERGED").then_some(()))
    })
    .await?;
    office.down().await?;
    hold.release();
    office.up().await?;
    office.ran(&asked).await?;
    ensure!(office.restarted() == ["INC-1"], "{:?}", office.restarted());
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn why_says_what_an_open_request_waits_for() -> Test {
    let mut office = Office::dev().await?;
    let asked = office.ask("alice", "INC-1", "Please restart the shop").await?;
    office.waits_for(&asked, "no-independent-approval").await?;
    let (code, text) = office.exq("alice", &["why", &asked.change.number.to_string()]).await?;
    ensure!(
        code == Some(2) && text.contains(&asked.id) && text.contains("no vote of somebody"),
        "{code:?} {text}"
    );
    let (code, text) = office.exq("alice", &["why", &asked.id]).await?;
    ensure!(code == Some(0) && text.contains("no vote of somebody"), "{code:?} {text}");
    office.close().await
}

/// How many changes there are in the requests project.
async fn of_requests(office: &Office) -> Result<usize> {
    let list = office.stage.town.desk("bob").rest().call("GET", "changes/?q=project:requests", None).await?;
    Ok(list.as_array().map_or(0, Vec::len))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_for_what_only_observes_is_judged_and_runs_nothing() -> Test {
    let mut office = Office::dev().await?;
    let text =
        office.operations("operations/shop-restart.yaml").await?.replace("mode: enforce", "mode: observe");
    office.configure(&[("operations/shop-restart.yaml", &text)]).await?;
    let asked = office.ask("alice", "INC-1", "Please restart the shop").await?;
    office.stage.town.desk("bob").vote(&asked.change, 2).await?;
    let state = office.stage.state(&asked.change).await?;
    ensure!(word(&state, "is") == "observed" && state.get("allowed") == Some(&true.into()), "{state}");
    office.stage.play().said(&asked.change, "Observed: this would have run").await?;
    ensure!(office.restarted().is_empty(), "{:?}", office.restarted());
    office.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_somebody_else_made_under_our_change_id_is_not_the_request() -> Test {
    let mut office = Office::lax().await?;
    office.exq("alice", &["whoami"]).await?;
    let faults = office.stage.gerrit.faults()?;
    faults.unavailable(1_000_000);
    let all = ["request", "shop-restart", "--input", "ticket=INC-1", "--justification", "It hangs again"];
    let config = office.stage.town.config.clone();
    let home = office.home("alice")?.to_owned();
    let asking = tokio::spawn(said(common::office::exq(&config, &home, &all)));
    let view = until("it is stored", PATIENCE, || async {
        Ok(office.stage.api.json("requests").await?.pointer("/rows/0").cloned())
    })
    .await?;
    office.down().await?;
    asking.abort();
    faults.unavailable(0);
    // To the byte what was asked; but it isn't we who made it.
    let request: model::Request =
        serde_json::from_value(view.get("request").cloned().context("no request")?)?;
    let change_id = request.change_id().context("no Change-Id")?.to_string();
    let carol = office.stage.town.desk("carol");
    carol.refresh("requests").await?;
    let message = format!("Request: shop-restart in prod\n\nChange-Id: {change_id}\n");
    let file = request.file();
    let revision = carol.commit("requests", &[(&request.path(), &file)], &message).await?;
    carol.push("requests", "refs/for/main").await?;
    let change = carol.find("requests", change_id, revision).await?;
    office.up().await?;
    let id = request.id.to_string();
    let view = until("it is failed", PATIENCE, || async {
        let view = office.request(&id).await?;
        Ok((word(&view, "state") == "failed").then_some(view))
    })
    .await?;
    ensure!(view.to_string().contains("made it, not our writer"), "{view}");
    let bob = office.stage.town.desk("bob");
    bob.vote(&change, 2).await?;
    bob.submit(&change).await?;
    until("it is seen", PATIENCE, || async {
        let view = office.stage.api.json(&format!("why?change={}", change.number)).await?;
        let code = view.pointer("/refused/0/code").and_then(Value::as_str);
        Ok((code == Some("request-unknown")).then_some(()))
    })
    .await?;
    ensure!(office.restarted().is_empty(), "{:?}", office.restarted());
    office.close().await
}
