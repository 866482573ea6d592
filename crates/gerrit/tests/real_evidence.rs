//! What evidence says of situations that are played on a real Gerrit.

mod server;

use server::world;

conformance::evidence_suite!(world);
