//! An HTTP record store to rehearse against: contacts over REST, with faults on demand.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use mock_crm::{Faults, MockCrm, MockCrmOptions};
//! let crm = MockCrm::start(MockCrmOptions::default()).await?;
//! // The next request stores its record and gets no answer.
//! crm.set_faults(Faults { next: ["hangup=after".parse()?].into(), ..Faults::default() })?;
//! println!("POST {}/contacts", crm.url());
//! assert!(crm.records().is_empty());
//! crm.stop().await;
//! # Ok(()) }
//! ```
//!
//! # Paths
//! | request | answer |
//! | --- | --- |
//! | `POST /contacts` | 201 with `Location` and the record. An `id` in the body is kept; 409 if it exists |
//! | `GET /contacts?email=&external_id=&limit=&offset=` | `{"total": 1, "contacts": [...]}` |
//! | `GET`, `PUT`, `PATCH`, `DELETE /contacts/{id}` | the record (204 for DELETE); 404. PUT replaces, PATCH merges |
//! | `GET /healthz` | 200 |
//! | `GET`, `DELETE /_mock/stats`, `/_mock/records`; `GET /_mock/requests` | counts; all records; the recorded requests |
//! | `GET`, `PUT /_mock/faults` | [`Faults`] as JSON: `{"next":["hangup=after"],"rates":[{"fault":"status=500","share":0.1}],"seed":1}` |
//!
//! Bodies are JSON objects or forms. A request gets a [`Fault`] by its path (`/fault/status=500/contacts`), by its header
//! `X-Mock-Fault`, or by [`Faults`]; the first of them that there is counts, over what [`Faults::always`] says of every
//! request. Faults come before authentication.
//!
//! # Where to find what
//! `server`, `connection`, `tls`: connections. `handler`: one request and its faults. `api`: `/contacts`. `admin`: `/_mock`.
//! `store`: the records. `fault`: what faults there are; `faults`: who gets them. `quota`: limits. `manner`: how the records
//! behave. `counts`: what was asked.

mod admin;
mod answer;
mod api;
mod auth;
mod connection;
mod counts;
mod fault;
mod faults;
mod handler;
mod manner;
mod quota;
mod server;
mod state;
mod store;
mod tls;

pub use auth::{Auth, AuthError};
pub use counts::{RecordedRequest, Stats};
pub use fault::{DELAY_MAX, Distortion, Fault, FaultError, Phase};
pub use faults::{FAULTS_MAX, FaultRate, FaultRateError, Faults, FaultsError};
pub use manner::{KeyStore, Lag, Manner};
pub use quota::{Quota, Says, Window};
pub use store::IdKind;

use serde_json::Value;
use state::State;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Records kept unless [`MockCrmOptions`] says otherwise.
pub const RECORDS_MAX: usize = 1_000_000;

/// How a store is started.
#[derive(Clone, Debug)]
pub struct MockCrmOptions {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Whether it speaks TLS, with a certificate that it makes for itself; HTTP/2 where the client offers it.
    pub tls: bool,
    /// What ids it gives.
    pub ids: IdKind,
    /// Who is let in.
    pub auth: Auth,
    /// Whether PUT on an unknown id stores a record (201) rather than answering 404.
    pub put_creates: bool,
    /// Whether a second record with an email is refused with 409.
    pub unique_emails: bool,
    /// Whether a POST with the `Idempotency-Key` of an earlier one gets that one's answer and stores nothing.
    pub idempotency_keys: bool,
    /// How many of the newest requests are kept to be looked at; 0: none.
    pub record_requests: usize,
    /// Most records kept; a further one is answered 507.
    pub records_max: usize,
    /// Faults from the start.
    pub faults: Faults,
}

impl Default for MockCrmOptions {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            tls: false,
            ids: IdKind::default(),
            auth: Auth::none(),
            put_creates: false,
            unique_emails: false,
            idempotency_keys: false,
            record_requests: 0,
            records_max: RECORDS_MAX,
            faults: Faults::default(),
        }
    }
}

/// Why a store does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened on.
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] io::Error),
    /// No certificate can be made.
    #[error("cannot make a certificate")]
    Certificate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The faults are not possible.
    #[error("the faults cannot be set")]
    Faults(#[source] FaultsError),
}

/// A running store. Dropping it ends it at once, [`MockCrm::stop`] lets requests under way end.
#[derive(Debug)]
pub struct MockCrm {
    address: SocketAddr,
    state: Arc<State>,
    certificate: Option<Vec<u8>>,
    serving: JoinHandle<()>,
}

impl MockCrm {
    /// Starts a store on the current tokio runtime. It listens when this returns.
    pub async fn start(options: MockCrmOptions) -> Result<Self, StartError> {
        let state = Arc::new(State::new(&options).map_err(StartError::Faults)?);
        let fault = |fault| StartError::Listen(options.listen, fault);
        let listener = TcpListener::bind(options.listen).await.map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        let tls = options.tls.then(tls::acceptor).transpose().map_err(StartError::Certificate)?;
        let (tls, certificate) = tls.map(|(tls, certificate)| (tls, certificate.to_vec())).unzip();
        let serving = tokio::spawn(server::run(listener, tls, state.clone()));
        Ok(Self { address, state, certificate, serving })
    }

    /// The certificate that a client must trust, as DER; `None` without TLS.
    pub fn certificate(&self) -> Option<&[u8]> {
        self.certificate.as_deref()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, without a slash at the end: `http://127.0.0.1:40123`.
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// All records in order of creation.
    pub fn records(&self) -> Vec<Value> {
        self.state.contacts().store.all().cloned().map(Value::Object).collect()
    }

    /// Removes the record with this id, as somebody does by hand. False where there is none.
    pub fn remove(&self, id: &str) -> bool {
        self.state.contacts().store.delete(id).is_ok()
    }

    /// Forgets all records and idempotency keys; ids are not given again.
    pub fn clear(&self) {
        self.state.contacts().clear();
    }

    /// Counts of requests to `/contacts`.
    pub fn stats(&self) -> Stats {
        self.state.stats()
    }

    /// The newest requests to `/contacts`, oldest first, as far as they are kept.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.state.counts().recorded.iter().cloned().collect()
    }

    /// Sets counts to 0 and forgets recorded requests.
    pub fn reset_counts(&self) {
        self.state.counts().reset();
    }

    /// Sets what goes wrong from the next request on.
    pub fn set_faults(&self, faults: Faults) -> Result<(), FaultsError> {
        self.state.set_faults(faults)
    }

    /// Takes no more connections, lets requests under way end for up to a second, and ends.
    pub async fn stop(mut self) {
        self.state.stop();
        // It cannot fail but by a panic of ours, which has been printed.
        let _ = (&mut self.serving).await;
    }
}

impl Drop for MockCrm {
    fn drop(&mut self) {
        self.state.stop();
        self.serving.abort();
    }
}
