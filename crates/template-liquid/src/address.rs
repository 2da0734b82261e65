//! The URL of a rule: its origin is literal, and what a person holds can neither leave its segment nor empty it.

use crate::check::Reading;
use crate::limits::URL_BYTES_MAX;
use crate::sink::Place;
use crate::template::{Rendered, Template};
use sync_core::fault::{Fault, Position};
use sync_core::ports::RenderContext;
use sync_core::sync::Origin;
use url::Url;

/// A compiled URL template.
pub(crate) struct Address {
    pub(crate) template: Template,
    origin: Origin,
    /// Where, in what is rendered, the host and port have ended.
    path_at: usize,
}

impl Address {
    /// Compiles a URL template; the white space around it does not count.
    pub(crate) fn new(source: &str, reading: Reading) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let origin = origin(source).map_err(|fault| faults.push(fault)).ok();
        match (Template::trimmed(source, Place::Url, reading), origin) {
            (Ok(template), Some((origin, path_at))) => Ok(Self { template, origin, path_at }),
            (Ok(_), None) => Err(faults),
            (Err(more), _) => {
                faults.extend(more);
                Err(faults)
            }
        }
    }

    /// Renders the URL.
    pub(crate) fn render(&self, context: &RenderContext<'_>) -> Result<Url, Fault> {
        let rendered = self.template.render(context)?;
        let text = &rendered.text;
        let fault = |at, message: &str| Err(self.template.fault_at(&rendered, at, message));
        if text.len() > URL_BYTES_MAX {
            return fault(text.len(), &format!("the URL renders more than {URL_BYTES_MAX} bytes"));
        }
        self.check_path(&rendered)?;
        let Ok(url) = Url::parse(text) else {
            return fault(0, "what is rendered is no URL");
        };
        if Origin::of(&url) != self.origin || !url.username().is_empty() || url.password().is_some() {
            return fault(self.path_at, "what is rendered would go to another host");
        }
        Ok(url)
    }

    fn check_path(&self, rendered: &Rendered) -> Result<(), Fault> {
        let text = &rendered.text;
        // A `?` within a value is encoded, so this is the template's own.
        let path_end = text[self.path_at..].find('?').map_or(text.len(), |at| self.path_at + at);
        let mut at = self.path_at;
        for segment in text[self.path_at..path_end].split('/') {
            let end = at + segment.len();
            let plain = segment.to_ascii_lowercase().replace("%2e", ".");
            // The first one is what stands before the path's slash: nothing.
            let is_segment = at > self.path_at;
            let dynamic = || self.template.is_dynamic(rendered, at, end);
            let message = match plain.as_str() {
                "" if is_segment && dynamic() => {
                    "a path segment renders empty, and the URL would mean another resource: many servers take it for the \
                     whole collection. Use a token that is always set, or `default`"
                }
                "." | ".." if dynamic() => {
                    "a path segment renders `.` or `..`, and the URL would mean another resource"
                }
                "." | ".." => "a path segment is `.` or `..`; write the path without it",
                _ => "",
            };
            if !message.is_empty() {
                return Err(self.template.fault_at(rendered, at, message));
            }
            at = end + 1;
        }
        Ok(())
    }
}

/// The origin of a URL template, and where in it (white space in front not counted) host and port end.
fn origin(source: &str) -> Result<(Origin, usize), Fault> {
    let start = source.len() - source.trim_ascii_start().len();
    match Origin::read(source) {
        Ok((origin, end)) => Ok((origin, end - start)),
        Err((at, message)) => Err(Fault::here(message).with_position(Position::of(source, at))),
    }
}
