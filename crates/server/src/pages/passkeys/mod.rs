//! Passkeys: the page, and what its script calls.

pub(crate) mod confirm;
pub(crate) mod consent;
pub(crate) mod enrol;
pub(crate) mod list;
pub(crate) mod revoke;

use grant::Site;
use identity::{Person, SessionId};
use model::Digest;

use crate::{App, answer::Problem, api::ask};

/// Whoever is about to enrol one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Enrolling {
    pub(crate) session: SessionId,
}

/// The site that passkeys are for, where they are used.
pub(crate) fn site(app: &App) -> Result<&Site, Problem> {
    let site = app.people.as_ref().and_then(|people| people.passkeys.as_ref());
    site.ok_or_else(|| {
        Problem::not_found("No passkeys are used here.")
            .hint("Whoever runs this server can add `passkeys:` below `identity:` in exq.yaml; docs/SETUP.md says how.")
    })
}

/// Whom the engine is told of.
pub(crate) fn viewer(person: &Person) -> engine::surface::Viewer {
    engine::surface::Viewer { identity: person.identity().clone(), person: person.key().cloned() }
}

/// Random, and used once.
pub(crate) fn random(app: &App) -> Result<Digest, Problem> {
    let mut bytes = [0; 32];
    app.entropy.fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "no entropy");
        Problem::internal()
    })?;
    Ok(Digest::from_bytes(bytes))
}

/// Our id of one.
pub(crate) fn id(text: &str) -> Result<Digest, Problem> {
    ask::id("passkey's id", text)
}
