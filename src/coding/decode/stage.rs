//! One coding of several: its decoder, and the input that waits for it.

use std::io::{self, BufRead, Read, Write};

use flate2::write::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};

use super::super::{Coding, CodingError};
use super::DecodeStep;

/// One coding.
#[derive(Debug)]
pub(super) struct DecodeStage {
    kind: StageDecoder,
    pub(super) made: u64,
}

enum StageDecoder {
    Gzip { decoder: Box<MultiGzDecoder<Vec<u8>>>, input: DecodeInput },
    Deflate(Inflate),
    Brotli(Box<brotli::Decompressor<DecodeInput>>),
    Zstd(Box<zstd::stream::read::Decoder<'static, DecodeInput>>),
}

/// Deflate in the zlib format, or bare.
#[derive(Debug, Default)]
struct Inflate {
    /// Known once its first bytes are there.
    inner: Option<Decompress>,
    input: DecodeInput,
    ended: bool,
}

/// Input that has not been read yet. While it is empty, reads return `WouldBlock`.
#[derive(Debug, Default)]
pub(super) struct DecodeInput {
    bytes: Vec<u8>,
    at: usize,
    pub(super) ended: bool,
    begun: bool,
}

/// RFC 9659 §3: no content needs a larger window, 8 MiB.
const MAX_WINDOW_LOG: u32 = 23;
/// So much is made in a step, of each coding.
pub(super) const STEP: usize = 32 * 1024;

// === impl DecodeStage ===

impl DecodeStage {
    pub(super) fn new(coding: Coding) -> Self {
        Self { kind: StageDecoder::new(coding), made: 0 }
    }

    pub(super) fn input(&mut self) -> &mut DecodeInput {
        match &mut self.kind {
            StageDecoder::Gzip { input, .. } => input,
            StageDecoder::Deflate(inflate) => &mut inflate.input,
            StageDecoder::Brotli(decoder) => decoder.get_mut(),
            StageDecoder::Zstd(decoder) => decoder.get_mut(),
        }
    }

    pub(super) fn step(&mut self, out: &mut Vec<u8>) -> Result<DecodeStep, CodingError> {
        let from = out.len();
        if self.input().ended && !self.input().begun {
            // No content is no content, coded or not.
            return Ok(DecodeStep::Ended);
        }
        let ended = match &mut self.kind {
            StageDecoder::Gzip { decoder, input } => gunzip(decoder, input, out)?,
            StageDecoder::Deflate(inflate) => inflate.step(out)?,
            // The first read at the end does not look behind it.
            StageDecoder::Brotli(decoder) => read(decoder, out)? && read(decoder, out)?,
            StageDecoder::Zstd(decoder) => read(decoder, out)?,
        };
        let made = out.len() - from;
        self.made += made as u64;
        // It would also pile up, since nothing reads it.
        if ended && made == 0 && !self.input().rest().is_empty() {
            return Err(CodingError::Malformed);
        }
        Ok(match ended {
            _ if made > 0 => DecodeStep::Made,
            true if self.input().ended => DecodeStep::Ended,
            _ => DecodeStep::Hungry,
        })
    }
}

impl std::fmt::Debug for StageDecoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Gzip { .. } => "Gzip",
            Self::Deflate(_) => "Deflate",
            Self::Brotli(_) => "Brotli",
            Self::Zstd(_) => "Zstd",
        })
    }
}

// === impl StageDecoder ===

impl StageDecoder {
    fn new(coding: Coding) -> Self {
        match coding {
            Coding::Gzip => {
                Self::Gzip { decoder: Box::new(MultiGzDecoder::new(Vec::new())), input: DecodeInput::default() }
            }
            Coding::Deflate => Self::Deflate(Inflate::default()),
            Coding::Brotli => Self::Brotli(Box::new(brotli::Decompressor::new(DecodeInput::default(), 4096))),
            Coding::Zstd => Self::Zstd(Box::new(unzstd().expect("memory for a context"))),
        }
    }
}

fn unzstd() -> io::Result<zstd::stream::read::Decoder<'static, DecodeInput>> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(DecodeInput::default())?;
    decoder.window_log_max(MAX_WINDOW_LOG)?;
    Ok(decoder)
}

/// Whether it has ended; member after member (RFC 1952 §2.2).
fn gunzip(
    decoder: &mut MultiGzDecoder<Vec<u8>>,
    input: &mut DecodeInput,
    out: &mut Vec<u8>,
) -> Result<bool, CodingError> {
    let malformed = |_| CodingError::Malformed;
    let mut ended = false;
    while decoder.get_ref().is_empty() && !ended {
        let rest = input.rest();
        if !rest.is_empty() {
            let used = decoder.write(rest).map_err(malformed)?;
            if used == 0 {
                return Err(CodingError::Malformed);
            }
            input.consume(used);
            // What it has read may still be inside of it.
            decoder.flush().map_err(malformed)?;
        } else if input.ended {
            decoder.try_finish().map_err(malformed)?;
            ended = true;
        } else {
            break;
        }
    }
    out.append(decoder.get_mut());
    Ok(ended)
}

/// Whether it has ended.
fn read(decoder: &mut impl Read, out: &mut Vec<u8>) -> Result<bool, CodingError> {
    let from = out.len();
    out.resize(from + STEP, 0);
    let read = decoder.read(&mut out[from..]);
    out.truncate(from + read.as_ref().map_or(0, |read| *read));
    match read {
        Ok(read) => Ok(read == 0),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        Err(_) => Err(CodingError::Malformed),
    }
}

// === impl Inflate ===

impl Inflate {
    /// Whether it has ended.
    fn step(&mut self, out: &mut Vec<u8>) -> Result<bool, CodingError> {
        let Self { inner, input, ended } = self;
        let Some(inner) = begin(inner, input) else { return Ok(false) };
        let from = out.len();
        while !*ended && out.len() == from {
            let (rest, before) = (input.rest(), inner.total_in());
            let idle = rest.is_empty();
            out.reserve(STEP);
            let status = inner.decompress_vec(rest, out, FlushDecompress::None).map_err(|_| CodingError::Malformed)?;
            let used = usize::try_from(inner.total_in() - before).unwrap_or(usize::MAX);
            input.consume(used);
            match status {
                Status::StreamEnd => *ended = true,
                _ if out.len() > from => {}
                _ if idle && input.ended => return Err(CodingError::Malformed),
                _ if used == 0 => break,
                _ => {}
            }
        }
        Ok(*ended)
    }
}

/// The decompressor, if enough is there to tell the format: a header of zlib is a multiple of 31 (RFC 1950 §2.2), and what
/// its first byte says would be a stored block in bare deflate whose padding is not zero.
fn begin<'d>(inner: &'d mut Option<Decompress>, input: &DecodeInput) -> Option<&'d mut Decompress> {
    if inner.is_none() {
        let zlib = match *input.rest() {
            [method, flags, ..] => {
                method & 0x8f == 0x08 && ((u16::from(method) << 8) | u16::from(flags)).is_multiple_of(31)
            }
            _ if input.ended => false,
            _ => return None,
        };
        *inner = Some(Decompress::new(zlib));
    }
    inner.as_mut()
}

// === impl DecodeInput ===

impl DecodeInput {
    pub(super) fn push(&mut self, chunk: &[u8]) {
        self.bytes.drain(..std::mem::take(&mut self.at));
        self.bytes.extend_from_slice(chunk);
        self.begun |= !chunk.is_empty();
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }
}

impl Read for DecodeInput {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for DecodeInput {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.rest() {
            [] if !self.ended => Err(io::ErrorKind::WouldBlock.into()),
            rest => Ok(rest),
        }
    }

    fn consume(&mut self, used: usize) {
        self.at = (self.at + used).min(self.bytes.len());
    }
}
