//! Runnable examples of embedding crm-sync; see the files beside Cargo.toml.
