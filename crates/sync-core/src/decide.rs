//! What an owed link needs next.

use crate::link::{Link, LinkState, ParkReason};
use crate::person::Person;
use crate::sync::{OnMissing, OnUncertain, Operation, Rule, SyncConfig, UniqueIdSource};
use crate::time::Timestamp;
use std::time::Duration;

/// For how long after its first use an idempotency key is taken to be still known to the external system.
pub const KEY_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// What the rules of a sync come to, as far as deciding and settling need to know. Cheap to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncRules {
    /// The sync's revision.
    pub revision: i32,
    /// Revision of unique id and lookup.
    pub unique_id_revision: i32,
    /// Whether creates are sent.
    pub create_on: bool,
    /// Whether updates are sent.
    pub update_on: bool,
    /// Whether deletes are sent.
    pub delete_on: bool,
    /// Whether there is a lookup rule.
    pub lookup: bool,
    /// Whether unique ids are chosen by us.
    pub chosen_id: bool,
    /// Whether any unique id source is configured.
    pub unique_id: bool,
    /// Whether the create rule itself mentions `idempotency_key`: the sign that this system honours it.
    pub create_mentions_key: bool,
    /// What a create whose answer never came does.
    pub on_uncertain: OnUncertain,
    /// What a 404 on an update does.
    pub on_missing: OnMissing,
}

impl SyncRules {
    /// The rules of a sync.
    pub fn of(sync: &SyncConfig) -> Self {
        let settings = &sync.settings;
        let on = |rule: &Option<Rule>| rule.as_ref().is_some_and(|rule| rule.enabled);
        Self {
            revision: sync.revision,
            unique_id_revision: sync.unique_id_revision,
            create_on: on(&settings.create),
            update_on: on(&settings.update),
            delete_on: on(&settings.delete),
            lookup: settings.lookup.is_some(),
            chosen_id: matches!(settings.unique_id, Some(UniqueIdSource::Template(_))),
            unique_id: settings.unique_id.is_some(),
            create_mentions_key: settings.create.as_ref().is_some_and(|rule| mentions(rule, "idempotency_key")),
            on_uncertain: settings.create.as_ref().map(|rule| rule.on_uncertain).unwrap_or_default(),
            on_missing: settings.update.as_ref().map(|rule| rule.on_missing).unwrap_or_default(),
        }
    }
}

/// Whether a rule's templates hold a token, as text: enough, since compiled rules refuse unknown tokens.
fn mentions(rule: &Rule, token: &str) -> bool {
    let in_tags = |text: &str| text.split("{{").skip(1).chain(text.split("{%").skip(1)).any(|tag| tag.contains(token));
    in_tags(&rule.url)
        || rule.data.as_deref().is_some_and(in_tags)
        || rule.headers.iter().any(|header| match &header.value {
            crate::sync::HeaderValue::Template(text) => in_tags(text),
            crate::sync::HeaderValue::Secret(_) => false,
        })
}

/// What to do with an owed link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Remove the row: the external system holds nothing, and there is nobody to hold.
    Forget,
    /// Nothing is to be sent; nothing is owed any longer. The link is kept. In words.
    Nothing(Operation, String),
    /// Send a request, unless its digest says that it would change nothing.
    Send(Operation),
    /// Send a create whose earlier request may have been carried out: same key.
    Repeat,
    /// Delete at the id that we chose: a create may have been carried out there.
    DeleteChosen,
    /// Find the id of an Unaddressable link: chosen by us, or in the kept answer, or by a lookup.
    Readdress {
        /// Which rule the person needs: for the log.
        operation: Operation,
    },
    /// Park it.
    Park(Operation, ParkReason, String),
}

impl Decision {
    /// The operation that a request for this decision would be; `None` where none is sent.
    pub fn operation_sent(&self, rules: &SyncRules) -> Option<Operation> {
        match self {
            Self::Send(operation) => Some(*operation),
            Self::Repeat => Some(Operation::Create),
            Self::DeleteChosen => Some(Operation::Delete),
            Self::Readdress { .. } => rules.lookup.then_some(Operation::Lookup),
            Self::Forget | Self::Nothing(..) | Self::Park(..) => None,
        }
    }

    /// The operation that the log and the counters name.
    pub fn operation(&self) -> Operation {
        match self {
            Self::Send(operation) | Self::Nothing(operation, _) | Self::Park(operation, ..) => *operation,
            Self::Readdress { operation } => *operation,
            Self::Repeat => Operation::Create,
            Self::DeleteChosen | Self::Forget => Operation::Delete,
        }
    }
}

fn off(operation: Operation) -> Decision {
    Decision::Nothing(operation, format!("nothing sent: {} is off", operation.as_str()))
}

/// Decides for an owed link, top down as the table in ARCHITECTURE.md. `person` is `None` where it was purged: that
/// counts as deleted.
pub fn decide(person: Option<&Person>, link: &Link, rules: &SyncRules, now: Timestamp) -> Decision {
    let deleted = person.is_none_or(Person::is_deleted);
    match (&link.state, deleted) {
        (LinkState::Unlinked, true) => Decision::Forget,
        (_, true) if !rules.delete_on => off(Operation::Delete),
        (LinkState::Leaving(_), _) if rules.delete_on => Decision::Send(Operation::Delete),
        // Delete was switched off meanwhile; the update's 404 means that the delete was carried out.
        (LinkState::Leaving(_), _) => update_or_off(rules),
        (LinkState::Linked(_), true) => Decision::Send(Operation::Delete),
        (LinkState::Uncertain, true) => resolve_deleted(link, rules, now),
        (LinkState::Unlinked, false) if rules.create_on => Decision::Send(Operation::Create),
        (LinkState::Unlinked, false) => off(Operation::Create),
        (LinkState::Uncertain, false) => resolve_present(link, rules),
        (LinkState::Linked(_), false) => update_or_off(rules),
        (LinkState::Unaddressable, true) => readdress(link, rules, Operation::Delete),
        (LinkState::Unaddressable, false) if !rules.update_on => off(Operation::Update),
        (LinkState::Unaddressable, false) => readdress(link, rules, Operation::Update),
    }
}

fn update_or_off(rules: &SyncRules) -> Decision {
    if rules.update_on { Decision::Send(Operation::Update) } else { off(Operation::Update) }
}

/// A create of a person who was deleted since may have been carried out.
fn resolve_deleted(link: &Link, rules: &SyncRules, now: Timestamp) -> Decision {
    let key_is_known = link.key.as_ref().is_some_and(|key| now.since(key.first_used_at) < KEY_LIFETIME);
    if rules.chosen_id {
        Decision::DeleteChosen
    } else if rules.lookup {
        Decision::Send(Operation::Lookup)
    } else if rules.create_mentions_key && key_is_known {
        Decision::Repeat
    } else {
        Decision::Park(
            Operation::Delete,
            ParkReason::Uncertain,
            "the answer to the create never came and the person was deleted since: the external system may hold a \
             record of this deleted person. Look there and remove it, or set up a lookup rule and retry"
                .to_owned(),
        )
    }
}

/// A create of a present person may have been carried out.
fn resolve_present(link: &Link, rules: &SyncRules) -> Decision {
    if rules.lookup {
        Decision::Send(Operation::Lookup)
    } else if !rules.create_on {
        off(Operation::Create)
    } else if rules.chosen_id || link.allow_resend || rules.on_uncertain == OnUncertain::Resend {
        Decision::Repeat
    } else {
        Decision::Park(
            Operation::Create,
            ParkReason::Uncertain,
            "the answer to the create never came, so the external system may or may not hold this person. Look there, \
             then retry (which sends the create again with the same idempotency key), or set up a lookup rule"
                .to_owned(),
        )
    }
}

fn readdress(link: &Link, rules: &SyncRules, operation: Operation) -> Decision {
    let unread = link.extras.answer.as_ref().is_some_and(|answer| answer.looked_at_revision < rules.unique_id_revision);
    if rules.chosen_id || rules.lookup || (rules.unique_id && unread) {
        Decision::Readdress { operation }
    } else {
        Decision::Park(operation, ParkReason::NoUniqueId, no_unique_id_mend(rules))
    }
}

/// What is said of an accepted create without a unique id, with the mend.
pub fn no_unique_id_mend(rules: &SyncRules) -> String {
    if rules.unique_id {
        "created, but no unique id could be read from the answer: correct the unique id path or header, or set up a \
         lookup rule; then retry"
            .to_owned()
    } else {
        "created, but no unique id is configured, so the record can be neither updated nor deleted: set the unique id \
         path, header or template, or a lookup rule; then retry"
            .to_owned()
    }
}
