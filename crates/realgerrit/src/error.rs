//! What can keep a Gerrit from starting.

use std::path::PathBuf;

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No Java development kit of version 21 or later.
    #[error("no JDK 21 or later was found (looked at JAVA_HOME, at `java` on PATH, and in /usr/lib/jvm){}\nhint: install one, or let JAVA_HOME name it", seen(.0))]
    Java(Vec<String>),
    /// Maven is missing.
    #[error(
        "the program `mvn` (Maven) is missing: Gerrit's jars come by it\nhint: install maven, or put it on PATH"
    )]
    Maven,
    /// A program failed.
    #[error("{program} failed: {said}")]
    Program {
        /// Which.
        program: String,
        /// The end of what it said.
        said: String,
    },
    /// The server ended or did not answer in time.
    #[error("Gerrit did not come up: {why}\nthe end of {}:\n{said}", log.display())]
    NotUp {
        /// What happened.
        why: String,
        /// Its log.
        log: PathBuf,
        /// The end of it.
        said: String,
    },
    /// One runs there already.
    #[error("a Gerrit runs on {} already\nhint: stop it: cargo xtask gerrit down --dir {}", .0.display(), .0.display())]
    Running(PathBuf),
    /// A file or folder.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        error: std::io::Error,
    },
    /// A REST request of the administrator failed.
    #[error("{request} failed: {why}")]
    Rest {
        /// Method and path.
        request: String,
        /// Status and text.
        why: String,
    },
    /// Anything of this machine: no random numbers, no thread.
    #[error("{0}")]
    Machine(String),
}

fn seen(found: &[String]) -> String {
    if found.is_empty() { String::new() } else { format!("; found: {}", found.join(", ")) }
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
