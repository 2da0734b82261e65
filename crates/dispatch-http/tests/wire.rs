//! What is written to the wire, and what is made of every kind of answer and fault on it.

mod support;

use std::io::Write;
use std::time::Duration;
use support::*;
use sync_core::outcome::{BodyRead, NoAnswer, NotSent, Request, RequestHeader};
use sync_core::ports::Dispatcher;
use sync_core::sync::Method;

#[tokio::test]
async fn a_request_goes_out_with_its_length_and_is_answered() {
    let server = Server::answering(
        "HTTP/1.1 201 Created\r\nLocation: /contacts/51\r\nContent-Length: 11\r\n\r\n{\"id\":\"51\"}",
    )
    .await;
    let mut request = post(&format!("{}?a=%20b", server.url()), "{\"name\":\"Zo\u{eb}\"}");
    request.headers.push(RequestHeader { name: "authorization".into(), value: "Basic dTpwOnE=".into(), secret: true });
    let exchange = dispatcher().send(&request).await;
    assert!(exchange.duration < PATIENT);
    let answer = answered(exchange);
    assert_eq!((answer.status, answer.header("location")), (201, Some("/contacts/51")));
    assert_eq!((&answer.body[..], answer.body_read), (&b"{\"id\":\"51\"}"[..], BodyRead::Whole));
    let sent = server.requests().remove(0);
    let (head, body) = sent.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<_> = head.lines().collect();
    assert_eq!(lines.remove(0), "POST /contacts?a=%20b HTTP/1.1");
    lines.sort_unstable();
    let host = format!("Host: {}", server.address);
    assert_eq!(
        lines,
        [
            "Accept-Encoding: gzip, deflate, br",
            "Authorization: Basic dTpwOnE=",
            "Content-Length: 15",
            "Content-Type: application/json",
            &host
        ]
    );
    assert_eq!(body, "{\"name\":\"Zo\u{eb}\"}");
}

#[tokio::test]
async fn each_method_says_the_length_that_servers_expect() {
    let server = Server::answering(ok("")).await;
    let dispatcher = dispatcher();
    for (method, expected) in [
        (Method::Get, None),
        (Method::Delete, None),
        (Method::Post, Some("Content-Length: 0")),
        (Method::Put, Some("Content-Length: 0")),
        (Method::Patch, Some("Content-Length: 0")),
    ] {
        answered(dispatcher.send(&Request { method, body: None, ..post(&server.url(), "") }).await);
        let sent = server.requests().pop().unwrap();
        assert!(sent.starts_with(&format!("{} /contacts HTTP/1.1\r\n", method.as_str())), "{sent}");
        assert_eq!(
            sent.lines().find(|line| line.to_ascii_lowercase().starts_with("content-length")),
            expected,
            "{sent}"
        );
    }
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = Server::answering(ok("{}")).await;
    let dispatcher = dispatcher();
    for _ in 0..20 {
        answered(dispatcher.send(&post(&server.url(), "{}")).await);
    }
    assert_eq!((server.requests().len(), server.connections()), (20, 1));
}

#[tokio::test]
async fn a_request_does_not_wait_for_another() {
    // The first connection's answer never comes; the others' do.
    let server = Server::start(|mut connection| async move {
        while connection.request().await.is_some() {
            if connection.nth == 0 {
                return connection.hold().await;
            }
            connection.write(ok("{}").as_bytes()).await;
        }
    })
    .await;
    let dispatcher = dispatcher();
    let stuck = within(post(&server.url(), "{}"), Duration::from_secs(1));
    let stuck = dispatcher.send(&stuck);
    let others = async {
        while server.requests().is_empty() {
            tokio::task::yield_now().await;
        }
        for _ in 0..5 {
            answered(dispatcher.send(&post(&server.url(), "{}")).await);
        }
        server.connections()
    };
    let (stuck, connections) = tokio::join!(stuck, others);
    assert_eq!(no_answer(stuck).0, NoAnswer::Timeout);
    assert_eq!(connections, 2);
}

#[tokio::test]
async fn a_server_that_closes_after_each_answer_works() {
    let server = Server::answering_once("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}").await;
    let dispatcher = dispatcher();
    for _ in 0..5 {
        assert_eq!(answered(dispatcher.send(&post(&server.url(), "{}")).await).body_read, BodyRead::Whole);
    }
    assert_eq!(server.connections(), 5);
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closed_is_never_taken_for_an_answer() {
    // Closes without a word after each answer. A request that meets the closing is not sent or has no answer, by how far
    // it came; most see a new connection.
    let server = Server::answering_once(ok("{}")).await;
    let dispatcher = dispatcher();
    for _ in 0..50 {
        let before = server.requests().len();
        match dispatcher.send(&post(&server.url(), "{}")).await.outcome {
            sync_core::outcome::Outcome::Answered(answer) => assert_eq!(answer.status, 200),
            sync_core::outcome::Outcome::NoAnswer(reason, text) => assert_eq!(reason, NoAnswer::Cut, "{text}"),
            sync_core::outcome::Outcome::NotSent(reason, text) => {
                assert_eq!((reason, server.requests().len()), (NotSent::Connection, before), "{text}");
            }
        }
    }
}

#[tokio::test]
async fn http_1_0_with_and_without_a_length_works() {
    let server = Server::answering_once("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"id\":7}").await;
    let read = answer(&server.url()).await;
    assert_eq!((&read.body[..], read.body_read), (&b"{\"id\":7}"[..], BodyRead::Whole));
    let server = Server::answering_once("HTTP/1.0 200 OK\r\nContent-Length: 8\r\n\r\n{\"id\":7}").await;
    assert_eq!(&answer(&server.url()).await.body[..], b"{\"id\":7}");
}

#[tokio::test]
async fn chunks_are_joined() {
    let server = Server::answering(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"id\r\n4;x=y\r\n\":7}\r\n0\r\nX-T: 1\r\n\r\n",
    )
    .await;
    let read = answer(&server.url()).await;
    assert_eq!((&read.body[..], read.body_read), (&b"{\"id\":7}"[..], BodyRead::Whole));
}

#[tokio::test]
async fn answers_without_a_body_are_whole() {
    for status in ["204 No Content", "304 Not Modified", "205 Reset Content\r\nContent-Length: 0"] {
        let server = Server::answering(format!("HTTP/1.1 {status}\r\nContent-Encoding: gzip\r\n\r\n")).await;
        let read = answer(&server.url()).await;
        assert_eq!((read.body.len(), read.body_read), (0, BodyRead::Whole), "{status}");
        assert!(status.starts_with(&read.status.to_string()));
    }
}

#[tokio::test]
async fn interim_answers_are_skipped() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let server = Server::answering(format!("{interim}{}", ok("{}"))).await;
    let read = answer(&server.url()).await;
    assert_eq!((read.status, read.header("link")), (200, None));
}

#[tokio::test]
async fn a_redirect_is_answered_not_followed() {
    let elsewhere = Server::answering(ok("{}")).await;
    let location = elsewhere.url();
    let server = Server::answering(format!(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"
    ))
    .await;
    let read = answer(&server.url()).await;
    assert_eq!((read.status, read.header("location")), (307, Some(location.as_str())));
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn header_values_become_text() {
    let server = Server::answering(
        b"HTTP/1.1 200 OK\r\nX-Latin: caf\xe9\r\nX-Utf: caf\xc3\xa9\r\nX-Id: 1\r\nX-ID: 2\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    let read = answer(&server.url()).await;
    assert_eq!(read.header("x-latin"), Some("caf\u{fffd}"));
    assert_eq!(read.header("x-utf"), Some("caf\u{e9}"));
    assert_eq!(read.headers.iter().filter(|(name, _)| name == "x-id").count(), 2);
}

#[tokio::test]
async fn encoded_bodies_are_decoded() {
    let text = br#"{"id":"51"}"#;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text).unwrap();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(text).unwrap();
    let mut brotli = Vec::new();
    brotli::CompressorWriter::new(&mut brotli, 4096, 5, 20).write_all(text).unwrap();
    for (encoding, body) in [("gzip", gzip.finish().unwrap()), ("deflate", zlib.finish().unwrap()), ("br", brotli)] {
        let server = Server::answering(encoded(encoding, &body)).await;
        let read = answer(&server.url()).await;
        assert_eq!((&read.body[..], read.body_read), (&text[..], BodyRead::Whole), "{encoding}");
    }
}

#[tokio::test]
async fn a_gzip_bomb_stops_at_the_cap() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..4096 {
        gzip.write_all(&[0; 4096]).unwrap();
    }
    let server = Server::answering(encoded("gzip", &gzip.finish().unwrap())).await;
    let read = answer(&server.url()).await;
    assert_eq!((read.body.len(), read.body_read), (dispatch_http::RESPONSE_BODY_BYTES_MAX, BodyRead::TooLarge));
}

#[tokio::test]
async fn a_broken_encoding_keeps_the_status() {
    let server = Server::answering(encoded("gzip", b"{\"id\":1}")).await;
    let read = answer(&server.url()).await;
    assert_eq!((read.status, read.body_read), (200, BodyRead::Malformed));
}

#[tokio::test]
async fn a_body_is_read_up_to_the_cap_and_no_further() {
    let options = dispatch_http::Options { response_body_bytes_max: 1000, ..loopback() };
    let dispatcher = dispatch_http::HttpDispatcher::new(options).unwrap();
    for (length, read) in [(1000, BodyRead::Whole), (1001, BodyRead::TooLarge), (5_000_000, BodyRead::TooLarge)] {
        let server = Server::answering(ok(&"x".repeat(length))).await;
        let answer = answered(dispatcher.send(&post(&server.url(), "{}")).await);
        assert_eq!((answer.status, answer.body.len(), answer.body_read), (200, 1000, read));
    }
    // Without end.
    let server = Server::start(|mut connection| async move {
        connection.request().await;
        connection.write(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while tokio::io::AsyncWriteExt::write_all(&mut connection.stream, &[b'x'; 4096]).await.is_ok() {}
    })
    .await;
    let answer = answered(dispatcher.send(&post(&server.url(), "{}")).await);
    assert_eq!((answer.body.len(), answer.body_read), (1000, BodyRead::TooLarge));
}

#[tokio::test]
async fn a_body_that_ends_early_is_cut_but_keeps_head_and_start() {
    for head in ["Content-Length: 100\r\n\r\n{\"id\"", "Transfer-Encoding: chunked\r\n\r\n10\r\n{\"id\""] {
        let server = Server::answering_once(format!("HTTP/1.1 201 Created\r\nX-A: 1\r\n{head}")).await;
        let read = answer(&server.url()).await;
        assert_eq!((read.status, read.header("x-a"), read.body_read), (201, Some("1"), BodyRead::Cut), "{head}");
        assert_eq!(&read.body[..], b"{\"id\"");
    }
}

#[tokio::test]
async fn a_broken_chunk_is_malformed() {
    let server = Server::answering_once("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n").await;
    let read = answer(&server.url()).await;
    assert_eq!((read.status, read.body_read), (200, BodyRead::Malformed));
}

#[tokio::test]
async fn what_is_not_http_is_malformed() {
    let many_headers = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X-A: 1\r\n".repeat(200));
    let long_head = format!("HTTP/1.1 200 OK\r\nX-A: {}\r\n\r\n", "x".repeat(200_000));
    for head in [
        "SSH-2.0-OpenSSH_9.6\r\n",
        "HTTP/1.1 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        &many_headers,
        &long_head,
    ] {
        let server = Server::answering_once(head).await;
        let (reason, text) = no_answer(dispatcher().send(&post(&server.url(), "{}")).await);
        assert_eq!(reason, NoAnswer::Malformed, "{text}: {}", head.get(..40).unwrap_or(head));
    }
}

#[tokio::test]
async fn a_connection_that_ends_before_the_head_is_complete_is_cut() {
    for head in ["", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"] {
        let server = Server::answering_once(head).await;
        let (reason, text) = no_answer(dispatcher().send(&post(&server.url(), "{}")).await);
        assert_eq!(reason, NoAnswer::Cut, "{text}: {head}");
        assert_eq!(text, format!("{} ended the connection before it answered", server.address));
        assert_eq!(server.requests().len(), 1, "sent again");
    }
}

#[tokio::test]
async fn an_answer_that_never_comes_is_no_answer() {
    for start in ["", "HTTP/1.1 200 OK\r\nX-A"] {
        let server = Server::start(move |mut connection| async move {
            connection.request().await;
            connection.write(start.as_bytes()).await;
            connection.hold().await;
        })
        .await;
        let exchange = dispatcher().send(&within(post(&server.url(), "{}"), SHORT)).await;
        assert!(exchange.duration >= SHORT && exchange.duration < PATIENT);
        let (reason, text) = no_answer(exchange);
        assert_eq!(reason, NoAnswer::Timeout);
        assert_eq!(text, format!("no answer of {} within 0.3 s", server.address));
    }
}

#[tokio::test]
async fn a_dripping_answer_is_cut_off_by_the_deadline() {
    async fn drip(connection: &mut Connection, bytes: &[u8]) {
        for byte in bytes {
            connection.write(&[*byte]).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    // In the body: the head is kept.
    let server = Server::start(|mut connection| async move {
        connection.request().await;
        connection.write(b"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n").await;
        drip(&mut connection, &[b'x'; 1000]).await;
    })
    .await;
    let exchange = dispatcher().send(&within(post(&server.url(), "{}"), SHORT)).await;
    assert!(exchange.duration < SHORT * 5, "{:?}", exchange.duration);
    let read = answered(exchange);
    assert_eq!((read.status, read.body_read), (201, BodyRead::Late));
    assert!(!read.body.is_empty() && read.body.len() < 1000);
    // In the head, and in interim answers without end.
    let server = Server::start(|mut connection| async move {
        connection.request().await;
        drip(&mut connection, "HTTP/1.1 100 Continue\r\n\r\n".repeat(1000).as_bytes()).await;
    })
    .await;
    let exchange = dispatcher().send(&within(post(&server.url(), "{}"), SHORT)).await;
    assert_eq!(no_answer(exchange).0, NoAnswer::Timeout);
}

#[tokio::test]
async fn a_refused_port_is_not_sent() {
    // Bound and given back: nothing listens there.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let exchange = dispatcher().send(&post(&format!("http://{address}/"), "{}")).await;
    assert_eq!(not_sent(exchange), (NotSent::Connection, format!("connection refused by {address}")));
}

#[tokio::test]
async fn a_connection_that_never_comes_about_is_not_sent() {
    // A listener whose queue is full: Linux drops what would connect.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(stream) = tokio::time::timeout(SHORT, tokio::net::TcpStream::connect(address)).await {
        queued.push(stream.unwrap());
    }
    let exchange = dispatcher().send(&within(post(&format!("http://{address}/"), "{}"), SHORT)).await;
    assert!(exchange.duration >= SHORT && exchange.duration < PATIENT);
    assert_eq!(not_sent(exchange), (NotSent::ConnectTimeout, format!("no connection to {address} within 0.3 s")));
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_not_sent() {
    let exchange = dispatcher().send(&post("http://crm.invalid/", "{}")).await;
    assert_eq!(not_sent(exchange), (NotSent::Dns, "the name crm.invalid does not resolve".to_owned()));
}

#[tokio::test]
async fn a_request_that_cannot_be_built_is_not_sent() {
    let mut request = post("http://127.0.0.1:9/", "{}");
    request.headers.push(RequestHeader { name: "X-Key".into(), value: "s3cret\r\nX: y".into(), secret: true });
    let (reason, text) = not_sent(dispatcher().send(&request).await);
    assert_eq!((reason, text.as_str()), (NotSent::Connection, "the value of the header X-Key cannot be sent"));
}
