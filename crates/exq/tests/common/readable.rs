//! Every refusal is readable by the person concerned: on the change, in `exq why`, on the submission's page.

use anyhow::{Context as _, Result, ensure};
use exq::demo::Refusal;
use serde_json::Value;

use super::Stage;

/// Whether each reason and its cure can be read wherever somebody looks.
pub(crate) async fn everywhere(stage: &Stage, refusal: &Refusal) -> Result<()> {
    ensure!(!refusal.reasons.is_empty(), "{}: no reason is given", refusal.what);
    let message = stage.play().said(&refusal.change, "Not rolled out").await?;
    shows(refusal, "the message on the change", &message)?;
    let number = refusal.change.number.to_string();
    let why = stage.exq(&["why", &number]).await?;
    ensure!(why.status.code() == Some(1), "exq why {number} ended with {}", why.status);
    shows(refusal, "exq why", &String::from_utf8_lossy(&why.stdout))?;
    let view = stage.api.json(&format!("why?change={number}&server=main")).await?;
    let id = view.pointer("/submission/id").and_then(Value::as_str).context("no submission")?;
    let page = stage.page(&format!("/submissions/{id}")).await?;
    shows(refusal, "the submission's page", &unescape(&page))
}

/// The same for a configuration: it has no submission; the change and the page of the configuration say it.
pub(crate) async fn of_configuration(stage: &Stage, refusal: &Refusal) -> Result<()> {
    ensure!(!refusal.reasons.is_empty(), "{}: no reason is given", refusal.what);
    let message = stage.play().said(&refusal.change, "Not in force").await?;
    shows(refusal, "the message on the change", &message)?;
    let page = stage.page("/configuration").await?;
    shows(refusal, "the configuration's page", &unescape(&page))?;
    stage.alarm("is not in force").await?;
    Ok(())
}

fn shows(refusal: &Refusal, place: &str, text: &str) -> Result<()> {
    let text = one_line(text);
    for (reason, cure) in &refusal.reasons {
        for part in [Some(reason), cure.as_ref()].into_iter().flatten() {
            ensure!(
                text.contains(&one_line(part)),
                "{}: {place} doesn't say {part:?}:\n{text}",
                refusal.what
            );
        }
    }
    Ok(())
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The few entities that our pages write.
fn unescape(html: &str) -> String {
    let mut text = html.to_owned();
    for (entity, character) in
        [("&#39;", "'"), ("&#x27;", "'"), ("&quot;", "\""), ("&#34;", "\""), ("&lt;", "<"), ("&#60;", "<")]
    {
        text = text.replace(entity, character);
    }
    text.replace("&gt;", ">").replace("&#62;", ">").replace("&#38;", "&").replace("&amp;", "&")
}

/// Plays the whole story, and reads each refusal wherever it has to be.
pub(crate) async fn story(stage: &Stage) -> Result<()> {
    let play = stage.play();
    for text in ["hello\n", "good morning\n"] {
        let rollout = play.rollout(text).await?;
        proof::verify(&rollout.bundle, &stage.running()?.ledger_key)?;
    }
    let refusals = [
        (play.self_approved().await?, "no-independent-approval"),
        (play.pushed_with_submit().await?, "requirement-bypassed"),
        (play.stale_vote().await?, "no-independent-approval"),
        (play.on_a_pushed_commit().await?, "unaccounted-commits"),
    ];
    for (refusal, code) in &refusals {
        ensure!(
            refusal.codes.iter().any(|c| c.contains(code)),
            "{}: {:?} has no {code}",
            refusal.what,
            refusal.codes
        );
        everywhere(stage, refusal).await?;
    }
    of_configuration(stage, &play.operations_by_their_author().await?).await
}
