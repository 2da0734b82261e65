//! Shared parts of the product's tests.
