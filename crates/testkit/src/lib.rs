//! What tests share: builders, fakes, and the contract suite that every store must pass.
//!
//! To put a store under the suite, write a [`contract::StoreFixture`] and, in a target of its own under `tests/`:
//! ```text
//! testkit::store_contract!(MyFixture);
//! ```

pub mod build;
pub mod clock;
pub mod contract;
pub mod crm;
pub mod memory;
pub mod oracle;
mod ports;
pub mod random;
pub mod reply;
pub mod staged;
pub mod templates;
