//! From a stored request to a change: made once, and read back before it counts.

use std::{collections::BTreeMap, sync::Arc};

use gerrit::{ChangeId, DetailLevel, NewChange, info::ChangeInfo};
use model::{AccountId, Reason, Request, Revision};
use store::{Commit, Expect, Transition, Versioned};

use super::{
    KeptRequest, RequestState,
    kept::{End, Opened},
};
use crate::{EngineError, engine::Engine, entries, gerrits::GerritServer, look::safe_line};

impl Engine {
    /// Makes the change of a request, or finds the one that a try before made.
    ///
    /// # Errors
    /// [`EngineError`]: it is tried again.
    pub(super) async fn open_request(&self, kept: Versioned<KeptRequest>) -> Result<(), EngineError> {
        let request = &kept.value.request;
        let server = Arc::clone(self.server(&request.server)?);
        let writer = AccountId(self.writer_account(&server).await?);
        let number = make(&server, request).await?;
        match read_back(&server, request, number, writer).await? {
            Ok(revision) => {
                let opened = Opened { change: number, revision, writer };
                let next = KeptRequest {
                    state: RequestState::Open { opened },
                    at: self.clock.now(),
                    ..kept.value.clone()
                };
                let mut commit = Commit::new();
                let entry = entries::request(&next);
                commit.push(Transition::recorded(Expect::Version(kept.version), &next, entry)?);
                let report = self.request_opened(&next, number);
                let entry = entries::report(&report);
                commit.push(Transition::recorded(Expect::Absent, &report, entry)?);
                self.store.commit(commit).await?;
                tracing::info!(request = %next.request.id, change = number, "request is a change");
                self.moved();
                self.requests.bell.notify_one();
                Ok(())
            }
            // What stands there isn't what was asked: nobody is to vote on it.
            Err(why) => {
                let reason = Reason {
                    code: "request-not-made".to_owned(),
                    text: format!("Change {number} is not what was asked: {why}"),
                    cure: Some(
                        "ask for it anew; whoever administers the requests project finds out why".to_owned(),
                    ),
                    policy: None,
                    need: model::Need::Final,
                };
                self.end_request(kept, End::Failed, vec![reason], None).await
            }
        }
    }
}

/// The number of the request's change, which is there afterwards.
async fn make(server: &GerritServer, request: &Request) -> Result<u64, EngineError> {
    let unusable = || EngineError::Outside(format!("request {} has no Change-Id", request.id));
    let key = request.change_id().ok_or_else(unusable)?;
    let branch = request.branch.as_str().trim_start_matches("refs/heads/");
    let by_key = ChangeId::by_key(request.project.as_str(), branch, key.as_str());
    let find = || server.writer.change(&by_key, DetailLevel::Brief, None);
    match find().await {
        Ok(found) => return Ok(found.value.number),
        Err(why) if why.class() == gerrit::Class::NotFound => {}
        Err(why) => return Err(server.error(why)),
    }
    let new = NewChange {
        project: request.project.to_string(),
        branch: branch.to_owned(),
        message: message(request, key.as_str()),
        author: None,
        patch: Some(patch(request)),
        base_commit: None,
        topic: None,
        custom_keyed_values: BTreeMap::from([("exq-request".to_owned(), request.id.to_string())]),
    };
    match server.writer.create_change(&new).await {
        Ok(made) => Ok(made.value.number),
        // A try before was taken, and its answer lost.
        Err(gerrit::Error::Conflict { .. }) => {
            Ok(find().await.map_err(|why| server.error(why))?.value.number)
        }
        Err(why) => Err(server.error(why)),
    }
}

/// That the change is ours, and to the byte what was asked: Gerrit makes an empty change of a patch that it doesn't
/// understand. The revision; or what is wrong with it.
async fn read_back(
    server: &GerritServer,
    request: &Request,
    number: u64,
    writer: AccountId,
) -> Result<Result<Revision, String>, EngineError> {
    let id = ChangeId::new(request.project.as_str(), number);
    let read = server.writer.change(&id, DetailLevel::Evidence, None).await;
    let read = read.map_err(|why| server.error(why))?.value;
    let revision = match as_made(&read, request, writer) {
        Ok(revision) => revision,
        Err(why) => return Ok(Err(why)),
    };
    let path = request.path();
    let content = match server.writer.file_content(&id, &revision.to_string(), &path).await {
        Ok(content) => content.value,
        Err(why) if why.class() == gerrit::Class::NotFound => return Ok(Err(format!("it has no {path}"))),
        Err(why) => return Err(server.error(why)),
    };
    if *content != *request.file().as_bytes() {
        return Ok(Err(format!("{path} in it is not what was written")));
    }
    Ok(Ok(revision))
}

fn as_made(read: &ChangeInfo, request: &Request, writer: AccountId) -> Result<Revision, String> {
    if read.owner.id.0 != writer.0 {
        return Err(format!("account {} made it, not our writer", read.owner.id.0));
    }
    if read.branch_ref() != request.branch.as_str() || read.project != request.project.as_str() {
        return Err(format!("it is for {} of {}", read.branch_ref(), read.project));
    }
    let mut revisions = read.revisions.iter();
    let (Some((sha, only)), None) = (revisions.next(), revisions.next()) else {
        return Err(format!("it has {} patch sets", read.revisions.len()));
    };
    if only.uploader.id.0 != writer.0 || only.real_uploader.is_some() {
        return Err(format!("account {} uploaded it", only.uploader.id.0));
    }
    let path = request.path();
    let files: Vec<&str> =
        only.files.keys().map(String::as_str).filter(|name| !name.starts_with('/')).collect();
    if files != [path.as_str()] {
        return Err(format!("it touches {} files, not just {path}", files.len()));
    }
    sha.parse().map_err(|_| "its revision is no commit".to_owned())
}

/// The commit message. What people wrote is indented: no line of it is a footer.
fn message(request: &Request, key: &str) -> String {
    let why: String = request.justification.as_str().lines().map(|line| format!("> {line}\n")).collect();
    let by = safe_line(&request.by.to_string());
    format!(
        "Request: {} in {}\n\n{why}\nRequested-by: {by}\nExequatur-Request: {}\nChange-Id: {key}",
        request.operation, request.environment, request.id
    )
}

/// A patch that adds the request's file.
fn patch(request: &Request) -> String {
    let (path, file) = (request.path(), request.file());
    let lines = file.lines().count();
    let added: String = file.lines().map(|line| format!("+{line}\n")).collect();
    format!(
        "diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{lines} @@\n{added}"
    )
}

#[cfg(test)]
mod tests {
    use model::{Digest, Identity, RequestId, Requester, RequesterKind, Timestamp};

    use super::*;

    fn request(justification: &str) -> Request {
        Request {
            schema: Request::SCHEMA.to_owned(),
            id: RequestId::derive(&[b"1"]),
            server: "main".parse().unwrap(),
            project: "requests".parse().unwrap(),
            branch: "refs/heads/main".parse().unwrap(),
            operation: "shop-restart".parse().unwrap(),
            environment: "prod".parse().unwrap(),
            inputs: BTreeMap::new(),
            justification: justification.parse().unwrap(),
            by: Requester {
                kind: RequesterKind::Person,
                identity: Identity { issuer: "https://idp".into(), subject: "u-1".into() },
                person: None,
                acts_for: None,
                shown: "Al\nCo-authored-by: Rex <rex@example.com>".into(),
            },
            plan: Digest::of(b"plan"),
            configuration: Revision::from_bytes([1; 20]),
            made_at: Timestamp::from_millis(0),
            until: Timestamp::from_millis(1),
        }
    }

    #[test]
    fn no_word_of_who_asks_is_a_footer_or_makes_somebody_an_author() {
        let request =
            request("It hangs\n\nCo-authored-by: Rex <rex@example.com>\nChange-Id: I0\nExequatur-Request: x");
        let message = message(&request, "I0123");
        assert!(evidence::co_authors(&message).is_empty(), "{message}");
        let (_, footers) = message.rsplit_once("\n\n").unwrap();
        let keys: Vec<&str> = footers.lines().map(|line| line.split(": ").next().unwrap()).collect();
        assert_eq!(keys, ["Requested-by", "Exequatur-Request", "Change-Id"], "{message}");
        assert!(message.starts_with("Request: shop-restart in prod\n\n> It hangs\n"), "{message}");
    }

    #[test]
    fn the_patch_adds_each_line_of_the_file_and_nothing_else() {
        let request = request("One line\n\n--- /dev/null\n@@ -1 +1 @@");
        let patch = patch(&request);
        let (head, body) = patch.split_once(" @@\n").unwrap();
        assert!(head.ends_with(&format!("+1,{}", request.file().lines().count())), "{head}");
        let lines: Option<Vec<&str>> = body.lines().map(|line| line.strip_prefix('+')).collect();
        assert_eq!(lines.unwrap().join("\n") + "\n", request.file());
    }
}
