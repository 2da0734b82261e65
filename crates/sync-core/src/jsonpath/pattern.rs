//! Regular expressions in filters (RFC 9485), by a lazy DFA alone: each byte of a text is a step, and a pattern that needs
//! too many states for that gives up. The regex crate would go on, at a cost for each byte that grows with the pattern.

use super::model::Comparable;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use std::sync::Arc;

/// The most memory of a pattern that is written in the path, in bytes.
const WRITTEN_BYTES_MAX: usize = 1024 * 1024;
/// The most memory of one that an answer holds.
const FOUND_BYTES_MAX: usize = 32 * 1024;
/// The most bytes of one that an answer holds.
const FOUND_LENGTH_MAX: usize = 256;
/// How deep groups may nest.
const NESTING_MAX: u32 = 32;
/// The memory for a pattern's states, in bytes. Patterns that people write need a few of it.
const STATES_BYTES: usize = 128 * 1024;

/// The pattern of `match` or `search`.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    Written(Regex),
    /// In the answer, compiled as it comes.
    Found(Comparable),
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) struct Regex {
    dfa: Arc<DFA>,
    anchored: Anchored,
}

/// A pattern needs more states than it may for a text.
pub(super) struct GaveUp;

impl Regex {
    /// The states that matching comes upon, to be kept from text to text.
    pub(super) fn states(&self) -> Cache {
        self.dfa.create_cache()
    }

    /// Whether a text matches.
    pub(super) fn is_match(&self, states: &mut Cache, text: &str) -> Result<bool, GaveUp> {
        let input = Input::new(text).anchored(self.anchored).earliest(true);
        self.dfa.try_search_fwd(states, &input).map(|end| end.is_some()).map_err(|_| GaveUp)
    }

    /// What tells it from other patterns of the same path.
    pub(super) fn address(&self) -> usize {
        Arc::as_ptr(&self.dfa).addr()
    }
}

/// A pattern of the path, compiled; `whole`: it must match whole texts. `None` where it is no regular expression, or too
/// large a one.
pub(super) fn written(pattern: &str, whole: bool) -> Option<Regex> {
    compile(pattern, whole, WRITTEN_BYTES_MAX)
}

/// The same for a pattern that an answer holds, within tighter bounds.
pub(super) fn found(pattern: &str, whole: bool) -> Option<Regex> {
    (pattern.len() <= FOUND_LENGTH_MAX).then(|| compile(pattern, whole, FOUND_BYTES_MAX))?
}

fn compile(pattern: &str, whole: bool, bytes_max: usize) -> Option<Regex> {
    let mut translated = String::with_capacity(pattern.len() + 16);
    let mut characters = pattern.chars();
    let mut in_class = false;
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                translated.push(character);
                translated.extend(characters.next());
                continue;
            }
            '[' if !in_class => in_class = true,
            ']' => in_class = false,
            // The crate's `.` leaves out the line feed only, that of RFC 9485 the carriage return, too.
            '.' if !in_class => {
                translated.push_str(r"[^\n\r]");
                continue;
            }
            _ => {}
        }
        translated.push(character);
    }
    let (pattern, anchored) =
        if whole { (format!(r"(?:{translated})\z"), Anchored::Yes) } else { (translated, Anchored::No) };
    let states =
        DFA::config().cache_capacity(STATES_BYTES).skip_cache_capacity_check(true).minimum_cache_clear_count(Some(1));
    let dfa = DFA::builder()
        .configure(states)
        .thompson(thompson::Config::new().nfa_size_limit(Some(bytes_max)).which_captures(WhichCaptures::None))
        .syntax(syntax::Config::new().nest_limit(NESTING_MAX))
        .build(&pattern)
        .ok()?;
    Some(Regex { dfa: Arc::new(dfa), anchored })
}
