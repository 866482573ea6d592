//! Why devgerrit could not start.

use std::path::PathBuf;

/// What [`DevGerrit::start`](crate::DevGerrit::start) can fail with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder can't be made, read or written.
    #[error("can't use the folder {dir}: {why}\nhint: give an empty folder, or one that devgerrit wrote")]
    Folder {
        /// The folder of [`Options`](crate::Options).
        dir: PathBuf,
        /// What went wrong there.
        why: String,
    },
    /// The port is taken, or may not be used.
    #[error("can't listen on 127.0.0.1:{port}: {source}\nhint: leave the port out to get a free one")]
    Listen {
        /// The port asked for; 0 is any.
        port: u16,
        /// The system's word.
        source: std::io::Error,
    },
    /// A hook URL that is not `http://host:port/path`.
    #[error("hook URL `{url}` can't be used\nhint: devgerrit posts to http://HOST:PORT/PATH only")]
    HookUrl {
        /// As given.
        url: String,
    },
}
