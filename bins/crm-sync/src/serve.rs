//! `serve`: the API, and the engine behind it, until SIGTERM or SIGINT.

use crate::compose;
use crate::config::{Config, Mode};
use crate::http::{Served, health_router, metrics_router, router};
use crate::telemetry;
use crate::tell::say;
use anyhow::{Context, Result};
use axum::Router;
use futures_util::future::join_all;
use metrics_exporter_prometheus::PrometheusHandle;
use mock_crm::{MockCrm, MockCrmOptions, StartError};
use secrecy::ExposeSecret;
use std::net::SocketAddr;
use std::time::Duration;
use sync_engine::{Engine, RunError, Runner, Standing};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::{error, info, warn};

/// The variable with the first admin key, for scripts.
pub(crate) const BOOTSTRAP_KEY: &str = "CRM_SYNC_BOOTSTRAP_ADMIN_KEY";
/// How long requests that are being answered may take, once the server stops, before the engine stops too.
const REQUESTS_END_WITHIN: Duration = Duration::from_secs(2);
/// How long clients may take to leave after that.
const CLIENTS_LEAVE_WITHIN: Duration = Duration::from_secs(3);
/// Newest requests that a mock CRM beside the server shows at `/_mock/requests`.
const MOCK_CRM_REQUESTS: usize = 100;

/// A server that runs.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Where browsers find its console, if it is on.
    pub(crate) console_url: Option<String>,
    /// Where its metrics are, if they are on.
    pub(crate) metrics_address: Option<SocketAddr>,
    /// Its engine.
    pub(crate) engine: Engine,
    /// The first admin key, if this start made one.
    pub(crate) first_key: Option<secrecy::SecretString>,
    stop_http: watch::Sender<bool>,
    http: Vec<JoinHandle<()>>,
    stop_engine: watch::Sender<bool>,
    runner: JoinHandle<Result<(), RunError>>,
    /// Each open WebSocket holds a receiver.
    close_sockets: watch::Sender<bool>,
}

/// Serves until SIGTERM or SIGINT, then drains. Where the engine cannot go on, it drains too, and the error says why.
pub(crate) async fn serve(config: &Config) -> Result<()> {
    let bootstrap = std::env::var(BOOTSTRAP_KEY).ok().filter(|key| !key.is_empty()).map(Into::into);
    let mock_crm = match config.mock_crm {
        Some(listen) => Some(mock_crm(listen).await?),
        None => None,
    };
    let running = start(config, "crm-sync serve", bootstrap, mock_crm.as_ref()).await?;
    // Whoever reads that it listens may tell it to stop.
    let told = until_told_to_stop();
    if let Some(key) = &running.first_key {
        say!("This is the first start: the account `default` was made, with this admin key. It is shown this once:\n");
        say!("    {}\n", key.expose_secret());
    }
    if let Some(address) = running.metrics_address {
        say!("metrics are at http://{address}/metrics");
    }
    if let Some(crm) = &mock_crm {
        say!("a mock CRM, for trying out, is at {}", crm.url());
    }
    if let Some(url) = &running.console_url {
        say!("the console is at {url}");
    }
    say!("crm-sync {} listens on http://{}", env!("CARGO_PKG_VERSION"), running.address);
    tokio::select! {
        () = told => info!("stopping: finishing what is in flight"),
        () = running.failed() => error!("stopping, since the engine failed: finishing what is in flight"),
    }
    let stopped = running.stop().await;
    if let Some(crm) = mock_crm {
        crm.stop().await;
    }
    stopped
}

/// Starts a mock CRM for trying out.
async fn mock_crm(listen: SocketAddr) -> Result<MockCrm> {
    let options = MockCrmOptions { listen, record_requests: MOCK_CRM_REQUESTS, ..MockCrmOptions::default() };
    let crm = MockCrm::start(options).await.map_err(|refused| {
        let why = match &refused {
            StartError::Listen(at, fault) => cannot_listen("--mock-crm", *at, fault),
            _ => "--mock-crm".to_owned(),
        };
        anyhow::Error::new(refused).context(why)
    })?;
    info!(mock_crm.url = crm.url(), "a mock CRM runs beside the server");
    Ok(crm)
}

/// Starts everything. `purpose` tells others who holds the database.
pub(crate) async fn start(
    config: &Config,
    purpose: &str,
    bootstrap: Option<secrecy::SecretString>,
    mock_crm: Option<&MockCrm>,
) -> Result<Running> {
    // Before the engine, which takes its counters from it.
    let recorder = config.metrics_listen.map(|_| telemetry::metrics::install()).transpose()?;
    let store = compose::held_store(config, purpose).await?;
    let engine = compose::engine(config, store, mock_crm.map(MockCrm::address)).await?;
    begin(config, engine, recorder, bootstrap, mock_crm.map(MockCrm::url)).await
}

/// Serves an engine that was put together, and runs it.
async fn begin(
    config: &Config,
    (engine, runner): (Engine, Runner),
    recorder: Option<PrometheusHandle>,
    bootstrap: Option<secrecy::SecretString>,
    mock_crm_url: Option<String>,
) -> Result<Running> {
    let (listener, address) = listen("--listen", config.listen).await?;
    let metrics = match (config.metrics_listen, recorder) {
        (Some(at), Some(recorder)) => Some((listen("--metrics-listen", at).await?, recorder)),
        _ => None,
    };
    for (sync, why) in engine.unusable_syncs().await? {
        warn!(sync.id = %sync.id, sync.friendly_name = sync.friendly_name, why, "a sync cannot send");
    }
    // After all that can be refused: the key is told this once, and only by a server that runs.
    let first_key = engine.bootstrap(bootstrap).await.context("cannot make the first account")?;
    let server = api_graphql::ServerInfo { version: env!("CARGO_PKG_VERSION").to_owned(), mock_crm_url };
    let console = config.console.clone().filter(|_| config.mode != Mode::Dispatch);
    let console_url = console.as_ref().map(|home| match &home.public_url {
        Some(url) => url.to_string(),
        // All addresses of this machine are none that a browser can be sent to.
        None if address.ip().is_unspecified() => format!("http://localhost:{}/", address.port()),
        None => format!("http://{address}/"),
    });
    let (close_sockets, closing) = watch::channel(false);
    let schema = api_graphql::schema(engine.clone(), server);
    let served = Served { engine: engine.clone(), schema, console, closing };
    let routes = if config.mode == Mode::Dispatch { health_router(served) } else { router(served) };
    let (stop_http, stopped) = watch::channel(false);
    let mut http = vec![tokio::spawn(answer(listener, routes, until(stopped.clone())))];
    let mut metrics_address = None;
    if let Some(((listener, address), recorder)) = metrics {
        let routes = metrics_router(recorder, engine.clone());
        http.push(tokio::spawn(answer(listener, routes, until(stopped.clone()))));
        metrics_address = Some(address);
    }
    let (stop_engine, stopped) = watch::channel(false);
    let runner = tokio::spawn(runner.run(stopped));
    Ok(Running {
        address,
        console_url,
        metrics_address,
        engine,
        first_key,
        stop_http,
        http,
        stop_engine,
        runner,
        close_sockets,
    })
}

async fn listen(option: &str, at: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(at).await.map_err(|fault| {
        let why = cannot_listen(option, at, &fault);
        anyhow::Error::new(fault).context(why)
    })?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn cannot_listen(option: &str, at: SocketAddr, fault: &std::io::Error) -> String {
    if fault.kind() == std::io::ErrorKind::AddrInUse {
        format!("{option}: {at} is taken, something else listens there: give another {option}")
    } else {
        format!("{option}: cannot listen on {at}")
    }
}

async fn answer(listener: TcpListener, routes: Router, stopped: impl Future<Output = ()> + Send + 'static) {
    if let Err(failed) = axum::serve(listener, routes).with_graceful_shutdown(stopped).await {
        error!(error = sync_engine::chain(&failed), "the HTTP server failed");
    }
}

impl Running {
    /// Waits until the engine cannot go on. `/healthz` tells it from then on.
    async fn failed(&self) {
        let mut standing = self.engine.standing();
        // Its sender is the engine's.
        let _gone = standing.wait_for(|standing| matches!(standing, Standing::Failed(_) | Standing::Stopped)).await;
    }

    /// Takes no more requests in, finishes what is in flight, and returns. Who follows the log hears of that yet.
    ///
    /// # Errors
    /// Where the engine failed.
    pub(crate) async fn stop(self) -> Result<()> {
        let mut http = std::pin::pin!(join_all(self.http));
        let mut http_is_over = false;
        // A failed engine ends by itself; until then, whoever asks for its health is told.
        if !matches!(*self.engine.standing().borrow(), Standing::Failed(_)) {
            self.stop_http.send_replace(true);
            // First what is being asked already, which the engine is needed for.
            http_is_over = timeout(REQUESTS_END_WITHIN, &mut http).await.is_ok();
        }
        self.stop_engine.send_replace(true);
        let ran = self.runner.await;
        self.stop_http.send_replace(true);
        if !http_is_over && timeout(CLIENTS_LEAVE_WITHIN, &mut http).await.is_err() {
            warn!("some clients were still connected");
        }
        self.close_sockets.send_replace(true);
        if timeout(CLIENTS_LEAVE_WITHIN, self.close_sockets.closed()).await.is_err() {
            warn!("some WebSockets were still open");
        }
        ran.context("stopped by a fault of the engine")?.context("stopped by a fault")
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that nobody can stop it any more: the same as stopped.
    let _gone = stopped.wait_for(|stopped| *stopped).await;
}

/// Waits for SIGINT or SIGTERM: for one that comes after this call, however late the future is awaited.
pub(crate) fn until_told_to_stop() -> impl Future<Output = ()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let told = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
        async move {
            let [terminate, interrupt] = told;
            let told = |signal: std::io::Result<tokio::signal::unix::Signal>| async {
                match signal {
                    Ok(mut signal) => _ = signal.recv().await,
                    // The other one may still come.
                    Err(_) => std::future::pending().await,
                }
            };
            tokio::select! {
                () = told(terminate) => {}
                () = told(interrupt) => {}
            }
        }
    }
    #[cfg(not(unix))]
    async {
        let _failed = tokio::signal::ctrl_c().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Options;
    use std::sync::Arc;
    use store_memory::MemoryStore;
    use sync_core::id::{AccountId, SyncId};
    use sync_core::key::Account;
    use sync_core::ports::{Clock, DirectoryStore};
    use sync_engine::{SecretKey, SystemClock, Vault};
    use testkit::build;
    use testkit::crm::{Arrivals, Crm};
    use testkit::staged::{StagedStore, Trouble};
    use testkit::templates::PlainTemplates;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use uuid::Uuid;

    const ACCOUNT: AccountId = AccountId(Uuid::from_u128(1));

    async fn server() -> (Running, Arc<StagedStore>, Arrivals) {
        let clock = Arc::new(SystemClock);
        let memory = MemoryStore::new(clock.clone(), Arc::default());
        assert!(memory.create_account(&Account { id: ACCOUNT, name: "one".to_owned() }));
        memory.create_sync(&build::sync(ACCOUNT, SyncId(Uuid::from_u128(2)), clock.now()), false).await.unwrap();
        let store = Arc::new(StagedStore::new(Arc::new(memory)));
        let (crm, arrivals) = Crm::new();
        let vault = Vault::new(SecretKey::generate(), []);
        let engine = Engine::builder(store.clone(), crm, Arc::new(PlainTemplates), vault).build();
        let listen = Some(([127, 0, 0, 1], 0).into());
        let config = Options { listen, data_dir: Some("/none".into()), ..Options::default() }.load().unwrap();
        (begin(&config, engine, None, None, None).await.unwrap(), store, arrivals)
    }

    /// The status of a GET, or the fault of the connection.
    async fn get(address: SocketAddr, path: &str) -> std::io::Result<String> {
        let mut connection = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await?;
        Ok(answer.split(' ').nth(1).unwrap_or_default().to_owned())
    }

    #[tokio::test]
    async fn a_failed_engine_is_told_by_healthz_before_the_server_ends() {
        let (running, store, mut arrivals) = server().await;
        let address = running.address;
        running.engine.standing().wait_for(|standing| *standing == Standing::Running).await.unwrap();
        assert_eq!(
            (get(address, "/healthz").await.unwrap(), get(address, "/readyz").await.unwrap()),
            ("200".into(), "200".into())
        );
        running.engine.account(ACCOUNT).upsert_people(vec![build::patch("ada", "Ada")]).await.unwrap();
        let in_flight = arrivals.next().await;
        store.trouble("work_sweep", Trouble::Panic, None);
        running.failed().await;
        let stopping = tokio::spawn(running.stop());
        for path in ["/healthz", "/readyz"] {
            assert_eq!(get(address, path).await.unwrap(), "503", "{path}");
        }
        assert!(!stopping.is_finished(), "what is in flight is finished first");
        in_flight.created("7");
        let stopped = stopping.await.unwrap();
        let told = format!("{:#}", stopped.unwrap_err());
        assert_eq!(told, "stopped by a fault: the engine's worker of sweeps panicked: work_sweep panics on purpose");
        assert!(get(address, "/healthz").await.is_err(), "it listens no more");
    }

    #[tokio::test]
    async fn a_server_that_is_told_to_stop_ends_well() {
        let (running, _, mut arrivals) = server().await;
        let engine = running.engine.clone();
        engine.account(ACCOUNT).upsert_people(vec![build::patch("ada", "Ada")]).await.unwrap();
        let in_flight = arrivals.next().await;
        let stopping = tokio::spawn(running.stop());
        engine.standing().wait_for(|standing| *standing == Standing::Stopping).await.unwrap();
        in_flight.created("7");
        stopping.await.unwrap().unwrap();
    }
}
