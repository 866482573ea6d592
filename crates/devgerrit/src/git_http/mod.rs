//! Git over smart HTTP. Fetching is git's own `upload-pack`; pushing is read and answered here, because a push to
//! `refs/for/…` moves no such ref: it makes changes.

pub(crate) mod commands;
pub(crate) mod direct;
pub(crate) mod magic;
pub(crate) mod pkt;
pub(crate) mod receive;
pub(crate) mod upload_options;
pub(crate) mod validate;

use std::collections::BTreeMap;

use crate::git::{Oid, Repo};
use crate::refusal::Refusal;
use crate::world::World;
use crate::world::accounts::Caller;

/// What is asked of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Upload,
    Receive,
}

/// A request for git, found by its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GitPath {
    pub(crate) project: String,
    pub(crate) service: Service,
    /// The advertisement (`info/refs`), or the exchange itself.
    pub(crate) advertise: bool,
}

/// Takes a path (without `/a`) and query apart; `None` if it is not git's.
pub(crate) fn path(path: &str, query: &str) -> Option<GitPath> {
    let plain = crate::rest::input::decode(path.trim_start_matches('/'), false);
    let (project, tail) = if let Some(project) = plain.strip_suffix("/info/refs") {
        (project, "info/refs")
    } else {
        plain.rsplit_once('/')?
    };
    let service = |name: &str| match name {
        "git-upload-pack" => Some(Service::Upload),
        "git-receive-pack" => Some(Service::Receive),
        _ => None,
    };
    let (service, advertise) = match tail {
        "info/refs" => (query.split('&').find_map(|part| service(part.strip_prefix("service=")?))?, true),
        other => (service(other)?, false),
    };
    let project = project.strip_suffix(".git").unwrap_or(project).to_owned();
    Some(GitPath { project, service, advertise })
}

impl World {
    /// The refs that a caller may see, by name.
    pub(crate) fn visible_refs(&self, caller: Caller, project: &str, repo: &Repo) -> BTreeMap<String, Oid> {
        let mut refs = repo.references("refs/");
        refs.retain(|name, _| self.sees_ref(caller, project, name));
        refs
    }

    fn sees_ref(&self, caller: Caller, project: &str, name: &str) -> bool {
        if let Some(rest) = name.strip_prefix("refs/changes/") {
            let number = rest.split('/').nth(1).and_then(|n| n.parse().ok());
            let change = number.and_then(|n: u32| self.change(n));
            // a right to read all refs shows private changes too: git asks for refs, not for changes
            let everything = self.can(caller, project, "refs/", "read");
            return everything || change.is_some_and(|change| self.sees_change(caller, &change));
        }
        if name.starts_with("refs/sequences/") {
            return false;
        }
        if let Some((_, number)) = crate::rest::changes::edit::of_ref(name) {
            let mine =
                caller.account.is_some_and(|id| name.starts_with(&crate::rest::changes::edit::refs_of(id)));
            return mine && self.change(number).is_some_and(|change| self.sees_change(caller, &change));
        }
        self.can(caller, project, name, "read")
            || (name.starts_with("refs/tags/") && self.sees_project(caller, project))
    }

    /// What `upload-pack` must not show this caller.
    pub(crate) fn hidden_refs(&self, caller: Caller, project: &str, repo: &Repo) -> Vec<String> {
        let all = repo.references("refs/");
        all.into_keys().filter(|name| !self.sees_ref(caller, project, name)).collect()
    }

    /// Whether the caller may fetch from a project at all.
    pub(crate) fn may_fetch(&self, caller: Caller, project: &str) -> Result<Repo, Refusal> {
        self.visible_project(caller, project)?;
        self.must_repo(project)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projects_with_slashes_and_suffixes_are_found() {
        let found = path("/a-b/c.git/info/refs", "service=git-upload-pack").expect("git");
        assert_eq!(
            (found.project.as_str(), found.service, found.advertise),
            ("a-b/c", Service::Upload, true)
        );
        let found = path("/app/git-receive-pack", "").expect("git");
        assert_eq!(
            (found.project.as_str(), found.service, found.advertise),
            ("app", Service::Receive, false)
        );
        assert_eq!(path("/app/info/refs", ""), None, "the dumb protocol is not served");
        assert_eq!(path("/changes/", "q=x"), None);
    }
}
