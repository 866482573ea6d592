//! Alone in its process, so that the process's memory is what it uses.
#![allow(clippy::unwrap_used)] // helpers of tests

mod common;

use common::World;
use targets::Did;

/// The most memory that this process ever had, in KiB.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_gigabyte_of_output_is_counted_and_not_kept() {
    const GIB: u64 = 1 << 30;
    let script = format!("echo first; yes 0123456789abcde | head -c {GIB}; echo last");
    let world = World::script("gigabyte", &script, &[], 600_000);
    let before = peak_kib();
    let acted = world.act().await;
    assert_eq!(acted.did, Did::Succeeded);
    assert_eq!(acted.output.bytes(), GIB + 11);
    assert!(acted.output.truncated());
    assert!(acted.output.text().starts_with("first\n") && acted.output.text().ends_with("last\n"));
    assert!(acted.output.text().len() < 200 * 1024);
    let grown = peak_kib() - before;
    assert!(grown < 16 * 1024, "{grown} KiB more");
}
