//! Roles that groups fill, and links that their holders prove: from the command line and Gerrit to the proof.

mod common;

use anyhow::{Context as _, Result, ensure};
use common::{
    PATIENCE,
    linking::{POLICY, linked_and_in_the_group, say},
    office::Office,
    word,
};
use exq::{client::Api, credentials::Credentials, demo::until};
use serde_json::{Value, json};

type Test = Result<()>;

#[tokio::test(flavor = "multi_thread")]
async fn who_links_an_account_and_is_in_the_providers_group_lets_it_run_until_either_is_taken_back() -> Test {
    let mut office = Office::dev().await?;
    linked_and_in_the_group(&mut office).await?;
    let own = office.stage.town.admin_desk().rest().call("GET", "accounts/exq-writer", None).await?;
    let own = own.get("_account_id").and_then(Value::as_u64).unwrap_or_default().to_string();
    for (server, account, why) in [
        ("main", own.as_str(), "of Exequatur's own"),
        ("main", "9999999", "there is no account 9999999"),
        ("elsewhere", "1", "there is no server elsewhere"),
    ] {
        let arguments = ["link", "--server", server, "--account", account, "--change", "1"];
        let (code, text) = office.exq("erin", &arguments).await?;
        ensure!(code == Some(2) && text.contains(why), "{code:?} {text}");
    }
    let free = office.stage.town.desk("dave").rest().call("GET", "accounts/self", None).await?;
    let free = free.get("_account_id").and_then(Value::as_u64).context("no number")?;
    let (code, text) = office
        .exq("mallory", &["link", "--server", "main", "--account", &free.to_string(), "--change", "1"])
        .await?;
    ensure!(code == Some(2) && text.contains("has no such person"), "a person of their own making: {text}");
    a_text_of_before_brings_no_revoked_link_back(&mut office, free).await?;
    office.close().await
}

/// dave's account was anybody's for a minute: two texts were posted, one was used, and the link was taken back.
async fn a_text_of_before_brings_no_revoked_link_back(office: &mut Office, account: u64) -> Test {
    let server = format!("http://{}", office.stage.running()?.address);
    let file = office.home("dave")?.join("exequatur/sessions.json");
    let token = Credentials::read(&file)?.token(&server).context("no token")?;
    let dave = Api::new(server, token)?;
    let asked = office.ask("alice", "INC-9", "For the messages on it").await?;
    let change = json!({"change": asked.change.number});
    let posted = async || -> Result<String> {
        let text = dave.post("links", &json!({"server": "main", "account": account})).await?;
        say(office, "dave", asked.change.number, word(&text, "text")).await?;
        Ok(format!("links/{}/prove", word(&text, "id")))
    };
    let (first, second) = (posted().await?, posted().await?);
    dave.post(&first, &change).await?;
    let (code, text) = office
        .exq("dave", &["link", "revoke", "--server", "main", "--account", &account.to_string()])
        .await?;
    ensure!(code == Some(0), "{text}");
    let again = dave.post(&second, &change).await;
    let Err(why) = again else { anyhow::bail!("linked again: {again:?}") };
    ensure!(why.to_string().contains("before the link of that account was revoked"), "{why}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_on_gerrit_fills_a_role_as_long_as_nobody_of_ours_or_of_its_own_could_fill_it() -> Test {
    let mut office = Office::dev().await?;
    let admin = office.stage.town.admin_desk();
    let uuid = async |name: &str| -> Result<String> {
        Ok(word(&admin.rest().call("GET", &format!("groups/{name}"), None).await?, "id").to_owned())
    };
    let (managers, mirror) = (uuid("release-managers").await?, uuid("exq-mirror").await?);
    let own = json!({"members": ["carol"], "visible_to_all": true});
    let own = word(&admin.rest().call("PUT", "groups/owns-itself", Some(&own)).await?, "id").to_owned();
    let hidden = json!({"members": ["carol"], "visible_to_all": false, "owner_id": "Administrators"});
    let hidden = word(&admin.rest().call("PUT", "groups/hidden", Some(&hidden)).await?, "id").to_owned();
    let roles = |uuid: &str| format!("ops: {{ gerrit_group: {{ server: main, uuid: \"{uuid}\" }} }}\n");
    for (uuid, code) in
        [(own, "role-group-owns-itself"), (mirror, "role-group-ours"), (hidden, "role-group-unseen")]
    {
        refused(&office, &[("roles.yaml", &roles(&uuid))], code).await?;
    }
    office.configure(&[("roles.yaml", &roles(&managers)), ("policies/team.cedar", POLICY)]).await?;
    let (bob, carol) = (office.stage.town.desk("bob"), office.stage.town.desk("carol"));
    let asked = office.ask("alice", "INC-1", "Please restart the shop").await?;
    bob.vote(&asked.change, 2).await?;
    office.waits_for(&asked, "ops-approve").await?;
    carol.vote(&asked.change, 2).await?;
    let run = office.ran(&asked).await?;
    let bundle = office.stage.api.bytes(&format!("runs/{run}/bundle")).await?;
    let proven = proof::verify(&bundle, &office.stage.running()?.ledger_key)?;
    ensure!(proven.rests_on.iter().any(|on| on.contains("groups on Gerrit")), "{:?}", proven.rests_on);

    // Who is taken out of the group lets nothing run any more, and who goes bad as a group neither.
    let second = office.ask("alice", "INC-2", "And again").await?;
    let path = format!("groups/{managers}/members/carol");
    admin.rest().call("DELETE", &path, None).await?;
    carol.vote(&second.change, 2).await?;
    office.waits_for(&second, "ops-approve").await?;
    let body = json!({"owner": managers});
    admin.rest().call("PUT", &format!("groups/{managers}/owner"), Some(&body)).await?;
    say(&office, "bob", second.change.number, "Look again").await?;
    office.waits_for(&second, "role-group-owns-itself").await?;
    ensure!(office.restarted() == ["INC-1"], "{:?}", office.restarted());
    office.close().await
}

/// That a change of the operations project is refused for this; it is taken back by the next that is accepted.
async fn refused(office: &Office, files: &[(&str, &str)], code: &str) -> Test {
    let town = &office.stage.town;
    let (alice, bob, carol) = (town.desk("alice"), town.desk("bob"), town.desk("carol"));
    let change = alice.change("operations", files, "Change the rules").await?;
    bob.vote(&change, 2).await?;
    carol.vote(&change, 2).await?;
    bob.submit(&change).await?;
    until(&format!("the configuration is refused: {code}"), PATIENCE, || async {
        let view = office.stage.api.json("configuration").await?;
        let reasons = view.pointer("/refused/reasons").and_then(Value::as_array).cloned().unwrap_or_default();
        ensure!(reasons.iter().any(|reason| word(reason, "code") == code), "{view}");
        Ok(Some(()))
    })
    .await
}
