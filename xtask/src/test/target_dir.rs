//! Where the tests are built.
//!
//! `CARGO_TARGET_DIR`, or a clone's own `target` where `cargo run` has built already, is used as it is. Otherwise it is a
//! folder outside of the clone, `$XDG_CACHE_HOME|~/.cache/exequatur/target/<compiler>`, so that the second clone on a
//! machine need not build all dependencies again. One test run holds it; another one meanwhile builds in its clone.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use crate::{process::Program, workspace::Workspace};

/// Old clones leave their own crates behind. Above this the folder is emptied.
const LARGEST_BYTES: u64 = 25 << 30;

/// A folder outside of the clone, held until the value is dropped.
pub(super) struct TargetDir {
    path: PathBuf,
    _held: File,
}

impl TargetDir {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// The folder outside of the clone, or nothing where cargo's own choice stands.
pub(super) fn choose(workspace: &Workspace) -> Option<TargetDir> {
    let set = |key| std::env::var_os(key).is_some_and(|value| !value.is_empty());
    if set("CARGO_TARGET_DIR") || set("CARGO_BUILD_TARGET_DIR") || built_here(workspace.root()) {
        return None;
    }
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = cache.or_else(|| Some(std::env::home_dir()?.join(".cache")))?;
    hold(&cache.join("exequatur/target").join(compiler()?), LARGEST_BYTES)
}

fn built_here(root: &Path) -> bool {
    root.join("target/debug/exq").is_file()
}

/// Nothing if it can't be written, or somebody else builds in it.
fn hold(path: &Path, largest_bytes: u64) -> Option<TargetDir> {
    std::fs::create_dir_all(path).ok()?;
    let lock = File::create(path.with_extension("lock")).ok()?;
    lock.try_lock().ok()?;
    if bytes_in(path) > largest_bytes {
        println!("{} has grown too large: it is emptied", path.display());
        std::fs::remove_dir_all(path).ok()?;
        std::fs::create_dir_all(path).ok()?;
    }
    File::create(path.join("CACHEDIR.TAG")).ok().filter(|tag| {
        // What backups look for: https://bford.info/cachedir/
        std::io::Write::write_all(&mut &*tag, b"Signature: 8a477f597d28d172789f06886806bc55\n").is_ok()
    })?;
    Some(TargetDir { path: path.to_owned(), _held: lock })
}

fn bytes_in(folder: &Path) -> u64 {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.metadata() {
            Ok(found) if found.is_dir() => bytes += bytes_in(&entry.path()),
            Ok(found) => bytes += found.len(),
            Err(_) => {}
        }
    }
    bytes
}

/// The compiler's version as a folder's name: `rustc-1.95.0-59807616e`.
fn compiler() -> Option<String> {
    let mut rustc = Program::new("rustc");
    rustc.args(["--version", "--verbose"]);
    let said = rustc.text().ok()?;
    let fact = |key: &str| said.lines().find_map(|line| line.strip_prefix(key));
    let commit: String = fact("commit-hash: ")?.chars().take(9).collect();
    Some(format!("rustc-{}-{commit}", fact("release: ")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_that_was_built_in_goes_on_in_its_own_folder() {
        let clone = tempfile::tempdir().unwrap();
        assert!(!built_here(clone.path()));
        std::fs::create_dir_all(clone.path().join("target/debug")).unwrap();
        std::fs::write(clone.path().join("target/debug/exq"), "").unwrap();
        assert!(built_here(clone.path()));
    }

    #[test]
    fn one_holds_the_folder_and_the_next_does_without() {
        let cache = tempfile::tempdir().unwrap();
        let path = cache.path().join("rustc-1");
        let held = hold(&path, 1 << 20);
        assert!(held.is_some());
        assert!(hold(&path, 1 << 20).is_none());
        drop(held);
        assert!(hold(&path, 1 << 20).is_some());
    }

    #[test]
    fn a_folder_that_has_grown_too_large_is_emptied() {
        let cache = tempfile::tempdir().unwrap();
        let path = cache.path().join("rustc-1");
        std::fs::create_dir_all(path.join("debug")).unwrap();
        std::fs::write(path.join("debug/old"), [0; 2000]).unwrap();
        assert!(hold(&path, 3000).is_some() && path.join("debug/old").exists());
        assert!(hold(&path, 1000).is_some() && !path.join("debug/old").exists());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_done_without() {
        let cache = tempfile::tempdir().unwrap();
        std::fs::write(cache.path().join("file"), "").unwrap();
        assert!(hold(&cache.path().join("file/rustc-1"), 1).is_none());
    }

    #[test]
    fn the_compiler_names_the_folder() {
        assert!(compiler().unwrap().starts_with("rustc-1."));
    }
}
