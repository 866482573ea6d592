//! Finds the processes of an action by the idempotency key in their environment: also those that left the process group,
//! and those that outlived a crash of ours.

use std::{
    fs::{self, File},
    io::Read as _,
    time::Duration,
};

use grant::{StepAt, VerifiedGrant, idempotency_key};
use model::RunId;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::time::sleep;

/// What is read at most of one environment, in bytes: what Linux allows for arguments and environment by default.
const ENVIRONMENT_LIMIT: u64 = 2 * 1024 * 1024;

/// What is read at most of one `stat`, in bytes: it has about 52 numbers, and a name of 64 bytes at most.
const STAT_LIMIT: u64 = 4096;

/// How often, and at what distance, is looked whether all are gone: five seconds, though most are at once.
const ROUNDS: u32 = 1000;
const BETWEEN: Duration = Duration::from_millis(5);

/// A process, and what holds its number.
type Bearer = (Pid, rustix::fd::OwnedFd);

/// The mark that all processes of one action bear.
#[derive(Clone, Debug)]
pub(super) struct Tag(String);

impl Tag {
    /// The variable.
    pub(super) const NAME: &'static str = "EXQ_KEY";

    pub(super) fn of(grant: &VerifiedGrant, at: StepAt) -> Self {
        Self::of_run(grant.run(), at)
    }

    pub(super) fn of_run(run: &RunId, at: StepAt) -> Self {
        Self(idempotency_key(run, at).to_string())
    }

    pub(super) fn value(&self) -> &str {
        &self.0
    }

    /// Whether any process bears it.
    pub(super) fn is_there(&self) -> bool {
        self.visit(|_| ()) > 0
    }

    /// Sends a signal to all that bear it.
    pub(super) fn signal(&self, signal: Signal) -> usize {
        self.visit(|(_, process)| {
            // It fails only if the process is gone meanwhile, or is another user's.
            let _ = pidfd_send_signal(process, signal);
        })
    }

    /// Sends a signal to those that are no service: a session whose leader bears the mark was made by the action, to stay.
    pub(super) fn signal_leftovers(&self, signal: Option<Signal>) -> usize {
        let bearers = self.bearers();
        let own_session = |pid: Pid| {
            session_leader(pid).is_some_and(|leader| bearers.iter().any(|(bearer, _)| *bearer == leader))
        };
        let left = bearers.iter().filter(|(pid, _)| !own_session(*pid));
        let mut count = 0;
        for (_, process) in left {
            count += 1;
            if let Some(signal) = signal {
                // It fails only if the process is gone meanwhile, or is another user's.
                let _ = pidfd_send_signal(process, signal);
            }
        }
        count
    }

    /// Kills all that bear it; says whether none is left.
    pub(super) async fn kill_all(&self) -> bool {
        for _ in 0..ROUNDS {
            if self.signal(Signal::KILL) == 0 {
                return true;
            }
            sleep(BETWEEN).await; // a killed process takes a moment to be gone
        }
        false
    }

    /// Kills what is no service; says whether none is left.
    pub(super) async fn end_leftovers(&self) -> bool {
        for _ in 0..ROUNDS {
            if self.signal_leftovers(Some(Signal::KILL)) == 0 {
                return true;
            }
            sleep(BETWEEN).await;
        }
        false
    }

    /// Visits each process that bears it; says how many there were.
    fn visit(&self, visit: impl Fn(&Bearer)) -> usize {
        self.bearers().iter().map(visit).count()
    }

    /// Each process that bears it. A zombie has no environment any more.
    fn bearers(&self) -> Vec<Bearer> {
        let wanted = format!("{}={}", Self::NAME, self.0);
        let own = std::process::id();
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let bearers = numbers.filter(|number| *number != own).filter_map(|number| {
            // Held before it is looked at: its number can't become another's in between.
            let pid = Pid::from_raw(i32::try_from(number).ok()?)?;
            let process = pidfd_open(pid, PidfdFlags::empty()).ok()?;
            let mut environment = Vec::new();
            let file = File::open(format!("/proc/{number}/environ")).ok()?;
            file.take(ENVIRONMENT_LIMIT).read_to_end(&mut environment).ok()?;
            environment.split(|b| *b == 0).any(|entry| entry == wanted.as_bytes()).then_some((pid, process))
        });
        bearers.collect()
    }
}

/// The leader of a process's session: field 6 of `/proc/PID/stat`, proc_pid_stat(5). None if the process is gone, or its session
/// was made outside our PID namespace, as in a container: such a leader has no number here, and the kernel writes 0.
///
/// Not by getsid(2): rustix takes its answer for a number that is never 0.
fn session_leader(process: Pid) -> Option<Pid> {
    let mut stat = String::new();
    let file = File::open(format!("/proc/{process}/stat")).ok()?;
    file.take(STAT_LIMIT).read_to_string(&mut stat).ok()?;
    session_in(&stat)
}

/// The name of the program stands in brackets and may hold brackets and blanks itself, so what follows begins at the last one.
fn session_in(stat: &str) -> Option<Pid> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let session = after_name.split_ascii_whitespace().nth(3)?; // after state, parent and process group
    Pid::from_raw(session.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leader_of_a_session_is_read_whatever_the_program_is_called() {
        let leader = |stat: &str| session_in(stat).map(|pid| pid.as_raw_nonzero().get());
        assert_eq!(leader("42 (sleep) S 1 41 40 0 -1 4194304"), Some(40));
        assert_eq!(leader("42 (a) S 1 2 3 (b) R 1 41 40 0 -1 4194304"), Some(40));
    }

    #[test]
    fn a_session_that_was_made_outside_our_namespace_has_no_leader_here() {
        assert_eq!(session_in("42 (sleep) S 1 0 0 0 -1 4194304"), None);
        assert_eq!(session_in("42 (sleep"), None);
    }
}
