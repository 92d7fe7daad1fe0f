//! Where the file is: on a local disk, and of one process.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::error::LedgerError;

/// File systems whose locks and shared memory SQLite's write-ahead log cannot rely on.
const NETWORK: [&str; 14] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "9p",
    "afs",
    "ceph",
    "lustre",
    "ncpfs",
    "gpfs",
    "fuse.sshfs",
    "fuse.glusterfs",
    "fuse.s3fs",
];

/// Takes the lock file. It is released when it is closed, also by the end of the process.
pub(super) fn lock(path: &Path) -> Result<File, LedgerError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(PathBuf::from(name));
    let file = file.map_err(|error| LedgerError::file(&path.into(), error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LedgerError::in_use(&path.into())),
        Err(TryLockError::Error(error)) => Err(LedgerError::file(&path.into(), error)),
    }
}

/// Where the kernel does not list its mounts in `/proc`, nothing is refused.
pub(super) fn refuse_network(path: &Path) -> Result<(), LedgerError> {
    let Ok(mounts) = fs::read_to_string("/proc/self/mountinfo") else { return Ok(()) };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(folder) = fs::canonicalize(folder) else { return Ok(()) };
    match file_system(&mounts, &folder) {
        Some(kind) if NETWORK.contains(&kind) => Err(LedgerError::network(&path.into(), kind)),
        _ => Ok(()),
    }
}

/// The type of the file system of `folder`, by `/proc/self/mountinfo`: the last one of the longest mount point.
fn file_system<'m>(mounts: &'m str, folder: &Path) -> Option<&'m str> {
    let mount = |line: &'m str| {
        let (own, rest) = line.split_once(" - ")?;
        let point = own.split(' ').nth(4)?.replace("\\040", " ");
        folder.starts_with(&point).then_some((point.len(), rest.split(' ').next()?))
    };
    mounts.lines().filter_map(mount).max_by_key(|(len, _)| *len).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_mount_point_counts() {
        let mounts = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
                      30 22 0:40 / /mnt/my\\040share rw shared:1 - nfs4 host:/a rw\n\
                      31 30 0:41 / /mnt/my\\040share/local rw - tmpfs tmpfs rw\n";
        let rows = [
            ("/var/lib", Some("ext4")),
            ("/mnt/my share/a", Some("nfs4")),
            ("/mnt/my share/local", Some("tmpfs")),
            ("/mnt/my shared", Some("ext4")),
        ];
        for (folder, kind) in rows {
            assert_eq!(file_system(mounts, Path::new(folder)), kind, "{folder}");
        }
        assert_eq!(file_system("", Path::new("/")), None);
    }
}
