//! A row of `links`, as it is read.

use crate::columns::Time;
use diesel::sql_types::{BigInt, Binary, Bool, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use sync_core::digest::Digest;
use sync_core::id::{AccountId, LeaseToken, LinkId, PersonId, SyncId};
use sync_core::link::{CreateKey, Extras, Lease, Link, LinkState, ParkReason, Parked, Sent, StateName, UniqueId};
use sync_core::ports::StoreError;
use sync_core::sync::Operation;
use uuid::Uuid;

/// The columns of `links`, for SELECT lists; its alias is `l`.
pub(crate) const COLUMNS: &str = "l.account, l.sync, l.person, l.state, l.unique_id, l.unique_id_number, l.generation, \
    l.due_at, l.quiet_until, l.force, l.allow_resend, l.asked, l.sent_version, l.sent_revision, l.sent_digest, \
    l.create_key, l.create_key_version, l.create_key_at, l.tries, l.deferrals, l.last_tried_at, l.recreated, l.parked, \
    l.parked_detail, l.parked_at, l.refused_digest, l.lease_token, l.lease_until, l.lease_operation, l.lease_version, \
    l.settled_token, l.last_decision, l.updated_at, l.has_extras";

#[derive(diesel::QueryableByName)]
pub(crate) struct LinkRow {
    #[diesel(sql_type = SqlUuid)]
    account: Uuid,
    #[diesel(sql_type = SqlUuid)]
    sync: Uuid,
    #[diesel(sql_type = Text)]
    person: String,
    #[diesel(sql_type = SmallInt)]
    state: i16,
    #[diesel(sql_type = Nullable<Text>)]
    unique_id: Option<String>,
    #[diesel(sql_type = Bool)]
    unique_id_number: bool,
    #[diesel(sql_type = BigInt)]
    generation: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    due_at: Option<Time>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    quiet_until: Option<Time>,
    #[diesel(sql_type = Bool)]
    force: bool,
    #[diesel(sql_type = Bool)]
    allow_resend: bool,
    #[diesel(sql_type = Bool)]
    asked: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    sent_version: Option<i64>,
    #[diesel(sql_type = Nullable<Integer>)]
    sent_revision: Option<i32>,
    #[diesel(sql_type = Nullable<Binary>)]
    sent_digest: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    create_key: Option<Uuid>,
    #[diesel(sql_type = Nullable<BigInt>)]
    create_key_version: Option<i64>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    create_key_at: Option<Time>,
    #[diesel(sql_type = SmallInt)]
    tries: i16,
    #[diesel(sql_type = SmallInt)]
    deferrals: i16,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_tried_at: Option<Time>,
    #[diesel(sql_type = Bool)]
    recreated: bool,
    #[diesel(sql_type = Nullable<SmallInt>)]
    parked: Option<i16>,
    #[diesel(sql_type = Nullable<Text>)]
    parked_detail: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    parked_at: Option<Time>,
    #[diesel(sql_type = Nullable<Binary>)]
    refused_digest: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    lease_token: Option<Uuid>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    lease_until: Option<Time>,
    #[diesel(sql_type = Nullable<SmallInt>)]
    lease_operation: Option<i16>,
    #[diesel(sql_type = Nullable<BigInt>)]
    lease_version: Option<i64>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    settled_token: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    last_decision: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    updated_at: Time,
    #[diesel(sql_type = Bool)]
    has_extras: bool,
}

impl LinkRow {
    fn corrupt(&self, column: &'static str) -> StoreError {
        StoreError::Corrupt { table: "links", column, key: format!("{} {} {:?}", self.account, self.sync, self.person) }
    }

    /// The link without its extras, and whether it has some.
    pub(crate) fn link(self) -> Result<(Link, bool), StoreError> {
        let person = PersonId::new(self.person.clone()).map_err(|_| self.corrupt("person"))?;
        let name = StateName::from_code(self.state).ok_or_else(|| self.corrupt("state"))?;
        let unique_id = match &self.unique_id {
            None => None,
            Some(text) => Some(
                UniqueId::from_parts(text.clone(), self.unique_id_number).ok_or_else(|| self.corrupt("unique_id"))?,
            ),
        };
        let state = LinkState::from_parts(name, unique_id).ok_or_else(|| self.corrupt("state"))?;
        let digest = |bytes: &Option<Vec<u8>>, column| match bytes {
            None => Ok(None),
            Some(bytes) => Digest::from_slice(bytes).map(Some).ok_or_else(|| self.corrupt(column)),
        };
        let sent = match (self.sent_version, self.sent_revision) {
            (Some(version), Some(revision)) => {
                Some(Sent { version, revision, digest: digest(&self.sent_digest, "sent_digest")? })
            }
            _ => None,
        };
        let key = match (self.create_key, self.create_key_version, self.create_key_at) {
            (Some(key), Some(version), Some(at)) => Some(CreateKey { key, version, first_used_at: at.0 }),
            _ => None,
        };
        let parked = match (self.parked, &self.parked_detail, self.parked_at) {
            (Some(reason), Some(detail), Some(at)) => Some(Parked {
                reason: ParkReason::from_code(reason).ok_or_else(|| self.corrupt("parked"))?,
                detail: detail.clone(),
                at: at.0,
            }),
            _ => None,
        };
        let lease = match (self.lease_token, self.lease_until, self.lease_version) {
            (Some(token), Some(until), Some(version)) => {
                let operation = match self.lease_operation {
                    None => None,
                    Some(code) => Some(Operation::from_code(code).ok_or_else(|| self.corrupt("lease_operation"))?),
                };
                Some(Lease { token: LeaseToken(token), until: until.0, operation, version })
            }
            _ => None,
        };
        let refused_digest = digest(&self.refused_digest, "refused_digest")?;
        let link = Link {
            id: LinkId { account: AccountId(self.account), sync: SyncId(self.sync), person },
            state,
            generation: self.generation,
            due_at: self.due_at.map(|at| at.0),
            quiet_until: self.quiet_until.map(|at| at.0),
            force: self.force,
            allow_resend: self.allow_resend,
            asked: self.asked,
            sent,
            key,
            tries: self.tries,
            deferrals: self.deferrals,
            last_tried_at: self.last_tried_at.map(|at| at.0),
            recreated: self.recreated,
            parked,
            refused_digest,
            lease,
            settled_token: self.settled_token.map(LeaseToken),
            last_decision: self.last_decision,
            updated_at: self.updated_at.0,
            extras: Extras::default(),
        };
        Ok((link, self.has_extras))
    }
}
