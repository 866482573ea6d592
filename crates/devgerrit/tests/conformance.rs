//! The conformance suite against this server: what the real one is asked too.

mod small;

use small::world;

conformance::suite!(world);
