//! `POST /api/v1/links/{server}/{account}/revoke`: votes of the account stop counting at once.

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use engine::surface::LinkView;
use model::{Account, AccountId, ServerName};
use utoipa::openapi::path::Operation;

use crate::{
    App,
    access::Caller,
    answer::Problem,
    api::{ask, describe},
};

pub(crate) async fn post(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path((server, account)): Path<(String, String)>,
) -> Response {
    ask::answer(revoke(&app, &caller, &server, &account).await)
}

async fn revoke(app: &App, caller: &Caller, server: &str, account: &str) -> Result<Json<LinkView>, Problem> {
    let server: ServerName = ask::id("server name", server)?;
    let account = Account { server, id: AccountId(ask::id("account's number", account)?) };
    // One's own; and whoever runs the server anybody's.
    let (whose, by) = match caller {
        Caller::Person(session) => {
            let identity = session.person().identity();
            (Some(identity), format!("{} of {}", identity.subject, identity.issuer))
        }
        Caller::Cli => (None, "the host's command line".to_owned()),
        _ => {
            let message = "Only whose link it is takes it back, or whoever runs this server.";
            return Err(
                Problem::new(StatusCode::FORBIDDEN, "no-person", message).hint("Sign in: `exq login`.")
            );
        }
    };
    let view = app.surface.revoke_link(&account, whose, by).await;
    view.map(Json).map_err(|error| Problem::of_reading(&error))
}

pub(crate) fn doc() -> Operation {
    describe::operation(
        "revokeLink",
        "Takes a proven link back; whose it is may, and the host's command line",
    )
    .path("server", "The Gerrit server.", "server-name")
    .path("account", "The account's number there.", "integer")
    .answer(200, "The link, as it stands now.", Some("LinkView"))
    .reader_errors()
    .done()
}
