//! What evidence says of situations that are played on a real Gerrit.

mod real_server;

use real_server::world;

conformance::evidence_suite!(world);
