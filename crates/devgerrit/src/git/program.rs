//! The git program: the only place that starts processes.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::{GitError, Repo};

/// A git command with nothing of the caller's environment but the search path.
#[expect(clippy::disallowed_methods, reason = "a development server; git is the one program that it runs")]
fn git(dir: &Path) -> Command {
    let mut command = Command::new("git");
    command.env_clear();
    for name in ["PATH", "LANG"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", dir).current_dir(dir);
    command
}

fn run(command: Command, input: &[u8], what: &str) -> Result<(i32, Vec<u8>), GitError> {
    let output = output(command, input, what)?;
    match output.status.code() {
        Some(code) if (0..128).contains(&code) => Ok((code, output.stdout)),
        _ => Err(program_error(what, &output.stderr)),
    }
}

fn output(mut command: Command, input: &[u8], what: &str) -> Result<Output, GitError> {
    let failed = |source| GitError::io(format!("git {what}"), source);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(failed)?;
    let stdin = child.stdin.take();
    std::thread::scope(|scope| {
        // fed from a thread of its own: git may write before it has read everything
        scope.spawn(move || stdin.map(|mut pipe| pipe.write_all(input)));
        child.wait_with_output()
    })
    .map_err(failed)
}

fn program_error(what: &str, stderr: &[u8]) -> GitError {
    let stderr = String::from_utf8_lossy(stderr).chars().take(500).collect();
    GitError::Program { command: what.to_owned(), stderr }
}

/// Serves one request of `git-upload-pack` over smart HTTP (gitprotocol-http). `protocol` is the client's
/// `Git-Protocol` header; `hidden` are ref names or prefixes that this client must not see.
pub(crate) fn upload_pack(
    repo: &Repo,
    advertise: bool,
    protocol: Option<&str>,
    hidden: &[String],
    request: &[u8],
) -> Result<Vec<u8>, GitError> {
    let mut command = git(repo.dir());
    let mut settings = vec![("uploadpack.allowReachableSHA1InWant".to_owned(), "true".to_owned())];
    settings.extend(hidden.iter().map(|name| ("uploadpack.hideRefs".to_owned(), name.clone())));
    command.env("GIT_CONFIG_COUNT", settings.len().to_string());
    for (n, (key, value)) in settings.iter().enumerate() {
        command.env(format!("GIT_CONFIG_KEY_{n}"), key).env(format!("GIT_CONFIG_VALUE_{n}"), value);
    }
    if let Some(protocol) = protocol {
        command.env("GIT_PROTOCOL", protocol);
    }
    command.args(["upload-pack", "--stateless-rpc"]);
    if advertise {
        command.arg("--http-backend-info-refs");
    }
    command.arg(".");
    let output = output(command, request, "upload-pack")?;
    // a client that hangs up early is no error of ours, and one that wants what isn't there was told so in the answer
    match output.status.code() {
        Some(code) if code < 128 || !output.stdout.is_empty() => Ok(output.stdout),
        _ => Err(program_error("upload-pack", &output.stderr)),
    }
}

/// Unpacks a pushed pack into loose objects.
pub(crate) fn unpack_objects(repo: &Repo, pack: &[u8]) -> Result<(), GitError> {
    let mut command = git(repo.dir());
    command.args(["unpack-objects", "-q", "--strict"]);
    match run(command, pack, "unpack-objects")? {
        (0, _) => Ok(()),
        (_, out) => Err(program_error("unpack-objects", &out)),
    }
}

/// Joins the lines of two versions; `None` if they conflict.
pub(crate) fn merge_file(
    repo: &Repo,
    base: &[u8],
    ours: &[u8],
    theirs: &[u8],
) -> Result<Option<Vec<u8>>, GitError> {
    let folder = repo.dir().join("merge.tmp");
    let failed = |source| GitError::io("git merge-file", source);
    fs::create_dir_all(&folder).map_err(failed)?;
    for (name, bytes) in [("ours", ours), ("base", base), ("theirs", theirs)] {
        fs::write(folder.join(name), bytes).map_err(failed)?;
    }
    let mut command = git(&folder);
    command.args(["merge-file", "-p", "-q", "ours", "base", "theirs"]);
    let result = run(command, &[], "merge-file");
    fs::remove_dir_all(&folder).map_err(failed)?;
    match result? {
        (0, bytes) => Ok(Some(bytes)),
        _ => Ok(None),
    }
}
