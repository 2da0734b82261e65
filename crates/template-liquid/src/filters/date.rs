//! The filters `date` and `in_time_zone`. They read RFC 3339, and no clock: the same person renders the same request.

use super::{Call, Spec, spec};
use crate::values::{Plain, plain};
use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use liquid_core::Result;
use liquid_core::model::Value;
use std::fmt::Write as _;
use std::sync::LazyLock;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

pub(super) const FILTERS: [Spec; 2] = [
    spec(
        "date",
        (1, 1),
        "A date and time (RFC 3339, a day such as 2026-01-31, or seconds since 1970) in another format, of % and a letter as \
     strftime has them: Y m d H M S y b B a A j e I l p L z Z s F T D R u w; %-d is without its leading zero. A text that is \
     no such date is a fault",
        (r#"{{ person.created_at | date: "%d.%m.%Y" }}"#, "03.11.2025"),
        date,
    ),
    Spec {
        literal: Some(|name| zone(name).map(|_| ()).ok_or_else(|| no_zone(name))),
        ..spec(
            "in_time_zone",
            (1, 1),
            "A date and time as it is told in a time zone (RFC 3339, with its offset), for `date` to format",
            (r#"{{ person.created_at | in_time_zone: "Europe/Berlin" }}"#, "2025-11-03T10:30:00+01:00"),
            in_time_zone,
        )
    },
];

/// The zones of this build: all nodes have the same, whatever their system has.
static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

fn zone(name: &str) -> Option<TimeZone> {
    ZONES.get(name.trim()).ok()
}

fn no_zone(name: &str) -> String {
    let shown: String = name.chars().take(40).collect();
    format!("`{shown}` is no time zone; give one such as Europe/Berlin or UTC")
}

fn in_time_zone(call: &Call<'_>) -> Result<Value> {
    let name = call.text_argument(0);
    if name.trim().is_empty() {
        return Err(call.fault("the time zone is not set; give another where it may be unset: {% assign zone = person.timezone | default: \"UTC\" %}"));
    }
    let zone = zone(&name).ok_or_else(|| call.fault(&no_zone(&name)))?;
    let Some(at) = readable(call)? else { return Ok(call.input.to_value()) };
    let told = Timestamp::from_second(at.unix_timestamp()).ok().and_then(|instant| {
        // Of zones before there were any, offsets had seconds, which RFC 3339 cannot write.
        let minutes = zone.to_offset(instant).seconds().div_euclid(60);
        at.checked_to_offset(UtcOffset::from_whole_seconds(minutes * 60).ok()?)?.format(&Rfc3339).ok()
    });
    told.map(Value::scalar).ok_or_else(|| call.fault("the date is beyond the years 0 to 9999"))
}

/// The date and time of the input; `None` where it is unset, and where it is no text and may stay as it is. A text that is none is a fault.
fn readable(call: &Call<'_>) -> Result<Option<OffsetDateTime>> {
    let at = moment(call);
    let is_text = || matches!(plain(call.input), Some(Plain::Text(text)) if !text.trim().is_empty());
    if call.is_second() && at.is_none() && is_text() {
        return Err(
            call.fault("the value is no date that can be read: it must be as 2026-01-31 or 2026-01-31T09:30:00Z")
        );
    }
    Ok(at)
}

const FORMAT_BYTES_MAX: usize = 256;

fn date(call: &Call<'_>) -> Result<Value> {
    if call.is_unset() {
        return Ok(Value::Nil);
    }
    let format = call.text_argument(0);
    if format.len() > FORMAT_BYTES_MAX {
        return Err(call.fault(&format!("the format is longer than {FORMAT_BYTES_MAX} bytes")));
    }
    if format.is_empty() && call.is_second() {
        return Ok(call.input.to_value());
    }
    // The format is checked also where there is no date, so that its fault is seen when the rule is saved.
    let at = readable(call)?;
    let mut out = String::new();
    let mut rest = &*format;
    while let Some(percent) = rest.find('%') {
        out.push_str(&rest[..percent]);
        rest = &rest[percent + 1..];
        let unpadded = rest.starts_with('-');
        rest = rest.strip_prefix('-').unwrap_or(rest);
        let colon = rest.starts_with(":z");
        rest = if colon { &rest[1..] } else { rest };
        let directive =
            rest.chars().next().ok_or_else(|| call.fault("the format ends in `%`; write %% for a percent sign"))?;
        rest = &rest[directive.len_utf8()..];
        let from = out.len();
        let known = write_part(&mut out, at.unwrap_or(OffsetDateTime::UNIX_EPOCH), directive, colon);
        if !known {
            return Err(call.fault(&format!("the format has %{directive}, which means nothing")));
        }
        if unpadded {
            let digits = out.split_off(from);
            let trimmed = digits.trim_start_matches(['0', ' ']);
            out.push_str(if trimmed.is_empty() { "0" } else { trimmed });
        }
    }
    out.push_str(rest);
    if at.is_none() { Ok(call.input.to_value()) } else { call.text_value(&out) }
}

fn moment(call: &Call<'_>) -> Option<OffsetDateTime> {
    let text = match plain(call.input)? {
        Plain::Whole(seconds) => return OffsetDateTime::from_unix_timestamp(seconds).ok(),
        Plain::Text(text) => text,
        _ => return None,
    };
    let text = text.trim();
    if call.is_second() && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return OffsetDateTime::from_unix_timestamp(text.parse().ok()?).ok();
    }
    let day = || {
        let mut parts = text.splitn(3, '-');
        let mut part = || parts.next().filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        let (year, month, day) = (part()?.parse().ok()?, part()?.parse::<u8>().ok()?, part()?.parse().ok()?);
        let date = Date::from_calendar_date(year, month.try_into().ok()?, day).ok()?;
        Some(PrimitiveDateTime::new(date, Time::MIDNIGHT).assume_utc())
    };
    OffsetDateTime::parse(text, &Rfc3339).ok().or_else(day)
}

/// Writes what one letter stands for. Returns whether it stands for anything.
fn write_part(out: &mut String, at: OffsetDateTime, directive: char, colon: bool) -> bool {
    let (year, month, day) = (at.year(), at.month(), at.day());
    let hour12 = match at.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let (offset_hours, offset_minutes, _) = at.offset().as_hms();
    let sign = if at.offset().is_negative() { '-' } else { '+' };
    let written = match directive {
        '%' => write!(out, "%"),
        'Y' => write!(out, "{year:04}"),
        'y' => write!(out, "{:02}", year.rem_euclid(100)),
        'm' => write!(out, "{:02}", u8::from(month)),
        'd' => write!(out, "{day:02}"),
        'e' => write!(out, "{day:>2}"),
        'j' => write!(out, "{:03}", at.ordinal()),
        'H' => write!(out, "{:02}", at.hour()),
        'I' => write!(out, "{hour12:02}"),
        'l' => write!(out, "{hour12:>2}"),
        'M' => write!(out, "{:02}", at.minute()),
        'S' => write!(out, "{:02}", at.second()),
        'L' => write!(out, "{:03}", at.millisecond()),
        'p' => write!(out, "{}", if at.hour() < 12 { "AM" } else { "PM" }),
        'B' => write!(out, "{month}"),
        'b' | 'h' => write!(out, "{:.3}", month.to_string()),
        'A' => write!(out, "{}", at.weekday()),
        'a' => write!(out, "{:.3}", at.weekday().to_string()),
        'u' => write!(out, "{}", at.weekday().number_from_monday()),
        'w' => write!(out, "{}", at.weekday().number_days_from_sunday()),
        'z' if colon => write!(out, "{sign}{:02}:{:02}", offset_hours.abs(), offset_minutes.abs()),
        'z' => write!(out, "{sign}{:02}{:02}", offset_hours.abs(), offset_minutes.abs()),
        'Z' if at.offset().is_utc() => write!(out, "UTC"),
        'Z' => write!(out, "{sign}{:02}:{:02}", offset_hours.abs(), offset_minutes.abs()),
        's' => write!(out, "{}", at.unix_timestamp()),
        'F' => write!(out, "{year:04}-{:02}-{day:02}", u8::from(month)),
        'D' => write!(out, "{:02}/{day:02}/{:02}", u8::from(month), year.rem_euclid(100)),
        'T' => write!(out, "{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second()),
        'R' => write!(out, "{:02}:{:02}", at.hour(), at.minute()),
        _ => return false,
    };
    written.is_ok()
}
