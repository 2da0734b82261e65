//! Filters that make of a value what other systems want: numbers, telephone numbers, hashes, and text within their query languages. What
//! is unset stays unset.

use super::{Call, Spec, spec};
use crate::decimal::Number;
use crate::phone;
use crate::values::{Plain, is_number, number, plain};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use liquid_core::Result;
use liquid_core::model::Value;
use md5::{Digest as _, Md5};
use sha2::Sha256;
use std::fmt::Write as _;

/// What reading a telephone number counts beside its bytes.
const PHONE_WORK: usize = 64 * 1024;

pub(super) const FILTERS: [Spec; 9] = [
    spec(
        "number",
        (0, 0),
        "The number that a text says, with its digits; unset where it says none",
        (r#"{{ " 12.50 " | number }}"#, "12.50"),
        |call| Ok(to_number(call)),
    ),
    spec("digits", (0, 0), "The digits 0 to 9 alone", ("{{ person.phone | digits }}", "442079460001"), |call| {
        of_text(call, |text| text.chars().filter(char::is_ascii_digit).collect())
    }),
    Spec {
        literal: Some(|region| match phone::region(region) {
            Some(_) => Ok(()),
            None => Err(no_region(region)),
        }),
        work: PHONE_WORK,
        ..spec(
            "e164",
            (1, 1),
            "A telephone number in the form of E.164, read as it is written in a region; unset where it is no valid number",
            (r#"{{ "020 7946 0001" | e164: "GB" }}"#, "+442079460001"),
            e164,
        )
    },
    spec(
        "md5",
        (0, 0),
        "The MD5 hash of a text, 32 hexadecimal digits",
        ("{{ person.email | downcase | md5 }}", "3e3417d7ef77d5932a6734b916515ed5"),
        |call| of_text(call, |text| hexadecimal(&Md5::digest(text))),
    ),
    spec(
        "sha256",
        (0, 0),
        "The SHA-256 hash of a text, 64 hexadecimal digits",
        ("{{ person.email | sha256 }}", "b5fc85e55755f9e0d030a10ab4429b6b2944855f9a0d60077fe832becbc41d72"),
        |call| of_text(call, |text| hexadecimal(&Sha256::digest(text))),
    ),
    spec(
        "hmac_sha256",
        (1, 1),
        "The HMAC of a text with a key, by SHA-256, 64 hexadecimal digits",
        (r#"{{ person.id | hmac_sha256: "key" }}"#, "52289033eccade17971a420ac3ef75c5b39259b1b3950ef0677db2275fc62525"),
        hmac_sha256,
    ),
    spec("base64", (0, 0), "A text in Base64", (r#"{{ "a:b" | base64 }}"#, "YTpi"), |call| {
        call.check_length(call.text().len() / 3 * 4 + 4)?;
        of_text(call, |text| STANDARD.encode(text))
    }),
    spec(
        "soql",
        (0, 0),
        "A text within a quoted value of SOQL, with what would end it escaped",
        (r#"{{ "O'Hara" | soql }}"#, r"O\'Hara"),
        |call| of_text(call, soql),
    ),
    spec(
        "odata",
        (0, 0),
        "A text within a quoted value of OData, its quotes doubled",
        (r#"{{ "O'Hara" | odata }}"#, "O''Hara"),
        |call| of_text(call, |text| text.replace('\'', "''")),
    ),
];

/// Makes a text of a text.
fn of_text(call: &Call<'_>, change: impl Fn(&str) -> String) -> Result<Value> {
    if call.is_unset() {
        return Ok(Value::Nil);
    }
    call.text_value(&change(&call.text()))
}

fn to_number(call: &Call<'_>) -> Value {
    match plain(call.input) {
        Some(Plain::Text(text)) => {
            let text = text.trim();
            // As JSON writes numbers, the digits stay; `+5` and `007` are written anew.
            if is_number(text) && Number::of(&number(text)).is_some() {
                return number(text);
            }
            Number::read(text).and_then(|number| number.into_value().ok()).unwrap_or(Value::Nil)
        }
        Some(Plain::Whole(_) | Plain::Fraction(_) | Plain::Exact(_)) => call.input.to_value(),
        Some(Plain::Truth(_)) | None => Value::Nil,
    }
}

fn no_region(name: &str) -> String {
    let shown: String = name.chars().take(20).collect();
    format!("`{shown}` is no region of telephone numbers; give two letters, such as GB, US or DE")
}

fn e164(call: &Call<'_>) -> Result<Value> {
    let name = call.text_argument(0);
    let region = match &*name {
        name if name.trim().is_empty() => None,
        name => Some(phone::region(name).ok_or_else(|| call.fault(&no_region(name)))?),
    };
    if call.is_unset() {
        return Ok(Value::Nil);
    }
    Ok(phone::e164(&call.text(), region).map_or(Value::Nil, Value::scalar))
}

fn hmac_sha256(call: &Call<'_>) -> Result<Value> {
    let key = call.text_argument(0);
    if key.is_empty() {
        return Err(call.fault("the key is empty; give one"));
    }
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(|_| call.fault("the key cannot be used"))?;
    of_text(call, |text| hexadecimal(&mac.clone().chain_update(text).finalize().into_bytes()))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a text does not fail.
        _ = write!(out, "{byte:02x}");
        out
    })
}

/// As Salesforce reads quoted strings. Control characters that it has no escape for are left out.
fn soql(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '\'' | '"' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}
