//! Tiles: the tree and the entries as files (c2sp.org/tlog-tiles).

use crate::{Error, Hash, MAX_LEAF_BYTES, NodeId, Nodes, node_hash};
use std::fmt::{self, Write as _};

/// Hashes in a full tile.
pub const FULL_WIDTH: u16 = 256;
/// Tiles have 8 levels of the tree.
const HEIGHT: u8 = 8;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes at tree level `8 · level`; `level` is at most 7.
    Hashes {
        /// Level among the tiles, from 0.
        level: u8,
    },
    /// The entries themselves.
    Entries,
}

/// One tile's place; prints as its path, such as `tile/0/x001/x234/067.p/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// What it holds.
    pub kind: TileKind,
    /// Position within its level, from 0.
    pub index: u64,
    /// How many hashes or entries it has: 1 to 256.
    pub width: u16,
}

impl TileId {
    /// The tile of that kind and position in the tree of `size` leaves; `None` if it would be empty.
    pub fn in_tree(kind: TileKind, index: u64, size: u64) -> Option<Self> {
        let level = if let TileKind::Hashes { level } = kind { level } else { 0 };
        let nodes = size.checked_shr(u32::from(level) * u32::from(HEIGHT)).unwrap_or(0);
        let rest = nodes.checked_sub(index.checked_mul(u64::from(FULL_WIDTH))?)?;
        let width = rest.min(u64::from(FULL_WIDTH)) as u16;
        (width > 0).then_some(Self { kind, index, width })
    }

    /// All tiles that a log must serve after growing from `old` to `new` leaves: hashes of every level, then entries.
    pub fn grown(old: u64, new: u64) -> Vec<Self> {
        let mut tiles = Vec::new();
        let kinds = (0..8).map(|level| TileKind::Hashes { level }).chain([TileKind::Entries]);
        for kind in kinds {
            let level = if let TileKind::Hashes { level } = kind { level } else { 0 };
            let (had, has) = (old >> (HEIGHT * level), new >> (HEIGHT * level));
            if had < has {
                let last = (has - 1) / u64::from(FULL_WIDTH);
                tiles.extend(
                    (had / u64::from(FULL_WIDTH)..=last).filter_map(|index| Self::in_tree(kind, index, new)),
                );
            }
        }
        tiles
    }

    /// Reads a path, without leading slash, and only in the one spelling.
    ///
    /// # Errors
    ///
    /// [`Error::Tile`] for anything else.
    pub fn parse(path: &str) -> Result<Self, Error> {
        let bad = |why| Error::Tile { what: "tile path", why };
        if path.len() > 64 {
            return Err(bad("too long"));
        }
        let rest = path.strip_prefix("tile/").ok_or_else(|| bad("it begins with `tile/`"))?;
        let (kind, rest) = rest.split_once('/').ok_or_else(|| bad("level and index are expected"))?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes {
                level: level.parse().ok().filter(|level| *level < 8).ok_or_else(|| bad("no such level"))?,
            },
        };
        let (digits, width) = match rest.split_once(".p/") {
            Some((digits, width)) => (digits, width.parse().ok().filter(|w| (1..FULL_WIDTH).contains(w))),
            None => (rest, Some(FULL_WIDTH)),
        };
        let width = width.ok_or_else(|| bad("a partial tile has 1 to 255 parts"))?;
        let index = digits
            .split('/')
            .try_fold(0u64, |index, part| {
                let part: u64 = part.strip_prefix('x').unwrap_or(part).parse().ok()?;
                index.checked_mul(1000)?.checked_add(part)
            })
            .ok_or_else(|| bad("the index is no number"))?;
        let tile = Self { kind, index, width };
        if tile.to_string() == path { Ok(tile) } else { Err(bad("another spelling is the right one")) }
    }

    /// The bytes of a hash tile.
    ///
    /// # Errors
    ///
    /// [`Error::MissingNode`] if `nodes` lacks one, [`Error::Tile`] for a tile of entries.
    pub fn hashes(&self, nodes: &(impl Nodes + ?Sized)) -> Result<Vec<u8>, Error> {
        let TileKind::Hashes { level } = self.kind else {
            return Err(Error::Tile { what: "tile of hashes", why: "it holds entries" });
        };
        let mut bytes = Vec::with_capacity(usize::from(self.width) * 32);
        for offset in 0..u64::from(self.width) {
            let index = self.index.saturating_mul(u64::from(FULL_WIDTH)).saturating_add(offset);
            let id = NodeId { level: level.saturating_mul(HEIGHT), index };
            let hash = nodes.node(id).ok_or(Error::MissingNode { level: id.level, index })?;
            bytes.extend_from_slice(hash.as_bytes());
        }
        Ok(bytes)
    }
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes { level } => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        let mut path = String::new();
        for (place, group) in groups.iter().enumerate().rev() {
            let (mark, slash) = if place > 0 { ("x", "/") } else { ("", "") };
            write!(path, "{mark}{group:03}{slash}")?;
        }
        f.write_str(&path)?;
        if self.width < FULL_WIDTH { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// Reads nodes out of hash tiles of a tree of `size` leaves, as a client of the log does.
///
/// The tiles need not be trusted: a proof made from wrong ones doesn't hold.
pub struct TileNodes<F> {
    size: u64,
    read: F,
}

impl<F: Fn(TileId) -> Option<Vec<u8>>> TileNodes<F> {
    /// `read` gives a tile's bytes, or `None` if it can't be had.
    pub fn new(size: u64, read: F) -> Self {
        Self { size, read }
    }
}

impl<F: Fn(TileId) -> Option<Vec<u8>>> Nodes for TileNodes<F> {
    fn node(&self, id: NodeId) -> Option<Hash> {
        let (level, above) = (id.level / HEIGHT, id.level % HEIGHT);
        let count = 1usize << above;
        let first = id.index.checked_mul(count as u64)?;
        let tile = TileId::in_tree(TileKind::Hashes { level }, first / u64::from(FULL_WIDTH), self.size)?;
        let bytes = (self.read)(tile)?;
        let (hashes, rest) = bytes.as_chunks::<32>();
        if hashes.len() != usize::from(tile.width) || !rest.is_empty() {
            return None;
        }
        let start = (first % u64::from(FULL_WIDTH)) as usize;
        let mut row: Vec<Hash> = hashes.get(start..start + count)?.iter().map(|h| Hash::new(*h)).collect();
        while row.len() > 1 {
            row = row.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect();
        }
        row.first().copied()
    }
}

/// The bytes of an entry bundle: each entry behind its length as 16 bits, big-endian.
///
/// # Errors
///
/// [`Error::Limit`] if an entry is too large or there are more than 256.
pub fn entry_bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    for (place, entry) in entries.into_iter().enumerate() {
        if place >= usize::from(FULL_WIDTH) {
            return Err(Error::limit("entries in a bundle", place + 1, usize::from(FULL_WIDTH)));
        }
        let length = u16::try_from(entry.len())
            .map_err(|_| Error::limit("bytes in a leaf", entry.len(), MAX_LEAF_BYTES))?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// Reads [`entry_bundle`].
///
/// # Errors
///
/// [`Error::Tile`] if it is cut short or has more than 256 entries.
pub fn split_entry_bundle(bytes: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let bad = |why| Error::Tile { what: "entry bundle", why };
    let (mut entries, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<2>().ok_or_else(|| bad("cut short in a length"))?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after.split_at_checked(length).ok_or_else(|| bad("cut short in an entry"))?;
        entries.push(entry);
        if entries.len() > usize::from(FULL_WIDTH) {
            return Err(bad("more than 256 entries"));
        }
        rest = after;
    }
    Ok(entries)
}
