//! Typed client of Gerrit: REST, refs over git, events.
