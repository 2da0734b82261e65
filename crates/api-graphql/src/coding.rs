//! Every error gets its code here, at the edge: over HTTP and over WebSocket alike.

use crate::errors::ApiError;
use crate::{fitting, limits, numbers, variables};
use async_graphql::extensions::{
    Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextPrepareRequest, NextRequest, NextSubscribe,
    NextValidation,
};
use async_graphql::parser::types::{ExecutableDocument, OperationType};
use async_graphql::registry::{MetaType, Registry};
use async_graphql::{
    ErrorExtensionValues, Name, Request, Response, ServerError, ServerResult, ValidationResult, Value, Variables,
};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use sync_core::fault::{Fault, PathPart};
use sync_engine::{EngineError, chain};
use tracing::{error, warn};

const BAD_USER_INPUT: &str = "BAD_USER_INPUT";
const PARSE_FAILED: &str = "GRAPHQL_PARSE_FAILED";
const VALIDATION_FAILED: &str = "GRAPHQL_VALIDATION_FAILED";
const TOO_COMPLEX: &str = "TOO_COMPLEX";
const UNAVAILABLE: &str = "UNAVAILABLE";

/// Gives codes to the errors of a response that has not been through [`Schema::execute`](async_graphql::Schema::execute),
/// such as that of a document that could not be parsed. What has a code already keeps it.
pub fn coded(response: Response) -> Response {
    mended(response, PARSE_FAILED, false)
}

/// The document of a request, parsed; the error has its code. Whoever looks at a document before the schema does must come
/// here: the library's own `parsed_query` overflows the stack where brackets nest deep.
pub fn parsed(request: &mut Request) -> Result<&ExecutableDocument, ServerError> {
    limits::check_brackets(&request.query).map_err(too_complex)?;
    numbers::in_document(request).map_err(|fault| with_code(fault, PARSE_FAILED))?;
    request.parsed_query().map_err(|fault| with_code(fault, PARSE_FAILED))
}

fn unfit(faults: Vec<Fault>) -> ServerError {
    let faults = EngineError::Invalid(faults);
    let mut error = ServerError::new(faults.to_string(), None);
    describe(&mut error, &faults, false);
    error
}

/// Where a value is none of an enumeration, the library says so; which there are is the mend.
fn name_values(message: &mut String, registry: &Registry) {
    let name = message.split_once("enumeration type \"").and_then(|(_, rest)| rest.split_once('"'));
    let Some(MetaType::Enum { enum_values, .. }) = name.and_then(|(name, _)| registry.types.get(name)) else { return };
    let values: Vec<&str> = enum_values.keys().map(String::as_str).collect();
    *message = format!("{message}; give one of {}", values.join(", "));
}

fn too_complex(message: String) -> ServerError {
    with_code(ServerError::new(message, None), TOO_COMPLEX)
}

/// The extension that gives codes: one for each request.
#[derive(Default)]
pub(crate) struct Coding {
    /// Whether a mutation is run.
    mutates: AtomicBool,
    /// How to mend what validation will refuse.
    mends: Mutex<Vec<fitting::Mend>>,
}

impl ExtensionFactory for Coding {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self::default())
    }
}

#[async_trait::async_trait]
impl Extension for Coding {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let response = next.run(ctx).await;
        mended(response, VALIDATION_FAILED, self.mutates.load(Ordering::Relaxed))
    }

    fn subscribe<'s>(
        &self,
        ctx: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        next.run(ctx, stream).map(|response| mended(response, VALIDATION_FAILED, false)).boxed()
    }

    /// Refuses bombs before anything walks the document as it would be with all fragments spread out, and writes unset
    /// variables out of it.
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let mut request = next.run(ctx, request).await?;
        let name = request.operation_name.clone();
        let document = parsed(&mut request)?;
        let is_meant = |given: Option<&Name>| name.is_none() || given.map(Name::as_str) == name.as_deref();
        let mut meant = document.operations.iter().filter(|(given, _)| is_meant(*given));
        self.mutates.store(meant.any(|(_, operation)| operation.node.ty == OperationType::Mutation), Ordering::Relaxed);
        limits::check_size(document).map_err(too_complex)?;
        numbers::in_variables(&mut request).map_err(|fault| with_code(fault, BAD_USER_INPUT))?;
        variables::write_out_unset(&mut request).map_err(|fault| with_code(fault, VALIDATION_FAILED))?;
        let variables = std::mem::take(&mut request.variables);
        let found = fitting::find(request.parsed_query()?, &variables, &ctx.schema_env.registry);
        request.variables = variables;
        *self.mends.lock().unwrap_or_else(PoisonError::into_inner) = found.mends;
        let faults = found.faults;
        if faults.is_empty() { Ok(request) } else { Err(unfit(faults)) }
    }

    /// The document is parsed already: what fails here is a limit.
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        next.run(ctx, query, variables).await.map_err(|fault| with_code(fault, TOO_COMPLEX))
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        next.run(ctx).await.map_err(|faults| {
            let code = |mut fault: ServerError| {
                name_values(&mut fault.message, &ctx.schema_env.registry);
                for mend in self.mends.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                    mend.add_to(&mut fault.message);
                }
                let is_limit = matches!(fault.message.as_str(), "Query is too complex." | "Query is nested too deep.");
                with_code(fault, if is_limit { TOO_COMPLEX } else { VALIDATION_FAILED })
            };
            faults.into_iter().map(code).collect()
        })
    }
}

/// `never_ran`: the code of errors that stand nowhere in the answer. `mutates`: whether the answer is a mutation's.
fn mended(mut response: Response, never_ran: &'static str, mutates: bool) -> Response {
    // One failed batch fails many fields, and is logged once.
    let mut logged = HashSet::new();
    for error in &mut response.errors {
        if error.extensions.as_ref().is_some_and(|extensions| extensions.get("code").is_some()) {
            continue;
        }
        match error.source::<ApiError>().cloned() {
            Some(ApiError::Engine(source)) => {
                if logged.insert(Arc::as_ptr(&source)) {
                    log(&source);
                }
                // Within the answer of a mutation: it was carried out, as its fields would not be asked for otherwise.
                describe(error, &source, mutates && error.path.len() > 1);
            }
            Some(ApiError::Unauthenticated) => set_code(error, "UNAUTHENTICATED"),
            Some(ApiError::Forbidden(_)) => set_code(error, "FORBIDDEN"),
            Some(ApiError::Behind(_)) => unavailable(error, CarriedOut::No),
            None if error.path.is_empty() => set_code(error, never_ran),
            None if is_coercion(&error.message) => {
                let fault = Fault::here(error.message.clone());
                describe(error, &EngineError::invalid(fault), false);
            }
            None => {
                error!(error = error.message, "a field could not be resolved");
                "an internal error".clone_into(&mut error.message);
                set_code(error, "INTERNAL");
            }
        }
        error.source = None;
    }
    response
}

/// What the library says of an argument that passed validation but is none of its type; [`fitting`] has looked before.
fn is_coercion(message: &str) -> bool {
    message.starts_with("Failed to parse \"") || message.starts_with("Expected input type \"")
}

fn log(error: &EngineError) {
    match error {
        EngineError::Internal(_) => error!(error = chain(error), "an API request failed"),
        EngineError::Unavailable(_) | EngineError::Lost(_) => {
            warn!(error = chain(error), "an API request could not be served");
        }
        EngineError::Invalid(_) | EngineError::NotFound(_) | EngineError::Conflict(_) => {}
    }
}

fn describe(error: &mut ServerError, source: &EngineError, carried_out: bool) {
    match source {
        EngineError::Invalid(faults) => {
            match faults.as_slice() {
                [fault] => error.message = fault.to_string(),
                [first, ..] => {
                    error.message = format!(
                        "the input has {} faults, all of them in extensions.fields. The first: {first}",
                        faults.len()
                    );
                }
                [] => {}
            }
            set_code(error, BAD_USER_INPUT);
            let fields = faults.iter().map(field).collect();
            error.extensions.get_or_insert_default().set("fields", Value::List(fields));
        }
        EngineError::NotFound(_) => set_code(error, "NOT_FOUND"),
        EngineError::Conflict(_) => set_code(error, "CONFLICT"),
        EngineError::Unavailable(_) | EngineError::Lost(_) if carried_out => {
            "carried out, but what came of it cannot be read now: ask for it later".clone_into(&mut error.message);
            unavailable(error, CarriedOut::Yes);
        }
        EngineError::Unavailable(_) => unavailable(error, CarriedOut::No),
        EngineError::Lost(_) => unavailable(error, CarriedOut::Unknown),
        EngineError::Internal(_) => set_code(error, "INTERNAL"),
    }
}

/// Whether what was asked for was done although the answer is an error.
#[derive(Clone, Copy)]
enum CarriedOut {
    No,
    /// It may have been.
    Unknown,
    Yes,
}

fn unavailable(error: &mut ServerError, carried_out: CarriedOut) {
    set_code(error, UNAVAILABLE);
    let said = match carried_out {
        CarriedOut::No => "NO",
        CarriedOut::Unknown => "UNKNOWN",
        CarriedOut::Yes => "YES",
    };
    error.extensions.get_or_insert_default().set("carriedOut", said);
}

fn field(fault: &Fault) -> Value {
    let path = fault.path.iter().map(|part| match part {
        PathPart::Field(name) => Value::String(name.clone()),
        PathPart::Index(index) => Value::from(*index as u64),
    });
    let mut members = vec![
        (Name::new("path"), Value::List(path.collect())),
        (Name::new("message"), Value::String(fault.message.clone())),
    ];
    if let Some(position) = fault.position {
        members.push((Name::new("line"), Value::from(position.line)));
        members.push((Name::new("column"), Value::from(position.column)));
    }
    Value::Object(members.into_iter().collect())
}

fn set_code(error: &mut ServerError, code: &str) {
    error.extensions.get_or_insert_with(ErrorExtensionValues::default).set("code", code);
}

fn with_code(mut error: ServerError, code: &str) -> ServerError {
    set_code(&mut error, code);
    error
}
