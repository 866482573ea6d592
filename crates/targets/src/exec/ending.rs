//! Waits for a program's end without taking its exit status: as long as nobody took it, its number, and that of its
//! process group, belong to it.

use std::{os::unix::process::ExitStatusExt as _, process::ExitStatus};

use rustix::{
    io::Errno,
    process::{Pid, WaitId, WaitIdOptions, waitid},
};

/// Resolves when the program has ended.
pub(super) async fn ended(pid: Pid) {
    let waiting = tokio::task::spawn_blocking(move || {
        while waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).err()
            == Some(Errno::INTR)
        {}
    });
    // It can't panic, and is not cancelled; were it, the program would be taken for ended, and killed.
    let _ = waiting.await;
}

/// A status that is no success, in words.
pub(super) fn why(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("ended with exit code {code}"),
        (None, Some(signal)) => format!("was ended by signal {signal}"),
        (None, None) => "ended without an exit code".to_owned(),
    }
}
