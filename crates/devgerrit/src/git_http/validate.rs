//! What a pushed commit must be before it becomes a change.

use crate::git::{Commit, commit};
use crate::world::World;
use crate::world::accounts::Caller;

use super::receive::{Refused, Told};

fn good_key(key: &str) -> bool {
    let hex = key.strip_prefix('I').unwrap_or("");
    hex.len() == 40 && hex.chars().all(|c| c.is_ascii_hexdigit()) && hex.chars().any(|c| c != '0')
}

impl World {
    /// Author, committer and Change-Id of a commit for review.
    pub(crate) fn validate(
        &self,
        caller: Caller,
        project: &str,
        branch: &str,
        made: &Commit,
        told: &mut Told,
    ) -> Result<(), Refused> {
        self.validate_people(caller, project, branch, made, told)?;
        let short = made.id.short();
        match commit::change_ids(&made.message).as_slice() {
            [key] if good_key(key) => Ok(()),
            [] => {
                told.after.push(format!("ERROR: commit {short}: missing Change-Id in message footer"));
                told.after.extend(self.hook_hint());
                Err(format!("commit {short}: missing Change-Id in message footer"))
            }
            [_] => {
                told.after
                    .push(format!("ERROR: commit {short}: invalid Change-Id line format in message footer"));
                Err(format!("commit {short}: invalid Change-Id line format in message footer"))
            }
            _ => {
                told.after.push(format!("ERROR: commit {short}: multiple Change-Id lines in message footer"));
                Err(format!("commit {short}: multiple Change-Id lines in message footer"))
            }
        }
    }

    /// A foreign author or committer needs the right to forge one.
    pub(crate) fn validate_people(
        &self,
        caller: Caller,
        project: &str,
        branch: &str,
        made: &Commit,
        told: &mut Told,
    ) -> Result<(), Refused> {
        let account = caller.account.and_then(|id| self.account(id));
        let mine =
            |email: &str| account.is_some_and(|a| a.emails.iter().any(|e| e.eq_ignore_ascii_case(email)));
        for (role, permission, ident) in
            [("author", "forgeAuthor", &made.author), ("committer", "forgeCommitter", &made.committer)]
        {
            if mine(&ident.email) || self.can(caller, project, branch, permission) {
                continue;
            }
            let short = made.id.short();
            told.after.push(format!(
                "ERROR: commit {short}: email address {} is not registered in your account, and you lack 'forge \
                 {role}' permission.",
                ident.email
            ));
            told.after.push("The following addresses are currently registered:".to_owned());
            told.after.extend(account.into_iter().flat_map(|a| &a.emails).map(|email| format!("   {email}")));
            told.after.push("To register an email address, visit:".to_owned());
            told.after.push(format!("{}/settings#EmailAddresses", self.url));
            told.after.extend([String::new(), String::new()]);
            return Err(format!("commit {short}: invalid {role}"));
        }
        Ok(())
    }

    fn hook_hint(&self) -> Vec<String> {
        let url = &self.url;
        [
            String::new(),
            "Hint: to automatically insert a Change-Id, install the hook:".to_owned(),
            format!(
                "  f=\"$(git rev-parse --git-dir)/hooks/commit-msg\"; curl -o \"$f\" {url}/tools/hooks/commit-msg ; \
                 chmod +x \"$f\""
            ),
            "and then amend the commit:".to_owned(),
            "  git commit --amend --no-edit".to_owned(),
            "Finally, push your changes again".to_owned(),
            String::new(),
        ]
        .to_vec()
    }
}
