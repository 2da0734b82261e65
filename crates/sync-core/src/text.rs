//! Text from outside, made fit to be kept.

/// Removes U+0000 (which Postgres cannot hold in text), borrowing where there is none.
pub fn without_nul(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "").into() } else { text.into() }
}

/// Bytes as text: invalid UTF-8 becomes U+FFFD, U+0000 is removed.
pub fn lossy(bytes: &[u8]) -> String {
    match String::from_utf8_lossy(bytes) {
        std::borrow::Cow::Borrowed(text) => without_nul(text).into_owned(),
        std::borrow::Cow::Owned(text) => without_nul(&text).into_owned(),
    }
}

/// Cuts to at most `bytes_max` bytes at a character boundary. Returns the text and whether it was cut.
pub fn cut(text: &str, bytes_max: usize) -> (&str, bool) {
    if text.len() <= bytes_max {
        return (text, false);
    }
    let mut end = bytes_max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (&text[..end], true)
}

/// Removes U+0000 from every string and key of a JSON value.
pub fn clean_json(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', ""),
        Value::Array(items) => items.iter_mut().for_each(clean_json),
        Value::Object(map) => {
            if map.keys().any(|key| key.contains('\0')) {
                *map = std::mem::take(map).into_iter().map(|(k, v)| (k.replace('\0', ""), v)).collect();
            }
            map.values_mut().for_each(clean_json);
        }
        _ => {}
    }
}
