//! The learned pace, simulated (the sequences H16): the real governor against endpoints with limits of every kind, in virtual time.
//!
//! Nothing is configured, and refusals name no wait unless it is said. Each endpoint has its promise: few refused requests,
//! and most of what is allowed used.

mod client;
mod endpoint;

use client::{Client, Course};
use endpoint::{Endpoint, Says, Window};
use sync_core::sync::Limits;

/// What is promised of an endpoint.
struct Promise {
    refused_below: f64,
    used_above: f64,
}

/// What the governor is for.
const GOAL: Promise = Promise { refused_below: 3.0, used_above: 90.0 };

fn holds(name: &str, course: &Course, promise: &Promise) {
    let (refused, used) = (course.refused_percent(), course.used_percent());
    println!("{name:<40} {refused:>6.2} % refused {used:>6.1} % used, longest wait {:.0} s", course.longest_wait);
    assert!(refused < promise.refused_below, "{name}: {refused:.2} % were refused: {course:?}");
    assert!(used > promise.used_above, "{name}: {used:.1} % of the limit were used: {course:?}");
}

fn fixed(limit: u32, seconds: f64) -> Endpoint {
    Endpoint::new(Window::Fixed, limit, seconds)
}

fn sliding(limit: u32, seconds: f64) -> Endpoint {
    Endpoint::new(Window::Sliding, limit, seconds)
}

fn bucket(per_second: u32, burst: f64) -> Endpoint {
    Endpoint::new(Window::Bucket { burst }, per_second, 1.0)
}

/// Others take half of 19 a second for 20 minutes.
fn half_for_20_minutes(at: f64) -> f64 {
    if (600.0..1800.0).contains(&at) { 9.5 } else { 0.0 }
}

/// Others take all of 10 a second for a minute.
fn all_for_a_minute(at: f64) -> f64 {
    if (600.0..660.0).contains(&at) { 30.0 } else { 0.0 }
}

/// Answers take 20 times as long for 20 s of every 5 minutes.
fn slow_now_and_then(at: f64) -> f64 {
    if at.rem_euclid(300.0) < 20.0 { 20.0 } else { 1.0 }
}

/// From when on a limit is another.
const CHANGES: &[(f64, u32)] = &[(1200.0, 30), (2400.0, 200)];

/// The machine is busy for a minute of every two.
fn busy_now_and_then(at: f64) -> f64 {
    if at.rem_euclid(120.0) < 60.0 { 0.15 } else { 0.0 }
}

const DAY: f64 = 86_400.0;

#[test]
fn h16_a_hundred_per_ten_seconds_by_the_clock() {
    holds("fixed 100/10 s", &Client::default().run(&fixed(100, 10.0)), &GOAL);
}

#[test]
fn h16_a_sliding_window() {
    holds("sliding 100/10 s", &Client::default().run(&sliding(100, 10.0)), &GOAL);
}

#[test]
fn h16_a_sliding_window_that_counts_what_it_refuses() {
    let endpoint = Endpoint::new(Window::SlidingRefusedCount, 100, 10.0);
    holds("sliding 100/10 s, refused count", &Client::default().run(&endpoint), &GOAL);
}

#[test]
fn h16_every_header_that_names_a_wait() {
    let client = Client { seconds: 1200.0, ..Client::default() };
    for (name, says) in [
        ("Retry-After", Says::RetryAfter),
        ("RateLimit", Says::RateLimit),
        ("RateLimit-Reset", Says::RateLimitReset),
        ("X-RateLimit-Reset, an epoch", Says::ResetEpoch),
        ("503 with Retry-After", Says::Unavailable),
    ] {
        holds(&format!("fixed 100/10 s, {name}"), &client.run(&Endpoint { says, ..fixed(100, 10.0) }), &GOAL);
    }
    let endpoint = Endpoint { says: Says::RetryAfter, ..sliding(100, 10.0) };
    holds("sliding 100/10 s, Retry-After", &Client::default().run(&endpoint), &GOAL);
}

#[test]
fn h16_token_buckets() {
    holds("bucket 10/s, burst 10", &Client::default().run(&bucket(10, 10.0)), &GOAL);
    holds("bucket 5/s, burst 5", &Client::default().run(&bucket(5, 5.0)), &GOAL);
}

#[test]
fn h16_a_limit_that_others_share_for_a_while() {
    for (name, endpoint) in
        [("sliding 190/10 s, shared", sliding(190, 10.0)), ("fixed 190/10 s, shared", fixed(190, 10.0))]
    {
        let endpoint = Endpoint { others: half_for_20_minutes, ..endpoint };
        holds(name, &Client::default().run(&endpoint), &GOAL);
    }
}

#[test]
fn h16_a_limit_that_changes() {
    let endpoint = Endpoint { changes: CHANGES, ..fixed(100, 10.0) };
    holds("fixed 100, 30, 200 per 10 s", &Client::default().run(&endpoint), &GOAL);
}

#[test]
fn h16_answers_that_are_slow_now_and_then() {
    let client = Client { spike: slow_now_and_then, ..Client::default() };
    holds("fixed 100/10 s, slow at times", &client.run(&fixed(100, 10.0)), &GOAL);
    holds("sliding 100/10 s, slow at times", &client.run(&sliding(100, 10.0)), &GOAL);
}

#[test]
fn h16_limits_per_minute() {
    holds("sliding 180/min", &Client::default().run(&sliding(180, 60.0)), &GOAL);
    holds("fixed 400/min", &Client::default().run(&fixed(400, 60.0)), &GOAL);
}

#[test]
fn h16_an_hourly_quota() {
    let client = Client { seconds: 4.0 * 3600.0, ..Client::default() };
    holds("fixed 1000/h", &client.run(&fixed(1000, 3600.0)), &GOAL);
}

#[test]
fn h16_a_daily_quota_over_two_days() {
    let client = Client { seconds: 2.0 * DAY, ..Client::default() };
    holds("5000 a day", &client.run(&fixed(5000, DAY)), &GOAL);
    let wide = Client { concurrency: 64, ..client };
    holds("5000 a day, 64 at once", &wide.run(&fixed(5000, DAY)), &GOAL);
}

#[test]
fn h16_many_at_once() {
    let client = Client { concurrency: 64, ..Client::default() };
    holds("fixed 100/10 s, 64 at once", &client.run(&fixed(100, 10.0)), &GOAL);
}

/// A busy machine asks late for what it may send.
#[test]
fn h16_claims_that_come_late() {
    let client = Client { late: busy_now_and_then, ..Client::default() };
    holds("fixed 100/10 s, late claims", &client.run(&fixed(100, 10.0)), &GOAL);
    holds("sliding 100/10 s, late claims", &client.run(&sliding(100, 10.0)), &GOAL);
    let short = Client { seconds: 1200.0, ..client };
    holds("fixed 100/10 s, late claims, 20 min", &short.run(&fixed(100, 10.0)), &GOAL);
}

/// What is in flight is more, and news of a refusal is older, the longer an answer takes.
#[test]
fn h16_answers_that_take_half_a_second() {
    let client = Client { concurrency: 64, latency: 0.5, ..Client::default() };
    let goal = Promise { used_above: 85.0, ..GOAL };
    holds("fixed 100/10 s, 0.5 s", &client.run(&fixed(100, 10.0)), &goal);
    holds("sliding 100/10 s, 0.5 s", &client.run(&sliding(100, 10.0)), &goal);
    let changing = Endpoint { changes: CHANGES, ..fixed(100, 10.0) };
    holds("fixed 100, 30, 200 per 10 s, 0.5 s", &client.run(&changing), &goal);
}

#[test]
fn h16_a_limit_that_is_configured_is_never_passed() {
    let limits = |per_second, per_day| Limits {
        max_concurrency: 16,
        requests_per_second: per_second,
        requests_per_day: per_day,
    };
    let goal = Promise { refused_below: f64::MIN_POSITIVE, ..GOAL };
    let course = Client::default().run_within(&sliding(100, 10.0), limits(Some(9.5), None));
    holds("sliding 100/10 s, 9.5 a second", &course, &goal);
    let two_days = Client { seconds: 2.0 * DAY, ..Client::default() };
    holds("5000 a day, told so", &two_days.run_within(&fixed(5000, DAY), limits(None, Some(5000))), &goal);
}

/// Who sends little is not made slow by others who use the limit up for a minute.
#[test]
fn h16_others_who_use_the_limit_up_for_a_while_leave_no_pace_behind() {
    let endpoint = Endpoint { others: all_for_a_minute, ..sliding(100, 10.0) };
    for (name, rate) in [("one each 20 s, others for 60 s", 1.0 / 20.0), ("2 a second, others for 60 s", 2.0)] {
        let client = Client { changes_per_second: Some(rate), ..Client::default() };
        let course = client.run(&endpoint);
        let promise = Promise { used_above: 0.0, ..GOAL };
        holds(name, &course, &promise);
        assert!(course.longest_wait < 75.0, "{name}: somebody waited {:.0} s", course.longest_wait);
    }
}
