//! Column types that diesel has no Rust side for.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::data_types::PgTimestamp;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Timestamptz;
use sync_core::time::Timestamp;

/// A timestamptz, exact to the microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromSqlRow, AsExpression)]
#[diesel(sql_type = Timestamptz)]
pub(crate) struct Time(pub(crate) Timestamp);

/// Postgres counts from 2000-01-01T00:00:00Z.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

impl FromSql<Timestamptz, Pg> for Time {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let PgTimestamp(micros) = FromSql::<Timestamptz, Pg>::from_sql(bytes)?;
        Ok(Self(Timestamp::from_micros(micros.saturating_add(EPOCH_MICROS))))
    }
}

impl ToSql<Timestamptz, Pg> for Time {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let value = PgTimestamp(self.0.as_micros() - EPOCH_MICROS);
        ToSql::<Timestamptz, Pg>::to_sql(&value, &mut out.reborrow())
    }
}

/// As a column.
pub(crate) fn time(at: Timestamp) -> Time {
    Time(at)
}

/// As a nullable column.
pub(crate) fn time_opt(at: Option<Timestamp>) -> Option<Time> {
    at.map(Time)
}
