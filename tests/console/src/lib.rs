//! The web console as people meet it: headless Chromium, driven over WebDriver, on the real binary.
//!
//! # Where to find what
//! - `browser`: one browser with its driver. `page`: finding things on the page as people do, by role and name, and waiting for them.
//! - `stage`: the server and the mock CRM that a test plays on. `seed`: people and syncs that look real, and very long logs.
//! - `accessibility`: axe-core. `places`: every page of the console.
//!
//! A test waits for what it expects, with a bound, and never for time. What fails leaves screenshot, address and console log in
//! `target/console-failures`.

pub mod accessibility;
pub mod browser;
pub mod page;
pub mod places;
pub mod seed;
pub mod stage;
mod webdriver_http;

pub use browser::{Browser, browse};
pub use stage::Stage;
