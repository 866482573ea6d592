//! What `exq evidence` says of a running Gerrit: on either kind.
#![allow(clippy::indexing_slicing, reason = "members of JSON that tests look at")]

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use exq::demo::until;
use serde_json::{Value, json};
use story::Change;

use super::{PATIENCE, Stage, gerrit::Gerrit, word};

/// The view of a change, straight from the API.
pub(crate) async fn view(stage: &Stage, change: &Change) -> Result<Value> {
    stage.api.json(&format!("evidence?change={}&server=main", change.number)).await
}

/// The evidence of a change.
pub(crate) async fn evidence(stage: &Stage, change: &Change) -> Result<Value> {
    view(stage, change).await?.get("evidence").cloned().context("no evidence")
}

/// The codes of what was found.
pub(crate) fn codes(evidence: &Value) -> Vec<String> {
    let findings = evidence.get("findings").and_then(Value::as_array);
    findings.into_iter().flatten().map(|finding| word(finding, "code").to_owned()).collect()
}

/// What `exq evidence` prints, and its exit code.
pub(crate) async fn says(stage: &Stage, arguments: &[&str]) -> Result<(i32, String)> {
    let all: Vec<&str> = ["evidence"].into_iter().chain(arguments.iter().copied()).collect();
    let output = stage.exq(&all).await?;
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Ok((output.status.code().unwrap_or(-1), text))
}

/// A change from push to merge, a range, and what isn't there: asked by the command line.
pub(crate) async fn asked_by_the_command_line(stage: &Stage, project: &str) -> Result<()> {
    let (alice, bob) = (stage.town.desk("alice"), stage.town.desk("bob"));
    let admin = stage.town.admin_desk();
    let every = json!({"label": "Code-Review", "rules": {"global:Registered-Users": {"action": "ALLOW", "min": -2, "max": 2}}});
    let access = json!({"add": {"refs/heads/*": {"permissions": {"labelAs-Code-Review": every}}}});
    admin.rest().call("POST", &format!("projects/{project}/access"), Some(&access)).await?;

    let change = alice.change(project, &[("asked.txt", "asked\n")], "Asked about").await?;
    let number = change.number.to_string();
    // carol casts a vote in bob's name
    let path = format!("changes/{project}~{number}/revisions/current/review");
    let body = json!({"labels": {"Code-Review": 2}, "on_behalf_of": "bob"});
    stage.town.desk("carol").rest().call("POST", &path, Some(&body)).await?;
    let (code, open) = says(stage, &[&number]).await?;
    ensure!(code == 1 && open.contains("✗ not-merged"), "{code}: {open}");
    ensure!(open.contains(&format!("change {number} of {project} new on refs/heads/main")), "{open}");
    ensure!(open.contains("doesn't count: cast on behalf of Bob"), "{open}");
    ensure!(open.contains(" by Carol"), "{open}");

    // bob speaks for himself, and raises his vote on the way
    bob.vote(&change, 1).await?;
    bob.vote(&change, 2).await?;
    bob.submit(&change).await?;
    let (code, merged) = says(stage, &[&number, "--project", project]).await?;
    ensure!(code == 0 && merged.contains(": reviewed"), "{code}: {merged}");
    ensure!(merged.contains("counts"), "{merged}");

    // the same as the server's own repository says, but for what only a running server can say; of one moment: the rollout
    // that follows from the merge still writes on the change
    let repository = repository(stage, project).display().to_string();
    let (mut live, mut offline) = until("both read the same meta revision", PATIENCE, || async {
        let (_, json) = says(stage, &[&number, "--json"]).await?;
        let live: Value = serde_json::from_str(&json).with_context(|| json.clone())?;
        let (_, json) = says(stage, &[&number, "--json", "--repo", &repository]).await?;
        let offline: Value = serde_json::from_str(&json).with_context(|| json.clone())?;
        Ok((live["meta"] == offline["meta"]).then_some((live, offline)))
    })
    .await?;
    ensure!(word(&live["change"], "project") == project, "{live}");
    for value in [&mut live, &mut offline] {
        value["change"]["project"] = Value::Null;
        for role in ["author", "committer"] {
            value["people"][role] = Value::Null;
        }
        let informs = |f: &Value| word(f, "code") == "author-unresolved";
        value["findings"].as_array_mut().context("no findings")?.retain(|finding| !informs(finding));
    }
    ensure!(live == offline, "live {live}\noffline {offline}");

    // the range that it brought; and the way back, which is no range
    let read = bob
        .rest()
        .call("GET", &format!("changes/{project}~{number}?o=CURRENT_REVISION&o=CURRENT_COMMIT"), None)
        .await?;
    let tip = word(&read, "current_revision").to_owned();
    let base = read.pointer(&format!("/revisions/{tip}/commit/parents/0/commit")).and_then(Value::as_str);
    let base = base.context("no parent")?;
    let at = ["--project", project, "--branch", "refs/heads/main"];
    let forth = format!("{base}..{tip}");
    let (code, words) = says(stage, &[&["--range", &forth], &at[..]].concat()).await?;
    ensure!(code == 0 && words.contains(": reviewed"), "{code}: {words}");
    ensure!(words.contains(&format!("{tip} change {number}, ")), "{words}");
    let back = format!("{tip}..{base}");
    let (code, json) = says(stage, &[&["--json", "--range", &back], &at[..]].concat()).await?;
    let empty: Value = serde_json::from_str(&json).with_context(|| json.clone())?;
    ensure!(code == 1 && codes(&empty) == ["empty-range", "base-not-ancestor"], "{code}: {empty}");

    // what can't be said is said so
    let nowhere = format!("{}..{tip}", "7".repeat(40));
    for (arguments, expected) in [
        (vec!["999999"], "There is no change 999999 that can be seen on main"),
        (vec!["0"], "There is no change 0 that can be seen on main"),
        (vec!["99999999999999999999"], "invalid value"),
        (vec!["I8473b95934b5732ac55d26311a706c9c2bde9940"], "invalid value"),
        (vec![number.as_str(), "--server", "other"], "There is no server other"),
        (vec!["--range", &forth, "--branch", "refs/heads/main"], "--range needs --project"),
        (vec!["--range", "main", "--project", project, "--branch", "refs/heads/main"], "BASE..TIP"),
        ([&["--range", &nowhere], &at[..]].concat(), "is no commit"),
        (
            vec!["--range", &forth, "--project", "nowhere", "--branch", "refs/heads/main"],
            "There is no project",
        ),
    ] {
        let (code, words) = says(stage, &arguments).await?;
        ensure!(code == 2 && words.contains(expected), "{arguments:?}: {code}: {words}");
    }
    Ok(())
}

/// The bare repository on the server's own disk.
fn repository(stage: &Stage, project: &str) -> PathBuf {
    match &stage.gerrit {
        Gerrit::Dev(server, _, folder) => server
            .as_ref()
            .as_ref()
            .map_or_else(|| folder.join("git").join(format!("{project}.git")), |s| s.repository(project)),
        Gerrit::Real(server) => server.repository(project),
    }
}
