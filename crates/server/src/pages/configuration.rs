//! `GET /configuration`: what is in force, what was refused and why, what is watched, how the parts are.

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};

use crate::{
    App,
    answer::Problem,
    pages,
    view::{Frame, Place, configuration::ConfigurationModel},
};

#[derive(Template)]
#[template(path = "configuration.html")]
struct ConfigurationPage {
    c: ConfigurationModel,
}

pub(crate) async fn get(State(app): State<App>) -> Response {
    let (view, health) = tokio::join!(app.surface.configuration(), app.surface.health());
    match view {
        Ok(view) => {
            let c = ConfigurationModel::of(&view, &app.surface.watched(), &health);
            let frame = Frame::inside(&app, "Configuration", Place::Configuration);
            pages::page(StatusCode::OK, frame, &ConfigurationPage { c })
        }
        Err(error) => Problem::of_surface("configuration in force", &error).into_response(),
    }
}
