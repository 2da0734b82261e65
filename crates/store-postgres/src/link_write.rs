//! What of a link is written: each value of a row costs time on its way to the database, and most links differ from what
//! they were, or from a new one, in a few of them.

use crate::columns::{time, time_opt};
use crate::links::Keys;
use crate::sql::{Sql, sql_query};
use diesel::sql_types::{Array, BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use std::collections::HashMap;
use sync_core::digest::Digest;
use sync_core::id::LinkId;
use sync_core::link::{Link, UniqueId};
use sync_core::sync::Operation;

/// Columns that change together. Few, since each set of them is a statement that is kept prepared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    State,
    Owed,
    Asked,
    Sent,
    Key,
    Trouble,
    Lease,
    Settled,
    /// Written each time.
    Row,
}

impl Part {
    const ALL: [Self; 9] = [
        Self::State,
        Self::Owed,
        Self::Asked,
        Self::Sent,
        Self::Key,
        Self::Trouble,
        Self::Lease,
        Self::Settled,
        Self::Row,
    ];

    fn differs(self, before: &Link, after: &Link) -> bool {
        let (a, b) = (before, after);
        match self {
            Self::State => a.state != b.state,
            Self::Owed => (a.generation, a.due_at) != (b.generation, b.due_at),
            Self::Asked => (a.force, a.allow_resend, a.asked) != (b.force, b.allow_resend, b.asked),
            Self::Sent => a.sent != b.sent,
            Self::Key => a.key != b.key,
            Self::Trouble => {
                (a.quiet_until, a.tries, a.deferrals, a.recreated) != (b.quiet_until, b.tries, b.deferrals, b.recreated)
                    || (&a.parked, a.refused_digest) != (&b.parked, b.refused_digest)
            }
            Self::Lease => a.lease != b.lease,
            Self::Settled => {
                (a.last_tried_at, a.settled_token, &a.last_decision)
                    != (b.last_tried_at, b.settled_token, &b.last_decision)
            }
            Self::Row => true,
        }
    }
}

struct Column {
    name: &'static str,
    part: Part,
    /// Its value in a link that holds nothing and owes nothing.
    blank: &'static str,
    bind: for<'q> fn(Sql<'q>, &[Link]) -> Sql<'q>,
}

fn all<T>(links: &[Link], of: impl Fn(&Link) -> T) -> Vec<T> {
    links.iter().map(of).collect()
}

fn bytes(digest: Option<Digest>) -> Option<Vec<u8>> {
    digest.map(|digest| digest.0.to_vec())
}

macro_rules! columns {
    ($($part:ident { $($name:ident: $type:ty = $blank:literal, $of:expr;)* })*) => {
        /// Everything after the key.
        const COLUMNS: &[Column] = &[$($(Column {
            name: stringify!($name),
            part: Part::$part,
            blank: $blank,
            bind: |sql, links| sql.bind::<Array<$type>, _>(all(links, $of)),
        }),*),*];
    };
}

columns! {
    State {
        state: SmallInt = "0", |l| l.state.name().code();
        unique_id: Nullable<Text> = "NULL", |l| l.state.unique_id().map(ToString::to_string);
        unique_id_number: Bool = "false", |l| l.state.unique_id().is_some_and(UniqueId::is_number);
    }
    Owed {
        generation: BigInt = "0", |l| l.generation;
        due_at: Nullable<Timestamptz> = "NULL", |l| time_opt(l.due_at);
    }
    Asked {
        force: Bool = "false", |l| l.force;
        allow_resend: Bool = "false", |l| l.allow_resend;
        asked: Bool = "false", |l| l.asked;
    }
    Sent {
        sent_version: Nullable<BigInt> = "NULL", |l| l.sent.as_ref().map(|sent| sent.version);
        sent_revision: Nullable<Integer> = "NULL", |l| l.sent.as_ref().map(|sent| sent.revision);
        sent_digest: Nullable<Binary> = "NULL", |l| bytes(l.sent.as_ref().and_then(|sent| sent.digest));
    }
    Key {
        create_key: Nullable<SqlUuid> = "NULL", |l| l.key.as_ref().map(|key| key.key);
        create_key_version: Nullable<BigInt> = "NULL", |l| l.key.as_ref().map(|key| key.version);
        create_key_at: Nullable<Timestamptz> = "NULL", |l| l.key.as_ref().map(|key| time(key.first_used_at));
    }
    Trouble {
        quiet_until: Nullable<Timestamptz> = "NULL", |l| time_opt(l.quiet_until);
        tries: SmallInt = "0", |l| l.tries;
        deferrals: SmallInt = "0", |l| l.deferrals;
        recreated: Bool = "false", |l| l.recreated;
        parked: Nullable<SmallInt> = "NULL", |l| l.parked.as_ref().map(|parked| parked.reason.code());
        parked_detail: Nullable<Text> = "NULL", |l| l.parked.as_ref().map(|parked| parked.detail.clone());
        parked_at: Nullable<Timestamptz> = "NULL", |l| l.parked.as_ref().map(|parked| time(parked.at));
        refused_digest: Nullable<Binary> = "NULL", |l| bytes(l.refused_digest);
    }
    Lease {
        lease_token: Nullable<SqlUuid> = "NULL", |l| l.lease.as_ref().map(|lease| lease.token.0);
        lease_until: Nullable<Timestamptz> = "NULL", |l| l.lease.as_ref().map(|lease| time(lease.until));
        lease_operation: Nullable<SmallInt> = "NULL",
            |l| l.lease.as_ref().and_then(|lease| lease.operation).map(Operation::code);
        lease_version: Nullable<BigInt> = "NULL", |l| l.lease.as_ref().map(|lease| lease.version);
    }
    Settled {
        last_tried_at: Nullable<Timestamptz> = "NULL", |l| time_opt(l.last_tried_at);
        settled_token: Nullable<SqlUuid> = "NULL", |l| l.settled_token.map(|token| token.0);
        last_decision: Nullable<Text> = "NULL", |l| l.last_decision.clone();
    }
    Row {
        updated_at: Timestamptz = "now()", |l| time(l.updated_at);
        has_extras: Bool = "false", |l| !l.extras.is_empty();
    }
}

/// Inserts links that are not there yet.
pub(crate) fn insertion<'q>(links: &[Link]) -> Sql<'q> {
    let blank = links.first().map(|link| Link::new(link.id.clone(), link.updated_at));
    let written =
        written(|part| blank.as_ref().is_some_and(|blank| links.iter().any(|link| part.differs(blank, link))));
    let names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
    let values: Vec<String> = COLUMNS
        .iter()
        .map(|column| if written(column.part) { format!("o.{}", column.name) } else { column.blank.to_owned() })
        .collect();
    let sql = format!(
        "INSERT INTO links (account, sync, person, {}) SELECT o.account, o.sync, o.person, {} FROM {}",
        names.join(", "),
        values.join(", "),
        rows(&written)
    );
    bind(sql, &written, links)
}

/// Updates links, in what differs from what they were.
pub(crate) fn update<'q>(links: &[Link], before: &HashMap<LinkId, Link>) -> Sql<'q> {
    let written =
        written(|part| links.iter().any(|link| before.get(&link.id).is_none_or(|before| part.differs(before, link))));
    let sets: Vec<String> = COLUMNS
        .iter()
        .filter(|column| written(column.part))
        .map(|column| format!("{0} = o.{0}", column.name))
        .collect();
    let sql = format!(
        "UPDATE links l SET {} FROM {} WHERE l.account = o.account AND l.sync = o.sync AND l.person = o.person",
        sets.join(", "),
        rows(&written)
    );
    bind(sql, &written, links)
}

/// Which parts are written, each looked at once.
fn written(differs: impl Fn(Part) -> bool) -> impl Fn(Part) -> bool {
    let parts = Part::ALL.map(|part| (part, differs(part)));
    move |part| parts.contains(&(part, true))
}

/// The rows that are bound, as `o`.
fn rows(written: &impl Fn(Part) -> bool) -> String {
    let names: Vec<&str> = ["account", "sync", "person"]
        .into_iter()
        .chain(COLUMNS.iter().filter(|column| written(column.part)).map(|column| column.name))
        .collect();
    let parameters: Vec<String> = (1..=names.len()).map(|n| format!("${n}")).collect();
    format!("UNNEST({}) AS o({})", parameters.join(", "), names.join(", "))
}

fn bind<'q>(sql: String, written: &impl Fn(Part) -> bool, links: &[Link]) -> Sql<'q> {
    let keys = Keys::of(links.iter().map(|link| &link.id));
    let sql = sql_query(sql)
        .bind::<Array<SqlUuid>, _>(keys.accounts)
        .bind::<Array<SqlUuid>, _>(keys.syncs)
        .bind::<Array<Text>, _>(keys.people);
    COLUMNS.iter().filter(|column| written(column.part)).fold(sql, |sql, column| (column.bind)(sql, links))
}
