//! Writes as values: what is kept, and how it changes.
