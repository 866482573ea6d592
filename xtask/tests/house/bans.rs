//! One TLS provider, and none of what must not be in any build. `deny.toml` says the same.

use std::collections::BTreeSet;

use crate::cargo::{root, tree};

/// Names, or beginnings of names that end in `*`.
const BANNED: [&str; 13] = [
    "boring*",
    "mbedtls*",
    "native-tls",
    "openssl*",
    "ring",
    "rustls-graviola",
    "rustls-mbedtls*",
    "rustls-openssl",
    "rustls-rustcrypto",
    "s2n-tls*",
    "tokio-native-tls",
    "tokio-openssl",
    "hyper-tls",
];

fn banned(name: &str) -> bool {
    // Where the system's certificates lie is no TLS.
    name != "openssl-probe"
        && BANNED.iter().any(|ban| match ban.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning),
            None => *ban == name,
        })
}

/// Everything that is built of this workspace, with every feature, for tests and build scripts too.
fn all() -> BTreeSet<(String, String)> {
    let all = tree(&["--workspace", "--all-features", "--edges", "normal,build,dev"]);
    assert!(all.len() > 100, "cargo tree shows too few crates");
    all
}

#[test]
fn no_banned_crate_is_in_any_build() {
    let found: Vec<_> = all().into_iter().filter(|(name, _)| banned(name)).collect();
    assert!(
        found.is_empty(),
        "{found:?}: ask `cargo tree --workspace --invert NAME --all-features` who brings it"
    );
}

#[test]
fn there_is_one_tls_provider_in_one_version() {
    for name in ["rustls", "aws-lc-rs", "aws-lc-sys"] {
        let versions: Vec<_> = all().into_iter().filter(|(found, _)| found == name).collect();
        assert_eq!(versions.len(), 1, "{name}: {versions:?}");
    }
}

#[test]
fn deny_toml_bans_the_same() {
    let deny = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let bans = deny.split("\n[bans]\n").nth(1).unwrap().split("\n[").next().unwrap();
    for ban in BANNED {
        let name = ban.trim_end_matches('*');
        assert!(bans.contains(&format!("\"{name}\"")), "deny.toml doesn't ban {name}");
    }
}

#[test]
fn bans_are_read_as_names_and_beginnings() {
    assert!(banned("ring") && banned("openssl-sys") && banned("openssl") && banned("native-tls"));
    assert!(!banned("string") && !banned("ringbuf") && !banned("openssl-probe") && !banned("rustls"));
}
