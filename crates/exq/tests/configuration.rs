//! Configuration is accepted, not just merged (I5), and matches only what merges later (I3).

mod common;

use anyhow::{Context as _, Result, ensure};
use common::{PATIENCE, Stage, delivery::merged};
use exq::demo::until;
use serde_json::Value;
use story::Change;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_the_ledger_did_not_begin_with_is_refused_at_start() -> Result<()> {
    let mut stage = Stage::dev().await?;
    stage.down().await?;
    let text = std::fs::read_to_string(&stage.town.config)?;
    let (before, main) = text.split_once("gerrit:\n").context("no servers")?;
    let (main, after) = main.split_once("operations:\n").context("no operations")?;
    let west = main.replacen("  main:", "  west:", 1);
    std::fs::write(&stage.town.config, format!("{before}gerrit:\n{main}{west}operations:\n{after}"))?;
    let config = exq::config::Config::read(&stage.town.config)?;
    let start = exq::installation::Installation::start(
        &config,
        std::sync::Arc::new(model::SystemClock),
        std::sync::Arc::new(model::OsEntropy),
    );
    let Err(error) = start.await else { anyhow::bail!("it started") };
    let said = format!("{error:#}");
    ensure!(said.contains("west") && said.contains("began without it") && said.contains("hint: "), "{said}");
    // Put back, everything goes on.
    stage.up(common::delivery::EAGER).await?;
    let change = merged(&stage, "shop", "put back").await?;
    stage.ran(&change).await?;
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operations_commit_that_says_nonsense_stays_out_and_a_reviewed_sound_one_comes_in() -> Result<()> {
    let mut stage = Stage::dev().await?;
    let genesis = accepted(&stage).await?;
    let broken =
        by_two(&stage, &[("operations/shop-web.yaml", "operation: [shop-web\n")], "Break it").await?;
    let refused = until("it is refused", PATIENCE, || async {
        let view = stage.api.json("configuration").await?;
        Ok(view.get("refused").filter(|refused| !refused.is_null()).cloned())
    })
    .await?;
    ensure!(refused.to_string().contains("shop-web.yaml"), "the file isn't named: {refused}");
    stage.play().said(&broken, "Not in force").await?;
    stage.alarm("is not in force").await?;
    ensure!(accepted(&stage).await? == genesis, "nonsense is in force");
    let said = why(&stage, &broken).await?;
    ensure!(said.get("in_force") == Some(&Value::Bool(false)), "{said}");
    ensure!(
        said.pointer("/refused/0/text").is_some_and(|text| text.to_string().contains("shop-web.yaml")),
        "{said}"
    );
    // The last accepted stays, and works; also after a restart.
    let change = merged(&stage, "shop", "meanwhile").await?;
    stage.ran(&change).await?;
    stage.up(common::delivery::EAGER).await?;
    stage.alarm("is not in force").await?;
    let change = merged(&stage, "shop", "after a restart").await?;
    stage.ran(&change).await?;

    // A project that nobody watched yet: what merged before its operation is accepted never runs.
    let before = merged(&stage, "app", "before").await?;
    a_second_passes(&stage, &before).await?;
    let app = APP.replace("APP_BASE", &head(&stage, "app").await?);
    let [operation, baselines] = parts(&app)?;
    let shop = stage.town.folder.join("desks/main/alice/operations");
    let sound = read_before(&stage, "operations/shop-web.yaml").await?;
    let old = std::fs::read_to_string(shop.join("baselines.yaml"))?;
    let fixed = by_two(
        &stage,
        &[
            ("operations/shop-web.yaml", sound.as_str()),
            ("operations/app-web.yaml", operation),
            ("baselines.yaml", &format!("{old}{baselines}")),
        ],
        "Mend it, and roll out the app",
    )
    .await?;
    until("it is accepted", PATIENCE, || async {
        Ok((accepted(&stage).await? == fixed.revision).then_some(()))
    })
    .await?;
    stage.play().said(&fixed, "In force").await?;
    for part in [&broken, &fixed] {
        let said = why(&stage, part).await?;
        ensure!(said.get("in_force") == Some(&Value::Bool(true)), "{said}");
    }
    let later = merged(&stage, "app", "later").await?;
    stage.ran(&later).await?;
    stage.up(common::delivery::EAGER).await?;
    stage.ring("app", before.number).await?;
    stage.no_hint_waits().await?;
    let runs = stage.runs_of("app-web").await?;
    ensure!(runs.len() == 1, "{} runs of the app", runs.len());
    stage.close().await
}

/// The operation of the app: one step, whose proof is that it ran.
const APP: &str = r#"operation: app-web
title: Roll out the app
mode: enforce
trigger: { merged: { server: main, project: app, branch: main } }
review: { people: 1 }
environments:
  prod: { targets: shop-hosts }
steps:
  - id: look
    http: { get: "{{ target.url }}/version", expect: { status: 200 }, within: 20s }
on_failure: stop
newer: replaces
----
- operation: app-web
  environment: prod
  server: main
  project: app
  branch: main
  revision: "APP_BASE"
  reason: "what was there"
"#;

fn parts(text: &str) -> Result<[&str; 2]> {
    let (operation, baselines) = text.split_once("----\n").context("two parts")?;
    Ok([operation, baselines])
}

/// The text of a file before the last commit of alice's clone.
async fn read_before(stage: &Stage, path: &str) -> Result<String> {
    stage.town.desk("alice").read("operations", "HEAD~1", path).await
}

/// alice writes, bob and carol approve, dave submits.
async fn by_two(stage: &Stage, files: &[(&str, &str)], subject: &str) -> Result<Change> {
    let change = stage.town.desk("alice").change("operations", files, subject).await?;
    for name in ["bob", "carol"] {
        stage.town.desk(name).vote(&change, 2).await?;
    }
    stage.town.desk("dave").submit(&change).await?;
    Ok(change)
}

/// What is said of a change of the operations project.
async fn why(stage: &Stage, change: &Change) -> Result<Value> {
    stage.api.json(&format!("why?change={}&server=main", change.number)).await
}

async fn accepted(stage: &Stage) -> Result<String> {
    let view = stage.api.json("configuration").await?;
    Ok(common::word(&view, "accepted").to_owned())
}

async fn head(stage: &Stage, project: &str) -> Result<String> {
    let branch = stage
        .town
        .desk("alice")
        .rest()
        .call("GET", &format!("projects/{project}/branches/main"), None)
        .await?;
    branch.get("revision").and_then(Value::as_str).map(str::to_owned).context("no head")
}

/// Gerrit's times are whole seconds: waits until a later one than the change's.
async fn a_second_passes(stage: &Stage, change: &Change) -> Result<()> {
    let submitted = stage.town.desk("alice").look(change).await?;
    let submitted = common::word(&submitted, "submitted").to_owned();
    let desk = stage.town.desk("alice");
    until("a second passes", PATIENCE, || async {
        let probe = desk.change("app", &[("probe.txt", "probe\n")], "What time is it?").await?;
        let created = desk.look(&probe).await?;
        Ok((common::word(&created, "created") > submitted.as_str()
            && common::word(&created, "created").get(..19) != submitted.get(..19))
        .then_some(()))
    })
    .await
}
