//! GraphQL over WebSocket: the protocol `graphql-transport-ws`. The key comes in the `connection_init` payload as
//! `Authorization` or `authorization`, or in the handshake's header. A wrong or revoked one closes with 4403.

use super::{Served, bearer, bearer_of};
use crate::telemetry::metrics::OpenWebSocket;
use api_graphql::Caller;
use async_graphql::Data;
use async_graphql::http::{ClientMessage, WebSocket as Connection, WebSocketProtocols, WsMessage};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::extract::{State, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::{SinkExt, Stream, StreamExt, stream};
use secrecy::SecretString;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use sync_engine::Engine;

const PROTOCOL: &str = "graphql-transport-ws";
/// How long a client may take for its `connection_init`.
const INIT_WITHIN: Duration = Duration::from_secs(10);
/// How often a silent client is pinged; one that does not answer twice in a row is gone.
const PING_EVERY: Duration = Duration::from_secs(20);
/// The most bytes of a message.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

pub(super) async fn handle(State(served): State<Served>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    self::upgrade(served, upgrade, &headers)
}

/// Answers the handshake.
pub(super) fn upgrade(served: Served, upgrade: WebSocketUpgrade, headers: &HeaderMap) -> Response {
    let offered = headers.get("sec-websocket-protocol").and_then(|value| value.to_str().ok()).unwrap_or("");
    if !offered.split(',').any(|protocol| protocol.trim() == PROTOCOL) {
        return (StatusCode::BAD_REQUEST, format!("offer the subprotocol {PROTOCOL}\n")).into_response();
    }
    let key = bearer(headers);
    upgrade
        .protocols([PROTOCOL])
        .max_message_size(MESSAGE_BYTES_MAX)
        .on_upgrade(move |socket| serve(socket, served, key))
}

/// The key that opened the connection, once it has one.
type OpenedWith = Arc<Mutex<Option<SecretString>>>;

async fn serve(socket: WebSocket, served: Served, header_key: Option<SecretString>) {
    let _open = OpenWebSocket::open();
    let (mut sink, source) = socket.split();
    let opened_with = OpenedWith::default();
    let (alive, mut heard) = tokio::sync::watch::channel(());
    let opened = opened_with.clone();
    let engine = served.engine.clone();
    let init = move |payload: serde_json::Value| async move {
        let given = ["Authorization", "authorization"].iter().find_map(|name| payload.get(name)?.as_str());
        let key = given.and_then(bearer_of).or_else(|| given.map(|key| key.trim().to_owned().into())).or(header_key);
        let Some(key) = key else { return Err(async_graphql::Error::new("Forbidden")) };
        let caller = caller(&engine, &key).await.ok_or_else(|| async_graphql::Error::new("Forbidden"))?;
        *opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
        let mut data = Data::default();
        data.insert(caller);
        Ok(data)
    };
    let connection =
        Connection::from_message_stream(served.schema.clone(), messages(source, alive), WebSocketProtocols::GraphQLWS)
            .on_connection_init(init);
    let mut connection = std::pin::pin!(connection);
    let mut changes = served.engine.changes();
    let init_until = tokio::time::Instant::now() + INIT_WITHIN;
    let mut unanswered = 0;
    loop {
        let is_open = opened_with.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let message = tokio::select! {
            message = connection.next() => message,
            _ = changes.changed(), if is_open => {
                let key = opened_with.lock().unwrap_or_else(PoisonError::into_inner).clone();
                match key {
                    Some(key) if caller(&served.engine, &key).await.is_none() => {
                        Some(WsMessage::Close(4403, "Forbidden".to_owned()))
                    }
                    _ => continue,
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
            Some(WsMessage::Text(text)) => sink.send(Message::Text(text.into())).await,
            Some(WsMessage::Close(code, reason)) => {
                let (code, reason) = by_protocol(code, reason, is_open);
                let _gone = sink.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
                return;
            }
            None => return,
        };
        if sent.is_err() {
            return;
        }
    }
}

async fn caller(engine: &Engine, key: &SecretString) -> Option<Caller> {
    engine.authenticate(key).await.ok().flatten().map(Caller::new)
}

/// The protocol's own close codes, where the library has others.
fn by_protocol(code: u16, reason: String, is_open: bool) -> (u16, String) {
    match (code, reason.as_str()) {
        (1002, "Forbidden") if !is_open => (4403, reason),
        (1011, _) if !is_open => (4401, "Unauthorized".to_owned()),
        (1002, _) => (4400, reason.chars().take(100).collect()),
        _ => (code, reason.chars().take(100).collect()),
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
                Ok(Message::Text(text)) => Some(ClientMessage::from_bytes(text.as_bytes())),
                Ok(Message::Binary(bytes)) => Some(ClientMessage::from_bytes(&bytes)),
                _ => None,
            })
        },
    )
}
