//! `GET /consents`: plans that wait for somebody's approval.

use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

use crate::{
    App,
    access::Caller,
    answer::Problem,
    api::v1,
    pages,
    view::{Frame, Place, consent::ConsentModel},
};

#[derive(Template)]
#[template(path = "consents.html")]
struct ConsentsPage {
    rows: Vec<ConsentModel>,
}

pub(crate) async fn get(State(app): State<App>, Extension(caller): Extension<Caller>) -> Response {
    let viewer = v1::consents::show::viewer(&caller);
    match app.surface.consents(viewer.as_ref()).await {
        Ok(views) => {
            let rows = views.iter().map(|view| ConsentModel::of(view, false)).collect();
            pages::page(
                StatusCode::OK,
                Frame::inside(&app, "Approvals", Place::Consents),
                &ConsentsPage { rows },
            )
        }
        Err(error) => Problem::of_surface("list of approvals", &error).into_response(),
    }
}
