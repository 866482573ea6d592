//! A small Gerrit over the wire, for the demo and for tests.
