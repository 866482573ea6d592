//! What can keep a Keycloak from starting, or a person from signing in there.

use std::path::PathBuf;

/// Why there is no server, or not what was asked of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No Java development kit of version 17 or later.
    #[error(
        "no JDK 17 or later was found (looked at JAVA_HOME, at `java` on PATH, and in /usr/lib/jvm)\n\
         hint: install one, or let JAVA_HOME name it"
    )]
    Java,
    /// A program is missing.
    #[error("the program `{0}` is missing\nhint: install it, or put it on PATH")]
    Missing(&'static str),
    /// A program failed.
    #[error("{program} failed: {said}")]
    Program {
        /// Which.
        program: &'static str,
        /// The end of what it said.
        said: String,
    },
    /// The server ended or did not answer in time.
    #[error("Keycloak did not come up: {why}\nthe end of its log:\n{said}")]
    NotUp {
        /// What happened.
        why: String,
        /// The end of what it said.
        said: String,
    },
    /// A file or folder.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        error: std::io::Error,
    },
    /// A request failed.
    #[error("{request} failed: {why}")]
    Http {
        /// What was asked.
        request: String,
        /// Status and text.
        why: String,
    },
    /// Anything of this machine: no random numbers, no thread.
    #[error("{0}")]
    Machine(String),
}

/// Names the path in an I/O error.
pub(crate) trait At<T> {
    fn at(self, path: impl Into<PathBuf>) -> Result<T, Error>;
}

impl<T> At<T> for std::io::Result<T> {
    fn at(self, path: impl Into<PathBuf>) -> Result<T, Error> {
        self.map_err(|error| Error::File { path: path.into(), error })
    }
}
