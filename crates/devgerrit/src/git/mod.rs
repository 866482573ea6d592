//! Bare git repositories, as far as a Gerrit needs them: loose objects, loose refs, trees, walks, merges, patches.
//!
//! Reading and writing is done here, in process, because a submit touches dozens of objects. The git program does
//! what is a protocol or an algorithm of its own: `upload-pack`, `unpack-objects`, `merge-file`.
//! Nothing ever packs these repositories (pushed packs are unpacked), so loose objects and refs are all there is.

pub(crate) mod commit;
pub(crate) mod files;
pub(crate) mod ident;
pub(crate) mod linediff;
pub(crate) mod merge;
pub(crate) mod objects;
pub(crate) mod oid;
pub(crate) mod patch;
pub(crate) mod program;
pub(crate) mod refs;
pub(crate) mod repo;
pub(crate) mod tree;
pub(crate) mod walk;

pub(crate) use commit::Commit;
pub(crate) use ident::Ident;
pub(crate) use objects::GitError;
pub(crate) use oid::Oid;
pub(crate) use repo::Repo;
