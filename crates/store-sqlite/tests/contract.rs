//! The SQLite store keeps the contract.

mod fixture;

use fixture::SqliteFixture;

testkit::store_contract!(SqliteFixture);
