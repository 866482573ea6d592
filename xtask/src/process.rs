//! The one place here that starts programs: what they write is shown as it comes, and every wait has an end.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    io::{BufRead as _, BufReader, Read, Write as _},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, RecvTimeoutError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};

use crate::workspace::Workspace;

/// A program writes nothing for so long: then we say that it still runs.
const QUIET: Duration = Duration::from_secs(60);
/// It writes nothing for so long: then it hangs, and is stopped. A build from nothing is as silent, but not as long.
const HANGS: Duration = Duration::from_secs(25 * 60);
/// What somebody that it left behind holds open is not waited for longer.
const DRAIN: Duration = Duration::from_secs(2);
/// How long a question to a program, such as `cargo metadata`, may take.
const ANSWER: Duration = Duration::from_secs(120);

/// A program with its arguments, not started yet.
pub(crate) struct Program {
    command: Command,
    name: String,
    hears: Hears,
}

/// What is listened to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hears {
    Output,
    Errors,
    /// Both, in the order in which they were written.
    All,
}

impl Program {
    #[expect(clippy::disallowed_methods, reason = "a tool of the house: it exists to start programs")]
    pub(crate) fn new(name: impl AsRef<OsStr>) -> Self {
        let name = name.as_ref();
        Self { command: Command::new(name), name: name.to_string_lossy().into_owned(), hears: Hears::Output }
    }

    /// The cargo that started us, in the workspace's folder, without what it told only us.
    pub(crate) fn cargo(workspace: &Workspace) -> Self {
        let mut cargo = Self::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.name = "cargo".to_owned();
        cargo.command.current_dir(workspace.root());
        for (key, _) in std::env::vars_os() {
            let told = key.to_string_lossy();
            if told.starts_with("CARGO_PKG_") || told.starts_with("CARGO_MANIFEST_") {
                cargo.command.env_remove(&key);
            }
        }
        cargo
    }

    pub(crate) fn args(&mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> &mut Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(&mut self, key: &str, value: impl AsRef<OsStr>) -> &mut Self {
        self.command.env(key, value);
        self
    }

    pub(crate) fn envs(&mut self, all: &[(&str, std::ffi::OsString)]) -> &mut Self {
        self.command.envs(all.iter().map(|(key, value)| (key, value)));
        self
    }

    /// Where it runs.
    pub(crate) fn current_dir(&mut self, folder: &Path) -> &mut Self {
        self.command.current_dir(folder);
        self
    }

    /// The command line, for people.
    pub(crate) fn line(&self) -> String {
        let mut line = self.name.clone();
        for arg in self.command.get_args() {
            line.push(' ');
            line.push_str(&arg.to_string_lossy());
        }
        line
    }

    /// Runs it with our own input and output, for as long as the person at the terminal wants.
    #[cfg(not(feature = "gerrit"))]
    pub(crate) fn hand_over(mut self) -> anyhow::Result<ExitStatus> {
        self.command.status().with_context(|| format!("{} can't be started", self.name))
    }

    /// Runs it to the end and gives what it wrote to standard output.
    pub(crate) fn text(self) -> anyhow::Result<String> {
        let line = self.line();
        let mut text = String::new();
        let ran = self.hear(ANSWER, |said| {
            text.push_str(said);
            text.push('\n');
        })?;
        if !ran {
            bail!("`{line}` failed");
        }
        Ok(text)
    }

    /// Runs it until `limit`; each line of standard output is shown and handed on. `Ok(true)` if it ended well.
    pub(crate) fn stream(self, limit: Duration, each: impl FnMut(&str)) -> anyhow::Result<bool> {
        self.watch(limit, true, each)
    }

    /// The same, but the lines are only handed on; what it writes to standard error is shown.
    pub(crate) fn hear(self, limit: Duration, each: impl FnMut(&str)) -> anyhow::Result<bool> {
        self.watch(limit, false, each)
    }

    /// The same, but the lines are only handed on, and what it writes to standard error is dropped.
    pub(crate) fn listen(mut self, limit: Duration, each: impl FnMut(&str)) -> anyhow::Result<bool> {
        self.command.stderr(Stdio::null());
        self.watch(limit, false, each)
    }

    /// The same, but what it writes to standard error; what it writes to standard output is dropped. It may be silent until
    /// the limit.
    pub(crate) fn overhear(mut self, limit: Duration, each: impl FnMut(&str)) -> anyhow::Result<bool> {
        self.command.stdout(Stdio::null()).stderr(Stdio::piped());
        self.hears = Hears::Errors;
        self.watch(limit, false, each)
    }

    /// The same, but all that it writes, wherever to.
    pub(crate) fn all(mut self, limit: Duration, each: impl FnMut(&str)) -> anyhow::Result<bool> {
        self.hears = Hears::All;
        self.watch(limit, false, each)
    }

    /// Runs it to the end and shows nothing of what it writes. `None` if it had to be stopped at the limit.
    pub(crate) fn quiet(mut self, limit: Duration) -> anyhow::Result<Option<bool>> {
        self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = self.command.spawn().with_context(|| format!("{} can't be started", self.name))?;
        let begin = Instant::now();
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status.success()));
            }
            if begin.elapsed() > limit {
                kill_all(&mut child);
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    fn watch(mut self, limit: Duration, show: bool, mut each: impl FnMut(&str)) -> anyhow::Result<bool> {
        let line = self.line();
        let (mut child, output) = self.start()?;
        let lines = lines_of(output);
        let (begin, mut heard, mut told) = (Instant::now(), Instant::now(), Instant::now());
        let mut ended: Option<(ExitStatus, Instant)> = None;
        loop {
            match lines.recv_timeout(Duration::from_millis(200)) {
                Ok(bytes) => {
                    (heard, told) = (Instant::now(), Instant::now());
                    if show {
                        let _ = std::io::stdout().lock().write_all(&bytes);
                    }
                    each(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']));
                }
                Err(RecvTimeoutError::Disconnected) if ended.is_none() => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if ended.is_none() {
                ended = child.try_wait()?.map(|status| (status, Instant::now()));
            }
            match ended {
                Some((_, at)) if at.elapsed() > DRAIN && heard.elapsed() > DRAIN => break,
                None if begin.elapsed() > limit => {
                    kill_all(&mut child);
                    bail!("`{line}` was stopped: it took longer than {}", time(limit));
                }
                None if self.hears != Hears::Errors && heard.elapsed() > HANGS => {
                    kill_all(&mut child);
                    bail!("`{line}` was stopped: it wrote nothing for {}", time(HANGS));
                }
                None if self.hears != Hears::Errors && told.elapsed() > QUIET => {
                    eprintln!("… `{line}` still runs, {} so far", time(begin.elapsed()));
                    told = Instant::now();
                }
                _ => {}
            }
        }
        Ok(ended.is_some_and(|(status, _)| status.success()))
    }

    /// Starts it, with the end of the pipe that is listened to.
    fn start(&mut self) -> anyhow::Result<(Child, Box<dyn Read + Send>)> {
        self.command.stdin(Stdio::null());
        let mut pipe = None;
        match self.hears {
            Hears::Output => {
                self.command.stdout(Stdio::piped());
            }
            Hears::Errors => {}
            Hears::All => {
                let (reader, writer) = std::io::pipe()?;
                self.command.stdout(writer.try_clone()?).stderr(writer);
                pipe = Some(reader);
            }
        }
        let mut child = self.command.spawn().with_context(|| format!("{} can't be started", self.name))?;
        if let Some(pipe) = pipe {
            // Our own copies of the writing end: as long as they are open, nobody sees the end.
            self.command.stdout(Stdio::null()).stderr(Stdio::null());
            return Ok((child, Box::new(pipe)));
        }
        match (child.stdout.take(), child.stderr.take()) {
            (Some(output), _) => Ok((child, Box::new(output))),
            (None, Some(errors)) => Ok((child, Box::new(errors))),
            (None, None) => bail!("no pipe to read from"),
        }
    }
}

/// What is written, line by line with the line's end, until it is closed.
fn lines_of(output: Box<dyn Read + Send>) -> mpsc::Receiver<Vec<u8>> {
    let (send, lines) = mpsc::channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(output);
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
            if send.send(std::mem::take(&mut bytes)).is_err() {
                break;
            }
        }
    });
    lines
}

/// Stops the program and all that descends from it: cargo alone would leave its tests running.
fn kill_all(child: &mut Child) {
    let parents = parents();
    let mut doomed = BTreeSet::from([child.id()]);
    loop {
        let before = doomed.len();
        doomed.extend(
            parents
                .iter()
                .filter(|(_, parent)| doomed.contains(parent))
                .map(|(id, _)| *id)
                .collect::<Vec<_>>(),
        );
        if doomed.len() == before {
            break;
        }
    }
    let _ = child.kill();
    doomed.remove(&child.id());
    for id in doomed.into_iter().filter_map(|id| i32::try_from(id).ok()) {
        if let Some(id) = rustix::process::Pid::from_raw(id) {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::KILL);
        }
    }
    let _ = child.wait();
}

/// The parent of each process, where the system has `/proc`.
fn parents() -> BTreeMap<u32, u32> {
    let mut parents = BTreeMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // The name stands in parentheses and may hold anything; then come state and parent.
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1)?.parse().ok());
        if let Some(parent) = parent {
            parents.insert(id, parent);
        }
    }
    parents
}

/// Where a program lies, looked up as a shell does.
pub(crate) fn on_path(name: &str) -> Option<std::path::PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|folder| folder.join(name))
        .find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// A time as people say it: `7 s`, `3 min 05 s`.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", time.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Program {
        let mut program = Program::new("sh");
        program.args(["-c", script]);
        program
    }

    #[test]
    fn lines_are_handed_on_and_the_end_is_told() {
        let mut lines = Vec::new();
        assert!(sh("echo a; printf b").stream(QUIET, |line| lines.push(line.to_owned())).unwrap());
        assert_eq!(lines, ["a", "b"]);
        assert!(!sh("exit 3").stream(QUIET, |_| {}).unwrap());
    }

    #[test]
    fn a_program_beyond_its_limit_is_stopped_with_its_children() {
        let mut child = None;
        let begin = Instant::now();
        let stopped = sh("sleep 600 & echo $!; wait")
            .stream(Duration::from_millis(300), |line| child = line.parse().ok());
        assert!(stopped.unwrap_err().to_string().contains("was stopped"), "it says so");
        assert!(begin.elapsed() < Duration::from_secs(60));
        let child = std::path::PathBuf::from(format!("/proc/{}/cmdline", child.map_or(0, |id: u32| id)));
        while std::fs::read(&child).is_ok_and(|line| !line.is_empty()) {
            assert!(begin.elapsed() < Duration::from_secs(60), "its child still runs");
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_is_left_behind_is_not_waited_for() {
        let begin = Instant::now();
        let mut left = None;
        assert!(sh("sleep 600 & echo $!").stream(QUIET, |line| left = line.parse::<i32>().ok()).unwrap());
        assert!(begin.elapsed() < Duration::from_secs(60));
        let left = rustix::process::Pid::from_raw(left.unwrap()).unwrap();
        rustix::process::kill_process(left, rustix::process::Signal::KILL).unwrap();
    }

    #[test]
    fn standard_error_can_be_overheard() {
        let mut lines = Vec::new();
        assert!(sh("echo out; echo err >&2").overhear(QUIET, |line| lines.push(line.to_owned())).unwrap());
        assert_eq!(lines, ["err"]);
    }

    #[test]
    fn all_that_is_written_is_heard_in_order_and_its_end_too() {
        let (mut lines, begin) = (Vec::new(), Instant::now());
        let ended = sh("echo out; echo err >&2; echo out").all(QUIET, |line| lines.push(line.to_owned()));
        assert!(ended.unwrap());
        assert_eq!(lines, ["out", "err", "out"]);
        assert!(begin.elapsed() < DRAIN, "the pipe's end was waited for");
    }

    #[test]
    fn a_quiet_program_tells_only_how_it_ended() {
        assert_eq!(sh("echo x; exit 0").quiet(QUIET).unwrap(), Some(true));
        assert_eq!(sh("exit 3").quiet(QUIET).unwrap(), Some(false));
        assert_eq!(sh("sleep 600").quiet(Duration::from_millis(100)).unwrap(), None);
    }

    #[test]
    fn times_read_well() {
        assert_eq!(time(Duration::from_millis(1234)), "1.2 s");
        assert_eq!(time(Duration::from_secs(59)), "59 s");
        assert_eq!(time(Duration::from_secs(185)), "3 min 05 s");
    }
}
