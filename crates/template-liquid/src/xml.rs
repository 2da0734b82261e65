//! XML 1.0: where tokens may stand while it is written, and whether what was rendered is well-formed.
//!
//! quick-xml tells tokens apart and sees crossed tags; the rest of what well-formed means (one root, known entities, names,
//! characters, no DOCTYPE) is asked here.

use crate::limits::XML_DEPTH_MAX;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// What a place in XML text is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum XmlState {
    /// Between tags: a value is text here.
    #[default]
    Text,
    /// Behind a `<`, with what followed so far.
    Opening(String),
    /// In a tag, outside of attribute values.
    Tag,
    /// In an attribute's value, with its quote.
    Value(char),
    /// In a comment, processing instruction, CDATA section or DOCTYPE, which ends with this. What of the end is there already.
    Other { kind: &'static str, end: &'static str, seen: usize },
}

const COMMENT: &str = "a comment";
const INSTRUCTION: &str = "a processing instruction";
const CDATA: &str = "a CDATA section";
const DOCTYPE: &str = "a DOCTYPE";

impl XmlState {
    /// Goes on over literal text. What ends a comment or the like within a value that stands in it is not seen; see [`Self::objection`].
    pub(crate) fn feed(&mut self, text: &str) {
        for c in text.chars() {
            match self {
                Self::Text if c == '<' => *self = Self::Opening(String::new()),
                Self::Tag if c == '>' => *self = Self::Text,
                Self::Tag if matches!(c, '"' | '\'') => *self = Self::Value(c),
                Self::Value(quote) if c == *quote => *self = Self::Tag,
                Self::Text | Self::Tag | Self::Value(_) => {}
                Self::Opening(so_far) => {
                    so_far.push(c);
                    *self = Self::opened(so_far);
                }
                Self::Other { end, seen, .. } => {
                    let expected = end[*seen..].chars().next();
                    *seen = match () {
                        () if expected == Some(c) => *seen + 1,
                        // `--->` and `]]]>`: what has come of the end stays, but for its last character.
                        () if end.starts_with(c) && *seen > 1 => *seen,
                        () => usize::from(end.starts_with(c)),
                    };
                    if *seen == end.len() {
                        *self = Self::Text;
                    }
                }
            }
        }
    }

    /// What is opened by what stands behind a `<`.
    fn opened(so_far: &str) -> Self {
        match so_far {
            "!--" => Self::Other { kind: COMMENT, end: "-->", seen: 0 },
            "![CDATA[" => Self::Other { kind: CDATA, end: "]]>", seen: 0 },
            "?" => Self::Other { kind: INSTRUCTION, end: "?>", seen: 0 },
            ">" => Self::Text,
            so_far if "!--".starts_with(so_far) || "![CDATA[".starts_with(so_far) => Self::Opening(so_far.to_owned()),
            so_far if so_far.starts_with('!') => Self::Other { kind: DOCTYPE, end: ">", seen: 0 },
            _ => Self::Tag,
        }
    }

    /// Why no token can stand here; `None` where one can.
    pub(crate) fn objection(&self) -> Option<String> {
        match self {
            Self::Text | Self::Value(_) => None,
            Self::Opening(_) | Self::Tag => Some(
                "a token cannot be a name in a tag, nor stand among attributes: a value could add others. Put it between tags, or in quotes \
                 as an attribute's value"
                    .to_owned(),
            ),
            Self::Other { kind, .. } => Some(format!(
                "a token cannot stand in {kind}: a value could end it. Put it between tags, where it is encoded as text"
            )),
        }
    }
}

/// What is wrong with an XML text, and at which byte.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct XmlFault {
    pub(crate) at: usize,
    pub(crate) message: String,
}

/// What is said of data without any element: a template may be meant for people that no sample is like.
pub(crate) const EMPTY: &str = "the data renders no XML element; give one, or leave the data out";
/// Begins what is said of all other faults.
pub(crate) const NOT_XML: &str = "not XML: ";

/// Whether a text is well-formed XML, of a single root and without a DOCTYPE.
pub(crate) fn check(text: &str) -> Result<(), XmlFault> {
    if let Some((at, c)) = text.char_indices().find(|(_, c)| !is_char(*c)) {
        return Err(fault(at, format!("the character U+{:04X} cannot stand in it; remove it", u32::from(c))));
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let (mut depth, mut roots) = (0_usize, 0_usize);
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(text.len());
        let event = reader.read_event().map_err(|error| {
            let at = usize::try_from(reader.error_position()).unwrap_or(at);
            fault(at.min(text.len()), error.to_string())
        })?;
        match event {
            Event::Start(start) | Event::Empty(start) if depth == 0 && roots > 0 => {
                return Err(fault(at, format!("a second root, `{}`; put all into one element", start.name().as_ref())));
            }
            Event::Start(start) => {
                check_tag(&start, at)?;
                roots += usize::from(depth == 0);
                depth += 1;
                if depth > XML_DEPTH_MAX {
                    return Err(fault(at, "it nests too deep"));
                }
            }
            Event::Empty(start) => {
                check_tag(&start, at)?;
                roots += usize::from(depth == 0);
            }
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Text(content) => {
                let content: &str = &content;
                if let Some(behind) = content.find("]]>") {
                    return Err(fault(at + behind, "`]]>` cannot stand in text; write `]]&gt;`"));
                }
                // A byte order mark is none of the text.
                let shown = content.trim_start_matches('\u{FEFF}');
                if depth == 0 && !shown.trim_matches(is_space).is_empty() {
                    let before = content.len() - shown.trim_start_matches(is_space).len();
                    return Err(fault(at + before, "text stands outside of the root; put it into an element"));
                }
            }
            Event::GeneralRef(_) | Event::CData(_) if depth == 0 => {
                return Err(fault(at, "text stands outside of the root; put it into an element"));
            }
            Event::GeneralRef(reference) => check_reference(&reference, at)?,
            Event::DocType(_) => {
                return Err(fault(at, "a DOCTYPE is not sent: it can name entities and files; remove it"));
            }
            Event::Decl(declaration) => {
                if !text[..at].trim_start_matches('\u{FEFF}').is_empty() {
                    return Err(fault(at, "the XML declaration must stand at the very beginning"));
                }
                let encoding = declaration.encoding().transpose().map_err(|error| fault(at, error.to_string()))?;
                if encoding.is_some_and(|encoding| !encoding.eq_ignore_ascii_case("utf-8")) {
                    return Err(fault(
                        at,
                        "the data is sent as UTF-8, and its declaration names another encoding; write encoding=\"UTF-8\"",
                    ));
                }
            }
            Event::PI(instruction) if instruction.target().eq_ignore_ascii_case("xml") => {
                return Err(fault(at, "the XML declaration must stand at the very beginning"));
            }
            Event::CData(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof if depth > 0 => {
                return Err(fault(text.len(), "it ends too early: an element is not closed"));
            }
            Event::Eof if roots == 0 => return Err(XmlFault { at: text.len(), message: EMPTY.to_owned() }),
            Event::Eof => return Ok(()),
        }
    }
}

fn fault(at: usize, message: impl AsRef<str>) -> XmlFault {
    XmlFault { at, message: format!("{NOT_XML}{}", message.as_ref()) }
}

fn check_tag(start: &BytesStart<'_>, at: usize) -> Result<(), XmlFault> {
    let name = start.name();
    if !is_name(name.as_ref()) {
        return Err(fault(at, format!("`{}` is no element's name", name.as_ref())));
    }
    let mut quote = None;
    let mut is_behind_value = false;
    for c in start.chars() {
        if is_behind_value && !is_space(c) {
            return Err(fault(at, "white space is missing between two attributes"));
        }
        is_behind_value = quote == Some(c);
        quote = match quote {
            Some(open) if open == c => None,
            Some(open) => Some(open),
            None => Some(c).filter(|c| matches!(c, '"' | '\'')),
        };
    }
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| fault(at, error.to_string()))?;
        let key = attribute.key;
        if !is_name(key.as_ref()) {
            return Err(fault(at, format!("`{}` is no attribute's name", key.as_ref())));
        }
        if attribute.value.contains('<') {
            return Err(fault(at, "`<` cannot stand in an attribute's value; write `&lt;`"));
        }
        for (_, behind) in attribute.value.match_indices('&').map(|(at, _)| attribute.value.split_at(at + 1)) {
            let Some((reference, _)) = behind.split_once(';') else {
                return Err(fault(at, "`&` stands alone in an attribute's value; write `&amp;`"));
            };
            check_reference(reference, at)?;
        }
    }
    Ok(())
}

/// What stands between `&` and `;`.
fn check_reference(reference: &str, at: usize) -> Result<(), XmlFault> {
    let number = match reference.strip_prefix('#') {
        None if ["amp", "lt", "gt", "quot", "apos"].contains(&reference) => return Ok(()),
        None => {
            return Err(fault(
                at,
                "an entity is not known: XML has amp, lt, gt, quot and apos, and numbers such as &#160;",
            ));
        }
        Some(number) => number,
    };
    let code = match number.strip_prefix('x') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => u32::from_str_radix(digits, 16).ok(),
        None if number.bytes().all(|byte| byte.is_ascii_digit()) => number.parse().ok(),
        _ => None,
    };
    if code.and_then(char::from_u32).is_some_and(is_char) {
        return Ok(());
    }
    Err(fault(at, "a reference to a character that XML does not have"))
}

/// Section 2.2.
fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r') || (c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}'))
}

const fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Section 2.3.
fn is_name(name: &str) -> bool {
    let begins = |c: char| {
        matches!(c, ':' | '_' | 'A'..='Z' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
            | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
            | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
            | '\u{10000}'..='\u{EFFFF}')
    };
    let goes_on = |c| {
        begins(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
    };
    name.starts_with(begins) && name.chars().all(goes_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_formed_text_is_told_from_what_is_not() {
        for text in [
            "<a/>",
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<a b='1' c=\"&lt;&#9;&#x1F600;\">x &amp; y<![CDATA[<z>]]><!-- c --><?pi x?></a>\n",
            "\u{FEFF}<a/>",
            "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Body>\u{e9}\u{1F600}</s:Body></s:Envelope>",
            "<\u{e9}l-1.x>></\u{e9}l-1.x>",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        for (text, at, said) in [
            ("", 0, "no XML element"),
            ("  <!-- nobody -->", 17, "no XML element"),
            ("<a>", 3, "not closed"),
            ("<a></b>", 3, "expected"),
            ("</a>", 0, ""),
            ("<a/><b/>", 4, "second root"),
            ("x<a/>", 0, "outside of the root"),
            ("<a/>\n x", 6, "outside of the root"),
            ("<a/>&amp;", 4, "outside of the root"),
            ("<a>&nbsp;</a>", 3, "entity is not known"),
            ("<a>&</a>", 3, ""),
            ("<a>x & y</a>", 5, ""),
            ("<a>&#0;</a>", 3, "does not have"),
            ("<a>&#x;</a>", 3, "does not have"),
            ("<a>&#+5;</a>", 3, "does not have"),
            ("<a>]]></a>", 3, "`]]>`"),
            ("<a b='1' b='2'/>", 0, "duplicat"),
            ("<a b='<'/>", 0, "attribute's value"),
            ("<a b='&'/>", 0, "stands alone"),
            ("<a b='&x;'/>", 0, "entity is not known"),
            ("<a b=1/>", 0, ""),
            ("<a b/>", 0, ""),
            ("<a b='1'c='2'/>", 0, "white space is missing"),
            ("<1a/>", 0, "element's name"),
            ("<a 1='2'/>", 0, "attribute's name"),
            ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", 0, "DOCTYPE"),
            ("\n<?xml version='1.0'?><a/>", 1, "very beginning"),
            ("<?xml version='1.0' encoding='latin1'?><a/>", 0, "UTF-8"),
            ("<a><!-- -- --></a>", 0, ""),
            ("<a>\u{1}</a>", 3, "U+0001"),
            ("<a>\u{FFFF}</a>", 3, "U+FFFF"),
        ] {
            let found = check(text).expect_err(text);
            assert!(found.message.contains(said), "{text}: {}", found.message);
            assert!(said.is_empty() || found.at == at, "{text}: {} at {}", found.message, found.at);
            assert!(found.message == EMPTY || found.message.starts_with(NOT_XML));
        }
        let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
        assert!(check(&deep).unwrap_err().message.contains("too deep"));
    }

    #[test]
    fn a_token_may_stand_where_a_value_is_text() {
        for before in [
            "",
            "<a>",
            "<a b=\"",
            "<a b='\"",
            "<a b='1'>x",
            "<!-- a > --><b>",
            "<![CDATA[ ]]]><b>",
            "<!---->",
            "<?x ??>",
        ] {
            let mut state = XmlState::default();
            state.feed(before);
            assert_eq!(state.objection(), None, "{before}");
        }
        for before in [
            "<",
            "<a",
            "<a ",
            "<a b=",
            "</",
            "<a b='1'",
            "<!",
            "<!-",
            "<!--",
            "<!-- ->",
            "<![CDATA[",
            "<![CDATA[ ]>",
            "<?x",
            "<!DOCTYPE",
        ] {
            let mut state = XmlState::default();
            for c in before.chars() {
                state.feed(c.encode_utf8(&mut [0; 4]));
            }
            assert!(state.objection().is_some(), "{before}");
        }
    }
}
