//! Judges what is left: from the target, the ledger and the bundles, by rules of its own.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use exq::{client::Api, demo::until};
use ledger::{Fact, Leaf};
use model::{Action, Plan};
use proof::Bundle;
use serde_json::Value;
use story::Change;

use crate::{
    company::{Company, PATIENCE},
    look::{self, Look, Point},
    shape::{Place, Shape},
};

/// What was submitted, and what was done to it.
pub(crate) struct Submitted {
    pub(crate) change: Change,
    pub(crate) shape: &'static Shape,
    /// The step that fails.
    pub(crate) fails: Option<usize>,
    /// How many kills fell while something was under way, by place.
    pub(crate) killed: BTreeMap<Place, u32>,
    /// One of them fell while something was under way that must not be repeated.
    pub(crate) lost: bool,
    /// How it ended.
    pub(crate) result: String,
}

impl Submitted {
    pub(crate) fn killed_at(&mut self, point: &Point) {
        if let Some(at) = point.at.filter(|_| point.inside) {
            *self.killed.entry(at).or_default() += 1;
            self.lost |= !self.shape.may_repeat(at);
        }
    }

    /// How it has to end.
    fn expected(&self) -> &'static str {
        match (self.lost, self.fails) {
            (true, _) => "unknown",
            (false, None) => "succeeded",
            // What was switched is all that has to be taken back.
            (false, Some(0)) => "undone",
            (false, Some(_)) => self.shape.failed,
        }
    }
}

/// A reviewed change, merged: alice writes, bob reviews and submits.
pub(crate) async fn submit(
    company: &mut Company,
    shape: &'static Shape,
    round: u64,
    fails: Option<usize>,
) -> Result<Submitted> {
    if !company.runs() {
        company.start().await?;
    }
    let (alice, bob) = (company.town.desk("alice"), company.town.desk("bob"));
    let text = format!("round {round}\n");
    let change = alice.change(shape.project, &[("page.txt", &text)], &format!("Say round {round}")).await?;
    let root = company.town.shop(shape.project);
    for (name, is) in [("broken", fails.is_some_and(|step| step > 0)), ("unwell", fails == Some(0))] {
        match std::fs::remove_file(root.join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ if is => std::fs::write(root.join(name), &change.revision)?,
            _ => {}
        }
    }
    bob.vote(&change, 2).await?;
    bob.submit(&change).await?;
    Ok(Submitted { change, shape, fails, killed: BTreeMap::new(), lost: false, result: String::new() })
}

/// What each target may stand at, and what last succeeded there: as somebody knows who only saw how rollouts ended.
#[derive(Default)]
pub(crate) struct Lanes(BTreeMap<&'static str, Lane>);

#[derive(Default)]
struct Lane {
    succeeded: Option<String>,
    may: BTreeSet<String>,
}

impl Lanes {
    /// Waits until a change is settled, as it has to be, and the target stands where that says.
    pub(crate) async fn settled(&mut self, company: &Company, one: &mut Submitted) -> Result<()> {
        let (number, project) = (one.change.number, one.shape.project);
        let state = until(&format!("change {number} is settled"), PATIENCE, || async {
            let state = company.state(number).await?;
            let is = state.get("is").and_then(Value::as_str).unwrap_or_default();
            Ok(matches!(is, "ran" | "refused" | "superseded" | "observed").then_some(state.clone()))
        })
        .await?;
        one.result = state.get("result").and_then(Value::as_str).unwrap_or_default().to_owned();
        ensure!(
            one.result == one.expected(),
            "change {number} of {project}: {state}, not {}",
            one.expected()
        );
        let lane = self.0.entry(project).or_default();
        let (revision, before) = (one.change.revision.clone(), lane.succeeded.clone());
        match one.result.as_str() {
            "succeeded" => {
                lane.may = BTreeSet::from([revision.clone()]);
                lane.succeeded = Some(revision);
            }
            // In all that can be partial here it is the switch that can be taken back.
            "undone" | "partial" => lane.may = before.into_iter().collect(),
            _ => lane.may.extend([revision].into_iter().chain(before)),
        }
        let at = company.stands(project)?;
        ensure!(lane.may.contains(&at), "the {project} stands at {at}, and may at {:?}", lane.may);
        // Of what is unknown nobody knows whether it serves.
        if let (Some(only), 1) = (lane.may.first(), lane.may.len()) {
            let what = format!("the {project} serves {only}, after change {number} ({})", one.result);
            until(&what, PATIENCE, || async {
                Ok((company.town.serves(project).await.as_ref() == Some(only)).then_some(()))
            })
            .await?;
        }
        Ok(())
    }
}

/// Target, database, ledger and bundles tell the same story of everything that was submitted.
pub(crate) async fn agree(company: &mut Company, submitted: &[Submitted]) -> Result<()> {
    let api = company.api()?;
    let mut runs = BTreeMap::new();
    for one in submitted {
        said_once(company, one).await?;
        let run = proven(company, &api, one).await?;
        ensure!(runs.insert(run, one).is_none(), "one run for two submissions");
    }
    company.kill()?;
    let look = Look::at(&company.data()).await?;
    look.sound().await?;
    let entries = look.entries().await?;
    let settled = look::settled(&entries);
    ensure!(settled.len() == submitted.len(), "{} outcomes of {}", settled.len(), submitted.len());
    ensure!(settled.values().all(|times| *times == 1), "settled more than once: {settled:?}");
    ensure!(
        look.records("run").await?.len() == submitted.len(),
        "another number of runs than of submissions"
    );
    let groups = look.groups().await?;
    let mut switched: BTreeMap<&str, Vec<Attempts>> = BTreeMap::new();
    let mut succeeded: BTreeMap<&str, String> = BTreeMap::new();
    // In the ledger's order.
    let spent = entries.iter().filter(|leaf| leaf.kind() == "grant.spent");
    for run in spent.map(|leaf| text(leaf, "run").to_owned()) {
        let one = runs.get(&run).with_context(|| format!("{run} is of no submission"))?;
        let own: Vec<&Leaf> = entries.iter().filter(|leaf| text(leaf, "run") == run).collect();
        journal(one, &own).with_context(|| format!("the journal of {run}, change {}", one.change.number))?;
        at_once(&own, &groups).with_context(|| format!("the commits of {run}"))?;
        let before = succeeded.get(one.shape.project).cloned();
        switched.entry(one.shape.project).or_default().extend(switches(one, &own, before.as_deref()));
        if one.result == "succeeded" {
            succeeded.insert(one.shape.project, one.change.revision.clone());
        }
    }
    for (project, attempts) in &switched {
        let lines = company.town.switched(project);
        explained(&lines, attempts).with_context(|| format!("what the {project} was switched to"))?;
    }
    for one in submitted {
        acts(company, one)?;
    }
    look.store.close().await;
    Ok(())
}

fn text<'a>(leaf: &'a Leaf, name: &str) -> &'a str {
    leaf.fact(name).and_then(Fact::as_text).unwrap_or_default()
}

fn number(leaf: &Leaf, name: &str) -> u32 {
    leaf.fact(name).and_then(Fact::as_integer).and_then(|n| u32::try_from(n).ok()).unwrap_or(u32::MAX)
}

fn place(leaf: &Leaf) -> Place {
    Place::At { step: number(leaf, "step") as usize, undo: number(leaf, "undo") == 1 }
}

/// Exactly one message says on the change how it ended.
async fn said_once(company: &Company, one: &Submitted) -> Result<()> {
    let headline = match one.result.as_str() {
        "succeeded" => "Rolled out\n",
        "undone" => "Rollout failed and was taken back\n",
        "partial" => "Rollout failed; not everything could be taken back\n",
        "unknown" => "Rollout stopped: it is not known whether a step acted\n",
        other => bail!("change {} is {other}", one.change.number),
    };
    let alice = company.town.desk("alice");
    let ours = until(&format!("what is said on change {}", one.change.number), PATIENCE, || async {
        let mut ours = alice.messages(&one.change).await?;
        ours.retain(|message| message.contains("exq-key: "));
        Ok((!ours.is_empty()).then_some(ours))
    })
    .await?;
    ensure!(ours.len() == 1, "change {} has {} messages of ours", one.change.number, ours.len());
    ensure!(ours.iter().all(|message| message.contains(headline)), "not {headline:?}: {ours:?}");
    Ok(())
}

/// Its bundle verifies and says how it ended; gives the run.
async fn proven(company: &Company, api: &Api, one: &Submitted) -> Result<String> {
    let number = one.change.number;
    let view = api.json(&format!("why?change={number}&server=main")).await?;
    let outcomes = view.get("outcomes").and_then(Value::as_array).map_or(0, Vec::len);
    ensure!(outcomes == 1, "change {number} has {outcomes} outcomes");
    let run = view.pointer("/outcomes/0/state/run").and_then(Value::as_str).context("no run")?.to_owned();
    let bytes = api.bytes(&format!("runs/{run}/bundle")).await?;
    let verified = proof::verify(&bytes, &company.key()?).with_context(|| format!("the bundle of {run}"))?;
    ensure!(verified.revision == one.change.revision, "{run} ran {}", verified.revision);
    ensure!(verified.result == one.result, "{run} is {} by its bundle, {} here", verified.result, one.result);
    let plan = plan(&Bundle::decode(&bytes)?)?;
    let ids: Vec<&str> = plan.steps.iter().map(|step| step.id.as_str()).collect();
    let acts: Vec<&str> = one.shape.acts.iter().map(|act| act.id).collect();
    ensure!(ids == acts, "{run} was granted for {ids:?}");
    for (step, act) in plan.steps.iter().zip(one.shape.acts) {
        let repeat = |action: &Action| !matches!(action, Action::Exec(exec) if !exec.idempotent);
        ensure!(repeat(&step.action) == act.repeat, "{run}: {} may be repeated, or not", act.id);
        // Where nothing ran before there is nothing to switch back to.
        let undo = act.undo.filter(|_| act.id != "switch" || !plan.before.is_empty());
        ensure!(step.undo.as_ref().map(repeat) == undo, "{run}: the undo of {}", act.id);
    }
    Ok(run)
}

fn plan(bundle: &Bundle) -> Result<Plan> {
    let leaves: Vec<Value> =
        bundle.entries.iter().map(|e| serde_json::from_str(&e.leaf)).collect::<Result<_, _>>()?;
    let named = leaves.iter().find_map(|leaf| leaf.pointer("/facts/plan-object")?.as_str());
    let object = bundle.objects.get(&named.context("no plan")?.parse()?).context("no plan")?;
    Ok(serde_json::from_slice(&STANDARD.decode(object)?)?)
}

/// The rows of one run tell how it came to its end: by its shape, the step that failed, and the kills that fell.
fn journal(one: &Submitted, own: &[&Leaf]) -> Result<()> {
    let kinds = |kind: &str| own.iter().filter(|leaf| leaf.kind() == kind).count();
    for (kind, times) in [
        ("grant.issued", 1),
        ("grant.spent", 1),
        ("outcome.running", 1),
        ("run.finished", 1),
        ("outcome.ran", 1),
        ("lane.moved", 2),
    ] {
        ensure!(kinds(kind) == times, "{} times {kind}", kinds(kind));
    }
    let ended: BTreeSet<&str> = own
        .iter()
        .filter(|leaf| matches!(leaf.kind(), "run.finished" | "outcome.ran"))
        .map(|leaf| text(leaf, "result"))
        .collect();
    ensure!(ended == BTreeSet::from([one.result.as_str()]), "it ended {ended:?}, not {}", one.result);
    let path = one.shape.path(one.fails);
    let (mut at, mut attempt, mut turned) = (0, 0, 0);
    for leaf in own {
        let here = path.get(at).copied().unwrap_or(Place::Over);
        match leaf.kind() {
            "step.started" => {
                ensure!(place(leaf) == here, "{:?} began where {here:?} is next", place(leaf));
                attempt += 1;
                ensure!(
                    number(leaf, "attempt") == attempt,
                    "{here:?}: attempt {attempt} is {}",
                    number(leaf, "attempt")
                );
            }
            "step.finished" => {
                ensure!(
                    place(leaf) == here && attempt > 0,
                    "{:?} has an outcome, {here:?} is under way",
                    place(leaf)
                );
                let kills = one.killed.get(&here).copied().unwrap_or_default();
                ensure!(attempt <= 1 + kills, "{here:?}: {attempt} attempts and {kills} kills");
                ensure!(attempt == 1 || one.shape.may_repeat(here), "{here:?} was repeated");
                let fails = one.fails.is_some_and(|step| here == Place::At { step, undo: false });
                let lost = kills > 0 && !one.shape.may_repeat(here);
                let did = if lost {
                    "unknown"
                } else if fails {
                    "failed"
                } else {
                    "succeeded"
                };
                ensure!(text(leaf, "did") == did, "{here:?} {}, not {did}", text(leaf, "did"));
                (at, attempt) = (if lost { path.len() } else { at + 1 }, 0);
            }
            "run.turned" => {
                let back = path.get(at).is_some_and(|next| matches!(next, Place::At { undo: true, .. }));
                let first = at == one.fails.map_or(0, |step| step + 1);
                ensure!(back && first && attempt == 0, "it turned at {here:?}");
                turned += 1;
            }
            "run.finished" => ensure!(here == Place::Over && attempt == 0, "it ended at {here:?}"),
            _ => {}
        }
    }
    let back = one.fails.is_some_and(|step| {
        own.iter().any(|leaf| {
            leaf.kind() == "step.finished"
                && place(leaf) == Place::At { step, undo: false }
                && text(leaf, "did") == "failed"
        })
    });
    ensure!(turned == usize::from(back), "it turned {turned} times");
    Ok(())
}

/// What belongs together became durable at once: the grant, its spending and the first intent; an outcome and what comes
/// after it; the end and the settled outcome.
fn at_once(own: &[&Leaf], groups: &[std::ops::Range<u64>]) -> Result<()> {
    let group = |leaf: &Leaf| groups.iter().position(|group| group.contains(&leaf.index()));
    let first = own.iter().find(|leaf| leaf.kind() == "step.started").context("no intent")?;
    for leaf in
        own.iter().filter(|leaf| matches!(leaf.kind(), "grant.issued" | "grant.spent" | "outcome.running"))
    {
        ensure!(group(leaf) == group(first), "{} and the first intent are two commits", leaf.kind());
    }
    let steps: Vec<&&Leaf> = own
        .iter()
        .filter(|leaf| leaf.kind().starts_with("step.") || leaf.kind().starts_with("run."))
        .collect();
    for two in steps.windows(2).filter(|two| matches!(two[0].kind(), "step.finished" | "run.turned")) {
        ensure!(
            group(two[0]) == group(two[1]),
            "entries {} and {} are two commits",
            two[0].index(),
            two[1].index()
        );
    }
    let end = own.iter().filter(|leaf| matches!(leaf.kind(), "run.finished" | "outcome.ran"));
    ensure!(end.map(|leaf| group(leaf)).collect::<BTreeSet<_>>().len() == 1, "the end is two commits");
    Ok(())
}

/// The attempts at one switch.
struct Attempts {
    revision: String,
    most: u32,
    /// It certainly happened: what did is told.
    did: bool,
}

fn switches(one: &Submitted, own: &[&Leaf], before: Option<&str>) -> Vec<Attempts> {
    let mut all = Vec::new();
    for undo in [false, true] {
        let here = Place::At { step: 0, undo };
        let of =
            |kind: &'static str| own.iter().filter(move |leaf| leaf.kind() == kind && place(leaf) == here);
        let most = of("step.started").count();
        if most > 0 {
            let revision = if undo { before.unwrap_or_default() } else { &one.change.revision };
            let did = of("step.finished").any(|leaf| matches!(text(leaf, "did"), "succeeded" | "failed"));
            all.push(Attempts {
                revision: revision.to_owned(),
                most: most.try_into().unwrap_or(u32::MAX),
                did,
            });
        }
    }
    all
}

/// Every line of what a target was switched to is an attempt of the ledger, in that order; what is told to have happened
/// is there.
fn explained(lines: &[String], attempts: &[Attempts]) -> Result<()> {
    let mut left = lines.iter().peekable();
    for attempt in attempts {
        let mut times = 0;
        while times < attempt.most && left.next_if(|line| **line == attempt.revision).is_some() {
            times += 1;
        }
        ensure!(!attempt.did || times > 0, "it never was at {}, and the ledger says so", attempt.revision);
    }
    let more: Vec<&String> = left.collect();
    ensure!(more.is_empty(), "the ledger doesn't know why: {more:?}");
    Ok(())
}

/// What [`crate::shape::PROGRAM`] wrote: nothing ran more often than it was meant to, and what must not be repeated at
/// most once.
fn acts(company: &Company, one: &Submitted) -> Result<()> {
    let all = std::fs::read_to_string(company.town.shop(one.shape.project).join("acts"))?;
    for (step, act) in one.shape.acts.iter().enumerate() {
        for (undo, way) in [(false, "do"), (true, "undo")] {
            let here = Place::At { step, undo };
            let begin = format!("{} {} {way} begin", one.change.revision, act.id);
            let times = u32::try_from(all.lines().filter(|line| *line == begin).count())?;
            let kills = one.killed.get(&here).copied().unwrap_or_default();
            let most = if one.shape.may_repeat(here) { 1 + kills } else { 1 };
            ensure!(times <= most, "{begin}: {times} times, with {kills} kills");
        }
    }
    Ok(())
}
