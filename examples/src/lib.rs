//! Runnable examples of embedding crm-sync: see `embedded.rs`.
