//! Files that are replaced whole, and folders that only the owner reads.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Writes a file anew: whoever reads it finds the old text or the new one, and never a part. A file that was there
/// keeps its mode; a link keeps leading to it.
pub(in crate::gateway) fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = target.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
    // A name with a dot in front is included by no pattern.
    let beside = target.with_file_name(format!(".{name}.{}.new", std::process::id()));
    let written = write(&beside, &target, text).and_then(|()| fs::rename(&beside, &target));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write(beside: &Path, target: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = File::create(beside)?;
    if let Ok(meta) = fs::metadata(target) {
        file.set_permissions(meta.permissions())?;
    }
    file.write_all(text)?;
    // A name may reach the disk before what it names.
    file.sync_all()
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
        fs::remove_dir_all(folder).expect("removed");
    }
}
