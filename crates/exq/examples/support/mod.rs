//! What the benches of the server share: the program as it is shipped, and figures.
#![allow(dead_code, reason = "each bench uses its part")]

pub(crate) mod corpus;
pub(crate) mod relay;

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, bail};
use serde_json::Value;

/// No wait is longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Builds `exq` as it is shipped, and says where it lies. `EXQ_BENCH_PROGRAM` names another one, such as an older build.
pub(crate) fn shipped() -> anyhow::Result<PathBuf> {
    if let Some(program) = std::env::var_os("EXQ_BENCH_PROGRAM") {
        eprintln!("measures {}", Path::new(&program).display());
        return Ok(program.into());
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--profile", "dist", "--package", "exq", "--no-default-features", "--bin", "exq"]);
    let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).stdout(Stdio::null()).status()?;
    if !built.success() {
        bail!("exq can't be built");
    }
    Ok(beside()?.join("exq"))
}

/// The profile's folder, in which this program lies too: `dist/examples/bench_x`.
fn beside() -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe()?;
    Ok(here.parent().and_then(Path::parent).context("no folder")?.to_owned())
}

/// A folder that goes with the value, on the disk of the build and not in memory: what is synced there is synced.
pub(crate) fn folder() -> anyhow::Result<tempfile::TempDir> {
    Ok(tempfile::Builder::new().prefix("bench-").tempdir_in(beside()?)?)
}

/// One line of the server's log.
pub(crate) struct Line {
    /// What the server's clock said, in microseconds since 1970.
    pub(crate) at_us: i64,
    /// The message.
    pub(crate) message: String,
    /// Everything.
    pub(crate) all: Value,
}

/// `exq serve`, running. It ends with the value.
pub(crate) struct Serve {
    child: Child,
    lines: Receiver<Line>,
    /// From its start until it said that it listens.
    pub(crate) ready: Duration,
}

impl Serve {
    /// Starts it, and waits until it listens.
    pub(crate) fn start(exq: &Path, config: &Path) -> anyhow::Result<Self> {
        let begin = Instant::now();
        let mut child = Command::new(exq)
            .args(["--config".as_ref(), config.as_os_str(), "serve".as_ref(), "--log-json".as_ref()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} can't be started", exq.display()))?;
        let said = BufReader::new(child.stdout.take().context("no output")?);
        let log = BufReader::new(child.stderr.take().context("no log")?);
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for text in log.lines().map_while(Result::ok) {
                match Line::read(&text) {
                    Some(line) => {
                        if line.is("WARN") || line.is("ERROR") {
                            eprintln!("exq: {text}");
                        }
                        if send.send(line).is_err() {
                            return;
                        }
                    }
                    None => eprintln!("exq: {text}"),
                }
            }
        });
        let mut said = said.lines();
        let first = said.next().transpose()?.unwrap_or_default();
        let ready = begin.elapsed();
        // It may go on talking.
        std::thread::spawn(move || said.map_while(Result::ok).for_each(drop));
        let serve = Self { child, lines, ready };
        if !first.starts_with("listening on ") {
            bail!("exq serve did not start");
        }
        Ok(serve)
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// A field of `/proc/PID/status`, in KiB.
    pub(crate) fn memory_kib(&self, field: &str) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let value = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        let number = value.and_then(|text| text.split_whitespace().next()).context("no such field")?;
        Ok(number.parse()?)
    }

    /// Waits for a line; lines before it are dropped.
    pub(crate) fn wait(&self, message: &str) -> anyhow::Result<Line> {
        self.wait_noting(message, |_| ())
    }

    /// Waits for a line, and shows those on the way.
    pub(crate) fn wait_noting(&self, message: &str, mut note: impl FnMut(&Line)) -> anyhow::Result<Line> {
        let begin = Instant::now();
        loop {
            let left = PATIENCE.saturating_sub(begin.elapsed());
            match self.lines.recv_timeout(left) {
                Ok(line) if line.message == message => return Ok(line),
                Ok(line) => note(&line),
                Err(RecvTimeoutError::Timeout) => bail!("exq did not say {message:?} within {PATIENCE:?}"),
                Err(RecvTimeoutError::Disconnected) => bail!("exq is gone, and did not say {message:?}"),
            }
        }
    }

    /// What was said until now.
    pub(crate) fn said(&self) -> Vec<Line> {
        self.lines.try_iter().collect()
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Line {
    fn read(text: &str) -> Option<Self> {
        let all: Value = serde_json::from_str(text).ok()?;
        let at: jiff::Timestamp = all.get("timestamp")?.as_str()?.parse().ok()?;
        let message = all.pointer("/fields/message")?.as_str()?.to_owned();
        Some(Self { at_us: at.as_microsecond(), message, all })
    }

    fn is(&self, level: &str) -> bool {
        self.all.get("level").and_then(Value::as_str) == Some(level)
    }
}

/// Microseconds since 1970.
pub(crate) fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// The value below which this part of them lies.
pub(crate) fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let at = (sorted.len().saturating_sub(1) as f64 * part).round() as usize;
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

/// Ours and theirs, round by round.
#[derive(Default)]
pub(crate) struct Rounds {
    ours: Vec<Vec<f64>>,
    theirs: Vec<Vec<f64>>,
}

impl Rounds {
    pub(crate) fn push(&mut self, ours: Vec<f64>, theirs: Vec<f64>) {
        self.ours.push(ours);
        self.theirs.push(theirs);
    }

    /// One figure: this quantile of all rounds; the spread is that of the rounds' own.
    pub(crate) fn print(&self, bench: &str, peer: &str, unit: &str, part: f64) {
        let all = |rounds: &[Vec<f64>]| rounds.iter().flatten().copied().collect::<Vec<_>>();
        let (ours, theirs) = (all(&self.ours), all(&self.theirs));
        let each: Vec<f64> = self.ours.iter().map(|round| quantile(round, part)).collect();
        let n = ours.len();
        let (ours, theirs) = (quantile(&ours, part), quantile(&theirs, part));
        let spread = (quantile(&each, 1.0) - quantile(&each, 0.0)) / ours;
        println!(
            "{}",
            serde_json::json!({
                "bench": bench, "ours": three(ours), "peer": peer, "theirs": three(theirs), "ratio": three(ours / theirs),
                "spread": three(spread), "unit": unit, "n": n,
            })
        );
    }
}

/// One figure that has no peer, of a value per round.
pub(crate) fn print_alone(bench: &str, unit: &str, rounds: &[f64]) {
    let ours = quantile(rounds, 0.5);
    let spread = (quantile(rounds, 1.0) - quantile(rounds, 0.0)) / ours;
    println!(
        "{}",
        serde_json::json!({"bench": bench, "ours": three(ours), "spread": three(spread), "unit": unit, "n": rounds.len()})
    );
}

fn three(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
