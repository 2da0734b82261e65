//! Statistics, read from counters, never by counting rows.

use crate::enums::Operation;
use crate::errors::{ApiError, Result};
use crate::guard::{account, engine};
use crate::limits::list_cost;
use crate::loaders::{RuntimeKey, load};
use crate::scalars::{DateTime, SafeInt};
use async_graphql::{Context, Object, SimpleObject};
use std::time::Duration;
use sync_core::counts::LinkCounts;
use sync_core::fault::Fault;
use sync_core::id::{AccountId, SyncId};
use sync_core::link::StateName;
use sync_core::page::{PAGE_MAX, PageRequest, SyncPlace};
use sync_core::ports::CounterFilter;
use sync_core::stats::{self, CounterRow, HOUR_MICROS, MINUTE_MICROS, MINUTES_KEPT, SeriesPoint, Sums, span_start};
use sync_core::time::Timestamp;

/// From when on, where nothing is said.
const SINCE_DEFAULT: Duration = Duration::from_secs(24 * 3600);
/// Points of a series, where nothing is said.
const BUCKETS_DEFAULT: i32 = 24;
/// The most points of a series.
const BUCKETS_MAX: i32 = 500;

/// Fields that tell how links stand.
const LINK_FIELDS: [&str; 7] = ["linked", "owed", "parked", "uncertain", "unaddressable", "leaving", "unlinked"];

/// What was counted in a span of time, and how links stand now.
pub(crate) struct Stats {
    rows: Vec<CounterRow>,
    sums: Sums,
    counts: LinkCounts,
    since: Timestamp,
    until: Timestamp,
    now: Timestamp,
}

impl Stats {
    /// Of one sync, or of all of the account.
    pub(crate) async fn read(
        ctx: &Context<'_>,
        sync: Option<SyncId>,
        span: (Option<DateTime>, Option<DateTime>),
        operation: Option<Operation>,
    ) -> Result<Self> {
        let account = account(ctx)?;
        let now = engine(ctx).now();
        let (since, until) = checked_span(span, now)?;
        let unit = if since < now.minus(MINUTES_KEPT) { HOUR_MICROS } else { MINUTE_MICROS };
        // The span that `since` lies in is counted whole, as the series shows it.
        let filter =
            CounterFilter { sync, operation: operation.map(Into::into), since: span_start(since, unit), until };
        let rows = engine(ctx).store().counters(account, &filter).await?;
        let wants_counts = LINK_FIELDS.iter().any(|field| ctx.look_ahead().field(field).exists());
        let counts = match sync {
            _ if !wants_counts => LinkCounts::default(),
            Some(sync) => load(ctx, RuntimeKey(account, sync)).await?.map(|found| found.counts).unwrap_or_default(),
            None => counts_of_all(ctx, account).await?,
        };
        Ok(Self { sums: stats::sum(&rows), rows, counts, since, until, now })
    }

    fn links(&self, state: StateName) -> SafeInt {
        self.counts.of(state).into()
    }
}

fn checked_span(
    (since, until): (Option<DateTime>, Option<DateTime>),
    now: Timestamp,
) -> Result<(Timestamp, Timestamp)> {
    let mut faults = Vec::new();
    let mut instant = |at: Option<DateTime>, default: Timestamp, field: &str| {
        at.map_or(Ok(default), DateTime::checked).unwrap_or_else(|fault| {
            faults.push(fault.under(field));
            default
        })
    };
    let since_is_given = since.is_some();
    let (since, until) = (instant(since, now.minus(SINCE_DEFAULT), "since"), instant(until, now, "until"));
    if faults.is_empty() && since > until {
        faults.push(if since_is_given {
            Fault::at(["since"], "is after until; give an earlier one")
        } else {
            Fault::at(["until"], "is more than 24 hours ago, where since begins when it is left out; give since too")
        });
    }
    ApiError::of_faults(faults)?;
    Ok((since, until))
}

async fn counts_of_all(ctx: &Context<'_>, account: AccountId) -> Result<LinkCounts> {
    let store = engine(ctx).store();
    let mut counts = LinkCounts::default();
    let mut page = PageRequest::first(PAGE_MAX);
    loop {
        let syncs = store.syncs(account, page.clone()).await?;
        let ids: Vec<_> = syncs.items.iter().map(|sync| sync.id).collect();
        if !ids.is_empty() {
            for (_, runtime) in store.runtimes(account, &ids).await? {
                counts.add(&runtime.counts);
            }
        }
        page.after = syncs.items.last().map(SyncPlace::from);
        if !syncs.has_next {
            return Ok(counts);
        }
    }
}

/// What was sent between since and until, and (linked to unlinked) how the links stand now. Read from counters, never by
/// counting rows
#[Object]
impl Stats {
    /// Requests sent: succeeded + failed
    async fn sent(&self) -> SafeInt {
        self.sums.sent().into()
    }

    async fn succeeded(&self) -> SafeInt {
        self.sums.succeeded.into()
    }

    /// Requests whose entry has the outcome RETRYING or PARKED, those that found no connection too. What the network rules refuse is
    /// in the log alone
    async fn failed(&self) -> SafeInt {
        self.sums.failed.into()
    }

    /// Changes settled without a request, because it would have equalled the last accepted one
    async fn unchanged(&self) -> SafeInt {
        self.sums.unchanged.into()
    }

    /// succeeded / sent, null when nothing was sent
    async fn success_rate(&self) -> Option<f64> {
        self.sums.success_rate()
    }

    #[graphql(name = "latencyP50Ms")]
    async fn latency_p50_ms(&self) -> Option<f64> {
        self.sums.latency_ms(0.5)
    }

    #[graphql(name = "latencyP95Ms")]
    async fn latency_p95_ms(&self) -> Option<f64> {
        self.sums.latency_ms(0.95)
    }

    #[graphql(name = "latencyP99Ms")]
    async fn latency_p99_ms(&self) -> Option<f64> {
        self.sums.latency_ms(0.99)
    }

    async fn linked(&self) -> SafeInt {
        self.links(StateName::Linked)
    }

    /// Links that wait for a request, parked ones not counted
    async fn owed(&self) -> SafeInt {
        self.counts.owed.into()
    }

    async fn parked(&self) -> SafeInt {
        self.counts.parked.into()
    }

    async fn uncertain(&self) -> SafeInt {
        self.links(StateName::Uncertain)
    }

    async fn unaddressable(&self) -> SafeInt {
        self.links(StateName::Unaddressable)
    }

    async fn leaving(&self) -> SafeInt {
        self.links(StateName::Leaving)
    }

    async fn unlinked(&self) -> SafeInt {
        self.links(StateName::Unlinked)
    }

    /// since to until in equal spans of whole minutes within the last day, of whole hours before; so there may be fewer
    /// than asked. 1 to 500, 24 when left out
    #[graphql(complexity = "list_cost(child_complexity)")]
    async fn series(&self, buckets: Option<i32>) -> Result<Vec<StatsPoint>> {
        let buckets = buckets.unwrap_or(BUCKETS_DEFAULT);
        let wanted = usize::try_from(buckets)
            .ok()
            .filter(|_| (1..=BUCKETS_MAX).contains(&buckets))
            .ok_or_else(|| Fault::at(["buckets"], format!("is {buckets}; give 1 to {BUCKETS_MAX}")))?;
        let points = stats::series(&self.rows, self.since, self.until, self.now, wanted);
        Ok(points.into_iter().map(StatsPoint::from).collect())
    }
}

/// One span of a series
#[derive(SimpleObject)]
pub(crate) struct StatsPoint {
    start: DateTime,
    end: DateTime,
    succeeded: SafeInt,
    failed: SafeInt,
    unchanged: SafeInt,
    #[graphql(name = "latencyP50Ms")]
    latency_p50_ms: Option<f64>,
    #[graphql(name = "latencyP95Ms")]
    latency_p95_ms: Option<f64>,
    #[graphql(name = "latencyP99Ms")]
    latency_p99_ms: Option<f64>,
}

impl From<SeriesPoint> for StatsPoint {
    fn from(point: SeriesPoint) -> Self {
        Self {
            start: point.start.into(),
            end: point.end.into(),
            succeeded: point.sums.succeeded.into(),
            failed: point.sums.failed.into(),
            unchanged: point.sums.unchanged.into(),
            latency_p50_ms: point.sums.latency_ms(0.5),
            latency_p95_ms: point.sums.latency_ms(0.95),
            latency_p99_ms: point.sums.latency_ms(0.99),
        }
    }
}
