//! Rows and what they stand for: each table's statements in one place.

pub(crate) mod links;
pub(crate) mod logs;
pub(crate) mod people;
pub(crate) mod remembered;
pub(crate) mod syncs;

use crate::error::Fault;
use uuid::Uuid;

/// A UUID of its 16 bytes.
pub(crate) fn uuid(bytes: &[u8], table: &'static str, column: &'static str) -> Result<Uuid, Fault> {
    Uuid::from_slice(bytes).map_err(|_| Fault::Corrupt { table, column, key: format!("{bytes:02x?}") })
}

/// A value that must be there.
pub(crate) fn sound<T>(
    value: Option<T>,
    table: &'static str,
    column: &'static str,
    key: impl std::fmt::Display,
) -> Result<T, Fault> {
    value.ok_or_else(|| Fault::Corrupt { table, column, key: key.to_string() })
}

/// A value from JSON.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(
    text: &str,
    table: &'static str,
    column: &'static str,
    key: impl std::fmt::Display,
) -> Result<T, Fault> {
    sound(serde_json::from_str(text).ok(), table, column, key)
}

/// A value as JSON.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| Fault::Refused(format!("cannot be kept as JSON: {error}")))
}

/// A small number.
pub(crate) fn small<T: TryFrom<i64>>(
    value: i64,
    table: &'static str,
    column: &'static str,
    key: impl std::fmt::Display,
) -> Result<T, Fault> {
    sound(T::try_from(value).ok(), table, column, key)
}
