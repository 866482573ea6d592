//! `POST /script/consents/{id}/begin` and `…/finish`: somebody says yes or no to the plan that they were shown, by passkey.

use axum::{
    Extension, Json,
    extract::{Path, State, rejection::JsonRejection},
    response::Response,
};
use grant::{Consent, ConsentAnswer, ConsentProof, Passkey, SignedConsent};
use identity::{Person, Said};
use model::Digest;
use serde::{Deserialize, Serialize};

use super::{random, site};
use crate::{
    App,
    access::Caller,
    answer::Problem,
    api::{ask, v1},
    pages::consents::give::refused,
};

/// For how long the browser may take.
const LIVES_MS: i64 = 5 * 60_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    plan: Digest,
    answer: ConsentAnswer,
}

#[derive(Serialize)]
pub(crate) struct Begun {
    /// What is signed, in hex.
    challenge: Digest,
    site: String,
    /// The person's passkeys.
    credentials: Vec<String>,
}

pub(crate) async fn begin(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Result<Json<Asked>, JsonRejection>,
) -> Response {
    ask::answer(begun(&app, &caller, &id, body).await)
}

async fn begun(
    app: &App,
    caller: &Caller,
    id: &str,
    body: Result<Json<Asked>, JsonRejection>,
) -> Result<Json<Begun>, Problem> {
    let identity = ask::in_browser(caller)?.identity();
    let site = site(app)?;
    let Asked { plan, answer } = ask::body(body)?;
    let outcome = v1::consents::ready(app, caller, id, &plan).await?;
    let all = app.surface.passkeys().await.map_err(|error| Problem::of_surface("passkey", &error))?;
    let credentials: Vec<String> =
        all.into_iter().filter(|one| one.identity == *identity).map(|one| one.credential).collect();
    if credentials.is_empty() {
        return Err(Problem::not_found("You have no passkey here.").hint("Make one at /passkeys."));
    }
    let said = Said { outcome, plan, answer, nonce: random(app)? };
    let challenge = said.binds(identity);
    app.intents.add(challenge, said, app.now().plus_ms(LIVES_MS), app.now());
    Ok(Json(Begun { challenge, site: site.id.clone(), credentials }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signed {
    challenge: Digest,
    credential: String,
    client_data: String,
    authenticator_data: String,
    signature: String,
}

#[derive(Serialize)]
pub(crate) struct Given {
    state: &'static str,
}

pub(crate) async fn finish(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    body: Result<Json<Signed>, JsonRejection>,
) -> Response {
    ask::answer(finished(&app, &caller, &id, body).await)
}

async fn finished(
    app: &App,
    caller: &Caller,
    id: &str,
    body: Result<Json<Signed>, JsonRejection>,
) -> Result<Json<Given>, Problem> {
    let person = ask::in_browser(caller)?;
    let body = ask::body(body)?;
    let signed = signed(app, person, id, body).await?;
    let view = app.surface.give_consent(signed).await.map_err(|error| refused(&error))?;
    Ok(Json(Given { state: view.state.name() }))
}

/// What the passkey signed, as a consent. Whether it holds, and whether the passkey counts, is said where it is taken.
async fn signed(app: &App, person: &Person, id: &str, body: Signed) -> Result<SignedConsent, Problem> {
    let Signed { challenge, credential, client_data, authenticator_data, signature } = body;
    let begun = app.intents.take(&challenge, app.now());
    // Somebody else's challenge is made from another identity.
    let said = begun.filter(|said| said.binds(person.identity()) == challenge && said.outcome.as_str() == id);
    let said = said.ok_or_else(|| {
        Problem::bad_request("Nothing that was begun here waits for this signature.").hint("Begin again.")
    })?;
    let all = app.surface.passkeys().await.map_err(|error| Problem::of_surface("passkey", &error))?;
    let known =
        all.into_iter().find(|one| one.credential == credential && one.identity == *person.identity());
    let known = known.ok_or_else(|| Problem::not_found("There is no such passkey of yours."))?;
    let site = site(app)?;
    let consent = Consent {
        schema: Consent::SCHEMA.to_owned(),
        outcome: said.outcome,
        plan: said.plan,
        answer: said.answer,
        identity: person.identity().clone(),
        person: person.key().cloned(),
        nonce: said.nonce,
        at: app.now(),
        proof: ConsentProof::Passkey(Passkey {
            credential,
            key: known.key,
            site: site.id.clone(),
            origin: site.origin.clone(),
            client_data,
            authenticator_data,
            signature,
        }),
    };
    Ok(SignedConsent { consent, token: None })
}
