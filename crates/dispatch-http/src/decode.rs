//! Content decoding of a body that has been read already. Pure: bytes in, bytes out.

use bytes::Bytes;
use std::io::{self, Read};
use sync_core::outcome::BodyRead;

/// More layers than any honest server uses; each costs a pass over the body.
const LAYERS_MAX: usize = 3;
/// Working buffer of the brotli decoder.
const BROTLI_BUFFER_BYTES: usize = 4096;
/// Every gzip stream starts so (RFC 1952, section 2.3.1). Plain text called gzip is not a cut stream.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// The first seven bits of a brotli stream with a "large window"; reserved in RFC 7932, section 9.1.
const BROTLI_LARGE_WINDOW: u8 = 0x11;

/// Undoes the `Content-Encoding` of a body (RFC 9110, section 8.4): `encodings` in the order in which they were applied.
/// At most `bytes_max` bytes come out of any layer, whatever went in. Answers with what could be decoded and how far.
pub(crate) fn decode<'a>(
    encodings: impl DoubleEndedIterator<Item = &'a str>,
    body: Bytes,
    bytes_max: usize,
) -> (Bytes, BodyRead) {
    let (mut body, mut read) = (body, BodyRead::Whole);
    if body.is_empty() {
        return (body, read);
    }
    let layers =
        encodings.map(str::trim).filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity")).rev();
    for (depth, name) in layers.enumerate() {
        if depth == LAYERS_MAX || body.is_empty() {
            return (body, BodyRead::Malformed);
        }
        let (inner, inner_read) = match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" if !body.starts_with(&GZIP_MAGIC) => return (Bytes::new(), BodyRead::Malformed),
            "gzip" | "x-gzip" => inflate(flate2::read::MultiGzDecoder::new(&body[..]), bytes_max),
            // By the RFC a zlib stream; several servers send the bare deflate stream, as its name suggests.
            "deflate" if is_zlib(&body) => inflate(flate2::read::ZlibDecoder::new(&body[..]), bytes_max),
            "deflate" => inflate(flate2::read::DeflateDecoder::new(&body[..]), bytes_max),
            // A window beyond RFC 7932 is an extension that no server may use unasked; it asks for up to 1 GiB at once.
            "br" if body[0] & 0x7f == BROTLI_LARGE_WINDOW => return (Bytes::new(), BodyRead::Malformed),
            "br" => inflate(brotli::Decompressor::new((&body[..]).chain(Ended), BROTLI_BUFFER_BYTES), bytes_max),
            _ => return (body, BodyRead::Malformed),
        };
        body = inner;
        if inner_read != BodyRead::Whole {
            read = inner_read;
        }
    }
    (body, read)
}

fn inflate(decoder: impl Read, bytes_max: usize) -> (Bytes, BodyRead) {
    let mut out = Vec::new();
    // One byte more than is kept tells "exactly full" from "too large".
    let result = decoder.take(bytes_max as u64 + 1).read_to_end(&mut out);
    let read = match result {
        _ if out.len() > bytes_max => BodyRead::TooLarge,
        Ok(_) => BodyRead::Whole,
        Err(fault) if fault.kind() == io::ErrorKind::UnexpectedEof => BodyRead::Cut,
        Err(_) => BodyRead::Malformed,
    };
    out.truncate(bytes_max);
    (out.into(), read)
}

/// Where input ends that a decoder wants more of. The brotli decoder takes no more for broken; it asks only within a stream.
struct Ended;

impl Read for Ended {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// Whether a stream starts with a zlib header (RFC 1950, section 2.2).
fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [method, flags, ..] if method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use std::io::Write;

    const TEXT: &[u8] = br#"{"id":"51","name":"Sommer, Anna Sommer, Anna Sommer, Anna Sommer"}"#;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(data: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn raw_deflate(data: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn brotli(data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        brotli::CompressorWriter::new(&mut out, 4096, 5, 20).write_all(data).unwrap();
        out
    }

    fn decoded(encodings: &str, body: Vec<u8>) -> (Bytes, BodyRead) {
        decode(encodings.split(','), body.into(), 1024)
    }

    #[test]
    fn every_announced_encoding_is_understood() {
        for (encodings, body) in [
            ("gzip", gzip(TEXT)),
            ("X-GZIP", gzip(TEXT)),
            ("deflate", zlib(TEXT)),
            ("deflate", raw_deflate(TEXT)),
            ("br", brotli(TEXT)),
            ("identity", TEXT.to_vec()),
            ("", TEXT.to_vec()),
            ("gzip, br", brotli(&gzip(TEXT))),
        ] {
            assert_eq!(decoded(encodings, body), (Bytes::from_static(TEXT), BodyRead::Whole), "{encodings}");
        }
    }

    #[test]
    fn a_stream_that_ends_early_is_cut_and_keeps_its_start() {
        for (encoding, mut body) in
            [("gzip", gzip(TEXT)), ("deflate", zlib(TEXT)), ("deflate", raw_deflate(TEXT)), ("br", brotli(TEXT))]
        {
            body.truncate(body.len() - 6);
            let (out, read) = decoded(encoding, body);
            assert_eq!(read, BodyRead::Cut, "{encoding}");
            assert!(TEXT.starts_with(&out), "{encoding}");
        }
    }

    #[test]
    fn a_broken_or_unknown_encoding_is_malformed() {
        let mut flipped = gzip(TEXT);
        let crc = flipped.len() - 8;
        flipped[crc] ^= 1;
        for (encodings, body) in [
            ("gzip", TEXT.to_vec()),
            ("gzip", b"{}".to_vec()),
            ("gzip", flipped),
            ("deflate", b"\xff\xff\xff".to_vec()),
            ("br", vec![0xff; 64]),
            ("br", vec![0x11, 0x1e, 0, 0, 0, 0]),
            ("zstd", TEXT.to_vec()),
            ("gzip,gzip,gzip,gzip", gzip(&gzip(&gzip(&gzip(TEXT))))),
        ] {
            assert_eq!(decoded(encodings, body).1, BodyRead::Malformed, "{encodings}");
        }
    }

    #[test]
    fn no_layer_grows_beyond_the_cap() {
        let zeros = vec![0; 8 << 20];
        for (encodings, body) in [
            ("gzip", gzip(&zeros)),
            ("deflate", zlib(&zeros)),
            ("br", brotli(&zeros)),
            ("gzip,gzip", gzip(&gzip(&zeros))),
        ] {
            let (out, read) = decoded(encodings, body);
            assert_eq!((out.len() <= 1024, read), (true, BodyRead::TooLarge), "{encodings}");
        }
        assert_eq!(decoded("gzip", gzip(&[7; 1024])), (vec![7; 1024].into(), BodyRead::Whole));
    }

    #[test]
    fn an_empty_body_is_whole_whatever_it_claims() {
        assert_eq!(decoded("gzip", Vec::new()), (Bytes::new(), BodyRead::Whole));
    }
}
