//! The ports: what the engine needs of the world, as traits. Each trait's documentation lists what every adapter MUST
//! do; the contract suite in `testkit` tests it.

mod dispatcher;
mod moving;
mod provenance;
mod store;
mod surroundings;
mod templates;

pub use dispatcher::Dispatcher;
pub use moving::MovingStore;
pub use provenance::{ProvenanceStore, RestoreBegun};
pub use store::*;
pub use surroundings::{Clock, Random};
pub use templates::*;
