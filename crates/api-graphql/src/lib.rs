//! The GraphQL schema over the engine: types, queries, mutations, subscriptions, guards.
//!
//! # Where to find what
//! - `query`, `mutation` and `subscription` are the roots; `people`, `syncs`, `rules`, `links`, `logs`, `stats`,
//!   `templates`, `keys` and `alerts` the types, `inputs` what configures a sync, `enums` the fixed words.
//! - `guard` says who may do what, `errors` which code an error has, `limits` what a document may cost;
//!   `variables` writes unset variables out of documents, `numbers` keeps the digits of people's numbers.
//! - `loaders` batches look-ups, so that a page costs a fixed number of queries.
//!
//! # Rules
//! - Domain types are never exposed: each type here is made of one of the core's.
//! - No argument and no input field has a default in the schema. Left out, null and an unset variable are told apart by
//!   `MaybeUndefined`, so that a patch never resets what it does not name.
//! - Whoever reads requests and writes answers passes their JSON text through [`take_in`] and [`give_out`].
//! - Every root field has a guard, and everything below it is read for the caller's account.

#![expect(clippy::unused_async, reason = "resolvers are async functions to the library, whether they wait or not")]

mod alerts;
mod coding;
mod enums;
mod errors;
mod fitting;
mod guard;
mod holds;
mod inputs;
mod keys;
mod limits;
mod links;
mod loaders;
mod logs;
mod mutation;
mod numbers;
mod page;
mod people;
mod query;
mod rules;
mod scalars;
mod stats;
mod subscription;
mod syncs;
mod templates;
mod variables;

pub use coding::{coded, parsed};
pub use guard::Caller;
pub use mutation::Mutation;
pub use numbers::{give_out, take_in};
pub use query::{Query, ServerInfo};
pub use subscription::Subscription;

use async_graphql::SDLExportOptions;
use async_graphql::SchemaBuilder;
use sync_engine::Engine;

/// The schema. Requests and WebSocket connections carry a [`Caller`] as data.
pub type Schema = async_graphql::Schema<Query, Mutation, Subscription>;

/// The schema over an engine. Must be called within a tokio runtime, which batches look-ups.
pub fn schema(engine: Engine, server: ServerInfo) -> Schema {
    builder().data(loaders::loader(engine.store().clone())).data(engine).data(server).finish()
}

/// The schema as SDL, with its descriptions.
pub fn sdl() -> String {
    let options = SDLExportOptions::new().include_specified_by().prefer_single_line_descriptions().use_space_ident();
    builder().finish().sdl_with_options(options)
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query, Mutation, Subscription)
        .limit_depth(limits::DEPTH_MAX)
        .limit_complexity(limits::COMPLEXITY_MAX)
        .limit_recursive_depth(limits::NESTING_MAX)
        .limit_directives(limits::DIRECTIVES_MAX)
        .limit_aliases(limits::ALIASES_MAX)
        .extension(coding::Coding::default())
}
