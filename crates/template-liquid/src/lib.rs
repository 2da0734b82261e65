//! Compiles, checks and renders templates: Liquid, with every value encoded for the place where it stands.
//!
//! One engine serves JSON, form and text data, URLs and headers. A template is read by a lexer and checker of its own,
//! which know every token, filter and tag and tell each fault at its place; they write it afresh for the Liquid parser,
//! with every literal text and every `{{ output }}` as a tag of our own. Rendering sends these into a *sink*, and the
//! sink encodes values by place. So what a person holds is never template text, and can neither end a JSON string nor
//! leave its URL segment; whatever can hang or abort a plain Liquid engine never gets that far.
//!
//! | place | an output is written as |
//! | --- | --- |
//! | JSON data, inside of a string | text, escaped; unset is empty; lists are joined by a comma and a space |
//! | JSON data, outside | a JSON value of its own type; unset is null |
//! | form data | percent-encoded, a space as `+` |
//! | XML data | text between tags and in attribute values, escaped; nowhere else |
//! | text data | text as it is |
//! | URL | percent-encoded but for letters, digits and `-._~` |
//! | header | text, each run of line breaks and control characters as one space |
//!
//! JSON data is read over after rendering and sent without white space: a comma behind the last member is forgiven,
//! members and items marked `or_omit` are dropped where they are empty, digits stay as they are. Line breaks in form
//! data, with the white space around them, are layout. A URL must not have a fragment.
//!
//! Everything is bounded: 64 KiB of template, blocks 32 deep, 1 MiB of output (32 KiB of URL, 16 KiB of a header), and an
//! allowance of work that each step and each byte uses up, so that no template can run long or fill the memory, whomever
//! it is rendered for. Rendering reads no clock and draws no randomness: the same input is the same request.
//!
//! A template means what its edition says (ADR 19): what Shopify's Liquid means, or for rules that were saved before, what it
//! meant then. Only places that differ ask for it: `conditions`, `decimal`, `filters`, `xml`.
//!
//! # Where to find what
//! - [`LiquidTemplates`] is the adapter. `tokens` lists tokens and `filters` the filters.
//! - `lexer` and `check` read templates; `blocks`, `runtime` and `values` are the language; `sink` encodes.
//! - `address`, `header`, `json` and `xml` finish what was rendered for its place.

mod address;
mod blocks;
mod check;
mod conditions;
mod decimal;
mod engine;
mod filters;
mod header;
mod json;
mod lexer;
mod limits;
mod phone;
mod runtime;
mod samples;
mod sink;
mod template;
mod tokens;
mod values;
mod xml;

pub use engine::LiquidTemplates;
