//! Consent in a real Chromium, with authenticators that it makes up: by passkey and by step-up, and each refusal by name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)] // tests

mod common;

use anyhow::{Context as _, Result, ensure};
use common::{
    PATIENCE,
    chromium::{Chromium, Window},
    office::{APPROVED_OPERATION, Asked, Office},
    word,
};
use exq::demo::until;
use secrecy::ExposeSecret as _;
use serde_json::Value;

/// What a page of ours calls, and what an attacker on it could call: the steps of a consent by passkey, one by one.
const STEPS: &str = r#"
window.post = async (address, body) => {
  const answer = await fetch(address, {method: "POST", headers: {"content-type": "application/json"}, body: JSON.stringify(body)});
  const value = await answer.json();
  return {status: answer.status, ...value};
};
window.bytes = (hex) => Uint8Array.from(hex.match(/../g), (two) => parseInt(two, 16));
window.pack = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
window.unpack = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
window.sign = async (begun, userVerification) => {
  const got = await navigator.credentials.get({publicKey: {rpId: begun.site, challenge: bytes(begun.challenge), userVerification,
    allowCredentials: begun.credentials.map((id) => ({type: "public-key", id: unpack(id)}))}});
  return {challenge: begun.challenge, credential: pack(got.rawId), client_data: pack(got.response.clientDataJSON),
    authenticator_data: pack(got.response.authenticatorData), signature: pack(got.response.signature)};
};
window.begin = (outcome, plan, answer) => post(`/script/consents/${outcome}/begin`, {plan, answer});
window.finish = (outcome, signed) => post(`/script/consents/${outcome}/finish`, signed);
"#;

/// A plan that waits.
struct Waiting {
    asked: Asked,
    outcome: String,
    plan: String,
}

impl Waiting {
    fn begin(&self, answer: &str) -> String {
        format!("await begin({:?}, {:?}, {answer:?})", self.outcome, self.plan)
    }
}

async fn waiting(office: &mut Office, ticket: &str) -> Result<Waiting> {
    let asked = office.ask("alice", ticket, "The shop hangs again").await?;
    office.stage.town.desk("bob").vote(&asked.change, 2).await?;
    let view = until("it waits for an approval", PATIENCE, || async {
        let all = office.stage.api.json("consents").await?;
        let rows = all.get("rows").and_then(Value::as_array).cloned().unwrap_or_default();
        let of = |row: &Value| row.pointer("/request/id").and_then(Value::as_str) == Some(&asked.id);
        Ok(rows.into_iter().find(of))
    })
    .await?;
    Ok(Waiting { asked, outcome: word(&view, "outcome").to_owned(), plan: word(&view, "hash").to_owned() })
}

/// Picks themselves on the issuer's page, and is back.
async fn pick(window: &Window<'_>, server: &str, login: &str) -> Result<()> {
    window.click(&format!("button[name=person][value={login}]")).await?;
    window.until(&format!("location.href.startsWith({server:?}) && document.readyState === 'complete'")).await
}

async fn signed_in<'a>(chromium: &'a Chromium, server: &str, login: &str) -> Result<Window<'a>> {
    let window = chromium.window().await?;
    window.go(&format!("{server}/sign-in?to=/passkeys")).await?;
    pick(&window, server, login).await?;
    window.click("a[href='/step-up?to=/passkeys']").await?;
    pick(&window, server, login).await?;
    Ok(window)
}

/// What the server says to something that is refused.
async fn refused(window: &Window<'_>, what: &str, script: &str, says: &str) -> Result<()> {
    window.value(STEPS).await?;
    let answer = window.value(&format!("(async () => {{ {script} }})()")).await?;
    let status = answer["status"].as_u64().with_context(|| format!("{what}: {answer}"))?;
    ensure!((400..500).contains(&status), "{what} was taken: {answer}");
    ensure!(answer.to_string().contains(says), "{what}: {answer}");
    Ok(())
}

/// The host's own token sends it.
async fn by_program(office: &Office, outcome: &str, signed: &Value) -> Result<(u16, String)> {
    let running = office.stage.running()?;
    let url = format!("http://{}/script/consents/{outcome}/finish", running.address);
    let request = reqwest::Client::builder().no_proxy().build()?.post(url).json(signed);
    let answer = request.bearer_auth(running.cli_token.expose_secret()).send().await?;
    Ok((answer.status().as_u16(), answer.text().await?))
}

async fn story(office: &mut Office, chromium: &Chromium) -> Result<()> {
    let server = office.public.clone();
    let (first, second) = (waiting(office, "INC-1").await?, waiting(office, "INC-2").await?);
    let carol = signed_in(chromium, &server, "carol").await?;
    carol.click("#passkey-enrol").await?;
    carol.until("document.body.innerText.includes('waits for another person')").await?;

    // Not confirmed yet, it counts for nothing; and carol can't confirm it herself.
    let page = format!("{server}/consents/{}", first.outcome);
    carol.go(&page).await?;
    carol.click("[data-passkey=approve]").await?;
    carol
        .until("document.getElementById('passkey-said').textContent.includes('no other person confirmed it')")
        .await?;
    carol.go(&format!("{server}/passkeys")).await?;
    let id = carol.value("document.querySelector('form[action=\"/passkeys/revoke\"] input').value").await?;
    let own = format!(
        "const a = await fetch('/passkeys/confirm', {{method: 'POST', body: new URLSearchParams({{id: {id}}})}}); \
         return {{status: a.status, text: await a.text()}}"
    );
    refused(&carol, "her own passkey", &own, "confirmed by another person").await?;

    // erin confirms it.
    let erin = signed_in(chromium, &server, "erin").await?;
    erin.click("form[action='/passkeys/confirm'] button").await?;
    erin.until(
        "document.readyState === 'complete' && !document.querySelector('form[action=\"/passkeys/confirm\"]')",
    )
    .await?;

    carol.go(&page).await?;
    let (yes, no, other) = (first.begin("approve"), first.begin("refuse"), second.begin("approve"));
    let finish = format!("finish({:?}, ", first.outcome);
    let replayed = format!(
        "const one = {yes}; const two = {other}; const signed = await sign(one, 'required'); \
         return finish({:?}, {{...signed, challenge: two.challenge}})",
        second.outcome
    );
    refused(&carol, "replayed on another plan", &replayed, "something else than this plan").await?;
    let reversed = format!(
        "const no = {no}; const yes = {yes}; const signed = await sign(no, 'required'); \
         return {finish}{{...signed, challenge: yes.challenge}})"
    );
    refused(&carol, "a no used as a yes", &reversed, "and this answer").await?;
    let twice = format!(
        "const one = {yes}; return {finish}{{...await sign(one, 'required'), challenge: '0'.repeat(64)}})"
    );
    refused(&carol, "nothing that was begun", &twice, "waits for this signature").await?;
    carol.verifies(false).await?;
    let unverified = format!("const one = {yes}; return {finish}await sign(one, 'discouraged'))");
    refused(&carol, "without user verification", &unverified, "no user verification").await?;
    carol.verifies(true).await?;

    // A page of another origin on the same host lets the passkey sign what carol's page began.
    carol.value(STEPS).await?;
    let begun = carol.value(&format!("(async () => {yes})()")).await?;
    let elsewhere = office.idp.url().replace("127.0.0.1", "localhost");
    carol.go(&format!("{elsewhere}/.well-known/openid-configuration")).await?;
    carol.value(STEPS).await?;
    let signed = carol.value(&format!("sign({begun}, 'required')")).await?;
    carol.go(&page).await?;
    refused(&carol, "from another origin", &format!("return {finish}{signed})"), "another origin").await?;

    // erin can't send what carol signed, nor can a program: the host's token is nobody.
    carol.value(STEPS).await?;
    let signed = carol.value(&format!("(async () => sign({yes}, 'required'))()")).await?;
    refused(&erin, "carol's signature by erin", &format!("return {finish}{signed})"), "waits for this")
        .await?;
    let (status, text) = by_program(office, &first.outcome, &signed).await?;
    ensure!(status == 403 && text.contains("no-person"), "by an automation's token: {status} {text}");
    ensure!(office.restarted().is_empty(), "{:?}", office.restarted());

    // carol approves with her passkey: it runs, and the proof says so.
    carol.go(&page).await?;
    carol.click("[data-passkey=approve]").await?;
    let run = office.ran(&first.asked).await?;
    let bundle = office.stage.api.bytes(&format!("runs/{run}/bundle")).await?;
    let verified = proof::verify(&bundle, &office.stage.running()?.ledger_key)?;
    ensure!(verified.consents == ["carol"], "{verified:?}");
    ensure!(
        verified.proven.iter().any(|line| line.contains("carol approved this very plan with a passkey")),
        "{verified:?}"
    );

    // erin approves the other one by step-up: a form that leads to the issuer and back, under our own policy.
    erin.go(&format!("{server}/consents/{}", second.outcome)).await?;
    erin.click("button[name=answer][value=approve]").await?;
    pick(&erin, &server, "erin").await?;
    office.ran(&second.asked).await?;
    ensure!(office.restarted() == ["INC-1", "INC-2"], "{:?}", office.restarted());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_signs_one_plan_and_one_answer_for_its_person_on_its_origin_and_nothing_else() -> Result<()>
{
    let chromium = Chromium::start().await?;
    let mut office = Office::with_passkeys().await?;
    let roles = "release-managers: { title: Approve rollouts, people: [alice, carol, erin] }\n";
    office.configure(&[("operations/shop-restart.yaml", APPROVED_OPERATION), ("roles.yaml", roles)]).await?;
    story(&mut office, &chromium).await?;
    office.close().await
}
