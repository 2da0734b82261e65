//! Every page: nothing serious for axe-core, light and dark; no sideways scrolling at 360 pixels; no complaint of the browser.

use console_tests::accessibility::Rules;
use console_tests::page::Role;
use console_tests::{Browser, Stage, browse, places, seed};
use product_tests::{Database, ServerOptions};
use serde_json::json;

/// Looks at what is shown. Returns what is wrong with it.
async fn faults_of(page: &Browser, name: &str) -> Vec<String> {
    page.settles().await;
    let mut wrong = page.violations(Rules::All).await;
    page.prefers_dark(true).await;
    wrong.extend(page.violations(Rules::Contrast).await.into_iter().map(|fault| format!("dark: {fault}")));
    page.prefers_dark(false).await;
    page.resize(360, 740).await;
    let sideways = r"
        const scrolled = [document.documentElement, ...document.querySelectorAll('dialog[open], dialog[open] .dialog-body')];
        const wide = Math.max(...scrolled.map((one) => 360 + one.scrollWidth - one.clientWidth));
        if (wide <= 360) return null;
        const out = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > 361 && one.checkVisibility());
        return `${wide} px wide: ${out.slice(0, 5).map((one) => one.outerHTML.slice(0, 120)).join(' | ')}`;
    ";
    let sideways = page.script(sideways, json!([])).await;
    wrong.extend(sideways.as_str().map(|fault| format!("360 px: {fault}")));
    // Narrow, other things are in sight.
    wrong.extend(page.violations(Rules::Structure).await.into_iter().map(|fault| format!("360 px: {fault}")));
    page.resize(1280, 800).await;
    wrong.extend(page.complaints().await);
    wrong.into_iter().map(|fault| format!("{name}: {fault}")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_accessible_narrow_and_quiet() {
    // Nothing is suspended or retried meanwhile.
    let options = ServerOptions { retry_schedule: "1h", probe_schedule: "1h", ..ServerOptions::default() };
    let stage = Stage::start_on(Database::sqlite(), &options).await;
    let mut wrong = Vec::new();
    browse("pages", &stage.server.url, async |page| {
        page.prefers_dark(false).await;
        page.open("/").await;
        page.find(Role::Button, "Sign in").await;
        wrong.extend(faults_of(page, "sign-in").await);
        page.sign_in(stage.key()).await;
        page.sees("Welcome to crm-sync").await;
        wrong.extend(faults_of(page, "first-run").await);
        page.open("/logs").await;
        wrong.extend(faults_of(page, "logs-empty").await);
        page.open("/people").await;
        wrong.extend(faults_of(page, "people-empty").await);
        let seeded = seed::fill(&stage, false).await;
        for place in places::all(&seeded) {
            page.open(&place.path).await;
            wrong.extend(faults_of(page, place.name).await);
        }
        // What opens over a page.
        page.open("/keys").await;
        page.click(Role::Button, "Create key").await;
        wrong.extend(faults_of(page, "create-key").await);
        page.open(&format!("/syncs/{}/create", seeded.sync)).await;
        page.click(Role::Button, "More to do with this sync").await;
        wrong.extend(faults_of(page, "menu").await);
        page.click(Role::MenuItem, "Resync people …").await;
        wrong.extend(faults_of(page, "resync").await);
        page.click(Role::Button, "Cancel").await;
        page.click(Role::Button, "Pause sync").await;
        page.find(Role::Button, "Resume sync").await;
        page.click(Role::Button, "More to do with this sync").await;
        page.click(Role::MenuItem, "Forget links …").await;
        wrong.extend(faults_of(page, "forget-links").await);
        page.click(Role::Button, "Cancel").await;
        page.click(Role::Button, "Send test …").await;
        page.click(Role::Button, "Send test request").await;
        page.sees("Answer").await;
        wrong.extend(faults_of(page, "send-test").await);
    })
    .await;
    assert!(wrong.is_empty(), "{} faults:\n{}", wrong.len(), wrong.join("\n"));
}

/// What browsers' makers call good, at most.
const GOOD: f64 = 0.1;

/// How much of what was shown has moved since the page was loaded: the browser's layout shift score, 0 where nothing has.
async fn moved(page: &Browser) -> f64 {
    let script = "
        const done = arguments[0];
        let moved = 0;
        const add = (shifts) => shifts.forEach(({ value }) => (moved += value));
        const observer = new PerformanceObserver((list) => add(list.getEntries()));
        observer.observe({ type: 'layout-shift', buffered: true });
        requestAnimationFrame(() => setTimeout(() => {
            add(observer.takeRecords());
            done(moved);
        }));
    ";
    page.async_script(script, json!([])).await.as_f64().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_moves_away_from_the_pointer_while_a_page_is_loaded() {
    let options = ServerOptions { retry_schedule: "1h", probe_schedule: "1h", ..ServerOptions::default() };
    let stage = Stage::start_on(Database::sqlite(), &options).await;
    let sync = stage.sync("CRM", json!({})).await;
    stage.push(json!([{ "id": "1", "firstName": "Ada" }])).await;
    stage.linked(&sync, 1).await;
    let mut scores = Vec::new();
    browse("moved", &stage.server.url, async |page| {
        page.open_as(stage.key(), "/").await;
        // Beside the only sync the first steps might be shown; that they are not is known before the list is there.
        page.open("/").await;
        page.find(Role::Link, "CRM").await;
        page.settles().await;
        scores.push(("the only sync", moved(page).await));
        let seeded = seed::fill(&stage, false).await;
        for place in places::all(&seeded) {
            page.open(&place.path).await;
            page.settles().await;
            scores.push((place.name, moved(page).await));
        }
    })
    .await;
    let most = |name: &str| if name == "the only sync" { 0.0 } else { GOOD };
    assert!(scores.iter().all(|(name, score)| *score <= most(name)), "{scores:?}");
}
