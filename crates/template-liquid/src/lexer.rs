//! Splits a template into literal text, outputs and tags, and those into tokens.
//!
//! Everything behind it works on these chunks, so that the Liquid parser only ever sees tags that were read and written
//! afresh: its quadratic white space, its literal prefixes and its panics on large numbers are out of reach.

use crate::limits::TERMS_PER_TAG_MAX;

/// A fault at a byte offset of the template.
#[derive(Clone, Debug)]
pub(crate) struct Flaw {
    pub(crate) at: usize,
    pub(crate) message: String,
}

impl Flaw {
    pub(crate) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

/// A part of a template.
#[derive(Debug)]
pub(crate) enum Chunk<'t> {
    /// Literal text.
    Text { at: usize, text: &'t str },
    /// `{{ … }}`
    Output { at: usize, end: usize, tokens: Vec<Token<'t>> },
    /// `{% name … %}`
    Tag { at: usize, end: usize, name: &'t str, tokens: Vec<Token<'t>> },
}

/// A token inside an output or tag.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'t> {
    pub(crate) at: usize,
    pub(crate) kind: Kind<'t>,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'t> {
    Word(&'t str),
    /// With its quotes.
    Text(&'t str),
    Whole(&'t str),
    Fraction(&'t str),
    Symbol(&'static str),
}

impl Kind<'_> {
    /// As it is called in messages. Texts are not shown: a template may be a secret.
    pub(crate) fn describe(self) -> String {
        match self {
            Self::Word(word) => format!("`{word}`"),
            Self::Text(_) => "a text".to_owned(),
            Self::Whole(_) | Self::Fraction(_) => "a number".to_owned(),
            Self::Symbol(symbol) => format!("`{symbol}`"),
        }
    }
}

const SYMBOLS: [&str; 17] = ["==", "!=", "<>", ">=", "<=", "..", "|", ":", ",", ".", "[", "]", "(", ")", "=", "<", ">"];

/// Splits `template[start..end]`. A tag that cannot be read is told and left out; one that is not closed ends the work.
pub(crate) fn split(template: &str, start: usize, end: usize) -> (Vec<Chunk<'_>>, Vec<Flaw>) {
    let mut lexer = Lexer { template, end, at: start, trim: false, chunks: Vec::new(), flaws: Vec::new() };
    if let Some(nul) = template[start..end].find('\0') {
        lexer.flaws.push(Flaw::new(start + nul, "the character U+0000 cannot be sent; remove it"));
    }
    while lexer.at < end {
        if let Err(flaw) = lexer.next() {
            lexer.flaws.push(flaw);
            break;
        }
    }
    (lexer.chunks, lexer.flaws)
}

struct Lexer<'t> {
    template: &'t str,
    end: usize,
    at: usize,
    /// Whether the tag before ended in `-%}`.
    trim: bool,
    chunks: Vec<Chunk<'t>>,
    flaws: Vec<Flaw>,
}

/// An output or tag between its braces.
struct Braced<'t> {
    open: usize,
    inner: &'t str,
    inner_at: usize,
    end: usize,
    /// Whether it ends in a dash: white space behind it goes.
    trims_after: bool,
}

impl<'t> Lexer<'t> {
    fn next(&mut self) -> Result<(), Flaw> {
        let from = self.at;
        let open = self.find_open(from);
        let Some(open) = open else {
            self.text(from, self.end, false);
            self.at = self.end;
            return Ok(());
        };
        let braced = self.braced(open)?;
        let trims_before = self.template[open + 2..].starts_with('-');
        self.text(from, open, trims_before);
        self.at = braced.end;
        self.trim = braced.trims_after;
        if self.template[open..].starts_with("{{") {
            match tokens(braced.inner, braced.inner_at) {
                Ok(tokens) if tokens.is_empty() => {
                    self.flaws.push(Flaw::new(open, "the braces are empty; write a token between them"));
                }
                Ok(tokens) => self.chunks.push(Chunk::Output { at: open, end: braced.end, tokens }),
                Err(flaw) => self.flaws.push(flaw),
            }
            return Ok(());
        }
        self.tag(&braced)
    }

    fn tag(&mut self, braced: &Braced<'t>) -> Result<(), Flaw> {
        let (at, name) = (braced.open, tag_name(braced.inner));
        let behind_name = braced.inner.trim_start()[name.len()..].trim();
        match name {
            "" if braced.inner.trim_start().starts_with('#') => {}
            "" => self.flaws.push(Flaw::new(at, "the tag has no name; write one such as `if`")),
            "comment" => {
                let end_tag = self.end_of(braced, "comment", "endcomment")?;
                self.skip_to(&end_tag);
            }
            "raw" if behind_name.is_empty() => {
                let end_tag = self.end_of(braced, "", "endraw")?;
                self.text(braced.end, end_tag.open, self.template[end_tag.open + 2..].starts_with('-'));
                self.skip_to(&end_tag);
            }
            _ => {
                let name_at = braced.inner_at + (braced.inner.len() - braced.inner.trim_start().len());
                let rest_at = name_at + name.len();
                match tokens(&self.template[rest_at..braced.inner_at + braced.inner.len()], rest_at) {
                    Ok(tokens) => self.chunks.push(Chunk::Tag { at, end: braced.end, name, tokens }),
                    Err(flaw) => {
                        // The block's shape is kept, so that one unreadable tag does not make its end a fault too.
                        self.flaws.push(flaw);
                        self.chunks.push(Chunk::Tag { at, end: braced.end, name, tokens: Vec::new() });
                    }
                }
            }
        }
        Ok(())
    }

    fn find_open(&self, from: usize) -> Option<usize> {
        let text = &self.template[from..self.end];
        text.match_indices('{')
            .map(|(at, _)| from + at)
            .find(|&at| matches!(self.template.as_bytes().get(at + 1), Some(b'{' | b'%')))
            .filter(|&at| at + 1 < self.end)
    }

    /// Finds the end of an output or tag; braces in quotes do not count.
    fn braced(&self, open: usize) -> Result<Braced<'t>, Flaw> {
        let bytes = &self.template.as_bytes()[..self.end];
        let (opening, closing): (&str, &[u8]) = if bytes[open + 1] == b'{' { ("{{", b"}}") } else { ("{%", b"%}") };
        let is_comment = self.template[open + 2..self.end]
            .trim_start_matches(|c: char| c == '-' || c.is_whitespace())
            .starts_with('#');
        let mut quote = None;
        let mut at = open + 2;
        while at < bytes.len() {
            match (quote, bytes[at]) {
                (Some((_, mark)), byte) if byte == mark => quote = None,
                (None, mark @ (b'"' | b'\'')) if !is_comment => quote = Some((at, mark)),
                (None, _) if bytes[at..].starts_with(closing) => {
                    let inner = &self.template[open + 2..at];
                    let (inner_at, inner) = match inner.strip_prefix('-') {
                        Some(inner) => (open + 3, inner),
                        None => (open + 2, inner),
                    };
                    let (inner, trims_after) = inner.strip_suffix('-').map_or((inner, false), |inner| (inner, true));
                    return Ok(Braced { open, inner, inner_at, end: at + 2, trims_after });
                }
                // No tag holds another: this one was to end before.
                (None, b'{') if !is_comment && matches!(bytes.get(at + 1), Some(b'{' | b'%')) => break,
                _ => {}
            }
            at += 1;
        }
        // A quote that belongs to the text behind, such as that around a value in JSON, hides no end of the tag.
        let behind = &self.template[open + 2..self.end];
        let next = behind.find("{{").into_iter().chain(behind.find("{%")).min();
        let before_next = &behind[..next.unwrap_or(behind.len())];
        let ends = before_next.as_bytes().windows(2).any(|pair| pair == closing);
        let quote = quote.filter(|_| ends);
        Err(match quote {
            Some((quote, _)) => Flaw::new(quote, "the quote is not closed within its tag; close it"),
            None => Flaw::new(
                open,
                format!("`{opening}` is not closed; end it with `{}`", String::from_utf8_lossy(closing)),
            ),
        })
    }

    /// The tag that ends a `raw` or `comment`.
    fn end_of(&self, opened: &Braced<'t>, nested: &str, end_tag: &str) -> Result<Braced<'t>, Flaw> {
        let mut depth = 1;
        for (at, _) in self.template[opened.end..self.end].match_indices("{%") {
            let at = opened.end + at;
            let name = tag_name(self.template[at + 2..self.end].trim_start_matches('-'));
            if name == nested && !nested.is_empty() {
                depth += 1;
            } else if name == end_tag {
                depth -= 1;
            }
            if depth == 0 {
                return self.braced(at);
            }
        }
        Err(Flaw::new(opened.open, format!("the block is not closed; end it with `{{% {end_tag} %}}`")))
    }

    fn skip_to(&mut self, end_tag: &Braced<'t>) {
        self.at = end_tag.end;
        self.trim = end_tag.trims_after;
    }

    fn text(&mut self, from: usize, to: usize, trim_end: bool) {
        let mut text = &self.template[from..to];
        let mut at = from;
        if std::mem::take(&mut self.trim) {
            text = text.trim_start();
            at = to - text.len();
        }
        if trim_end {
            text = text.trim_end();
        }
        if !text.is_empty() {
            self.chunks.push(Chunk::Text { at, text });
        }
    }
}

fn tag_name(inner: &str) -> &str {
    let inner = inner.trim_start();
    &inner[..inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len())]
}

/// Reads the inside of an output or tag. `base` is where it stands in the template.
fn tokens(text: &str, base: usize) -> Result<Vec<Token<'_>>, Flaw> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = base + text.len() - rest.len();
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        if tokens.len() == TERMS_PER_TAG_MAX {
            return Err(Flaw::new(at, format!("the tag has more than {TERMS_PER_TAG_MAX} terms; write it shorter")));
        }
        let (kind, length) = token(rest, first, at)?;
        tokens.push(Token { at, kind });
        rest = &rest[length..];
    }
}

fn token(rest: &str, first: char, at: usize) -> Result<(Kind<'_>, usize), Flaw> {
    let until = |stop: fn(char) -> bool, from: usize| rest[from..].find(stop).map_or(rest.len(), |n| from + n);
    if first == '"' || first == '\'' {
        let length = rest[1..].find(first).map(|n| n + 2);
        return length
            .map(|n| (Kind::Text(&rest[..n]), n))
            .ok_or_else(|| Flaw::new(at, "the quote is not closed within its tag; close it"));
    }
    if first.is_ascii_alphabetic() || first == '_' {
        let length = until(|c| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'), 0);
        return Ok((Kind::Word(&rest[..length]), length));
    }
    let sign = usize::from(matches!(first, '+' | '-'));
    if rest[sign..].starts_with(|c: char| c.is_ascii_digit()) {
        return number(rest, sign, at);
    }
    SYMBOLS
        .into_iter()
        .find(|symbol| rest.starts_with(symbol))
        .map(|symbol| (Kind::Symbol(symbol), symbol.len()))
        .ok_or_else(|| match first {
            '&' => Flaw::new(at, "`&` means nothing here; write `and`"),
            '!' => Flaw::new(at, "`!` means nothing here; write `!=`, or `unless`"),
            _ => Flaw::new(at, format!("unexpected character `{first}`; put text in quotes")),
        })
}

fn number(rest: &str, sign: usize, at: usize) -> Result<(Kind<'_>, usize), Flaw> {
    let digits = |from: usize| rest[from..].find(|c: char| !c.is_ascii_digit()).map_or(rest.len(), |n| from + n);
    let whole = digits(sign);
    let fraction = rest[whole..].starts_with('.') && rest[whole + 1..].starts_with(|c: char| c.is_ascii_digit());
    let length = if fraction { digits(whole + 1) } else { whole };
    let text = &rest[..length];
    if rest[length..].starts_with(|c: char| c.is_alphanumeric() || c == '_') {
        return Err(Flaw::new(
            at,
            "a name cannot begin with a digit; put it in brackets and quotes: `person.custom[\"2nd\"]`",
        ));
    }
    let too_large = || Flaw::new(at, "the number is too large; put it in quotes to have its digits as text");
    if fraction {
        let fits = text.parse::<f64>().is_ok_and(f64::is_finite);
        return fits.then_some((Kind::Fraction(text), length)).ok_or_else(too_large);
    }
    text.parse::<i64>().map(|_| (Kind::Whole(text), length)).map_err(|_| too_large())
}
