//! The whole tree in memory.

use crate::{ConsistencyProof, Error, Frontier, Hash, InclusionProof, NodeId, Nodes};

/// Every node of the tree, 64 bytes for each leaf: proofs at any size without reading anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    frontier: Frontier,
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// The empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// From all leaf hashes so far, in order.
    pub fn from_leaves<'a>(leaves: impl IntoIterator<Item = &'a Hash>) -> Self {
        let mut tree = Self::new();
        for leaf in leaves {
            tree.append(*leaf);
        }
        tree
    }

    /// Appends a leaf hash and returns its index.
    pub fn append(&mut self, leaf: Hash) -> u64 {
        let levels = &mut self.levels;
        self.frontier.append_with(leaf, |id, hash| {
            let level = usize::from(id.level);
            if levels.len() <= level {
                levels.resize_with(level + 1, Vec::new);
            }
            if let Some(nodes) = levels.get_mut(level) {
                nodes.push(hash);
            }
        })
    }

    /// How many leaves there are.
    pub fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The root over all leaves.
    pub fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// The root over the first `size` leaves.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if there are fewer.
    pub fn root_at(&self, size: u64) -> Result<Hash, Error> {
        if size > self.size() {
            return Err(Error::OutOfRange { what: "size", found: size, size: self.size() });
        }
        let peaks = (0..64u8).filter(|level| size >> level & 1 == 1);
        let nodes = peaks.filter_map(|level| self.node(NodeId { level, index: (size >> level) - 1 }));
        Ok(nodes.reduce(|right, left| crate::node_hash(&left, &right)).unwrap_or_else(Hash::empty_root))
    }

    /// The right edge, for whoever only appends.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// Proves a leaf in the tree of the first `size` leaves.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if there is no such leaf or the tree is smaller.
    pub fn prove(&self, index: u64, size: u64) -> Result<InclusionProof, Error> {
        self.reach(size)?;
        InclusionProof::make(index, size, self)
    }

    /// Proves that the first `new` leaves begin with the first `old`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if the sizes are in the wrong order or the tree is smaller.
    pub fn prove_growth(&self, old: u64, new: u64) -> Result<ConsistencyProof, Error> {
        self.reach(new)?;
        ConsistencyProof::make(old, new, self)
    }

    fn reach(&self, size: u64) -> Result<(), Error> {
        if size <= self.size() {
            return Ok(());
        }
        Err(Error::OutOfRange { what: "size", found: size, size: self.size() })
    }
}

impl Nodes for Tree {
    fn node(&self, id: NodeId) -> Option<Hash> {
        self.levels.get(usize::from(id.level))?.get(usize::try_from(id.index).ok()?).copied()
    }
}
