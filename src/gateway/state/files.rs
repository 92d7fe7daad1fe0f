//! Files that are replaced whole, and folders that only the owner reads.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Writes a file anew: whoever reads it finds the old text or the new one, and never a part. A file that was there
/// keeps its mode; a link keeps leading to it.
pub(in crate::gateway) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    put(path, text, false)
}

/// As [`replace`]; a file that is new is read by nobody but the owner.
pub(super) fn keep(path: &Path, text: &[u8]) -> io::Result<()> {
    put(path, text, true)
}

fn put(path: &Path, text: &[u8], private: bool) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
    // A name with a dot in front is included by no pattern.
    let beside = target.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let written = write(&beside, &target, text, private).and_then(|()| fs::rename(&beside, &target));
    match written {
        Ok(()) => sync_folder(&target),
        Err(_) => drop(fs::remove_file(&beside)),
    }
    written
}

fn write(beside: &Path, target: &Path, text: &[u8], private: bool) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    if private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = private;
    let mut file = options.open(beside)?;
    if let Ok(meta) = fs::metadata(target) {
        file.set_permissions(meta.permissions())?;
    }
    file.write_all(text)?;
    // A name may reach the disk before what it names.
    file.sync_all()
}

/// The new name is on the disk once its folder is. Where that cannot be asked for, the file is whole all the same.
fn sync_folder(target: &Path) {
    #[cfg(unix)]
    if let Some(folder) = target.parent().and_then(|folder| File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
    #[cfg(not(unix))]
    let _ = target;
}

/// Makes a folder and those above it. Configs may have secrets in them, so nobody else may look into it.
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
        let path = folder.join("kept.json");
        keep(&path, b"{}").expect("written");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
        }
        fs::remove_dir_all(folder).expect("removed");
    }
}
