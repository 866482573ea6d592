//! Finds a Java development kit that Gerrit runs on.

use std::path::{Path, PathBuf};

/// Gerrit 3.13 wants this or later.
pub(super) const OLDEST: u32 = 21;

/// `Ok` with a kit that is new enough; else those that were seen and why each doesn't do.
pub(super) fn find() -> Result<PathBuf, Vec<String>> {
    judge(candidates())
}

fn judge(homes: Vec<PathBuf>) -> Result<PathBuf, Vec<String>> {
    let mut seen = Vec::new();
    for home in homes {
        let Some(major) = version(&home) else { continue };
        let whole = home.join("bin/javac").is_file();
        if major >= OLDEST && whole {
            return Ok(home);
        }
        let lack = if major < OLDEST { "too old" } else { "a runtime without javac" };
        let said = format!("{} is Java {major}, {lack}", home.display());
        if !seen.contains(&said) {
            seen.push(said);
        }
    }
    Err(seen)
}

/// In the order in which the tests look: `JAVA_HOME`, the `java` on `PATH`, then `/usr/lib/jvm`.
fn candidates() -> Vec<PathBuf> {
    let mut homes: Vec<PathBuf> = std::env::var_os("JAVA_HOME").map(PathBuf::from).into_iter().collect();
    let java = crate::process::on_path("java").and_then(|java| java.canonicalize().ok());
    homes.extend(java.and_then(|java| java.parent()?.parent().map(Path::to_owned)));
    let installed = std::fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten();
    let mut installed: Vec<PathBuf> = installed.map(|entry| entry.path()).collect();
    installed.sort();
    homes.extend(installed);
    homes
}

/// The major version that a kit's `release` file names (`JAVA_VERSION="25.0.1"`).
fn version(home: &Path) -> Option<u32> {
    let release = std::fs::read_to_string(home.join("release")).ok()?;
    let line = release.lines().find_map(|line| line.strip_prefix("JAVA_VERSION="))?;
    line.trim_matches('"').split(['.', '-', '+']).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kit(folder: &Path, name: &str, version: &str, javac: bool) -> PathBuf {
        let home = folder.join(name);
        std::fs::create_dir_all(home.join("bin")).unwrap();
        std::fs::write(home.join("release"), format!("JAVA_VERSION=\"{version}\"\n")).unwrap();
        if javac {
            std::fs::write(home.join("bin/javac"), "").unwrap();
        }
        home
    }

    #[test]
    fn the_first_that_is_new_enough_and_whole_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let old = kit(folder.path(), "old", "17.0.15", true);
        let runtime = kit(folder.path(), "runtime", "25.0.1", false);
        let good = kit(folder.path(), "good", "21-ea", true);
        assert_eq!(judge(vec![old.clone(), runtime.clone(), good.clone()]), Ok(good));
        let seen = judge(vec![old, runtime, folder.path().join("nothing")]).unwrap_err();
        assert!(seen[0].ends_with("is Java 17, too old"), "{seen:?}");
        assert!(seen[1].ends_with("is Java 25, a runtime without javac"), "{seen:?}");
        assert_eq!(seen.len(), 2);
    }
}
