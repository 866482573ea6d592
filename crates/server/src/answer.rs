//! Errors by audience. A handler says a [`Problem`]; one layer turns it into JSON or a page, by who asked
//! (`layers/problems.rs`). What the log gets is written where the problem is made.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use engine::surface::SurfaceError;

/// What the client reads when something is not as asked.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    /// Stable, for programs.
    pub(crate) code: &'static str,
    /// What happened, a sentence.
    pub(crate) message: String,
    /// What to do, a sentence.
    pub(crate) hint: Option<String>,
    /// When to come back, in seconds.
    pub(crate) retry_after_s: Option<u32>,
    /// Where somebody proves to be present, if that is what is missing.
    pub(crate) step_up: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), hint: None, retry_after_s: None, step_up: None }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn retry_after(self, seconds: u32) -> Self {
        Self { retry_after_s: Some(seconds), ..self }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", message)
    }

    /// `limit` is in bytes.
    pub(crate) fn too_large(limit: usize) -> Self {
        let message = format!("The body is too large; at most {limit} bytes are read.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", message)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "This needs an open session, and there is none.").hint(
            "Open the one-time address that the server printed at start. From a program, send the command line's \
             token as `Authorization: Bearer …`.",
        )
    }

    /// Nobody is signed in, where people sign in.
    pub(crate) fn not_signed_in() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "This needs somebody who is signed in, and nobody is.").hint(
            "Sign in with the company's account at /sign-in; from a program, `exq login`, then `Authorization: Bearer …`.",
        )
    }

    /// Where nobody signs in.
    pub(crate) fn no_sign_in() -> Self {
        Self::not_found("Nobody signs in here: no identity provider is configured.")
            .hint("Whoever runs this server can add `identity:` to exq.yaml; docs/SETUP.md says how.")
    }

    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something broke here while answering. The server goes on; what runs is not touched by this.",
        )
        .hint("Tell whoever runs this server the request's id: the log has the rest.")
    }

    pub(crate) fn busy(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message)
    }

    /// The surface couldn't show `what`. The store's own words go to the log, not to the client.
    pub(crate) fn of_surface(what: &str, error: &SurfaceError) -> Self {
        match error {
            SurfaceError::NotFound(_) => Self::not_found(format!("There is no such {what}."))
                .hint(match what.starts_with("change") {
                    true => "A change is known once it is merged into a branch that an accepted operation watches.",
                    false => "Check what names it; the lists (`exq runs`, the overview page) have what is there.",
                }),
            SurfaceError::NotYet(why) => {
                let why = crate::text::Shown::line(why.trim_end_matches('.')).to_string();
                Self::new(StatusCode::CONFLICT, "not-yet", format!("Not yet: {why}.")).hint("Ask again later.")
            }
            SurfaceError::Unavailable(why) => {
                tracing::error!(what, error = %why, "the store can't be read");
                Self::busy("unavailable", "The store can't be read at the moment. Nothing is lost by this.")
                    .hint("Try again; /readyz says which part is down.")
                    .retry_after(5)
            }
            SurfaceError::Asked(_) | SurfaceError::Gerrit { .. } => Self::of_reading(error),
        }
    }

    /// Something could not be read from Gerrit for whoever asked.
    pub(crate) fn of_reading(error: &SurfaceError) -> Self {
        match error {
            SurfaceError::NotFound(what) => Self::not_found(format!("There is no {what}."))
                .hint("It isn't there, it is private, or the account that reads may not see it: Gerrit doesn't say which."),
            SurfaceError::Asked(why) => {
                let (said, hint) = why.split_once("\nhint: ").unwrap_or((why, ""));
                let problem = Self::bad_request(crate::text::Shown::line(said).to_string());
                if hint.is_empty() { problem } else { problem.hint(crate::text::Shown::line(hint).to_string()) }
            }
            SurfaceError::Gerrit { said, why, again } => {
                tracing::warn!(error = %why, "Gerrit can't be read");
                let said = crate::text::Shown::line(said).to_string();
                if *again {
                    Self::busy("gerrit-unavailable", said).hint("Try again.").retry_after(5)
                } else {
                    Self::new(StatusCode::BAD_GATEWAY, "gerrit-unusable", said)
                        .hint("The log has Gerrit's own words. `exq config check` looks at servers and accounts.")
                }
            }
            SurfaceError::NotYet(_) | SurfaceError::Unavailable(_) => Self::of_surface("evidence", error),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Bearer realm=\"exequatur\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response.extensions_mut().insert(self);
        response
    }
}
