//! The search over systems with the habits that real CRMs have: pages, answers without an id, errors within a 200, records
//! that were there before, that move, merge or vanish, searches that lag or never find, keys that are checked.

use super::{Bounds, Event, FULL, explore};
use crate::world::{Fate, Habits, MERGED, Means, World, digest};
use std::time::Duration;
use sync_core::decide::SyncRules;
use sync_core::link::{LinkState, ParkReason};
use sync_core::sync::{AdoptedRecords, LookupWhen, OnExisting, OnMissing, Operation};
use sync_core::transition::{self, Mark};

/// A kind of system, and a sync that is set up for it.
#[derive(Clone, Copy)]
struct Setting {
    means: Means,
    habits: Habits,
    rules: fn(&mut SyncRules),
    /// Others have made a record with the address of the first value.
    made_before: bool,
    /// Whether what was refused, or is in doubt, may be made twice: the sync has no means to tell.
    may_double: bool,
    bounds: Bounds,
}

const PLAIN: Habits = Habits {
    one_address: false,
    unique: false,
    keyed: false,
    upserts: false,
    lag: None,
    blind: false,
    checks_keys: false,
    tells_no_id: false,
    answers_pages: false,
    wrong_update: false,
    refuses_c: None,
};

const THREE: Bounds = Bounds { events: 3, faults: 2, ..FULL };

const SETTING: Setting = Setting {
    means: Means::LookupById,
    habits: PLAIN,
    rules: |_| (),
    made_before: false,
    may_double: false,
    bounds: THREE,
};

const ODD: &[(&str, Fate)] = &[
    ("a page, nothing carried out", Fate::PageBefore),
    ("carried out, a page", Fate::PageAfter),
    ("carried out, no id told", Fate::Unread),
    ("carried out, the answer cut", Fate::CutBody),
    ("an error within a 200", Fate::ErrorInside),
    ("answered 423", Fate::Refused(423)),
    ("answered 429", Fate::Refused(429)),
    ("carried out, redirected", Fate::RefusedAfter(303)),
];

const REFUSED: &[Event] = &[("upsert C", |world| world.upsert("C"))];

const MERGES: &[Event] = &[("merged there", merge)];

const EDITED: &[Event] = &[("an edit", |world| {
    world.edit(|_| ());
    true
})];

/// What administrators do who have looked, and what they say is so.
const ASKED: &[Event] = &[
    ("create again", |world| {
        let looked = world.flight.is_none() && ours(world) == 0 && world.parked().is_some();
        looked && world.mark(Mark::CreateAgain)
    }),
    ("emptied there, forgotten", |world| {
        let Some(link) = &mut world.link else { return false };
        transition::forget_here(link, world.now);
        world.crm.records.clear();
        world.crm.keys.clear();
        true
    }),
];

/// The first of our records is merged into another one, which bears our person since.
fn merge(world: &mut World) -> bool {
    let Some(id) = world.crm.records.iter().find(|(_, record)| !record.foreign).map(|(id, _)| id.clone()) else {
        return false;
    };
    if world.crm.records.contains_key(MERGED) {
        return false;
    }
    let mut record = world.crm.records.remove(&id).unwrap();
    record.foreign = true;
    world.crm.records.insert(MERGED.to_owned(), record);
    true
}

fn ours(world: &World) -> usize {
    world.crm.records.values().filter(|record| !record.foreign).count()
}

/// The promises, at rest.
fn violation(world: &World, setting: &Setting) -> Option<String> {
    let mut rest = world.clone();
    if !rest.comes_to_rest() {
        return Some(format!("requests without end: {:?}", rest.link));
    }
    broken(&rest, setting).map(|broken| format!("{broken}: CRM {:?}, link {:?}", rest.crm, rest.link))
}

fn broken(rest: &World, setting: &Setting) -> Option<&'static str> {
    let (ours, shown) = (ours(rest), rest.parked().is_some());
    let wanted = rest.wanted().first().map(|value| (*value).to_owned());
    let held = rest.link.as_ref().and_then(|link| link.state.unique_id()).map(ToString::to_string);
    let record = held.as_ref().and_then(|id| rest.crm.records.get(id));
    let merged = rest.crm.records.contains_key(MERGED);
    let kept = rest.link.as_ref().is_some_and(|link| link.notes().adopted);
    let bear_the_person = rest.crm.records.values().filter(|record| record.names_person).count();
    if rest.link.as_ref().is_some_and(|link| link.lease.is_some()) {
        return Some("leased at rest");
    }
    if rest.crm.foreign_deleted && rest.rules.adopted == AdoptedRecords::Keep {
        return Some("a record that existed before was deleted");
    }
    if ours > 1 && !setting.may_double {
        return Some("two records of one person");
    }
    if bear_the_person > 1 && !shown && !setting.may_double {
        return Some("two records bear the person");
    }
    match wanted {
        Some(value) => {
            // What happens there is unseen until something is sent.
            let unseen = merged && record.is_none() && rest.digest() == Some(digest(Operation::Update, &value));
            let in_step = unseen || record.is_some_and(|record| record.value == value && record.names_person);
            (!in_step && !shown).then_some("differs, unseen")
        }
        None => (ours > 0 && !shown && !kept && !merged && !setting.may_double).then_some("a deleted person lives on"),
    }
}

fn explored(setting: &Setting) {
    let mut start = World::new(setting.means);
    start.habits = setting.habits;
    (setting.rules)(&mut start.rules);
    if setting.made_before {
        start.made_before("A");
    }
    let states = explore(start, &setting.bounds, &|world| violation(world, setting));
    assert!(states > 20, "the search reaches far: {states}");
}

macro_rules! systems {
    ($($name:ident: $setting:expr),* $(,)?) => {$(
        #[test]
        fn $name() {
            explored(&$setting);
        }
    )*};
}

const fn odd(events: u32, faults: u32) -> Bounds {
    Bounds { events, faults, fates_besides: ODD, ..FULL }
}

const fn small(bounds: Bounds) -> Bounds {
    Bounds { faults: 1, ..bounds }
}

const fn besides(bounds: Bounds, events_besides: &'static [Event]) -> Bounds {
    Bounds { events_besides, ..bounds }
}

systems! {
    h01_pages_where_nothing_resolves: Setting { means: Means::Resend, may_double: true, bounds: odd(3, 1), ..SETTING },
    h01_pages_where_creates_in_doubt_are_parked: Setting { means: Means::Park, may_double: true, bounds: odd(3, 1), ..SETTING },
    h01_pages_and_silence_with_a_lookup_by_id: Setting { bounds: odd(3, 1), ..SETTING },
    h01_pages_and_silence_with_a_lookup_by_value: Setting { means: Means::LookupByValue, bounds: odd(3, 1), ..SETTING },
    h01_pages_and_silence_with_chosen_ids: Setting { means: Means::ChosenPost, bounds: odd(3, 1), ..SETTING },
    h01_pages_and_silence_with_keys: Setting { means: Means::Key, bounds: odd(3, 1), ..SETTING },
    h02_no_id_is_ever_told_and_no_search_finds: Setting {
        habits: Habits { tells_no_id: true, blind: true, ..PLAIN },
        may_double: true,
        bounds: small(THREE),
        ..SETTING
    },
    h02_no_id_is_ever_told_and_the_search_finds: Setting { habits: Habits { tells_no_id: true, ..PLAIN }, bounds: small(THREE), ..SETTING },
    h02_pages_for_ever_and_no_search_finds: Setting {
        habits: Habits { answers_pages: true, blind: true, ..PLAIN },
        may_double: true,
        bounds: small(THREE),
        ..SETTING
    },
    h02_pages_for_ever_and_the_search_finds: Setting { habits: Habits { answers_pages: true, ..PLAIN }, bounds: small(THREE), ..SETTING },
    h04_a_value_is_refused_keys_are_replayed: Setting {
        means: Means::Key,
        habits: Habits { refuses_c: Some(400), ..PLAIN },
        bounds: small(besides(THREE, REFUSED)),
        ..SETTING
    },
    h04_a_value_is_refused_keys_are_checked: Setting {
        means: Means::Key,
        habits: Habits { refuses_c: Some(400), checks_keys: true, ..PLAIN },
        bounds: small(besides(THREE, REFUSED)),
        ..SETTING
    },
    h04_a_value_is_refused_with_a_lookup: Setting {
        habits: Habits { refuses_c: Some(400), ..PLAIN },
        bounds: small(besides(THREE, REFUSED)),
        ..SETTING
    },
    h04_a_value_is_refused_with_chosen_ids: Setting {
        means: Means::ChosenPost,
        habits: Habits { refuses_c: Some(422), ..PLAIN },
        bounds: small(besides(THREE, REFUSED)),
        ..SETTING
    },
    h04_a_value_is_refused_and_nothing_resolves: Setting {
        means: Means::Resend,
        habits: Habits { refuses_c: Some(400), ..PLAIN },
        may_double: true,
        bounds: small(besides(THREE, REFUSED)),
        ..SETTING
    },
    h05_an_edit_between_with_keys: Setting { means: Means::Key, bounds: besides(THREE, EDITED), ..SETTING },
    h05_an_edit_between_with_checked_keys: Setting {
        means: Means::Key,
        habits: Habits { checks_keys: true, ..PLAIN },
        bounds: besides(THREE, EDITED),
        ..SETTING
    },
    h06_one_was_there_before_parked: Setting {
        means: Means::LookupByValue,
        habits: Habits { one_address: true, unique: true, ..PLAIN },
        rules: |rules| rules.adopted = AdoptedRecords::Keep,
        made_before: true,
        ..SETTING
    },
    h06_one_was_there_before_adopted: Setting {
        means: Means::LookupByValue,
        habits: Habits { one_address: true, unique: true, ..PLAIN },
        rules: |rules| {
            rules.adopted = AdoptedRecords::Keep;
            rules.on_existing = OnExisting::Adopt;
        },
        made_before: true,
        ..SETTING
    },
    h06_one_was_there_before_always_looked_for: Setting {
        means: Means::LookupByValue,
        habits: Habits { one_address: true, ..PLAIN },
        rules: |rules| {
            rules.adopted = AdoptedRecords::Keep;
            rules.lookup_when = LookupWhen::Always;
        },
        made_before: true,
        ..SETTING
    },
    h11_records_are_addressed_by_their_value: Setting {
        means: Means::Resend,
        habits: Habits { keyed: true, ..PLAIN },
        rules: |rules| rules.follow_id = true,
        may_double: true,
        bounds: Bounds { events: 4, faults: 1, ..FULL },
        ..SETTING
    },
    h11_records_are_addressed_by_their_value_which_we_choose: Setting {
        means: Means::ChosenPost,
        habits: Habits { keyed: true, ..PLAIN },
        rules: |rules| {
            rules.follow_id = true;
            rules.chosen_of_person = false;
        },
        bounds: Bounds { events: 4, faults: 1, ..FULL },
        ..SETTING
    },
    h11_records_are_addressed_by_their_value_with_a_lookup: Setting {
        means: Means::LookupById,
        habits: Habits { keyed: true, ..PLAIN },
        rules: |rules| {
            rules.follow_id = true;
            rules.on_missing = OnMissing::Lookup;
        },
        ..SETTING
    },
    h11_records_are_addressed_by_their_value_and_updates_make_them: Setting {
        means: Means::LookupById,
        habits: Habits { keyed: true, upserts: true, ..PLAIN },
        rules: |rules| rules.follow_id = true,
        bounds: Bounds { events: 4, faults: 1, ..FULL },
        ..SETTING
    },
    h12_under_a_wrong_url_with_recreate: Setting {
        habits: Habits { wrong_update: true, ..PLAIN },
        rules: |rules| rules.on_missing = OnMissing::Recreate,
        ..SETTING
    },
    h12_under_a_wrong_url_with_lookup: Setting {
        habits: Habits { wrong_update: true, ..PLAIN },
        rules: |rules| rules.on_missing = OnMissing::Lookup,
        ..SETTING
    },
    h17_emptied_and_forgotten: Setting { bounds: besides(odd(3, 1), ASKED), ..SETTING },
    h17_emptied_and_forgotten_where_nothing_resolves: Setting {
        means: Means::Park,
        may_double: true,
        bounds: besides(Bounds { administrator: true, ..odd(3, 1) }, ASKED),
        ..SETTING
    },
    s2_a_search_that_lags_and_unique_addresses: Setting {
        means: Means::LookupByValue,
        habits: Habits { one_address: true, unique: true, lag: Some(Duration::from_secs(10)), ..PLAIN },
        ..SETTING
    },
    s2_a_search_that_lags: Setting { habits: Habits { lag: Some(Duration::from_secs(10)), ..PLAIN }, ..SETTING },
    s2_keys_are_replayed_and_a_search_lags: Setting {
        means: Means::LookupById,
        habits: Habits { lag: Some(Duration::from_secs(10)), ..PLAIN },
        bounds: odd(3, 1),
        ..SETTING
    },
    s2_merged_and_looked_for: Setting {
        rules: |rules| rules.on_missing = OnMissing::Lookup,
        bounds: besides(THREE, MERGES),
        ..SETTING
    },
    s2_merged_and_looked_for_by_what_changes: Setting {
        means: Means::LookupByValue,
        rules: |rules| rules.on_missing = OnMissing::Lookup,
        bounds: besides(THREE, MERGES),
        ..SETTING
    },
}

/// The search finds what it looks for: rules that believe a page make a second record of one that is there.
#[test]
fn the_search_finds_what_believing_breaks() {
    let setting = Setting { rules: |rules| rules.refuses_pages = false, ..SETTING };
    let mut world = World::new(setting.means);
    world.rules.refuses_pages = false;
    world.upsert("A");
    world.run();
    world.delete();
    world.claim();
    world.finish(Fate::PageBefore);
    assert_eq!(
        violation(&world, &setting).map(|found| found[..25].to_owned()).as_deref(),
        Some("a deleted person lives on")
    );
    assert_ne!(world.parked(), Some(ParkReason::Missing));
    let held = world.link.as_ref().map(|link| &link.state);
    assert!(!matches!(held, Some(LinkState::Linked(_))), "{held:?} after {}", Operation::Delete.as_str());
}
