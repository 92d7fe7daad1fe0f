//! Takes content codings off, as the bytes pass.

use std::io::{self, BufRead, Read, Write};

use flate2::write::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};

use super::{Coding, CodingError};

/// Takes codings off content that comes in chunks. Sans I/O, as the [`Rewriter`](crate::json::Rewriter) is: whatever the
/// other side has flushed comes out as soon as it is in, and no step makes much more than 64 KiB.
#[derive(Debug)]
pub struct Decoder {
    /// The coding that was applied last comes first.
    stages: Vec<DecodeStage>,
    max_ratio: u64,
    /// How much was put in, and how much came out of all stages together.
    taken: u64,
    made: u64,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeStep {
    /// Something came out, and there may be more.
    Made,
    /// All that is in has come out.
    Hungry,
    /// That was all.
    Ended,
}

/// One coding.
#[derive(Debug)]
struct DecodeStage {
    kind: StageDecoder,
    made: u64,
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
struct DecodeInput {
    bytes: Vec<u8>,
    at: usize,
    ended: bool,
    begun: bool,
}

/// Up to this size, any ratio is fine.
const SMALL: u64 = 1024 * 1024;
/// RFC 9659 §3: no content needs a larger window, 8 MiB.
const MAX_WINDOW_LOG: u32 = 23;
/// So much is made in a step, of each coding.
const STEP: usize = 32 * 1024;

/// Takes the codings off content that is there as a whole, the last one first, up to `limit` bytes.
pub(crate) fn decode(codings: &[Coding], content: &[u8], limit: usize, ratio: u32) -> Result<Vec<u8>, CodingError> {
    let mut decoder = Decoder::new(codings).with_max_ratio(ratio);
    decoder.push(content);
    decoder.end();
    let mut decoded = Vec::new();
    while decoder.step(&mut decoded)? != DecodeStep::Ended {
        if decoded.len() > limit {
            return Err(CodingError::Limit);
        }
    }
    if decoded.len() > limit { Err(CodingError::Limit) } else { Ok(decoded) }
}

// === impl Decoder ===

impl Decoder {
    /// For content to which `codings` were applied in this order. More than a hundred times its size is refused, beyond
    /// 1 MiB.
    #[must_use]
    pub fn new(codings: &[Coding]) -> Self {
        let stages = codings.iter().rev().map(|coding| DecodeStage { kind: StageDecoder::new(*coding), made: 0 });
        Self { stages: stages.collect(), max_ratio: super::MAX_RATIO.into(), taken: 0, made: 0 }
    }

    /// Another ratio of what comes out to what was put in.
    #[must_use]
    pub fn with_max_ratio(mut self, ratio: u32) -> Self {
        self.max_ratio = ratio.into();
        self
    }

    /// Puts the next chunk in.
    pub fn push(&mut self, chunk: &[u8]) {
        self.taken += chunk.len() as u64;
        if let Some(first) = self.stages.first_mut() {
            first.input().push(chunk);
        }
    }

    /// There is no more to put in.
    pub fn end(&mut self) {
        if let Some(first) = self.stages.first_mut() {
            first.input().ended = true;
        }
    }

    /// Whether nothing was put in.
    #[must_use]
    pub const fn is_unused(&self) -> bool {
        self.taken == 0
    }

    /// Appends to `out` some of what can be made of what is in.
    ///
    /// # Errors
    /// The content is not what its codings say, or becomes too large.
    pub fn step(&mut self, out: &mut Vec<u8>) -> Result<DecodeStep, CodingError> {
        let Some(last) = self.stages.len().checked_sub(1) else { return Ok(DecodeStep::Ended) };
        let (mut at, mut made) = (last, Vec::new());
        loop {
            let target = if at == last { &mut *out } else { &mut made };
            match self.stages[at].step(target)? {
                DecodeStep::Made if at == last => return self.check().map(|()| DecodeStep::Made),
                DecodeStep::Made => {
                    self.check()?;
                    at += 1;
                    self.stages[at].input().push(&made);
                    made.clear();
                }
                DecodeStep::Ended if at == last => return Ok(DecodeStep::Ended),
                DecodeStep::Ended => {
                    at += 1;
                    self.stages[at].input().ended = true;
                }
                DecodeStep::Hungry if at == 0 => return Ok(DecodeStep::Hungry),
                DecodeStep::Hungry => at -= 1,
            }
        }
    }

    fn check(&mut self) -> Result<(), CodingError> {
        self.made = self.stages.iter().map(|stage| stage.made).max().unwrap_or(0);
        let bomb = self.made > SMALL && self.made > self.taken.saturating_mul(self.max_ratio);
        if bomb { Err(CodingError::Ratio) } else { Ok(()) }
    }
}

// === impl DecodeStage ===

impl DecodeStage {
    fn input(&mut self) -> &mut DecodeInput {
        match &mut self.kind {
            StageDecoder::Gzip { input, .. } => input,
            StageDecoder::Deflate(inflate) => &mut inflate.input,
            StageDecoder::Brotli(decoder) => decoder.get_mut(),
            StageDecoder::Zstd(decoder) => decoder.get_mut(),
        }
    }

    fn step(&mut self, out: &mut Vec<u8>) -> Result<DecodeStep, CodingError> {
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
    fn push(&mut self, chunk: &[u8]) {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::encode;
    use super::*;

    #[test]
    fn example_of_decoder() -> Result<(), crate::coding::CodingError> {
        use crate::coding::{Coding, DecodeStep, Decoder};

        let mut decoder = Decoder::new(&[Coding::Gzip]);
        decoder.push(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\xab\xae\x05\x00");
        let mut out = Vec::new();
        while decoder.step(&mut out)? == DecodeStep::Made {}
        assert_eq!(out, b"{}");
        decoder.push(b"\x43\xbf\xa6\xa3\x02\x00\x00\x00");
        decoder.end();
        while decoder.step(&mut out)? != DecodeStep::Ended {}
        Ok(())
    }

    fn bomb(coding: Coding, size: usize) -> Vec<u8> {
        encode(&[coding], &vec![b' '; size])
    }

    fn whole(codings: &[Coding], content: &[u8], limit: usize) -> Result<Vec<u8>, CodingError> {
        decode(codings, content, limit, 100)
    }

    /// In chunks, and all that comes out is there before the next goes in.
    fn in_chunks(codings: &[Coding], chunks: &[&[u8]]) -> Result<Vec<u8>, CodingError> {
        let (mut decoder, mut out) = (Decoder::new(codings), Vec::new());
        for chunk in chunks {
            decoder.push(chunk);
            while decoder.step(&mut out)? == DecodeStep::Made {}
        }
        decoder.end();
        while decoder.step(&mut out)? != DecodeStep::Ended {}
        Ok(out)
    }

    #[test]
    fn what_becomes_too_large_is_refused() {
        const MEGABYTE: usize = 1 << 20;
        for coding in Coding::ALL {
            let coded = bomb(coding, 2000);
            assert_eq!(whole(&[coding], &coded, 1999), Err(CodingError::Limit), "{coding:?}");
            assert_eq!(whole(&[coding], &coded, 2000).map(|all| all.len()), Ok(2000), "{coding:?}");
            let coded = bomb(coding, 4 * MEGABYTE);
            assert_eq!(whole(&[coding], &coded, usize::MAX), Err(CodingError::Ratio), "{coding:?}");
            assert_eq!(decode(&[coding], &coded, usize::MAX, u32::MAX).map(|all| all.len()), Ok(4 * MEGABYTE));
            assert_eq!(whole(&[coding], &bomb(coding, MEGABYTE), usize::MAX).map(|all| all.len()), Ok(MEGABYTE));
            // What the inner coding makes counts too, whatever becomes of it.
            let twice = encode(&[coding, Coding::Gzip], &vec![b' '; 64 * MEGABYTE]);
            assert_eq!(whole(&[coding, Coding::Gzip], &twice, usize::MAX), Err(CodingError::Ratio), "{coding:?}");
        }
    }

    #[test]
    fn no_step_makes_much() {
        for coding in Coding::ALL {
            let mut decoder = Decoder::new(&[coding]).with_max_ratio(u32::MAX);
            decoder.push(&bomb(coding, 8 << 20));
            decoder.end();
            let mut total = 0;
            loop {
                let mut out = Vec::new();
                if decoder.step(&mut out) == Ok(DecodeStep::Ended) {
                    break;
                }
                assert!(out.len() <= 4 * STEP, "{coding:?}: {}", out.len());
                total += out.len();
            }
            assert_eq!(total, 8 << 20, "{coding:?}");
        }
    }

    #[test]
    fn what_is_broken_is_malformed() {
        for coding in Coding::ALL {
            let coded = encode(&[coding], b"{\"name\":\"a\",\"title\":\"b\"}");
            for end in 1..coded.len() {
                assert_eq!(whole(&[coding], &coded[..end], 4096), Err(CodingError::Malformed), "{coding:?} {end}");
            }
            assert_eq!(whole(&[coding], b"{}", 4096), Err(CodingError::Malformed), "{coding:?}");
            assert_eq!(whole(&[coding], b"", 4096), Ok(Vec::new()), "{coding:?}");
            let behind = [&coded[..], b"behind the end"].concat();
            assert_eq!(whole(&[coding], &behind, 4096), Err(CodingError::Malformed), "{coding:?}");
            let chunks = [&coded[..], b"behind", b"the end"];
            assert_eq!(in_chunks(&[coding], &chunks), Err(CodingError::Malformed), "{coding:?}");
        }
    }

    #[test]
    fn formats_in_the_wild_are_read() {
        let twice = [bomb(Coding::Gzip, 3), bomb(Coding::Gzip, 4)].concat();
        assert_eq!(whole(&[Coding::Gzip], &twice, 9).map(|all| all.len()), Ok(7), "members of gzip");
        let frames = [bomb(Coding::Zstd, 3), bomb(Coding::Zstd, 4)].concat();
        assert_eq!(whole(&[Coding::Zstd], &frames, 9).map(|all| all.len()), Ok(7), "frames of zstd");
        let mut bare = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        bare.write_all(b"{}").expect("it is encoded");
        let bare = bare.finish().expect("it is encoded");
        assert_eq!(whole(&[Coding::Deflate], &bare, 9).as_deref(), Ok(&b"{}"[..]), "deflate without zlib");
    }

    proptest! {
        #[test]
        fn what_was_encoded_can_be_decoded_at_any_split(
            content in any::<Vec<u8>>(),
            text in "[a-c{}\":,]{0,3000}",
            stack in 0..256_usize,
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
        ) {
            let codings: Vec<Coding> = (0..4).map(|at| Coding::ALL[stack >> (2 * at) & 3]).collect();
            for content in [content, text.into_bytes()] {
                let coded = encode(&codings, &content);
                prop_assert_eq!(&whole(&codings, &coded, 4096).expect("it is decoded"), &content);
                let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(coded.len() + 1)).collect();
                ends.extend([0, coded.len()]);
                ends.sort_unstable();
                let chunks: Vec<&[u8]> = ends.windows(2).map(|pair| &coded[pair[0]..pair[1]]).collect();
                prop_assert_eq!(&in_chunks(&codings, &chunks).expect("it is decoded"), &content);
            }
        }

        #[test]
        fn anything_is_read_without_panic(text in "[a-c]{0,300}", noise in any::<Vec<u8>>(), at in any::<usize>(), byte in any::<u8>()) {
            for coding in Coding::ALL {
                let mut coded = encode(&[coding], text.as_bytes());
                if !coded.is_empty() {
                    let at = at % coded.len();
                    coded[at] = byte;
                }
                let _ = whole(&[coding], &coded, 4096);
                let _ = in_chunks(&[coding], &[&coded[..coded.len() / 2], &coded[coded.len() / 2..]]);
                let _ = whole(&[coding], &noise, 4096);
            }
        }
    }
}
