//! Counters, series, percentiles; counts of links; places of faults; the other small things that are told to people.

use std::time::Duration;
use sync_core::counts::LinkCounts;
use sync_core::fault::{Fault, Position};
use sync_core::id::{AccountId, LinkId, PersonId, SyncId};
use sync_core::link::{Link, LinkState, ParkReason, Parked, StateName, UniqueId};
use sync_core::log::{FailureKind, LogOutcome};
use sync_core::outcome::{NoAnswer, NotSent, Outcome};
use sync_core::person::ChangeKind;
use sync_core::plan::{LinkWrite, counts_of};
use sync_core::ports::SweepKind;
use sync_core::stats::{
    CounterKey, CounterKind, CounterRow, HOUR_MICROS, LATENCY_BOUNDS_MS, MINUTE_MICROS, Sums, latency_bucket, series,
    span_start, sum,
};
use sync_core::sync::Operation;
use sync_core::text;
use sync_core::time::{Timestamp, TimestampError};
use uuid::Uuid;

fn key(kind: CounterKind, millis: u64) -> CounterKey {
    CounterKey { operation: Operation::Update, kind, bucket: latency_bucket(Duration::from_millis(millis)) }
}

/// Minutes of one fixed day.
fn minute(minute: i64) -> Timestamp {
    Timestamp::from_micros(Timestamp::parse("2026-11-24T00:00:00Z").unwrap().as_micros() + minute * MINUTE_MICROS)
}

fn row(at: i64, kind: CounterKind, millis: u64, count: i64) -> CounterRow {
    CounterRow { start: minute(at), key: key(kind, millis), count }
}

#[test]
fn a_latency_falls_into_the_bucket_whose_bound_it_does_not_pass() {
    for (at, &bound) in LATENCY_BOUNDS_MS.iter().enumerate() {
        let at = i16::try_from(at).unwrap();
        let bound = Duration::from_millis(bound.into());
        assert_eq!(latency_bucket(bound), at);
        assert_eq!(latency_bucket(bound + Duration::from_micros(1)), at + 1);
    }
    assert_eq!(latency_bucket(Duration::ZERO), 0);
    assert_eq!(latency_bucket(Duration::MAX), 29);
    assert!(LATENCY_BOUNDS_MS.is_sorted());
}

#[test]
fn sums_tell_what_was_sent_and_how_much_of_it_was_accepted() {
    let rows = [
        row(0, CounterKind::Succeeded, 10, 3),
        row(1, CounterKind::Failed, 10, 1),
        row(2, CounterKind::Unchanged, 0, 40),
    ];
    let sums = sum(&rows);
    assert_eq!((sums.succeeded, sums.failed, sums.unchanged, sums.sent()), (3, 1, 40, 4));
    assert_eq!(sums.success_rate(), Some(0.75));
    let nothing = sum(&rows[2..]);
    assert_eq!((nothing.success_rate(), nothing.latency_ms(0.5)), (None, None), "nothing was sent");
}

#[test]
fn what_the_network_rules_keep_back_counts_as_nothing_sent() {
    let took = Duration::from_millis(3);
    let counted = |outcome: Outcome, entry| CounterKey::of_attempt(Operation::Create, &outcome, took, entry);
    assert_eq!(counted(Outcome::NotSent(NotSent::AddressRefused, String::new()), LogOutcome::Parked), None);
    // A system that is away is seen in the numbers.
    for why in [NotSent::Dns, NotSent::Connection, NotSent::Tls, NotSent::Unprocessed] {
        let failed = counted(Outcome::NotSent(why, String::new()), LogOutcome::Retrying).unwrap();
        assert_eq!(failed.kind, CounterKind::Failed, "{why:?}");
    }
    let no_answer = counted(Outcome::NoAnswer(NoAnswer::Cut, String::new()), LogOutcome::Retrying).unwrap();
    assert_eq!((no_answer.kind, no_answer.bucket), (CounterKind::Failed, latency_bucket(took)));
}

#[test]
fn percentiles_are_interpolated_within_their_bucket() {
    let mut sums = Sums::default();
    sums.add(key(CounterKind::Succeeded, 100), 100);
    assert_eq!(sums.latency_ms(0.5), Some(85.0), "half way from 70 to 100");
    assert_eq!(sums.latency_ms(1.0), Some(100.0));
    assert_eq!(sums.latency_ms(7.0), Some(100.0));
    assert_eq!(sums.latency_ms(0.0), Some(70.0));
    sums.add(key(CounterKind::Failed, 3000), 100);
    assert_eq!(sums.latency_ms(0.5), Some(100.0));
    assert_eq!(sums.latency_ms(0.75), Some(2500.0));
    // Slower than the last bound: at least that.
    let mut slow = Sums::default();
    slow.add(key(CounterKind::Failed, 500_000), 1);
    assert_eq!(slow.latency_ms(0.99), Some(120_000.0));
    // A corrupt bucket harms nothing.
    slow.add(CounterKey { bucket: -5, ..key(CounterKind::Failed, 0) }, 1);
    slow.add(CounterKey { bucket: i16::MAX, ..key(CounterKind::Failed, 0) }, 1);
    assert_eq!(slow.sent(), 3);
}

#[test]
fn spans_begin_at_whole_units_also_before_the_epoch() {
    for (micros, unit, start) in [
        (0, MINUTE_MICROS, 0),
        (59_999_999, MINUTE_MICROS, 0),
        (-1, MINUTE_MICROS, -MINUTE_MICROS),
        (HOUR_MICROS, HOUR_MICROS, HOUR_MICROS),
    ] {
        assert_eq!(span_start(Timestamp::from_micros(micros), unit).as_micros(), start);
    }
}

#[test]
fn a_series_is_of_equal_spans_of_whole_minutes() {
    let rows: Vec<_> = (0..60).map(|at| row(at, CounterKind::Succeeded, 10, 1)).collect();
    let points = series(&rows, minute(0), minute(60), minute(60), 12);
    assert_eq!(points.len(), 12);
    assert!(points.iter().all(|point| point.sums.succeeded == 5));
    assert_eq!((points[0].start, points[0].end, points[11].end), (minute(0), minute(5), minute(60)));
    assert!(points.windows(2).all(|pair| pair[0].end == pair[1].start));
    // More spans than minutes: minutes.
    assert_eq!(series(&rows, minute(0), minute(60), minute(60), 1000).len(), 60);
    // Not divisible: never more than asked for, and nothing is lost.
    let seven = series(&rows, minute(0), minute(60), minute(60), 7);
    assert!(seven.len() <= 7);
    assert_eq!(seven.iter().map(|point| point.sums.sent()).sum::<i64>(), 60);
    // Within a minute: that minute.
    let within = Timestamp::from_micros(minute(3).as_micros() + 5);
    let points = series(&rows, within, Timestamp::from_micros(within.as_micros() + 7), minute(60), 10);
    assert_eq!((points.len(), points[0].start, points[0].end), (1, minute(3), minute(4)));
    // Rows outside are left out; an empty or reversed span has no points.
    assert_eq!(series(&rows, minute(10), minute(20), minute(60), 1)[0].sums.sent(), 10);
    assert!(series(&rows, minute(20), minute(20), minute(60), 5).is_empty());
    assert!(series(&rows, minute(20), minute(10), minute(60), 5).is_empty());
    assert_eq!(series(&rows, minute(0), minute(60), minute(60), 0).len(), 1, "at least one");
}

#[test]
fn before_the_last_day_a_series_is_of_whole_hours() {
    let now = minute(3 * 24 * 60);
    let rows = [row(0, CounterKind::Succeeded, 1, 7), row(60, CounterKind::Succeeded, 1, 5)];
    let points = series(&rows, minute(30), minute(150), now, 100);
    assert_eq!(points.iter().map(|point| point.sums.sent()).collect::<Vec<_>>(), [7, 5, 0]);
    assert_eq!((points[0].start, points[2].end), (minute(0), minute(180)));
}

// ------------------------------------------------------------------------------------------------------------ counts

fn link(person: &str, state: LinkState, owed: bool, parked: bool) -> Link {
    let now = minute(0);
    let id =
        LinkId { account: AccountId(Uuid::nil()), sync: SyncId(Uuid::nil()), person: PersonId::new(person).unwrap() };
    let reason = Parked { reason: ParkReason::Refused, detail: "x".into(), at: now };
    Link { state, due_at: owed.then_some(now), parked: parked.then_some(reason), ..Link::new(id, now) }
}

#[test]
fn link_counts_are_kept_as_differences() {
    let linked = LinkState::Linked(UniqueId::text("1").unwrap());
    let mut counts = LinkCounts::default();
    let new = link("a", LinkState::Unlinked, true, false);
    counts.note(None, Some(&new));
    assert_eq!((counts.of(StateName::Unlinked), counts.owed, counts.parked), (1, 1, 0));
    let after = link("a", linked, false, false);
    counts.note(Some(&new), Some(&after));
    assert_eq!((counts.of(StateName::Unlinked), counts.of(StateName::Linked), counts.owed), (0, 1, 0));
    let parked = link("a", LinkState::Unaddressable, false, true);
    counts.note(Some(&after), Some(&parked));
    assert_eq!((counts.by_state, counts.owed, counts.parked), ([0, 0, 0, 0, 1], 0, 1));
    counts.note(Some(&parked), Some(&parked));
    let mut twice = counts;
    twice.add(&counts);
    assert_eq!((twice.of(StateName::Unaddressable), twice.parked), (2, 2));
    counts.note(Some(&parked), None);
    assert!(counts.is_zero());
}

#[test]
fn writes_that_change_no_count_are_left_out() {
    let owed = |person| link(person, LinkState::Unlinked, true, false);
    let write = |before, after| LinkWrite { before, after };
    let same = [write(Some(owed("a")), Some(owed("a")))];
    assert!(counts_of(&same).is_empty());
    let counts = counts_of(&[write(None, Some(owed("a"))), write(None, Some(owed("b"))), write(Some(owed("c")), None)]);
    assert_eq!(counts.values().map(|counts| (counts.owed, counts.by_state[0])).collect::<Vec<_>>(), [(1, 1)]);
}

// ----------------------------------------------------------------------------------------------- faults, texts, times

#[test]
fn a_place_is_told_in_lines_and_characters() {
    let text = "aé\n{{ x }}\n\nü";
    for (at, line, column) in
        [(0, 1, 1), (1, 1, 2), (3, 1, 3), (4, 2, 1), (7, 2, 4), (12, 3, 1), (13, 4, 1), (15, 4, 2), (999, 4, 2)]
    {
        assert_eq!(Position::of(text, at), Position { line, column }, "at {at}");
    }
    // Inside a character: no panic.
    assert_eq!(Position::of(text, 2).line, 1);
    assert_eq!(Position::of("", 0), Position { line: 1, column: 1 });
}

#[test]
fn a_fault_says_where_and_what() {
    let fault = Fault::at(["value"], "is missing").under(2).under("headers").under("createUsers");
    assert_eq!(fault.to_string(), "createUsers.headers.2.value: is missing");
    let placed = Fault::here("is no JSON").with_position(Position { line: 3, column: 7 });
    assert_eq!(placed.to_string(), "is no JSON (line 3, column 7)");
}

#[test]
fn texts_from_outside_are_cut_at_characters_and_lose_u0000() {
    assert_eq!(text::cut("aéb", 3), ("aé", true));
    assert_eq!(text::cut("aéb", 2), ("a", true));
    assert_eq!(text::cut("aéb", 4), ("aéb", false));
    assert_eq!(text::cut("é", 1), ("", true));
    assert_eq!(text::without_nul("a\0b\0"), "ab");
    assert_eq!(text::lossy(b"a\0\xffb"), "a\u{fffd}b");
}

#[test]
fn times_are_whole_microseconds_of_the_years_1_to_9999() {
    for (given, kept) in [
        ("2026-01-31T09:30:00Z", Ok("2026-01-31T09:30:00Z")),
        ("2026-01-31T09:30:00.1234567+02:00", Ok("2026-01-31T07:30:00.123456Z")),
        ("0001-01-01T00:00:00Z", Ok("0001-01-01T00:00:00Z")),
        ("9999-12-31T23:59:59.999999Z", Ok("9999-12-31T23:59:59.999999Z")),
        ("9999-12-31T23:59:59-01:00", Err(TimestampError::OutOfRange)),
        ("0001-01-01T00:00:00+01:00", Err(TimestampError::OutOfRange)),
        ("2026-01-31", Err(TimestampError::Malformed)),
        ("2026-02-30T00:00:00Z", Err(TimestampError::Malformed)),
        ("2026-01-31T09:30:00", Err(TimestampError::Malformed)),
        ("", Err(TimestampError::Malformed)),
    ] {
        assert_eq!(Timestamp::parse(given).map(Timestamp::to_rfc3339), kept.map(str::to_owned), "{given}");
    }
    assert_eq!(Timestamp::MAX.plus(Duration::from_secs(1)), Timestamp::MAX);
    assert_eq!(Timestamp::MIN.minus(Duration::MAX), Timestamp::MIN);
    assert_eq!(Timestamp::from_micros(i64::MAX), Timestamp::MAX);
    assert_eq!(minute(0).since(minute(1)), Duration::ZERO);
    assert_eq!(Timestamp::from_micros(-1).as_millis(), -1);
}

#[test]
fn stored_numbers_lead_back_to_what_they_stand_for() {
    macro_rules! round {
        ($($kind:ty),*) => {$(
            for value in <$kind>::ALL {
                assert_eq!(<$kind>::from_code(value.code()), Some(value));
            }
            for code in [-1, 99, i16::MAX, i16::MIN] {
                assert_eq!(<$kind>::from_code(code), None);
            }
        )*};
    }
    round!(Operation, StateName, ParkReason, CounterKind, ChangeKind, FailureKind, LogOutcome);
    assert_eq!(ParkReason::from_code(0), None);
    for code in 0..12 {
        for force in [false, true] {
            let kind = SweepKind::from_code(code, force, None).unwrap();
            assert_eq!(kind.code(), (code, force && code < 3));
        }
    }
    assert_eq!(SweepKind::from_code(12, false, None), None);
    let id = UniqueId::text("1").unwrap();
    for name in StateName::ALL {
        let has_id = matches!(name, StateName::Linked | StateName::Leaving);
        let state = LinkState::from_parts(name, Some(id.clone()).filter(|_| has_id)).unwrap();
        assert_eq!((state.name(), state.unique_id().is_some()), (name, has_id));
        assert_eq!(LinkState::from_parts(name, Some(id.clone()).filter(|_| !has_id)), None, "refused: {name:?}");
    }
}
