//! What must hold however often, however late and by whichever way a hint comes: on either kind of Gerrit.

use std::time::Duration;

use anyhow::{Result, ensure};
use exq::demo::until;
use futures_util::future::try_join_all;
use serde_json::Value;
use story::{Change, Pace};

use super::{PATIENCE, Stage, word};

/// Looks by itself all the time.
pub(crate) const EAGER: Pace = Pace { poll_s: 1, sweep_s: 60 };
/// Sweeps the refs all the time, and polls when it starts only.
pub(crate) const SWEEPING: Pace = Pace { poll_s: 3600, sweep_s: 2 };
/// Looks by itself when it starts, and then no more.
pub(crate) const IDLE: Pace = Pace { poll_s: 3600, sweep_s: 3600 };

/// One merge, announced a hundred times at once while the poll looks too, is one run.
pub(crate) async fn announced_a_hundred_times(stage: &mut Stage, project: &str) -> Result<()> {
    let change = merged(stage, project, "announced").await?;
    let rings = (0..100).map(|_| stage.ring(project, change.number));
    let answers = try_join_all(rings).await?;
    ensure!(answers.iter().all(|status| *status == 202), "answers: {answers:?}");
    let run = stage.ran(&change).await?;
    stage.no_hint_waits().await?;
    only_run(stage, project, &change, &run).await
}

/// With no hint at all, the poll finds it.
pub(crate) async fn without_a_hint(stage: &mut Stage, project: &str) -> Result<()> {
    stage.up(EAGER).await?;
    let change = merged(stage, project, "silent").await?;
    let run = stage.ran(&change).await?;
    only_run(stage, project, &change, &run).await
}

/// Merged while Exequatur was down: it runs after the start.
pub(crate) async fn while_down(stage: &mut Stage, project: &str) -> Result<()> {
    stage.down().await?;
    let change = merged(stage, project, "while down").await?;
    stage.up(EAGER).await?;
    let run = stage.ran(&change).await?;
    only_run(stage, project, &change, &run).await
}

/// A chain of three, submitted together, is one submission and one run.
pub(crate) async fn chain_of_three(stage: &mut Stage, project: &str) -> Result<()> {
    let (alice, bob) = (stage.town.desk("alice"), stage.town.desk("bob"));
    let files = [("one.txt", "1\n"), ("two.txt", "2\n"), ("three.txt", "3\n")];
    let chain = alice.chain(project, &files, "Chain").await?;
    for change in &chain {
        bob.vote(change, 2).await?;
    }
    let [first, second, top] = chain.as_slice() else { anyhow::bail!("a chain of {}", chain.len()) };
    let before = stage.runs_of(&format!("{project}-web")).await?.len();
    bob.submit(top).await?;
    // Each of them is announced: Gerrit does so.
    for change in &chain {
        stage.ring(project, change.number).await?;
    }
    let run = stage.ran(top).await?;
    for below in [first, second] {
        let below = stage.ran(below).await?;
        ensure!(below == run, "a change of the chain is said to be run by {below}, the top by {run}");
    }
    let view = stage.play().settled(first.number).await?;
    let changes = view.pointer("/submission/changes").and_then(Value::as_array).map_or(0, Vec::len);
    ensure!(changes == 3, "the submission has {changes} changes");
    stage.no_hint_waits().await?;
    let after = stage.runs_of(&format!("{project}-web")).await?.len();
    ensure!(after == before + 1, "{} runs for one chain", after - before);
    for change in &chain {
        stage.play().said(change, "Rolled out").await?;
    }
    Ok(())
}

/// A topic over two projects is one run in each.
pub(crate) async fn topic_over_two(stage: &mut Stage, projects: [&str; 2]) -> Result<()> {
    let (alice, bob) = (stage.town.desk("alice"), stage.town.desk("bob"));
    let mut changes = Vec::new();
    for project in projects {
        let change = alice.change(project, &[("both.txt", "together\n")], "Both at once").await?;
        alice.set_topic(&change, "both").await?;
        bob.vote(&change, 2).await?;
        changes.push(change);
    }
    let [one, other] = changes.as_slice() else { anyhow::bail!("two changes") };
    bob.submit(one).await?;
    ensure!(word(&bob.look(other).await?, "status") == "MERGED", "the topic was not submitted as a whole");
    for change in &changes {
        stage.ring(&change.project, change.number).await?;
    }
    let (first, second) = (stage.ran(one).await?, stage.ran(other).await?);
    ensure!(first != second, "one run for two projects");
    stage.no_hint_waits().await?;
    for (change, run) in changes.iter().zip([&first, &second]) {
        only_run(stage, &change.project, change, run).await?;
    }
    Ok(())
}

/// Five merges while a run is in progress: the newest runs when it is over, the four below are superseded by that run.
pub(crate) async fn five_while_a_run_is_in_progress(stage: &mut Stage, project: &str) -> Result<()> {
    let held = stage.town.shop(project).join("held");
    std::fs::write(&held, "")?;
    let first = merged(stage, project, "the first").await?;
    stage.ring(project, first.number).await?;
    until("the first runs", PATIENCE, || async {
        let view = stage.api.json(&format!("why?change={}&server=main", first.number)).await?;
        Ok((view.pointer("/outcomes/0/state/is").and_then(Value::as_str) == Some("running")).then_some(()))
    })
    .await?;
    let mut later = Vec::new();
    for text in ["second", "third", "fourth", "fifth", "sixth"] {
        let change = merged(stage, project, text).await?;
        stage.ring(project, change.number).await?;
        later.push(change);
    }
    stage.no_hint_waits().await?;
    std::fs::remove_file(&held)?;
    stage.ran(&first).await?;
    newest_ran(stage, project, &later).await
}

/// Five merges while Exequatur was down: the newest runs, the four below are superseded by that run.
pub(crate) async fn five_while_down(stage: &mut Stage, project: &str) -> Result<()> {
    stage.down().await?;
    let mut changes = Vec::new();
    for text in ["a", "b", "c", "d", "e"] {
        changes.push(merged(stage, project, text).await?);
    }
    stage.up(EAGER).await?;
    newest_settled(stage, project, &changes).await
}

/// An older submission is announced after a newer one ran: it is superseded by that run, also after a restart.
pub(crate) async fn older_after_newer(stage: &mut Stage, project: &str) -> Result<()> {
    stage.up(IDLE).await?;
    settled_loops(stage).await?;
    let older = merged(stage, project, "older").await?;
    let oldest = merged(stage, project, "between").await?;
    let newer = merged(stage, project, "newer").await?;
    stage.ring(project, newer.number).await?;
    let run = stage.ran(&newer).await?;
    let switched = stage.town.switched(project).len();
    stage.ring(project, older.number).await?;
    ensure!(stage.superseded_by(&older).await? == run, "superseded by another run");
    let said = stage.play().said(&older, "superseded by").await?;
    ensure!(said.contains(&run), "the change doesn't name the run: {said}");
    stage.up(IDLE).await?;
    stage.ring(project, oldest.number).await?;
    ensure!(stage.superseded_by(&oldest).await? == run, "superseded by another run after the restart");
    ensure!(stage.town.switched(project).len() == switched, "an older revision was rolled out");
    ensure!(stage.town.serves(project).await == Some(newer.revision), "the newest isn't served");
    Ok(())
}

/// The run of the newest, and the names by which the others are superseded. All were known before any was judged.
async fn newest_ran(stage: &Stage, project: &str, changes: &[Change]) -> Result<()> {
    let Some((newest, others)) = changes.split_last() else { anyhow::bail!("no changes") };
    let run = stage.ran(newest).await?;
    for other in others {
        let by = stage.superseded_by(other).await?;
        ensure!(by == run, "change {} is superseded by {by}, the newest ran in {run}", other.number);
        let said = stage.play().said(other, "superseded by").await?;
        ensure!(said.contains(&run), "change {} doesn't name the run: {said}", other.number);
    }
    ensure!(stage.town.serves(project).await.as_deref() == Some(newest.revision.as_str()), "not the newest");
    Ok(())
}

/// The newest ran last; of the others each ran before a newer one or was superseded by the run of a newer one.
async fn newest_settled(stage: &Stage, project: &str, changes: &[Change]) -> Result<()> {
    let Some((newest, others)) = changes.split_last() else { anyhow::bail!("no changes") };
    stage.ran(newest).await?;
    let runs = stage.runs().await?;
    for (at, other) in others.iter().enumerate() {
        let state = stage.state(other).await?;
        if word(&state, "is") == "ran" {
            continue;
        }
        ensure!(word(&state, "is") == "superseded", "change {}: {state}", other.number);
        let by = runs.iter().find(|(id, ..)| id == word(&state, "by"));
        let newer = by.and_then(|(_, _, tip)| changes.iter().position(|c| c.revision == *tip));
        ensure!(
            newer.is_some_and(|newer| newer > at),
            "change {} is superseded by an older one",
            other.number
        );
    }
    in_order(stage, project, changes)?;
    ensure!(stage.town.serves(project).await.as_deref() == Some(newest.revision.as_str()), "not the newest");
    Ok(())
}

/// No revision was rolled out after a newer one.
fn in_order(stage: &Stage, project: &str, changes: &[Change]) -> Result<()> {
    let switched = stage.town.switched(project);
    let places: Vec<usize> =
        switched.iter().filter_map(|tip| changes.iter().position(|c| c.revision == *tip)).collect();
    ensure!(places.is_sorted(), "rolled out in this order: {places:?}");
    Ok(())
}

/// A reviewed change of a project, merged; each its own file, so that they never conflict.
pub(crate) async fn merged(stage: &Stage, project: &str, text: &str) -> Result<Change> {
    let (alice, bob) = (stage.town.desk("alice"), stage.town.desk("bob"));
    let file = format!("{}.txt", text.replace(' ', "-"));
    let change = alice.change(project, &[(file.as_str(), text)], &format!("Say {text}")).await?;
    bob.vote(&change, 2).await?;
    bob.submit(&change).await?;
    Ok(change)
}

/// The change's revision was rolled out once, by that run, and the shop serves it.
async fn only_run(stage: &Stage, project: &str, change: &Change, run: &str) -> Result<()> {
    let runs = stage.runs().await?;
    let of: Vec<_> = runs.iter().filter(|(_, _, revision)| *revision == change.revision).collect();
    ensure!(matches!(of.as_slice(), [(id, ..)] if id == run), "runs of change {}: {of:?}", change.number);
    let switched = stage.town.switched(project).iter().filter(|tip| **tip == change.revision).count();
    ensure!(switched == 1, "switched {switched} times");
    let serves = stage.town.serves(project).await;
    ensure!(serves.as_deref() == Some(change.revision.as_str()), "the {project} serves {serves:?}");
    stage.play().said(change, "Rolled out").await?;
    Ok(())
}

/// Waits until the looks that a start makes are over: the first poll has written its cursor.
pub(crate) async fn settled_loops(stage: &Stage) -> Result<()> {
    let surface = std::sync::Arc::clone(&stage.running()?.surface);
    until("the first poll is over", Duration::from_secs(30), || async {
        let has = surface.metrics().await.iter().any(|(name, labels, count)| {
            *name == "exq_records" && labels.iter().any(|(_, v)| v == "cursor") && *count > 0
        });
        Ok(has.then_some(()))
    })
    .await
}
