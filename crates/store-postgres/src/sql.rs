//! Statements as text with typed values. Unlike `diesel::sql_query`, which has its statement prepared anew each time,
//! these are kept prepared, one for each text: so texts are constant, however many rows they work on.

use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Untyped};
use std::marker::PhantomData;

/// A statement and its values.
pub(crate) struct Sql<'a> {
    text: String,
    values: Vec<Box<dyn Bind + 'a>>,
}

/// A statement; its values are numbered `$1` and so on, in the order of [`Sql::bind`].
pub(crate) fn sql_query<'a>(text: impl Into<String>) -> Sql<'a> {
    Sql { text: text.into(), values: Vec::new() }
}

impl<'a> Sql<'a> {
    /// Binds the next value.
    pub(crate) fn bind<ST, T>(mut self, value: T) -> Self
    where
        ST: Send + 'a,
        T: ToSql<ST, Pg> + Send + 'a,
        Pg: HasSqlType<ST>,
    {
        self.values.push(Box::new(Value { value, kind: PhantomData::<ST> }));
        self
    }
}

trait Bind: Send {
    fn push<'b>(&'b self, out: AstPass<'_, 'b, Pg>) -> QueryResult<()>;
}

struct Value<ST, T> {
    value: T,
    kind: PhantomData<ST>,
}

impl<ST, T> Bind for Value<ST, T>
where
    ST: Send,
    T: ToSql<ST, Pg> + Send,
    Pg: HasSqlType<ST>,
{
    fn push<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param_value_only(&self.value)
    }
}

impl QueryFragment<Pg> for Sql<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(&self.text);
        self.values.iter().try_for_each(|value| value.push(out.reborrow()))
    }
}

impl QueryId for Sql<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Sql<'_> {
    type SqlType = Untyped;
}
