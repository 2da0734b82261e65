//! What a person, a sync, a link and an operation are, and every rule about them.
//!
//! This crate is pure: it performs no I/O, reads no clock and draws no randomness. `now`, random ids and jitter come in
//! as values; what to do comes out as values. The [`ports`] are the traits that adapters implement and the engine drives.
//!
//! # Where to find what
//! - [`decide`] says what an owed link needs next; [`settle`] says what an outcome means; [`transition`] applies
//!   marks, leases and settlements to a stored link (every store calls it, so that none has rules of its own).
//! - [`governor`] is the endpoint's state: concurrency, rate, breaker, holds.
//! - [`alert`] says what an administrator is told of a sync, and when.
//! - [`provenance`] says whether a database is a copy, an older state of itself, or was moved away.
//! - [`moving`] is what moving a whole database needs to know.
//! - [`unique_id`] reads ids from answers, by [`jsonpath`].
//! - [`sync`] is the configuration, [`patch`] how it is changed and checked.
//!
//! # To add a rule option
//! 1. the field in [`sync::Rule`], 2. its input and check in [`patch`], 3. what it means in [`decide`] or [`settle`],
//! 4. its row in the tables of `tests/`, 5. the GraphQL field, 6. README and CHANGELOG.

pub mod alert;
pub mod backoff;
pub mod chosen;
pub mod claim;
pub mod counts;
pub mod decide;
pub mod digest;
pub mod digits;
pub mod fault;
pub mod governor;
pub mod id;
pub mod jsonpath;
pub mod judge;
pub mod key;
pub mod link;
pub mod log;
pub mod moving;
pub mod news;
pub mod outcome;
pub mod page;
pub mod patch;
pub mod person;
pub mod plan;
pub mod ports;
pub mod provenance;
pub mod retry_after;
pub mod session;
pub mod settle;
pub mod stats;
pub mod sweeps;
pub mod sync;
pub mod text;
pub mod time;
pub mod transition;
pub mod unique_id;
pub mod wait;
