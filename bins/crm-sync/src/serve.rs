//! `serve`: the API, and the engine behind it, until SIGTERM or SIGINT.

use crate::compose;
use crate::config::{Config, Mode};
use crate::http::{Served, health_router, router};
use anyhow::{Context, Result};
use secrecy::ExposeSecret;
use std::net::SocketAddr;
use std::time::Duration;
use sync_engine::Engine;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{error, info, warn};

/// The variable with the first admin key, for scripts.
const BOOTSTRAP_KEY: &str = "CRM_SYNC_BOOTSTRAP_ADMIN_KEY";

/// A server that runs.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its engine.
    pub(crate) engine: Engine,
    /// The first admin key, if this start made one.
    pub(crate) first_key: Option<secrecy::SecretString>,
    stop: watch::Sender<bool>,
    http: JoinHandle<()>,
    dispatching: JoinHandle<()>,
}

/// Serves until SIGTERM or SIGINT, then drains.
pub(crate) async fn serve(config: &Config) -> Result<()> {
    let bootstrap = std::env::var(BOOTSTRAP_KEY).ok().filter(|key| !key.is_empty()).map(Into::into);
    let running = start(config, bootstrap, None).await?;
    if let Some(key) = &running.first_key {
        println!(
            "This is the first start: the account `default` was made, with this admin key. It is shown this once:\n"
        );
        println!("    {}\n", key.expose_secret());
    }
    println!("crm-sync {} listens on http://{}", env!("CARGO_PKG_VERSION"), running.address);
    until_told_to_stop().await;
    info!("stopping: finishing what is in flight");
    running.stop().await;
    Ok(())
}

/// Starts everything.
pub(crate) async fn start(
    config: &Config,
    bootstrap: Option<secrecy::SecretString>,
    mock_crm_url: Option<String>,
) -> Result<Running> {
    let store = compose::ready_store(config).await?;
    let engine = compose::engine(config, store)?;
    let first_key = engine.bootstrap(bootstrap).await.context("cannot make the first account")?;
    for (sync, why) in engine.unusable_syncs().await? {
        warn!(sync.id = %sync.id, sync.friendly_name = sync.friendly_name, why, "a sync cannot send");
    }
    let listener =
        TcpListener::bind(config.listen).await.with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;
    let server = api_graphql::ServerInfo { version: env!("CARGO_PKG_VERSION").to_owned(), mock_crm_url };
    let served = Served { engine: engine.clone(), schema: api_graphql::schema(engine.clone(), server) };
    let routes = if config.mode == Mode::Dispatch { health_router(served) } else { router(served) };
    let (stop, stopped) = watch::channel(false);
    let http_stopped = until(stopped.clone());
    let http = tokio::spawn(async move {
        if let Err(failed) = axum::serve(listener, routes).with_graceful_shutdown(http_stopped).await {
            error!(error = sync_engine::chain(&failed), "the HTTP server failed");
        }
    });
    let dispatching = tokio::spawn(engine.clone().run(stopped));
    Ok(Running { address, engine, first_key, stop, http, dispatching })
}

impl Running {
    /// Stops taking requests in, finishes what is in flight, and returns.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        // Open WebSockets must not hold the exit up.
        if tokio::time::timeout(Duration::from_secs(5), self.http).await.is_err() {
            warn!("some clients were still connected");
        }
        if let Err(failed) = self.dispatching.await {
            error!(error = sync_engine::chain(&failed), "the engine failed");
        }
    }
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that nobody can stop it any more: the same as stopped.
    let _gone = stopped.wait_for(|stopped| *stopped).await;
}

/// Waits for SIGINT or SIGTERM.
pub(crate) async fn until_told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            },
            Err(_) => _ = tokio::signal::ctrl_c().await,
        }
    }
    #[cfg(not(unix))]
    {
        let _failed = tokio::signal::ctrl_c().await;
    }
}
