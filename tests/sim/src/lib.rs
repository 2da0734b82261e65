//! Deterministic simulation: the real engine on a real store, with seeded faults, held against the promises.
//!
//! A [`scenario::Scenario`] is drawn from a seed ([`generate`]) and run ([`run()`]) in virtual time: one to three nodes, each
//! an engine of its own, share a store in memory or on SQLite; external systems lose answers, commit and hang up, answer
//! late, 409, 404, 429; nodes crash before and after store calls, stand still and lose their store; people change, syncs
//! are paused, edited, resynced, deleted. What really happens is noted by the [`oracle`], which holds it against the
//! promises of the README at every instant; [`check`] does so at rest, when all faults have ceased.
//!
//! The same seed gives the same run, to the last step. A scenario that breaks a promise is shrunk ([`shrink`]) and kept in
//! `tests/sim/cases`, where a test runs it for ever. `cargo xtask sim --seeds 1000` runs seeds.
//!
//! # Where to find what
//! - [`world`]: virtual time and the nodes' lives; `node_store` and `network`: the ports of a node, where faults happen;
//! - [`crm`] and [`rules`]: the external systems, and what the syncs' rules ought to make of a person;
//! - [`oracle`]: the promises that hold at every instant; [`check`]: those that hold at rest.

pub mod check;
mod clients;
pub mod crm;
pub mod generate;
mod network;
mod node_store;
mod nodes;
pub mod oracle;
pub mod rules;
mod run;
pub mod scenario;
pub mod shrink;
mod templates;
pub mod world;

pub use run::{Report, StoreKind, run, run_with};

/// A mistake made on purpose, to see that the promise it breaks is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// The store acknowledges changes that it does not record.
    LoseChange,
    /// The network carries requests out twice.
    SendTwice,
    /// Settling does not look at the generation: a change during a request is wiped out.
    IgnoreGeneration,
    /// `Retry-After` is not read.
    IgnoreRetryAfter,
}
