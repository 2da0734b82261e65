//! One headless browser with its driver, and what is kept of it when a test fails.

use crate::webdriver_http::WebDriverHttp;
use futures_util::FutureExt;
use product_tests::process;
use serde_json::{Value, json};
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use thirtyfour::{ChromiumLikeCapabilities, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use uuid::Uuid;

/// How long driver and browser may take to start.
const START_WITHIN: Duration = Duration::from_secs(30);
/// How often the driver is started, where it ends at once.
const STARTS_MAX: u32 = 5;
/// How long one script may take.
const SCRIPT_WITHIN: Duration = Duration::from_secs(120);

/// A browser with an empty profile. Ended when dropped.
pub struct Browser {
    pub(crate) driver: WebDriver,
    /// Where the console is, without a slash at the end.
    pub url: String,
    // Before the profile, which must not be in use when it is removed.
    _process: Driver,
    _profile: Profile,
}

/// Opens a browser, plays `test` in it on the console at `url`, and looks that the browser had nothing to complain of.
///
/// # Panics
/// As `test` does, once what the browser shows was kept; and where the browser's console holds an error.
pub async fn browse(name: &str, url: &str, test: impl AsyncFnOnce(&Browser)) {
    let browser = Browser::start(url).await;
    let played = AssertUnwindSafe(async {
        test(&browser).await;
        let complaints = browser.complaints().await;
        assert!(complaints.is_empty(), "the browser's console: {complaints:#?}");
    });
    let played = played.catch_unwind().await;
    if let Err(panic) = played {
        browser.keep_evidence(name).await;
        std::panic::resume_unwind(panic);
    }
}

impl Browser {
    /// Starts a driver on a free port, and a browser of 1280 by 800.
    ///
    /// # Panics
    /// Where either does not start.
    pub async fn start(url: &str) -> Self {
        let profile = Profile::new();
        let process = Driver::start(&profile).await;
        let mut wanted = DesiredCapabilities::chrome();
        let set = (|| {
            wanted.set_binary("/usr/bin/chromium")?;
            for argument in [
                "--headless=new",
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-default-apps",
                "--hide-scrollbars",
            ] {
                wanted.add_arg(argument)?;
            }
            wanted.add_arg(&format!("--user-data-dir={}", profile.0.join("profile").display()))?;
            wanted.set_browser_log_level(LoggingPrefsLogLevel::All)
        })();
        set.expect("capabilities are JSON");
        let driver = WebDriver::builder(format!("http://127.0.0.1:{}", process.port), wanted)
            .client(WebDriverHttp::new())
            .request_timeout(SCRIPT_WITHIN + START_WITHIN)
            .connect();
        let driver = driver.await.expect("chromium starts: `cargo xtask test` installs it");
        driver.set_script_timeout(SCRIPT_WITHIN).await.expect("the driver takes timeouts");
        let browser = Self { driver, url: url.trim_end_matches('/').to_owned(), _process: process, _profile: profile };
        browser.resize(1280, 800).await;
        // The same everywhere.
        browser.devtools("Emulation.setLocaleOverride", json!({ "locale": "en-GB" })).await;
        browser.devtools("Emulation.setTimezoneOverride", json!({ "timezoneId": "Europe/Berlin" })).await;
        browser
    }

    /// The browser itself, for what this has no words for.
    pub fn driver(&self) -> &WebDriver {
        &self.driver
    }

    /// A command of the Chrome DevTools Protocol.
    ///
    /// # Panics
    /// Where the browser refuses it.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.driver.cdp().send_raw(command, parameters).await.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Gives the page another size, in CSS pixels, one to a device's pixel. A narrow one is a telephone's.
    pub async fn resize(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// What `prefers-color-scheme` says from now on.
    pub async fn prefers_dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        // Without motion nothing is looked at half-way.
        let features = json!([
            { "name": "prefers-color-scheme", "value": value },
            { "name": "prefers-reduced-motion", "value": "reduce" }
        ]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
        // Colours change by transitions, however short.
        let drawn = "
            const done = arguments[arguments.length - 1];
            requestAnimationFrame(() => requestAnimationFrame(() => Promise.allSettled(document.getAnimations().map((one) => one.finished)).then(() => done())));
        ";
        self.async_script(drawn, json!([])).await;
    }

    /// What is in sight, as PNG.
    ///
    /// # Panics
    /// Where the browser is gone.
    pub async fn screenshot(&self) -> Vec<u8> {
        self.driver.screenshot_as_png().await.expect("a screenshot")
    }

    /// Errors in the browser's console since this was asked last: of scripts, of the page's policy, of requests. An answer of 401 is
    /// none: it is how the console learns that one has to sign in.
    ///
    /// # Panics
    /// Where the browser is gone.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.driver.browser_log().await.expect("the browser's console");
        let severe = log.into_iter().filter(|entry| entry.level == "SEVERE").map(|entry| entry.message);
        severe.filter(|message| !message.contains("the server responded with a status of 401")).collect()
    }

    /// Writes what the browser shows, where it is and what its console says to `target/console-failures`.
    async fn keep_evidence(&self, name: &str) {
        let directory = target().join("console-failures");
        std::fs::create_dir_all(&directory).expect("a directory for evidence");
        if let Ok(png) = self.driver.screenshot_as_png().await {
            std::fs::write(directory.join(format!("{name}.png")), png).expect("a screenshot can be kept");
        }
        let address = self.driver.current_url().await.map_or_else(|error| error.to_string(), |url| url.to_string());
        let title = self.driver.title().await.unwrap_or_default();
        let log = self.driver.browser_log().await.unwrap_or_default();
        let log: Vec<String> = log.iter().map(|entry| format!("{} {}", entry.level, entry.message)).collect();
        let text = format!("{address}\n{title}\n\n{}\n", log.join("\n"));
        std::fs::write(directory.join(format!("{name}.txt")), text).expect("evidence can be kept");
        eprintln!("at {address}; more in {}/{name}.*", directory.display());
    }
}

/// Where cargo builds: this test's own binary lies in it.
pub fn target() -> PathBuf {
    let own = std::env::current_exe().expect("this program's own path");
    let profile = own.ancestors().find(|path| path.ends_with("debug") || path.ends_with("release"));
    profile.and_then(|profile| profile.parent()).expect("cargo built this").to_owned()
}

/// A directory for the browser's profile, gone when dropped.
struct Profile(PathBuf);

impl Profile {
    fn new() -> Self {
        let directory = std::env::temp_dir().join(format!("crm-sync-browser-{}", Uuid::new_v4().simple()));
        std::fs::create_dir_all(&directory).expect("a temporary directory");
        Self(directory)
    }
}

impl Drop for Profile {
    fn drop(&mut self) {
        // Left behind at worst: the system clears its temporary directory.
        let _left = std::fs::remove_dir_all(&self.0);
    }
}

/// A running chromedriver, ended with its browser when dropped.
struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    /// It takes a free port for one family of addresses and then asks for the same of the other, which somebody may have taken
    /// meanwhile: then it ends, and is started again.
    async fn start(profile: &Profile) -> Self {
        for _ in 0..STARTS_MAX {
            if let Some(driver) = Self::try_start(profile).await {
                return driver;
            }
        }
        panic!("chromedriver ended before it listened, {STARTS_MAX} times");
    }

    /// `None` where it ends before it listens.
    async fn try_start(profile: &Profile) -> Option<Self> {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        // Whatever driver and browser leave lying about.
        command.env("TMPDIR", &profile.0).env("HOME", &profile.0);
        let mut process = command
            .spawn()
            .expect("chromedriver is installed: run `cargo xtask test`, or apt-get install chromium-driver");
        let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let port = tokio::time::timeout(START_WITHIN, async {
            while let Some(line) = lines.next_line().await.expect("text") {
                if let Some((_, port)) = line.split_once("started successfully on port ") {
                    return Some(port.trim_end_matches('.').parse().expect("a port"));
                }
            }
            None
        });
        let port = port.await.expect("chromedriver listens in time")?;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Some(Self { process, port })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The browser outlives its driver. What it started itself ends with it.
        if let Some(driver) = self.process.id() {
            process::signal("KILL", &process::children(driver).unwrap_or_default());
            process::signal("KILL", &[driver]);
        }
    }
}
