//! What people are found by: the beginning of a term, without regard to case.

use crate::person::Person;

/// The terms of a person, folded, sorted, without repetition: the id, first, last and whole name, and every email. One that
/// another begins with is left out: whoever looks for its beginning finds the other.
pub fn terms(person: &Person) -> Vec<String> {
    let names = [person.first_name.as_deref(), person.last_name.as_deref()];
    let mut terms: Vec<String> = std::iter::once(person.id.as_str())
        .chain(names.into_iter().flatten())
        .chain(person.emails.iter().map(String::as_str))
        .map(fold)
        .chain(std::iter::once(fold(&person.name())))
        .filter(|term| !term.is_empty())
        .collect();
    terms.sort();
    // Sorted, a term is followed at once by those that begin with it; seen from the end, it comes right after them.
    terms.reverse();
    terms.dedup_by(|shorter, longer| longer.starts_with(shorter.as_str()));
    terms.reverse();
    terms
}

/// Whether a person is found by a text.
pub fn matches(person: &Person, search: &str) -> bool {
    let wanted = fold(search);
    terms(person).iter().any(|term| term.starts_with(&wanted))
}

/// Makes two texts equal that differ in case only. Letter by letter, so that the beginning of a folded text is the folded
/// beginning.
pub fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

/// The first text, byte by byte, after all that begin with `prefix`; `None` where there is none.
pub fn after_prefix(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        // From a range of characters, so that the surrogates are skipped.
        if let Some(next) = (last..=char::MAX).nth(1) {
            text.push(next);
            return Some(text);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::PersonId;
    use crate::time::Timestamp;

    #[test]
    fn a_person_is_found_by_the_beginning_of_id_names_and_emails_in_any_case() {
        let mut person = Person::empty(PersonId::new("U-7").unwrap(), 1, Timestamp::from_micros(0));
        person.first_name = Some("Ζωή".to_owned());
        person.last_name = Some("ΟΔΟΣ".to_owned());
        person.emails = vec!["A@x.test".to_owned(), "second@x.test".to_owned()];
        assert_eq!(terms(&person), ["a@x.test", "second@x.test", "u-7", "ζωή οδοσ", "οδοσ"]);
        for found in ["u-", "U-7", "ζ", "ΖΩΉ οδ", "οδος", "a@X", "SECOND", ""] {
            assert!(matches(&person, found), "{found}");
        }
        for not_found in ["7", "x.test", "οδοσα", "ζωή  "] {
            assert!(!matches(&person, not_found), "{not_found}");
        }
    }

    #[test]
    fn the_end_of_a_prefix_lies_after_all_that_begin_with_it() {
        for (prefix, end) in [("a", Some("b")), ("a\u{10ffff}", Some("b")), ("\u{d7ff}", Some("\u{e000}"))] {
            assert_eq!(after_prefix(prefix).as_deref(), end);
            assert!(format!("{prefix}\u{10ffff}zzz").as_str() < after_prefix(prefix).unwrap().as_str());
        }
        assert_eq!(after_prefix("\u{10ffff}"), None);
        assert_eq!(after_prefix(""), None);
    }
}
