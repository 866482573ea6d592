//! Loose objects: `objects/ab/cdef…`, zlib over `<kind> <size>\0<bytes>`.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use sha1::{Digest, Sha1};

use super::Oid;

/// The largest object that is read: far above what a test or the demo holds.
const LARGEST_BYTES: u64 = 64 << 20;

/// What went wrong inside a repository.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GitError {
    #[error("{what}: {source}")]
    Io { what: String, source: std::io::Error },
    #[error("object {0} is missing")]
    Missing(Oid),
    #[error("object {id} can't be read: {why}")]
    Corrupt { id: Oid, why: &'static str },
    #[error("ref {name} moved: expected {expected}, found {found}")]
    Moved { name: String, expected: Oid, found: Oid },
    #[error("`{0}` is no ref name")]
    BadRef(String),
    #[error("git {command} failed: {stderr}")]
    Program { command: String, stderr: String },
}

impl GitError {
    pub(crate) fn io(what: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { what: what.into(), source }
    }
}

/// The kinds of object that are used here (annotated tags are only passed through).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Blob,
    Tree,
    Commit,
    Tag,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Blob => "blob",
            Self::Tree => "tree",
            Self::Commit => "commit",
            Self::Tag => "tag",
        }
    }

    fn parse(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"blob" => Self::Blob,
            b"tree" => Self::Tree,
            b"commit" => Self::Commit,
            b"tag" => Self::Tag,
            _ => return None,
        })
    }
}

/// The name that these bytes get.
pub(crate) fn name_of(kind: Kind, bytes: &[u8]) -> Oid {
    let mut hash = Sha1::new();
    hash.update(format!("{} {}\0", kind.word(), bytes.len()).as_bytes());
    hash.update(bytes);
    Oid::new(hash.finalize().into())
}

fn path_of(dir: &Path, id: Oid) -> PathBuf {
    let text = id.to_string();
    let (head, tail) = text.split_at(2);
    dir.join("objects").join(head).join(tail)
}

pub(crate) fn exists(dir: &Path, id: Oid) -> bool {
    path_of(dir, id).exists()
}

pub(crate) fn write(dir: &Path, kind: Kind, bytes: &[u8]) -> Result<Oid, GitError> {
    let id = name_of(kind, bytes);
    let path = path_of(dir, id);
    if path.exists() {
        return Ok(id);
    }
    let failed = |source| GitError::io(format!("write object {id}"), source);
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(format!("{} {}\0", kind.word(), bytes.len()).as_bytes()).map_err(failed)?;
    packed.write_all(bytes).map_err(failed)?;
    let packed = packed.finish().map_err(failed)?;
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    // written beside and renamed, so that a reader (git itself, without our lock) never sees half an object
    let half = path.with_extension("tmp");
    fs::write(&half, packed).map_err(failed)?;
    fs::rename(&half, &path).map_err(failed)?;
    Ok(id)
}

pub(crate) fn read(dir: &Path, id: Oid) -> Result<(Kind, Vec<u8>), GitError> {
    let file = fs::File::open(path_of(dir, id)).map_err(|_| GitError::Missing(id))?;
    let mut raw = Vec::new();
    ZlibDecoder::new(file)
        .take(LARGEST_BYTES)
        .read_to_end(&mut raw)
        .map_err(|source| GitError::io(format!("read object {id}"), source))?;
    let corrupt = |why| GitError::Corrupt { id, why };
    let end = raw.iter().position(|b| *b == 0).ok_or_else(|| corrupt("no header"))?;
    let body = raw.split_off(end + 1);
    raw.pop();
    let mut words = raw.split(|b| *b == b' ');
    let kind = words.next().and_then(Kind::parse).ok_or_else(|| corrupt("unknown kind"))?;
    let size = words.next().and_then(|w| std::str::from_utf8(w).ok()).and_then(|w| w.parse::<usize>().ok());
    if size != Some(body.len()) {
        return Err(corrupt("wrong size, or larger than is read here"));
    }
    Ok((kind, body))
}
