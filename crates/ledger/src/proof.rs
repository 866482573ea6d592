//! Inclusion and consistency proofs (RFC 6962, sections 2.1.1 and 2.1.2; verified by RFC 9162, sections 2.1.3.2 and
//! 2.1.4.2).

use crate::{Error, Hash, NodeId, node_hash};

/// Reads nodes of the tree. Only nodes of complete subtrees are asked for, those that
/// [`Frontier::append_with`](crate::Frontier::append_with) told.
///
/// Any `Fn(NodeId) -> Option<Hash>` is one. The reader need not be trusted: a proof made from wrong nodes doesn't hold.
pub trait Nodes {
    /// The node, or `None` if it can't be had.
    fn node(&self, id: NodeId) -> Option<Hash>;
}

impl<F: Fn(NodeId) -> Option<Hash>> Nodes for F {
    fn node(&self, id: NodeId) -> Option<Hash> {
        self(id)
    }
}

/// Proof that a leaf is in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InclusionProof {
    /// The leaf's index.
    pub index: u64,
    /// The size of the tree.
    pub size: u64,
    /// Sibling hashes from the leaf upwards.
    pub path: Vec<Hash>,
}

/// Proof that a tree grew from an older one by appending only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// Size of the older tree.
    pub old: u64,
    /// Size of the newer tree.
    pub new: u64,
    /// The hashes that rebuild both roots.
    pub path: Vec<Hash>,
}

impl InclusionProof {
    /// Makes the proof for leaf `index` in the tree of the first `size` leaves.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if there is no such leaf, [`Error::MissingNode`] if `nodes` lacks one.
    pub fn make(index: u64, size: u64, nodes: &(impl Nodes + ?Sized)) -> Result<Self, Error> {
        if index >= size {
            return Err(Error::OutOfRange { what: "leaf", found: index, size });
        }
        Ok(Self { index, size, path: path_to_root(NodeId { level: 0, index }, size, nodes)? })
    }

    /// The nodes that [`InclusionProof::make`] will read, for those who must fetch them first.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if there is no such leaf.
    pub fn needs(index: u64, size: u64) -> Result<Vec<NodeId>, Error> {
        record(|nodes| Self::make(index, size, nodes).map(drop))
    }

    /// Whether the tree with that root has that leaf at this index. Pure.
    ///
    /// # Errors
    ///
    /// [`Error::Proof`] if it doesn't follow.
    pub fn verify(&self, leaf: &Hash, root: &Hash) -> Result<(), Error> {
        let fail = Error::Proof("inclusion");
        if self.index >= self.size {
            return Err(fail);
        }
        let (mut node, mut last, mut hash) = (self.index, self.size - 1, *leaf);
        for sibling in &self.path {
            if last == 0 {
                return Err(fail);
            }
            if node & 1 == 1 || node == last {
                hash = node_hash(sibling, &hash);
                // Up to where this node is a right child; the ragged last one has no sibling on some levels.
                let up = node.trailing_zeros();
                (node, last) = (shr(node, up), shr(last, up));
            } else {
                hash = node_hash(&hash, sibling);
            }
            (node, last) = (node >> 1, last >> 1);
        }
        if last == 0 && hash == *root { Ok(()) } else { Err(fail) }
    }
}

impl ConsistencyProof {
    /// Makes the proof from the tree of the first `old` leaves to that of the first `new`.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if `old` is larger than `new`, [`Error::MissingNode`] if `nodes` lacks one.
    pub fn make(old: u64, new: u64, nodes: &(impl Nodes + ?Sized)) -> Result<Self, Error> {
        if old > new {
            return Err(Error::OutOfRange { what: "older size", found: old, size: new });
        }
        let mut path = Vec::new();
        if old != 0 && old != new {
            // The last complete subtree of the old tree; its root is known to the verifier only if it is the whole.
            let level = old.trailing_zeros();
            let id = NodeId { level: level as u8, index: (old >> level) - 1 };
            if id.index != 0 {
                path.push(read(nodes, id)?);
            }
            path.extend(path_to_root(id, new, nodes)?);
        }
        Ok(Self { old, new, path })
    }

    /// The nodes that [`ConsistencyProof::make`] will read, for those who must fetch them first.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfRange`] if `old` is larger than `new`.
    pub fn needs(old: u64, new: u64) -> Result<Vec<NodeId>, Error> {
        record(|nodes| Self::make(old, new, nodes).map(drop))
    }

    /// Whether the tree with root `new_root` begins with all of the tree with root `old_root`. Pure.
    ///
    /// # Errors
    ///
    /// [`Error::Proof`] if it doesn't follow.
    pub fn verify(&self, old_root: &Hash, new_root: &Hash) -> Result<(), Error> {
        let fail = Error::Proof("consistency");
        if self.old == self.new || self.old == 0 {
            let known = if self.new == 0 || self.old == 0 { Hash::empty_root() } else { *old_root };
            let same = *old_root == known && (self.old != self.new || old_root == new_root);
            return if self.path.is_empty() && same { Ok(()) } else { Err(fail) };
        }
        if self.old > self.new {
            return Err(fail);
        }
        let mut path = self.path.iter();
        let first = if self.old.is_power_of_two() { Some(old_root) } else { path.next() };
        let Some(first) = first else { return Err(fail) };
        let up = (self.old - 1).trailing_ones();
        let (mut node, mut last) = (shr(self.old - 1, up), shr(self.new - 1, up));
        let (mut old, mut new) = (*first, *first);
        for sibling in path {
            if last == 0 {
                return Err(fail);
            }
            if node & 1 == 1 || node == last {
                old = node_hash(sibling, &old);
                new = node_hash(sibling, &new);
                let up = node.trailing_zeros();
                (node, last) = (shr(node, up), shr(last, up));
            } else {
                new = node_hash(&new, sibling);
            }
            (node, last) = (node >> 1, last >> 1);
        }
        if last == 0 && old == *old_root && new == *new_root { Ok(()) } else { Err(fail) }
    }
}

/// The siblings on the way from a complete subtree's root to the root of the tree of `size` leaves.
fn path_to_root(id: NodeId, size: u64, nodes: &(impl Nodes + ?Sized)) -> Result<Vec<Hash>, Error> {
    let mut path = Vec::new();
    let (mut level, mut index) = (id.level, id.index);
    // The last leaf's ancestor at this level; at 0 we are at the root.
    let mut last = shr(size - 1, u32::from(level));
    while last != 0 {
        let sibling = NodeId { level, index: index ^ 1 };
        if sibling.index < last {
            path.push(read(nodes, sibling)?);
        } else if sibling.index == last {
            path.push(ragged(sibling, size, nodes)?);
        }
        (level, index, last) = (level + 1, index >> 1, last >> 1);
    }
    Ok(path)
}

/// The hash of the leaves under a node that the end of the tree may cut short.
fn ragged(id: NodeId, size: u64, nodes: &(impl Nodes + ?Sized)) -> Result<Hash, Error> {
    let end = (u128::from(id.index) + 1) << id.level;
    if end <= u128::from(size) {
        return read(nodes, id);
    }
    // Complete subtrees from the smallest (right) to the largest (left): the bits of `size` below this level.
    let mut hash = None;
    for level in 0..id.level {
        let count = size >> level;
        if count & 1 == 1 {
            let left = read(nodes, NodeId { level, index: count - 1 })?;
            hash = Some(hash.map_or(left, |right| node_hash(&left, &right)));
        }
    }
    hash.ok_or(Error::MissingNode { level: id.level, index: id.index })
}

fn read(nodes: &(impl Nodes + ?Sized), id: NodeId) -> Result<Hash, Error> {
    nodes.node(id).ok_or(Error::MissingNode { level: id.level, index: id.index })
}

/// Runs `make` on nodes that only remember what they were asked for.
fn record(make: impl FnOnce(&dyn Nodes) -> Result<(), Error>) -> Result<Vec<NodeId>, Error> {
    let asked = std::cell::RefCell::new(Vec::new());
    make(&|id: NodeId| {
        asked.borrow_mut().push(id);
        Some(Hash::new([0; 32]))
    })?;
    Ok(asked.into_inner())
}

/// `x >> by`, and 0 where that would be too far.
fn shr(x: u64, by: u32) -> u64 {
    x.checked_shr(by).unwrap_or(0)
}
