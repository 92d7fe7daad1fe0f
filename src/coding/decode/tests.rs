use std::io::Write;

use proptest::prelude::*;

use super::super::encode;
use super::stage::STEP;
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
