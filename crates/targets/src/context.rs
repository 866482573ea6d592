//! What the caller lends for an action.

use std::{path::Path, time::Duration};

use crate::{Files, GerritDesk, Secrets};

/// What the caller lends for an action.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Where the files of the plan come from, by digest.
    pub files: &'a dyn Files,
    /// A directory of the executor's own, in which private directories are made and removed. What stands in it when the
    /// executor starts was left by a crash.
    pub scratch: &'a Path,
    /// What must not show in any output.
    pub secrets: &'a Secrets,
    /// The way to Gerrit, where there is one.
    pub desk: Option<&'a dyn GerritDesk>,
    /// The limits.
    pub limits: Limits,
}

/// Limits on everything that comes from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How many bytes are kept of the beginning of an output.
    pub head_bytes: usize,
    /// How many bytes are kept of its end.
    pub tail_bytes: usize,
    /// How long a program may take to end after it was asked to (SIGTERM), before it is killed (SIGKILL).
    pub grace: Duration,
    /// How many bytes of a plan's files are unpacked, together.
    pub files_bytes: usize,
    /// How many bytes of an HTTP answer are read.
    pub answer_bytes: usize,
    /// How long one try of an HTTP call may take.
    pub try_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 64 * 1024,
            tail_bytes: 64 * 1024,
            grace: Duration::from_secs(2),
            files_bytes: 64 * 1024 * 1024,
            answer_bytes: 1024 * 1024,
            try_timeout: Duration::from_secs(10),
        }
    }
}
