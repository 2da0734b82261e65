//! Connecting, over a network or a Unix socket: whichever it is, errors come with their codes (see [`Coded`]).

use crate::coded::Coded;
use crate::error::in_words;
use crate::tls::{Negotiator, Wire};
use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures_core::stream::BoxStream;
use futures_util::future::{Either, select};
use futures_util::{StreamExt, stream};
use secrecy::{ExposeSecret, SecretString};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;
use sync_core::ports::{BoxError, StoreError, StoreResult};
use tokio::net::UnixStream;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls, SimpleQueryMessage, Socket};

/// How long a connection may be silent before it is asked for a sign of life; three that stay out end it.
const KEEPALIVE: Duration = Duration::from_secs(10);
/// Where no port is given.
const PORT: u16 = 5432;

/// Statements are kept prepared, and their plans with them: one that was made while a table was small, or before it was ever
/// analysed, would go on scanning it. Every statement here asks by key, so it is told to: nested loops over indexes, in their
/// order. None is worth compiling, nor planning anew for its values: for few rows that takes longer than to run it.
pub(crate) const PLANS: &str = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_material = off; \
    SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; SET plan_cache_mode = force_generic_plan";

/// Connects to one database, any number of times.
#[derive(Clone)]
pub(crate) struct Connector {
    config: Config,
    negotiator: Negotiator,
    /// What is tried, one after the other.
    places: Vec<Place>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// The hosts of the configuration, as the driver goes through them.
    Network,
    /// A Unix socket in this directory. The driver has no TLS there, and so no place for a stream of ours.
    Local(PathBuf, u16),
}

/// A URL that cannot be read. Its text may hold a password, and is not repeated.
#[derive(Debug, thiserror::Error)]
#[error("it is not of the form postgres://USER:PASSWORD@HOST/DATABASE")]
struct BadUrl(#[source] tokio_postgres::Error);

/// A connection that was made.
enum Connected {
    Network(Client, Connection<Socket, Coded<Wire>>),
    Local(Client, Connection<Coded<UnixStream>, NoTlsStream>),
}

impl Connector {
    /// Reads the URL; connects nowhere yet.
    pub(crate) fn new(url: &SecretString) -> StoreResult<Self> {
        let mut config: Config = url.expose_secret().parse().map_err(|source| StoreError::Internal {
            operation: "read the database URL",
            source: Box::new(BadUrl(source)),
        })?;
        notice_silence(&mut config);
        name_addresses(&mut config);
        let places = places(&config);
        let negotiator =
            Negotiator::of(&mut config).map_err(|source| StoreError::Internal { operation: "set up TLS", source })?;
        Ok(Self { config, negotiator, places })
    }

    /// A connection for statements.
    pub(crate) async fn connect(&self) -> ConnectionResult<AsyncPgConnection> {
        let bad = |fault: BoxError| ConnectionError::BadConnection(in_words(fault.as_ref()));
        let mut connection = match self.open().await.map_err(bad)? {
            Connected::Network(client, connection) => {
                AsyncPgConnection::try_from_client_and_connection(client, connection).await?
            }
            Connected::Local(client, connection) => {
                // It ends with the client. Whoever waits for an answer then is told that it is closed.
                tokio::spawn(connection);
                AsyncPgConnection::try_from(client).await?
            }
        };
        connection.batch_execute(PLANS).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(connection)
    }

    /// A connection, and what the server says without being asked; it has to be polled for anything to go on.
    pub(crate) async fn listen(
        &self,
    ) -> Result<(Client, BoxStream<'static, Result<AsyncMessage, tokio_postgres::Error>>), BoxError> {
        Ok(match self.open().await? {
            Connected::Network(client, mut connection) => {
                (client, stream::poll_fn(move |context| connection.poll_message(context)).boxed())
            }
            Connected::Local(client, mut connection) => {
                (client, stream::poll_fn(move |context| connection.poll_message(context)).boxed())
            }
        })
    }

    async fn open(&self) -> Result<Connected, BoxError> {
        let mut fault: BoxError = "there is no host".into();
        for place in &self.places {
            match self.open_at(place).await {
                Ok(connected) => return Ok(connected),
                Err(refused) => fault = refused,
            }
        }
        Err(fault)
    }

    async fn open_at(&self, place: &Place) -> Result<Connected, BoxError> {
        let (directory, port) = match place {
            Place::Network => {
                let (client, connection) = self.config.connect(self.negotiator.clone()).await?;
                return Ok(Connected::Network(client, connection));
            }
            Place::Local(directory, port) => (directory, port),
        };
        let socket = directory.join(format!(".s.PGSQL.{port}"));
        let connecting = async { local(&self.config, &socket).await };
        match self.config.get_connect_timeout() {
            Some(within) => tokio::time::timeout(*within, connecting).await?,
            None => connecting.await,
        }
    }
}

/// Connects to a Unix socket.
async fn local(config: &Config, socket: &Path) -> Result<Connected, BoxError> {
    let stream = UnixStream::connect(socket).await.map_err(|fault| format!("{}: {fault}", socket.display()))?;
    let mut config = config.clone();
    config.ssl_mode(SslMode::Disable);
    let (client, mut connection) = config.connect_raw(Coded::new(stream), NoTls).await?;
    let wanted = match config.get_target_session_attrs() {
        TargetSessionAttrs::ReadWrite => "off",
        TargetSessionAttrs::ReadOnly => "on",
        _ => return Ok(Connected::Local(client, connection)),
    };
    let answer = match select(pin!(client.simple_query("SHOW transaction_read_only")), &mut connection).await {
        Either::Left((answer, _)) => answer?,
        Either::Right((ended, _)) => return Err(ended.err().map_or("the connection ended".into(), BoxError::from)),
    };
    let is_wanted = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::Row(row) => row.get(0) == Some(wanted),
        _ => false,
    };
    if answer.iter().any(is_wanted) {
        Ok(Connected::Local(client, connection))
    } else {
        Err(format!("{}: its sessions are not as target_session_attrs asks", socket.display()).into())
    }
}

/// The places of the hosts, in their order. Hosts on the network are one place.
fn places(config: &Config) -> Vec<Place> {
    let mut places = Vec::new();
    for (n, host) in config.get_hosts().iter().enumerate() {
        let ports = config.get_ports();
        let port = ports.get(n).or(ports.first()).copied().unwrap_or(PORT);
        let place = match host {
            // An address that is given beside it is where to connect.
            Host::Unix(directory) if config.get_hostaddrs().is_empty() => Place::Local(directory.clone(), port),
            _ => Place::Network,
        };
        if !places.contains(&place) {
            places.push(place);
        }
    }
    // The driver says what is missing.
    if places.is_empty() { vec![Place::Network] } else { places }
}

/// Addresses without names are their own: it is what a certificate is held against.
fn name_addresses(config: &mut Config) {
    if config.get_hosts().is_empty() {
        for address in config.get_hostaddrs().to_vec() {
            config.host(address.to_string());
        }
    }
}

/// A host that is gone without a word is noticed by the connection itself, also by one that only listens. What the URL says
/// of it stands.
fn notice_silence(config: &mut Config) {
    if config.get_keepalives_idle() == Config::new().get_keepalives_idle() {
        config.keepalives_idle(KEEPALIVE).keepalives_interval(KEEPALIVE).keepalives_retries(3);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(KEEPALIVE * 3);
    }
}

#[cfg(test)]
mod tests;
