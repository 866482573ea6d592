//! Drafts become leaves, leaves come under a checkpoint: the part of a commit that is the same in every store. Pure.

use ledger::{Checkpoint, Draft, Frontier, Hash, LogSigner, Salt, Salts, Sealed, StateRef, Time};
use model::{Entropy, Timestamp};

use crate::{CommitError, Invalid, NewRecord, StoredCheckpoint};

/// How far the clock may be behind the last entry, in milliseconds. Less than that is taken for jitter, and the entry
/// gets the last one's time: time never goes back in the ledger.
pub const CLOCK_BEHIND_MS: i64 = 60_000;

/// Where the log ends: all that is needed to append to it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Head {
    /// The right edge of the tree.
    pub frontier: Frontier,
    /// The time of the last entry.
    pub last: Option<Time>,
}

/// An entry that has its place, but isn't stored yet.
#[derive(Debug)]
pub struct SealedEntry {
    /// Its index.
    pub index: u64,
    /// The leaf's canonical bytes.
    pub leaf: Vec<u8>,
    /// The leaf's hash.
    pub hash: Hash,
    /// What opens its commitment to the record; none if it changed none.
    pub salt: Option<Salt>,
    /// The texts to be stored beside it.
    pub sealed: Vec<Sealed>,
}

/// A group of commits on its way: entries are appended to a copy of the head, which becomes the head only once the
/// group is durable.
pub struct Sealing<'a> {
    signer: &'a LogSigner,
    entropy: &'a dyn Entropy,
    now: Timestamp,
    head: Head,
}

/// What a leaf commits to of a record: its state, its order and its body, so that a row edited in any of them is found.
/// `<state>\n<sort>\n<body>`; a state has no line breaks, and `sort` is decimal.
#[must_use]
pub fn record_bytes(state: &str, sort: i64, body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{state}\n{sort}\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

impl<'a> Sealing<'a> {
    /// Begins a group after `head`, at the time `now`.
    #[must_use]
    pub fn begin(head: &Head, signer: &'a LogSigner, entropy: &'a dyn Entropy, now: Timestamp) -> Self {
        Self { signer, entropy, now, head: head.clone() }
    }

    /// The index that the next entry gets.
    #[must_use]
    pub fn next_index(&self) -> u64 {
        self.head.frontier.size()
    }

    /// Where the log would end now. With [`Sealing::rewind`]: a commit that fails half-way leaves nothing.
    #[must_use]
    pub fn mark(&self) -> Head {
        self.head.clone()
    }

    /// Takes back every entry since `mark`.
    pub fn rewind(&mut self, mark: Head) {
        self.head = mark;
    }

    /// Gives an entry its place.
    ///
    /// # Errors
    /// [`CommitError::ClockBehind`]; [`CommitError::Invalid`] when the draft can't be a leaf;
    /// [`CommitError::Unavailable`] without randomness.
    pub fn seal(
        &mut self,
        draft: Draft,
        record: Option<(&NewRecord, u64)>,
    ) -> Result<SealedEntry, CommitError> {
        let at = self.time()?;
        let mut salts = FromEntropy(self.entropy);
        let salt = record.map(|_| salts.next_salt()).transpose().map_err(not_sealed)?;
        let state = record.zip(salt.as_ref()).map(|((record, version), salt)| {
            let bytes = record_bytes(record.state, record.sort, &record.body);
            StateRef::new(record.kind, record.key.as_str(), version, salt, &bytes)
        });
        let index = self.next_index();
        let (leaf, sealed) =
            draft.seal(index, at, self.signer.origin(), state, &mut salts).map_err(not_sealed)?;
        let hash = leaf.hash();
        self.head.frontier.append(hash);
        self.head.last = Some(at);
        Ok(SealedEntry { index, leaf: leaf.into_bytes(), hash, salt, sealed })
    }

    /// Where the log ends now.
    #[must_use]
    pub fn into_head(self) -> Head {
        self.head
    }

    /// The time of the next entry: the clock's, but never before the last entry's.
    fn time(&self) -> Result<Time, CommitError> {
        let now = Time::from_unix_ms(self.now.as_millis()).map_err(Invalid::Entry)?;
        match self.head.last {
            Some(last) if last.unix_ms() - now.unix_ms() > CLOCK_BEHIND_MS => {
                Err(CommitError::ClockBehind { now: self.now, last: Timestamp::from_millis(last.unix_ms()) })
            }
            Some(last) => Ok(now.max(last)),
            None => Ok(now),
        }
    }
}

/// Signs the end of a log; also of an empty one.
///
/// # Errors
/// [`CommitError::Unavailable`] when the signer can't.
pub fn sign(head: &Head, signer: &LogSigner) -> Result<StoredCheckpoint, CommitError> {
    let checkpoint = Checkpoint::of(signer.origin().clone(), &head.frontier);
    let signed = signer
        .sign(&checkpoint)
        .map_err(|why| CommitError::Unavailable { why: format!("no checkpoint: {why}") })?;
    Ok(StoredCheckpoint { size: checkpoint.size, root: checkpoint.root, note: signed.note().to_owned() })
}

fn not_sealed(why: ledger::Error) -> CommitError {
    match why {
        ledger::Error::NoRandomness(why) => CommitError::Unavailable { why: format!("no randomness: {why}") },
        other => Invalid::Entry(other).into(),
    }
}

/// Salts from the machine's randomness.
struct FromEntropy<'a>(&'a dyn Entropy);

impl Salts for FromEntropy<'_> {
    fn next_salt(&mut self) -> Result<Salt, ledger::Error> {
        let mut bytes = [0; 32];
        self.0.fill(&mut bytes).map_err(|why| ledger::Error::NoRandomness(why.to_string()))?;
        Ok(Salt::new(bytes))
    }
}
