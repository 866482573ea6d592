//! Commits become rows: which of a group hold, and what is to be written for them. The same in every store, and pure.
//!
//! A store reads what [`needs`] asks for inside its write transaction, [`applies`](Group::apply) each commit, writes the
//! [`Batch`] in the same transaction, and answers. A commit that doesn't hold leaves nothing in the batch; the others of
//! its group don't notice.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    ops::Range,
};

use ledger::{Draft, Hash, LogSigner, Salt};
use model::{Digest, Entropy, Timestamp};

use crate::{
    Act, Commit, CommitError, Expect, Invalid, NewRecord, Object, StoredCheckpoint,
    log::{Head, SealedEntry, Sealing},
};

/// Kind and key of a record, in one text: neither has blanks.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RecordId(String);

impl RecordId {
    /// The id of that record.
    #[must_use]
    pub fn new(kind: &str, key: &str) -> Self {
        Self(format!("{kind} {key}"))
    }
}

/// What is there of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found {
    /// Its version.
    pub version: u64,
    /// Whether it is recorded.
    pub recorded: bool,
}

/// What has to be read before a group can be judged.
#[derive(Debug, Default)]
pub struct Needs {
    /// Kind and key of records.
    pub records: BTreeSet<(&'static str, String)>,
    /// Entry and name of texts that are to be erased.
    pub texts: BTreeSet<(u64, String)>,
}

/// What the commits of a group need.
#[must_use]
pub fn needs<'a>(commits: impl IntoIterator<Item = &'a Commit>) -> Needs {
    let mut needs = Needs::default();
    for transition in commits.into_iter().flat_map(Commit::transitions) {
        match transition.act() {
            Act::Record(_, record, _) | Act::Note(_, record) => {
                needs.records.insert((record.kind, record.key.clone()));
            }
            Act::Forget(_, kind, key) | Act::Require(_, kind, key) => {
                needs.records.insert((kind, key.clone()));
            }
            Act::Entry(_) => {}
            Act::Erase(index, name, _) => {
                needs.texts.insert((*index, name.clone()));
            }
        }
    }
    needs
}

/// What was read: the part of [`Needs`] that is there.
#[derive(Debug, Default)]
pub struct Known {
    /// The records.
    pub records: HashMap<RecordId, Found>,
    /// The version of a record that the ledger speaks of last, also where no row is left of it; none of bookkeeping.
    pub told: HashMap<RecordId, u64>,
    /// The texts that are there and not erased.
    pub texts: HashSet<(u64, String)>,
}

/// A record to write over what is there.
#[derive(Debug)]
pub struct Put {
    /// The record.
    pub record: NewRecord,
    /// Its version now.
    pub version: u64,
    /// The entry that commits to it, and what opens that; none for bookkeeping.
    pub entry: Option<(u64, Salt)>,
}

/// What becomes of a record in a group.
#[derive(Debug)]
pub enum Row {
    /// It is written.
    Put(Box<Put>),
    /// It is deleted, if it is there.
    Delete(&'static str, String),
}

/// An entry to write.
#[derive(Debug)]
pub struct EntryRow {
    /// Its index.
    pub index: u64,
    /// The leaf.
    pub leaf: Vec<u8>,
    /// The leaf's hash.
    pub hash: Hash,
    /// The texts beside it.
    pub sealed: Vec<ledger::Sealed>,
}

/// All that a group writes.
#[derive(Debug)]
pub struct Batch {
    /// One row for each record that changes: what is left of it after the whole group.
    pub rows: Vec<Row>,
    /// The entries, in order.
    pub entries: Vec<EntryRow>,
    /// The texts to erase.
    pub erased: Vec<(u64, String)>,
    /// The objects, each once.
    pub objects: Vec<Object>,
    /// The checkpoint over all entries; none if the group has no entry.
    pub checkpoint: Option<StoredCheckpoint>,
    /// Where the log ends once this is durable.
    pub head: Head,
}

/// What a commit of a group will have done, once the group is durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Applied {
    /// As in [`crate::Receipt`].
    pub entries: Range<u64>,
    /// As in [`crate::Receipt`].
    pub versions: Vec<Option<u64>>,
}

/// A group on its way.
pub struct Group<'a> {
    sealing: Sealing<'a>,
    signer: &'a LogSigner,
    known: Known,
    rows: BTreeMap<RecordId, Row>,
    /// The records that this group has changed already.
    written: HashSet<RecordId>,
    entries: Vec<EntryRow>,
    erased: Vec<(u64, String)>,
    objects: BTreeMap<Digest, Object>,
}

/// What one commit changes, until it is known to hold.
#[derive(Default)]
struct Pending {
    found: HashMap<RecordId, Option<Found>>,
    rows: Vec<(RecordId, Row)>,
    entries: Vec<EntryRow>,
    erased: Vec<(u64, String)>,
    versions: Vec<Option<u64>>,
}

impl<'a> Group<'a> {
    /// Begins a group after `head`, at the time `now`, with what the store has read.
    #[must_use]
    pub fn begin(
        head: &Head,
        signer: &'a LogSigner,
        entropy: &'a dyn Entropy,
        now: Timestamp,
        known: Known,
    ) -> Self {
        Self {
            sealing: Sealing::begin(head, signer, entropy, now),
            signer,
            known,
            rows: BTreeMap::new(),
            written: HashSet::new(),
            entries: vec![],
            erased: vec![],
            objects: BTreeMap::new(),
        }
    }

    /// Takes a commit into the group.
    ///
    /// # Errors
    /// [`CommitError`] when it doesn't hold; then nothing of it is in the group.
    pub fn apply(&mut self, commit: Commit) -> Result<Applied, CommitError> {
        commit.check()?;
        let mark = self.sealing.mark();
        let begin = self.sealing.next_index();
        let (transitions, objects) = commit.into_parts();
        let mut pending = Pending::default();
        for (at, transition) in transitions.into_iter().enumerate() {
            if let Err(why) = self.transition(&mut pending, at, transition.into_act()) {
                self.sealing.rewind(mark);
                return Err(why);
            }
        }
        for (id, found) in pending.found {
            self.written.insert(id.clone());
            match found {
                Some(found) => self.known.records.insert(id, found),
                None => self.known.records.remove(&id),
            };
        }
        for text in &pending.erased {
            self.known.texts.remove(text);
        }
        self.rows.extend(pending.rows);
        self.entries.extend(pending.entries);
        self.erased.extend(pending.erased);
        self.objects.extend(objects.into_iter().map(|object| (object.digest(), object)));
        Ok(Applied { entries: begin..self.sealing.next_index(), versions: pending.versions })
    }

    /// Signs the checkpoint, and gives what is to be written.
    ///
    /// # Errors
    /// [`CommitError::Unavailable`] when the signer can't sign.
    pub fn finish(self) -> Result<Batch, CommitError> {
        let head = self.sealing.into_head();
        let checkpoint =
            if self.entries.is_empty() { None } else { Some(crate::log::sign(&head, self.signer)?) };
        Ok(Batch {
            rows: self.rows.into_values().collect(),
            entries: self.entries,
            erased: self.erased,
            objects: self.objects.into_values().collect(),
            checkpoint,
            head,
        })
    }

    fn transition(&mut self, pending: &mut Pending, at: usize, act: Act) -> Result<(), CommitError> {
        match act {
            Act::Record(expect, record, draft) => {
                let id = RecordId::new(record.kind, &record.key);
                let version = self.next(pending, at, &id, expect, &record, true)?;
                let sealed = self.sealing.seal(*draft, Some((&record, version)))?;
                let entry = sealed.salt.clone().map(|salt| (sealed.index, salt));
                pending.put(id, Put { record, version, entry });
                pending.entry(sealed);
                pending.versions.push(Some(version));
            }
            Act::Note(expect, record) => {
                let id = RecordId::new(record.kind, &record.key);
                let version = self.next(pending, at, &id, expect, &record, false)?;
                pending.put(id, Put { record, version, entry: None });
                pending.versions.push(Some(version));
            }
            Act::Forget(expect, kind, key) => {
                let id = RecordId::new(kind, &key);
                let found = self.expected(pending, at, &id, expect, kind, &key)?;
                same_sort(found, false, kind, &key)?;
                pending.found.insert(id.clone(), None);
                pending.rows.push((id, Row::Delete(kind, key)));
                pending.versions.push(None);
            }
            Act::Require(expect, kind, key) => {
                let id = RecordId::new(kind, &key);
                self.expected(pending, at, &id, expect, kind, &key)?;
                pending.versions.push(None);
            }
            Act::Entry(draft) => self.plain(pending, *draft)?,
            Act::Erase(index, name, draft) => {
                let text = (index, name);
                if !self.known.texts.contains(&text) || pending.erased.contains(&text) {
                    let (index, name) = text;
                    return Err(CommitError::NothingToErase { transition: at, index, name });
                }
                pending.erased.push(text);
                self.plain(pending, *draft)?;
            }
        }
        Ok(())
    }

    /// An entry that goes with no record.
    fn plain(&mut self, pending: &mut Pending, draft: Draft) -> Result<(), CommitError> {
        pending.entry(self.sealing.seal(draft, None)?);
        pending.versions.push(None);
        Ok(())
    }

    /// The version that a record gets.
    fn next(
        &self,
        pending: &Pending,
        at: usize,
        id: &RecordId,
        expect: Expect,
        record: &NewRecord,
        recorded: bool,
    ) -> Result<u64, CommitError> {
        let found = self.expected(pending, at, id, expect, record.kind, &record.key)?;
        same_sort(found, recorded, record.kind, &record.key)?;
        Ok(found.map_or(1, |found| found.version + 1))
    }

    fn expected(
        &self,
        pending: &Pending,
        at: usize,
        id: &RecordId,
        expect: Expect,
        kind: &'static str,
        key: &str,
    ) -> Result<Option<Found>, CommitError> {
        let found = match pending.found.get(id) {
            Some(now) => *now,
            None => self.known.records.get(id).copied(),
        };
        let version = found.map(|found| found.version);
        // What this group has written is in neither: its rows and entries are made together.
        if !pending.found.contains_key(id) && !self.written.contains(id) {
            let (row, told) = (found.filter(|found| found.recorded), self.known.told.get(id).copied());
            if row.map(|row| row.version) != told {
                return Err(CommitError::Broken { kind, key: key.to_owned(), found: version, told });
            }
        }
        if expect.holds(version) {
            return Ok(found);
        }
        Err(CommitError::Precondition {
            transition: at,
            kind,
            key: key.to_owned(),
            expected: expect,
            found: version,
        })
    }
}

impl Pending {
    fn put(&mut self, id: RecordId, put: Put) {
        let found = Found { version: put.version, recorded: put.entry.is_some() };
        self.found.insert(id.clone(), Some(found));
        self.rows.push((id, Row::Put(Box::new(put))));
    }

    fn entry(&mut self, sealed: SealedEntry) {
        let SealedEntry { index, leaf, hash, sealed, .. } = sealed;
        self.entries.push(EntryRow { index, leaf, hash, sealed });
    }
}

/// I6 again, over time: what was kept as recorded is never written or deleted as bookkeeping.
fn same_sort(found: Option<Found>, recorded: bool, kind: &'static str, key: &str) -> Result<(), CommitError> {
    match found {
        Some(found) if found.recorded != recorded => {
            let kept = if found.recorded { "recorded" } else { "bookkeeping" };
            Err(Invalid::Kind { kind, key: key.to_owned(), kept }.into())
        }
        _ => Ok(()),
    }
}
