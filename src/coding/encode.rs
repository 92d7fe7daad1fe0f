//! Puts content codings on, as the bytes pass.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};

use super::Coding;

/// Puts codings on content that comes in chunks. Sans I/O; after [`flush`](Self::flush) the other side can decode all that
/// went in.
#[derive(Debug)]
pub(crate) struct Encoder {
    /// The coding that is applied first comes first.
    stages: Vec<StageEncoder>,
    /// Whether something went in since the last flush.
    dirty: bool,
}

enum StageEncoder {
    Gzip(GzEncoder<Vec<u8>>),
    Deflate(ZlibEncoder<Vec<u8>>),
    Brotli(Box<brotli::CompressorWriter<Vec<u8>>>),
    Zstd(Box<zstd::stream::write::Encoder<'static, Vec<u8>>>),
}

/// Fast, since it is done while the client waits.
const BROTLI_QUALITY: u32 = 4;
const BROTLI_WINDOW: u32 = 20;
const ZSTD_LEVEL: i32 = 1;
/// Writing to a buffer in memory.
const CANNOT_FAIL: &str = "a buffer takes all";

/// Puts them on, the first one first.
pub(crate) fn encode(codings: &[Coding], content: &[u8]) -> Vec<u8> {
    let (mut encoder, mut coded) = (Encoder::new(codings), Vec::new());
    encoder.feed(content, &mut coded);
    encoder.finish(&mut coded);
    coded
}

// === impl Encoder ===

impl Encoder {
    /// For `codings`, in the order in which they are applied.
    pub(crate) fn new(codings: &[Coding]) -> Self {
        Self { stages: codings.iter().map(|coding| StageEncoder::new(*coding)).collect(), dirty: false }
    }

    /// Takes the next chunk, and appends to `out` what is coded by then.
    pub(crate) fn feed(&mut self, content: &[u8], out: &mut Vec<u8>) {
        self.dirty |= !content.is_empty();
        let mut now = Vec::new();
        for (at, stage) in self.stages.iter_mut().enumerate() {
            stage.as_write().write_all(if at == 0 { content } else { &now }).expect(CANNOT_FAIL);
            now = std::mem::take(stage.coded());
        }
        out.extend_from_slice(if self.stages.is_empty() { content } else { &now });
    }

    /// Appends all that is not yet written, if there is something.
    pub(crate) fn flush(&mut self, out: &mut Vec<u8>) {
        if !std::mem::take(&mut self.dirty) {
            return;
        }
        let mut now = Vec::new();
        for stage in &mut self.stages {
            let writer = stage.as_write();
            writer.write_all(&now).and_then(|()| writer.flush()).expect(CANNOT_FAIL);
            now = std::mem::take(stage.coded());
        }
        out.append(&mut now);
    }

    /// Appends the end. No more may be fed.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        let mut now = Vec::new();
        for mut stage in std::mem::take(&mut self.stages) {
            stage.as_write().write_all(&now).expect(CANNOT_FAIL);
            now = stage.finish().expect(CANNOT_FAIL);
        }
        out.append(&mut now);
    }
}

// === impl StageEncoder ===

impl StageEncoder {
    fn new(coding: Coding) -> Self {
        match coding {
            // Without a time in it: the same content gives the same bytes.
            Coding::Gzip => Self::Gzip(GzEncoder::new(Vec::new(), Compression::fast())),
            Coding::Deflate => Self::Deflate(ZlibEncoder::new(Vec::new(), Compression::fast())),
            Coding::Brotli => {
                let writer = brotli::CompressorWriter::new(Vec::new(), 4096, BROTLI_QUALITY, BROTLI_WINDOW);
                Self::Brotli(Box::new(writer))
            }
            Coding::Zstd => {
                let encoder = zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL);
                Self::Zstd(Box::new(encoder.expect("memory for a context")))
            }
        }
    }

    fn as_write(&mut self) -> &mut dyn Write {
        match self {
            Self::Gzip(encoder) => encoder,
            Self::Deflate(encoder) => encoder,
            Self::Brotli(encoder) => encoder,
            Self::Zstd(encoder) => encoder,
        }
    }

    fn coded(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Gzip(encoder) => encoder.get_mut(),
            Self::Deflate(encoder) => encoder.get_mut(),
            Self::Brotli(encoder) => encoder.get_mut(),
            Self::Zstd(encoder) => encoder.get_mut(),
        }
    }

    fn finish(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Gzip(encoder) => encoder.finish(),
            Self::Deflate(encoder) => encoder.finish(),
            Self::Brotli(encoder) => Ok(encoder.into_inner()),
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl std::fmt::Debug for StageEncoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Gzip(_) => "Gzip",
            Self::Deflate(_) => "Deflate",
            Self::Brotli(_) => "Brotli",
            Self::Zstd(_) => "Zstd",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{DecodeStep, Decoder};
    use super::*;

    #[test]
    fn what_was_flushed_can_be_decoded() {
        let stacks: [&[Coding]; 6] = [
            &[Coding::Gzip],
            &[Coding::Deflate],
            &[Coding::Brotli],
            &[Coding::Zstd],
            &[Coding::Gzip, Coding::Brotli],
            &[Coding::Zstd, Coding::Deflate, Coding::Gzip],
        ];
        for codings in stacks {
            let (mut encoder, mut decoder) = (Encoder::new(codings), Decoder::new(codings));
            for event in ["data: 1\n\n", "data: {\"a\":\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbb\"}\n\n", ":\n"] {
                let (mut coded, mut decoded) = (Vec::new(), Vec::new());
                encoder.feed(event.as_bytes(), &mut coded);
                encoder.flush(&mut coded);
                decoder.push(&coded);
                while decoder.step(&mut decoded).expect("it is decoded") == DecodeStep::Made {}
                assert_eq!(String::from_utf8_lossy(&decoded), event, "{codings:?}");
                coded.clear();
                encoder.flush(&mut coded);
                assert!(coded.is_empty(), "there is nothing to flush: {codings:?}");
            }
            let mut coded = Vec::new();
            encoder.finish(&mut coded);
            decoder.push(&coded);
            decoder.end();
            assert_eq!(decoder.step(&mut Vec::new()), Ok(DecodeStep::Ended), "{codings:?}");
        }
    }
}
