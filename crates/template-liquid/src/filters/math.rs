//! Filters on numbers. What is no number, and what no number can hold, is a fault. What is unset counts as 0; to the first edition,
//! which calculates in floating point, it stays unset.

use super::{Call, Spec, spec};
use crate::decimal::{Number as Decimal, Unfit};
use crate::values::{Plain, fraction_of, plain};
use bigdecimal::RoundingMode;
use liquid_core::Result;
use liquid_core::model::{Value, ValueView};

/// What a division counts beside its bytes: it is made to a hundred digits, and takes some 10 microseconds.
const DIVISION_WORK: usize = 2048;

pub(super) const FILTERS: [Spec; 11] = [
    spec("plus", (1, 1), "A number added", ("{{ 3 | plus: 4 }}", "7"), |call| {
        calculate(call, (i64::checked_add, |a, b| a + b), Decimal::plus)
    }),
    spec("minus", (1, 1), "A number subtracted", ("{{ 10.1 | minus: 2.2 }}", "7.9"), |call| {
        calculate(call, (i64::checked_sub, |a, b| a - b), Decimal::minus)
    }),
    spec("times", (1, 1), "Multiplied", ("{{ 3 | times: 4 }}", "12"), |call| {
        calculate(call, (i64::checked_mul, |a, b| a * b), Decimal::times)
    }),
    Spec {
        work: DIVISION_WORK,
        ..spec(
            "divided_by",
            (1, 1),
            "Divided; whole numbers by a whole number rounded down",
            ("{{ 7 | divided_by: 2 }}", "3"),
            |call| {
                not_zero(call)?;
                calculate(call, (floor_div, |a, b| a / b), Decimal::divided_by)
            },
        )
    },
    Spec {
        work: DIVISION_WORK,
        ..spec("modulo", (1, 1), "What is left over by a division", ("{{ 7 | modulo: 2 }}", "1"), |call| {
            not_zero(call)?;
            calculate(call, (floor_rem, |a, b| a - b * (a / b).floor()), Decimal::modulo)
        })
    },
    spec(
        "round",
        (0, 1),
        "Rounded, to so many digits behind the point; to tens by -1",
        ("{{ 2.567 | round: 1 }}", "2.6"),
        round,
    ),
    spec("floor", (0, 0), "Rounded down", ("{{ 2.5 | floor }}", "2"), |call| {
        whole(call, f64::floor, RoundingMode::Floor)
    }),
    spec("ceil", (0, 0), "Rounded up", ("{{ 2.5 | ceil }}", "3"), |call| whole(call, f64::ceil, RoundingMode::Ceiling)),
    spec("abs", (0, 0), "Without its sign", ("{{ -2 | abs }}", "2"), abs),
    spec("at_least", (1, 1), "This number or the other, whichever is larger", ("{{ 3 | at_least: 5 }}", "5"), |call| {
        let larger = |a: &Decimal, b: &Decimal| Ok(if a.compare(b).is_lt() { b.clone() } else { a.clone() });
        calculate(call, (|a, b| Some(a.max(b)), f64::max), larger)
    }),
    spec("at_most", (1, 1), "This number or the other, whichever is smaller", ("{{ 3 | at_most: 5 }}", "3"), |call| {
        let smaller = |a: &Decimal, b: &Decimal| Ok(if a.compare(b).is_gt() { b.clone() } else { a.clone() });
        calculate(call, (|a, b| Some(a.min(b)), f64::min), smaller)
    }),
];

/// A value as a number of the second edition: what is unset or an empty text is 0.
fn decimal(call: &Call<'_>, value: &dyn ValueView) -> Result<Decimal> {
    if value.is_nil() || value.is_state() {
        return Ok(Decimal::zero());
    }
    let number = match plain(value) {
        Some(Plain::Text(text)) if text.trim().is_empty() => Some(Decimal::zero()),
        Some(Plain::Text(text)) => Decimal::read(&text),
        _ => Decimal::of(value),
    };
    number.ok_or_else(|| call.fault("the value is no number; where some are none, the filter number leaves them out"))
}

/// The result of a calculation.
pub(super) fn decimal_value(call: &Call<'_>, result: std::result::Result<Decimal, Unfit>) -> Result<Value> {
    result.and_then(Decimal::into_value).map_err(|unfit| {
        call.fault(match unfit {
            Unfit::TooLarge => TOO_LARGE,
            Unfit::ByZero => BY_ZERO,
        })
    })
}

const TOO_LARGE: &str = "the result is too large";
const BY_ZERO: &str = "nothing can be divided by 0";

#[derive(Clone, Copy)]
enum Number {
    Whole(i64),
    Fraction(f64),
}

/// A value as a number; `None` where it is unset or an empty text.
fn number(call: &Call<'_>, value: &dyn ValueView) -> Result<Option<Number>> {
    let read = |text: &str| {
        let text = text.trim();
        let fraction = || text.parse().ok().filter(|fraction: &f64| fraction.is_finite()).map(Number::Fraction);
        text.parse().ok().map(Number::Whole).or_else(fraction)
    };
    if value.is_nil() || value.is_state() {
        return Ok(None);
    }
    let number = match plain(value) {
        Some(Plain::Whole(whole)) => Some(Number::Whole(whole)),
        Some(Plain::Fraction(fraction)) => Some(Number::Fraction(fraction)),
        Some(Plain::Text(text)) if text.trim().is_empty() => return Ok(None),
        Some(Plain::Text(text)) => read(&text),
        // Of a fraction, digits are lost by calculating anyway.
        Some(Plain::Exact(digits)) if digits.contains(['.', 'e', 'E']) => fraction_of(&digits).map(Number::Fraction),
        Some(Plain::Exact(_)) => return Err(call.fault("the number has too many digits to calculate with")),
        Some(Plain::Truth(_)) | None => None,
    };
    number.map(Some).ok_or_else(|| call.fault("the value is no number"))
}

impl Number {
    fn fraction(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Fraction(fraction) => fraction,
        }
    }
}

/// How the first edition calculates: with whole numbers, and with fractions.
type Binary = (fn(i64, i64) -> Option<i64>, fn(f64, f64) -> f64);

/// Calculates with the input and the argument; the first edition does so for whole numbers and for fractions.
fn calculate(
    call: &Call<'_>,
    (whole, fraction): Binary,
    decimals: fn(&Decimal, &Decimal) -> std::result::Result<Decimal, Unfit>,
) -> Result<Value> {
    if call.is_second() {
        return decimal_value(call, decimals(&decimal(call, call.input)?, &decimal(call, call.argument(0))?));
    }
    let (Some(one), Some(other)) = (number(call, call.input)?, number(call, call.argument(0))?) else {
        return Ok(Value::Nil);
    };
    if let (Number::Whole(one), Number::Whole(other)) = (one, other) {
        return whole(one, other).map(Value::scalar).ok_or_else(|| call.fault(TOO_LARGE));
    }
    finite(call, fraction(one.fraction(), other.fraction()))
}

fn finite(call: &Call<'_>, fraction: f64) -> Result<Value> {
    if fraction.is_finite() { Ok(Value::scalar(fraction)) } else { Err(call.fault(TOO_LARGE)) }
}

fn not_zero(call: &Call<'_>) -> Result<()> {
    if !call.is_second() && number(call, call.argument(0))?.is_some_and(|number| number.fraction() == 0.0) {
        return Err(call.fault(BY_ZERO));
    }
    Ok(())
}

fn floor_div(one: i64, other: i64) -> Option<i64> {
    let quotient = one.checked_div(other)?;
    let inexact = one.checked_rem(other)? != 0;
    Some(if inexact && (one < 0) != (other < 0) { quotient - 1 } else { quotient })
}

/// The remainder that goes with [`floor_div`]: it has the divisor's sign.
fn floor_rem(one: i64, other: i64) -> Option<i64> {
    if other == 0 {
        return None;
    }
    let rest = one.wrapping_rem(other);
    Some(if rest != 0 && (rest < 0) != (other < 0) { rest + other } else { rest })
}

fn abs(call: &Call<'_>) -> Result<Value> {
    if call.is_second() {
        return decimal_value(call, Ok(decimal(call, call.input)?.abs()));
    }
    match number(call, call.input)? {
        None => Ok(Value::Nil),
        Some(Number::Whole(whole)) => whole.checked_abs().map(Value::scalar).ok_or_else(|| call.fault(TOO_LARGE)),
        Some(Number::Fraction(fraction)) => Ok(Value::scalar(fraction.abs())),
    }
}

fn whole(call: &Call<'_>, rounded: fn(f64) -> f64, mode: RoundingMode) -> Result<Value> {
    if call.is_second() {
        return decimal_value(call, Ok(decimal(call, call.input)?.whole(mode)));
    }
    match number(call, call.input)? {
        None => Ok(Value::Nil),
        Some(Number::Whole(whole)) => Ok(Value::scalar(whole)),
        Some(Number::Fraction(fraction)) => to_whole(call, rounded(fraction)),
    }
}

fn to_whole(call: &Call<'_>, fraction: f64) -> Result<Value> {
    // Both ends are powers of two, which floating point numbers hold exactly.
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&fraction);
    if fits { Ok(Value::scalar(fraction as i64)) } else { Err(call.fault(TOO_LARGE)) }
}

fn round(call: &Call<'_>) -> Result<Value> {
    let digits = call.whole_argument(0, 0)?;
    if call.is_second() {
        return decimal_value(call, decimal(call, call.input)?.round(digits));
    }
    let digits = digits.clamp(0, 15);
    if digits == 0 {
        return whole(call, f64::round, RoundingMode::HalfUp);
    }
    let scale = 10_f64.powi(i32::try_from(digits).unwrap_or(0));
    match number(call, call.input)? {
        None => Ok(Value::Nil),
        Some(Number::Whole(whole)) => Ok(Value::scalar(whole)),
        Some(Number::Fraction(fraction)) => finite(call, (fraction * scale).round() / scale),
    }
}

impl Call<'_> {
    /// An argument as a whole number.
    pub(super) fn whole_argument(&self, n: usize, default: i64) -> Result<i64> {
        if !self.has_argument(n) {
            return Ok(default);
        }
        if self.is_second() {
            let whole = decimal(self, self.argument(n))?.to_i64();
            return whole.ok_or_else(|| self.fault("a whole number is expected as its argument"));
        }
        match number(self, self.argument(n))? {
            None => Ok(default),
            Some(Number::Whole(whole)) => Ok(whole),
            Some(Number::Fraction(_)) => Err(self.fault("a whole number is expected as its argument")),
        }
    }
}
