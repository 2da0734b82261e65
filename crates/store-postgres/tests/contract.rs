//! The Postgres store keeps the contract.

mod fixture;

use fixture::PostgresFixture;

testkit::store_contract!(PostgresFixture);
