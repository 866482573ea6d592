//! A folder in memory for what quick tests write: they make thousands of files and throw them away. What has to survive a
//! loss of power is a matter for the whole run, which writes to a disk.

use std::path::{Path, PathBuf};

use rustix::fs::{StatVfsMountFlags, statvfs};

/// Where Linux keeps shared memory: <https://www.kernel.org/doc/html/latest/filesystems/tmpfs.html>.
const SHARED: &str = "/dev/shm";
/// What tests may need at once, several times over.
const ROOM: u64 = 2 << 30;

/// A folder of our own there, removed with what is in it when this is dropped.
pub(super) struct Ram(PathBuf);

impl Ram {
    /// Where there is room, and programs may be started; not if somebody says where to write.
    pub(super) fn take() -> Option<Self> {
        let free = std::env::var_os("TMPDIR").is_none() && fits(Path::new(SHARED), ROOM);
        let folder = Path::new(SHARED).join(format!("exq-quick-{}", std::process::id()));
        (free && std::fs::create_dir(&folder).is_ok()).then_some(Self(folder))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Ram {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn fits(folder: &Path, room: u64) -> bool {
    statvfs(folder).is_ok_and(|at| {
        let forbidden = StatVfsMountFlags::NOEXEC | StatVfsMountFlags::RDONLY;
        !at.f_flag.intersects(forbidden) && at.f_bavail.saturating_mul(at.f_frsize) >= room
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_room_or_that_is_not_there_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        assert!(fits(folder.path(), 1));
        assert!(!fits(folder.path(), u64::MAX));
        assert!(!fits(&folder.path().join("none"), 1));
    }
}
