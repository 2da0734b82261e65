//! The decision table, row by row, against every combination of person, link, switches and choices: the first row that
//! applies says what is decided.

use std::time::Duration;
use sync_core::decide::{Decision, KEY_LIFETIME, SyncRules, decide};
use sync_core::id::{AccountId, LinkId, PersonId, SyncId};
use sync_core::link::{Asking, CreateKey, KeptAnswer, Link, LinkState, Notes, ParkReason, StateName, UniqueId};
use sync_core::person::Person;
use sync_core::sync::{
    AdoptedRecords, EmptyWhen, Header, HeaderValue, LookupRule, LookupWhen, OnExisting, OnMissing, OnUncertain,
    Operation, Rule, Sealed, Settings, SyncConfig, UniqueIdSource,
};
use sync_core::time::Timestamp;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

/// One combination.
struct Case {
    deleted: bool,
    state: StateName,
    rules: SyncRules,
    allow_resend: bool,
    /// How long ago the key was first used.
    key_age: Option<Duration>,
    /// Whether the kept answer was last looked at under an older unique id revision.
    answer_is_unread: Option<bool>,
    /// What is remembered beside.
    notes: Notes,
}

impl Case {
    fn key_is_known(&self) -> bool {
        self.rules.create_mentions_key && self.key_age.is_some_and(|age| age < KEY_LIFETIME)
    }

    fn asks_first(&self) -> bool {
        let exists = matches!(self.notes.asking, Some(Asking::Exists(_)));
        let always = self.rules.lookup_when == LookupWhen::Always || self.notes.restored;
        let first = always && !self.notes.repeats;
        self.rules.create_on && self.rules.lookup && (exists || first)
    }

    fn may_be_there(&self) -> bool {
        self.notes.restored && self.rules.delete_on
    }

    fn resends(&self) -> bool {
        let resolves = !self.notes.page || self.rules.create_mentions_key;
        self.rules.on_uncertain == OnUncertain::Resend && resolves
    }

    /// By a change; an administrator's own wish is a test of its own.
    fn is_wished(&self) -> bool {
        self.allow_resend && (self.rules.on_uncertain == OnUncertain::Resend || !self.notes.page)
    }

    fn is_gone(&self) -> bool {
        self.rules.lookup && matches!(self.notes.asking, Some(Asking::Gone(_)))
    }

    fn readable(&self) -> bool {
        self.rules.unique_id && self.answer_is_unread == Some(true)
    }
}

#[derive(Debug, PartialEq)]
enum Said {
    Forget,
    Nothing(Operation),
    Send(Operation),
    Repeat,
    DeleteChosen,
    Readdress(Operation),
    Park(ParkReason),
}
use Operation::{Create, Delete, Lookup, Update};
use ParkReason::{NoUniqueId, Uncertain};
use Said::{DeleteChosen, Forget, Nothing, Park, Readdress, Repeat, Send};
use StateName as S;

#[derive(Clone, Copy, PartialEq)]
enum Who {
    Deleted,
    Present,
    Any,
}

type Row = (Who, Option<StateName>, fn(&Case) -> bool, Said);

/// Top down; the first that applies.
const TABLE: &[Row] = &[
    // person, link, condition, decision
    (Who::Deleted, Some(S::Unlinked), |c| c.may_be_there() && c.rules.chosen_of_person, DeleteChosen),
    (Who::Deleted, Some(S::Unlinked), |c| c.may_be_there() && c.rules.lookup, Send(Lookup)),
    (Who::Deleted, Some(S::Unlinked), |_| true, Forget),
    (Who::Deleted, None, |c| !c.rules.delete_on, Nothing(Delete)),
    (Who::Deleted, Some(S::Linked), |c| c.notes.adopted, Nothing(Delete)),
    (Who::Deleted, Some(S::Leaving), |c| c.notes.adopted, Nothing(Delete)),
    (Who::Any, Some(S::Linked), Case::is_gone, Send(Lookup)),
    (Who::Any, Some(S::Leaving), Case::is_gone, Send(Lookup)),
    (Who::Any, Some(S::Leaving), |c| c.rules.delete_on, Send(Delete)),
    (Who::Any, Some(S::Leaving), |c| c.rules.update_on, Send(Update)),
    (Who::Any, Some(S::Leaving), |_| true, Nothing(Update)),
    (Who::Deleted, Some(S::Linked), |_| true, Send(Delete)),
    (Who::Deleted, Some(S::Uncertain), |c| c.rules.chosen_of_person, DeleteChosen),
    (Who::Deleted, Some(S::Uncertain), |c| c.rules.lookup, Send(Lookup)),
    (Who::Deleted, Some(S::Uncertain), Case::key_is_known, Repeat),
    (Who::Deleted, Some(S::Uncertain), |_| true, Park(Uncertain)),
    (Who::Present, Some(S::Unlinked), Case::asks_first, Send(Lookup)),
    (Who::Present, Some(S::Unlinked), |c| c.rules.create_on && c.notes.repeats, Repeat),
    (Who::Present, Some(S::Unlinked), |c| c.rules.create_on, Send(Create)),
    (Who::Present, Some(S::Unlinked), |_| true, Nothing(Create)),
    (Who::Present, Some(S::Uncertain), |c| c.rules.lookup, Send(Lookup)),
    (Who::Present, Some(S::Uncertain), |c| !c.rules.create_on, Nothing(Create)),
    (Who::Present, Some(S::Uncertain), |c| c.rules.chosen_id, Repeat),
    (Who::Present, Some(S::Uncertain), Case::resends, Repeat),
    (Who::Present, Some(S::Uncertain), Case::is_wished, Repeat),
    (Who::Present, Some(S::Uncertain), |_| true, Park(Uncertain)),
    (Who::Present, Some(S::Linked), |c| !c.rules.update_on, Nothing(Update)),
    (Who::Present, Some(S::Linked), |_| true, Send(Update)),
    (Who::Present, Some(S::Unaddressable), |c| !c.rules.update_on, Nothing(Update)),
    (Who::Present, Some(S::Unaddressable), |c| c.rules.chosen_id, Readdress(Update)),
    (Who::Present, Some(S::Unaddressable), Case::readable, Readdress(Update)),
    (Who::Present, Some(S::Unaddressable), |c| c.rules.lookup, Readdress(Update)),
    (Who::Deleted, Some(S::Unaddressable), |c| c.rules.chosen_id, Readdress(Delete)),
    (Who::Deleted, Some(S::Unaddressable), Case::readable, Readdress(Delete)),
    (Who::Deleted, Some(S::Unaddressable), |c| c.rules.lookup, Readdress(Delete)),
    (Who::Any, Some(S::Unaddressable), |_| true, Park(NoUniqueId)),
];

fn link_of(case: &Case) -> Link {
    let id = LinkId { account: AccountId(Uuid::nil()), sync: SyncId(Uuid::nil()), person: PersonId::new("p").unwrap() };
    let unique_id = UniqueId::text("7").filter(|_| matches!(case.state, S::Linked | S::Leaving));
    let mut link = Link::new(id, NOW);
    link.state = LinkState::from_parts(case.state, unique_id).unwrap();
    link.allow_resend = case.allow_resend;
    link.extras.notes = case.notes.clone();
    link.key = case.key_age.map(|age| CreateKey { key: Uuid::from_u128(1), version: 1, first_used_at: NOW.minus(age) });
    link.extras.answer = case.answer_is_unread.map(|unread| {
        let looked_at_revision = case.rules.unique_id_revision - i32::from(unread);
        Box::new(KeptAnswer { status: 201, headers: vec![], body: "{}".into(), looked_at_revision })
    });
    link
}

fn said(decision: &Decision) -> Said {
    match decision {
        Decision::Forget => Forget,
        Decision::Nothing(operation, why) => {
            let off = format!("nothing sent: {} is off", operation.as_str());
            assert!(*why == off || why.contains("the record is kept"), "{why}");
            Nothing(*operation)
        }
        Decision::Send(operation) => Send(*operation),
        Decision::Repeat => Repeat,
        Decision::DeleteChosen => DeleteChosen,
        Decision::Readdress { operation } => Readdress(*operation),
        Decision::Park(_, reason, detail) => {
            assert!(detail.contains("lookup rule"), "the mend is said: {detail}");
            Park(*reason)
        }
    }
}

fn cases() -> impl Iterator<Item = Case> {
    const FLAGS: u32 = 16;
    let ages = [None, Some(0), Some(86_399), Some(86_400), Some(90_000)].map(|age| age.map(Duration::from_secs));
    (0..1 << FLAGS).flat_map(move |bits| {
        let on = |flag: u32| bits & (1 << flag) != 0;
        let rules = SyncRules {
            revision: 5,
            unique_id_revision: 3,
            create_on: on(0),
            update_on: on(1),
            delete_on: on(2),
            lookup: on(3),
            chosen_id: on(4),
            // Of the person's own id; else of what others may have, too.
            chosen_of_person: on(4) && !on(6),
            unique_id: on(5),
            create_mentions_key: on(6),
            on_uncertain: if on(7) { OnUncertain::Park } else { OnUncertain::Resend },
            lookup_when: if on(10) { LookupWhen::Always } else { LookupWhen::Uncertain },
            ..SyncRules::of(&config(Settings::default()))
        };
        let (deleted, allow_resend) = (on(8), on(9));
        let (adopted, repeats, page, asks, restored) = (on(11), on(12), on(13), on(14), on(15));
        StateName::ALL.into_iter().flat_map(move |state| {
            let rules = rules;
            let gone = matches!(state, S::Linked | S::Leaving);
            let asking = asks.then(|| {
                if gone { Asking::Gone("answered 404".into()) } else { Asking::Exists("answered 409".into()) }
            });
            let notes = Notes { adopted, repeats, page, asking, restored, ..Notes::default() };
            let aged = ages.into_iter().take(if state == S::Uncertain { 5 } else { 1 });
            let answers = [None, Some(false), Some(true)].into_iter();
            let answers = answers.take(if state == S::Unaddressable { 3 } else { 1 }).collect::<Vec<_>>();
            aged.flat_map(move |key_age| {
                let (rules, notes) = (rules, notes.clone());
                answers.clone().into_iter().map(move |answer_is_unread| Case {
                    deleted,
                    state,
                    rules,
                    allow_resend,
                    key_age,
                    answer_is_unread,
                    notes: notes.clone(),
                })
            })
        })
    })
}

#[test]
fn every_combination_is_decided_by_the_first_row_that_applies() {
    let mut used = vec![0; TABLE.len()];
    for case in cases() {
        let applies = |(who, state, condition, _): &Row| {
            let who = *who == Who::Any || (*who == Who::Deleted) == case.deleted;
            who && state.is_none_or(|state| state == case.state) && condition(&case)
        };
        let row = TABLE.iter().position(applies).expect("the table is complete");
        used[row] += 1;
        let mut person = Person::empty(PersonId::new("p").unwrap(), 1, NOW);
        person.deleted_at = case.deleted.then_some(NOW);
        let link = link_of(&case);
        let decision = decide(Some(&person), &link, &case.rules, NOW);
        assert_eq!(said(&decision), TABLE[row].3, "row {row}: {link:?}, {:?}", case.rules);
        if case.deleted {
            assert_eq!(decide(None, &link, &case.rules, NOW), decision, "a purged person counts as deleted");
        }
    }
    assert!(used.iter().all(|&times| times > 0), "every row is used: {used:?}");
}

#[test]
fn a_create_is_sent_to_nobody_who_may_be_there_unless_repeated() {
    for case in cases() {
        let decision = decide(None, &link_of(&case), &case.rules, NOW);
        assert_ne!(decision, Decision::Send(Create), "a deleted person");
        if case.state != S::Unlinked {
            let person = Person::empty(PersonId::new("p").unwrap(), 1, NOW);
            assert_ne!(decide(Some(&person), &link_of(&case), &case.rules, NOW), Decision::Send(Create));
        }
    }
}

#[test]
fn decisions_name_the_request_that_they_send() {
    let rules = |lookup| SyncRules { lookup, ..SyncRules::of(&config(Settings::default())) };
    for (decision, sent, named) in [
        (Decision::Send(Update), Some(Update), Update),
        (Decision::Repeat, Some(Create), Create),
        (Decision::DeleteChosen, Some(Delete), Delete),
        (Decision::Forget, None, Delete),
        (Decision::Nothing(Create, String::new()), None, Create),
        (Decision::Park(Update, NoUniqueId, String::new()), None, Update),
    ] {
        assert_eq!((decision.operation_sent(&rules(true)), decision.operation()), (sent, named));
    }
    let readdress = Decision::Readdress { operation: Update };
    assert_eq!(readdress.operation_sent(&rules(true)), Some(Lookup));
    assert_eq!(readdress.operation_sent(&rules(false)), None, "found without a request, or not at all");
}

fn rule(enabled: bool) -> Rule {
    Rule {
        enabled,
        method: sync_core::sync::Method::Post,
        url: "https://crm.test/people".into(),
        headers: vec![],
        data: None,
        format: sync_core::sync::BodyFormat::Json,
        ssl_verification: true,
        timeout_seconds: 10,
        on_missing: OnMissing::Recreate,
        on_uncertain: OnUncertain::Park,
        on_existing: OnExisting::Park,
        adopted: AdoptedRecords::Keep,
        edition: sync_core::sync::Edition::CURRENT,
    }
}

fn config(settings: Settings) -> SyncConfig {
    SyncConfig {
        account: AccountId(Uuid::nil()),
        id: SyncId(Uuid::nil()),
        friendly_name: "CRM".into(),
        revision: 4,
        unique_id_revision: 2,
        paused: false,
        settings,
        created_at: NOW,
        updated_at: NOW,
        deleted_at: None,
    }
}

#[test]
fn the_rules_of_a_sync_are_what_its_settings_say() {
    let nothing = SyncRules::of(&config(Settings::default()));
    assert_eq!((nothing.revision, nothing.unique_id_revision), (4, 2));
    assert!(!(nothing.create_on || nothing.update_on || nothing.delete_on || nothing.lookup || nothing.unique_id));
    assert_eq!((nothing.on_uncertain, nothing.on_missing), (OnUncertain::Resend, OnMissing::Park), "the defaults");
    let all = SyncRules::of(&config(Settings {
        unique_id: Some(UniqueIdSource::Template("{{ person.id }}".into())),
        create: Some(rule(true)),
        update: Some(rule(true)),
        delete: Some(rule(false)),
        lookup: Some(LookupRule {
            request: rule(true),
            path: "$.id".into(),
            when: LookupWhen::Existing,
            empty_when: Some(EmptyWhen::Status(404)),
            settle_seconds: 7,
        }),
        ..Settings::default()
    }));
    assert_eq!((all.lookup_when, all.lookup_settle), (LookupWhen::Existing, Duration::from_secs(7)));
    assert!(all.lookup_empty_status == Some(404) && all.chosen_of_person && !all.lookup_names_person);
    assert!(all.refuses_pages, "a rule reads answers, so that a page is none");
    assert!(!nothing.refuses_pages, "of an older edition, and reads no answers");
    assert!(all.create_on && all.update_on && !all.delete_on && all.lookup && all.unique_id && all.chosen_id);
    assert_eq!((all.on_uncertain, all.on_missing), (OnUncertain::Park, OnMissing::Recreate));
    let by_path = Settings { unique_id: Some(UniqueIdSource::Path("$.id".into())), ..Settings::default() };
    let by_path = SyncRules::of(&config(by_path));
    assert!(by_path.unique_id && !by_path.chosen_id);
}

#[test]
fn the_create_rule_mentions_the_key_only_within_its_templates() {
    let header = |name: &str, value| Header { name: name.into(), value };
    let template = |text: &str| HeaderValue::Template(text.into());
    let secret = HeaderValue::Secret(Some(Sealed { key_id: "k".into(), ciphertext: "idempotency_key".into() }));
    for (rule, mentions) in [
        (rule(true), false),
        (Rule { url: "https://crm.test/{{ idempotency_key }}".into(), ..rule(true) }, true),
        (Rule { url: "https://crm.test/idempotency_key".into(), ..rule(true) }, false),
        (Rule { data: Some(r#"{"key":"{{ idempotency_key }}"}"#.into()), ..rule(true) }, true),
        (Rule { data: Some(r#"{"idempotency_key":"{{ person.id }}"}"#.into()), ..rule(true) }, false),
        (Rule { data: Some("{% if idempotency_key %}x{% endif %}".into()), ..rule(true) }, true),
        (Rule { headers: vec![header("X-Key", template("{{idempotency_key}}"))], ..rule(true) }, true),
        (Rule { headers: vec![header("idempotency_key", template("x"))], ..rule(true) }, false),
        (Rule { headers: vec![header("X-Key", secret)], ..rule(true) }, false),
    ] {
        let settings = Settings { create: Some(rule.clone()), update: Some(rule.clone()), ..Settings::default() };
        assert_eq!(SyncRules::of(&config(settings)).create_mentions_key, mentions, "{rule:?}");
    }
    let only_update = Settings {
        update: Some(Rule { url: "https://crm.test/{{ idempotency_key }}".into(), ..rule(true) }),
        ..Settings::default()
    };
    assert!(!SyncRules::of(&config(only_update)).create_mentions_key);
}
