//! What kind of text an answer's body is.

use crate::jsonpath::Document;

/// Whether a text is JSON as a whole: whatever [`Document::parse`] takes.
pub fn is_json(text: &str) -> bool {
    Document::parse(text).is_some()
}

/// Whether a text is a web page: it begins with `<!doctype html`, `<html` or `<head`, in any case, behind white space, a
/// byte-order mark, an XML declaration and comments. A login, error or maintenance page comes with 200 from many systems.
pub fn is_web_page(text: &str) -> bool {
    let text = behind_comments(text);
    let name = match strip_start(text, "<!doctype") {
        Some(rest) if rest.starts_with(char::is_whitespace) => strip_start(rest.trim_start(), "html"),
        Some(_) => None,
        None => strip_start(text, "<html").or_else(|| strip_start(text, "<head")),
    };
    // A longer name, such as <html-like>, is another element.
    name.is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ':' | '.')))
}

/// What is behind white space, byte-order marks, XML declarations and comments.
fn behind_comments(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        let end = ["<!--", "<?xml"].into_iter().zip(["-->", "?>"]).find(|(start, _)| text.starts_with(start));
        match end.and_then(|(start, end)| text[start.len()..].split_once(end)) {
            Some((_, behind)) => text = behind,
            None => return text,
        }
    }
}

/// What is behind a beginning, given in lower case and found in any.
fn strip_start<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let (begun, rest) = text.split_at_checked(start.len())?;
    begun.eq_ignore_ascii_case(start).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_web_page_is_told_by_its_beginning() {
        for page in [
            "<!doctype html>",
            "<!DOCTYPE html>\n<html>",
            "<!DocType  HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\">",
            "<html>",
            "<HTML lang=\"en\">",
            "\u{feff}<html>",
            " \r\n\t<!doctype html>",
            "\n\u{feff}\n<html>",
            "<html",
            "<!doctype html",
            "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\">",
            "<?xml version=\"1.0\"?><html/>",
            "<!-- maintenance --><!DOCTYPE html>",
            "<!-- a --> <!-- b -->\n<html>",
            "<head><title>",
        ] {
            assert!(is_web_page(page), "{page}");
        }
        for other in [
            "",
            "<",
            "<!doctype",
            "<!doctype xml>",
            "<!doctypehtml>",
            "<!doctype htmlx>",
            "<htmlx>",
            "<html-like/>",
            "<?xml version=\"1.0\"?><contact/>",
            "<!-- <html> ",
            "<header/>",
            "<contact/>",
            "{\"body\":\"<html>\"}",
            "\"<html>\"",
            "see <html>",
            "<é",
        ] {
            assert!(!is_web_page(other), "{other}");
        }
    }

    #[test]
    fn json_is_json_as_a_whole() {
        for json in ["{}", "[]", " 1.50 ", "null", "\"a\"", "\u{feff}{\"id\":12345678901234567890}"] {
            assert!(is_json(json), "{json}");
        }
        for other in ["", "{", "{}{}", "id=5", "<html>", "{'id':5}", "{\"id\":5,}", "NaN", "\"\\ud800\""] {
            assert!(!is_json(other), "{other}");
        }
    }
}
