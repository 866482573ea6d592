//! Where the distribution is kept, and how several processes share it.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Error, VERSION, error::At as _};

/// What is needed to start one.
#[derive(Debug, Clone)]
pub(crate) struct Distribution {
    /// Keycloak's own folder.
    pub(crate) home: PathBuf,
    /// A Java development kit.
    pub(crate) java_home: PathBuf,
}

impl Distribution {
    /// Gets it, unpacks it and builds it, unless that was done before. Other processes wait meanwhile.
    pub(crate) fn prepare() -> Result<Self, Error> {
        let cache = folder()?;
        let lock = cache.join("lock");
        let held = File::options().create(true).truncate(false).write(true).open(&lock).at(&lock)?;
        held.lock().at(&lock)?;
        let java_home = jdk()?;
        let home = cache.join(format!("dist-{VERSION}"));
        if !home.is_dir() {
            // The folder appears whole or not at all.
            let draft = cache.join("draft");
            if draft.exists() {
                std::fs::remove_dir_all(&draft).at(&draft)?;
            }
            std::fs::create_dir_all(&draft).at(&draft)?;
            let unpacked = fetch(&draft, &java_home)?;
            build(&unpacked, &java_home)?;
            std::fs::rename(&unpacked, &home).at(&home)?;
            std::fs::remove_dir_all(&draft).at(&draft)?;
        }
        Ok(Self { home, java_home })
    }
}

/// `$XDG_CACHE_HOME/exequatur/keycloak`, else `realkeycloak` in the target folder of this build.
fn folder() -> Result<PathBuf, Error> {
    let dir = match (std::env::var_os("XDG_CACHE_HOME"), std::env::var_os("CARGO_TARGET_DIR")) {
        (Some(home), _) if !home.is_empty() => PathBuf::from(home).join("exequatur/keycloak"),
        (_, Some(target)) if !target.is_empty() => PathBuf::from(target).join("realkeycloak"),
        _ => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/realkeycloak"),
    };
    std::fs::create_dir_all(&dir).at(&dir)?;
    dir.canonicalize().at(&dir)
}

fn fetch(draft: &Path, java_home: &Path) -> Result<PathBuf, Error> {
    let mvn = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|path| path.join("mvn"))
        .find(|path| path.is_file())
        .ok_or(Error::Missing("mvn"))?;
    let mut copy = command(&mvn);
    copy.args(["-q", "-B", "org.apache.maven.plugins:maven-dependency-plugin:copy"])
        .arg(format!("-Dartifact=org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"))
        .arg(format!("-DoutputDirectory={}", draft.display()))
        .current_dir(draft);
    finish("mvn dependency:copy", copy)?;
    // Every JDK unpacks zips; not every machine has a program of its own for that.
    let zip = draft.join(format!("keycloak-quarkus-dist-{VERSION}.zip"));
    let mut unpack = command(&java_home.join("bin/jar"));
    unpack.arg("xf").arg(&zip).current_dir(draft);
    finish("jar xf", unpack)?;
    Ok(draft.join(format!("keycloak-{VERSION}")))
}

/// What Keycloak otherwise does at each start. The database is in memory.
fn build(home: &Path, java_home: &Path) -> Result<(), Error> {
    let mut build = command(Path::new("bash"));
    build.arg(home.join("bin/kc.sh")).args(["build", "--db=dev-mem"]).current_dir(home);
    build.env("JAVA_HOME", java_home);
    finish("kc.sh build", build)
}

fn jdk() -> Result<PathBuf, Error> {
    let mut homes: Vec<PathBuf> = std::env::var_os("JAVA_HOME").map(PathBuf::from).into_iter().collect();
    for dir in std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()) {
        if let Ok(real) = dir.join("java").canonicalize() {
            homes.extend(real.parent().and_then(Path::parent).map(Path::to_owned));
        }
    }
    let mut installed: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    installed.sort();
    homes.extend(installed);
    homes
        .into_iter()
        .find(|home| home.join("bin/jar").is_file() && version(home).is_some_and(|major| major >= 17))
        .ok_or(Error::Java)
}

/// The major version that a JDK's `release` file names.
fn version(home: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(home.join("release")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("JAVA_VERSION="))?;
    line.trim_matches('"').split(['.', '-', '+']).next()?.parse().ok()
}

/// Runs a program to the end; its last words are the error.
fn finish(program: &'static str, mut command: Command) -> Result<(), Error> {
    let output = command.output().map_err(|error| Error::Program { program, said: error.to_string() })?;
    if output.status.success() {
        return Ok(());
    }
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    Err(Error::Program { program, said: tail(&said) })
}

/// The last lines of a text.
pub(crate) fn tail(text: &str) -> String {
    let all: Vec<&str> = text.lines().collect();
    all.get(all.len().saturating_sub(30)..).unwrap_or_default().join("\n")
}

#[expect(
    clippy::disallowed_methods,
    reason = "this crate exists to start programs; it is no part of the product"
)]
pub(crate) fn command(program: &Path) -> Command {
    Command::new(program)
}
