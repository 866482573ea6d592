//! Hooks: hints from outside.

pub(crate) mod gerrit;
