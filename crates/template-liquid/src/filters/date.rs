//! The filter `date`. It reads RFC 3339, and no clock: the same person renders the same request.

use super::{Call, Spec, spec};
use crate::values::{Plain, plain};
use liquid_core::Result;
use liquid_core::model::Value;
use std::fmt::Write as _;
use time::format_description::well_known::Rfc3339;
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time};

pub(super) const FILTERS: [Spec; 1] = [spec(
    "date",
    (1, 1),
    "A date and time (RFC 3339, a day such as 2026-01-31, or seconds since 1970) in another format, of % and a letter as \
     strftime has them: Y m d H M S y b B a A j e I l p L z Z s F T D R u w; %-d is without its leading zero. A text that is \
     no such date is a fault",
    (r#"{{ person.created_at | date: "%d.%m.%Y" }}"#, "03.11.2025"),
    date,
)];

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
    let at = moment(call);
    if call.is_second() && at.is_none() {
        let text = call.text();
        let is_text = matches!(plain(call.input), Some(Plain::Text(_))) && !text.trim().is_empty();
        if is_text {
            return Err(
                call.fault("the value is no date that can be read: it must be as 2026-01-31 or 2026-01-31T09:30:00Z")
            );
        }
    }
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
