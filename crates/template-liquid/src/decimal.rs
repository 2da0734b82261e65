//! Numbers as Liquid calculates with and compares them: in decimal digits, so that 10.1 less 2.2 is 7.9, and none of a person's
//! digits is lost.

use crate::values::{self, Plain, plain};
use bigdecimal::{BigDecimal, RoundingMode, Signed as _, Zero as _};
use liquid_core::model::{Value, ValueView};
use std::cmp::Ordering;
use std::str::FromStr as _;

/// The most digits of a number that is calculated with, and how far its point may lie from them: twice what a person's number may
/// have.
const DIGITS_MAX: u64 = 800;
/// As [`DIGITS_MAX`], for what is handed on: a whole number, or a fraction that was rounded to so many digits.
const RESULT_DIGITS_MAX: u64 = 400;

/// A number.
#[derive(Clone, Debug)]
pub(crate) struct Number {
    value: BigDecimal,
    /// Without a point, not just without anything behind it: `2.0` is none.
    is_whole: bool,
}

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// It has more digits than are calculated with.
    TooLarge,
    /// Nothing can be divided by 0.
    ByZero,
}

type Result = std::result::Result<Number, Unfit>;

impl Number {
    /// A value that is a number; a text is none.
    pub(crate) fn of(value: &dyn ValueView) -> Option<Self> {
        match plain(value)? {
            Plain::Whole(whole) => Some(Self { value: whole.into(), is_whole: true }),
            Plain::Fraction(fraction) => Self::parse(&fraction.to_string(), false),
            Plain::Exact(digits) => Self::parse(&digits, !digits.contains(['.', 'e', 'E'])),
            Plain::Truth(_) | Plain::Text(_) => None,
        }
    }

    /// A text that is a number to Liquid: digits, and digits behind a point. Whatever it takes for a number but reads otherwise
    /// than one would (`1e3` is 1 there, `+2.5` is 2, `7 people` is 7) is none.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        match unsigned.split_once('.') {
            Some((whole, fraction)) => {
                (all_digits(whole) && all_digits(fraction)).then(|| Self::parse(text, false)).flatten()
            }
            None => all_digits(text.strip_prefix('+').unwrap_or(unsigned)).then(|| Self::parse(text, true)).flatten(),
        }
    }

    fn parse(text: &str, is_whole: bool) -> Option<Self> {
        // Long digits are refused unread: reading them takes the square of their time.
        if text.len() as u64 > DIGITS_MAX {
            return None;
        }
        let value = BigDecimal::from_str(text).ok()?;
        Self { value, is_whole }.bounded().ok()
    }

    fn bounded(self) -> Result {
        let far = self.value.fractional_digit_count().unsigned_abs();
        if far > DIGITS_MAX || self.value.digits() > DIGITS_MAX { Err(Unfit::TooLarge) } else { Ok(self) }
    }

    pub(crate) fn zero() -> Self {
        Self { value: BigDecimal::zero(), is_whole: true }
    }

    fn with(&self, other: &Self, value: BigDecimal) -> Result {
        Self { value, is_whole: self.is_whole && other.is_whole }.bounded()
    }

    pub(crate) fn plus(&self, other: &Self) -> Result {
        self.with(other, &self.value + &other.value)
    }

    pub(crate) fn minus(&self, other: &Self) -> Result {
        self.with(other, &self.value - &other.value)
    }

    pub(crate) fn times(&self, other: &Self) -> Result {
        self.with(other, &self.value * &other.value)
    }

    /// Whole numbers are divided to a whole one, rounded down; fractions to the nearest that floating point has.
    pub(crate) fn divided_by(&self, other: &Self) -> Result {
        if other.value.is_zero() {
            return Err(Unfit::ByZero);
        }
        if self.is_whole && other.is_whole {
            let rest = self.modulo(other)?;
            return self.with(other, ((&self.value - rest.value) / &other.value).with_scale(0));
        }
        let quotient: f64 = (&self.value / &other.value).to_string().parse().map_err(|_| Unfit::TooLarge)?;
        Self::parse(&quotient.to_string(), false).ok_or(Unfit::TooLarge)
    }

    /// What is left over by a division; it has the sign of `other`.
    pub(crate) fn modulo(&self, other: &Self) -> Result {
        if other.value.is_zero() {
            return Err(Unfit::ByZero);
        }
        let rest = &self.value % &other.value;
        let differs = !rest.is_zero() && rest.is_negative() != other.value.is_negative();
        self.with(other, if differs { rest + &other.value } else { rest })
    }

    pub(crate) fn abs(&self) -> Self {
        Self { value: self.value.abs(), is_whole: self.is_whole }
    }

    /// Rounded to so many digits behind the point, halves away from 0. To none of them, or to tens, it becomes whole.
    pub(crate) fn round(&self, digits: i64) -> Result {
        if digits >= RESULT_DIGITS_MAX as i64 || (self.is_whole && digits >= 0) {
            return Ok(self.clone());
        }
        let digits = digits.max(-(DIGITS_MAX as i64));
        let value = self.value.with_scale_round(digits, RoundingMode::HalfUp);
        Self { value: if digits < 0 { value.with_scale(0) } else { value }, is_whole: self.is_whole || digits <= 0 }
            .bounded()
    }

    /// To the whole number below or above.
    pub(crate) fn whole(&self, mode: RoundingMode) -> Self {
        Self { value: self.value.with_scale_round(0, mode), is_whole: true }
    }

    /// As a position or count; `None` where it is no whole number or beyond what there is.
    pub(crate) fn to_i64(&self) -> Option<i64> {
        self.is_whole.then(|| self.value.with_scale(0).to_plain_string().parse().ok()).flatten()
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        self.value.cmp(&other.value)
    }

    /// As templates hand it on, with all its digits.
    pub(crate) fn into_value(self) -> std::result::Result<Value, Unfit> {
        if self.is_whole {
            let digits = self.value.with_scale(0).to_plain_string();
            return if digits.len() as u64 > RESULT_DIGITS_MAX {
                Err(Unfit::TooLarge)
            } else {
                Ok(values::number(&digits))
            };
        }
        let value = if self.value.digits() > RESULT_DIGITS_MAX { return Err(Unfit::TooLarge) } else { self.value };
        let plain = value.normalized();
        if let Ok(nearest) = plain.to_string().parse::<f64>()
            && nearest.is_finite()
            && BigDecimal::from_str(&nearest.to_string()).is_ok_and(|same| same == plain)
        {
            return Ok(Value::scalar(nearest));
        }
        let digits = plain.to_plain_string();
        Ok(values::number(&if digits.contains('.') { digits } else { format!("{digits}.0") }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        Number::read(text).expect(text)
    }

    #[test]
    fn texts_are_numbers_only_where_liquid_reads_all_of_them() {
        for text in ["0", "-1", "+7", " 42 ", "10.10", "-0.5", "123456789012345678901234567890.5"] {
            assert!(Number::read(text).is_some(), "{text:?}");
        }
        for text in ["", " ", "1e3", "+2.5", ".5", "5.", "1_000", "1,5", "7 people", "--1", "0x10", "NaN", "inf", "١"]
        {
            assert!(Number::read(text).is_none(), "{text:?}");
        }
        assert!(Number::read(&"9".repeat(1_000_000)).is_none());
    }

    #[test]
    fn no_calculation_grows_without_bound() {
        let huge = Number::of(&values::number(&"9".repeat(99))).expect("a number");
        let mut product = huge.clone();
        let grown = loop {
            match product.times(&huge) {
                Ok(more) => product = more,
                Err(unfit) => break unfit,
            }
        };
        assert_eq!(grown, Unfit::TooLarge);
        assert_eq!(product.into_value().unwrap_err(), Unfit::TooLarge);
        assert!(Number::of(&values::number("1e308")).is_some());
        assert!(Number::of(&values::number("1e-308")).is_some());
        assert!(Number::of(&values::number("1e900000000")).is_none());
        assert_eq!(number("1").divided_by(&number("0.0")).unwrap_err(), Unfit::ByZero);
        assert_eq!(number("1.5").round(i64::MIN).and_then(Number::into_value), number("0").into_value());
    }
}
