//! GraphQL over WebSocket: the protocol `graphql-transport-ws`. The key comes in the `connection_init` payload as
//! `Authorization` or `authorization`, or in the handshake's header; or the handshake has a session's cookie and comes from our
//! own pages. A wrong or revoked key, or a session that has ended, closes with 4403.

use super::credential::Credential;
use super::home::Foreign;
use super::{Served, bearer_of};
use crate::telemetry::metrics::OpenWebSocket;
use api_graphql::Caller;
use async_graphql::Data;
use async_graphql::http::{ClientMessage, WebSocket as Connection, WebSocketProtocols, WsMessage};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::extract::{FromRequestParts, Request, State, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt, Stream, StreamExt, stream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use sync_core::time::Timestamp;
use sync_engine::{Engine, chain};
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::warn;

const PROTOCOL: &str = "graphql-transport-ws";
/// How long a client may take for its `connection_init`.
const INIT_WITHIN: Duration = Duration::from_secs(10);
/// How often a silent client is pinged; one that does not answer twice in a row is gone.
const PING_EVERY: Duration = Duration::from_secs(20);
/// How long the other side's Close frame is waited for, and ours may take to be taken.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// A session that should have ended, and has not by the store's clock, is looked at again after this.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Why a connection is closed whose key or session does not open it, or does so no longer.
const FORBIDDEN: &str = "Forbidden";
/// Why it is closed when that cannot be found out.
const UNAVAILABLE: &str = "Try again later";
/// Why it is closed when the server goes.
const STOPPING: &str = "The server stops";
/// The most bytes of a message.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

pub(super) async fn handle(State(served): State<Served>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    match WebSocketUpgrade::from_request_parts(&mut parts, &served).await {
        Ok(upgrade) => self::upgrade(served, upgrade, &parts),
        Err(refused) => refused.into_response(),
    }
}

/// Answers the handshake.
pub(super) fn upgrade(served: Served, upgrade: WebSocketUpgrade, request: &Parts) -> Response {
    let offered = request.headers.get("sec-websocket-protocol").and_then(|value| value.to_str().ok()).unwrap_or("");
    if !offered.split(',').any(|protocol| protocol.trim() == PROTOCOL) {
        return (StatusCode::BAD_REQUEST, format!("offer the subprotocol {PROTOCOL}\n")).into_response();
    }
    let shown = Credential::of_websocket(&served, request);
    upgrade
        .protocols([PROTOCOL])
        .max_message_size(MESSAGE_BYTES_MAX)
        .on_upgrade(move |socket| serve(socket, served, shown))
}

/// What opened a connection, and when that ends by itself.
#[derive(Clone)]
struct Opening {
    credential: Credential,
    ends_at: Option<Timestamp>,
}

impl Opening {
    /// `Err` says why the connection is to be closed, as [`by_protocol`] knows it.
    async fn check(credential: Credential, engine: &Engine) -> Result<(Self, Caller), &'static str> {
        match credential.caller(engine).await {
            Ok(Some((caller, ends_at))) => Ok((Self { credential, ends_at }, caller)),
            Ok(None) => Err(FORBIDDEN),
            Err(failed) => {
                warn!(error = chain(&failed), "checking who opened a WebSocket failed");
                Err(UNAVAILABLE)
            }
        }
    }

    /// When to look whether it has ended. By the node's clock, which may be a little before the store's.
    fn look_at(&self, engine: &Engine) -> Option<Instant> {
        Some(Instant::now() + self.ends_at?.since(engine.now()).max(LOOK_AGAIN))
    }
}

/// Waits for a moment, or for ever.
async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

async fn serve(socket: WebSocket, served: Served, shown: Result<Option<Credential>, Foreign>) {
    let _open = OpenWebSocket::open();
    let (mut sink, source) = socket.split();
    let opened_with = Arc::new(Mutex::new(None::<Opening>));
    let (alive, mut heard) = tokio::sync::watch::channel(());
    let opened = opened_with.clone();
    let engine = served.engine.clone();
    let init = move |payload: serde_json::Value| async move {
        let given = ["Authorization", "authorization"].iter().find_map(|name| payload.get(name)?.as_str());
        let key = given.map(|given| bearer_of(given).unwrap_or_else(|| given.trim().to_owned().into()));
        let credential = match (key, shown) {
            (Some(key), _) => Credential::Key(key),
            (None, Ok(Some(shown))) => shown,
            (None, Ok(None)) => return Err(async_graphql::Error::new(FORBIDDEN)),
            (None, Err(foreign)) => return Err(async_graphql::Error::new(format!("{FORBIDDEN}: {foreign}"))),
        };
        let (opening, caller) = Opening::check(credential, &engine).await.map_err(async_graphql::Error::new)?;
        *opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(opening);
        let mut data = Data::default();
        data.insert(caller);
        Ok(data)
    };
    let connection =
        Connection::from_message_stream(served.schema.clone(), messages(source, alive), WebSocketProtocols::GraphQLWS)
            .on_connection_init(init);
    let mut connection = std::pin::pin!(connection);
    let mut changes = served.engine.changes();
    let mut closing = served.closing.clone();
    let init_until = Instant::now() + INIT_WITHIN;
    let mut unanswered = 0;
    loop {
        let opening = opened_with.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_open = opening.is_some();
        let look_at = opening.as_ref().and_then(|opening| opening.look_at(&served.engine));
        let message = tokio::select! {
            message = connection.next() => message,
            () = closed(&mut closing) => Some(WsMessage::Close(1001, STOPPING.to_owned())),
            () = ended(&mut changes, look_at), if is_open => {
                let Some(Opening { credential, .. }) = opening else { continue };
                match Opening::check(credential, &served.engine).await {
                    Ok(_) => continue,
                    Err(why) => Some(WsMessage::Close(1002, why.to_owned())),
                }
            }
            () = tokio::time::sleep_until(init_until), if !is_open => {
                Some(WsMessage::Close(4408, "Connection initialisation timeout".to_owned()))
            }
            _ = heard.changed() => { unanswered = 0; continue }
            () = tokio::time::sleep(PING_EVERY), if is_open => {
                unanswered += 1;
                if unanswered > 2 || sink.send(Message::Ping(bytes::Bytes::new())).await.is_err() {
                    return;
                }
                continue;
            }
        };
        let sent = match message {
            Some(WsMessage::Text(text)) => sink.send(Message::Text(api_graphql::give_out(text).into())).await,
            Some(WsMessage::Close(code, reason)) => {
                let (code, reason) = by_protocol(code, reason, is_open);
                let _gone = sink.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
                // Its own Close frame is waited for: a connection that ends before it is no clean end.
                let _late = tokio::time::timeout(CLOSE_WITHIN, connection.for_each(|_| std::future::ready(()))).await;
                return;
            }
            None => {
                // The client has closed it, or is gone. Its Close frame is answered: without that, browsers take the end for a fault.
                let _gone = tokio::time::timeout(CLOSE_WITHIN, sink.close()).await;
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Waits until the server closes what is open.
async fn closed(closing: &mut watch::Receiver<bool>) {
    // An error means that it is gone.
    let _gone = closing.wait_for(|closing| *closing).await;
}

/// Waits until what opened the connection may have ended: by itself, or because something changed.
async fn ended(changes: &mut watch::Receiver<u64>, look_at: Option<Instant>) {
    tokio::select! {
        _ = changes.changed() => {}
        () = until(look_at) => {}
    }
}

/// The protocol's own close codes, where the library has others.
fn by_protocol(code: u16, reason: String, is_open: bool) -> (u16, String) {
    // A reason may have 123 bytes (RFC 6455, 5.5).
    let short: String = reason.chars().filter(char::is_ascii).take(120).collect();
    match (code, reason.as_str()) {
        (1002, UNAVAILABLE) => (1013, short),
        (1002, why) if why.starts_with(FORBIDDEN) => (4403, short),
        (1011, _) if !is_open => (4401, "Unauthorized".to_owned()),
        (1002, _) => (4400, short),
        _ => (code, short),
    }
}

/// The client's messages; `alive` hears of everything that comes, pongs too.
fn messages(
    source: stream::SplitStream<WebSocket>,
    alive: tokio::sync::watch::Sender<()>,
) -> impl Stream<Item = serde_json::Result<ClientMessage>> + Send {
    source.take_while(|message| std::future::ready(!matches!(message, Err(_) | Ok(Message::Close(_))))).filter_map(
        move |message| {
            alive.send_replace(());
            std::future::ready(match message {
                Ok(Message::Text(text)) => Some(ClientMessage::from_bytes(api_graphql::take_in(text.as_bytes()))),
                Ok(Message::Binary(bytes)) => Some(ClientMessage::from_bytes(api_graphql::take_in(&bytes))),
                _ => None,
            })
        },
    )
}
