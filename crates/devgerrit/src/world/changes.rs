//! Changes: finding them, and writing their histories.

use std::sync::Arc;

use crate::change::Change;
use crate::git::{GitError, Ident, Oid, Repo, tree};
use crate::notedb::{self, MetaUpdate};
use crate::refusal::Refusal;

use super::World;
use super::accounts::Caller;
use super::projects::ALL_PROJECTS;

/// Where the next change number is kept, in `All-Projects`.
const SEQUENCE: &str = "refs/sequences/changes";
/// How many numbers are drawn at once; those not used before a stop are lost, as in Gerrit.
const BATCH: u32 = 20;
/// How many parsed histories are kept.
const MOST_PARSED: usize = 4_000;

/// What lies beside a history: the note of one patch set.
pub(crate) struct Note {
    pub(crate) commit: Oid,
    pub(crate) text: String,
}

impl World {
    /// Finds all changes by their refs.
    pub(crate) fn scan(&mut self) {
        self.index.clear();
        for project in self.projects() {
            let Some(repo) = self.repo(&project) else { continue };
            for name in repo.references("refs/changes/").keys() {
                if let Some(number) =
                    name.strip_suffix("/meta").and_then(|n| n.rsplit_once('/')?.1.parse().ok())
                {
                    self.index.insert(number, project.clone());
                }
            }
        }
    }

    /// A change as its ref says now; `None` if there is none, or if its history can't be read.
    pub(crate) fn change(&self, number: u32) -> Option<Arc<Change>> {
        let project = self.index.get(&number)?;
        let repo = self.repo(project)?;
        let meta = repo.reference(&notedb::meta_ref(number))?;
        self.change_at(&repo, project, number, meta).ok()
    }

    /// A change that was there a moment ago.
    pub(crate) fn must_change(&self, number: u32) -> Result<Arc<Change>, Refusal> {
        self.change(number).ok_or_else(|| Refusal::not_found(&number.to_string()))
    }

    pub(crate) fn change_at(
        &self,
        repo: &Repo,
        project: &str,
        number: u32,
        meta: Oid,
    ) -> Result<Arc<Change>, GitError> {
        let mut parsed = self.parsed.borrow_mut();
        if let Some(known) = parsed.get(&meta) {
            return Ok(Arc::clone(known));
        }
        let change = Arc::new(notedb::read::change(repo, project, number, meta)?);
        if parsed.len() >= MOST_PARSED {
            parsed.clear();
        }
        parsed.insert(meta, Arc::clone(&change));
        Ok(change)
    }

    /// All changes that the index knows, newest number first.
    pub(crate) fn indexed(&self) -> impl Iterator<Item = Arc<Change>> + '_ {
        self.index
            .keys()
            .rev()
            .filter(|number| !self.faults.is_hidden(**number))
            .filter_map(|n| self.change(*n))
    }

    /// Open changes for one branch.
    pub(crate) fn open_on(&self, project: &str, branch: &str) -> Vec<Arc<Change>> {
        self.indexed().filter(|c| c.is_new() && c.project == project && c.branch == branch).collect()
    }

    /// The change with this Change-Id on a branch, whatever its status.
    pub(crate) fn by_key(&self, project: &str, branch: &str, key: &str) -> Option<Arc<Change>> {
        self.indexed().find(|c| c.project == project && c.branch == branch && c.key == key)
    }

    pub(crate) fn next_number(&mut self) -> Result<u32, Refusal> {
        if self.drawn.0 == self.drawn.1 {
            let repo = self.must_repo(ALL_PROJECTS)?;
            let old = repo.reference(SEQUENCE);
            let next = match old {
                Some(id) => String::from_utf8_lossy(&repo.blob(id)?).trim().parse().unwrap_or(1),
                None => 1,
            };
            let new = repo.write_blob((next + BATCH).to_string().as_bytes())?;
            repo.update(SEQUENCE, old.unwrap_or(Oid::ZERO), new)?;
            self.ref_updated(None, ALL_PROJECTS, SEQUENCE, old.unwrap_or(Oid::ZERO), new);
            self.drawn = (next, next + BATCH);
        }
        let number = self.drawn.0;
        self.drawn.0 += 1;
        Ok(number)
    }

    /// Writes one commit of a history, without moving the ref.
    pub(crate) fn write_meta(
        &self,
        repo: &Repo,
        parent: Option<Oid>,
        author: u32,
        update: &MetaUpdate,
        note: Option<&Note>,
    ) -> Result<Oid, Refusal> {
        let mut flat = match parent {
            Some(parent) => tree::flatten(repo, repo.commit(parent)?.tree)?,
            None => tree::Flat::new(),
        };
        if let Some(note) = note {
            let id = repo.write_blob(note.text.as_bytes())?;
            flat.insert(note.commit.to_string(), tree::Entry { mode: tree::FILE, id });
        }
        let tree = tree::build(repo, &flat)?;
        let server = &self.state.server_id;
        let author = Ident::new(format!("Gerrit User {author}"), format!("{author}@{server}"), self.now());
        let parents: Vec<Oid> = parent.into_iter().collect();
        Ok(repo.write_commit(tree, &parents, &author, &self.server_ident(), &update.render(server))?)
    }

    /// Writes one commit of a change's history and moves its ref; an empty update writes nothing.
    pub(crate) fn record(
        &mut self,
        caller: Caller,
        change: &Change,
        mut update: MetaUpdate,
    ) -> Result<(), Refusal> {
        let author = caller.known()?;
        if update.is_empty() {
            return Ok(());
        }
        update.real_user = update.real_user.or(caller.real.filter(|real| *real != author));
        let repo = self.must_repo(&change.project)?;
        let new = self.write_meta(&repo, Some(change.meta), author, &update, None)?;
        self.move_ref(Some(author), &change.project, &notedb::meta_ref(change.number), change.meta, new)
    }

    /// Like [`record`](Self::record), with a note beside the history.
    pub(crate) fn record_with_note(
        &mut self,
        caller: Caller,
        change: &Change,
        mut update: MetaUpdate,
        note: &Note,
    ) -> Result<(), Refusal> {
        let author = caller.known()?;
        update.real_user = update.real_user.or(caller.real.filter(|real| *real != author));
        let repo = self.must_repo(&change.project)?;
        let new = self.write_meta(&repo, Some(change.meta), author, &update, Some(note))?;
        self.move_ref(Some(author), &change.project, &notedb::meta_ref(change.number), change.meta, new)
    }

    /// Moves a ref and tells the hooks.
    pub(crate) fn move_ref(
        &mut self,
        by: Option<u32>,
        project: &str,
        name: &str,
        old: Oid,
        new: Oid,
    ) -> Result<(), Refusal> {
        self.must_repo(project)?.update(name, old, new)?;
        self.ref_updated(by, project, name, old, new);
        Ok(())
    }

    /// A fresh name for a vote.
    pub(crate) fn vote_uuid(&self) -> String {
        self.random_hex(20)
    }
}
