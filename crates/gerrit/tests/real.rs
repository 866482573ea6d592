//! The conformance suite against a real Gerrit.

mod server;

use server::world;

conformance::suite!(world);
