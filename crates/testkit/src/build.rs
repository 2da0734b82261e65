//! Builders: what tests need of people, syncs and keys, with as little said as possible.

use sync_core::id::{AccountId, KeyId, PersonId, SyncId};
use sync_core::key::{ApiKey, Role};
use sync_core::person::{Patch, PersonPatch};
use sync_core::sync::{
    AdoptedRecords, BodyFormat, LookupRule, LookupWhen, Method, OnExisting, OnMissing, OnUncertain, Rule, Settings,
    SyncConfig, UniqueIdSource,
};
use sync_core::time::Timestamp;

/// A person's id.
pub fn person_id(id: &str) -> PersonId {
    PersonId::new(id).expect("tests give sound ids")
}

/// A patch that gives a first name and an email made of the id.
pub fn patch(id: &str, first_name: &str) -> PersonPatch {
    PersonPatch {
        first_name: Patch::Set(first_name.to_owned()),
        emails: Patch::Set(vec![format!("{id}@people.test")]),
        ..PersonPatch::new(person_id(id))
    }
}

/// A rule that is on.
pub fn rule(method: Method, url: &str, data: Option<&str>) -> Rule {
    Rule {
        enabled: true,
        method,
        url: url.to_owned(),
        headers: Vec::new(),
        data: data.map(str::to_owned),
        format: if data.is_some() { BodyFormat::Json } else { BodyFormat::None },
        ssl_verification: true,
        timeout_seconds: 10,
        on_missing: OnMissing::Park,
        on_uncertain: OnUncertain::Resend,
        on_existing: OnExisting::Park,
        adopted: AdoptedRecords::Keep,
        edition: sync_core::sync::Edition::CURRENT,
    }
}

/// A lookup by the person's id.
pub fn lookup() -> LookupRule {
    LookupRule {
        request: rule(Method::Get, "https://crm.test/contacts?external={{ person.id }}", None),
        path: "$[*].id".to_owned(),
        when: LookupWhen::Uncertain,
        empty_when: None,
        settle_seconds: 30,
    }
}

/// A plain CRM: create, update and delete are on, the unique id is read from `$.id`.
pub fn settings() -> Settings {
    let data = r#"{"name":"{{ person.name }}"}"#;
    Settings {
        unique_id: Some(UniqueIdSource::Path("$.id".to_owned())),
        create: Some(rule(Method::Post, "https://crm.test/contacts", Some(data))),
        update: Some(rule(Method::Patch, "https://crm.test/contacts/{{ unique_id }}", Some(data))),
        delete: Some(rule(Method::Delete, "https://crm.test/contacts/{{ unique_id }}", None)),
        ..Settings::default()
    }
}

/// A sync with [`settings`].
pub fn sync(account: AccountId, id: SyncId, now: Timestamp) -> SyncConfig {
    SyncConfig {
        account,
        id,
        friendly_name: "A CRM".to_owned(),
        revision: 1,
        unique_id_revision: 1,
        paused: false,
        settings: settings(),
        created_at: now,
        updated_at: now,
        deleted_at: None,
    }
}

/// A key whose hash is made of its id.
pub fn key(account: AccountId, id: KeyId, role: Role, now: Timestamp) -> ApiKey {
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(id.0.as_bytes());
    ApiKey {
        account,
        id,
        name: "a key".to_owned(),
        role,
        prefix: "crms_abcd".to_owned(),
        hash,
        created_at: now,
        last_used_at: None,
        revoked_at: None,
    }
}
