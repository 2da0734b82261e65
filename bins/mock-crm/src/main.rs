//! The command `mock-crm`.

use anyhow::Context;
use clap::{Parser, ValueEnum};
use mock_crm::{Auth, Fault, FaultRate, Faults, IdKind, MockCrm, MockCrmOptions, RECORDS_MAX};
use std::net::SocketAddr;
use tokio::signal::unix::{SignalKind, signal};

/// An HTTP record store to rehearse against: POST, GET, PUT, PATCH and DELETE on /contacts, kept in
/// memory, with faults on demand.
///
/// A request gets a fault by its header `X-Mock-Fault: status=500`, by its path
/// `/fault/status=500/contacts`, or by --fault-rate; over that of --always, which every request gets.
///
/// Faults, several with commas:
///   status=500          answered so, nothing stored
///   retry-after=3       429 with Retry-After, nothing stored
///   redirect            307, nothing stored
///   delay=250ms         waits before storing; delay=after:2s after it
///   hangup=before       closes the connection, nothing stored; hangup=after: stored
///   hang                never answers, nothing stored; hang=after: stored
///   huge                stores, answers 64 MiB; malformed: JSON without its end; cut: ends within
///   page                200 with a web page, nothing stored; page=after: stored
///   error               200 with {"errors": ..}, nothing stored; error=after: stored
///   goaway              HTTP/2 GOAWAY, this request not done; refused-stream: RST_STREAM
///   quota=fixed:100:10s        429 beyond 100 requests in each 10 s; sliding, bucket;
///   quota=daily:5000           each text has a count of its own; a refusal names its wait
///   quota=sliding:9:1s:503     with :retry-after, :ratelimit, :reset, or :503
///   search-lag=2s       searches find what was written 2 s ago; search-lag=never: nothing
///   keys=replay         an Idempotency-Key seen before: the answer of then;
///   keys=check          422 with another body; keys=refuse: 400
///   lock=2s             423 to changes of a record that was written less than 2 s ago
///   upsert              a POST with the email of a record changes that record (200)
///   poison=p13          500 to whatever is about the person with this external_id or email
///
/// Look at it at /_mock/stats, /_mock/records and /_mock/requests (DELETE empties the first two).
///
/// GET /_mock/faults shows the faults, PUT /_mock/faults takes all of them anew while it runs; what
/// is left out is none. `always` is for every request, each of `next` for one of the next requests
/// in order, `rates` for shares of the others, drawn by `seed`:
///
///   {"always": "delay=50ms", "next": ["status=503", "hangup=after"],
///    "rates": [{"fault": "status=500", "share": 0.1}], "seed": 7}
///
///   curl -X PUT http://127.0.0.1:9090/_mock/faults --data '{"next": ["status=503"]}'
#[expect(clippy::doc_link_with_quotes, reason = "what stands in brackets is JSON")]
#[derive(Debug, Parser)]
#[command(version, verbatim_doc_comment)]
struct Arguments {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, env = "MOCK_CRM_LISTEN", default_value = "127.0.0.1:9090")]
    listen: SocketAddr,
    /// What ids records get
    #[arg(long, value_enum, default_value_t = Ids::Numbers)]
    ids: Ids,
    /// What requests must bring: none, basic:USER:PASSWORD or bearer:TOKEN
    #[arg(long, env = "MOCK_CRM_AUTH", hide_env_values = true, default_value = "none")]
    auth: Auth,
    /// PUT on an unknown id stores a record, rather than being answered 404
    #[arg(long)]
    put_creates: bool,
    /// Refuse a second record with the same email (409)
    #[arg(long)]
    unique_emails: bool,
    /// Give a POST with an Idempotency-Key seen before the answer of then, and store nothing (as --always keys=replay)
    #[arg(long)]
    idempotency_keys: bool,
    /// Speak TLS, with a certificate made for itself, and HTTP/2 to those that offer it
    #[arg(long)]
    tls: bool,
    /// A fault for every request, where its own does not say otherwise, such as quota=sliding:100:10s
    #[arg(long, value_name = "FAULT")]
    always: Option<Fault>,
    /// A fault for a share of the requests, such as status=500:0.1; may be given several times
    #[arg(long = "fault-rate", value_name = "FAULT:SHARE")]
    fault_rates: Vec<FaultRate>,
    /// The same seed gives the same faults to the same sequence of requests
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Keep this many of the newest requests for /_mock/requests
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    record_requests: usize,
    /// Answer 507 to a create beyond this many records
    #[arg(long, value_name = "COUNT", default_value_t = RECORDS_MAX)]
    records_max: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Ids {
    /// 1, 2, 3
    Numbers,
    /// "c-1", "c-2"
    Strings,
    /// The record's email: an update that changes it moves the record
    Emails,
}

impl From<Arguments> for MockCrmOptions {
    fn from(arguments: Arguments) -> Self {
        Self {
            listen: arguments.listen,
            tls: arguments.tls,
            ids: match arguments.ids {
                Ids::Numbers => IdKind::Numbers,
                Ids::Strings => IdKind::Strings,
                Ids::Emails => IdKind::Emails,
            },
            auth: arguments.auth,
            put_creates: arguments.put_creates,
            unique_emails: arguments.unique_emails,
            idempotency_keys: arguments.idempotency_keys,
            record_requests: arguments.record_requests,
            records_max: arguments.records_max,
            faults: Faults {
                always: arguments.always.unwrap_or_default(),
                rates: arguments.fault_rates,
                seed: arguments.seed,
                ..Faults::default()
            },
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let crm = MockCrm::start(Arguments::parse().into()).await?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    println!("mock-crm listens on {}", crm.url());
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot listen for Ctrl-C")?,
        _ = terminate.recv() => {}
    }
    crm.stop().await;
    Ok(())
}
