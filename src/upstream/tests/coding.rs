use std::io::Write as _;

use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use flate2::{Compression, GzBuilder};
use http::HeaderValue;
use proptest::prelude::*;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::*;
use crate::upstream::tests::fixtures;

const LIMIT: u64 = 1024 * 1024;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn raw(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

fn decode_in_pieces(coding: Coding, bytes: &[u8], size: usize, limit: u64) -> Result<Vec<u8>, Error> {
    let mut decoder = Decoder::new(coding, limit);
    for piece in bytes.chunks(size.max(1)) {
        decoder.push(piece)?;
    }
    decoder.finish()
}

/// Decodes, and holds that it makes no difference how the body is cut.
fn decode(coding: Coding, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let whole = decode_in_pieces(coding, bytes, bytes.len(), LIMIT).map_err(|error| error.to_string());
    for size in [1, 2, 3, 7, 1000] {
        let pieces = decode_in_pieces(coding, bytes, size, LIMIT).map_err(|error| error.to_string());
        assert_eq!(pieces, whole, "{coding} in pieces of {size}");
    }
    whole
}

/// The same document in every coding, by several encoders.
fn streams() -> Vec<(Coding, Vec<u8>)> {
    let document = fixtures::document();
    let mut decorated = GzBuilder::new()
        .filename("items.json")
        .comment("all of them")
        .extra(vec![1, 2, 3])
        .write(Vec::new(), Compression::best());
    decorated.write_all(&document).unwrap();
    let half = document.len() / 2;
    let skippable =
        [&[0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 7, 7, 7][..], &fixtures::zstd(), &[0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]].concat();
    vec![
        (Coding::Gzip, gzip(&document)),
        (Coding::Gzip, decorated.finish().unwrap()),
        (Coding::Gzip, [gzip(&document[..half]), gzip(b""), gzip(&document[half..])].concat()),
        (Coding::Deflate, zlib(&document)),
        (Coding::Deflate, raw(&document)),
        (Coding::Brotli, fixtures::brotli()),
        (Coding::Zstd, fixtures::zstd()),
        (Coding::Zstd, zstd(&document)),
        (Coding::Zstd, compress_to_vec(&document[..], CompressionLevel::Uncompressed)),
        (Coding::Zstd, [zstd(&document[..half]), zstd(&document[half..])].concat()),
        (Coding::Zstd, skippable),
    ]
}

#[test]
fn every_coding_gives_the_document_back() {
    for (number, (coding, stream)) in streams().into_iter().enumerate() {
        assert_eq!(decode(coding, &stream), Ok(fixtures::document()), "{coding}, stream {number}");
    }
    for coding in [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd] {
        assert_eq!(decode(coding, b""), Ok(Vec::new()), "{coding}: no bytes at all");
    }
    for (coding, stream) in [
        (Coding::Gzip, gzip(b"")),
        (Coding::Deflate, zlib(b"")),
        (Coding::Deflate, raw(b"")),
        (Coding::Brotli, vec![0x3b]),
        (Coding::Zstd, zstd(b"")),
    ] {
        assert_eq!(decode(coding, &stream), Ok(Vec::new()), "{coding}: an empty document");
    }
}

#[test]
fn a_stream_that_is_cut_anywhere_is_refused() {
    for (number, (coding, stream)) in streams().into_iter().enumerate() {
        for length in 1..stream.len() {
            let result = decode_in_pieces(coding, &stream[..length], length, LIMIT);
            // Streams of several members may be cut between them.
            if let Ok(body) = &result {
                assert!(
                    [2, 9, 10].contains(&number) && fixtures::document().starts_with(body),
                    "{coding}, stream {number}, {length} bytes"
                );
            } else {
                assert!(
                    matches!(result, Err(Error::Coding(CodingError::Truncated(found))) if found == coding),
                    "{coding}, stream {number}, {length} bytes: {result:?}"
                );
            }
        }
    }
}

#[test]
fn bytes_after_the_end_are_refused() {
    for (number, (coding, stream)) in streams().into_iter().enumerate() {
        for garbage in [&b"x"[..], b"\0\0\0\0", b"garbage that is longer"] {
            let refused = decode(coding, &[&stream[..], garbage].concat());
            let expected = [CodingError::TrailingGarbage(coding), CodingError::Truncated(coding)]
                .map(|error| Error::from(error).to_string());
            assert!(
                refused.as_ref().is_err_and(|error| expected.contains(error)),
                "{coding}, stream {number}, {garbage:?}: {refused:?}"
            );
        }
    }
}

#[test]
fn a_stream_whose_checksum_is_wrong_is_refused() {
    for (coding, mut stream, from_end) in [
        (Coding::Gzip, gzip(&fixtures::document()), 5),
        (Coding::Gzip, gzip(&fixtures::document()), 1),
        (Coding::Deflate, zlib(&fixtures::document()), 1),
    ] {
        let at = stream.len() - from_end;
        stream[at] ^= 1;
        assert_eq!(decode(coding, &stream), Err(Error::from(CodingError::Corrupt(coding)).to_string()), "{coding}");
    }
}

#[test]
fn a_gzip_header_is_checked() {
    let header_crc = |wrong: u8| {
        let mut header = vec![0x1f, 0x8b, 8, 2, 0, 0, 0, 0, 0, 255];
        let mut crc = flate2::Crc::new();
        crc.update(&header);
        header.extend_from_slice(&(crc.sum() as u16).to_le_bytes());
        header[11] ^= wrong;
        [&header[..], &gzip(b"abc")[10..]].concat()
    };
    assert_eq!(decode(Coding::Gzip, &header_crc(0)), Ok(b"abc".to_vec()));
    let corrupt = Err(Error::from(CodingError::Corrupt(Coding::Gzip)).to_string());
    assert_eq!(decode(Coding::Gzip, &header_crc(1)), corrupt);
    for (at, value) in [(0, 0x1e), (1, 0x8c), (2, 7), (3, 0x20)] {
        let mut stream = gzip(b"abc");
        stream[at] = value;
        assert_eq!(decode(Coding::Gzip, &stream), corrupt, "byte {at}");
    }
    assert_eq!(decode(Coding::Gzip, b"{\"not\":\"gzip\"}"), corrupt);
}

#[test]
fn large_windows_and_dictionaries_are_refused() {
    let refused = decode(Coding::Brotli, &fixtures::brotli_large_window());
    assert_eq!(refused, Err(Error::from(CodingError::Corrupt(Coding::Brotli)).to_string()));
    // A window of 16 MiB, then one raw block; the same with 8 MiB is fine.
    let frame = |window: u8| [&[0x28, 0xb5, 0x2f, 0xfd, 0x00, window][..], &[0x19, 0, 0], b"abc"].concat();
    assert_eq!(decode(Coding::Zstd, &frame(13 << 3)), Ok(b"abc".to_vec()));
    assert_eq!(decode(Coding::Zstd, &frame(14 << 3)), Err(Error::from(CodingError::Corrupt(Coding::Zstd)).to_string()));
    let dictionary = [&[0x28, 0xb5, 0x2f, 0xfd, 0x01, 0x50, 7][..], &[0x19, 0, 0], b"abc"].concat();
    assert_eq!(decode(Coding::Zstd, &dictionary), Err(Error::from(CodingError::Corrupt(Coding::Zstd)).to_string()));
}

/// A frame of blocks that each stand for 128 KiB of one byte.
fn zstd_bomb(blocks: usize) -> Vec<u8> {
    let mut bomb = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    for number in 1..=blocks {
        let header = ((128 * 1024) << 3) | (1 << 1) | usize::from(number == blocks);
        bomb.extend_from_slice(&header.to_le_bytes()[..3]);
        bomb.push(0);
    }
    bomb
}

fn bombs() -> Vec<(Coding, Vec<u8>)> {
    let blank = vec![0; 16 * 1024 * 1024];
    vec![
        (Coding::Gzip, gzip(&blank)),
        (Coding::Deflate, zlib(&blank)),
        (Coding::Deflate, raw(&blank)),
        (Coding::Brotli, fixtures::brotli_bomb()),
        (Coding::Zstd, zstd_bomb(128)),
        (Coding::Zstd, zstd_bomb(100_000)),
    ]
}

#[test]
fn a_bomb_is_stopped_by_the_ratio() {
    for (coding, bomb) in bombs() {
        for size in [bomb.len(), 1000] {
            let result = decode_in_pieces(coding, &bomb, size, u64::MAX);
            assert!(matches!(result, Err(Error::Ratio { limit: 100 })), "{coding}: {:?}", result.map(|body| body.len()));
        }
    }
}

#[test]
fn a_bomb_never_allocates_more_than_the_limit() {
    for limit in [1000, 50_000, 64 * 1024] {
        for (coding, bomb) in bombs() {
            let mut decoder = Decoder::new(coding, limit);
            let error = decoder.push(&bomb).unwrap_err();
            assert!(matches!(error, Error::TooLarge { limit: found } if found == limit), "{coding}: {error}");
            assert!(
                decoder.sink.capacity() as u64 <= limit,
                "{coding}: {} bytes for a limit of {limit}",
                decoder.sink.capacity()
            );
        }
    }
}

#[test]
fn a_short_body_may_be_as_blank_as_it_likes() {
    let blank = vec![0; 60_000];
    for (coding, stream) in [
        (Coding::Gzip, gzip(&blank)),
        (Coding::Deflate, raw(&blank)),
        (Coding::Brotli, fixtures::brotli_blank()),
        (Coding::Zstd, zstd(&blank)),
    ] {
        assert!(stream.len() < 600, "{coding}");
        assert_eq!(decode(coding, &stream).unwrap().len(), 60_000, "{coding}");
    }
}

#[test]
fn the_limit_itself_is_allowed() {
    let body: Vec<u8> = (0..10_000u32).flat_map(u32::to_le_bytes).collect();
    for (coding, stream) in [(Coding::Gzip, gzip(&body)), (Coding::Deflate, zlib(&body)), (Coding::Zstd, zstd(&body))] {
        assert_eq!(decode_in_pieces(coding, &stream, 1000, 40_000).unwrap(), body, "{coding}");
        let refused = decode_in_pieces(coding, &stream, 1000, 39_999);
        assert!(matches!(refused, Err(Error::TooLarge { limit: 39_999 })), "{coding}");
    }
}

#[test]
fn members_without_end_are_refused() {
    let empty = zstd(b"");
    for (coding, member) in
        [(Coding::Gzip, gzip(b"")), (Coding::Zstd, empty), (Coding::Zstd, vec![0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0])]
    {
        assert_eq!(decode_in_pieces(coding, &member.repeat(1000), 4096, LIMIT).unwrap(), b"", "{coding}");
        let refused = decode_in_pieces(coding, &member.repeat(1001), 4096, LIMIT);
        assert!(matches!(refused, Err(Error::Coding(CodingError::TooManyMembers(_)))), "{coding}");
    }
}

#[test]
fn one_known_coding_is_understood() {
    let of = |lines: &[&'static str]| {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::CONTENT_ENCODING, HeaderValue::from_static(line));
        }
        Coding::of(&headers)
    };
    for lines in [&[][..], &[""], &["identity"], &["Identity, identity"], &["identity", ""]] {
        assert_eq!(of(lines), Ok(None), "{lines:?}");
    }
    for (lines, coding) in [
        (&["gzip"][..], Coding::Gzip),
        (&["X-GZIP"], Coding::Gzip),
        (&["deflate"], Coding::Deflate),
        (&["br"], Coding::Brotli),
        (&["zstd"], Coding::Zstd),
        (&["identity, gzip"], Coding::Gzip),
    ] {
        assert_eq!(of(lines), Ok(Some(coding)), "{lines:?}");
    }
    assert_eq!(of(&["compress"]), Err(CodingError::Unknown("compress".into())));
    assert_eq!(of(&["gzip;q=1"]), Err(CodingError::Unknown("gzip;q=1".into())));
    assert_eq!(of(&["gzip, gzip"]), Err(CodingError::Nested("gzip, gzip".into())));
    assert_eq!(of(&["gzip", "br"]), Err(CodingError::Nested("gzip, br".into())));
}

proptest! {
    #[test]
    fn what_was_encoded_comes_back(body in proptest::collection::vec(any::<u8>(), 0..20_000), size in 1usize..5000) {
        for (coding, stream) in [(Coding::Gzip, gzip(&body)), (Coding::Deflate, zlib(&body)), (Coding::Deflate, raw(&body)), (Coding::Zstd, zstd(&body))] {
            prop_assert_eq!(decode_in_pieces(coding, &stream, size, LIMIT).unwrap(), &body[..], "{}", coding);
        }
    }

    #[test]
    fn broken_streams_never_panic_or_pass_the_limit(
        flips in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<proptest::sample::Index>(),
        size in 1usize..300,
    ) {
        for (coding, mut stream) in streams() {
            for (at, value) in &flips {
                let at = at.index(stream.len());
                stream[at] = *value;
            }
            stream.truncate(cut.index(stream.len()) + 1);
            if let Ok(body) = decode_in_pieces(coding, &stream, size, 5000) {
                prop_assert!(body.len() <= 5000);
            }
        }
    }

    #[test]
    fn noise_never_panics(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
        let magic = [0x28, 0xb5, 0x2f, 0xfd];
        for coding in [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstd] {
            let _ = decode_in_pieces(coding, &noise, 50, 5000);
        }
        let _ = decode_in_pieces(Coding::Zstd, &[&magic[..], &noise].concat(), 50, 5000);
        let _ = decode_in_pieces(Coding::Gzip, &[&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0][..], &noise].concat(), 50, 5000);
    }
}
