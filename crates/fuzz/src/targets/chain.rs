//! A repository with one review, of which the bytes are the review.

use ::notedb::{
    Entry, Kind, Mode, ObjectId, Tree,
    testing::{SERVER, World},
};

/// The change that is reviewed.
pub(super) const NUMBER: u64 = 42;

/// The most commits that are made.
const LONGEST: usize = 64;

/// A repository, and where the review in it ends.
pub(super) struct Chain {
    pub(super) world: World,
    pub(super) tip: ObjectId,
    /// How many commits the review has.
    pub(super) length: usize,
}

impl Chain {
    /// The bytes are commits, from the oldest on, parted by lines `%%`: all but tree and parent of a meta commit. A piece
    /// that begins with `{` is what the notes say of the first patch set from then on. `$0` to `$3` stand for the
    /// commits of the branch, oldest first; `$S` for the server's id.
    pub(super) fn new(data: &[u8]) -> Self {
        let mut world = World::default();
        let mut code: Vec<ObjectId> = Vec::new();
        for content in ["base", "one", "two", "three"] {
            let parents: Vec<ObjectId> = code.last().copied().into_iter().collect();
            code.push(world.code(&parents, &[("file", content)]));
        }
        if let Some(head) = code.last() {
            world.set("refs/heads/main", *head);
        }
        let empty = world.objects.insert(Kind::Tree, Vec::new());
        let (mut tree, mut tip, mut length) = (empty, None, 0);
        for piece in pieces(data).into_iter().take(LONGEST) {
            let piece = filled(piece, &code);
            if piece.starts_with(b"{") {
                let note = world.objects.insert(Kind::Blob, piece);
                let name = code.get(1).map(ToString::to_string).unwrap_or_default().into_bytes();
                let entry = Entry { mode: Mode::from_bits(0o100_644), name, id: note };
                tree = world.objects.insert(Kind::Tree, Tree { entries: vec![entry] }.to_bytes());
                continue;
            }
            let parent = tip.map(|tip| format!("parent {tip}\n")).unwrap_or_default();
            let commit = [format!("tree {tree}\n{parent}").as_bytes(), &piece].concat();
            tip = Some(world.objects.insert(Kind::Commit, commit));
            length += 1;
        }
        let tip = tip.unwrap_or(empty);
        world.set(&::notedb::meta_ref(NUMBER), tip);
        Self { world, tip, length }
    }
}

/// The pieces between lines `%%`.
pub(super) fn pieces(data: &[u8]) -> Vec<&[u8]> {
    let (mut pieces, mut start, mut at) = (Vec::new(), 0, 0);
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        if line == b"%%\n" {
            pieces.push(data.get(start..at).unwrap_or_default());
            start = at + line.len();
        }
        at += line.len();
    }
    pieces.push(data.get(start..).unwrap_or_default());
    pieces
}

fn filled(piece: &[u8], code: &[ObjectId]) -> Vec<u8> {
    let mut filled = Vec::new();
    let mut rest = piece;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let word = match (first, after.first()) {
            (b'$', Some(b'S')) => Some(SERVER.to_owned()),
            (b'$', Some(digit)) => code.get(usize::from(digit.wrapping_sub(b'0'))).map(ToString::to_string),
            _ => None,
        };
        match word {
            Some(word) => {
                filled.extend(word.into_bytes());
                rest = rest.get(1..).unwrap_or_default();
            }
            None => filled.push(*first),
        }
    }
    filled
}
