//! Real public review history. The repositories come from outside: `EXQ_CORPORA` names a folder with them, as tar files
//! or unpacked. Without it these tests say that they were skipped.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests, which lie outside of test functions"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use evidence::{ChangeEvidence, FindingCode, ReviewRules, offline};
use gerrit::repo::Repo;
use notedb::{Objects as _, Recorder, Refs as _};
use serde_json::Value;

/// The folder with the corpora, and one in which tar files are unpacked.
fn corpora() -> Option<(PathBuf, PathBuf)> {
    let Some(folder) = std::env::var_os("EXQ_CORPORA") else {
        eprintln!("skipped: EXQ_CORPORA names no folder of real review history");
        return None;
    };
    Some((folder.into(), Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned()))
}

/// Every repository of the folder, by name.
fn repositories() -> BTreeMap<String, PathBuf> {
    let Some((folder, unpacked)) = corpora() else { return BTreeMap::new() };
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if let Some(repository) = name.strip_suffix(".tar") {
            let target = unpacked.join(repository);
            if !target.exists() {
                untar(&path, &unpacked);
            }
            found.insert(repository.to_owned(), target);
        } else if name.ends_with(".git") {
            found.insert(name, path);
        }
    }
    assert!(!found.is_empty(), "EXQ_CORPORA has no repository");
    found
}

#[allow(clippy::disallowed_methods, reason = "a test unpacks what it was given")]
fn untar(tar: &Path, into: &Path) {
    let status = std::process::Command::new("tar").arg("-xf").arg(tar).arg("-C").arg(into).status().unwrap();
    assert!(status.success());
}

fn all(path: &Path) -> Vec<ChangeEvidence> {
    offline::all(&Repo::open(path).unwrap(), &ReviewRules::default()).unwrap()
}

#[test]
fn every_expected_file_is_met() {
    let Some((folder, _)) = corpora() else { return };
    for (name, path) in repositories() {
        let expected = folder.join(format!("{}.expected.jsonl", name.trim_end_matches(".git")));
        let Ok(expected) = std::fs::read_to_string(expected) else { continue };
        let expected: Vec<Value> = expected.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let judged = all(&path);
        assert_eq!(judged.len(), expected.len());
        for (ours, theirs) in judged.iter().zip(&expected) {
            let ours = serde_json::to_value(ours).unwrap();
            assert_eq!(without_reasons(&ours), without_reasons(theirs), "{}", theirs["change"]["number"]);
        }
    }
}

/// Everything but the wording of reasons, which is free.
fn without_reasons(evidence: &Value) -> Value {
    let mut evidence = evidence.clone();
    for finding in evidence["findings"].as_array_mut().unwrap() {
        finding.as_object_mut().unwrap().remove("reason");
    }
    evidence
}

#[test]
fn nothing_real_is_malformed_and_one_alone_is_judged_like_among_all() {
    for (name, path) in repositories() {
        let repo = Repo::open(&path).unwrap();
        let judged = all(&path);
        for evidence in &judged {
            assert!(evidence.finding(FindingCode::Malformed).is_none(), "{name} {:?}", evidence.change);
        }
        for evidence in judged.iter().step_by(97) {
            let alone = offline::one(&repo, evidence.change.number, &ReviewRules::default()).unwrap();
            assert_eq!(alone.as_ref(), Some(evidence));
        }
    }
}

#[test]
fn what_a_real_judgement_read_is_enough_to_judge_again() {
    for path in repositories().into_values() {
        let repo = Repo::open(&path).unwrap();
        for (number, meta) in repo.changes().unwrap().into_iter().step_by(211) {
            let labels = evidence::LabelRanges::default();
            let rules = ReviewRules::default();
            let input = evidence::ChangeInput {
                number,
                meta,
                refs: &repo,
                labels: &labels,
                rules: &rules,
                live: None,
            };
            let recorder = Recorder::new(&repo);
            let first = evidence::judge(&recorder, &input).unwrap();
            let recorded = recorder.into_recorded();
            assert_eq!(evidence::judge(&recorded, &input).unwrap(), first);
            assert!(recorded.get(&meta).unwrap().is_some());
        }
    }
}
