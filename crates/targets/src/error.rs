//! Why the files of a plan can't be unpacked.

use std::io;

use model::Digest;

/// Why the files of a plan can't be unpacked, or don't stand as they were unpacked.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// A path that leads out of the directory, or is no plain path.
    #[error("{path:?} is no plain relative path")]
    Path {
        /// The path.
        path: String,
    },
    /// The bytes are not those that were approved.
    #[error("{path} is not the approved file: its SHA-256 is {found}, not {approved}")]
    Changed {
        /// The path.
        path: String,
        /// What was approved.
        approved: Digest,
        /// What is there.
        found: Digest,
    },
    /// More than is unpacked.
    #[error("the plan's files have more than {limit} bytes together")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// A program that is no file of the plan.
    #[error("the program {path} is not one of the plan's files")]
    NotInPlan {
        /// The path.
        path: String,
    },
    /// A file can't be read or written.
    #[error("{what} {path:?}: {why}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On what.
        path: String,
        /// Why not.
        #[source]
        why: io::Error,
    },
}
