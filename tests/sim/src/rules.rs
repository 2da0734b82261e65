//! The rules that a plan's sync has, and what they make of a person: written out here once more, independently of the
//! template engine.

use crate::crm::NOWHERE;
use crate::scenario::{LookupWhen, Means, SyncPlan};
use serde_json::{Map, Value, json};
use sync_core::patch::{AuthenticationInput, HeaderInput, LimitsPatch, LookupPatch, RulePatch, SyncPatch};
use sync_core::person::Patch;
use sync_core::sync::{
    AdoptedRecords, BodyFormat, Method, OnExisting, OnMissing, OnUncertain, Operation, UniqueIdSource,
};

/// The password that syncs authenticate with: it must be seen nowhere but in requests.
pub const PASSWORD: &str = "s3cret-of-the-simulation";
/// The header by which the simulated systems know whom a request is about.
pub const PERSON_HEADER: &str = "X-Person";

/// What is rendered of a person.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Fields {
    /// First name.
    pub name: String,
    /// First email.
    pub email: String,
    /// First phone.
    pub phone: String,
}

impl Fields {
    /// As members of a record.
    pub fn members(&self, external: &str, with_phone: bool) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert("external".to_owned(), json!(external));
        members.insert("name".to_owned(), json!(self.name));
        members.insert("email".to_owned(), json!(self.email));
        if with_phone {
            members.insert("phone".to_owned(), json!(self.phone));
        }
        members
    }
}

/// The origin of a plan's external system.
pub fn origin(sync: usize) -> String {
    format!("https://crm{sync}.test")
}

/// The friendly name of a plan's sync.
pub fn friendly_name(sync: usize) -> String {
    format!("crm {sync}")
}

/// The data template of creates and updates, with a literal tag.
pub fn data(plan: &SyncPlan, operation: Operation, tag: u8) -> String {
    let mut members = vec![
        r#""external": "{{ person.id }}""#.to_owned(),
        r#""name": "{{ person.first_name }}""#.to_owned(),
        r#""email": "{{ person.email }}""#.to_owned(),
        format!(r#""tag": "t{tag}""#),
    ];
    if operation == Operation::Update || plan.create_covers_update {
        members.push(r#""phone": "{{ person.phone }}""#.to_owned());
    }
    if operation == Operation::Create && plan.means == Means::ChosenPost {
        members.push(r#""id": "our-{{ person.id }}""#.to_owned());
    }
    if plan.means.moves() {
        members.push(r#""id": "{{ person.email }}""#.to_owned());
    }
    if operation == Operation::Create && plan.means == Means::Key {
        members.push(r#""key": "{{ idempotency_key }}""#.to_owned());
    }
    format!("{{{}}}", members.join(", "))
}

/// The tag of a data template.
pub fn tag_of(data: &str) -> Option<u8> {
    data.split(r#""tag": "t"#).nth(1)?.split('"').next()?.parse().ok()
}

/// Where records are kept; `wrong`: where nothing is.
fn collection(sync: usize, wrong: bool) -> String {
    format!("{}/{}", origin(sync), if wrong { NOWHERE } else { "contacts" })
}

/// Where updates go to.
pub fn update_url(sync: usize, wrong: bool) -> String {
    format!("{}/{{{{ unique_id }}}}", collection(sync, wrong))
}

/// Where lookups go to, if there are any.
pub fn lookup_url(sync: usize, plan: &SyncPlan, wrong: bool) -> Option<String> {
    let search = match plan.means {
        Means::LookupById | Means::KeyedByEmailFound => "external={{ person.id }}",
        Means::LookupByValue => "email={{ person.email }}",
        _ => return None,
    };
    Some(format!("{}?{search}", collection(sync, wrong)))
}

/// The sync that a plan makes.
pub fn sync_patch(sync: usize, plan: &SyncPlan) -> SyncPatch {
    let rule = |method, url: String, data: Option<String>| RulePatch {
        enabled: Patch::Set(true),
        method: Patch::Set(method),
        url: Patch::Set(url),
        headers: Patch::Set(vec![HeaderInput {
            name: PERSON_HEADER.to_owned(),
            value: Some("{{ person.id }}".into()),
            secret: None,
        }]),
        format: Patch::Set(if data.is_some() { BodyFormat::Json } else { BodyFormat::None }),
        data: data.map_or(Patch::Keep, Patch::Set),
        timeout_seconds: Patch::Set(i32::from(plan.timeout_seconds)),
        ..RulePatch::default()
    };
    let record = update_url(sync, false);
    let on_uncertain = if plan.means == Means::Park { OnUncertain::Park } else { OnUncertain::Resend };
    let (method, url) = match plan.means {
        Means::ChosenPut => (Method::Put, format!("{}/our-{{{{ person.id }}}}", collection(sync, false))),
        _ => (Method::Post, collection(sync, false)),
    };
    let on_existing = if plan.options.adopts { OnExisting::Adopt } else { OnExisting::Park };
    let create = RulePatch {
        on_uncertain: Patch::Set(on_uncertain),
        on_existing: Patch::Set(on_existing),
        ..rule(method, url, Some(data(plan, Operation::Create, 0)))
    };
    let on_missing = match plan.recreate {
        _ if plan.options.looks_for_missing => OnMissing::Lookup,
        true => OnMissing::Recreate,
        false => OnMissing::Park,
    };
    let update = RulePatch {
        on_missing: Patch::Set(on_missing),
        ..rule(Method::Patch, record.clone(), Some(data(plan, Operation::Update, 0)))
    };
    let lookup = lookup_url(sync, plan, false).map(|url| LookupPatch {
        request: rule(Method::Get, url, None),
        path: Patch::Set("$[*].id".to_owned()),
        when: Patch::Set(match plan.options.lookup_when {
            LookupWhen::Uncertain => sync_core::sync::LookupWhen::Uncertain,
            LookupWhen::Existing => sync_core::sync::LookupWhen::Existing,
            LookupWhen::Always => sync_core::sync::LookupWhen::Always,
        }),
        ..LookupPatch::default()
    });
    let follows = plan.means.moves();
    let unique_id = if follows {
        UniqueIdSource::Template("{{ person.email }}".to_owned())
    } else if plan.means.chosen() {
        UniqueIdSource::Template("our-{{ person.id }}".to_owned())
    } else {
        UniqueIdSource::Path("$.id".to_owned())
    };
    let basic = AuthenticationInput::Basic { username: "crm-sync".to_owned(), password: Some(PASSWORD.into()) };
    SyncPatch {
        friendly_name: Patch::Set(friendly_name(sync)),
        authentication: if plan.authenticates { Patch::Set(basic) } else { Patch::Keep },
        unique_id: Patch::Set(unique_id),
        follow_unique_id: if follows { Patch::Set(true) } else { Patch::Keep },
        create: Patch::Set(create),
        update: Patch::Set(update),
        delete: Patch::Set(RulePatch {
            adopted: Patch::Set(if plan.options.keeps_adopted { AdoptedRecords::Keep } else { AdoptedRecords::Delete }),
            ..rule(Method::Delete, record, None)
        }),
        lookup: lookup.map_or(Patch::Keep, Patch::Set),
        limits: Patch::Set(LimitsPatch {
            max_concurrency: Patch::Set(i32::from(plan.max_concurrency)),
            requests_per_second: plan.requests_per_second.map_or(Patch::Keep, Patch::Set),
            ..LimitsPatch::default()
        }),
        ..SyncPatch::default()
    }
}
