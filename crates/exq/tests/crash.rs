//! kill -9 during rollouts: whenever it comes, each submission has one settled outcome, on the target and in the ledger
//! (I3, I6, I7).
//!
//! `cargo xtask crash --runs N` does the same more often; `CRASH_KILLS` and `CRASH_SEED` say how often and which.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // tests

#[path = "crash/company.rs"]
mod company;
#[path = "crash/look.rs"]
mod look;

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use company::{Company, PATIENCE};
use exq::demo::{Play, until};
use look::Look;
use model::{Action, Plan};
use proof::Bundle;
use serde_json::Value;
use story::Change;

/// How many kills one submission takes at most before it is left alone.
const EACH: u64 = 6;

/// Small, seeded chance (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) % n
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect(name))
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_point_each_submission_has_one_settled_outcome() -> Result<()> {
    let (kills, seed) = (number("CRASH_KILLS", 15), number("CRASH_SEED", 1));
    println!("{kills} kills, seed {seed}");
    let mut company = Company::found().await?;
    match play(&mut company, kills, seed).await {
        Ok(done) => {
            company.close().await?;
            println!("kills: {done}, all well");
            Ok(())
        }
        Err(error) => bail!("{error:#}\nCRASH_SEED={seed}; the end of its log:\n{}", company.abandon()),
    }
}

/// What was submitted, and how it is to end.
struct Submitted {
    change: Change,
    results: &'static [&'static str],
}

async fn play(company: &mut Company, kills: u64, seed: u64) -> Result<u64> {
    let mut points: BTreeMap<String, u64> = BTreeMap::new();
    let (mut done, mut inside, mut submitted) = (0, 0, Vec::new());
    while done < kills {
        let round = submitted.len() as u64;
        let mut dice = Dice((seed * 1_000_003 + round).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let one = submit(company, round).await?;
        let (project, revision) = (one.change.project.clone(), one.change.revision.clone());
        // The first kill falls some time after the first row of the journal, the next ones after the next starts.
        if dice.below(10) > 0 {
            journalled(company, &one.change).await?;
        }
        let mut wait_ms = dice.below(700);
        for _ in 0..(1 + dice.below(EACH)).min(kills - done) {
            tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            company.kill()?;
            done += 1;
            let look = Look::at(&company.data()).await?;
            let point = look.point(&project, &revision).await?;
            inside += u64::from(point.inside);
            *points.entry(point.name).or_default() += 1;
            if done % 10 == 1 {
                look.sound().await.with_context(|| format!("after kill {done}"))?;
            }
            look.store.close().await;
            company.spawn()?;
            if !point.inside {
                break;
            }
            wait_ms = 50 + dice.below(1100);
        }
        settled(company, &one).await?;
        submitted.push(one);
    }
    println!("{done} kills in {} submissions, at these points:", submitted.len());
    for (point, count) in &points {
        println!("{count:>6}  {point}");
    }
    println!("{inside} of {done} between the first row of the journal and settled");
    ensure!(inside * 5 >= done * 4, "only {inside} of {done} kills fell into a run: nothing was tested");
    agree(company, &submitted).await?;
    Ok(done)
}

/// A reviewed change, merged; the first in each project goes through, so that there is something to go back to.
async fn submit(company: &mut Company, round: u64) -> Result<Submitted> {
    if !company.runs() {
        company.start().await?;
    }
    let project = ["shop", "cart", "stock"][(round % 3) as usize];
    let broken = project == "stock" && round > 3;
    let mark = company.root("stock").join("broken");
    if broken {
        std::fs::write(&mark, "")?;
    } else if mark.exists() {
        std::fs::remove_file(&mark)?;
    }
    let api = company.api()?;
    let play = Play { town: &company.town, api: &api };
    let change = play.reviewed(project, &format!("round {round}\n")).await?;
    let results: &[&str] = match project {
        "cart" => &["succeeded", "unknown"],
        "stock" if broken => &["undone"],
        _ => &["succeeded"],
    };
    Ok(Submitted { change, results })
}

/// Waits until the run of a change has begun.
async fn journalled(company: &Company, change: &Change) -> Result<()> {
    until(&format!("change {} runs", change.number), PATIENCE, || async {
        let state = company.state(change.number).await?;
        let is = state.get("is").and_then(Value::as_str).unwrap_or_default();
        Ok(matches!(is, "running" | "ran").then_some(()))
    })
    .await
}

/// Waits until a change is settled, as it has to be.
async fn settled(company: &Company, one: &Submitted) -> Result<()> {
    let number = one.change.number;
    let state = until(&format!("change {number} is settled"), PATIENCE, || async {
        let state = company.state(number).await?;
        let is = state.get("is").and_then(Value::as_str).unwrap_or_default();
        Ok(matches!(is, "ran" | "refused" | "superseded" | "observed").then_some(state.clone()))
    })
    .await?;
    let result = state.get("result").and_then(Value::as_str).unwrap_or_default();
    ensure!(one.results.contains(&result), "change {number} of {}: {state}", one.change.project);
    Ok(())
}

/// Target, database, ledger and bundles tell the same story.
async fn agree(company: &mut Company, submitted: &[Submitted]) -> Result<()> {
    let key = company.key()?;
    let api = company.api()?;
    let mut switched: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut stands: BTreeMap<String, String> = BTreeMap::new();
    for one in submitted {
        let (change, view) =
            (&one.change, api.json(&format!("why?change={}&server=main", one.change.number)).await?);
        let outcomes = view.get("outcomes").and_then(Value::as_array).map_or(0, Vec::len);
        ensure!(outcomes == 1, "change {} has {outcomes} outcomes", change.number);
        let run = view.pointer("/outcomes/0/state/run").and_then(Value::as_str).context("no run")?;
        let bytes = api.bytes(&format!("runs/{run}/bundle")).await?;
        let verified = proof::verify(&bytes, &key).with_context(|| format!("the bundle of {run}"))?;
        ensure!(verified.revision == change.revision, "{run} ran {}", verified.revision);
        let bundle = Bundle::decode(&bytes)?;
        for revision in switches(&bundle)? {
            *switched.entry((change.project.clone(), revision)).or_default() += 1;
        }
        if verified.result != "undone" {
            stands.insert(change.project.clone(), change.revision.clone());
        }
    }
    for (project, revision) in &stands {
        let lines = company.town.switched(project);
        let mut on_target: BTreeMap<&String, i64> = BTreeMap::new();
        for line in &lines {
            *on_target.entry(line).or_default() += 1;
        }
        for (line, times) in on_target {
            let attempts = switched.get(&(project.clone(), line.clone())).copied().unwrap_or_default();
            ensure!(
                times <= attempts,
                "the {project} was switched to {line} {times} times in {attempts} attempts"
            );
        }
        ensure!(
            lines.last() == Some(revision),
            "the {project} is at {:?}, the ledger at {revision}",
            lines.last()
        );
        let serves = company.town.serves(project).await;
        ensure!(
            serves.as_ref() == Some(revision),
            "the {project} serves {serves:?}, the ledger says {revision}"
        );
    }
    let once = std::fs::read_to_string(company.root("cart").join("once")).unwrap_or_default();
    let mut acted: Vec<&str> = once.lines().collect();
    acted.sort_unstable();
    ensure!(acted.windows(2).all(|two| two[0] != two[1]), "what must not be repeated was: {acted:?}");
    company.kill()?;
    let look = Look::at(&company.data()).await?;
    look.sound().await?;
    let entries = look.entries().await?;
    let settled = look::settled(&entries);
    ensure!(
        settled.len() == submitted.len(),
        "{} outcomes of {} submissions",
        settled.len(),
        submitted.len()
    );
    ensure!(settled.values().all(|times| *times == 1), "settled more than once: {settled:?}");
    let runs = look.records("run").await?.len();
    ensure!(runs == submitted.len(), "{runs} runs of {} submissions", submitted.len());
    look.store.close().await;
    Ok(())
}

/// The revisions to which attempts of a run switched its target, by its entries and its plan: what the ledger allows the
/// target to have seen.
fn switches(bundle: &Bundle) -> Result<Vec<String>> {
    let leaves: Vec<Value> =
        bundle.entries.iter().map(|e| serde_json::from_str(&e.leaf)).collect::<Result<_, _>>()?;
    let named = leaves.iter().find_map(|leaf| leaf.pointer("/facts/plan-object")?.as_str());
    let object = bundle.objects.get(&named.context("no plan")?.parse()?).context("no plan")?;
    let plan: Plan = serde_json::from_slice(&STANDARD.decode(object)?)?;
    let mut all = Vec::new();
    for leaf in leaves.iter().filter(|leaf| leaf["kind"] == "step.started" && leaf["facts"]["id"] == "switch")
    {
        let step = &plan.steps[leaf["facts"]["step"].as_u64().context("no step")? as usize];
        let action = if leaf["facts"]["undo"] == 1 { step.undo.as_ref() } else { Some(&step.action) };
        let Some(Action::Exec(exec)) = action else { bail!("switch is no program") };
        all.extend(exec.args.first().cloned());
    }
    Ok(all)
}
