//! What only who sits at the server's disk can do to a change's history: migrations, old servers, damage.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Play;

impl Play {
    /// Writes the last commit of a change's history anew, with another message.
    pub fn amend_history(&self, number: u64, message: impl Fn(&str) -> String) {
        let (tip, (head, text)) = (self.history_tip(number), self.history_commit(number, "^{commit}"));
        let made = self.hash(&format!("{head}\n\n{}", message(&text)));
        self.move_history(number, &made, &tip);
    }

    /// Puts a commit of an account before the last one of a change's history; without a server, of the change's own.
    pub fn insert_history(&self, number: u64, account: u64, server: Option<&str>, footers: &str) {
        let tip = self.history_tip(number);
        let (last_head, last_text) = self.history_commit(number, "^{commit}");
        let (head, _) = self.history_commit(number, "~1^{commit}");
        let line =
            |head: &str, key: &str| head.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
        let author = line(&last_head, "author ");
        let own = author.rsplit_once('@').unwrap().1.split_once('>').unwrap().0;
        let when = author.rsplit_once("> ").unwrap().1;
        let parent = self.git(&["rev-parse", &format!("{tip}~1")], "");
        let ident = format!("Gerrit User {account} <{account}@{}>", server.unwrap_or(own));
        let inserted = self.hash(&format!(
            "{}\nparent {parent}\nauthor {ident} {when}\n{}\n\nUpdate patch set 1\n\n{footers}",
            line(&head, "tree "),
            line(&last_head, "committer "),
        ));
        let last = last_head.replacen(&format!("parent {parent}"), &format!("parent {inserted}"), 1);
        let made = self.hash(&format!("{last}\n\n{last_text}"));
        self.move_history(number, &made, &tip);
    }

    fn history_ref(number: u64) -> String {
        notedb::meta_ref(number)
    }

    fn history_tip(&self, number: u64) -> String {
        self.git(&["rev-parse", &Self::history_ref(number)], "")
    }

    /// Head and message of a commit of the history.
    fn history_commit(&self, number: u64, which: &str) -> (String, String) {
        let name = format!("{}{which}", Self::history_ref(number));
        let whole = self.git_raw(&["cat-file", "commit", &name], "");
        let (head, text) = whole.split_once("\n\n").unwrap();
        (head.to_owned(), text.to_owned())
    }

    fn hash(&self, commit: &str) -> String {
        self.git(&["hash-object", "-t", "commit", "-w", "--stdin"], commit)
    }

    fn move_history(&self, number: u64, to: &str, from: &str) {
        self.git(&["update-ref", &Self::history_ref(number), to, from], "");
    }

    fn git(&self, arguments: &[&str], input: &str) -> String {
        self.git_raw(arguments, input).trim_end().to_owned()
    }

    fn git_raw(&self, arguments: &[&str], input: &str) -> String {
        run(&self.repository, arguments, input)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "plays write to the server's disk as an administrator does: with git"
)]
fn run(repository: &Path, arguments: &[&str], input: &str) -> String {
    use std::io::Write as _;
    let mut command = Command::new("git");
    command.arg("--git-dir").arg(repository).args(arguments).env("GIT_CONFIG_NOSYSTEM", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
