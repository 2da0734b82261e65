use super::{from_json, small, sound, syncs, to_json, uuid};
use crate::error::Fault;
use crate::sql::{Db, Value, json_texts, values};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Binary, Nullable, Text};
use std::ops::Range;
use std::sync::LazyLock;
use sync_core::digest::Digest;
use sync_core::id::{AccountId, LeaseToken, LinkId, PersonId, SyncId};
use sync_core::link::{
    CreateKey, Extras, Lease, Link, LinkState, Notes, ParkReason, Parked, Sent, StateName, UniqueId,
};
use sync_core::plan::lease::is_retrying;
use sync_core::plan::{LinkWrite, counts_of};
use sync_core::sync::Operation;
use sync_core::time::Timestamp;

/// In the order of [`bound`]; the first three are the key. Of the others, those that change together stand together:
/// [`UPDATED_TOGETHER`].
#[rustfmt::skip]
const COLUMNS: [&str; 35] = [
    "account", "sync", "person",
    "state", "unique_id", "unique_id_number",
    "generation", "due_at", "claimable_at", "retrying", "quiet_until",
    "force", "allow_resend", "asked",
    "sent_version", "sent_revision", "sent_digest",
    "key", "key_version", "key_first_used_at",
    "tries", "deferrals", "recreated", "parked", "parked_detail", "parked_at", "refused_digest",
    "lease_token", "lease_until", "lease_operation", "lease_version",
    "last_tried_at", "settled_token", "last_decision",
    "updated_at",
];

/// Columns, by their places, that one update writes where any of them differs: what is not written costs neither a check
/// nor an entry of an index. Few, since each set of them is a statement that is kept prepared; the last ones are in all.
const UPDATED_TOGETHER: [Range<usize>; 5] = [3..6, 6..14, 14..20, 20..27, 27..35];

static INSERT: LazyLock<String> = LazyLock::new(|| {
    let marks = vec!["?"; COLUMNS.len()].join(", ");
    format!("INSERT INTO links ({}) VALUES ({marks})", COLUMNS.join(", "))
});

/// The columns of a link with its extras.
const SELECT: &str = "SELECT l.*, e.first_snapshot, e.answer, e.notes FROM links l LEFT JOIN link_extras e \
     ON e.account = l.account AND e.sync = l.sync AND e.person = l.person ";

#[derive(QueryableByName)]
struct LinkRow {
    #[diesel(sql_type = Binary)]
    account: Vec<u8>,
    #[diesel(sql_type = Binary)]
    sync: Vec<u8>,
    #[diesel(sql_type = Text)]
    person: String,
    #[diesel(sql_type = BigInt)]
    state: i64,
    #[diesel(sql_type = Nullable<Text>)]
    unique_id: Option<String>,
    #[diesel(sql_type = BigInt)]
    unique_id_number: i64,
    #[diesel(sql_type = BigInt)]
    generation: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    due_at: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    quiet_until: Option<i64>,
    #[diesel(sql_type = BigInt)]
    force: i64,
    #[diesel(sql_type = BigInt)]
    allow_resend: i64,
    #[diesel(sql_type = BigInt)]
    asked: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    sent_version: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    sent_revision: Option<i64>,
    #[diesel(sql_type = Nullable<Binary>)]
    sent_digest: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Binary>)]
    key: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<BigInt>)]
    key_version: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    key_first_used_at: Option<i64>,
    #[diesel(sql_type = BigInt)]
    tries: i64,
    #[diesel(sql_type = BigInt)]
    deferrals: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    last_tried_at: Option<i64>,
    #[diesel(sql_type = BigInt)]
    recreated: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    parked: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    parked_detail: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    parked_at: Option<i64>,
    #[diesel(sql_type = Nullable<Binary>)]
    refused_digest: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Binary>)]
    lease_token: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<BigInt>)]
    lease_until: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    lease_operation: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    lease_version: Option<i64>,
    #[diesel(sql_type = Nullable<Binary>)]
    settled_token: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Text>)]
    last_decision: Option<String>,
    #[diesel(sql_type = BigInt)]
    updated_at: i64,
    #[diesel(sql_type = Nullable<Text>)]
    first_snapshot: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    answer: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    notes: Option<String>,
}

const TABLE: &str = "links";

impl LinkRow {
    fn link(self) -> Result<Link, Fault> {
        let person = sound(PersonId::new(self.person.as_str()).ok(), TABLE, "person", &self.person)?;
        let key = &self.person;
        let token =
            |bytes: Option<Vec<u8>>, column| bytes.map(|bytes| uuid(&bytes, TABLE, column).map(LeaseToken)).transpose();
        let digest = |bytes: Option<Vec<u8>>, column| {
            bytes.map(|bytes| sound(Digest::from_slice(&bytes), TABLE, column, key)).transpose()
        };
        let name = sound(StateName::from_code(small(self.state, TABLE, "state", key)?), TABLE, "state", key)?;
        let unique_id = self
            .unique_id
            .map(|text| sound(UniqueId::from_parts(text, self.unique_id_number != 0), TABLE, "unique_id", key))
            .transpose()?;
        let sent = match (self.sent_version, self.sent_revision) {
            (Some(version), Some(revision)) => Some(Sent {
                version,
                revision: small(revision, TABLE, "sent_revision", key)?,
                digest: digest(self.sent_digest, "sent_digest")?,
            }),
            _ => None,
        };
        let create_key = match (self.key, self.key_version, self.key_first_used_at) {
            (Some(bytes), Some(version), Some(at)) => {
                Some(CreateKey { key: uuid(&bytes, TABLE, "key")?, version, first_used_at: Timestamp::from_micros(at) })
            }
            _ => None,
        };
        let parked = match (self.parked, self.parked_detail, self.parked_at) {
            (Some(code), Some(detail), Some(at)) => Some(Parked {
                reason: sound(ParkReason::from_code(small(code, TABLE, "parked", key)?), TABLE, "parked", key)?,
                detail,
                at: Timestamp::from_micros(at),
            }),
            _ => None,
        };
        let lease = match (token(self.lease_token, "lease_token")?, self.lease_until, self.lease_version) {
            (Some(token), Some(until), Some(version)) => {
                let operation = self.lease_operation.map(|code| {
                    let code = small(code, TABLE, "lease_operation", key)?;
                    sound(Operation::from_code(code), TABLE, "lease_operation", key)
                });
                Some(Lease { token, until: Timestamp::from_micros(until), operation: operation.transpose()?, version })
            }
            _ => None,
        };
        Ok(Link {
            state: sound(LinkState::from_parts(name, unique_id), TABLE, "unique_id", key)?,
            generation: self.generation,
            due_at: self.due_at.map(Timestamp::from_micros),
            quiet_until: self.quiet_until.map(Timestamp::from_micros),
            force: self.force != 0,
            allow_resend: self.allow_resend != 0,
            asked: self.asked != 0,
            sent,
            key: create_key,
            tries: small(self.tries, TABLE, "tries", key)?,
            deferrals: small(self.deferrals, TABLE, "deferrals", key)?,
            last_tried_at: self.last_tried_at.map(Timestamp::from_micros),
            recreated: self.recreated != 0,
            parked,
            refused_digest: digest(self.refused_digest, "refused_digest")?,
            lease,
            settled_token: token(self.settled_token, "settled_token")?,
            last_decision: self.last_decision,
            updated_at: Timestamp::from_micros(self.updated_at),
            extras: Extras {
                first_snapshot: self
                    .first_snapshot
                    .map(|text| from_json(&text, "link_extras", "first_snapshot", key))
                    .transpose()?,
                answer: self.answer.map(|text| from_json(&text, "link_extras", "answer", key)).transpose()?,
                notes: self
                    .notes
                    .map(|text| from_json(&text, "link_extras", "notes", key))
                    .transpose()?
                    .unwrap_or_default(),
            },
            id: LinkId {
                account: AccountId(uuid(&self.account, TABLE, "account")?),
                sync: SyncId(uuid(&self.sync, TABLE, "sync")?),
                person,
            },
        })
    }
}

/// Reads links; `rest` follows the FROM clause, where they are called `l`.
pub(crate) fn read(db: &mut Db, rest: &str, values: &[Value]) -> Result<Vec<Link>, Fault> {
    db.rows::<LinkRow>(&format!("{SELECT}{rest}"), values)?.into_iter().map(LinkRow::link).collect()
}

/// Owed links of a sync, retries or not, whoever becomes claimable last first: at most `most`. The fat rest of a create in doubt
/// is left out.
pub(crate) fn owed(
    db: &mut Db,
    account: AccountId,
    sync: SyncId,
    retrying: bool,
    most: usize,
) -> Result<Vec<Link>, Fault> {
    let select = SELECT.replace("e.first_snapshot", "NULL AS first_snapshot");
    let rows: Vec<LinkRow> = db.rows(
        &format!(
            "{select}WHERE l.account = ? AND l.sync = ? AND l.retrying = ? AND l.claimable_at IS NOT NULL \
             ORDER BY l.claimable_at DESC, l.person DESC LIMIT ?"
        ),
        &values![account.0, sync.0, retrying, most],
    )?;
    rows.into_iter().map(LinkRow::link).collect()
}

/// The links of some people with a sync, as far as there are rows.
pub(crate) fn of_people<'a>(
    db: &mut Db,
    account: AccountId,
    sync: SyncId,
    people: impl IntoIterator<Item = &'a PersonId>,
) -> Result<Vec<Link>, Fault> {
    read(
        db,
        "WHERE l.account = ? AND l.sync = ? AND l.person IN (SELECT value FROM json_each(?)) ORDER BY l.person",
        &values![account.0, sync.0, json_texts(people.into_iter().map(PersonId::as_str))],
    )
}

/// How many leases of a sync are out.
pub(crate) fn leased(db: &mut Db, account: AccountId, sync: SyncId, now: Timestamp) -> Result<usize, Fault> {
    let leased = db.number(
        "SELECT count(*) AS n FROM links WHERE account = ? AND sync = ? AND lease_until > ?",
        &values![account.0, sync.0, now],
    )?;
    Ok(usize::try_from(leased).unwrap_or(0))
}

/// How many links of a sync are claimable, counted to `most`.
pub(crate) fn claimable(
    db: &mut Db,
    account: AccountId,
    sync: SyncId,
    now: Timestamp,
    most: usize,
) -> Result<usize, Fault> {
    let due = db.number(
        "SELECT count(*) AS n FROM (SELECT 1 FROM links WHERE account = ? AND sync = ? AND retrying IN (0, 1) \
         AND claimable_at <= ? LIMIT ?)",
        &values![account.0, sync.0, now, most],
    )?;
    Ok(usize::try_from(due).unwrap_or(0))
}

/// When the first of a sync's links became claimable, or will.
pub(crate) fn first_claimable(db: &mut Db, account: AccountId, sync: SyncId) -> Result<Option<Timestamp>, Fault> {
    #[derive(QueryableByName)]
    struct First {
        #[diesel(sql_type = Nullable<BigInt>)]
        at: Option<i64>,
    }
    // Fresh work and retries begin at two places of one index.
    let kind = "SELECT min(claimable_at) AS at FROM links WHERE account = ? AND sync = ? AND claimable_at IS NOT NULL \
         AND retrying =";
    let rows: Vec<First> = db.rows(
        &format!("SELECT min(at) AS at FROM ({kind} 0 UNION ALL {kind} 1)"),
        &values![account.0, sync.0, account.0, sync.0],
    )?;
    Ok(rows.into_iter().find_map(|first| first.at).map(Timestamp::from_micros))
}

/// Writes links in the order given and keeps their counts.
pub(crate) fn write(db: &mut Db, writes: &[LinkWrite]) -> Result<(), Fault> {
    for write in writes {
        match write {
            LinkWrite { before, after: Some(after) } => {
                match before {
                    Some(before) => update(db, before, after)?,
                    None => drop(db.run(&INSERT, &bound(after))?),
                }
                let before = before.as_ref().map(|before| &before.extras);
                if before.map_or(!after.extras.is_empty(), |before| *before != after.extras) {
                    write_extras(db, after)?;
                }
            }
            LinkWrite { before: Some(before), after: None } => {
                remove_row(db, "DELETE FROM links WHERE account = ? AND sync = ? AND person = ?", &before.id)?;
                if !before.extras.is_empty() {
                    remove_extras(db, &before.id)?;
                }
            }
            LinkWrite { before: None, after: None } => {}
        }
    }
    for ((account, sync), difference) in counts_of(writes) {
        syncs::add_counts(db, account, sync, &difference)?;
    }
    Ok(())
}

/// Writes what differs, and nothing where nothing does.
fn update(db: &mut Db, before: &Link, after: &Link) -> Result<(), Fault> {
    let (old, new) = (bound(before), bound(after));
    let mut changed =
        UPDATED_TOGETHER.into_iter().filter(|columns| old[columns.clone()] != new[columns.clone()]).flatten();
    let Some(first) = changed.next() else { return Ok(()) };
    let mut text = format!("UPDATE links SET {} = ?", COLUMNS[first]);
    let mut values = vec![new[first].clone()];
    for column in changed {
        text.push_str(", ");
        text.push_str(COLUMNS[column]);
        text.push_str(" = ?");
        values.push(new[column].clone());
    }
    text.push_str(" WHERE account = ? AND sync = ? AND person = ?");
    values.extend_from_slice(&new[..3]);
    match db.run(&text, &values)? {
        0 => Err(Fault::Refused("a link that was read is not there".to_owned())),
        _ => Ok(()),
    }
}

fn bound(link: &Link) -> [Value; COLUMNS.len()] {
    let unique_id = link.state.unique_id();
    let digest = |digest: Option<Digest>| digest.map(|digest| Value::Blob(digest.0.to_vec()));
    let (sent, key, parked, lease) = (link.sent.as_ref(), link.key.as_ref(), link.parked.as_ref(), link.lease.as_ref());
    values![
        link.id.account.0,
        link.id.sync.0,
        &link.id.person,
        link.state.name().code(),
        unique_id.map(UniqueId::as_str),
        unique_id.is_some_and(UniqueId::is_number),
        link.generation,
        link.due_at,
        link.claimable_at(),
        is_retrying(link),
        link.quiet_until,
        link.force,
        link.allow_resend,
        link.asked,
        sent.map(|sent| sent.version),
        sent.map(|sent| sent.revision),
        digest(sent.and_then(|sent| sent.digest)),
        key.map(|key| key.key),
        key.map(|key| key.version),
        key.map(|key| key.first_used_at),
        link.tries,
        link.deferrals,
        link.recreated,
        parked.map(|parked| parked.reason.code()),
        parked.map(|parked| parked.detail.as_str()),
        parked.map(|parked| parked.at),
        digest(link.refused_digest),
        lease.map(|lease| lease.token.0),
        lease.map(|lease| lease.until),
        lease.and_then(|lease| lease.operation).map(Operation::code),
        lease.map(|lease| lease.version),
        link.last_tried_at,
        link.settled_token.map(|token| token.0),
        link.last_decision.as_deref(),
        link.updated_at,
    ]
}

fn write_extras(db: &mut Db, link: &Link) -> Result<(), Fault> {
    if link.extras.is_empty() {
        return remove_extras(db, &link.id);
    }
    let snapshot = link.extras.first_snapshot.as_ref().map(to_json).transpose()?;
    let answer = link.extras.answer.as_ref().map(to_json).transpose()?;
    let notes = Some(&link.extras.notes).filter(|notes| **notes != Notes::default()).map(to_json).transpose()?;
    db.run(
        "INSERT INTO link_extras (account, sync, person, first_snapshot, answer, notes) VALUES (?, ?, ?, ?, ?, ?) \
         ON CONFLICT (account, sync, person) DO UPDATE SET first_snapshot = excluded.first_snapshot, \
         answer = excluded.answer, notes = excluded.notes",
        &values![link.id.account.0, link.id.sync.0, &link.id.person, snapshot, answer, notes],
    )?;
    Ok(())
}

fn remove_extras(db: &mut Db, id: &LinkId) -> Result<(), Fault> {
    remove_row(db, "DELETE FROM link_extras WHERE account = ? AND sync = ? AND person = ?", id)
}

fn remove_row(db: &mut Db, text: &str, id: &LinkId) -> Result<(), Fault> {
    db.run(text, &values![id.account.0, id.sync.0, &id.person])?;
    Ok(())
}
