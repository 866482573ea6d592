//! How a program of Gerrit's is started: our launcher and our plugin, compiled once.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use crate::cache::Cache;
use crate::error::At;
use crate::java::{Jdk, command};
use crate::{Error, VERSION, maven};

const RUN: &str = include_str!("../java/Run.java");
const HOOK: &str = include_str!("../java/PostHook.java");
const MANIFEST: &str = include_str!("../java/MANIFEST.MF");

/// All that is needed to start Gerrit.
#[derive(Debug, Clone)]
pub(crate) struct Launcher {
    pub(crate) jdk: Jdk,
    class_path: String,
    plugin: PathBuf,
}

impl Launcher {
    /// Finds Java, gets the jars, compiles. The cache must be locked.
    pub(crate) fn prepare(cache: &Cache) -> Result<Self, Error> {
        let jdk = Jdk::find()?;
        let jars =
            maven::jars(cache)?.iter().map(|jar| jar.display().to_string()).collect::<Vec<_>>().join(":");
        let launch = cache.once(&format!("launch-{}", key()), |dir| compile(dir, &jdk, &jars))?;
        let class_path = format!("{}:{jars}", launch.join("classes").display());
        Ok(Self { jdk, class_path, plugin: launch.join("posthook.jar") })
    }

    /// The plugin that posts events.
    pub(crate) fn plugin(&self) -> &Path {
        &self.plugin
    }

    /// A program of Gerrit's, with an environment of its own: no setting of whoever runs us gets in.
    pub(crate) fn program(&self, class: &str, site: &Path, watch: bool) -> Command {
        let mut java = command(&self.jdk.program("java"));
        java.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        java.env("HOME", site).env("XDG_CONFIG_HOME", site.join("etc")).env("GIT_CONFIG_NOSYSTEM", "1");
        java.env("LANG", "C.UTF-8");
        java.args([
            "--enable-native-access=ALL-UNNAMED",
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
        ]);
        java.arg(format!("-Duser.home={}", site.display()));
        if watch {
            java.arg("-Drun.watch=stdin").stdin(Stdio::piped());
        } else {
            java.stdin(Stdio::null());
        }
        java.arg("-cp").arg(&self.class_path).arg("Run").arg(format!("com.google.gerrit.pgm.{class}"));
        java.arg("-d").arg(site);
        java
    }
}

/// Changes when anything changes that the compiled classes or an initialised site depend on.
pub(crate) fn key() -> String {
    let mut hash = Sha256::new();
    for part in [VERSION, RUN, HOOK, MANIFEST] {
        hash.update(part);
        hash.update([0]);
    }
    hex::encode(hash.finalize()).chars().take(16).collect()
}

fn compile(dir: &Path, jdk: &Jdk, jars: &str) -> Result<(), Error> {
    let put = |name: &str, text: &str| -> Result<PathBuf, Error> {
        let path = dir.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).at(parent)?;
        }
        std::fs::write(&path, text).at(&path)?;
        Ok(path)
    };
    let (run, hook, manifest) =
        (put("Run.java", RUN)?, put("PostHook.java", HOOK)?, put("MANIFEST.MF", MANIFEST)?);
    // Without this file on the class path these jars call themselves "(dev)".
    put("classes/com/google/gerrit/common/Version", VERSION)?;
    jdk.run("javac", |javac| {
        javac.args(["--release", "21", "-d"]).arg(dir.join("classes")).arg(&run);
    })?;
    jdk.run("javac", |javac| {
        javac.args(["--release", "21", "-proc:none", "-cp", jars, "-d"]).arg(dir.join("plugin")).arg(&hook);
    })?;
    jdk.run("jar", |jar| {
        jar.arg("cfm")
            .arg(dir.join("posthook.jar"))
            .arg(&manifest)
            .arg("-C")
            .arg(dir.join("plugin"))
            .arg(".");
    })
}
