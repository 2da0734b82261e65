//! The web console's files, as the server hands them out. What is in `assets/` is embedded in release builds and read from
//! disk in debug builds, so that an edit shows on reload.
//!
//! The console is a client of the public API and nothing else: no code here knows what it does.

mod coded;

pub use coded::Encoding;

use bytes::Bytes;
use rust_embed::{EmbeddedFile, RustEmbed};
use std::borrow::Cow;
use std::fmt::Write;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// The page that every address of the console begins with.
const INDEX: &str = "index.html";

/// One file.
#[derive(Clone, Debug)]
pub struct Asset {
    /// What it holds.
    pub bytes: Bytes,
    /// Its media type, for `Content-Type`.
    pub content_type: String,
    /// Changes whenever the content does: the beginning of its SHA-256 in hexadecimal, without quotes.
    pub etag: String,
}

/// The file at a path within `assets/`, such as `app/main.js`; `None` where there is none.
pub fn asset(path: &str) -> Option<Asset> {
    Files::get(path).map(Asset::from)
}

/// The console's page.
pub fn index() -> Option<Asset> {
    asset(INDEX)
}

/// The paths of all files, in no order.
pub fn paths() -> impl Iterator<Item = Cow<'static, str>> {
    Files::iter()
}

impl From<EmbeddedFile> for Asset {
    fn from(file: EmbeddedFile) -> Self {
        let mut etag = String::new();
        for byte in &file.metadata.sha256_hash()[..16] {
            // Writing to a text cannot fail.
            let _done = write!(etag, "{byte:02x}");
        }
        let mut content_type = file.metadata.mimetype().to_owned();
        if is_text(&content_type) {
            content_type.push_str("; charset=utf-8");
        }
        let bytes = match file.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        Self { bytes, content_type, etag }
    }
}

/// Whether a media type is of text: worth compressing, and in UTF-8 here.
fn is_text(media_type: &str) -> bool {
    media_type.starts_with("text/")
        || ["javascript", "json", "xml", "manifest"].iter().any(|part| media_type.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_what_it_is() {
        let page = index().unwrap();
        assert_eq!(page.content_type, "text/html; charset=utf-8");
        assert_eq!((page.etag.len(), page.etag.clone()), (32, asset(INDEX).unwrap().etag));
        assert!(page.bytes.starts_with(b"<!doctype html>"));
        for nothing in ["", "/index.html", "nope.js", "../Cargo.toml", "app/../../Cargo.toml", "/etc/passwd"] {
            assert!(asset(nothing).is_none(), "{nothing}");
        }
    }

    /// The page's own policy refuses what is inline: it would be there and do nothing.
    #[test]
    fn the_page_holds_nothing_inline() {
        let page = String::from_utf8(index().unwrap().bytes.to_vec()).unwrap().to_lowercase();
        for part in page.split("<script").skip(1) {
            assert!(part.split('>').next().unwrap().contains("src="), "an inline script: {part}");
        }
        assert!(!page.contains("<style") && !page.contains(" style=") && !page.contains(" onload="), "{page}");
    }

    /// A hold of a kind that the page does not know would leave the whole page of its sync empty.
    #[test]
    fn every_kind_of_hold_is_told() {
        let schema = include_str!("../../../schema.graphql");
        let kinds = schema.split("enum HoldKind {").nth(1).unwrap().split('}').next().unwrap();
        let is_name = |line: &&str| !line.is_empty() && line.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        let kinds: Vec<&str> = kinds.lines().map(str::trim).filter(is_name).collect();
        assert!(kinds.len() > 4, "{kinds:?}");
        let told = asset("app/sync/holds.js").unwrap().bytes;
        let told = String::from_utf8_lossy(&told);
        for kind in kinds {
            assert!(told.contains(&format!("\n  {kind}: {{\n")), "{kind} has no words");
        }
    }
}
