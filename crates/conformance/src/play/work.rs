//! A working folder: commits made to measure, and pushes by anybody.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::path::Path;
use std::process::{Command, Output};

use realgerrit::provision::password;
use tempfile::TempDir;

/// A commit to be made.
#[derive(Clone, Debug)]
pub struct Commit {
    author: String,
    committer: String,
    file: String,
    text: String,
    body: String,
    parents: Vec<String>,
    key: String,
    plain: bool,
}

impl Commit {
    /// By a user, of one file; it needs at least one parent.
    pub fn new(user: &str, file: &str) -> Self {
        let address = format!("{user}@example.com");
        Self {
            author: address.clone(),
            committer: address,
            file: file.into(),
            text: "one\n".into(),
            body: String::new(),
            parents: Vec::new(),
            key: file.into(),
            plain: false,
        }
    }

    /// On top of this commit; the second call makes it a merge.
    #[must_use]
    pub fn on(mut self, parent: &str) -> Self {
        self.parents.push(parent.into());
        self
    }

    /// Another content.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.text = text.into();
        self
    }

    /// Another author's address.
    #[must_use]
    pub fn author(mut self, address: &str) -> Self {
        self.author = address.into();
        self
    }

    /// Another committer's address.
    #[must_use]
    pub fn committer(mut self, address: &str) -> Self {
        self.committer = address.into();
        self
    }

    /// A line above the footers' end, such as `Co-authored-by: …`.
    #[must_use]
    pub fn footer(mut self, line: &str) -> Self {
        self.body.push_str(line);
        self.body.push('\n');
        self
    }

    /// The same change as the one that was made for that file.
    #[must_use]
    pub fn key(mut self, file: &str) -> Self {
        self.key = file.into();
        self
    }

    /// Without a Change-Id: never seen by review.
    #[must_use]
    pub const fn plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// Of no file: a merge that adds nothing.
    #[must_use]
    pub fn nothing_more(mut self) -> Self {
        self.file.clear();
        self
    }
}

/// What a push said.
#[derive(Debug)]
pub struct Pushed {
    ok: bool,
    said: String,
}

impl Pushed {
    /// It must have worked.
    pub fn done(&self) {
        assert!(self.ok, "{}", self.said);
    }

    /// The number of the last change that it made or changed.
    pub fn change(&self) -> u64 {
        self.done();
        let mut numbers =
            self.said.split_whitespace().filter_map(|word| word.rsplit_once("/+/")?.1.parse().ok());
        numbers.next_back().unwrap_or_else(|| panic!("no change: {}", self.said))
    }
}

/// A clone of one project.
pub struct Work {
    dir: TempDir,
    url: String,
    project: String,
}

impl Work {
    /// A folder that fetches and pushes there.
    pub fn clone(url: &str, project: &str) -> Self {
        let work =
            Self { dir: tempfile::tempdir().unwrap(), url: url.to_owned(), project: project.to_owned() };
        work.git(&["init", "-q"]);
        work
    }

    fn remote(&self, user: &str) -> String {
        let rest = self.url.strip_prefix("http://").unwrap();
        format!("http://{user}:{}@{rest}a/{}", password(user), self.project)
    }

    /// Where a branch is on the server.
    pub fn head(&self, branch: &str) -> String {
        self.git(&["fetch", "-q", &self.remote("alice"), &format!("refs/heads/{branch}")]);
        self.git(&["rev-parse", "FETCH_HEAD"])
    }

    /// Brings a commit of the server here.
    pub fn fetch(&self, commit: &str) {
        self.git(&["fetch", "-q", &self.remote("alice"), commit]);
    }

    /// Makes a commit.
    pub fn commit(&self, what: &Commit) -> String {
        let [first, others @ ..] = what.parents.as_slice() else { panic!("a commit needs a parent") };
        self.git(&["checkout", "-q", "-f", "--detach", first]);
        for other in others {
            self.git(&["merge", "-q", "--no-ff", "--no-commit", other]);
        }
        if !what.file.is_empty() {
            let path = self.dir.path().join(&what.file);
            std::fs::write(path, &what.text).unwrap();
            self.git(&["add", &what.file]);
        }
        let subject = if what.file.is_empty() { "Merge" } else { &what.file };
        let key =
            if what.plain { String::new() } else { format!("Change-Id: {}\n", self.change_id(&what.key)) };
        let gap = if what.body.is_empty() && what.plain { "" } else { "\n" };
        let message = format!("{subject}\n{gap}{}{key}", what.body);
        let name = |address: &str| address.split('@').next().unwrap_or_default().to_owned();
        let people = [
            ("GIT_AUTHOR_NAME", name(&what.author)),
            ("GIT_AUTHOR_EMAIL", what.author.clone()),
            ("GIT_COMMITTER_NAME", name(&what.committer)),
            ("GIT_COMMITTER_EMAIL", what.committer.clone()),
        ];
        let output = run(self.dir.path(), &["commit", "-q", "--allow-empty", "-m", &message], &people);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.git(&["rev-parse", "HEAD"])
    }

    fn change_id(&self, key: &str) -> String {
        let part = |salt: u8| {
            let mut hasher = DefaultHasher::new();
            (salt, &self.project, key).hash(&mut hasher);
            hasher.finish()
        };
        format!("I{:016x}{:016x}{:08x}", part(0), part(1), part(2) >> 32)
    }

    /// Pushes one refspec, by force where that is needed.
    pub fn push(&self, user: &str, refspec: &str) -> Pushed {
        let output = run(self.dir.path(), &["push", "--force", &self.remote(user), refspec], &[]);
        Pushed { ok: output.status.success(), said: String::from_utf8_lossy(&output.stderr).into_owned() }
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = run(self.dir.path(), arguments, &[]);
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }
}

#[expect(clippy::disallowed_methods, reason = "plays push as people do: with git itself")]
fn run(dir: &Path, arguments: &[&str], more: &[(&str, String)]) -> Output {
    let mut command = Command::new("git");
    command.current_dir(dir).args(arguments).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", dir);
    for role in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{role}_NAME"), "nobody")
            .env(format!("GIT_{role}_EMAIL"), "nobody@example.com");
    }
    command.envs(more.iter().map(|(key, value)| (key, value)));
    command.env("GIT_TERMINAL_PROMPT", "0").output().unwrap()
}
