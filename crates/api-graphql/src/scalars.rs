//! Scalars of the schema.

use crate::numbers;
use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use sync_core::fault::Fault;
use sync_core::time::{Timestamp, TimestampError};

/// An instant. A text that is none gets through the scalar and is told by [`DateTime::checked`]: only there is it known
/// in which field it stands, such as the birthday of which of a thousand people.
#[derive(Clone)]
pub(crate) struct DateTime(Result<Timestamp, TimestampError>);

impl DateTime {
    /// The instant, or a fault that is to be put under the field's path.
    pub(crate) fn checked(self) -> Result<Timestamp, Fault> {
        self.0.map_err(|error| {
            let mend = "write it by RFC 3339, such as 2026-01-31T09:30:00Z";
            match error {
                TimestampError::Malformed => Fault::here(format!("is no date and time; {mend}")),
                TimestampError::OutOfRange => Fault::here(format!("is {error}; {mend}")),
            }
        })
    }
}

impl From<Timestamp> for DateTime {
    fn from(at: Timestamp) -> Self {
        Self(Ok(at))
    }
}

/// RFC 3339; given with any offset, answered in UTC, to the microsecond, years 0001 to 9999
#[Scalar(specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(Timestamp::parse(&text))),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        self.0.as_ref().map_or(Value::Null, |at| Value::String(at.to_rfc3339()))
    }
}

/// Any JSON value, as a person keeps it: see [`sync_core::digits`].
#[derive(Clone)]
pub(crate) struct Json(pub(crate) serde_json::Value);

impl Json {
    /// An object.
    pub(crate) fn object(members: &serde_json::Map<String, serde_json::Value>) -> Self {
        Self(serde_json::Value::Object(members.clone()))
    }
}

/// Any JSON value. Numbers keep their digits: up to 100 of them, and exponents from -308 to 308
#[Scalar(name = "JSON", specified_by_url = "https://datatracker.ietf.org/doc/html/rfc8259")]
impl ScalarType for Json {
    fn parse(value: Value) -> InputValueResult<Self> {
        let mut value = value.into_json()?;
        numbers::to_kept(&mut value);
        Ok(Self(value))
    }

    fn to_value(&self) -> Value {
        let mut value = self.0.clone();
        numbers::from_kept(&mut value);
        Value::from_json(value).unwrap_or_default()
    }
}

/// A count. Counts may pass what `Int` holds.
#[derive(Clone, Copy)]
pub(crate) struct SafeInt(i64);

/// The largest whole number that every JSON reader holds exactly.
const SAFE_MAX: i64 = 9_007_199_254_740_991;

impl From<i64> for SafeInt {
    fn from(count: i64) -> Self {
        Self(count.clamp(0, SAFE_MAX))
    }
}

/// A whole number from 0 to 9,007,199,254,740,991, written as a JSON number
#[Scalar]
impl ScalarType for SafeInt {
    fn parse(value: Value) -> InputValueResult<Self> {
        let number = match &value {
            Value::Number(number) => number.as_i64().filter(|number| (0..=SAFE_MAX).contains(number)),
            _ => None,
        };
        number.map(Self).ok_or_else(|| InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        Value::Number(self.0.into())
    }
}
