use super::*;
use crate::fixture::cluster;
use crate::sql::ran::of_a_test as sql_query;
use crate::sqlstate::code_of;
use diesel::result::Error;
use diesel_async::RunQueryDsl;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{RootCertStore, ServerConfig};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Host and port of the scratch cluster, which speaks no TLS.
fn server() -> (String, u16) {
    let config: Config = cluster().parse().unwrap();
    let Host::Tcp(host) = &config.get_hosts()[0] else { panic!("it is reached over TCP") };
    (host.clone(), config.get_ports()[0])
}

/// How TLS begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Begin {
    Asked,
    Directly,
}

/// The scratch cluster behind TLS. Returns the port, and whom to trust.
async fn behind_tls(begin: Begin) -> (u16, RootCertStore) {
    let key = KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if begin == Begin::Asked {
                    let mut request = [0; 8];
                    client.read_exact(&mut request).await.unwrap();
                    assert_eq!(request, [0, 0, 0, 8, 4, 210, 22, 47]);
                    client.write_all(b"S").await.unwrap();
                }
                // A client that does not trust it goes away.
                let Ok(mut client) = acceptor.accept(client).await else { return };
                let mut postgres = TcpStream::connect(server()).await.unwrap();
                let _ended = copy_bidirectional(&mut client, &mut postgres).await;
            });
        }
    });
    (port, roots)
}

fn connector(url: &str) -> Connector {
    Connector::new(&url.into()).unwrap()
}

/// Errors come with their codes: those of statements, and those that a listening connection gets.
async fn tells_codes(connector: &Connector) {
    let mut connection = connector.connect().await.unwrap();
    let fault = sql_query("SELECT 1 / (SELECT 0)").execute(&mut connection).await.unwrap_err();
    let Error::DatabaseError(_, information) = &fault else { panic!("{fault:?}") };
    assert_eq!(code_of(information.message()), Some("22012"), "{fault:?}");
    sql_query("SELECT 1").execute(&mut connection).await.unwrap();

    let (client, mut messages) = connector.listen().await.unwrap();
    let polled = tokio::spawn(async move { while messages.next().await.is_some_and(|message| message.is_ok()) {} });
    let fault = client.batch_execute("no statement").await.unwrap_err();
    let fault = fault.as_db_error().unwrap();
    assert_eq!((code_of(fault.message()), fault.code().code()), (Some("42601"), "42601"));
    drop(client);
    polled.await.unwrap();
}

#[tokio::test]
async fn errors_have_codes_without_tls() {
    let (host, port) = server();
    for mode in ["", "?sslmode=disable", "?sslmode=prefer", "?sslmode=disable&target_session_attrs=read-write"] {
        tells_codes(&connector(&format!("postgres://postgres@{host}:{port}/postgres{mode}"))).await;
    }
    // The first of several that answers.
    let several = format!("postgres://postgres@localhost:1,{host}:{port}/postgres");
    tells_codes(&connector(&several)).await;
}

#[tokio::test]
async fn errors_have_codes_over_tls() {
    let cases = [
        (Begin::Asked, "localhost", "sslmode=require"),
        (Begin::Asked, "localhost", "sslmode=prefer"),
        (Begin::Asked, "127.0.0.1", "sslmode=require"),
        (Begin::Directly, "localhost", "sslmode=require&sslnegotiation=direct"),
    ];
    for (begin, host, options) in cases {
        let (port, roots) = behind_tls(begin).await;
        let mut connector = connector(&format!("postgres://postgres@{host}:{port}/postgres?{options}"));
        connector.negotiator.trust(roots);
        tells_codes(&connector).await;
    }
    // By its address alone.
    let (port, roots) = behind_tls(Begin::Asked).await;
    let mut connector = connector(&format!("user=postgres hostaddr=127.0.0.1 port={port} sslmode=require"));
    connector.negotiator.trust(roots);
    tells_codes(&connector).await;
}

#[tokio::test]
async fn errors_have_codes_on_a_unix_socket() {
    let (host, port) = server();
    let client = crate::fixture::client("postgres").await;
    let row = client.query_one("SELECT current_setting('unix_socket_directories')", &[]).await.unwrap();
    let directory: String = row.get(0);
    for options in ["", "target_session_attrs=read-write", "connect_timeout=5 sslmode=disable"] {
        tells_codes(&connector(&format!("user=postgres host={directory} port={port} {options}"))).await;
    }
    // The one that answers, whichever comes first.
    for (hosts, ports) in
        [(format!("{directory},{host}"), format!("1,{port}")), (format!("{host},{directory}"), format!("1,{port}"))]
    {
        tells_codes(&connector(&format!("user=postgres host={hosts} port={ports}"))).await;
    }
    let read_only = format!("user=postgres host={directory} port={port} target_session_attrs=read-only");
    let refused = connector(&read_only).connect().await.err().unwrap().to_string();
    assert!(refused.contains("target_session_attrs"), "{refused}");
    let nowhere = connector("user=postgres host=/nowhere").connect().await.err().unwrap().to_string();
    assert!(nowhere.contains("/nowhere/.s.PGSQL.5432"), "{nowhere}");
}

#[tokio::test]
async fn what_tls_cannot_be_had_as_asked_is_refused() {
    let (host, port) = server();
    let (tls, _) = behind_tls(Begin::Asked).await;
    let cases = [
        (format!("postgres://postgres@{host}:{port}/postgres?sslmode=require"), "does not speak TLS"),
        (format!("postgres://postgres@localhost:{tls}/postgres?sslmode=require"), "invalid peer certificate"),
        (format!("postgres://postgres@localhost:{tls}/postgres?sslmode=prefer"), "invalid peer certificate"),
        (format!("postgres://postgres@{host}:{port}/postgres?sslnegotiation=direct"), "needs sslmode=require"),
        ("user=postgres".to_owned(), "host"),
    ];
    for (url, why) in cases {
        let refused = connector(&url).connect().await.err().unwrap().to_string();
        assert!(refused.contains(why), "{url}: {refused}");
    }
}

#[test]
fn places_are_those_of_the_hosts() {
    let of = |config: &str| places(&config.parse().unwrap());
    let local = |directory: &str, port| Place::Local(directory.into(), port);
    assert_eq!(of("host=a,b"), [Place::Network]);
    assert_eq!(of("host=/a,b,/c,d port=1,2,3,4"), [local("/a", 1), Place::Network, local("/c", 3)]);
    assert_eq!(of("host=/a"), [local("/a", 5432)]);
    assert_eq!(of("host=/a hostaddr=127.0.0.1"), [Place::Network]);
    assert_eq!(of("hostaddr=127.0.0.1"), [Place::Network]);
}
