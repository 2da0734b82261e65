//! What an administrator should know of rules that are right: `Sync.warnings`.

use crate::attempt::context_of;
use crate::compiled::{CompiledSync, IdPlan};
use percent_encoding::percent_decode_str;
use sync_core::digest::CONSTANT_KEY;
use sync_core::fault::Fault;
use sync_core::patch::{rule_field, shown_secrets};
use sync_core::person::Person;
use sync_core::ports::CompiledRule;
use sync_core::sync::{BodyFormat, EmptyWhen, Method, OnExisting, Operation};
use sync_core::unique_id::{IdSource, JsonPath};

impl CompiledSync {
    /// What an administrator should know about rules that are right, but cost more requests than they may expect.
    pub(crate) fn warnings(&self, sample: &Person) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(update) = self.rule(Operation::Update)
            && self.rules.update_on
            && ["updated_at", "last_logged_in", ""].iter().any(|token| update.tokens().person.contains(*token))
        {
            warnings.push(
                "Update Users renders a field that differs with every change, such as updated_at: every change of a \
                 person sends a request, even one that matters to nothing else in it"
                    .to_owned(),
            );
        }
        if !self.rules.unique_id && !self.rules.lookup && (self.rules.update_on || self.rules.delete_on) {
            warnings.push(
                "no unique id is configured: people are created, and can be neither updated nor deleted".to_owned(),
            );
        }
        self.warn_of_creates(sample, &mut warnings);
        self.warn_of_doubt(&mut warnings);
        self.warn_of_paths(&mut warnings);
        self.warn_of_templates(&mut warnings);
        warnings.extend(shown_secrets(&self.config.settings).into_iter().map(|(operation, header)| {
            format!(
                "the header {header} of the {} rule is shown to everybody who may read this sync: give its value again, as a \
                 secret",
                operation.as_str()
            )
        }));
        warnings
    }

    /// Creates that make no record of the person, or not the one that is meant.
    fn warn_of_creates(&self, sample: &Person, warnings: &mut Vec<String>) {
        let settings = &self.config.settings;
        for (operation, rule) in settings.rules() {
            if rule.format == BodyFormat::None && rule.data.as_ref().is_some_and(|data| !data.trim().is_empty()) {
                warnings.push(format!(
                    "{}.data is not sent, since its format is NONE: choose a format, or take the data away",
                    rule_field(operation)
                ));
            }
        }
        let (Some(create), true) = (self.rule(Operation::Create), self.rules.create_on) else { return };
        if settings.create.as_ref().is_some_and(|rule| rule.method == Method::Get) {
            warnings.push("Create Users sends a GET, which makes a record in hardly any system".to_owned());
        }
        let tokens = create.tokens();
        if tokens.person.is_empty() {
            warnings.push("Create Users says nothing of the person: everybody's record is the same".to_owned());
        }
        if self.rules.chosen_id && self.hands_id_over(create.as_ref(), sample) == Some(false) {
            warnings.push(
                "the unique id is chosen by its template, and Create Users does not hand it over: put it into the data, or into \
                 the URL of a PUT"
                    .to_owned(),
            );
        }
    }

    /// Whether the create of a person holds the id that is chosen for them. `None`: it cannot be rendered for this one.
    fn hands_id_over(&self, create: &dyn CompiledRule, sample: &Person) -> Option<bool> {
        let id = self.choose_id(&context_of(self, sample, None, CONSTANT_KEY))?.ok()?;
        let request = create.render(&context_of(self, sample, Some(&id), CONSTANT_KEY)).ok()?;
        let says = |text: &str| text.contains(id.as_str());
        let body = request.body.as_deref().map(String::from_utf8_lossy);
        let url = percent_decode_str(request.url.as_str()).decode_utf8_lossy().into_owned();
        let in_headers = request.headers.iter().any(|header| says(&header.value));
        Some(in_headers || says(&url) || body.is_some_and(|body| says(&body)))
    }

    /// What the templates themselves say of.
    fn warn_of_templates(&self, warnings: &mut Vec<String>) {
        for (operation, rule) in
            Operation::ALL.into_iter().filter_map(|operation| Some((operation, self.rule(operation)?)))
        {
            warnings
                .extend(rule.warnings().iter().map(|warning| warning.clone().under(rule_field(operation)).to_string()));
        }
        if let IdPlan::Choose(text) = &self.ids {
            let under = |warning: &Fault| warning.clone().under("template").under("uniqueId").to_string();
            warnings.extend(text.warnings().iter().map(under));
        }
    }

    /// Requests that may make or mean another record than one thinks.
    fn warn_of_doubt(&self, warnings: &mut Vec<String>) {
        let rules = &self.rules;
        if rules.create_on && !rules.lookup && !rules.chosen_id && !rules.create_mentions_key {
            warnings.push(
                "a create whose answer is lost is sent again, and may make a second record, or parks its person: set up a lookup \
                 rule, choose the unique id by a template, or hand over {{ idempotency_key }} where the system honours it"
                    .to_owned(),
            );
        }
        if rules.follow_id && rules.update_on && !(rules.lookup && rules.lookup_names_person) {
            warnings.push(
                "an update whose answer is lost may have moved the record to another unique id: where an update of an id that is \
                 not there makes a record, the next one makes a second. A lookup rule that searches by {{ person.id }} is asked \
                 first"
                    .to_owned(),
            );
        }
        let without_updates = [
            (rules.follow_id, "the unique id is to be read from updates"),
            (rules.on_existing == OnExisting::Adopt, "a record that exists already is to be linked and updated"),
        ];
        for (_, what) in without_updates.iter().filter(|(is_set, _)| *is_set && !rules.update_on) {
            warnings.push(format!("{what}, but Update Users is off: nothing is sent to it"));
        }
        for (operation, name) in [(Operation::Update, "Update Users"), (Operation::Delete, "Delete Users")] {
            if self.rule(operation).is_some_and(|rule| !rule.tokens().unique_id) && !rules.chosen_id {
                warnings.push(format!(
                    "{name} does not name unique_id, so it may mean another record than the one that is linked"
                ));
            }
        }
    }

    /// Paths that can take something else for a record, or for its absence.
    fn warn_of_paths(&self, warnings: &mut Vec<String>) {
        if let IdPlan::Read(IdSource::Path(path)) = &self.ids
            && path.can_match_error()
        {
            warnings.push(format!(
                "the unique id's path {} can select an id within an error: name the way to the record, such as $.data.id",
                path.as_str()
            ));
        }
        if let Some(EmptyWhen::Status(404 | 410)) =
            self.config.settings.lookup.as_ref().and_then(|it| it.empty_when.as_ref())
        {
            warnings.push(
                "the lookup takes 404 or 410 for nobody (emptyWhen), and a wrong URL answers the same: test it with a person \
                 who is there"
                    .to_owned(),
            );
        }
        let lookup = self.lookup_path.iter().flat_map(JsonPath::warnings);
        warnings.extend(lookup.map(|warning| format!("the lookup's path {warning}")));
    }
}
