//! Many people in one call, and many syncs: the call is answered soon, and all of it is owed in the end.

use product_tests::{Database, Server, ServerOptions, process};
use serde_json::json;
use std::time::Instant;

const SYNCS: usize = 200;
const PEOPLE: usize = 1000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measure() {
    for database in [Database::sqlite(), Database::postgres().await] {
        let server = Server::start(&database, &ServerOptions::default()).await;
        let api = server.api();
        for n in 0..SYNCS {
            let id = api.create_sync("http://127.0.0.1:9", json!({ "friendlyName": format!("CRM {n}") })).await;
            api.ok("mutation ($id: ID!) { pauseSync(id: $id) { id } }", json!({ "id": id })).await;
        }
        for name in ["Ada", "Grace"] {
            let people: Vec<_> = (0..PEOPLE).map(|n| (format!("p{n}"), name.to_owned())).collect();
            let begun = Instant::now();
            api.push(&people).await;
            let took = begun.elapsed();
            let memory = process::peak_memory_mib(server.pid().unwrap()).unwrap();
            println!("{}: {name}: {took:?}, {memory:.0} MiB at most", &database.url[..6]);
        }
        server.stop().await;
    }
}
