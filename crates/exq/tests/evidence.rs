//! `exq evidence` of a running Gerrit: what is true, also when Gerrit moves, lies, or has lost something.
#![allow(clippy::indexing_slicing, reason = "members of JSON that tests look at")]

mod common;

use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use common::{
    Stage,
    delivery::{IDLE, merged},
    evidence::{asked_by_the_command_line, codes, evidence, says, view},
    word,
};
use serde_json::{Value, json};
use story::Change;

type Test = Result<()>;

async fn stage() -> Result<Stage> {
    Stage::silent_dev(IDLE).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_and_a_range_are_explained_on_the_command_line() -> Test {
    let stage = stage().await?;
    asked_by_the_command_line(&stage, "stock").await?;
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_change_cant_be_seen_and_gerrit_that_is_down_is_said_to_be() -> Test {
    let stage = stage().await?;
    let alice = stage.town.desk("alice");
    let change = alice.change("shop", &[("secret.txt", "secret\n")], "Private").await?;
    let number = change.number.to_string();
    alice.rest().call("POST", &format!("changes/shop~{number}/private"), Some(&json!({}))).await?;
    let (code, words) = says(&stage, &[&number]).await?;
    let expected = format!("There is no change {number} that can be seen on main");
    ensure!(code == 2 && words.contains(&expected), "{code}: {words}");
    let faults = stage.gerrit.faults()?;
    for (fault, expected) in [
        ("503", "Gerrit main doesn't answer at the moment"),
        ("html", "What Gerrit main answers can't be used"),
    ] {
        match fault {
            "503" => faults.unavailable(40),
            _ => faults.html_instead(40),
        }
        let (code, words) = says(&stage, &[&number]).await?;
        ensure!(code == 2 && words.contains(expected), "{fault}: {code}: {words}");
        faults.unavailable(0);
        faults.html_instead(0);
    }
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn rest_that_lies_is_found() -> Test {
    let stage = stage().await?;
    let change = merged(&stage, "shop", "true").await?;
    let number = u32::try_from(change.number)?;
    let (alice, bob) = (account(&stage, "alice").await?, account(&stage, "bob").await?);
    let truth = evidence(&stage, &change).await?;
    ensure!(truth["reviewed"] == true && codes(&truth).is_empty(), "{truth}");
    let faults = stage.gerrit.faults()?;
    let two = |id: u64| json!([{"_account_id": id, "value": 2}]);
    for (what, pointer, value) in [
        ("status", "/status", json!("NEW")),
        ("submitter", "/submitter", json!({"_account_id": alice})),
        ("another voter", "/labels/Code-Review/all", two(alice)),
        ("no vote", "/labels/Code-Review/all", json!([])),
        ("another value", "/labels/Code-Review/all", json!([{"_account_id": bob, "value": 1}])),
        ("requirements", "/submit_requirements", json!([])),
        ("a requirement", "/submit_requirements/0/status", json!("OVERRIDDEN")),
        ("patch set", "/current_revision_number", json!(1)),
        ("meta revision", "/meta_rev_id", json!("7".repeat(40))),
    ] {
        faults.lie(number, pointer, value);
        let found = evidence(&stage, &change).await?;
        let expected: &[&str] = if what == "patch set" { &[] } else { &["rest-disagrees"] };
        ensure!(codes(&found) == expected, "{what}: {found}");
        ensure!(found["reviewed"] == (what == "patch set"), "{what}: {found}");
        faults.truth();
    }
    ensure!(evidence(&stage, &change).await? == truth, "the truth is another now");
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn rest_that_speaks_of_something_else_is_an_error() -> Test {
    let stage = stage().await?;
    let (change, other) = (merged(&stage, "shop", "one").await?, merged(&stage, "stock", "two").await?);
    let number = u32::try_from(change.number)?;
    let faults = stage.gerrit.faults()?;
    for (pointer, value, expected) in [
        ("/_number", json!(other.number), "Gerrit answered about"),
        ("/project", json!("stock"), "can't be judged"),
        ("/project", json!("../etc"), "can't be judged"),
        ("/project", json!("nowhere"), "There is no project"),
        ("/branch", json!("a..b"), "can't be judged"),
        ("/current_revision", json!("7".repeat(40)), "can't be judged"),
        ("/meta_rev_id", json!(null), "can't be judged"),
        ("/labels", json!("all of them"), "can't be used"),
    ] {
        faults.lie(number, pointer, value.clone());
        let (code, words) = says(&stage, &[&change.number.to_string()]).await?;
        ensure!(code == 2 && words.contains(expected), "{pointer} {value}: {code}: {words}");
        faults.truth();
    }
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_proves_an_account_only_if_it_is_one_of_its_own() -> Test {
    let stage = stage().await?;
    let faults = stage.gerrit.faults()?;
    let alice = stage.town.desk("alice");
    // written by somebody whose address is nobody's; bob's begins the same
    alice.refresh("shop").await?;
    let id = story::new_change_id()?;
    let message = format!("By another\n\nCo-authored-by: Bob <bob@nowhere.example>\nChange-Id: {id}\n");
    let revision = alice.commit("shop", &[("by.txt", "by\n")], &message).await?;
    alice.push("shop", "refs/for/main").await?;
    let change = alice.find("shop", id, revision).await?;
    let bob = account(&stage, "bob").await?;
    faults
        .also_found(json!({"_account_id": bob, "email": "bob@nowhere.example.org", "secondary_emails": []}));
    let found = evidence(&stage, &change).await?;
    ensure!(codes(&found) == ["not-merged", "author-unresolved"], "{found}");
    ensure!(found["people"]["co_authors"] == json!([]), "{found}");
    // and the same address makes it his
    faults.truth();
    faults
        .also_found(json!({"_account_id": bob, "email": "x@y", "secondary_emails": ["bob@nowhere.example"]}));
    let found = evidence(&stage, &change).await?;
    ensure!(codes(&found) == ["not-merged"], "{found}");
    ensure!(found["people"]["co_authors"] == json!([bob]), "{found}");
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_moves_while_it_is_read_is_read_again() -> Test {
    let stage = stage().await?;
    let (alice, bob) = (stage.town.desk("alice"), stage.town.desk("bob"));
    let faults = stage.gerrit.faults()?;
    let change = alice.change("shop", &[("moves.txt", "moves\n")], "Moves").await?;
    let (rest, git) = (format!("/changes/{}", change.number), "/git-upload-pack");
    // so that from now on both are read side by side
    evidence(&stage, &change).await?;
    // REST has answered, and is overtaken before the refs are read
    let (early, late) = (faults.hold(&rest), faults.hold_back(git));
    let (found, voted) = tokio::join!(evidence(&stage, &change), async {
        tokio::join!(early.holds(), late.holds());
        let voted = bob.vote(&change, 2).await;
        early.release();
        late.release();
        voted
    });
    voted?;
    let found = found?;
    ensure!(codes(&found) == ["not-merged"], "{found}");
    ensure!(found["votes"][0]["value"] == 2, "{found}");
    // the refs are listed, the branch among them, and it is merged before REST answers
    let (early, late) = (faults.hold(git), faults.hold_back(&rest));
    let (found, submitted) = tokio::join!(evidence(&stage, &change), async {
        tokio::join!(early.holds(), late.holds());
        let submitted = bob.submit(&change).await;
        early.release();
        late.release();
        submitted
    });
    submitted?;
    let found = found?;
    ensure!(found["reviewed"] == true && codes(&found).is_empty(), "{found}");
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_rest_always_tells_as_it_was_is_a_disagreement() -> Test {
    let stage = stage().await?;
    let (alice, bob) = (stage.town.desk("alice"), stage.town.desk("bob"));
    let change = alice.change("shop", &[("stuck.txt", "stuck\n")], "Stuck").await?;
    let before = evidence(&stage, &change).await?;
    bob.vote(&change, 2).await?;
    bob.submit(&change).await?;
    stage.gerrit.faults()?.lie(u32::try_from(change.number)?, "/meta_rev_id", before["meta"].clone());
    let found = evidence(&stage, &change).await?;
    ensure!(codes(&found) == ["rest-disagrees"] && found["reviewed"] == false, "{found}");
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vote_that_was_first_seen_after_the_merge_is_marked() -> Test {
    let stage = stage().await?;
    let (alice, bob, carol) = (stage.town.desk("alice"), stage.town.desk("bob"), stage.town.desk("carol"));
    let unseen = |view: &Value| -> Vec<u64> {
        let votes = view["first_seen_after_merge"].as_array();
        votes.into_iter().flatten().filter_map(|vote| vote["account"].as_u64()).collect()
    };
    let (of_bob, of_carol) = (account(&stage, "bob").await?, account(&stage, "carol").await?);
    // told of each vote while it is open: the hint makes us look
    let watched = alice.change("shop", &[("seen.txt", "seen\n")], "Seen").await?;
    bob.vote(&watched, 2).await?;
    ensure!(stage.ring("shop", watched.number).await? == 202, "not taken");
    stage.no_hint_waits().await?;
    carol.vote(&watched, 2).await?;
    bob.submit(&watched).await?;
    let found = view(&stage, &watched).await?;
    ensure!(unseen(&found) == [of_carol], "{found}");
    let (_, words) = says(&stage, &[&watched.number.to_string()]).await?;
    ensure!(words.matches("rests on Gerrit's word").count() == 1, "{words}");
    // never looked at before
    let unwatched = merged(&stage, "shop", "unseen").await?;
    let found = view(&stage, &unwatched).await?;
    ensure!(unseen(&found) == [of_bob], "{found}");
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_was_rewritten_since_it_was_read_is_found() -> Test {
    let stage = stage().await?;
    let change = merged(&stage, "shop", "rewritten").await?;
    let before = evidence(&stage, &change).await?;
    ensure!(codes(&before).is_empty(), "{before}");
    let admin = stage.town.admin_desk();
    let path = format!("changes/shop~{}/messages", change.number);
    let messages = admin.rest().call("GET", &path, None).await?;
    let first = messages.as_array().and_then(|all| all.first()).context("no message")?;
    let delete = format!("{path}/{}/delete", word(first, "id"));
    admin.rest().call("POST", &delete, Some(&json!({"reason": "a slip"}))).await?;
    let found = evidence(&stage, &change).await?;
    ensure!(codes(&found) == ["history-rewritten"] && found["reviewed"] == false, "{found}");
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_moved_past_review_are_found_with_the_range() -> Test {
    let stage = stage().await?;
    let first = merged(&stage, "stock", "first").await?;
    let second = merged(&stage, "stock", "second").await?;
    let bob = stage.town.desk("bob");
    let admin = stage.town.admin_desk();
    let rules = || async {
        let read = admin.rest().call("GET", "projects/stock/branches/refs%2Fmeta%2Fconfig", None).await?;
        Ok::<_, anyhow::Error>(word(&read, "revision").to_owned())
    };
    let tip = |change: &Change| {
        let path = format!("changes/stock~{}?o=CURRENT_REVISION", change.number);
        let rest = bob.rest();
        async move {
            Ok::<_, anyhow::Error>(word(&rest.call("GET", &path, None).await?, "current_revision").to_owned())
        }
    };
    let range = format!("range={}..{}", tip(&first).await?, tip(&second).await?);
    let at = "project=stock&branch=refs/heads/main&server=main";
    let before = rules().await?;
    let ask = |rules: String| {
        let path = format!("evidence?{range}&{at}&rules={rules}");
        let api = &stage.api;
        async move { Ok::<_, anyhow::Error>(api.json(&path).await?["evidence"].clone()) }
    };
    let fine = ask(before.clone()).await?;
    ensure!(fine["reviewed"] == true && codes(&fine).is_empty(), "{fine}");
    let lax = json!({"name": "Lax", "submittability_expression": "is:true"});
    admin.rest().call("PUT", "projects/stock/submit_requirements/Lax", Some(&lax)).await?;
    let moved = ask(before).await?;
    ensure!(codes(&moved) == ["rules-changed"] && moved["reviewed"] == false, "{moved}");
    let now = ask(rules().await?).await?;
    ensure!(now["reviewed"] == true, "{now}");
    stage.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_is_missing_is_never_passed_over() -> Test {
    let stage = stage().await?;
    let first = merged(&stage, "stock", "first").await?;
    let change = merged(&stage, "stock", "second").await?;
    let whole = evidence(&stage, &change).await?;
    ensure!(whole["reviewed"] == true, "{whole}");
    // the commit of the change itself: nobody is proven to have written it, and the branch leads nowhere
    let revision = word(&whole, "revision").to_owned();
    let kept = take_away(&stage, "stock", &revision)?;
    let found = evidence(&stage, &change).await?;
    ensure!(found["reviewed"] == false, "{found}");
    ensure!(codes(&found).contains(&"author-unresolved".to_owned()), "{found}");
    let base = word(&evidence(&stage, &first).await?, "revision").to_owned();
    let forth = format!("{base}..{revision}");
    let at = ["--project", "stock", "--branch", "refs/heads/main"];
    let (code, words) = says(&stage, &[&["--range", &forth], &at[..]].concat()).await?;
    ensure!(code == 2 && words.contains("is no commit"), "{code}: {words}");
    put_back(kept)?;
    // a commit in the middle of the meta history: it can't be parsed to its end
    let meta = word(&whole, "meta").to_owned();
    let repository = stage.town.folder.join("data/mirrors/main/stock.git");
    let parent = objects(&repository, &["rev-parse", &format!("{meta}~1")]).await?;
    let kept = take_away(&stage, "stock", &parent)?;
    let found = evidence(&stage, &change).await?;
    ensure!(codes(&found) == ["malformed"] && found["reviewed"] == false, "{found}");
    put_back(kept)?;
    ensure!(evidence(&stage, &change).await?["reviewed"] == true, "not as before");
    stage.close().await
}

/// Takes an object out of our mirror; says where it was and what it held.
fn take_away(stage: &Stage, project: &str, id: &str) -> Result<(PathBuf, Vec<u8>)> {
    let mirror = stage.town.folder.join("data/mirrors/main").join(format!("{project}.git"));
    let (folder, file) = id.split_at_checked(2).context("no id")?;
    let path = mirror.join("objects").join(folder).join(file);
    let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
    std::fs::remove_file(&path)?;
    Ok((path, bytes))
}

fn put_back((path, bytes): (PathBuf, Vec<u8>)) -> Result<()> {
    Ok(std::fs::write(path, bytes)?)
}

async fn objects(repository: &std::path::Path, arguments: &[&str]) -> Result<String> {
    #[allow(clippy::disallowed_methods, reason = "a look into a repository")]
    let mut git = tokio::process::Command::new("git");
    let output = git.arg("--git-dir").arg(repository).args(arguments).output().await?;
    ensure!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

async fn account(stage: &Stage, name: &str) -> Result<u64> {
    let admin = stage.town.admin_desk();
    let account = admin.rest().call("GET", &format!("accounts/{name}"), None).await?;
    account["_account_id"].as_u64().context("no number")
}
