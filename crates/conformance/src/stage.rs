//! What every check needs: a project of its own, people, changes.

use std::path::PathBuf;

use gerrit::info::ChangeInfo;
use gerrit::{ChangeId, Client, ClientConfig, DetailLevel, NewChange, Review};
use realgerrit::Admin;
use realgerrit::provision::password;
use secrecy::SecretString;
use serde_json::{Value, json};

/// A server on which the standard world was provisioned.
pub trait World: Send + Sync {
    /// Its root, with a trailing slash.
    fn url(&self) -> &str;
    /// User name and password of an administrator.
    fn admin(&self) -> (&str, &str);
    /// The bare repository of a project on the server's own disk.
    fn repository(&self, project: &str) -> PathBuf;
}

/// A project of one check, on a server.
pub struct Stage {
    url: String,
    /// The administrator, for what the client under test doesn't do.
    pub admin: Admin,
    /// The project.
    pub project: String,
}

impl Stage {
    /// Makes a project with a `main` branch.
    pub async fn new(world: &dyn World, project: &str) -> Self {
        Self::of_type(world, project, "MERGE_IF_NECESSARY").await
    }

    /// Makes a project with a `main` branch, of that submit type.
    pub async fn of_type(world: &dyn World, project: &str, submit_type: &str) -> Self {
        let (user, secret) = world.admin();
        let admin = Admin::new(world.url(), user, secret);
        let body = json!({"create_empty_commit": true, "branches": ["main"], "submit_type": submit_type});
        admin.call("PUT", &format!("projects/{project}"), Some(&body)).await.unwrap();
        Self { url: world.url().to_owned(), admin, project: project.to_owned() }
    }

    /// On a project that is there already.
    pub fn on(world: &dyn World, project: &str) -> Self {
        let (user, secret) = world.admin();
        let admin = Admin::new(world.url(), user, secret);
        Self { url: world.url().to_owned(), admin, project: project.to_owned() }
    }

    /// The client under test, as one of the provisioned accounts.
    pub fn client(&self, user: &str) -> Client {
        self.client_with(user, &password(user))
    }

    /// The client under test, with any credentials.
    pub fn client_with(&self, user: &str, token: &str) -> Client {
        Client::new(&ClientConfig::new(&self.url, user, SecretString::from(token))).unwrap()
    }

    /// Raw REST as one of the provisioned accounts.
    pub async fn rest(&self, user: &str, method: &str, path: &str, body: &Value) -> Value {
        self.admin.user(user, &password(user)).call(method, path, Some(body)).await.unwrap()
    }

    /// A change that adds one file.
    pub fn new_change(&self, file: &str, text: &str) -> NewChange {
        NewChange {
            project: self.project.clone(),
            branch: "main".into(),
            message: format!("Add {file}"),
            author: None,
            patch: Some(new_file(file, text)),
            base_commit: None,
            topic: None,
            custom_keyed_values: [].into(),
        }
    }

    /// alice makes a change that adds one file.
    pub async fn change(&self, file: &str) -> ChangeInfo {
        let made = self.client("alice").create_change(&self.new_change(file, "one\n")).await.unwrap();
        self.read(made.value.number).await
    }

    /// alice makes a change on top of another.
    pub async fn change_on(&self, base: &ChangeInfo, file: &str) -> ChangeInfo {
        let body = json!({
            "project": self.project, "branch": "main", "subject": format!("Add {file}"),
            "base_change": format!("{}~{}", self.project, base.number), "patch": {"patch": new_file(file, "two\n")},
        });
        let made = self.rest("alice", "POST", "changes/", &body).await;
        self.read(made["_number"].as_u64().unwrap()).await
    }

    /// alice makes another patch set.
    pub async fn amend(&self, change: &ChangeInfo, file: &str, text: &str) -> ChangeInfo {
        let id = format!("changes/{}~{}", self.project, change.number);
        let content = format!("data:text/plain;base64,{}", base64(text.as_bytes()));
        self.rest("alice", "PUT", &format!("{id}/edit/{file}"), &json!({"binary_content": content})).await;
        self.rest("alice", "POST", &format!("{id}/edit:publish"), &json!({"notify": "NONE"})).await;
        self.read(change.number).await
    }

    /// Approves as one of the approvers.
    pub async fn approve(&self, user: &str, change: &ChangeInfo) {
        let review = Review::message("looks good").vote("Code-Review", 2);
        self.client(user).review(&change.into(), "current", &review).await.unwrap();
    }

    /// bob approves and submits.
    pub async fn merge(&self, change: &ChangeInfo) -> ChangeInfo {
        self.approve("bob", change).await;
        let revision = change.current_revision.clone().unwrap();
        self.client("bob").submit_revision(&change.into(), &revision).await.unwrap();
        self.read(change.number).await
    }

    /// Reads a change whole, as the reader.
    pub async fn read(&self, number: u64) -> ChangeInfo {
        let id = ChangeId::new(&self.project, number);
        self.client("exq-reader").change(&id, DetailLevel::Evidence, None).await.unwrap().value
    }
}

/// A patch that adds a file.
pub fn new_file(path: &str, text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let added: String = lines.iter().map(|line| format!("+{line}\n")).collect();
    format!(
        "diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{} @@\n{added}",
        lines.len()
    )
}

/// Base64, which only the edit of a file needs.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * place) & 63) as usize];
            out.push(if place > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_padded() {
        for (text, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }
}
