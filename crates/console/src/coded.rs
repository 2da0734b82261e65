//! Files compressed for the way: once for each content, then kept.

use crate::{Asset, is_text};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::HashMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// How a file's bytes are coded (RFC 9110, 8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// `br`.
    Brotli,
    /// `gzip`.
    Gzip,
    /// As it is.
    Identity,
}

impl Encoding {
    /// The tightest one that an `Accept-Encoding` takes. Left out, or nothing known in it: as it is.
    pub fn accepted(accept: Option<&str>) -> Self {
        let takes = |wanted: &str| {
            accept.unwrap_or("").split(',').any(|coding| {
                let mut parts = coding.split(';').map(str::trim);
                let is_wanted = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(wanted));
                let weight = parts.find_map(|part| part.strip_prefix("q="));
                is_wanted && weight.and_then(|weight| weight.trim().parse().ok()).unwrap_or(1.0) > 0.0
            })
        };
        if takes("br") {
            Self::Brotli
        } else if takes("gzip") {
            Self::Gzip
        } else {
            Self::Identity
        }
    }

    /// As `Content-Encoding` names it; `None` where nothing is to be said.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }
}

/// Smaller files gain nothing.
const BYTES_MIN: usize = 512;
/// The most files kept: more than there are, times two codings. In a debug build, each edit is another.
const KEPT_MAX: usize = 500;
/// Nearly as tight as the tightest, in a tenth of the time.
const BROTLI_QUALITY: i32 = 9;

static KEPT: Mutex<Option<HashMap<(String, Encoding), Bytes>>> = Mutex::new(None);

impl Asset {
    /// Its bytes in a coding, and which one they are in: what is small or no text stays as it is. The first time takes up to
    /// tens of milliseconds of computing, so not on a thread that others wait for.
    pub fn coded(&self, wanted: Encoding) -> (Encoding, Bytes) {
        if wanted == Encoding::Identity || self.bytes.len() < BYTES_MIN || !is_text(&self.content_type) {
            return (Encoding::Identity, self.bytes.clone());
        }
        let id = (self.etag.clone(), wanted);
        let kept = |of: &mut HashMap<_, Bytes>| of.get(&id).cloned();
        if let Some(bytes) = kept(KEPT.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default()) {
            return (wanted, bytes);
        }
        let Some(bytes) = compressed(&self.bytes, wanted) else { return (Encoding::Identity, self.bytes.clone()) };
        let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        let all = all.get_or_insert_default();
        if all.len() >= KEPT_MAX {
            all.clear();
        }
        all.insert(id, bytes.clone());
        (wanted, bytes)
    }
}

/// `None` where it does not get smaller.
fn compressed(bytes: &[u8], encoding: Encoding) -> Option<Bytes> {
    let mut made = Vec::new();
    match encoding {
        Encoding::Brotli => {
            let parameters = brotli::enc::BrotliEncoderParams {
                quality: BROTLI_QUALITY,
                ..brotli::enc::BrotliEncoderParams::default()
            };
            brotli::BrotliCompress(&mut &*bytes, &mut made, &parameters).ok()?;
        }
        Encoding::Gzip => {
            let mut encoder = GzEncoder::new(&mut made, Compression::best());
            encoder.write_all(bytes).ok()?;
            encoder.finish().ok()?;
        }
        Encoding::Identity => return None,
    }
    (made.len() < bytes.len()).then(|| made.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn text(content_type: &str, text: &str) -> Asset {
        let etag = format!("{}-{content_type}", text.len());
        Asset { bytes: text.to_owned().into(), content_type: content_type.to_owned(), etag }
    }

    #[test]
    fn the_tightest_accepted_coding_is_taken() {
        for (accept, expected) in [
            (None, Encoding::Identity),
            (Some(""), Encoding::Identity),
            (Some("gzip, deflate, br, zstd"), Encoding::Brotli),
            (Some("GZIP;q=0.5"), Encoding::Gzip),
            (Some("br;q=0, gzip"), Encoding::Gzip),
            (Some("br; q=0.0, gzip;q=0"), Encoding::Identity),
            (Some("*"), Encoding::Identity),
        ] {
            assert_eq!(Encoding::accepted(accept), expected, "{accept:?}");
        }
    }

    #[test]
    fn what_is_compressed_comes_back_as_it_was() {
        let long = "const people = [];\n".repeat(500);
        let file = text("text/javascript; charset=utf-8", &long);
        for encoding in [Encoding::Brotli, Encoding::Gzip] {
            let (coded, bytes) = file.coded(encoding);
            assert_eq!(coded, encoding);
            assert!(bytes.len() < long.len() / 10, "{encoding:?}: {}", bytes.len());
            let mut back = String::new();
            match encoding {
                Encoding::Gzip => flate2::read::GzDecoder::new(&*bytes).read_to_string(&mut back).unwrap(),
                _ => brotli::Decompressor::new(&*bytes, 4096).read_to_string(&mut back).unwrap(),
            };
            assert_eq!(back, long);
            // The very same bytes, not compressed again.
            assert_eq!(file.coded(encoding).1.as_ptr(), bytes.as_ptr());
        }
    }

    #[test]
    fn what_gains_nothing_stays_as_it_is() {
        let long = "x".repeat(5000);
        for file in [text("text/css", "short"), text("image/png", &long)] {
            assert_eq!(file.coded(Encoding::Brotli), (Encoding::Identity, file.bytes.clone()));
        }
    }
}
