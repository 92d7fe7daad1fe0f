//! Files that are replaced whole, and folders that only the owner reads.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Replaces a file atomically: a reader gets the old content or the new one, and never a part. An existing file keeps its
/// mode, and a symbolic link to it keeps working.
pub(in crate::gateway) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    put(path, text, false)
}

/// Like [`replace`]; a new file is readable only for its owner.
pub(super) fn keep(path: &Path, text: &[u8]) -> io::Result<()> {
    put(path, text, true)
}

fn put(path: &Path, text: &[u8], private: bool) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    // A name with a dot in front is included by no pattern.
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".new");
    #[cfg(unix)]
    if !private {
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    }
    #[cfg(not(unix))]
    let _ = private;
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = builder.tempfile_in(folder)?;
    if let Ok(meta) = fs::metadata(&target) {
        file.as_file().set_permissions(meta.permissions())?;
    }
    file.write_all(text)?;
    // A name may reach the disk before what it names.
    file.as_file().sync_all()?;
    file.persist(&target)?;
    sync_folder(folder);
    Ok(())
}

/// The new name is on the disk once its folder is. Where that cannot be asked for, the file is whole all the same.
fn sync_folder(folder: &Path) {
    #[cfg(unix)]
    if let Ok(folder) = fs::File::open(folder) {
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _ = folder;
}

/// Creates a folder and its parents. Configs may contain secrets, so only the owner may read it.
pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_with_its_mode() {
        let folder = std::env::temp_dir().join(format!("sunward-replace-{}", std::process::id()));
        make_folder(&folder).expect("a folder");
        let path = folder.join("a.toml");
        fs::write(&path, "old").expect("written");
        let mut mode = fs::metadata(&path).expect("it is there").permissions();
        mode.set_readonly(true);
        fs::set_permissions(&path, mode).expect("its mode");
        replace(&path, b"new").expect("replaced");
        assert_eq!(fs::read_to_string(&path).expect("a text"), "new");
        assert!(fs::metadata(&path).expect("it is there").permissions().readonly());
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1, "nothing is left beside");
        assert!(replace(&folder.join("none/a.toml"), b"new").is_err());
        let path = folder.join("new.toml");
        replace(&path, b"new").expect("written");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let like = fs::File::create(folder.join("like")).and_then(|file| file.metadata()).expect("a file");
            assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode(), like.permissions().mode());
        }
        let path = folder.join("kept.json");
        keep(&path, b"{}").expect("written");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
        }
        fs::remove_dir_all(folder).expect("removed");
    }

    #[cfg(unix)]
    #[test]
    fn what_a_process_left_beside_it_is_not_written_through() {
        let folder = std::env::temp_dir().join(format!("sunward-left-{}", std::process::id()));
        make_folder(&folder).expect("a folder");
        let (path, other) = (folder.join("a.toml"), folder.join("other"));
        fs::write(&other, "other").expect("written");
        // In a container, the next process has the same id.
        let left = folder.join(format!(".a.toml.{}.new", std::process::id()));
        std::os::unix::fs::symlink(&other, &left).expect("a link");
        replace(&path, b"new").expect("replaced");
        assert_eq!(fs::read_to_string(&path).expect("a text"), "new");
        assert_eq!(fs::read_to_string(&other).expect("a text"), "other");
        assert!(!fs::symlink_metadata(&path).expect("it is there").is_symlink());
        fs::remove_dir_all(folder).expect("removed");
    }
}
