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
    #[cfg(test)]
    types: Vec<u32>,
    #[cfg(test)]
    is_of_a_test: bool,
}

/// A statement; its values are numbered `$1` and so on, in the order of [`Sql::bind`].
pub(crate) fn sql_query<'a>(text: impl Into<String>) -> Sql<'a> {
    Sql {
        text: text.into(),
        values: Vec::new(),
        #[cfg(test)]
        types: Vec::new(),
        #[cfg(test)]
        is_of_a_test: false,
    }
}

/// A condition where it is wanted, nothing else. `$2 IS NULL OR column = $2` in its stead is no condition for an index; a
/// value that no condition names may be bound all the same.
pub(crate) fn given(wanted: bool, condition: &str) -> &str {
    if wanted { condition } else { "" }
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
        #[cfg(test)]
        self.types.push(ran::type_of::<ST>());
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
        #[cfg(test)]
        ran::note(self);
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

/// What tests know of the statements that ran: their texts, and the types of their values.
#[cfg(test)]
pub(crate) mod ran {
    use super::Sql;
    use diesel::pg::{Pg, PgMetadataLookup, PgTypeMetadata};
    use diesel::sql_types::HasSqlType;
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    /// Every text of the store that ran in this process, with the object ids of its values' types.
    pub(crate) static TEXTS: Mutex<BTreeMap<String, Vec<u32>>> = Mutex::new(BTreeMap::new());

    /// A statement of a test, which is not among those.
    pub(crate) fn of_a_test<'a>(text: impl Into<String>) -> Sql<'a> {
        Sql { is_of_a_test: true, ..super::sql_query(text) }
    }

    pub(super) fn note(sql: &Sql<'_>) {
        let mut texts = TEXTS.lock().unwrap();
        if !sql.is_of_a_test && !texts.contains_key(&sql.text) {
            texts.insert(sql.text.clone(), sql.types.clone());
        }
    }

    /// Only types that Postgres brings with it are used.
    struct BuiltIn;

    impl PgMetadataLookup for BuiltIn {
        fn lookup_type(&mut self, name: &str, _schema: Option<&str>) -> PgTypeMetadata {
            panic!("{name} is not built in");
        }
    }

    pub(super) fn type_of<ST>() -> u32
    where
        Pg: HasSqlType<ST>,
    {
        <Pg as HasSqlType<ST>>::metadata(&mut BuiltIn).oid().unwrap()
    }
}
