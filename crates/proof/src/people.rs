//! What a case says of people beyond the reviewed files: each proven link, and each session, is what its entry says.

use std::collections::BTreeSet;

use gate::{Case, Link, LinkRead, SessionRead, StatedGroups};
use model::PersonKey;
use notedb::Recorder;
use serde::Serialize;

use crate::{
    GitObjects, ProofError,
    error::same,
    log::{Entry, Log, in_order},
    objects::Objects,
    rederive::all_read,
};

/// The entries of links and sessions, and which of them a case was decided on.
pub(crate) struct People<'a> {
    log: &'a Log,
    objects: &'a Objects,
    used: BTreeSet<u64>,
}

/// What a session's entry seals of who it is, as `identity` writes it.
#[derive(Serialize)]
struct Said<'a> {
    key: Option<&'a PersonKey>,
    groups: &'a StatedGroups,
}

impl<'a> People<'a> {
    pub(crate) fn new(log: &'a Log, objects: &'a Objects) -> Self {
        Self { log, objects, used: BTreeSet::new() }
    }

    /// Checks a case that an entry was decided on.
    pub(crate) fn check(
        &mut self,
        case: &Case,
        decided: &Entry,
        servers: &[String],
    ) -> Result<(), ProofError> {
        for read in &case.links {
            self.link(read, decided, servers)?;
        }
        for read in &case.sessions {
            self.session(read, decided)?;
        }
        Ok(())
    }

    fn link(&mut self, read: &LinkRead, decided: &Entry, servers: &[String]) -> Result<(), ProofError> {
        let challenge = &read.link.challenge;
        let pinned = format!("{}={}", challenge.server, challenge.server_id);
        if !servers.contains(&pinned) {
            return Err(ProofError::missing(format!("the Gerrit server {pinned} of a link, in genesis")));
        }
        let key = format!("{}/{}", challenge.server, challenge.account.0);
        let made = self.entry("link", &key, read.version)?;
        same("what made the link", made.kind(), "link.made")?;
        in_order("the link was made", made, "it was decided", decided)?;
        let stored: Link = self.objects.value("the link", &made.object("link-object")?)?;
        if stored != read.link {
            return Err(ProofError::rederived("a link", "it was decided on another than was made"));
        }
        let git = self.objects.get("the git objects of a link", &made.object("git")?)?;
        let git = GitObjects::decode(git)?;
        let recorder = Recorder::new(&git);
        stored.verify(&recorder).map_err(|why| ProofError::rederived("a link", why))?;
        all_read(&git, &recorder.into_recorded(), "the git objects of a link")?;
        self.used.insert(made.index);
        Ok(())
    }

    fn session(&mut self, read: &SessionRead, decided: &Entry) -> Result<(), ProofError> {
        let said = self.entry("session", &read.session.to_string(), read.version)?;
        if !matches!(said.kind(), "session.opened" | "session.groups") {
            return Err(ProofError::Ledger(format!("entry {} opened no session", said.index)));
        }
        in_order("the provider said who somebody is", said, "it was decided", decided)?;
        same("the session", said.text("session")?, read.session.to_string().as_str())?;
        let what = |why: serde_json::Error| ProofError::format("a session", why);
        let groups = Said { key: read.key.as_ref(), groups: &read.groups };
        for (name, here) in [
            ("identity", model::to_canonical(&read.identity).map_err(what)?),
            ("groups", model::to_canonical(&groups).map_err(what)?),
        ] {
            if self.log.texts.get(&(said.index, name.to_owned())).is_some_and(|text| *text != here) {
                return Err(ProofError::rederived(
                    format!("the {name} of a session"),
                    "it is not what the provider said",
                ));
            }
        }
        self.used.insert(said.index);
        Ok(())
    }

    /// The entry that made a version of a record.
    fn entry(&self, kind: &str, key: &str, version: u64) -> Result<&'a Entry, ProofError> {
        let made = |entry: &&Entry| {
            let state = entry.leaf.state();
            state.is_some_and(|s| s.kind == kind && s.key == key && s.version == version)
        };
        let found = self.log.entries.iter().find(made);
        found.ok_or_else(|| ProofError::missing(format!("the entry of {kind} {key}, version {version}")))
    }

    /// Refuses entries of links and sessions that no case was decided on.
    pub(crate) fn all_used(&self) -> Result<(), ProofError> {
        let of_people =
            |entry: &&Entry| entry.kind().starts_with("link.") || entry.kind().starts_with("session.");
        match self.log.entries.iter().filter(of_people).find(|entry| !self.used.contains(&entry.index)) {
            Some(stray) => Err(ProofError::Stray(format!("entry {} ({})", stray.index, stray.kind()))),
            None => Ok(()),
        }
    }
}
