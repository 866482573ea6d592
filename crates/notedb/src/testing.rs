//! Builders of made-up repositories and review histories, for tests. They write what Gerrit writes.

use std::collections::BTreeMap;

use crate::{
    Entry, Kind, MapObjects, MapRefs, Mode, Object, ObjectId, Objects, ReadError, Refs, Tree, meta_ref,
};

/// The id of the made-up Gerrit server.
pub const SERVER: &str = "0a1b2c3d-made-up";
/// The id of another one.
pub const OTHER_SERVER: &str = "ffffffff-other";

/// A repository in memory with a clock that ticks with every commit.
#[derive(Debug, Clone)]
pub struct World {
    /// The objects.
    pub objects: MapObjects,
    /// The refs.
    pub refs: MapRefs,
    clock: i64,
}

impl Default for World {
    fn default() -> Self {
        Self { objects: MapObjects::new(), refs: MapRefs::new(), clock: 1_700_000_000 }
    }
}

impl World {
    /// A tree of these files; a slash in a name makes folders.
    pub fn tree(&mut self, files: &[(&str, &str)]) -> ObjectId {
        let mut folders: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        let mut entries = Vec::new();
        for (name, content) in files {
            match name.split_once('/') {
                Some((folder, rest)) => folders.entry(folder).or_default().push((rest, content)),
                None => {
                    let id = self.objects.insert(Kind::Blob, content.as_bytes().to_vec());
                    entries.push(Entry {
                        mode: Mode::from_bits(0o100_644),
                        name: name.as_bytes().to_vec(),
                        id,
                    });
                }
            }
        }
        for (folder, inside) in folders {
            let id = self.tree(&inside);
            entries.push(Entry { mode: Mode::TREE, name: folder.as_bytes().to_vec(), id });
        }
        self.objects.insert(Kind::Tree, Tree { entries }.to_bytes())
    }

    /// A commit of code by somebody of no account.
    pub fn code(&mut self, parents: &[ObjectId], files: &[(&str, &str)]) -> ObjectId {
        let tree = self.tree(files);
        self.commit(tree, parents, "Ann <ann@example.com>", "Ann <ann@example.com>", "Change something\n")
    }

    /// Any commit.
    pub fn commit(
        &mut self,
        tree: ObjectId,
        parents: &[ObjectId],
        author: &str,
        committer: &str,
        message: &str,
    ) -> ObjectId {
        self.clock += 60;
        let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
        let time = self.clock;
        let commit = format!(
            "tree {tree}\n{parents}author {author} {time} +0000\ncommitter {committer} {time} +0000\n\n{message}"
        );
        self.objects.insert(Kind::Commit, commit.into_bytes())
    }

    /// Moves a ref.
    pub fn set(&mut self, name: &str, id: ObjectId) {
        self.refs.insert(name.to_owned(), id);
    }
}

impl Objects for World {
    fn get(&self, id: &ObjectId) -> Result<Option<Object>, ReadError> {
        self.objects.get(id)
    }
}

impl Refs for World {
    fn tip(&self, name: &str) -> Result<Option<ObjectId>, ReadError> {
        self.refs.tip(name)
    }

    fn changes(&self) -> Result<Vec<(u64, ObjectId)>, ReadError> {
        self.refs.changes()
    }
}

/// An ident as Gerrit writes it into commits and footers.
#[must_use]
pub fn ident(account: u64) -> String {
    format!("Gerrit User {account} <{account}@{SERVER}>")
}

/// The ident of the server itself.
#[must_use]
pub fn server_ident() -> String {
    "Gerrit Code Review <gerrit@example.com>".to_owned()
}

/// The review of one change, being written.
#[derive(Debug, Clone)]
pub struct Review {
    /// The change's number.
    pub number: u64,
    /// The full name of its branch.
    pub branch: String,
    /// The newest patch set.
    pub patch_set: u32,
    /// Its revision.
    pub revision: ObjectId,
    tip: Option<ObjectId>,
    notes: BTreeMap<String, String>,
}

impl Review {
    /// A change on `refs/heads/main`, opened by its owner.
    pub fn open(world: &mut World, number: u64, owner: u64, revision: ObjectId) -> Self {
        Self::open_on(world, number, owner, revision, "refs/heads/main")
    }

    /// A change on any branch.
    pub fn open_on(world: &mut World, number: u64, owner: u64, revision: ObjectId, branch: &str) -> Self {
        Self::open_as(world, number, owner, revision, branch, &format!("I{number:040x}"))
    }

    /// A change with this `Change-Id`.
    pub fn open_as(
        world: &mut World,
        number: u64,
        owner: u64,
        revision: ObjectId,
        branch: &str,
        change_id: &str,
    ) -> Self {
        let mut review = Self {
            number,
            branch: branch.to_owned(),
            patch_set: 1,
            revision,
            tip: None,
            notes: BTreeMap::new(),
        };
        let footers = format!(
            "Change-id: {change_id}\nSubject: Change something\nBranch: {branch}\nStatus: new\nTopic: \n\
             Commit: {revision}\nTag: autogenerated:gerrit:newPatchSet\nGroups: {revision}\nPrivate: false\nWork-in-progress: false"
        );
        review.act(world, &ident(owner), "Uploaded patch set 1.", &footers);
        review
    }

    /// A meta commit: who did it, what the body says, and the footers after `Patch-set`.
    pub fn act(&mut self, world: &mut World, author: &str, body: &str, footers: &str) -> ObjectId {
        self.act_on(world, self.patch_set, author, body, footers)
    }

    /// A meta commit about another patch set than the newest.
    pub fn act_on(
        &mut self,
        world: &mut World,
        patch_set: u32,
        author: &str,
        body: &str,
        footers: &str,
    ) -> ObjectId {
        let body = if body.is_empty() { String::new() } else { format!("{body}\n\n") };
        let footers = if footers.is_empty() { String::new() } else { format!("{footers}\n") };
        let message = format!("Update patch set {patch_set}\n\n{body}Patch-set: {patch_set}\n{footers}");
        self.raw(world, author, &message)
    }

    /// A meta commit with any message.
    pub fn raw(&mut self, world: &mut World, author: &str, message: &str) -> ObjectId {
        let entries = self.notes.clone().into_iter().map(|(revision, note)| {
            let id = world.objects.insert(Kind::Blob, note.into_bytes());
            Entry { mode: Mode::from_bits(0o100_644), name: revision.into_bytes(), id }
        });
        let tree = Tree { entries: entries.collect() };
        let tree = world.objects.insert(Kind::Tree, tree.to_bytes());
        let parents: Vec<_> = self.tip.into_iter().collect();
        let id = world.commit(tree, &parents, author, &server_ident(), message);
        self.tip = Some(id);
        world.set(&meta_ref(self.number), id);
        id
    }

    /// A new patch set; `footers` may carry votes or a `Real-user`.
    pub fn upload(
        &mut self,
        world: &mut World,
        uploader: u64,
        revision: ObjectId,
        footers: &str,
    ) -> ObjectId {
        self.patch_set += 1;
        self.revision = revision;
        let body = format!("Uploaded patch set {}.", self.patch_set);
        let more = if footers.is_empty() { String::new() } else { format!("\n{footers}") };
        let footers = format!("Commit: {revision}{more}");
        self.act(world, &ident(uploader), &body, &footers)
    }

    /// A vote, `Code-Review=+2`.
    pub fn vote(&mut self, world: &mut World, voter: u64, vote: &str) -> ObjectId {
        let footers =
            format!("Reviewer: {0}\nLabel: {vote}, 0123456789abcdef0123456789abcdef01234567", ident(voter));
        self.act(world, &ident(voter), &format!("Patch Set {}: {vote}", self.patch_set), &footers)
    }

    /// Puts results of submit requirements beside a revision: pairs of a name and the JSON of the rest of the result.
    pub fn results(&mut self, revision: ObjectId, results: &[(&str, &str)]) {
        let results: Vec<_> = results
            .iter()
            .map(|(name, rest)| {
                format!(
                    "{{\"submitRequirement\":{{\"name\":\"{name}\"}},\"legacy\":{{\"value\":false}},{rest}}}"
                )
            })
            .collect();
        self.notes.insert(
            revision.to_string(),
            format!("{{\"submitRequirementResults\":[{}]}}", results.join(",")),
        );
    }

    /// A submit that merges the newest patch set as it is, and moves the branch to it.
    pub fn submit(&mut self, world: &mut World, submitter: u64) -> ObjectId {
        self.submit_with(world, submitter, "")
    }

    /// The same, with more footers.
    pub fn submit_with(&mut self, world: &mut World, submitter: u64, footers: &str) -> ObjectId {
        world.set(&self.branch.clone(), self.revision);
        let footers =
            format!("{}{}{footers}", self.merge_footers(), if footers.is_empty() { "" } else { "\n" });
        self.act(world, &ident(submitter), "Change has been successfully merged", &footers)
    }

    /// A submit that rebases: it makes a patch set of its own, and rewrites the votes that `labels` lists.
    pub fn submit_rebased(
        &mut self,
        world: &mut World,
        submitter: u64,
        revision: ObjectId,
        labels: &str,
    ) -> ObjectId {
        self.patch_set += 1;
        self.revision = revision;
        world.set(&self.branch.clone(), revision);
        let body = format!("Change has been successfully rebased and submitted as {revision}");
        let labels = if labels.is_empty() { String::new() } else { format!("\n{labels}") };
        let footers = format!("Commit: {revision}\n{}{labels}", self.merge_footers());
        self.act(world, &ident(submitter), &body, &footers)
    }

    /// The footers of every merge commit.
    #[must_use]
    pub fn merge_footers(&self) -> String {
        format!(
            "Status: merged\nTag: autogenerated:gerrit:merged\nLabel: SUBM=+1, 0123456789abcdef0123456789abcdef01234567\n\
             Submission-id: {}\nSubmitted-with: OK\nSubmitted-with: Rule-Name: gerrit~DefaultSubmitRule\n\
             Submitted-with: MAY: Code-Review",
            self.number
        )
    }
}
