//! Takes a picture of each page of the console, light and dark: `cargo xtask screenshots`.

use console_tests::browser::target;
use console_tests::page::Role;
use console_tests::{Browser, Stage, browse, places, seed};
use product_tests::Database;
use product_tests::server::ServerOptions;
use std::path::Path;

#[tokio::main]
async fn main() {
    let directory = std::env::args_os().nth(1).map_or_else(|| target().join("screenshots"), Into::into);
    std::fs::create_dir_all(&directory).expect("a directory for the pictures");
    let database = Database::sqlite();
    let options = ServerOptions {
        retry_schedule: "10m,1h,6h,12h",
        probe_schedule: "200ms,400ms,20m",
        ..ServerOptions::default()
    };
    let stage = Stage::start_on(database, &options).await;
    browse("screenshots", &stage.server.url, async |page| take(page, &stage, &directory).await).await;
    println!("{}", directory.display());
}

async fn take(page: &Browser, stage: &Stage, directory: &Path) {
    page.open("/").await;
    page.find(Role::Button, "Sign in").await;
    in_both_schemes(page, directory, "sign-in").await;
    page.sign_in(stage.key()).await;
    page.sees("Welcome to crm-sync").await;
    in_both_schemes(page, directory, "first-run").await;
    let seeded = seed::fill(stage, true).await;
    for place in places::all(&seeded) {
        page.open(&place.path).await;
        in_both_schemes(page, directory, place.name).await;
    }
    page.open(&format!("/syncs/{}/create", seeded.sync)).await;
    page.click(Role::Button, "Send test …").await;
    page.click(Role::Button, "Send test request").await;
    page.sees("Answer").await;
    in_both_schemes(page, directory, "send-test").await;
    page.resize(360, 740).await;
    for (name, path) in
        [("narrow-syncs", "/"), ("narrow-logs", "/logs"), ("narrow-sync", &format!("/syncs/{}/create", seeded.sync))]
    {
        page.open(path).await;
        in_both_schemes(page, directory, name).await;
    }
}

async fn in_both_schemes(page: &Browser, directory: &Path, name: &str) {
    for (dark, scheme) in [(false, "light"), (true, "dark")] {
        page.prefers_dark(dark).await;
        page.settles().await;
        let file = directory.join(format!("{name}-{scheme}.png"));
        std::fs::write(&file, page.screenshot().await).expect("a picture can be kept");
    }
}
