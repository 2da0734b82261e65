//! The bound of work: what each step of an evaluation costs, and what a document of some size may cost.

use super::document::{Document, Written};

/// The work that a path may do on any document. A unit takes 2 to 4 ns.
const WORK_BASE: u64 = 250_000;
/// What it may do beside that for each byte of the document, so that 1 MiB takes less than 50 ms.
const WORK_PER_BYTE: u64 = 6;

/// Handing on a value. What has no constant of its own is a unit.
pub(super) const VISIT: u64 = 4;
/// Asking a condition of a value.
pub(super) const CONDITION: u64 = 6;
/// Comparing two numbers.
pub(super) const NUMBERS: u64 = 16;
/// Making a list of values.
pub(super) const LIST: u64 = 24;
/// Matching a text against a pattern, beside its bytes.
pub(super) const MATCH: u64 = 12;
/// Compiling a pattern that the document holds.
pub(super) const COMPILE: u64 = 30_000;
/// What each of its bytes costs then.
pub(super) const COMPILE_BYTE: u64 = 256;
/// Going on to the next item of a list whose items are counted.
pub(super) const ITEM: u64 = 2;
/// A byte of the states that a pattern comes upon.
pub(super) const STATE_BYTE: u64 = 1;
/// Bytes that are compared for a unit.
pub(super) const BYTES_PER_UNIT: u64 = 16;
/// Digits that are compared for a unit.
pub(super) const DIGITS_PER_UNIT: u64 = 2;

/// Why a selection ends before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// Whoever asked has seen enough.
    Enough,
    /// The path takes more work on this document than it may.
    TooMuchWork,
}

/// The work that is left.
pub(super) struct Work {
    left: u64,
}

impl Work {
    /// What a path may do on a document.
    pub(super) fn on(document: &Document<'_>) -> Self {
        Self { left: WORK_BASE + WORK_PER_BYTE * document.bytes() as u64 }
    }

    pub(super) fn spend(&mut self, units: u64) -> Result<(), Stop> {
        self.left = self.left.checked_sub(units).ok_or(Stop::TooMuchWork)?;
        Ok(())
    }

    /// Counts bytes that are compared or copied.
    pub(super) fn spend_bytes(&mut self, bytes: usize) -> Result<(), Stop> {
        self.spend(bytes as u64 / BYTES_PER_UNIT + 1)
    }

    /// Counts a text, name or number that is read.
    pub(super) fn spend_read(&mut self, written: Written<'_>) -> Result<(), Stop> {
        let bytes = written.text.len() as u64;
        self.spend(if written.escaped { bytes + 1 } else { bytes / BYTES_PER_UNIT + 1 })
    }
}
