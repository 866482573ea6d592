//! A site with people, projects and rules, and the hands to play on it: HTTP, git, and a look into the repositories.
//! It speaks nothing but the wire, so the same plays could run against the real server.
#![allow(dead_code, reason = "each test file uses its part")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use devgerrit::{DevGerrit, Options};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A running site. The password of NAME is NAME-pw.
pub(crate) struct Site {
    pub(crate) gerrit: DevGerrit,
    pub(crate) dir: TempDir,
    work: TempDir,
}

/// An answer: status and body, JSON without its prefix.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        let body =
            self.text.strip_prefix(")]}'\n").unwrap_or_else(|| panic!("no JSON prefix: {}", self.text));
        serde_json::from_str(body).expect("JSON")
    }
}

impl Site {
    /// People `alice`, `bob`, `carol` and `bot`; `bob` approves; `app` and `lib` want four eyes.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let dir = tempfile::tempdir().expect("folder");
        let mut options = Options::new(dir.path(), "secret");
        change(&mut options);
        let gerrit = DevGerrit::start(options).await.expect("start");
        let site = Self { gerrit, dir, work: tempfile::tempdir().expect("folder") };
        site.provision();
        site
    }

    fn provision(&self) {
        for name in ["alice", "bob", "carol", "bot"] {
            let body = json!({"name": name, "email": format!("{name}@example.com"), "http_password": format!("{name}-pw")});
            self.made("PUT", &format!("/accounts/{name}"), &body);
        }
        let admins = self.get("admin", "/groups/Administrators")["id"].clone();
        for (group, member) in [("approvers", "bob"), ("service", "bot")] {
            let body = json!({"members": [member], "owner_id": admins, "visible_to_all": true});
            self.made("PUT", &format!("/groups/{group}"), &body);
        }
        let deployed = json!({"function": "NoOp", "values": {" 0": "No", "+1": "Rolled out"}});
        self.made("PUT", "/projects/All-Projects/labels/Deployed", &deployed);
        let rule = |extra: Value| {
            let mut rule = json!({"action": "ALLOW"});
            rule.as_object_mut().expect("object").extend(extra.as_object().expect("object").clone());
            rule
        };
        let votes = |label: &str, group: &str, min: i32, max: i32| json!({"label": label, "rules": {group: rule(json!({"min": min, "max": max}))}});
        let allow = |groups: &[&str]| {
            let rules: serde_json::Map<_, _> =
                groups.iter().map(|g| ((*g).to_owned(), rule(json!({})))).collect();
            json!({"rules": rules})
        };
        let everybody = "global:Registered-Users";
        let access = json!({"add": {"refs/heads/*": {"permissions": {
            "label-Code-Review": votes("Code-Review", "approvers", -2, 2),
            "labelAs-Code-Review": votes("Code-Review", everybody, -2, 2),
            "label-Deployed": votes("Deployed", "service", 0, 1),
            "submit": allow(&["approvers", "service"]),
            "editHashtags": allow(&["service"]),
            "revert": allow(&["service"]),
        }}}});
        self.made("POST", "/projects/All-Projects/access", &access);
        for project in ["app", "lib"] {
            self.project(project, "MERGE_IF_NECESSARY");
            let four = json!({"name": "Four-Eyes", "submittability_expression": "label:Code-Review=MAX,user=non_contributor"});
            self.made("PUT", &format!("/projects/{project}/submit_requirements/Four-Eyes"), &four);
        }
    }

    /// A project with an empty first commit on `main`.
    pub(crate) fn project(&self, name: &str, submit_type: &str) {
        let body = json!({"create_empty_commit": true, "branches": ["main"], "submit_type": submit_type});
        self.made("PUT", &format!("/projects/{name}"), &body);
    }

    /// Gives a permission on a ref pattern of one project to everybody.
    pub(crate) fn allow(&self, project: &str, section: &str, permission: &str) {
        let rules = json!({"global:Registered-Users": {"action": "ALLOW", "force": false}});
        let body = json!({"add": {section: {"permissions": {permission: {"rules": rules}}}}});
        self.made("POST", &format!("/projects/{project}/access"), &body);
    }

    /// What an administrator does, and what must work.
    pub(crate) fn made(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.call("admin", method, path, Some(body));
        assert!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.text);
        if answer.text.is_empty() { Value::Null } else { answer.json() }
    }

    pub(crate) fn get(&self, user: &str, path: &str) -> Value {
        let answer = self.call(user, "GET", path, None);
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.text);
        answer.json()
    }

    pub(crate) fn post(&self, user: &str, path: &str, body: Value) -> Answer {
        self.call(user, "POST", path, Some(&body))
    }

    pub(crate) fn call(&self, user: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let secret = if user == "admin" { "secret".to_owned() } else { format!("{user}-pw") };
        let login = STANDARD.encode(format!("{user}:{secret}"));
        let body = body.map(ToString::to_string).unwrap_or_default();
        let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let head = format!("Authorization: Basic {login}\r\n{kind}");
        raw(self.gerrit.url(), method, &format!("/a{path}"), &head, &body)
    }

    // ------------------------------------------------------------------ plays

    /// A clone of a project by a user, at the newest `main`.
    pub(crate) fn clone(&self, user: &str, project: &str) -> Clone {
        let dir = self.work.path().join(format!("{user}-{project}"));
        let url = self.gerrit.url().replace("http://", &format!("http://{user}:{user}-pw@"));
        let target = dir.to_string_lossy().into_owned();
        git(self.work.path(), &["clone", "-q", &format!("{url}/a/{project}"), &target]);
        git(&dir, &["config", "user.name", user]);
        git(&dir, &["config", "user.email", &format!("{user}@example.com")]);
        Clone { dir, user: user.to_owned() }
    }

    pub(crate) fn vote(&self, user: &str, change: &str, label: &str, value: i32) {
        let answer = self.review(user, change, json!({"labels": {label: value}}));
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.json()["labels"][label], value, "the vote must be taken");
    }

    pub(crate) fn review(&self, user: &str, change: &str, body: Value) -> Answer {
        self.post(user, &format!("/changes/{change}/revisions/current/review"), body)
    }

    pub(crate) fn submit(&self, user: &str, change: &str) -> Answer {
        self.post(user, &format!("/changes/{change}/submit"), json!({}))
    }

    pub(crate) fn change(&self, change: &str) -> Value {
        let options = "o=ALL_REVISIONS&o=ALL_COMMITS&o=DETAILED_LABELS&o=SUBMIT_REQUIREMENTS&o=MESSAGES";
        self.get("admin", &format!("/changes/{change}?{options}"))
    }

    // ------------------------------------------------------------ NoteDb, read by git

    /// The messages of a change's history, oldest first.
    pub(crate) fn history(&self, change: &str) -> Vec<String> {
        let (project, number) = split(change);
        let name = format!("refs/changes/{:02}/{number}/meta", number % 100);
        let repository = self.gerrit.repository(&project);
        let ids = git(&repository, &["rev-list", "--reverse", &name]);
        ids.lines().map(|id| git(&repository, &["cat-file", "commit", id])).collect()
    }

    /// The note beside a change's history for one patch set's commit.
    pub(crate) fn note(&self, change: &str, commit: &str) -> Value {
        let (project, number) = split(change);
        let name = format!("refs/changes/{:02}/{number}/meta:{commit}", number % 100);
        serde_json::from_str(&git(&self.gerrit.repository(&project), &["show", &name])).expect("JSON")
    }

    pub(crate) fn in_repository(&self, project: &str, arguments: &[&str]) -> String {
        git(&self.gerrit.repository(project), arguments)
    }
}

fn split(change: &str) -> (String, u32) {
    let (project, number) = change.split_once('~').expect("project~number");
    (project.to_owned(), number.parse().expect("number"))
}

/// One HTTP request, without keeping the connection.
pub(crate) fn raw(url: &str, method: &str, path: &str, head: &str, body: &str) -> Answer {
    let authority = url.strip_prefix("http://").expect("http");
    let mut stream = TcpStream::connect(authority).expect("connect");
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n{head}Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("send");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("receive");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, text) = answer.split_once("\r\n\r\n").expect("head and body");
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("status");
    Answer { status, head: head.to_owned(), text: text.to_owned() }
}

/// A user's clone.
pub(crate) struct Clone {
    pub(crate) dir: PathBuf,
    user: String,
}

/// What a push said.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub(crate) ok: bool,
    pub(crate) said: String,
}

impl Pushed {
    /// `project~number` of the changes that the server listed, in order.
    pub(crate) fn changes(&self) -> Vec<String> {
        let urls = self.said.split_whitespace().filter_map(|word| word.split_once("/c/"));
        urls.map(|(_, tail)| tail.replace("/+/", "~")).collect()
    }

    pub(crate) fn change(&self) -> String {
        assert!(self.ok, "{}", self.said);
        self.changes().first().expect("a change").clone()
    }
}

impl Clone {
    /// Commits one file; the Change-Id is made of `key`.
    pub(crate) fn commit(&self, path: &str, content: &str, message: &str, key: &str) -> String {
        self.write(path, content);
        let id = format!("I{:0>40}", key.bytes().map(|b| format!("{b:02x}")).collect::<String>());
        self.git(&["commit", "-q", "-m", &format!("{message}\n\nChange-Id: {id}")]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        std::fs::write(self.dir.join(path), content).expect("write");
        self.git(&["add", path]);
    }

    pub(crate) fn amend(&self, path: &str, content: &str) -> String {
        self.write(path, content);
        self.git(&["commit", "-q", "--amend", "--no-edit"]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub(crate) fn reset(&self, to: &str) {
        self.git(&["reset", "-q", "--hard", to]);
    }

    pub(crate) fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    pub(crate) fn push(&self, spec: &str) -> Pushed {
        let output = run(&self.dir, &["push", "origin", spec]);
        Pushed { ok: output.status.success(), said: String::from_utf8_lossy(&output.stderr).into_owned() }
    }

    /// Pushes `HEAD` for review and gives `project~number`.
    pub(crate) fn review(&self) -> String {
        self.push("HEAD:refs/for/main").change()
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        git(&self.dir, arguments)
    }

    pub(crate) fn user(&self) -> &str {
        &self.user
    }
}

#[expect(clippy::disallowed_methods, reason = "the tests look into repositories with git itself")]
fn run(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("git");
    command.current_dir(dir).args(arguments).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", dir);
    command.env("GIT_TERMINAL_PROMPT", "0").output().expect("git")
}

pub(crate) fn git(dir: &Path, arguments: &[&str]) -> String {
    let output = run(dir, arguments);
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}
