//! Connections: accepting them, and ending them when a fault or the end of the server wants it.

use crate::connection::{Connection, Stream};
use crate::handler;
use crate::state::State;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// How long requests under way are waited for at the end.
const GRACE: Duration = Duration::from_secs(1);
/// Pause after an accept that failed, as it does when there are too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until the state says stop, then lets requests under way end, but not for long.
pub(crate) async fn run(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<State>) {
    let stopping = state.stopped();
    tokio::pin!(stopping);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(accept(stream, tls.clone(), state.clone()));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
            () = &mut stopping => break,
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
    connections.shutdown().await;
}

async fn accept(stream: TcpStream, tls: Option<TlsAcceptor>, state: Arc<State>) {
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else { return serve(stream, state).await };
    tokio::select! {
        // A client that does not trust the certificate goes away: no fault of ours.
        accepted = tls.accept(stream) => {
            if let Ok(stream) = accepted {
                serve(stream, state).await;
            }
        }
        () = state.stopped() => {}
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, state: Arc<State>) {
    let stopping = state.stopped();
    tokio::pin!(stopping);
    let shared = Arc::new(Connection::default());
    let stream = Stream::new(stream, shared.clone());
    let service = {
        let (state, shared) = (state.clone(), shared.clone());
        service_fn(move |request: Request<Incoming>| {
            handler::handle(state.clone(), shared.clone(), shared.comes(), request)
        })
    };
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new());
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut shutting_down = false;
    loop {
        tokio::select! {
            // Also where it fails: a client that went away is no fault of ours.
            _ = connection.as_mut() => return,
            // Dropping the connection closes it, whatever is under way on it.
            () = shared.hung_up() => return,
            () = &mut stopping, if !shutting_down => {
                shutting_down = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
