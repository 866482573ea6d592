//! A small workspace of its own, with only the crates whose mutants are tried, in a folder of the target folder.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::{
    find,
    mutant::Mutant,
    weave::{Woven, weave},
};
use crate::workspace::Workspace;

/// The crates whose rules are tried, those below first: a crate's mutants are looked for by its own tests and by those of
/// the crates behind it.
pub(super) const CRATES: [&str; 2] = ["notedb", "evidence"];

/// What the woven sources ask.
const ASLEEP: &str = "\n/// Whether all these mutants sleep.\nfn mutants_asleep(ids: &[u32]) -> bool {\n    \
    static AWAKE: std::sync::OnceLock<u32> = std::sync::OnceLock::new();\n    \
    let awake = AWAKE.get_or_init(|| std::env::var(\"EXQ_MUTANT\").ok().and_then(|id| id.parse().ok()).unwrap_or(0));\n    \
    !ids.contains(awake)\n}\n";

/// A source with its mutants.
pub(super) struct Source {
    pub(super) package: &'static str,
    /// Within the package: `src/lib.rs`.
    pub(super) path: String,
    text: String,
    /// With their numbers, which are unique among all.
    pub(super) mutants: Vec<(u32, Mutant)>,
}

/// The small workspace.
pub(super) struct Scratch {
    folder: PathBuf,
}

/// Finds all mutants of all crates.
pub(super) fn sources(workspace: &Workspace) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut id = 0;
    for package in CRATES {
        let folder = workspace.root().join("crates").join(package);
        for path in files(&folder.join("src"))? {
            let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            let path = path.strip_prefix(&folder)?.to_string_lossy().into_owned();
            // Builders for tests, and what only looks.
            if path == "src/testing.rs" {
                continue;
            }
            let found = find::mutants(&text).with_context(|| format!("{package}/{path}"))?;
            let mutants = found
                .into_iter()
                .map(|mutant| {
                    id += 1;
                    (id, mutant)
                })
                .collect();
            sources.push(Source { package, path, text, mutants });
        }
    }
    Ok(sources)
}

/// Every file below a folder, sorted.
fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() { found.extend(files(&path)?) } else { found.push(path) }
    }
    found.sort();
    Ok(found)
}

impl Scratch {
    /// Lays it out: manifests, the lock file, and the crates as they are.
    pub(super) fn lay_out(workspace: &Workspace, folder: PathBuf) -> anyhow::Result<Self> {
        let scratch = Self { folder };
        let manifest = std::fs::read_to_string(workspace.root().join("Cargo.toml"))?;
        scratch.write("Cargo.toml", &small_manifest(&manifest))?;
        if !scratch.folder.join("Cargo.lock").is_file() {
            scratch.write("Cargo.lock", &std::fs::read_to_string(workspace.root().join("Cargo.lock"))?)?;
        }
        let ours: Vec<String> = std::fs::read_dir(workspace.root().join("crates"))?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| !CRATES.contains(&name.as_str()))
            .collect();
        for package in CRATES {
            let from = workspace.root().join("crates").join(package);
            let manifest = std::fs::read_to_string(from.join("Cargo.toml"))?;
            scratch.write(&format!("crates/{package}/Cargo.toml"), &without(&manifest, &ours))?;
            let tests = scratch.folder.join("crates").join(package).join("tests");
            if tests.is_dir() {
                std::fs::remove_dir_all(tests)?;
            }
            for file in files(&from.join("tests"))? {
                let text = std::fs::read(&file)?;
                let uses = |name: &String| String::from_utf8_lossy(&text).contains(&format!("{name}::"));
                // Tests that need a crate that is not here.
                if !ours.iter().any(uses) {
                    let path = format!("crates/{package}/{}", file.strip_prefix(&from)?.display());
                    scratch.write_bytes(&path, &text)?;
                }
            }
        }
        Ok(scratch)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes the sources, each woven with those of its mutants that can live. By path within the scratch workspace.
    pub(super) fn weave(
        &self,
        sources: &[Source],
        lives: impl Fn(u32) -> bool,
    ) -> anyhow::Result<BTreeMap<String, Woven>> {
        let mut all = BTreeMap::new();
        for source in sources {
            let mutants: Vec<(u32, &Mutant)> = source
                .mutants
                .iter()
                .filter(|(id, _)| lives(*id))
                .map(|(id, mutant)| (*id, mutant))
                .collect();
            let woven = weave(&source.text, &mutants, &find::const_functions(&source.text)?);
            let path = format!("crates/{}/{}", source.package, source.path);
            let end = if source.path == "src/lib.rs" { ASLEEP } else { "" };
            self.write(&path, &format!("{}{end}", woven.text))?;
            all.insert(path, woven);
        }
        for package in CRATES {
            // What has no mutants is copied as it is.
            if package == "notedb" {
                let from = Workspace::here().root().join("crates/notedb/src/testing.rs");
                self.write("crates/notedb/src/testing.rs", &std::fs::read_to_string(from)?)?;
            }
        }
        Ok(all)
    }

    fn write(&self, path: &str, text: &str) -> anyhow::Result<()> {
        self.write_bytes(path, text.as_bytes())
    }

    /// A file that says the same already is left alone, so that it is not built again.
    fn write_bytes(&self, path: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.folder.join(path);
        if std::fs::read(&path).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(&path, bytes).with_context(|| path.display().to_string())
    }
}

/// The workspace's manifest with only these members.
fn small_manifest(manifest: &str) -> String {
    let members: Vec<String> = CRATES.iter().map(|package| format!("\"crates/{package}\"")).collect();
    let lines = manifest.lines().filter(|line| !line.starts_with("default-members"));
    let lines = lines.map(|line| {
        if line.starts_with("members") {
            format!("members = [{}]", members.join(", "))
        } else {
            line.to_owned()
        }
    });
    lines.map(|line| line + "\n").collect()
}

/// A crate's manifest without these dependencies.
fn without(manifest: &str, names: &[String]) -> String {
    let names_one = |line: &&str| names.iter().any(|name| line.starts_with(&format!("{name}.workspace")));
    manifest.lines().filter(|line| !names_one(line)).map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_cut_down_to_what_is_there() {
        let small = small_manifest(
            "[workspace]\nmembers = [\"crates/*\"]\ndefault-members = [\"x\"]\nresolver = \"3\"\n",
        );
        assert_eq!(
            small,
            "[workspace]\nmembers = [\"crates/notedb\", \"crates/evidence\"]\nresolver = \"3\"\n"
        );
        assert_eq!(
            without("a.workspace = true\nb.workspace = true\n", &["a".to_owned()]),
            "b.workspace = true\n"
        );
    }

    #[test]
    fn every_mutant_of_our_crates_has_a_name_of_its_own() {
        let mut names = std::collections::BTreeSet::new();
        for source in sources(&Workspace::here()).unwrap() {
            for (_, mutant) in &source.mutants {
                let name = format!("{} {} {}: {}", source.package, source.path, mutant.function, mutant.what);
                assert!(names.insert(name.clone()), "{name}");
            }
        }
        assert!(names.len() > 300, "too few mutants: {}", names.len());
    }
}
