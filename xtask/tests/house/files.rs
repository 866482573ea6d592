//! What files look like: lints, lengths, ignored tests, names of test targets, links.

use std::path::{Path, PathBuf};

use crate::cargo::{members, root};

/// Two things live in one if it is longer.
const LONGEST: usize = 800;

/// Every file below a folder that ends so, sorted.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("target") {
                found.extend(files(&path, ending));
            }
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sources() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = members().iter().flat_map(|member| files(&member.folder, ".rs")).collect();
    all.dedup();
    assert!(all.len() > 100, "too few sources");
    all
}

#[test]
fn each_crate_has_the_lints_of_the_workspace() {
    for member in members() {
        let manifest = read(&member.folder.join("Cargo.toml"));
        assert!(
            manifest.contains("\n[lints]\nworkspace = true\n"),
            "{} has no [lints] of the workspace",
            member.name
        );
    }
}

#[test]
fn no_test_is_ignored() {
    let mark = concat!("#[", "ignore");
    let found: Vec<PathBuf> = sources().into_iter().filter(|path| read(path).contains(mark)).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn no_source_is_too_long() {
    for member in members() {
        for path in files(&member.folder.join("src"), ".rs") {
            let lines = read(&path).lines().count();
            assert!(lines <= LONGEST, "{} has {lines} lines", path.display());
        }
    }
}

/// `cargo xtask test --quick` leaves out what is named so, and nothing else.
#[test]
fn tests_that_start_a_real_server_are_named_real() {
    // What starts one, and what asks the tests' shared module to.
    let marks =
        [concat!("RealGerrit", "::start"), concat!("Stage", "::real("), concat!("RealKeycloak", "::start")];
    let mut wrong = Vec::new();
    for member in members() {
        let folder = member.folder.join("tests");
        let starts = |path: &PathBuf| marks.iter().any(|mark| read(path).contains(mark));
        for path in files(&folder, ".rs").into_iter().filter(starts) {
            // A target is a file in tests/, or a folder there; a folder without main.rs is a module that targets share.
            let target = path.strip_prefix(&folder).unwrap().components().next().unwrap();
            let shared = folder.join(target);
            if shared.is_dir() && !shared.join("main.rs").is_file() {
                continue;
            }
            if !target.as_os_str().to_string_lossy().starts_with("real") {
                wrong.push(path);
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "they start a real Gerrit or Keycloak, so their target must be called real…: {wrong:?}"
    );
}

/// The addresses of a page's links, but for those that lead out of the repository or into the page itself.
fn links(page: &str) -> Vec<&str> {
    let addresses = page.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let here = addresses.filter(|link| {
        !link.contains("://") && !link.starts_with(['#', '<']) && !link.starts_with("mailto:")
    });
    here.map(|link| link.split('#').next().unwrap()).collect()
}

#[test]
fn every_link_of_readme_and_documents_leads_somewhere() {
    let mut pages = files(&root().join("docs"), ".md");
    pages.push(root().join("README.md"));
    let mut dead = Vec::new();
    for page in pages {
        for link in links(&read(&page)) {
            if !page.parent().unwrap().join(link).exists() {
                dead.push(format!("{} → {link}", page.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

#[test]
fn links_are_found_in_a_page() {
    assert_eq!(
        links("[a](docs/A.md#x), [b](https://b.example) [c](#here) `x` [d](D.md)"),
        ["docs/A.md", "D.md"]
    );
}
