//! Programs that don't end by themselves, and what they leave behind.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)] // helpers of tests; one starts a process by hand

mod common;

use std::time::{Duration, Instant};

use common::World;
use grant::StepAt;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use targets::{Acted, Did, still_running};

const STEP: StepAt = StepAt::forward(0);

fn was_killed(acted: &Acted) -> bool {
    matches!(&acted.did, Did::Failed { why } if why.ends_with("ms and was killed"))
}

/// The numbers that the script printed, one a line.
fn printed(acted: &Acted) -> Vec<Pid> {
    acted.output.text().lines().filter_map(|line| Pid::from_raw(line.parse().ok()?)).collect()
}

/// Waits for a condition; a test that waits for a minute has failed.
async fn until(condition: impl Fn() -> bool) {
    let met = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), met).await.unwrap();
}

/// Gone, or dead and not yet collected by its new parent.
fn is_gone(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).unwrap_or_default();
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    test_kill_process(pid).is_err() || matches!(state, None | Some('Z' | 'X'))
}

#[tokio::test]
async fn what_forks_and_hangs_is_killed_with_all_its_children() {
    let script = "sh -c 'echo $$; sleep 1000 & echo $!; wait' & sleep 1000 & echo $!; wait";
    let world = World::script("fork-and-hang", script, &[], 500);
    let begun = Instant::now();
    let acted = world.act().await;
    assert!(was_killed(&acted), "{acted:?}");
    assert!(begun.elapsed() < Duration::from_secs(20));
    let pids = printed(&acted);
    assert_eq!(pids.len(), 3, "{}", acted.output.text());
    assert!(pids.into_iter().all(is_gone));
    assert!(!still_running(&world.grant, STEP) && world.is_clean());
}

#[tokio::test]
async fn what_ignores_being_asked_is_killed() {
    let world =
        World::script("ignores-term", "trap '' TERM; echo $$; while :; do sleep 0.05; done", &[], 300);
    let acted = world.act().await;
    assert!(was_killed(&acted) && acted.exit.is_none(), "{acted:?}");
    assert!(printed(&acted).into_iter().all(is_gone) && !still_running(&world.grant, STEP));
}

#[tokio::test]
async fn it_is_asked_before_it_is_killed_and_may_say_so() {
    let mut world = World::script("asked", "trap 'echo asked; exit 0' TERM; sleep 1000 & wait", &[], 300);
    world.limits.grace = Duration::from_secs(20);
    let acted = world.act().await;
    assert!(was_killed(&acted), "{acted:?}");
    assert_eq!(acted.output.text(), "asked\n");
}

/// Leaves the group, and ignores being asked.
const LEFT: &str = "trap '' TERM; setsid sleep 1000 & echo $!; sleep 1000";

#[tokio::test]
async fn what_left_the_group_is_killed_too_when_the_time_is_over() {
    let world = World::script("left-group", LEFT, &[], 500);
    let acted = world.act().await;
    assert!(was_killed(&acted), "{acted:?}");
    let pids = printed(&acted);
    assert!(pids.len() == 1 && pids.into_iter().all(is_gone));
}

#[tokio::test]
async fn what_is_left_in_the_group_ends_with_the_program() {
    let world = World::script("left-over", "sleep 1000 & echo $!", &[], 20_000);
    let acted = world.act().await;
    assert_eq!(acted.did, Did::Succeeded);
    let pids = printed(&acted);
    assert!(pids.len() == 1);
    until(|| pids.iter().all(|pid| is_gone(*pid))).await;
}

#[tokio::test]
async fn a_service_in_a_session_of_its_own_stays_and_does_not_hold_up_the_step() {
    // It keeps the output open.
    let world = World::script("service", "setsid sleep 1000 & echo $!", &[], 20_000);
    let begun = Instant::now();
    let acted = world.act().await;
    assert_eq!(acted.did, Did::Succeeded);
    assert!(begun.elapsed() < Duration::from_secs(15));
    let pids = printed(&acted);
    assert!(pids.len() == 1 && pids.iter().all(|pid| !is_gone(*pid)));
    assert!(still_running(&world.grant, STEP));
    pids.iter().for_each(|pid| kill_process(*pid, Signal::KILL).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_future_stops_everything() {
    let world = World::script("dropped", "setsid sleep 1000 & sleep 1000", &[], 600_000);
    tokio::select! {
        acted = world.act() => unreachable!("it does not end: {acted:?}"),
        () = until(|| still_running(&world.grant, STEP)) => (),
    }
    until(|| !still_running(&world.grant, STEP)).await;
    assert!(world.is_clean());
}

#[tokio::test]
async fn another_attempt_first_ends_what_the_crashed_one_left() {
    let world = World::script("again", "echo again", &[], 20_000);
    let key = world.grant.idempotency_key(STEP).to_string();
    let mut left = std::process::Command::new("sleep").arg("1000").env("EXQ_KEY", &key).spawn().unwrap();
    let mut other = std::process::Command::new("sleep").arg("1000").env("EXQ_KEY", "other").spawn().unwrap();
    until(|| still_running(&world.grant, STEP)).await;
    let acted = world.attempt(2).await;
    assert_eq!((acted.did, acted.output.text()), (Did::Succeeded, "again\n"));
    assert!(!still_running(&world.grant, STEP));
    assert!(left.try_wait().unwrap().is_some());
    assert!(other.try_wait().unwrap().is_none(), "not ours to end");
    other.kill().unwrap();
    other.wait().unwrap();
}

#[tokio::test]
async fn a_program_that_writes_without_end_does_not_outlive_its_time() {
    let mut world = World::script("yes", "exec yes", &[], 300);
    world.limits.head_bytes = 10;
    world.limits.tail_bytes = 10;
    let acted = world.act().await;
    assert!(was_killed(&acted), "{acted:?}");
    assert!(acted.output.truncated() && acted.output.text().len() < 100);
}
