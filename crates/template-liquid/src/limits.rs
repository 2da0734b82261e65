//! The bounds that keep every template, and every person, from using more than its share.

/// The most bytes of a template.
pub(crate) const TEMPLATE_BYTES_MAX: usize = 64 * 1024;
/// How deep blocks may nest.
pub(crate) const NESTING_MAX: usize = 32;
/// How deep blocks and their `elsif`s may nest together: the engine parses an `elsif` as a block in a block.
pub(crate) const BRANCHES_MAX: usize = 64;
/// How deep `a[b[c]]` may nest.
pub(crate) const BRACKETS_MAX: usize = 8;
/// The most names, numbers, texts and symbols in one tag.
pub(crate) const TERMS_PER_TAG_MAX: usize = 1024;
/// The most faults that are told of one template.
pub(crate) const FAULTS_MAX: usize = 50;
/// The most bytes that a template may render.
pub(crate) const OUTPUT_BYTES_MAX: usize = 1024 * 1024;
/// The most bytes that a filter may make of a text.
pub(crate) const VALUE_BYTES_MAX: usize = 1024 * 1024;
/// The most items that a filter may make of a list.
pub(crate) const ITEMS_MAX: usize = 10_000;
/// How much work one rendering may do: a unit is about a byte moved.
pub(crate) const WORK_MAX: u64 = 16 * 1024 * 1024;
/// What each step (a tag, an output, a filter, a turn of a loop) counts beside its bytes.
pub(crate) const STEP_WORK: u64 = 128;
/// How deep JSON may nest.
pub(crate) const JSON_DEPTH_MAX: usize = 160;
/// How deep XML may nest.
pub(crate) const XML_DEPTH_MAX: usize = 160;
/// The most bytes of a rendered URL.
pub(crate) const URL_BYTES_MAX: usize = 32 * 1024;
/// The most bytes of a rendered header value.
pub(crate) const HEADER_BYTES_MAX: usize = 16 * 1024;
