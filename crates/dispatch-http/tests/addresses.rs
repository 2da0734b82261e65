//! The address guard, in front of real sockets.

#[expect(dead_code, reason = "each test file uses its part")]
mod support;

use dispatch_http::{HttpDispatcher, Options};
use support::*;
use sync_core::outcome::NotSent;
use sync_core::ports::Dispatcher;

/// Ways to write this machine. `url` makes one literal of several; the last goes through the resolver.
const HOSTS: [&str; 8] =
    ["127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "127.1", "0x7f.1", "0177.0.0.1", "127.0.0.1.", "localhost"];

#[tokio::test]
async fn this_machine_is_refused_however_it_is_written() {
    let server = Server::answering(ok("{}")).await;
    let strict = HttpDispatcher::new(Options::default()).unwrap();
    let port = server.address.port();
    for host in HOSTS.into_iter().chain(["0", "0.0.0.0", "[::1]", "[::]", "[64:ff9b::7f00:1]", "[2002:7f00:1::1]"]) {
        for scheme in ["http", "https"] {
            let (reason, text) = not_sent(strict.send(&post(&format!("{scheme}://{host}:{port}/"), "{}")).await);
            assert_eq!(reason, NotSent::AddressRefused, "{scheme}://{host}: {text}");
            assert!(text.contains("address, which is not allowed: restart the server with `--allow-network"), "{text}");
        }
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn an_allowed_network_is_reached_however_it_is_written() {
    let server = Server::answering(ok("{}")).await;
    let dispatcher = dispatcher();
    for host in HOSTS {
        let answer = answered(dispatcher.send(&post(&format!("http://{host}:{}/", server.address.port()), "{}")).await);
        assert_eq!(answer.status, 200, "{host}");
    }
}

#[tokio::test]
async fn metadata_and_private_addresses_are_refused() {
    let dispatcher = dispatcher();
    let metadata =
        "a cloud metadata address, which is not allowed: it hands out the credentials of the server's machine";
    for (host, range, network) in [
        ("169.254.169.254", metadata, ""),
        ("10.0.0.1", "a private address", "10.0.0.1"),
        ("[fd00:ec2::254]", metadata, ""),
        ("[fd00::1]", "a private address", "fd00::1"),
        ("100.64.0.1", "a carrier's shared address", "100.64.0.1"),
    ] {
        let (reason, text) = not_sent(dispatcher.send(&post(&format!("http://{host}/"), "{}")).await);
        let mend = if network.is_empty() {
            String::new()
        } else {
            format!(", which is not allowed: restart the server with `--allow-network {network}` to allow it")
        };
        let told = format!("{} leads to {range}{mend}", host.trim_matches(['[', ']']));
        assert_eq!((reason, text), (NotSent::AddressRefused, told));
    }
}
