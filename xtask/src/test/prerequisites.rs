//! What must be on the machine. What is missing is named, all at once, with how to get it; where Debian has it and we may
//! install, it is installed.

use std::time::Duration;

use anyhow::bail;

use super::java;
use crate::process::{Program, on_path};

const INSTALL: Duration = Duration::from_secs(10 * 60);

/// Something that the tests need.
struct Need {
    what: &'static str,
    /// Debian's packages that bring it, the best first.
    packages: &'static [&'static str],
    hint: &'static str,
    /// Nothing if it is there; else what was seen instead.
    missing: fn() -> Option<String>,
}

const ALWAYS: &[Need] = &[
    Need {
        what: "git",
        packages: &["git"],
        hint: "apt-get install git, or https://git-scm.com/downloads",
        missing: || absent("git"),
    },
    Need {
        what: "a C compiler (cc)",
        packages: &["build-essential"],
        hint: "apt-get install build-essential, or your system's gcc or clang",
        missing: || absent("cc"),
    },
    Need {
        what: "rustfmt",
        packages: &[],
        hint: "rustup component add rustfmt",
        missing: || absent("cargo-fmt"),
    },
];

const FULL: &[Need] = &[
    Need {
        what: "clippy",
        packages: &[],
        hint: "rustup component add clippy",
        missing: || absent("cargo-clippy"),
    },
    Need {
        what: "Chromium",
        packages: &["chromium"],
        hint: "apt-get install chromium, or https://www.chromium.org/getting-involved/download-chromium, as `chromium` on PATH",
        missing: || absent("chromium"),
    },
    Need {
        what: "Maven (mvn)",
        packages: &["maven"],
        hint: "apt-get install maven, or https://maven.apache.org/download.cgi",
        missing: || absent("mvn"),
    },
    Need {
        what: "a Java development kit, 21 or later",
        packages: &["openjdk-25-jdk-headless", "openjdk-21-jdk-headless"],
        hint: "unpack one from https://adoptium.net/temurin/releases in /usr/lib/jvm, or let JAVA_HOME name it \
               (Debian 12 has no later one than 17)",
        missing: || {
            let seen = java::find().err()?;
            Some(if seen.is_empty() { "none found".to_owned() } else { seen.join("; ") })
        },
    },
];

/// Everything that is needed is there, or an error that names what isn't.
pub(super) fn met(quick: bool) -> anyhow::Result<()> {
    println!("── what is needed");
    let needs: Vec<&Need> = if quick { ALWAYS.iter().collect() } else { ALWAYS.iter().chain(FULL).collect() };
    let lacking = |needs: &[&'static Need]| -> Vec<&'static Need> {
        needs.iter().copied().filter(|need| (need.missing)().is_some()).collect()
    };
    let mut lacks = lacking(&needs);
    if !lacks.is_empty() && install(&lacks) {
        lacks = lacking(&needs);
    }
    if lacks.is_empty() {
        println!("── what is needed: ok ({})", list(&needs));
        return Ok(());
    }
    for need in &lacks {
        println!("missing: {}: {}\n  hint: {}", need.what, (need.missing)().unwrap_or_default(), need.hint);
    }
    bail!("can't test here without {}", list(&lacks))
}

fn list(needs: &[&Need]) -> String {
    needs.iter().map(|need| need.what).collect::<Vec<_>>().join(", ")
}

fn absent(program: &str) -> Option<String> {
    on_path(program).is_none().then(|| format!("no {program} on PATH"))
}

/// Installs Debian's packages for what is missing, as root, or in CI as whoever may. False if nothing was done.
fn install(lacks: &[&Need]) -> bool {
    let wanted: Vec<&Need> = lacks.iter().copied().filter(|need| !need.packages.is_empty()).collect();
    let root = rustix::process::geteuid().is_root();
    let ci = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    if wanted.is_empty() || on_path("apt-get").is_none() || !(root || ci && on_path("sudo").is_some()) {
        return false;
    }
    println!("missing: {}; Debian's packages are installed where it has them", list(&wanted));
    apt(root, &["update", "-q"]);
    for need in wanted {
        match need.packages.iter().copied().find(|package| debian_has(package)) {
            Some(package) => apt(root, &["install", "-q", "-y", "--no-install-recommends", package]),
            None => println!("Debian here has none of {}", need.packages.join(", ")),
        }
    }
    true
}

/// What it couldn't do shows when we look again.
fn apt(root: bool, arguments: &[&str]) {
    let mut apt = Program::new(if root { "apt-get" } else { "sudo" });
    if !root {
        apt.args(["-n", "apt-get"]);
    }
    apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    println!("$ {}", apt.line());
    if let Err(error) = apt.stream(INSTALL, |_| {}) {
        eprintln!("error: {error:#}");
    }
}

fn debian_has(package: &str) -> bool {
    let mut ask = Program::new("apt-cache");
    ask.args(["policy", package]);
    ask.text().is_ok_and(|said| has_candidate(&said))
}

fn has_candidate(policy: &str) -> bool {
    policy.lines().any(|line| line.trim().strip_prefix("Candidate: ").is_some_and(|it| it != "(none)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_without_a_candidate_is_not_there() {
        assert!(has_candidate("maven:\n  Installed: (none)\n  Candidate: 3.8.7-1\n"));
        assert!(!has_candidate("openjdk-21:\n  Installed: (none)\n  Candidate: (none)\n"));
        assert!(!has_candidate(""));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        assert_eq!(absent("no-such-program-exq"), Some("no no-such-program-exq on PATH".to_owned()));
        assert_eq!(absent("sh"), None);
    }

    #[test]
    fn each_need_says_how_to_get_it() {
        for need in ALWAYS.iter().chain(FULL) {
            assert!(!need.hint.is_empty() && !need.what.is_empty());
        }
    }
}
