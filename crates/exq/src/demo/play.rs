//! The acts.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde_json::Value;
use story::{Change, Town};

use super::until;
use crate::client::Api;

/// How long anything may take to be seen.
const PATIENCE: Duration = Duration::from_secs(60);

/// The company, and the way to ask Exequatur what became of something.
pub struct Play<'a> {
    /// The company.
    pub town: &'a Town,
    /// Exequatur's API.
    pub api: &'a Api,
}

/// A rollout that happened.
#[derive(Clone, Debug)]
pub struct Rollout {
    /// The change.
    pub change: Change,
    /// The run.
    pub run: String,
    /// The bundle that proves it.
    pub bundle: Vec<u8>,
}

/// A rollout that didn't.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// What somebody did.
    pub what: &'static str,
    /// The change.
    pub change: Change,
    /// The codes of the reasons.
    pub codes: Vec<String>,
    /// The reasons, and who can cure them.
    pub reasons: Vec<(String, Option<String>)>,
}

impl Play<'_> {
    /// alice writes, bob reviews and submits.
    pub async fn reviewed(&self, project: &str, text: &str) -> anyhow::Result<Change> {
        let (alice, bob) = (self.town.desk("alice"), self.town.desk("bob"));
        let change = alice.change(project, &[("page.txt", text)], &format!("Say {}", text.trim())).await?;
        bob.vote(&change, 2).await?;
        bob.submit(&change).await?;
        Ok(change)
    }

    /// A reviewed change, rolled out: the shop serves it, the change says so, the bundle is there.
    pub async fn rollout(&self, text: &str) -> anyhow::Result<Rollout> {
        let change = self.reviewed("shop", text).await?;
        self.rolled_out(change).await
    }

    /// Waits until a change of the shop is rolled out, and has been said to be.
    pub async fn rolled_out(&self, change: Change) -> anyhow::Result<Rollout> {
        let view = self.settled(change.number).await?;
        let state = view.pointer("/outcomes/0/state").cloned().unwrap_or_default();
        ensure!(
            state.get("is").and_then(Value::as_str) == Some("ran"),
            "change {} did not run: {state}",
            change.number
        );
        ensure!(state.get("result").and_then(Value::as_str) == Some("succeeded"), "the run failed: {view:#}");
        let run = state.get("run").and_then(Value::as_str).context("no run")?.to_owned();
        let tip = view.pointer("/submission/tip").and_then(Value::as_str).context("no tip")?.to_owned();
        let serves = self.town.serves("shop").await;
        ensure!(serves.as_deref() == Some(tip.as_str()), "the shop serves {serves:?}, not {tip}");
        self.said(&change, "Rolled out").await?;
        let bundle = self.api.bytes(&format!("runs/{run}/bundle")).await?;
        Ok(Rollout { change, run, bundle })
    }

    /// What Exequatur knows of a change once its outcome is settled.
    pub async fn settled(&self, number: u64) -> anyhow::Result<Value> {
        until(&format!("an outcome of change {number}"), PATIENCE, || async {
            let view = self.api.json(&format!("why?change={number}&server=main")).await?;
            let is = view.pointer("/outcomes/0/state/is").and_then(Value::as_str).unwrap_or_default();
            Ok(matches!(is, "ran" | "refused" | "superseded" | "observed").then_some(view.clone()))
        })
        .await
    }

    /// Waits until a message of ours on the change begins so.
    pub async fn said(&self, change: &Change, what: &str) -> anyhow::Result<String> {
        let desk = self.town.desk("alice");
        until(&format!("\"{what}\" on change {}", change.number), PATIENCE, || async {
            let messages = desk.messages(change).await?;
            Ok(messages.into_iter().find(|text| text.contains("exq-key: ") && text.contains(what)))
        })
        .await
    }

    async fn refused(&self, what: &'static str, change: Change) -> anyhow::Result<Refusal> {
        let view = self.settled(change.number).await?;
        let state = view.pointer("/outcomes/0/state").cloned().unwrap_or_default();
        ensure!(
            state.get("is").and_then(Value::as_str) == Some("refused"),
            "{what}: change {} was not refused: {state}",
            change.number
        );
        let switched = self.town.switched(&change.project);
        ensure!(switched.is_empty(), "{what}: the {} was switched to {switched:?}", change.project);
        self.said(&change, "Not rolled out").await?;
        Ok(Refusal { what, change, ..reasons(&state) })
    }

    /// bob approves his own change, and submits it.
    pub async fn self_approved(&self) -> anyhow::Result<Refusal> {
        let bob = self.town.desk("bob");
        let change = bob.change("cart", &[("page.txt", "mine\n")], "Approve myself").await?;
        bob.vote(&change, 2).await?;
        bob.submit(&change).await?;
        self.refused("bob approved his own change", change).await
    }

    /// bob pushes a change with `%submit`: it merges without being asked for anything.
    pub async fn pushed_with_submit(&self) -> anyhow::Result<Refusal> {
        let bob = self.town.desk("bob");
        bob.refresh("search").await?;
        let change_id = story::new_change_id()?;
        let message = format!("Push with submit\n\nChange-Id: {change_id}\n");
        let revision = bob.commit("search", &[("page.txt", "at once\n")], &message).await?;
        bob.push("search", "refs/for/main%submit").await?;
        let change = bob.find("search", change_id, revision).await?;
        self.refused("bob pushed with %submit", change).await
    }

    /// carol approves, alice changes everything, and it is merged with the old vote.
    pub async fn stale_vote(&self) -> anyhow::Result<Refusal> {
        let (alice, bob, carol) = (self.town.desk("alice"), self.town.desk("bob"), self.town.desk("carol"));
        let mut change =
            alice.change("stock", &[("page.txt", "harmless\n")], "Change after the review").await?;
        carol.vote(&change, 2).await?;
        change.revision = alice.amend("stock", &[("page.txt", "something\nelse\nentirely\n")]).await?;
        alice.push("stock", "refs/for/main").await?;
        bob.submit(&change).await?;
        self.refused("carol approved an older patch set", change).await
    }

    /// bob pushes a commit to the branch; alice's reviewed change on top of it would bring it along.
    pub async fn on_a_pushed_commit(&self) -> anyhow::Result<Refusal> {
        let bob = self.town.desk("bob");
        bob.refresh("prices").await?;
        bob.commit("prices", &[("backdoor.txt", "nobody saw this\n")], "Straight to the branch").await?;
        bob.push("prices", "refs/heads/main").await?;
        let change = self.reviewed("prices", "a reviewed price\n").await?;
        self.refused("a reviewed change lies on top of a pushed commit", change).await
    }

    /// bob changes who is who, and approves it himself.
    pub async fn operations_by_their_author(&self) -> anyhow::Result<Refusal> {
        let bob = self.town.desk("bob");
        let policy = "@id(\"anything-goes\")\npermit (principal, action, resource);\n";
        let change =
            bob.change("operations", &[("policies/anything.cedar", policy)], "Allow everything").await?;
        bob.vote(&change, 2).await?;
        bob.submit(&change).await?;
        let state = until("the configuration is refused", PATIENCE, || async {
            let view = self.api.json("configuration").await?;
            Ok(view.get("refused").filter(|refused| !refused.is_null()).cloned())
        })
        .await?;
        self.said(&change, "Not in force").await?;
        Ok(Refusal {
            what: "bob changed the operations project and approved it himself",
            change,
            ..reasons(&state)
        })
    }
}

fn reasons(state: &Value) -> Refusal {
    let list = state.get("reasons").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |reason: &Value, key: &str| reason.get(key).and_then(Value::as_str).map(str::to_owned);
    Refusal {
        what: "",
        change: Change {
            project: String::new(),
            number: 0,
            change_id: String::new(),
            revision: String::new(),
        },
        codes: list.iter().filter_map(|r| text(r, "code")).collect(),
        reasons: list.iter().map(|r| (text(r, "text").unwrap_or_default(), text(r, "cure"))).collect(),
    }
}
