//! Reading.

use crate::alerts::AlertSettings;
use crate::enums::Operation;
use crate::errors::Result;
use crate::guard::{ADMIN, READER, account, engine, scope};
use crate::keys::{ApiKey, Viewer};
use crate::limits::{list_cost, page_cost, query_cost};
use crate::links::search;
use crate::loaders::{PersonKey, SyncKey, load};
use crate::logs::{LogEntryNode, LogFilter};
use crate::page::{self, Connection};
use crate::people::{PersonNode, person_id};
use crate::scalars::DateTime;
use crate::stats::Stats;
use crate::syncs::SyncNode;
use crate::templates::{PreviewInput, RenderedRequest, TemplateFilter, Token};
use async_graphql::{Context, ID, Object};
use std::sync::Arc;
use sync_core::id::LogId;
use sync_core::ports::PeopleFilter;

/// What is being talked to.
#[derive(Clone, Debug)]
pub struct ServerInfo {
    /// The program's version.
    pub version: String,
    /// Where the mock CRM listens when it runs beside this server.
    pub mock_crm_url: Option<String>,
}

/// What is being talked to.
struct Server(ServerInfo);

/// What is being talked to
#[Object]
impl Server {
    async fn version(&self) -> &str {
        &self.0.version
    }

    /// Where the mock CRM listens when it runs beside this server
    async fn mock_crm_url(&self) -> Option<&str> {
        self.0.mock_crm_url.as_deref()
    }
}

/// The root of queries.
pub struct Query;

/// Reading. Needs an API key; READER sees everything but API keys
#[Object]
impl Query {
    /// Who this API key or console session is
    #[graphql(guard = "READER")]
    async fn viewer(&self) -> Viewer {
        Viewer
    }

    /// What is being talked to
    #[graphql(guard = "READER")]
    async fn server(&self, ctx: &Context<'_>) -> Server {
        Server(ctx.data_unchecked::<ServerInfo>().clone())
    }

    /// Newest first
    #[graphql(guard = "READER", complexity = "page_cost(first, child_complexity)")]
    async fn syncs(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<SyncNode>> {
        let request = page::request::<SyncNode>(first, after.as_deref())?;
        let page = engine(ctx).store().syncs(account(ctx)?, request).await?;
        Ok(Connection::of(page, after.is_some(), SyncNode::from))
    }

    #[graphql(guard = "READER")]
    async fn sync(&self, ctx: &Context<'_>, id: ID) -> Result<Option<SyncNode>> {
        let Ok(id) = id.parse() else { return Ok(None) };
        Ok(load(ctx, SyncKey(account(ctx)?, id)).await?.map(SyncNode))
    }

    /// In order of id. search: case-insensitive beginning of the id, the first, last or whole name, or any email.
    /// includeDeleted left out: false.
    #[graphql(guard = "READER", complexity = "page_cost(first, child_complexity)")]
    async fn people(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "search")] text: Option<String>,
        include_deleted: Option<bool>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<PersonNode>> {
        let search = search(text).map_err(|fault| fault.under("search"))?;
        let filter = PeopleFilter { search, include_deleted: include_deleted.unwrap_or(false) };
        let request = page::request::<PersonNode>(first, after.as_deref())?;
        let page = engine(ctx).store().people(account(ctx)?, &filter, request).await?;
        Ok(Connection::of(page, after.is_some(), |person| PersonNode(Arc::new(person))))
    }

    /// By the id that the source system gave. A deleted person is found, with deletedAt, until every link is settled
    #[graphql(guard = "READER")]
    async fn person(&self, ctx: &Context<'_>, id: ID) -> Result<Option<PersonNode>> {
        let id = person_id(id).map_err(|fault| fault.under("id"))?;
        Ok(load(ctx, PersonKey(account(ctx)?, id)).await?.map(PersonNode))
    }

    /// Newest first
    #[graphql(guard = "READER", complexity = "page_cost(first, child_complexity)")]
    async fn logs(
        &self,
        ctx: &Context<'_>,
        filter: Option<LogFilter>,
        first: Option<i32>,
        after: Option<String>,
    ) -> Result<Connection<LogEntryNode>> {
        let filter = filter.unwrap_or_default().checked()?;
        LogEntryNode::page(ctx, &filter, first, after).await
    }

    #[graphql(guard = "READER", complexity = "query_cost(child_complexity)")]
    async fn log(&self, ctx: &Context<'_>, id: ID) -> Result<Option<LogEntryNode>> {
        let Ok(id) = id.parse::<LogId>() else { return Ok(None) };
        let found = engine(ctx).store().logs_by_ids(account(ctx)?, &[id]).await?;
        Ok(found.into_iter().next().map(|entry| LogEntryNode(Arc::new(entry))))
    }

    /// Over all syncs of the account. since left out: 24 hours ago; until left out: now; operation left out: all
    #[graphql(guard = "READER", complexity = "query_cost(child_complexity)")]
    async fn stats(
        &self,
        ctx: &Context<'_>,
        since: Option<DateTime>,
        until: Option<DateTime>,
        operation: Option<Operation>,
    ) -> Result<Stats> {
        Stats::read(ctx, None, (since, until), operation).await
    }

    /// The tokens that templates may use, each with a description and an example
    #[graphql(guard = "READER", complexity = "list_cost(child_complexity)")]
    async fn tokens(&self, ctx: &Context<'_>) -> Vec<Token> {
        engine(ctx).templates().tokens().into_iter().map(Into::into).collect()
    }

    /// The Liquid filters that templates may use
    #[graphql(guard = "READER", complexity = "list_cost(child_complexity)")]
    async fn template_filters(&self, ctx: &Context<'_>) -> Vec<TemplateFilter> {
        engine(ctx).templates().filters().into_iter().map(Into::into).collect()
    }

    /// Renders a rule for a person (or for a sample person) without sending anything. What is wrong with a template comes
    /// back in faults beside the parts that could be rendered, not as an error.
    #[graphql(guard = "READER", complexity = "query_cost(child_complexity)")]
    async fn preview(&self, ctx: &Context<'_>, input: PreviewInput) -> Result<RenderedRequest> {
        input.render(&scope(ctx)?).await
    }

    /// Where this account's alerts go; null: nowhere
    #[graphql(guard = "READER", complexity = "query_cost(child_complexity)")]
    async fn alert_settings(&self, ctx: &Context<'_>) -> Result<Option<AlertSettings>> {
        Ok(scope(ctx)?.alerts().await?.map(Into::into))
    }

    /// Newest first, revoked ones too. ADMIN only
    #[graphql(guard = "ADMIN", complexity = "list_cost(child_complexity)")]
    async fn api_keys(&self, ctx: &Context<'_>) -> Result<Vec<ApiKey>> {
        let keys = engine(ctx).store().keys(account(ctx)?).await?;
        Ok(keys.into_iter().map(Into::into).collect())
    }
}
