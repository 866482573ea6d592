//! The process group of a program, and those that left it.

use std::{fs, time::Duration};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::time::sleep;

use super::tagged::Tag;

/// Kills all that is left when it is dropped: so nothing outlives a run that was cut short.
pub(super) struct Group {
    leader: Pid,
    tag: Tag,
    gone: bool,
    rounds: u32,
}

impl Group {
    pub(super) fn new(leader: Pid, tag: Tag) -> Self {
        Self { leader, tag, gone: false, rounds: 10 }
    }

    /// Asks everything to end.
    pub(super) fn ask(&self) {
        self.signal(Signal::TERM);
        self.tag.signal(Signal::TERM);
    }

    /// Resolves when the leader is alone: the others have ended, or moved to a session of their own.
    pub(super) async fn alone(&self) {
        let leader = self.leader;
        while has_others(leader) {
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Kills the group.
    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    /// Kills the group and those that left it; says whether none is left.
    pub(super) async fn kill_everything(&self) -> bool {
        self.kill();
        self.tag.kill_all().await
    }

    /// The leader's exit status was taken: from now on its number may be another's.
    pub(super) fn is_gone(&mut self) {
        self.gone = true;
    }

    fn signal(&self, signal: Signal) {
        // It fails only if nobody is left.
        let _ = kill_process_group(self.leader, signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.gone {
            self.kill();
            // What is made while others are killed is found by looking again.
            while self.tag.signal(Signal::KILL) > 0 && self.rounds > 0 {
                self.rounds -= 1;
            }
        }
    }
}

/// Whether anybody but its leader lives in the group.
fn has_others(leader: Pid) -> bool {
    let leader = leader.as_raw_nonzero().to_string();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_name().as_encoded_bytes().first().is_some_and(u8::is_ascii_digit))
        .filter(|entry| entry.file_name() != *leader)
        .filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok())
        .any(|stat| is_member(&stat, &leader))
}

/// Reads `/proc/N/stat` (proc_pid_stat(5)): after the name in brackets come state, parent and group.
fn is_member(stat: &str, group: &str) -> bool {
    let mut fields = stat.rsplit_once(") ").map(|(_, rest)| rest.split(' ')).into_iter().flatten();
    let alive = !matches!(fields.next(), None | Some("Z" | "X"));
    alive && fields.nth(1) == Some(group)
}

#[cfg(test)]
mod tests {
    use super::is_member;

    #[test]
    fn a_process_is_told_by_its_group_whatever_its_name() {
        assert!(is_member("7 (sh) S 1 42 42 0 -1", "42"));
        assert!(is_member("7 (a) S 1 9 (b) R 1 42 42 0", "42"));
        assert!(!is_member("7 (sh) S 42 1 42 0 -1", "42"));
        assert!(!is_member("7 (sh) Z 1 42 42 0 -1", "42"));
        assert!(!is_member("", "42"));
    }
}
