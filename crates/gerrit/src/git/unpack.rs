//! Puts a received pack into a bare repository.

use std::io::BufReader;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use gix::prelude::Write as _;
use gix_pack::bundle::write::Options;

use super::Pack;

/// Packs of up to that many objects become loose objects. A pack for every change would soon be thousands of packs,
/// and each is looked at for each object. (git's own `fetch.unpackLimit` is 100.)
const LOOSE_UP_TO: u32 = 500;

/// The most memory that one object of a pack may take, in bytes.
const MAX_OBJECT_BYTES: usize = 512 << 20;

/// Takes in a pack. True if it stayed a pack, so that the repository must be opened anew to have room for it.
///
/// Objects are there before any ref names them: a crash in between leaves objects that nobody asks for.
pub(crate) fn unpack(repo: &gix::Repository, pack: Pack) -> Result<bool, String> {
    let scratch = tempfile::Builder::new()
        .prefix(SCRATCH)
        .tempdir_in(repo.path())
        .map_err(|error| format!("no room for a pack: {error}"))?;
    let options =
        Options { thread_limit: Some(1), alloc_limit_bytes: Some(MAX_OBJECT_BYTES), ..Options::default() };
    let written = gix_pack::Bundle::write_to_directory(
        &mut BufReader::new(pack.data),
        Some(scratch.path()),
        &mut gix::progress::Discard,
        &AtomicBool::new(false),
        Some(&repo.objects),
        gix::hash::Kind::Sha1,
        options,
    )
    .map_err(|error| format!("the pack can't be read: {error}"))?;
    if written.index.num_objects > LOOSE_UP_TO {
        keep(repo, written.data_path.as_deref(), written.index_path.as_deref())?;
        return Ok(true);
    }
    if let Some(bundle) = written.to_bundle() {
        let bundle = bundle.map_err(|error| error.to_string())?;
        loosen(repo, &bundle)?;
    }
    Ok(false)
}

/// The beginning of the names of folders that hold packs while they are taken in.
pub(crate) const SCRATCH: &str = "incoming-";

fn loosen(repo: &gix::Repository, bundle: &gix_pack::Bundle) -> Result<(), String> {
    let mut inflate = gix::zlib::Inflate::default();
    let mut buffer = Vec::new();
    for index in 0..bundle.index.num_objects() {
        let (object, _) = bundle
            .get_object_by_index(index, &mut buffer, &mut inflate, &mut gix_pack::cache::Never)
            .map_err(|error| format!("an object of the pack can't be read: {error}"))?;
        repo.objects
            .write_buf(object.kind, object.data)
            .map_err(|error| format!("an object can't be written: {error}"))?;
    }
    Ok(())
}

/// The pack first, then its index: nobody finds an index without its pack.
fn keep(repo: &gix::Repository, data: Option<&Path>, index: Option<&Path>) -> Result<(), String> {
    let dir = repo.path().join("objects/pack");
    std::fs::create_dir_all(&dir).map_err(|error| error.to_string())?;
    for file in [data, index].into_iter().flatten() {
        let name = file.file_name().ok_or("a pack has no name")?;
        std::fs::rename(file, dir.join(name)).map_err(|error| error.to_string())?;
    }
    Ok(())
}
