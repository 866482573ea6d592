//! The conformance suite against a real Gerrit.

mod real_server;

use real_server::world;

conformance::suite!(world);
