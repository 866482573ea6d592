//! `GET /consents/{id}`: the plan of an outcome that waits, with the code to compare, and the buttons.

use askama::Template;
use axum::{
    Extension,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

use crate::{
    App,
    access::Caller,
    api::v1,
    pages,
    view::{Frame, Place, consent::ConsentModel},
};

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage {
    c: ConsentModel,
}

pub(crate) async fn get(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Response {
    match v1::consents::show::show(&app, &caller, &id).await {
        Ok(view) => {
            let page = ConsentPage { c: ConsentModel::of(&view, pages::passkeys::site(&app).is_ok()) };
            pages::page(StatusCode::OK, Frame::inside(&app, "Approve a plan", Place::Consents), &page)
        }
        Err(problem) => problem.into_response(),
    }
}
