//! What evidence says of situations that are played on this server; the real one is played on too.

mod small;

use small::world;

conformance::evidence_suite!(world);
