//! Finds a Java development kit.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

/// Gerrit 3.13 wants this or later.
const OLDEST: u32 = 21;

/// A JDK: the folder that holds `bin/java` and `bin/javac`.
#[derive(Debug, Clone)]
pub(crate) struct Jdk(PathBuf);

impl Jdk {
    /// The first that is new enough: `JAVA_HOME`, the `java` on `PATH`, then what lies in `/usr/lib/jvm`.
    pub(crate) fn find() -> Result<Self, Error> {
        let mut seen = Vec::new();
        for home in candidates() {
            match version(&home) {
                Some(major) if major >= OLDEST && home.join("bin/javac").is_file() => return Ok(Self(home)),
                Some(major) => seen.push(format!("{} (Java {major})", home.display())),
                None => {}
            }
        }
        Err(Error::Java(seen))
    }

    /// Runs one of its programs to the end.
    pub(crate) fn run(&self, program: &str, prepare: impl FnOnce(&mut Command)) -> Result<(), Error> {
        let mut command = command(&self.program(program));
        prepare(&mut command);
        finish(program, command)
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.0.join("bin").join(name)
    }

    pub(crate) fn home(&self) -> &Path {
        &self.0
    }
}

/// Runs a program to the end; its last words are the error.
pub(crate) fn finish(program: &str, mut command: Command) -> Result<(), Error> {
    let failed = |said: String| Error::Program { program: program.to_owned(), said };
    let output = command.output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    Err(failed(tail(&said, 40)))
}

/// The last lines of a text.
pub(crate) fn tail(text: &str, lines: usize) -> String {
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(lines)..).unwrap_or_default().join("\n")
}

#[expect(
    clippy::disallowed_methods,
    reason = "this crate exists to start programs; it is no part of the product"
)]
pub(crate) fn command(program: &Path) -> Command {
    Command::new(program)
}

fn candidates() -> Vec<PathBuf> {
    let mut homes = Vec::new();
    if let Some(home) = std::env::var_os("JAVA_HOME") {
        homes.push(PathBuf::from(home));
    }
    for dir in std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()) {
        if let Ok(real) = dir.join("java").canonicalize() {
            homes.extend(real.parent().and_then(Path::parent).map(Path::to_owned));
            break;
        }
    }
    let mut installed: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    installed.sort();
    homes.extend(installed);
    homes
}

/// The major version that a JDK's `release` file names (`JAVA_VERSION="25.0.1"`).
fn version(home: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(home.join("release")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("JAVA_VERSION="))?;
    line.trim_matches('"').split(['.', '-', '+']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_from_the_release_file() {
        let dir = tempfile::tempdir().unwrap();
        for (text, major) in
            [("JAVA_VERSION=\"25.0.1\"\n", Some(25)), ("X=1\nJAVA_VERSION=\"21-ea\"", Some(21)), ("", None)]
        {
            std::fs::write(dir.path().join("release"), text).unwrap();
            assert_eq!(version(dir.path()), major, "{text}");
        }
    }

    #[test]
    fn the_tail_of_a_short_text_is_all_of_it() {
        assert_eq!(tail("a\nb\nc", 2), "b\nc");
        assert_eq!(tail("a", 5), "a");
    }
}
