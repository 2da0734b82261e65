//! TLS: trust, ALPN, HTTP/2, and what failed handshakes are called.

#[expect(dead_code, reason = "each test file uses its part")]
mod support;

use bytes::Bytes;
use dispatch_http::{HttpDispatcher, Options, OptionsError};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use std::sync::Arc;
use support::*;
use sync_core::outcome::{NoAnswer, NotSent, Outcome, Request};
use sync_core::ports::Dispatcher;
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;

/// An authority of its own, as PEM, and what it signs.
struct Authority {
    pem: Vec<u8>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem().into_bytes();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    fn acceptor(&self, names: &[&str], alpn: &[&str]) -> TlsAcceptor {
        self.acceptor_with(names, alpn, rustls::DEFAULT_VERSIONS, None)
    }

    /// One that asks for a client certificate by this authority.
    fn demanding(&self, alpn: &[&str], version: &'static rustls::SupportedProtocolVersion) -> TlsAcceptor {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(rustls::pki_types::CertificateDer::from_pem_slice(&self.pem).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        self.acceptor_with(&["localhost"], alpn, &[version], Some(clients))
    }

    fn acceptor_with(
        &self,
        names: &[&str],
        alpn: &[&str],
        versions: &[&'static rustls::SupportedProtocolVersion],
        clients: Option<Arc<dyn ClientCertVerifier>>,
    ) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_client_cert_verifier(clients.unwrap_or_else(WebPkiClientVerifier::no_client_auth))
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }

    /// Trusts this authority and reaches loopback.
    fn dispatcher(&self) -> HttpDispatcher {
        HttpDispatcher::new(Options { extra_roots_pem: Some(self.pem.clone()), ..loopback() }).unwrap()
    }
}

/// Answers with the version and the length of the body that it saw.
async fn https(acceptor: TlsAcceptor) -> Server {
    Server::start(move |connection| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(stream) = acceptor.accept(connection.stream).await else { return };
            let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| async move {
                let version = format!("{:?}", request.version());
                let length = request.into_body().collect().await?.to_bytes().len();
                let text = format!("{version} {length}");
                Ok::<_, hyper::Error>(hyper::Response::new(Full::new(Bytes::from(text))))
            });
            let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
            // Ends as the client pleases.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        }
    })
    .await
}

fn url(server: &Server) -> String {
    format!("https://localhost:{}/", server.address.port())
}

#[tokio::test]
async fn http_2_is_spoken_where_the_server_offers_it_over_one_connection() {
    let authority = Authority::new();
    let server = https(authority.acceptor(&["localhost"], &["h2", "http/1.1"])).await;
    let dispatcher = authority.dispatcher();
    assert_eq!(answered(dispatcher.send(&post(&url(&server), "{}")).await).text(), "HTTP/2.0 2");
    let request = post(&url(&server), "{}");
    let answers = futures_util::future::join_all((0..20).map(|_| dispatcher.send(&request))).await;
    for exchange in answers {
        assert_eq!(answered(exchange).text(), "HTTP/2.0 2");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn many_first_requests_at_once_are_all_answered() {
    // They race for the one HTTP/2 connection; some are given up before it stands.
    let authority = Authority::new();
    let server = https(authority.acceptor(&["localhost"], &["h2"])).await;
    let dispatcher = authority.dispatcher();
    let patient = post(&url(&server), "{}");
    let hasty = within(patient.clone(), std::time::Duration::from_millis(2));
    let (_, answers) = tokio::join!(
        futures_util::future::join_all((0..10).map(|_| dispatcher.send(&hasty))),
        futures_util::future::join_all((0..30).map(|_| dispatcher.send(&patient))),
    );
    for exchange in answers {
        assert_eq!(answered(exchange).status, 200);
    }
}

#[tokio::test]
async fn http_1_1_is_spoken_where_the_server_knows_nothing_else() {
    let authority = Authority::new();
    for alpn in [&["http/1.1"][..], &[]] {
        let server = https(authority.acceptor(&["localhost"], alpn)).await;
        let dispatcher = authority.dispatcher();
        for _ in 0..3 {
            assert_eq!(answered(dispatcher.send(&post(&url(&server), "{}")).await).text(), "HTTP/1.1 2");
        }
        assert_eq!(server.connections(), 1);
    }
}

#[tokio::test]
async fn an_address_in_the_url_is_verified_as_such() {
    let authority = Authority::new();
    let server = https(authority.acceptor(&["127.0.0.1"], &["h2"])).await;
    let by_address = format!("https://{}/", server.address);
    assert_eq!(answered(authority.dispatcher().send(&post(&by_address, "{}")).await).status, 200);
}

#[tokio::test]
async fn an_untrusted_certificate_is_refused_before_anything_is_sent() {
    let authority = Authority::new();
    let server = https(authority.acceptor(&["localhost"], &["h2"])).await;
    let exchange = dispatcher().send(&post(&url(&server), "{}")).await;
    assert_eq!(not_sent(exchange), (NotSent::Tls, "certificate not trusted: UnknownIssuer".to_owned()));
    let server = https(authority.acceptor(&["crm.example"], &["h2"])).await;
    let exchange = authority.dispatcher().send(&post(&url(&server), "{}")).await;
    assert_eq!(not_sent(exchange), (NotSent::Tls, "certificate not trusted: NotValidForName".to_owned()));
}

#[tokio::test]
async fn verification_off_takes_any_certificate_over_connections_of_its_own() {
    let authority = Authority::new();
    let server = https(authority.acceptor(&["crm.example"], &["h2"])).await;
    let dispatcher = dispatcher();
    let verified = post(&url(&server), "{}");
    let unverified = Request { ssl_verification: false, ..verified.clone() };
    assert_eq!(answered(dispatcher.send(&unverified).await).text(), "HTTP/2.0 2");
    // The connection stands, but no verifying request may use it.
    assert_eq!(not_sent(dispatcher.send(&verified).await).0, NotSent::Tls);
    assert_eq!(answered(dispatcher.send(&unverified).await).status, 200);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_server_without_tls_is_not_sent_anything() {
    // Plain HTTP answers the handshake with an error page; another just closes; a third never says a word.
    let plain = Server::start(|mut connection| async move {
        connection.write(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        connection.hold().await;
    })
    .await;
    let exchange = dispatcher().send(&post(&url(&plain), "{}")).await;
    let target = format!("localhost:{}", plain.address.port());
    assert_eq!(not_sent(exchange), (NotSent::Tls, format!("{target} does not speak TLS")));

    let closing = Server::start(|connection| async move { drop(connection) }).await;
    let (reason, text) = not_sent(dispatcher().send(&post(&url(&closing), "{}")).await);
    assert_eq!(reason, NotSent::Tls, "{text}");

    let silent = Server::start(Connection::hold).await;
    let exchange = dispatcher().send(&within(post(&url(&silent), "{}"), SHORT)).await;
    assert!(exchange.duration >= SHORT && exchange.duration < PATIENT);
    assert_eq!(not_sent(exchange).0, NotSent::ConnectTimeout);
}

/// S2.14: with TLS 1.3 the request may have been written before the server says that it wants a certificate.
#[tokio::test]
async fn s214_a_server_that_refuses_the_client_within_the_handshake_was_sent_nothing() {
    let authority = Authority::new();
    for version in [&rustls::version::TLS13, &rustls::version::TLS12] {
        for alpn in [&["h2"][..], &["http/1.1"], &[]] {
            let acceptor = authority.demanding(alpn, version);
            let server = Server::start(move |connection| {
                let acceptor = acceptor.clone();
                async move {
                    // Kept open, so that the alert arrives, and not the end of the connection.
                    let Err((_, mut refused)) = acceptor.accept(connection.stream).into_fallible().await else {
                        panic!("a client without a certificate was let in")
                    };
                    let _ = tokio::io::copy(&mut refused, &mut tokio::io::sink()).await;
                }
            })
            .await;
            let dispatcher = authority.dispatcher();
            let request = post(&url(&server), "{}");
            // Several at once, which HTTP/2 gives to one connection; then one more.
            let mut exchanges = futures_util::future::join_all((0..4).map(|_| dispatcher.send(&request))).await;
            exchanges.push(dispatcher.send(&request).await);
            for exchange in exchanges {
                let (reason, text) = not_sent(exchange);
                assert_eq!(reason, NotSent::Tls, "{version:?} {alpn:?}: {text}");
                assert!(text.starts_with("the server refused TLS"), "{version:?} {alpn:?}: {text}");
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_http_2_after_all_is_not_an_answer() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(&["localhost"], &["h2"]);
    let server = Server::start(move |connection| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(connection.stream).await else { return };
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
            let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
        }
    })
    .await;
    let exchange = authority.dispatcher().send(&post(&url(&server), "{}")).await;
    let (reason, text) = no_answer(exchange);
    assert_eq!(reason, NoAnswer::Malformed, "{text}");
}

#[tokio::test]
async fn an_http_2_request_that_the_server_gives_up_has_no_answer_unless_it_says_that_it_did_nothing() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(&["localhost"], &["h2"]);
    for (reason, expected) in [(h2::Reason::REFUSED_STREAM, "REFUSED_STREAM"), (h2::Reason::CANCEL, "CANCEL")] {
        let acceptor = acceptor.clone();
        let server = Server::start(move |connection| {
            let acceptor = acceptor.clone();
            async move {
                let Ok(stream) = acceptor.accept(connection.stream).await else { return };
                let Ok(mut http2) = h2::server::handshake(stream).await else { return };
                while let Some(Ok((_, mut answer))) = http2.accept().await {
                    answer.send_reset(reason);
                }
            }
        })
        .await;
        let outcome = authority.dispatcher().send(&post(&url(&server), "{}")).await.outcome;
        let target = format!("localhost:{}", server.address.port());
        let wanted = match reason {
            h2::Reason::REFUSED_STREAM => Outcome::NotSent(
                NotSent::Unprocessed,
                format!("{target} says that it did not begin the request: {expected}"),
            ),
            _ => Outcome::NoAnswer(NoAnswer::Cut, format!("{target} gave the request up: {expected}")),
        };
        assert_eq!(outcome, wanted);
    }
}

#[tokio::test]
async fn a_goaway_that_speaks_of_the_request_leaves_it_without_an_answer() {
    let authority = Authority::new();
    let acceptor = authority.acceptor(&["localhost"], &["h2"]);
    let server = Server::start(move |connection| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(stream) = acceptor.accept(connection.stream).await else { return };
            let Ok(mut http2) = h2::server::handshake(stream).await else { return };
            // Its last stream is the newest that was accepted.
            let _accepted = http2.accept().await;
            http2.abrupt_shutdown(h2::Reason::NO_ERROR);
            let _closed = std::future::poll_fn(|context| http2.poll_closed(context)).await;
        }
    })
    .await;
    let (reason, _) = no_answer(authority.dispatcher().send(&post(&url(&server), "{}")).await);
    assert_eq!(reason, NoAnswer::Cut);
}

/// Where the test below finds its server, when it runs itself.
const SERVER_URL: &str = "DISPATCH_HTTP_TEST_URL";

#[tokio::test]
async fn native_roots_are_those_of_ssl_cert_file() {
    if let Ok(url) = std::env::var(SERVER_URL) {
        let native = HttpDispatcher::new(Options { native_roots: true, ..loopback() }).unwrap();
        assert_eq!(answered(native.send(&post(&url, "{}")).await).status, 200);
        assert_eq!(not_sent(dispatcher().send(&post(&url, "{}")).await).0, NotSent::Tls);
        return;
    }
    // A process cannot safely change its own environment; so this test runs itself.
    let authority = Authority::new();
    let server = https(authority.acceptor(&["localhost"], &["h2"])).await;
    let file = std::env::temp_dir().join(format!("dispatch-http-roots-{}.pem", std::process::id()));
    std::fs::write(&file, &authority.pem).unwrap();
    let output = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "native_roots_are_those_of_ssl_cert_file"])
        .env("SSL_CERT_FILE", &file)
        .env(SERVER_URL, url(&server))
        .output()
        .await
        .unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(server.connections(), 2);
}

#[test]
fn roots_that_cannot_be_read_are_refused_by_name() {
    let with = |pem: &[u8]| HttpDispatcher::new(Options { extra_roots_pem: Some(pem.to_vec()), ..Options::default() });
    assert!(matches!(with(b"nothing"), Err(OptionsError::ExtraRootsEmpty)));
    let broken = b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
    assert!(matches!(with(broken), Err(OptionsError::ExtraRootsPem(_))));
    let not_a_certificate = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(with(not_a_certificate), Err(OptionsError::ExtraRoot(_))));
}
