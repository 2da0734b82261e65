//! Issue 4, point 10: what is loaded, and that the page never stops to answer.

use console_tests::page::Role;
use console_tests::{Browser, Stage, browse, seed};
use product_tests::api::people_input;
use product_tests::{eventually, people};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// First load, compressed.
const LOAD_BYTES_MAX: u64 = 300_000;
const TASK_MS_MAX: f64 = 200.0;
const LOG_ENTRIES: usize = 100_000;
/// Measurements, of which the best counts.
const TRIES: usize = 3;

/// Bytes of everything that the page has loaded, as they went over the wire: headers too.
async fn loaded(page: &Browser) -> u64 {
    let script = "
        const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
        const files = all.filter(({ name, entryType }) => entryType === 'navigation' || new URL(name).pathname.startsWith('/assets/'));
        if (files.some(({ transferSize }) => transferSize === 0)) return -1;
        return files.reduce((sum, { transferSize }) => sum + transferSize, 0);
    ";
    page.script(script, json!([])).await.as_u64().expect("everything came over the wire")
}

/// From now on notes tasks that keep the page from answering.
async fn watch_tasks(page: &Browser) {
    let script = "
        window.longTasks = [];
        window.longTaskObserver = new PerformanceObserver((list) => {
            for (const { startTime, duration } of list.getEntries()) window.longTasks.push([Math.round(startTime), Math.round(duration)]);
        });
        window.longTaskObserver.observe({ type: 'longtask' });
    ";
    page.script(script, json!([])).await;
}

/// The longest task since `watch_tasks`, in milliseconds; none is as short as tasks are noted: 50.
async fn longest_task(page: &Browser) -> f64 {
    let script = "
        for (const { startTime, duration } of window.longTaskObserver.takeRecords()) window.longTasks.push([Math.round(startTime), Math.round(duration)]);
        return Math.max(50, ...window.longTasks.map(([, duration]) => duration));
    ";
    page.script(script, json!([])).await.as_f64().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_load_is_small_on_every_page() {
    let stage = Stage::start().await;
    let sync = stage.sync("CRM", json!({})).await;
    let mut sizes = Vec::new();
    browse("first_load", &stage.server.url, async |page| {
        page.open_as(stage.key(), "/").await;
        let editor = format!("/syncs/{sync}/create");
        for path in ["/", &editor, "/logs", "/people", "/keys"] {
            page.devtools("Network.clearBrowserCache", json!({})).await;
            page.open(path).await;
            page.settles().await;
            sizes.push((if path == editor { "a sync, with its editor" } else { path }.to_owned(), loaded(page).await));
        }
        // And all of them in one go.
        page.devtools("Network.clearBrowserCache", json!({})).await;
        page.open(&editor).await;
        page.settles().await;
        for (place, heading) in [("Logs", "Logs"), ("People", "People"), ("Keys", "API keys"), ("Syncs", "Syncs")] {
            page.click(Role::Link, place).await;
            page.find(Role::Heading, heading).await;
            page.settles().await;
        }
        sizes.push(("everything".to_owned(), loaded(page).await));
    })
    .await;
    println!("bytes of the first load, compressed: {sizes:?}");
    for (what, bytes) in sizes {
        assert!((20_000..LOAD_BYTES_MAX).contains(&bytes), "{what}: {bytes} bytes");
    }
}

const ROWS: &str = "return document.querySelectorAll('[role=row][data-at]').length > 10";

/// Scrolls down, a frame at a time and as fast as entries come, until so many are held; then jumps about. Returns what was seen.
async fn scroll(page: &Browser, entries: usize) -> Value {
    let down = "
        const done = arguments[arguments.length - 1];
        const wanted = arguments[0];
        const box = document.querySelector('.wt-box');
        const begun = performance.now();
        let frames = 0;
        const step = (now) => {
            frames += 1;
            box.scrollTop += 4000;
            const rows = Math.round(parseFloat(box.querySelector('.wt-all').style.height) / 40);
            if (rows >= wanted || now - begun > 110000) done({ rows, frames, seconds: Math.round((now - begun) / 100) / 10 });
            else requestAnimationFrame(step);
        };
        requestAnimationFrame(step);
    ";
    let scrolled = page.async_script(down, json!([entries])).await;
    let jump = "
        const done = arguments[arguments.length - 1];
        const box = document.querySelector('.wt-box');
        const parts = [0, 0.5, 1, 0.25, 0.75, 0.999, 0.001];
        const step = () => {
            if (parts.length === 0) return done();
            box.scrollTop = box.scrollHeight * parts.shift();
            requestAnimationFrame(() => requestAnimationFrame(step));
        };
        step();
    ";
    page.async_script(jump, json!([])).await;
    page.until("the rows there are drawn", ROWS, json!([])).await;
    scrolled
}

/// Pushes people as fast as the server takes and sends them, with the list in sight and following. Returns entries a second.
async fn burst(page: &Browser, stage: &Stage, sync: &str, count: usize) -> f64 {
    let before = stage.api.counts(sync).await.0;
    let everybody = people(&format!("burst-{before}-"), 0..count);
    let begun = Instant::now();
    for some in everybody.chunks(1000) {
        stage.push(people_input(some)).await;
    }
    let all = before + i64::try_from(count).expect("a few thousand");
    let linked = || async { stage.api.counts(sync).await.0 == all };
    eventually("everybody is linked", Duration::from_secs(60), linked).await;
    let rate = count as f64 / begun.elapsed().as_secs_f64();
    let newest = stage.api.ok("{ logs(first: 1) { nodes { id } } }", json!({})).await;
    let newest = newest["logs"]["nodes"][0]["id"].clone();
    let at_top = "return document.querySelector(`[data-key='${arguments[0]}']`)?.dataset.at === '0'";
    page.until("the newest entry is at the top", at_top, json!([newest])).await;
    rate
}

/// A figure of the environment, for measuring by hand.
fn figure(name: &str, usual: usize) -> usize {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a whole number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_log_scrolls_and_a_burst_is_followed_without_a_long_task() {
    // A debug build hands out some thousand entries a second, and makes some hundreds.
    let scroll_to = figure("CRM_SYNC_TEST_SCROLL_TO", 20_000);
    let count = figure("CRM_SYNC_TEST_BURST", 2_000);
    let stage = Stage::start().await;
    let sync = stage.sync("CRM", json!({ "limits": { "maxConcurrency": 64 } })).await;
    stage.push(json!([{ "id": "first", "firstName": "Ada", "lastName": "Lovelace" }])).await;
    stage.linked(&sync, 1).await;
    seed::long_log(&stage, LOG_ENTRIES);
    let mut scrolling = f64::MAX;
    let mut following = f64::MAX;
    browse("speed", &stage.server.url, async |page| {
        page.open_as(stage.key(), "/logs").await;
        // Other programs of the machine may hold a task up, ours does so each time: the best of three counts.
        for _ in 0..TRIES {
            page.open("/logs").await;
            page.until("the log is there", ROWS, json!([])).await;
            watch_tasks(page).await;
            let scrolled = scroll(page, scroll_to).await;
            let longest = longest_task(page).await;
            println!("scrolling a log of {LOG_ENTRIES}: {scrolled}, longest task {longest} ms (50: none was noted)");
            assert!(scrolled["rows"].as_u64().is_some_and(|rows| rows >= scroll_to as u64), "it came to no end");
            scrolling = scrolling.min(longest);
            if scrolling < TASK_MS_MAX {
                break;
            }
        }
        for _ in 0..TRIES {
            page.open("/logs").await;
            page.until("the log is there", ROWS, json!([])).await;
            page.sees("Live").await;
            watch_tasks(page).await;
            let rate = burst(page, &stage, &sync, count).await;
            let longest = longest_task(page).await;
            println!("a burst of {count}: {rate:.0} entries a second, longest task {longest} ms (50: none was noted)");
            following = following.min(longest);
            if following < TASK_MS_MAX {
                break;
            }
        }
    })
    .await;
    assert!(scrolling < TASK_MS_MAX, "scrolling held the page up for {scrolling} ms");
    assert!(following < TASK_MS_MAX, "following held the page up for {following} ms");
}
