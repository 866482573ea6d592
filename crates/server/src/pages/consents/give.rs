//! `POST /consents/{id}`: somebody says yes or no to the plan that they were shown, and goes to the identity provider, which asks
//! them once more. What they said is bound by what it signs.

use axum::{
    Extension,
    extract::{Form, Path, State, rejection::FormRejection},
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use engine::surface::SurfaceError;
use grant::ConsentAnswer;
use identity::{Consent, Deed, Presence, ReturnTo, Said};
use model::{Digest, OutcomeId};
use serde::Deserialize;

use crate::{
    App,
    access::Caller,
    answer::Problem,
    api::{ask, v1},
    pages::passkeys::random,
    people::People,
    step_up,
};

#[derive(Deserialize)]
pub(crate) struct Asked {
    plan: Digest,
    answer: ConsentAnswer,
}

pub(crate) async fn post(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    form: Result<Form<Asked>, FormRejection>,
) -> Response {
    match begin(&app, &caller, &id, &headers, form).await {
        Ok(begun) => begun.page(&app),
        Err(problem) => problem.into_response(),
    }
}

async fn begin(
    app: &App,
    caller: &Caller,
    id: &str,
    headers: &HeaderMap,
    form: Result<Form<Asked>, FormRejection>,
) -> Result<step_up::Begun, Problem> {
    ask::in_browser(caller)?;
    let (Some(people), Caller::Person(session)) = (&app.people, caller) else {
        return Err(Problem::no_sign_in());
    };
    let Ok(Form(Asked { plan, answer })) = form else {
        return Err(Problem::bad_request("There is no plan and answer in the form."));
    };
    let outcome = v1::consents::ready(app, caller, id, &plan).await?;
    let said = Said { outcome, plan, answer, nonce: random(app)? };
    let binds = said.binds(session.person().identity());
    let to = ReturnTo::parse(&format!("/consents/{}", said.outcome));
    let begun = step_up::begin(people, headers, session.person(), session.id(), Some(binds), to).await?;
    let now = app.now();
    app.intents.add(binds, said, now.plus_ms(people.party.pending_ms()), now);
    Ok(begun)
}

/// Whoever said something comes back, and has signed it.
pub(crate) async fn came_back(app: &App, people: &People, presence: &Presence) -> Result<OutcomeId, Problem> {
    let not_begun = || crate::people::failed(&identity::Error::NotBegun);
    let binds = presence.proof().binds.ok_or_else(not_begun)?;
    let said = app.intents.take(&binds, app.now()).ok_or_else(not_begun)?;
    // Who signed out meanwhile, here or at the provider, says nothing any more.
    if !people.sessions.is_open(&presence.session()) {
        return Err(not_begun());
    }
    let signed = Deed::<Consent, Presence>::of(presence).signed(&said, app.now());
    let signed = signed.map_err(|error| crate::people::failed(&error))?;
    app.surface.give_consent(signed).await.map_err(|error| refused(&error))?;
    tracing::info!(outcome = %said.outcome, answer = said.answer.name(), "a consent was given");
    Ok(said.outcome)
}

/// What somebody reads whose answer is not taken.
pub(crate) fn refused(error: &SurfaceError) -> Problem {
    let problem = Problem::of_reading(error);
    match error {
        SurfaceError::Asked(_) => Problem { code: "consent-refused", ..problem },
        _ => problem,
    }
}

pub(crate) fn id(text: &str) -> Result<OutcomeId, Problem> {
    ask::id("outcome's id", text)
}
