//! Approval with presence: a plan that waits is approved or refused by somebody whom the identity provider asks once more, and
//! what it signs is verified live, by the executor and in the bundle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // tests

mod common;
#[allow(dead_code, reason = "the other proofs use all of it")]
#[path = "proof/forge.rs"]
mod forge;

use anyhow::{Context as _, Result, ensure};
use common::{
    PATIENCE,
    browser::Browser,
    office::{APPROVED_OPERATION, Asked, Office},
    word,
};
use exq::demo::until;
use forge::{OwnLedger, add_object, kind, leaf, object, open, prune, write};
use grant::{Consent, ConsentAnswer, SignedConsent, Token};
use model::{Digest, OutcomeId};
use proof::{Bundle, verify};
use serde_json::Value;

/// Where restarts are approved: by alice, carol or erin.
async fn found() -> Result<Office> {
    let office = Office::dev().await?;
    let roles = "release-managers: { title: Approve rollouts, people: [alice, carol, erin] }\n";
    office.configure(&[("operations/shop-restart.yaml", APPROVED_OPERATION), ("roles.yaml", roles)]).await?;
    Ok(office)
}

/// alice asks, bob reviews, and it waits for somebody's approval of its plan.
async fn waiting(office: &mut Office, ticket: &str) -> Result<(Asked, Value)> {
    let asked = office.ask("alice", ticket, "The shop hangs again").await?;
    office.stage.town.desk("bob").vote(&asked.change, 2).await?;
    let view = until("it waits for an approval", PATIENCE, || async {
        let all = office.stage.api.json("consents").await?;
        let rows = all.get("rows").and_then(Value::as_array).cloned().unwrap_or_default();
        let of = |row: &Value| row.pointer("/request/id").and_then(Value::as_str) == Some(&asked.id);
        Ok(rows.into_iter().find(of))
    })
    .await?;
    Ok((asked, view))
}

/// Waits until an outcome stands so.
async fn stands(office: &Office, outcome: &str, state: &str) -> Result<Value> {
    until(&format!("{outcome} is {state}"), PATIENCE, || async {
        let view = office.stage.api.json(&format!("consents/{outcome}")).await?;
        let is = view.pointer("/state/is").and_then(Value::as_str);
        ensure!(is == Some(state), "{view}");
        Ok(Some(view))
    })
    .await
}

/// What was stored of a consent, out of a bundle that holds it.
fn stored(bundle: &Bundle) -> Result<SignedConsent> {
    let given = |entry: &&proof::BundleEntry| kind(entry) == "consent.given";
    let entry = bundle.entries.iter().rev().find(given).context("no consent")?;
    let text = |name: &str| -> Result<Vec<u8>> {
        let text = entry.sealed.get(name).and_then(Option::as_ref).context("no text")?;
        Ok(base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &text.body)?)
    };
    let digest = leaf(entry)["facts"]["consent-object"].as_str().context("no object")?.to_owned();
    let consent: Consent = serde_json::from_slice(&object(bundle, &digest).context("no object")?)?;
    let token = Token {
        id_token: String::from_utf8(text("id-token")?)?,
        key: serde_json::from_slice(&text("key")?)?,
    };
    Ok(SignedConsent { consent, token: Some(token) })
}

async fn story(office: &mut Office) -> Result<(Vec<u8>, ledger::VerifierKey)> {
    let (asked, view) = waiting(office, "INC-1").await?;
    let outcome = word(&view, "outcome").to_owned();
    let plan = word(&view, "hash").to_owned();
    ensure!(word(&view, "code") == plan.parse::<Digest>()?.short_code(), "{view}");
    ensure!(office.restarted().is_empty(), "it ran before anybody approved the plan");

    // carol sees it at her command line, and makes it anew from her own clone: the same code.
    let clone = office.stage.town.folder.join("desks/main/alice/operations").display().to_string();
    office.stage.town.desk("alice").refresh("operations").await?;
    let (code, text) = office.exq("carol", &["consent", &outcome, "--operations", &clone]).await?;
    ensure!(code == Some(0) && text.contains(word(&view, "code")), "{code:?} {text}");
    ensure!(text.contains(&format!("/consents/{outcome}")) && text.contains("ticket = \"INC-1\""), "{text}");
    let shop = office.stage.town.folder.join("desks/main/alice/shop").display().to_string();
    let (code, text) = office.exq("carol", &["consent", &outcome, "--operations", &shop]).await?;
    ensure!(code == Some(2), "another project's clone says nothing: {code:?} {text}");
    let (code, text) = office.exq("carol", &["consent"]).await?;
    ensure!(code == Some(0) && text.contains(&outcome), "{code:?} {text}");

    // dave has no role: he is told, and the provider isn't even asked.
    let mut dave = Browser::signed_in(office, "dave").await?;
    let (status, text) = dave.answer(&outcome, &plan, "approve").await?;
    ensure!(status == 403 && text.contains("release-managers"), "{status}: {text}");
    // alice has it, and asked for it herself: her yes is kept, and doesn't count.
    let mut alice = Browser::signed_in(office, "alice").await?;
    alice.consents(&outcome, &plan, "approve").await?;
    let view = stands(office, &outcome, "waiting").await?;
    ensure!(view.pointer("/given/0/person").and_then(Value::as_str) == Some("alice"), "{view}");
    ensure!(office.restarted().is_empty(), "it ran by the yes of who asked");
    // carol approves: it runs at once.
    let mut carol = Browser::signed_in(office, "carol").await?;
    carol.consents(&outcome, &plan, "approve").await?;
    let run = office.ran(&asked).await?;
    ensure!(office.restarted() == ["INC-1"], "{:?}", office.restarted());
    let (status, _) = carol.answer(&outcome, &plan, "approve").await?;
    ensure!(status == 409, "it is over: {status}");
    let bundle = office.stage.api.bytes(&format!("runs/{run}/bundle")).await?;
    let key = office.stage.running()?.ledger_key.clone();

    // What carol signed is good for nothing else: not for the next one, nor once more for the same.
    let (second, view) = waiting(office, "INC-2").await?;
    let next: OutcomeId = word(&view, "outcome").parse()?;
    let other: Digest = word(&view, "hash").parse()?;
    let surface = std::sync::Arc::clone(&office.stage.running()?.surface);
    let mut carols = stored(&open(&bundle))?;
    let refused = async |what: &str, signed: SignedConsent| match surface.give_consent(signed).await {
        Ok(_) => panic!("{what} was taken"),
        Err(why) => why.to_string(),
    };
    refused("the same once more", carols.clone()).await;
    carols.consent.outcome = next.clone();
    refused("for another outcome", carols.clone()).await;
    carols.consent.plan = other;
    let why = refused("replayed on another plan", carols.clone()).await;
    ensure!(why.contains("binds something else"), "{why}");
    carols.consent.answer = ConsentAnswer::Refuse;
    refused("as a no", carols).await;

    // erin refuses: it ends, and says so.
    let mut erin = Browser::signed_in(office, "erin").await?;
    erin.consents(next.as_str(), &other.to_string(), "refuse").await?;
    let view = stands(office, next.as_str(), "refused").await?;
    let code = view.pointer("/state/reasons/0/code").and_then(Value::as_str);
    ensure!(code == Some("consent-refused"), "{view}");
    ensure!(view.to_string().contains("erin, of the role release-managers, refused this plan"), "{view}");
    office.stage.play().said(&second.change, "refused this plan").await?;
    ensure!(office.restarted() == ["INC-1"], "{:?}", office.restarted());
    Ok((bundle, key))
}

fn refused(what: &str, bundle: &Bundle, key: &ledger::VerifierKey) -> String {
    match verify(&bundle.encode().unwrap(), key) {
        Ok(_) => panic!("{what}: it was PROVEN"),
        Err(why) => why.to_string(),
    }
}

/// What a bundle proves of its consents, and what whoever has the ledger's key can't make up.
fn proofs(bytes: &[u8], key: &ledger::VerifierKey) {
    let bundle = open(bytes);
    let verified = verify(bytes, key).unwrap();
    assert_eq!(verified.consents, ["carol"]);
    let says = |lines: &[String], part: &str| lines.iter().any(|line| line.contains(part));
    assert!(says(&verified.proven, "carol approved this very plan"), "{:?}", verified.proven);
    assert!(
        says(&verified.rests_on, "the administrator of the identity provider"),
        "{:?}",
        verified.rests_on
    );

    // Erased, or withheld: the rest holds, and it is said what isn't checked.
    let mut silent = bundle.clone();
    for entry in silent.entries.iter_mut().filter(|entry| kind(entry) == "consent.given") {
        entry.sealed.values_mut().for_each(|text| *text = None);
    }
    let verified = verify(&silent.encode().unwrap(), key).unwrap();
    assert!(says(&verified.not_checked, "what proves that carol approved"), "{:?}", verified.not_checked);
    assert!(!says(&verified.proven, "carol approved"), "{:?}", verified.proven);

    let own = OwnLedger::new(leaf(&bundle.entries[0])["origin"].as_str().unwrap());
    let mut control = bundle.clone();
    own.publish(&mut control);
    assert!(verify(&control.encode().unwrap(), &own.key()).is_ok());
    let places: Vec<usize> =
        (0..bundle.entries.len()).filter(|at| kind(&bundle.entries[*at]).starts_with("consent.")).collect();
    assert_eq!(places.len(), 2, "alice's and carol's");
    for at in &places {
        let mut less = bundle.clone();
        less.entries.remove(*at);
        prune(&mut less);
        refused("one is left out", &less, key);
        own.publish(&mut less);
        refused("one is left out", &less, &own.key());
    }
    // Somebody else said it; a no becomes a yes; at another time; by another proof.
    type Lie = (&'static str, fn(&mut Consent));
    const LIES: &[Lie] = &[
        ("somebody else said it", |c| c.identity.subject = "u-erin".into()),
        ("another human said it", |c| c.person = Some("erin".parse().unwrap())),
        ("it was about another plan", |c| c.plan = Digest::of(b"other")),
        ("it was a no", |c| c.answer = ConsentAnswer::Refuse),
        ("it was said at another time", |c| c.at = c.at.plus_ms(-7_200_000)),
        ("it has another nonce", |c| c.nonce = Digest::of(b"other")),
    ];
    for (what, lie) in LIES {
        let mut forged = bundle.clone();
        let entry = forged.entries.iter().rfind(|entry| kind(entry) == "consent.given").unwrap();
        let old = leaf(entry)["facts"]["consent-object"].as_str().unwrap().to_owned();
        let mut consent: Consent = serde_json::from_slice(&object(&forged, &old).unwrap()).unwrap();
        lie(&mut consent);
        let new = add_object(&mut forged, &model::to_canonical(&consent).unwrap()).to_string();
        for entry in &mut forged.entries {
            entry.leaf = entry.leaf.replace(&old, &new);
        }
        prune(&mut forged);
        own.publish(&mut forged);
        refused(what, &forged, &own.key());
    }
    for (name, other) in [
        ("plan", Digest::of(b"x").to_string()),
        ("outcome", "out-00000000000000000000".to_owned()),
        ("proof", "passkey".to_owned()),
    ] {
        let mut forged = bundle.clone();
        for entry in forged.entries.iter_mut().filter(|entry| kind(entry) == "consent.given") {
            let mut changed = leaf(entry);
            changed["facts"][name] = other.clone().into();
            entry.leaf = write(&changed);
        }
        own.publish(&mut forged);
        refused(name, &forged, &own.key());
    }
}

#[test]
fn a_plan_that_wants_presence_runs_by_the_yes_of_who_may_and_ends_by_their_no() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (bundle, key) = runtime.block_on(async {
        let mut office = found().await?;
        let made = story(&mut office).await?;
        office.close().await?;
        anyhow::Ok(made)
    })?;
    proofs(&bundle, &key);
    Ok(())
}
