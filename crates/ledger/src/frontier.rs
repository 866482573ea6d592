//! The right edge of the tree: all that appending needs.

use crate::{Error, Hash, MAX_INTEGER, node_hash};

/// Where a node stands: it is the root of the `2^level` leaves from `index · 2^level` on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// Height above the leaves; 0 is a leaf hash.
    pub level: u8,
    /// Position within the level, from 0.
    pub index: u64,
}

/// The roots of the complete subtrees that make up a tree of some size, largest first (a compact range from 0).
///
/// Appending is amortised O(1) and at most O(log n); the root is O(log n). Serialised: `size` as 8 bytes big-endian,
/// then one hash for each bit set in `size`, highest bit first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// From all leaf hashes so far, in order.
    pub fn from_leaves<'a>(leaves: impl IntoIterator<Item = &'a Hash>) -> Self {
        let mut frontier = Self::new();
        for leaf in leaves {
            frontier.append(*leaf);
        }
        frontier
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf hash and returns its index.
    pub fn append(&mut self, leaf: Hash) -> u64 {
        self.append_with(leaf, |_, _| {})
    }

    /// Appends a leaf hash, tells `store` every node that is now complete (the leaf first, then upwards), and returns
    /// the leaf's index. Nodes never change afterwards.
    pub fn append_with(&mut self, leaf: Hash, mut store: impl FnMut(NodeId, Hash)) -> u64 {
        let index = self.size;
        let mut node = leaf;
        store(NodeId { level: 0, index }, node);
        for level in 1..=index.trailing_ones() {
            let Some(left) = self.peaks.pop() else { break };
            node = node_hash(&left, &node);
            // `level` is at most 64, which fits.
            store(NodeId { level: level as u8, index: index.checked_shr(level).unwrap_or(0) }, node);
        }
        self.peaks.push(node);
        // 2^64 appends are out of reach.
        self.size = index.wrapping_add(1);
        index
    }

    /// The root of the tree (RFC 6962, section 2.1).
    pub fn root(&self) -> Hash {
        self.peaks
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(Hash::empty_root)
    }

    /// Serialises it. The bytes prove nothing by themselves: compare [`Frontier::root`] with a signed checkpoint.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(8 + 32 * self.peaks.len());
        bytes.extend_from_slice(&self.size.to_be_bytes());
        for peak in &self.peaks {
            bytes.extend_from_slice(peak.as_bytes());
        }
        bytes
    }

    /// Reads [`Frontier::to_bytes`].
    ///
    /// # Errors
    ///
    /// [`Error::Frontier`] if the length doesn't fit the size, or the size is over 2^53 − 1.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let (size, rest) = bytes.split_first_chunk::<8>().ok_or(Error::Frontier("shorter than its size"))?;
        let size = u64::from_be_bytes(*size);
        if size > MAX_INTEGER.unsigned_abs() {
            return Err(Error::Frontier("larger than any log"));
        }
        let (peaks, rest) = rest.as_chunks::<32>();
        if peaks.len() != size.count_ones() as usize || !rest.is_empty() {
            return Err(Error::Frontier("the number of hashes doesn't fit the size"));
        }
        Ok(Self { size, peaks: peaks.iter().map(|peak| Hash::new(*peak)).collect() })
    }
}
