//! The files of a plan: what is approved, where it belongs, or nothing.
#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use common::{Store, granted, is_empty};
use targets::{TargetError, Workspace};

fn unpack(files: &[(&str, &str)], limit: usize) -> (tempfile::TempDir, Result<Workspace, TargetError>) {
    let scratch = tempfile::tempdir().unwrap();
    let grant = granted("workspace", vec![], files);
    let unpacked = Workspace::unpack(&grant, &Store::with(files), scratch.path(), limit);
    (scratch, unpacked)
}

#[test]
fn a_path_that_leads_elsewhere_is_refused() {
    for path in ["../x", "a/../../x", "/etc/x", "", ".", "..", "a//b", "a/", "a/./b", "a\0b", "a\nb", "a\\b"]
    {
        let (scratch, unpacked) = unpack(&[(path, "x")], 100);
        assert!(matches!(unpacked, Err(TargetError::Path { .. })), "{path:?}");
        assert!(is_empty(scratch.path()));
    }
}

#[test]
fn a_path_that_is_a_file_and_a_directory_is_refused_and_nothing_is_left() {
    let (scratch, unpacked) = unpack(&[("a", "x"), ("a/b", "y")], 100);
    assert!(matches!(unpacked, Err(TargetError::Io { .. })));
    assert!(is_empty(scratch.path()));
}

#[test]
fn more_bytes_than_allowed_are_refused() {
    assert!(unpack(&[("a", "12345"), ("b", "67890")], 10).1.is_ok());
    let (scratch, unpacked) = unpack(&[("a", "12345"), ("b", "678901")], 10);
    assert!(matches!(unpacked, Err(TargetError::TooLarge { limit: 10 })));
    assert!(is_empty(scratch.path()));
}

#[test]
fn a_file_that_nobody_has_is_refused() {
    let scratch = tempfile::tempdir().unwrap();
    let grant = granted("nobody", vec![], &[("a", "x")]);
    let unpacked = Workspace::unpack(&grant, &Store::default(), scratch.path(), 100);
    assert!(matches!(unpacked, Err(TargetError::Io { .. })));
    assert!(is_empty(scratch.path()));
}

#[test]
fn a_program_that_was_changed_after_it_was_unpacked_is_refused() {
    let files = [("run", "#!/bin/sh\n")];
    let grant = granted("after", vec![], &files);
    let (_scratch, unpacked) = unpack(&files, 100);
    let workspace = unpacked.unwrap();
    let sha256 = model::Digest::of(b"#!/bin/sh\n");
    assert!(workspace.program(grant.plan(), "run", &sha256).is_ok());
    let path = workspace.files().join("run");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    std::fs::write(&path, "#!/bin/evil\n").unwrap();
    assert!(matches!(workspace.program(grant.plan(), "run", &sha256), Err(TargetError::Changed { .. })));
}

#[test]
fn it_is_removed_when_it_is_dropped() {
    let (scratch, unpacked) = unpack(&[("a/b/c", "x"), ("d", "y")], 100);
    assert!(!is_empty(scratch.path()));
    drop(unpacked.unwrap());
    assert!(is_empty(scratch.path()));
}
