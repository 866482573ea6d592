//! The process group of a program, and those that left it.

use rustix::process::{Pid, Signal, kill_process_group};

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
