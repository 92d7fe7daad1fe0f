//! Reads a log in parts of whole lines.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;
use memchr::memrchr;

/// A log that is being read.
pub(super) struct LogReader {
    input: Box<dyn Read + Send>,
    /// The beginning of the line that follows.
    rest: Vec<u8>,
    ended: bool,
    failure: Option<io::Error>,
}

/// A file that says how much of it was read.
struct CountedFile {
    file: File,
    read: Arc<AtomicU64>,
}

/// How much a part has, at least.
const PART: usize = 2 << 20;
/// A longer line is cut.
const LINE: usize = 16 << 20;

// === impl LogReader ===

impl LogReader {
    /// Opens a log. What it is compressed by is found by its first bytes. `read` counts the bytes of the file.
    pub(super) fn open(path: &Path, read: Arc<AtomicU64>) -> io::Result<Self> {
        let mut file = CountedFile { file: File::open(path)?, read };
        let mut magic = Vec::new();
        file.by_ref().take(4).read_to_end(&mut magic)?;
        let is = |bytes: &[u8]| magic.starts_with(bytes);
        let (is_gzip, is_zstd) = (is(&[0x1f, 0x8b]), is(&[0x28, 0xb5, 0x2f, 0xfd]));
        let whole = Cursor::new(magic).chain(file);
        let input: Box<dyn Read + Send> = match (is_gzip, is_zstd) {
            (true, _) => Box::new(MultiGzDecoder::new(io::BufReader::new(whole))),
            (_, true) => Box::new(zstd::stream::read::Decoder::new(whole)?),
            _ => Box::new(whole),
        };
        Ok(Self { input, rest: Vec::new(), ended: false, failure: None })
    }

    /// The next lines, each with its end; `None` after the last, or after a failure.
    pub(super) fn part(&mut self) -> Option<Vec<u8>> {
        let mut part = std::mem::take(&mut self.rest);
        let mut wanted = PART;
        while !self.ended {
            let missing = wanted.saturating_sub(part.len()).max(1) as u64;
            let read = self.input.by_ref().take(missing).read_to_end(&mut part);
            self.ended = !matches!(read, Ok(1..));
            self.failure = read.err();
            if part.len() < wanted {
                continue;
            }
            match memrchr(b'\n', &part) {
                Some(end) => {
                    self.rest = part.split_off(end + 1);
                    return Some(part);
                }
                None if part.len() >= LINE => {
                    part.push(b'\n');
                    return Some(part);
                }
                None => wanted = part.len() + PART,
            }
        }
        self.rest = part.split_off(memrchr(b'\n', &part).map_or(0, |end| end + 1));
        (!part.is_empty()).then_some(part)
    }

    /// Why it ended early.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Whether, at its end, there is a line that does not end.
    pub(super) fn is_torn(&self) -> bool {
        !self.rest.trim_ascii().is_empty()
    }
}

impl Read for CountedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn parts(bytes: &[u8]) -> (Vec<Vec<u8>>, bool) {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(bytes).expect("written");
        let mut reader = LogReader::open(file.path(), Arc::default()).expect("opened");
        let mut parts = Vec::new();
        while let Some(part) = reader.part() {
            parts.push(part);
        }
        (parts, reader.is_torn())
    }

    #[test]
    fn parts_are_whole_lines() {
        let line = [b"x".repeat(999), b"\n".to_vec()].concat();
        let log = line.repeat(5000);
        let (found, torn) = parts(&log);
        assert!(found.len() > 1 && found.iter().all(|part| part.ends_with(b"\n")) && !torn);
        assert_eq!(found.concat(), log);
        assert_eq!(parts(b""), (vec![], false));
        assert_eq!(parts(b"a\nb"), (vec![b"a\n".to_vec()], true));
        assert_eq!(parts(b"ab"), (vec![], true));
        let (found, _) = parts(&b"y".repeat(LINE + 10));
        assert_eq!((found.len(), found[0].len()), (1, LINE + 1));
    }

    #[test]
    fn compressed_logs_are_read() {
        let gzip = |text: &[u8]| {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            writer.write_all(text).expect("compressed");
            writer.finish().expect("compressed")
        };
        let two = [gzip(b"a\n"), gzip(b"b\n")].concat();
        assert_eq!(parts(&two), (vec![b"a\nb\n".to_vec()], false));
        assert_eq!(parts(&zstd::encode_all(&b"a\n"[..], 1).expect("compressed")), (vec![b"a\n".to_vec()], false));
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(&two[..two.len() - 4]).expect("written");
        let mut reader = LogReader::open(file.path(), Arc::default()).expect("opened");
        assert_eq!(reader.part(), Some(b"a\nb\n".to_vec()));
        assert!(reader.part().is_none() && reader.take_failure().is_some());
    }
}
