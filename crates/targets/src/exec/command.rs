//! Starts a program that inherits nothing.

use std::{ffi::OsString, io, os::fd::OwnedFd, path::Path, process::Stdio, time::Duration};

use grant::{StepAt, VerifiedGrant};
use rustix::process::Pid;
use tokio::{
    net::unix::pipe,
    process::{Child, Command},
};

use super::tagged::Tag;
use crate::Workspace;

/// Where programs are looked for by the programs that we start; ours are absolute.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How often, and how long, a start waits for a program that "is being written".
const BUSY_TRIES: u32 = 100;
const BUSY_WAIT: Duration = Duration::from_millis(5);

/// A program that runs, leader of a process group of its own.
pub(super) struct Started {
    pub(super) child: Child,
    pub(super) pid: Pid,
    pub(super) output: pipe::Receiver,
}

/// All that it finds in its environment.
pub(super) fn environment(
    grant: &VerifiedGrant,
    at: StepAt,
    tag: &Tag,
    workspace: &Workspace,
) -> Vec<(&'static str, OsString)> {
    let step = grant.step(at.index).map(|step| step.id.to_string()).unwrap_or_default();
    vec![
        ("PATH", PATH.into()),
        ("LANG", "C.UTF-8".into()),
        ("HOME", workspace.home().into()),
        ("EXQ_RUN", grant.run().as_str().into()),
        ("EXQ_STEP", step.into()),
        ("EXQ_REVISION", grant.revision().to_string().into()),
        (Tag::NAME, tag.value().into()),
    ]
}

/// Starts it: both outputs into one pipe, so that their order stays.
pub(super) async fn start(
    program: &Path,
    args: &[String],
    environment: &[(&'static str, OsString)],
    workspace: &Workspace,
) -> io::Result<Started> {
    let mut tries = 0;
    loop {
        match try_start(program, args, environment, workspace) {
            // Some other thread forked while the file that we wrote a moment ago was open, and its child has not reached
            // its own exec yet: the kernel sees a writer.
            Err(why) if why.kind() == io::ErrorKind::ExecutableFileBusy && tries < BUSY_TRIES => {
                tries += 1;
                tokio::time::sleep(BUSY_WAIT).await;
            }
            result => return result,
        }
    }
}

fn try_start(
    program: &Path,
    args: &[String],
    environment: &[(&'static str, OsString)],
    workspace: &Workspace,
) -> io::Result<Started> {
    let (reader, writer) = io::pipe()?;
    let output = pipe::Receiver::from_owned_fd(OwnedFd::from(reader))?;
    // Whatever a library opened without the flag must not reach the program either.
    close_fds::set_fds_cloexec_threadsafe(3, &[]);
    #[allow(clippy::disallowed_methods)] // the one place in this crate that starts programs
    let mut command = Command::new(program);
    command
        .args(args)
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .current_dir(workspace.files())
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .process_group(0)
        .kill_on_drop(true);
    let child = command.spawn()?;
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| io::Error::other("it has no process id"))?;
    Ok(Started { child, pid, output })
}
