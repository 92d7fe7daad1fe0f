//! The bytes of content codings, as a whole: content that is changed is held as a whole anyway.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};
use ruzstd::decoding::StreamingDecoder;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::Coding;

/// Why content was not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodingError {
    /// It would become larger than the limit, or than such content ever is.
    TooLarge,
    /// It is not what its coding says.
    Malformed,
}

/// Up to this size, any ratio is fine.
const SMALL: usize = 1024 * 1024;
/// More times its size no JSON becomes, but bombs do.
const MAX_RATIO: usize = 100;
/// RFC 9659 §3: no content needs a larger one.
const MAX_WINDOW: u64 = 8 * 1024 * 1024;
/// Fast, since it is done while the client waits.
const BROTLI_QUALITY: u32 = 4;
const BROTLI_WINDOW: u32 = 20;

/// Takes the codings off, the last one first, up to `limit` bytes.
pub(crate) fn decode(codings: &[Coding], content: &[u8], limit: usize) -> Result<Vec<u8>, CodingError> {
    let limit = limit.min(SMALL.max(content.len().saturating_mul(MAX_RATIO)));
    let mut now = content.to_vec();
    for coding in codings.iter().rev() {
        now = decode_one(*coding, &now, limit)?;
    }
    Ok(now)
}

/// Puts them on, the first one first.
pub(crate) fn encode(codings: &[Coding], content: Vec<u8>) -> io::Result<Vec<u8>> {
    codings.iter().try_fold(content, |now, coding| encode_one(*coding, &now))
}

fn decode_one(coding: Coding, content: &[u8], limit: usize) -> Result<Vec<u8>, CodingError> {
    match coding {
        Coding::Gzip => read(MultiGzDecoder::new(content), limit),
        Coding::Deflate => match read(ZlibDecoder::new(content), limit) {
            Err(CodingError::Malformed) => read(DeflateDecoder::new(content), limit),
            decoded => decoded,
        },
        Coding::Brotli => read(brotli::Decompressor::new(content, 4096), limit),
        Coding::Zstd => zstd(content, limit),
    }
}

fn read(decoder: impl Read, limit: usize) -> Result<Vec<u8>, CodingError> {
    let mut decoded = Vec::new();
    let one_more = (limit as u64).saturating_add(1);
    decoder.take(one_more).read_to_end(&mut decoded).map_err(|_| CodingError::Malformed)?;
    if decoded.len() > limit { Err(CodingError::TooLarge) } else { Ok(decoded) }
}

/// Frame after frame (RFC 8878 §3.1), each with its checksum if it has one.
fn zstd(content: &[u8], limit: usize) -> Result<Vec<u8>, CodingError> {
    let (mut rest, mut decoded) = (content, Vec::new());
    while !rest.is_empty() {
        let frame = StreamingDecoder::new_with_max_window_size(&mut rest, MAX_WINDOW);
        let mut frame = frame.map_err(|_| CodingError::Malformed)?;
        decoded.extend(read(&mut frame, limit - decoded.len())?);
        let frame = frame.into_frame_decoder();
        let written = frame.get_checksum_from_data();
        if written.is_some() && written != frame.get_calculated_checksum() {
            return Err(CodingError::Malformed);
        }
    }
    Ok(decoded)
}

fn encode_one(coding: Coding, content: &[u8]) -> io::Result<Vec<u8>> {
    match coding {
        Coding::Gzip => {
            // Without a time in it: the same content gives the same bytes.
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(content)?;
            encoder.finish()
        }
        Coding::Deflate => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(content)?;
            encoder.finish()
        }
        Coding::Brotli => {
            let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4096, BROTLI_QUALITY, BROTLI_WINDOW);
            encoder.write_all(content)?;
            encoder.flush()?;
            Ok(encoder.into_inner())
        }
        Coding::Zstd => Ok(compress_to_vec(content, CompressionLevel::Fastest)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bomb(coding: Coding, size: usize) -> Vec<u8> {
        encode(&[coding], vec![b' '; size]).expect("it is encoded")
    }

    #[test]
    fn what_becomes_too_large_is_refused() {
        for coding in Coding::ALL {
            let coded = bomb(coding, 2000);
            assert_eq!(decode(&[coding], &coded, 1999), Err(CodingError::TooLarge), "{coding:?}");
            assert_eq!(decode(&[coding], &coded, 2000).map(|all| all.len()), Ok(2000), "{coding:?}");
            let coded = bomb(coding, 4 * SMALL);
            assert_eq!(decode(&[coding], &coded, usize::MAX), Err(CodingError::TooLarge), "{coding:?}");
            assert_eq!(decode(&[coding], &bomb(coding, SMALL), usize::MAX).map(|all| all.len()), Ok(SMALL));
        }
    }

    #[test]
    fn what_is_broken_is_malformed() {
        for coding in Coding::ALL {
            let coded = encode(&[coding], b"{\"name\":\"a\",\"title\":\"b\"}".to_vec()).expect("it is encoded");
            for end in 1..coded.len() {
                assert_eq!(decode(&[coding], &coded[..end], 4096), Err(CodingError::Malformed), "{coding:?} {end}");
            }
            assert_eq!(decode(&[coding], b"{}", 4096), Err(CodingError::Malformed), "{coding:?}");
        }
    }

    #[test]
    fn formats_in_the_wild_are_read() {
        let twice = [bomb(Coding::Gzip, 3), bomb(Coding::Gzip, 4)].concat();
        assert_eq!(decode(&[Coding::Gzip], &twice, 9).map(|all| all.len()), Ok(7), "members of gzip");
        let frames = [bomb(Coding::Zstd, 3), bomb(Coding::Zstd, 4)].concat();
        assert_eq!(decode(&[Coding::Zstd], &frames, 9).map(|all| all.len()), Ok(7), "frames of zstd");
        let mut bare = flate2::write::DeflateEncoder::new(Vec::new(), Compression::fast());
        bare.write_all(b"{}").expect("it is encoded");
        let bare = bare.finish().expect("it is encoded");
        assert_eq!(decode(&[Coding::Deflate], &bare, 9).as_deref(), Ok(&b"{}"[..]), "deflate without zlib");
    }

    proptest! {
        #[test]
        fn what_was_encoded_can_be_decoded(content in any::<Vec<u8>>(), text in "[a-c{}\":,]{0,3000}", stack in 0..256_usize) {
            let codings: Vec<Coding> = (0..4).map(|at| Coding::ALL[stack >> (2 * at) & 3]).collect();
            for content in [content, text.into_bytes()] {
                let coded = encode(&codings, content.clone()).expect("it is encoded");
                prop_assert_eq!(decode(&codings, &coded, 4096).expect("it is decoded"), content);
            }
        }

        #[test]
        fn anything_is_read_without_panic(text in "[a-c]{0,300}", noise in any::<Vec<u8>>(), at in any::<usize>(), byte in any::<u8>()) {
            for coding in Coding::ALL {
                let mut coded = encode(&[coding], text.clone().into_bytes()).expect("it is encoded");
                let at = at % coded.len();
                coded[at] = byte;
                let _ = decode(&[coding], &coded, 4096);
                let _ = decode(&[coding], &noise, 4096);
            }
        }
    }
}
