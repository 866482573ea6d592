//! `POST /script/passkeys/begin` and `…/finish`: a browser makes a passkey for whoever proved to be there a short while ago.

use axum::{
    Extension, Json,
    extract::{State, rejection::JsonRejection},
    response::Response,
};
use engine::surface::PasskeyView;
use identity::Fresh;
use model::Digest;
use serde::{Deserialize, Serialize};

use super::{Enrolling, random, site, viewer};
use crate::{App, answer::Problem, api::ask};

/// For how long the browser may take.
const LIVES_MS: i64 = 5 * 60_000;

#[derive(Serialize)]
pub(crate) struct Begun {
    /// In hex.
    challenge: Digest,
    site: String,
    /// What the authenticator files it under: a hash, nobody's name.
    user: Digest,
    name: String,
    /// Credentials that the person has already.
    known: Vec<String>,
}

pub(crate) async fn begin(State(app): State<App>, Extension(fresh): Extension<Fresh>) -> Response {
    ask::answer(begun(&app, &fresh).await)
}

async fn begun(app: &App, fresh: &Fresh) -> Result<Json<Begun>, Problem> {
    let site = site(app)?;
    let identity = fresh.person().identity();
    let known = app.surface.passkeys().await.map_err(|error| Problem::of_surface("passkey", &error))?;
    let known = known.into_iter().filter(|one| one.identity == *identity).map(|one| one.credential);
    let challenge = random(app)?;
    let enrolling = Enrolling { session: fresh.session().id() };
    app.enrolling.add(challenge, enrolling, app.now().plus_ms(LIVES_MS), app.now());
    let parts = [identity.issuer.as_bytes(), identity.subject.as_bytes()];
    Ok(Json(Begun {
        challenge,
        site: site.id.clone(),
        user: Digest::of_parts("exequatur.passkey-user/1", &parts),
        name: fresh.person().shown().to_owned(),
        known: known.collect(),
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Made {
    challenge: Digest,
    client_data: String,
    authenticator_data: String,
    label: String,
}

pub(crate) async fn finish(
    State(app): State<App>,
    Extension(fresh): Extension<Fresh>,
    body: Result<Json<Made>, JsonRejection>,
) -> Response {
    ask::answer(finished(&app, &fresh, body).await)
}

async fn finished(
    app: &App,
    fresh: &Fresh,
    body: Result<Json<Made>, JsonRejection>,
) -> Result<Json<PasskeyView>, Problem> {
    let Made { challenge, client_data, authenticator_data, label } = ask::body(body)?;
    let enrolling = app.enrolling.take(&challenge, app.now());
    if enrolling != Some(Enrolling { session: fresh.session().id() }) {
        return Err(
            Problem::bad_request("No passkey that was begun here waits for this.").hint("Begin again.")
        );
    }
    let made = grant::register(&client_data, &authenticator_data, &challenge, site(app)?);
    let made =
        made.map_err(|error| Problem::bad_request(format!("The passkey can't be enrolled: {error}.")))?;
    let view = app.surface.enrol_passkey(viewer(fresh.person()), made, &label).await;
    view.map(Json).map_err(|error| Problem::of_reading(&error))
}
