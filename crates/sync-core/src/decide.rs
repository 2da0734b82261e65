//! What an owed link needs next.

use crate::link::{Asking, CreateKey, Link, LinkState, ParkReason};
use crate::person::{Person, Version};
use crate::sync::{
    AdoptedRecords, EmptyWhen, HeaderValue, LookupWhen, OnExisting, OnMissing, OnUncertain, Operation, Pages, Rule,
    SyncConfig, UniqueIdSource,
};
use crate::time::Timestamp;
use std::time::Duration;

/// For how long after its first use an idempotency key is taken to be still known to the external system.
pub const KEY_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// What the rules of a sync come to, as far as deciding and settling need to know. Cheap to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// When the lookup is asked before a first create.
    pub lookup_when: LookupWhen,
    /// How long after a create's last try a "none" is no proof.
    pub lookup_settle: Duration,
    /// The status that means "none", where one was named.
    pub lookup_empty_status: Option<u16>,
    /// Whether the lookup names the person's own id, so that whatever it finds is ours.
    pub lookup_names_person: bool,
    /// Whether unique ids are chosen by us.
    pub chosen_id: bool,
    /// Whether the id that we choose is made of the person's own id, and so never another's.
    pub chosen_of_person: bool,
    /// Whether unique ids are read from a header.
    pub id_in_header: bool,
    /// Whether the id is read again from accepted updates, since it may move.
    pub follow_id: bool,
    /// Whether a web page with 2xx is no answer.
    pub refuses_pages: bool,
    /// Whether any unique id source is configured.
    pub unique_id: bool,
    /// Whether the create rule itself mentions `idempotency_key`: the sign that this system honours it.
    pub create_mentions_key: bool,
    /// What a create whose answer never came does.
    pub on_uncertain: OnUncertain,
    /// What a first create does whose record exists already.
    pub on_existing: OnExisting,
    /// What a 404 on an update does.
    pub on_missing: OnMissing,
    /// What the deletion of a person does to a record that existed before us.
    pub adopted: AdoptedRecords,
}

impl SyncRules {
    /// As they are for a link: without the lookup, where that has nothing of the person to search by. Whoever set one up does not
    /// want a second record for want of it.
    pub fn for_link(&self, link: &Link) -> Self {
        if !self.lookup || link.notes().no_search != Some(self.revision) {
            return *self;
        }
        let on_uncertain = if self.create_mentions_key { self.on_uncertain } else { OnUncertain::Park };
        Self { lookup: false, on_uncertain, ..*self }
    }

    /// Whether a repeated create carries the bytes of the first one: the system honours the idempotency key, whose replay
    /// must equal the first request, and no id of ours tells the repetition.
    pub fn repeats_first_bytes(&self) -> bool {
        self.create_mentions_key && !self.chosen_id
    }

    /// The rules of a sync.
    pub fn of(sync: &SyncConfig) -> Self {
        let settings = &sync.settings;
        let on = |rule: &Option<Rule>| rule.as_ref().is_some_and(|rule| rule.enabled);
        let lookup = settings.lookup.as_ref();
        let chosen = match &settings.unique_id {
            Some(UniqueIdSource::Template(template)) => Some(template.as_str()),
            _ => None,
        };
        Self {
            revision: sync.revision,
            unique_id_revision: sync.unique_id_revision,
            create_on: on(&settings.create),
            update_on: on(&settings.update),
            delete_on: on(&settings.delete),
            lookup: lookup.is_some(),
            lookup_when: lookup.map(|lookup| lookup.when).unwrap_or_default(),
            lookup_settle: lookup.map_or(Duration::ZERO, |lookup| Duration::from_secs(lookup.settle_seconds.into())),
            lookup_empty_status: lookup.and_then(|lookup| match lookup.empty_when {
                Some(EmptyWhen::Status(status)) => Some(status),
                _ => None,
            }),
            lookup_names_person: lookup.is_some_and(|lookup| names_person(&lookup.request)),
            chosen_id: chosen.is_some(),
            chosen_of_person: chosen
                .is_some_and(|template| ["person.id", "user.id"].iter().any(|t| in_tags(template, t))),
            id_in_header: matches!(settings.unique_id, Some(UniqueIdSource::Header(_))),
            follow_id: settings.follow_unique_id,
            refuses_pages: settings.pages() == Pages::Refuse && settings.expects_data(),
            unique_id: settings.unique_id.is_some(),
            create_mentions_key: settings.create.as_ref().is_some_and(|rule| mentions(rule, "idempotency_key")),
            on_uncertain: settings.create.as_ref().map(|rule| rule.on_uncertain).unwrap_or_default(),
            on_existing: settings.create.as_ref().map(|rule| rule.on_existing).unwrap_or_default(),
            on_missing: settings.update.as_ref().map(|rule| rule.on_missing).unwrap_or_default(),
            adopted: settings.delete.as_ref().map(|rule| rule.adopted).unwrap_or_default(),
        }
    }
}

/// Whether a text holds a token within its tags: enough, since compiled rules refuse unknown tokens.
fn in_tags(text: &str, token: &str) -> bool {
    text.split("{{").skip(1).chain(text.split("{%").skip(1)).any(|tag| {
        let tag = tag.split(['}', '%']).next().unwrap_or(tag);
        tag.match_indices(token).any(|(at, _)| {
            let goes_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
            !tag[..at].ends_with(goes_on) && !tag[at + token.len()..].starts_with(goes_on)
        })
    })
}

/// Whether any template of a rule holds a token.
fn mentions(rule: &Rule, token: &str) -> bool {
    searches_by(rule, token)
        || rule.headers.iter().any(|header| match &header.value {
            HeaderValue::Template(text) => in_tags(text, token),
            HeaderValue::Secret(_) => false,
        })
}

/// Whether URL or data of a rule hold a token. A header is for tracing, or for whoever acts: nothing is searched by it.
fn searches_by(rule: &Rule, token: &str) -> bool {
    in_tags(&rule.url, token) || rule.data.as_deref().is_some_and(|data| in_tags(data, token))
}

fn names_person(rule: &Rule) -> bool {
    searches_by(rule, "person.id") || searches_by(rule, "user.id")
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
    /// Send a create whose earlier request may have been carried out: same key, and where the CRM honours that, the same
    /// bytes.
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
    let rules = &rules.for_link(link);
    match (&link.state, deleted) {
        (LinkState::Unlinked, true) => forget_or_find(link, rules),
        (_, true) if !rules.delete_on => off(Operation::Delete),
        (LinkState::Linked(_) | LinkState::Leaving(_), true) if keeps(link, rules) => kept(),
        (LinkState::Linked(_) | LinkState::Leaving(_), _) if asks_where_it_went(link, rules) => {
            Decision::Send(Operation::Lookup)
        }
        (LinkState::Leaving(_), _) if rules.delete_on => Decision::Send(Operation::Delete),
        // Delete was switched off meanwhile; the update's 404 means that the delete was carried out.
        (LinkState::Leaving(_), _) => update_or_off(rules),
        (LinkState::Linked(_), true) => Decision::Send(Operation::Delete),
        (LinkState::Uncertain, true) => resolve_deleted(link, rules, now),
        (LinkState::Unlinked, false) if rules.create_on => create(link, rules),
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

/// Whether a deleted person's record is left as it is: it existed before us, or may have.
pub(crate) fn keeps(link: &Link, rules: &SyncRules) -> bool {
    link.notes().adopted && rules.adopted == AdoptedRecords::Keep
}

/// What is said of a record that is left as it is.
fn kept() -> Decision {
    let why = "nothing sent, the record is kept: it existed before this sync, or may have. To delete such records too, set \
               \"adopted\" of Delete Users to DELETE";
    Decision::Nothing(Operation::Delete, why.to_owned())
}

/// Whether a record is looked for before anything else is sent to it: it is gone, or it may have moved and the search is for
/// the person's own id. Some systems make a record where an update finds none.
fn asks_where_it_went(link: &Link, rules: &SyncRules) -> bool {
    let notes = link.notes();
    let may_have_moved = notes.may_have_moved && !notes.searched && rules.lookup_names_person;
    rules.lookup && (may_have_moved || matches!(notes.asking, Some(Asking::Gone(_))))
}

/// A present person for whom the external system holds nothing that we know of.
fn create(link: &Link, rules: &SyncRules) -> Decision {
    let notes = link.notes();
    let exists = matches!(notes.asking, Some(Asking::Exists(_)));
    let asks_first = !notes.looked_up
        && !notes.repeats
        && match rules.lookup_when {
            _ if notes.look_first || notes.restored => true,
            LookupWhen::Always => true,
            LookupWhen::Existing => notes.existing,
            LookupWhen::Uncertain => false,
        };
    if rules.lookup && (exists || asks_first) {
        Decision::Send(Operation::Lookup)
    } else if notes.repeats {
        Decision::Repeat
    } else {
        Decision::Send(Operation::Create)
    }
}

/// A deleted person of whom the external system holds nothing, unless an older copy of the database was restored.
fn forget_or_find(link: &Link, rules: &SyncRules) -> Decision {
    let notes = link.notes();
    match (notes.restored && rules.delete_on, deletes_chosen(rules), rules.lookup && !notes.looked_up) {
        (true, true, _) => Decision::DeleteChosen,
        (true, false, true) => Decision::Send(Operation::Lookup),
        _ => Decision::Forget,
    }
}

/// Whether a create that may have been carried out already makes no second record: it is looked for first, made again at the id
/// that we choose, or repeated under a key that the external system replays. A key that is made now tells nothing.
pub fn makes_no_second(link: &Link, version: Version, rules: &SyncRules, now: Timestamp) -> bool {
    let rules = &rules.for_link(link);
    let is_same = |key: &CreateKey| link.repeats_create() || key.version == version;
    let is_known = |key: &CreateKey| is_same(key) && now.since(key.first_used_at) < KEY_LIFETIME;
    rules.lookup || rules.chosen_id || (rules.create_mentions_key && link.key.as_ref().is_some_and(is_known))
}

/// Whether the create in doubt was sent before ids were chosen by us: what it made has another id.
fn was_sent_without_id(link: &Link) -> bool {
    link.notes().create_digest.is_some() && link.notes().create_id.is_none()
}

/// A create of a person who was deleted since may have been carried out.
fn resolve_deleted(link: &Link, rules: &SyncRules, now: Timestamp) -> Decision {
    let key_is_known = link.key.as_ref().is_some_and(|key| now.since(key.first_used_at) < KEY_LIFETIME);
    if deletes_chosen(rules) && !was_sent_without_id(link) {
        Decision::DeleteChosen
    } else if rules.lookup {
        Decision::Send(Operation::Lookup)
    } else if rules.create_mentions_key && key_is_known {
        Decision::Repeat
    } else {
        Decision::Park(
            Operation::Delete,
            ParkReason::Uncertain,
            format!(
                "{} and the person was deleted since: the external system may hold a record of this deleted person. Look \
                 there and remove it, or set up a lookup rule{}",
                in_doubt(link),
                if rules.chosen_id {
                    "; a DELETE at the chosen unique id might remove a record from before, and is sent only where \"adopted\" of \
                     Delete Users is DELETE"
                } else {
                    ""
                }
            ),
        )
    }
}

/// Whether the record at the id that we choose may be deleted without having been seen: no two people have the same id, or records
/// from before are deleted, too.
fn deletes_chosen(rules: &SyncRules) -> bool {
    rules.chosen_id && (rules.chosen_of_person || rules.adopted == AdoptedRecords::Delete)
}

/// A create of a present person may have been carried out.
fn resolve_present(link: &Link, rules: &SyncRules) -> Decision {
    if rules.lookup {
        return Decision::Send(Operation::Lookup);
    }
    if !rules.create_on {
        return off(Operation::Create);
    }
    // After a page nothing but an administrator or a change repeats a create that nothing can resolve; under PARK no change does.
    let may_resend = rules.on_uncertain == OnUncertain::Resend;
    let resends = may_resend && (!link.notes().page || rules.create_mentions_key);
    let wished = link.allow_resend && (may_resend || link.asked || !link.notes().page);
    let chosen = rules.chosen_id && !was_sent_without_id(link);
    if chosen || wished || resends {
        return Decision::Repeat;
    }
    Decision::Park(Operation::Create, ParkReason::Uncertain, uncertain_mend(link))
}

/// What came of the create in doubt, as the beginning of a sentence.
pub(crate) fn in_doubt(link: &Link) -> String {
    let mut said = match (&link.notes().create_said, link.notes().page) {
        (_, true) => "a page came instead of an answer to the create".to_owned(),
        (Some(said), _) => format!("the create may have been carried out ({said})"),
        (None, _) => "the answer to the create never came".to_owned(),
    };
    if link.notes().no_search.is_some() {
        said.push_str(", and the lookup has nothing of this person to search by");
    }
    said
}

/// What is said of a create that nothing resolves, with the mend.
fn uncertain_mend(link: &Link) -> String {
    let mend = if link.notes().page {
        "Look whether the record is there; a retry, or a change of the person, sends the create once more. A lookup rule would \
         tell by itself"
    } else {
        "Look there, then retry (which sends the create again with the same idempotency key), or set up a lookup rule"
    };
    format!("{}, so the external system may or may not hold this person. {mend}", in_doubt(link))
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
