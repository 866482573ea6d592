//! Runs a program: an argument list, no shell, nothing inherited, a bound on time and output.

mod command;
mod ending;
mod group;
mod tagged;

use std::time::Duration;

use grant::{StepAt, VerifiedGrant};
use model::{Exec, Program, RunId};
use rustix::process::Pid;
use tokio::{io::AsyncReadExt as _, net::unix::pipe, time::Instant};

use self::{command::Started, group::Group, tagged::Tag};
use crate::{Acted, Context, TargetError, Workspace, output::Capture};

/// How long the pipe may stay silent, once the program is gone, before nobody reads it any more: what a process that left
/// the group writes later is not the step's output.
const SILENCE: Duration = Duration::from_millis(200);

/// How long the pipe is read at most once the program is gone.
const AFTERWARDS: Duration = Duration::from_secs(2);

/// How long processes that the program left behind may take to move to a session of their own.
const LEAVING: Duration = Duration::from_millis(500);

/// How often is looked whether what a crash left has ended.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// How long a killed program may take to be gone; only a process that hangs in the kernel takes longer.
const KILLED: Duration = Duration::from_secs(5);

/// Runs the program and waits until it and its process group are gone.
///
/// When it ends by itself, what is left of its process group half a second later is killed; a process that moved to a
/// session of its own (`setsid`) is taken for a service that shall stay. When it is stopped (time is over, or the future
/// is dropped), those are killed too: they are known by the idempotency key in their environment. What clears its
/// environment *and* leaves the group, or changes its user, is not found. An attempt above the first ends, before it
/// begins, whatever bears the key of the earlier ones.
pub(crate) async fn act(
    grant: &VerifiedGrant,
    at: StepAt,
    attempt: u32,
    exec: &Exec,
    context: &Context<'_>,
) -> Acted {
    let tag = Tag::of(grant, at);
    if attempt > 1 && !tag.kill_all().await {
        return Acted::unknown("processes of an earlier attempt are still there and can't be killed");
    }
    let prepared = Workspace::unpack(grant, context.files, context.scratch, context.limits.files_bytes)
        .and_then(|workspace| Ok((program(grant, &workspace, &exec.program)?, workspace)));
    let (program, workspace) = match prepared {
        Ok(prepared) => prepared,
        Err(why) => return Acted::refused(format!("not started: {why}")),
    };
    let environment = command::environment(grant, at, &tag, &workspace);
    match command::start(&program, &exec.args, &environment, &workspace).await {
        Ok(started) => run(started, tag, exec.timeout_ms, context).await,
        Err(why) => Acted::refused(format!("not started: {}: {why}", program_name(&exec.program))),
    }
}

/// Whether a process of an earlier attempt at this action still runs on this host: then it is acting, and must not be
/// repeated beside it. Attempts above the first end such processes by themselves.
#[must_use]
pub fn still_running(grant: &VerifiedGrant, at: StepAt) -> bool {
    Tag::of(grant, at).is_there()
}

/// Waits until what a crash of ours left of an action has ended on this host, at most so long, and then ends it: nothing of it
/// may still act when others do. Services that it started, each in a session of its own, stay. False if something can't be
/// ended.
pub async fn leftovers_end(run: &RunId, at: StepAt, within: Duration) -> bool {
    let tag = Tag::of_run(run, at);
    let begun = Instant::now();
    while tag.signal_leftovers(None) > 0 {
        if begun.elapsed() >= within {
            return tag.end_leftovers().await;
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    true
}

/// How a program came to its end.
enum End {
    /// By itself.
    Itself,
    /// We ended it.
    Stopped,
    /// Something of it is still there.
    Never,
}

async fn run(started: Started, tag: Tag, timeout_ms: u64, context: &Context<'_>) -> Acted {
    let Started { mut child, pid, mut output } = started;
    let mut group = Group::new(pid, tag); // dropped before `child`, so its number can't be another's yet
    let mut capture = Capture::new(context.limits.head_bytes, context.limits.tail_bytes);
    let timeout = Duration::from_millis(timeout_ms);
    let end = watch(&group, pid, &mut output, &mut capture, timeout, context.limits.grace).await;
    drain_rest(&mut output, &mut capture).await;
    let output = capture.finish(context.secrets);
    if matches!(end, End::Never) {
        let why = format!("did not end within {timeout_ms} ms and can't be killed");
        return Acted::unknown(why).with(None, output);
    }
    let status = child.wait().await;
    group.is_gone();
    match status {
        _ if matches!(end, End::Stopped) => {
            Acted::failed(format!("did not end within {timeout_ms} ms and was killed")).with(None, output)
        }
        Ok(status) if status.success() => Acted::succeeded().with(Some(0), output),
        Ok(status) => Acted::failed(ending::why(status)).with(status.code(), output),
        Err(why) => Acted::unknown(format!("its exit status can't be read: {why}")).with(None, output),
    }
}

/// Takes its output until it is gone, by itself or stopped; its exit status is not taken yet.
async fn watch(
    group: &Group,
    pid: Pid,
    output: &mut pipe::Receiver,
    capture: &mut Capture,
    timeout: Duration,
    grace: Duration,
) -> End {
    let ended = ending::ended(pid);
    tokio::pin!(ended);
    if drain_until(output, capture, &mut ended, timeout).await {
        let alone = group.alone();
        tokio::pin!(alone);
        drain_until(output, capture, &mut alone, LEAVING).await;
        group.kill();
        return End::Itself;
    }
    group.ask();
    let mut gone = drain_until(output, capture, &mut ended, grace).await;
    let all_killed = group.kill_everything().await;
    gone = gone || drain_until(output, capture, &mut ended, KILLED).await;
    if gone && all_killed { End::Stopped } else { End::Never }
}

/// Reads until something has come to its end, or the time is over: says whether it has.
async fn drain_until(
    output: &mut pipe::Receiver,
    capture: &mut Capture,
    ending: &mut (impl Future<Output = ()> + Unpin),
    time: Duration,
) -> bool {
    let mut buffer = vec![0; 64 * 1024];
    let mut open = true;
    let over = tokio::time::sleep(time);
    tokio::pin!(over);
    loop {
        tokio::select! {
            biased; // a program that writes without end must not outlive its time
            () = &mut *ending => return true,
            () = &mut over => return false,
            read = output.read(&mut buffer), if open => match read {
                Ok(0) | Err(_) => open = false,
                Ok(count) => capture.push(buffer.get(..count).unwrap_or_default()),
            },
        }
    }
}

/// Reads what is still in the pipe.
async fn drain_rest(output: &mut pipe::Receiver, capture: &mut Capture) {
    let mut buffer = vec![0; 64 * 1024];
    let end = Instant::now() + AFTERWARDS;
    while let Ok(Ok(count @ 1..)) =
        tokio::time::timeout_at(end.min(Instant::now() + SILENCE), output.read(&mut buffer)).await
    {
        capture.push(buffer.get(..count).unwrap_or_default());
    }
}

fn program(
    grant: &VerifiedGrant,
    workspace: &Workspace,
    program: &Program,
) -> Result<std::path::PathBuf, TargetError> {
    match program {
        Program::Operations { path, sha256 } => workspace.program(grant.plan(), path, sha256),
        Program::Host { path } if path.starts_with('/') => Ok(path.into()),
        Program::Host { path } => Err(TargetError::Path { path: path.chars().take(80).collect() }),
    }
}

fn program_name(program: &Program) -> &str {
    match program {
        Program::Operations { path, .. } | Program::Host { path } => path,
    }
}
