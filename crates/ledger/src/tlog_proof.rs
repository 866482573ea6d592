//! One entry's proof in one file (c2sp.org/tlog-proof).

use crate::{Error, Hash, InclusionProof, MAX_NOTE_BYTES, SignedCheckpoint, VerifierKey, leaf_hash};
use base64::{Engine as _, prelude::BASE64_STANDARD};

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// Most hashes in a proof: the height of the largest tree.
const MAX_PATH: usize = 64;
/// Largest extra data, in bytes.
const MAX_EXTRA_BYTES: usize = 64 * 1024;

/// Checkpoint, place and path of one entry. Parsed is not verified: see [`TlogProof::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// Data for the application; nobody signed it.
    pub extra: Option<Vec<u8>>,
    /// The entry's index.
    pub index: u64,
    /// Sibling hashes from the leaf upwards.
    pub path: Vec<Hash>,
    /// The signed checkpoint, as it is.
    pub note: String,
}

impl TlogProof {
    /// Puts a proof and its checkpoint into one file.
    ///
    /// # Errors
    ///
    /// [`Error::Size`] if the proof is for another size than the checkpoint.
    pub fn new(proof: InclusionProof, checkpoint: &SignedCheckpoint) -> Result<Self, Error> {
        let size = checkpoint.checkpoint().size;
        if proof.size != size {
            return Err(Error::Size { found: proof.size, expected: size });
        }
        Ok(Self { extra: None, index: proof.index, path: proof.path, note: checkpoint.note().to_owned() })
    }

    /// The file's text; store it as `*.tlog-proof`.
    pub fn to_text(&self) -> String {
        let mut text = format!("{HEADER}\n");
        if let Some(extra) = &self.extra {
            text.push_str(&format!("extra {}\n", BASE64_STANDARD.encode(extra)));
        }
        text.push_str(&format!("index {}\n", self.index));
        for hash in &self.path {
            text.push_str(&format!("{hash}\n"));
        }
        text.push('\n');
        text.push_str(&self.note);
        text
    }

    /// Reads [`TlogProof::to_text`], and only that spelling.
    ///
    /// # Errors
    ///
    /// [`Error::TlogProof`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bad = Error::TlogProof;
        if text.len() > MAX_NOTE_BYTES + MAX_EXTRA_BYTES * 2 {
            return Err(bad("too large"));
        }
        let (head, note) =
            text.split_once("\n\n").ok_or(bad("an empty line before the checkpoint is expected"))?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(bad("the first line is another"));
        }
        let mut line = lines.next().ok_or(bad("an index is expected"))?;
        let mut extra = None;
        if let Some(data) = line.strip_prefix("extra ") {
            let data = BASE64_STANDARD.decode(data).map_err(|_| bad("extra data is not base64"))?;
            if data.len() > MAX_EXTRA_BYTES {
                return Err(bad("too much extra data"));
            }
            extra = Some(data);
            line = lines.next().ok_or(bad("an index is expected"))?;
        }
        let index = line.strip_prefix("index ").ok_or(bad("an index is expected"))?;
        let index = index.parse().map_err(|_| bad("the index is no number"))?;
        let path = lines
            .map(|line| Hash::from_base64(line).ok_or(bad("a line of the path is no base64 hash")))
            .collect::<Result<Vec<_>, _>>()?;
        if path.len() > MAX_PATH {
            return Err(bad("more hashes than any tree needs"));
        }
        let proof = Self { extra, index, path, note: note.to_owned() };
        if proof.to_text() == text { Ok(proof) } else { Err(bad("another spelling is the right one")) }
    }

    /// Verifies that the entry stands at this index under a checkpoint signed by one of the keys, and returns that
    /// checkpoint.
    ///
    /// # Errors
    ///
    /// Those of [`SignedCheckpoint::open`], and [`Error::Proof`].
    pub fn verify(&self, entry: &[u8], keys: &[VerifierKey]) -> Result<SignedCheckpoint, Error> {
        let signed = SignedCheckpoint::open(self.note.as_bytes(), keys)?;
        let head = signed.checkpoint();
        let proof = InclusionProof { index: self.index, size: head.size, path: self.path.clone() };
        proof.verify(&leaf_hash(entry), &head.root)?;
        Ok(signed)
    }
}
