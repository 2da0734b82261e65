//! Finding things on the page as people do, by role and name, and waiting for them.

use crate::Browser;
use serde_json::{Value, json};
use std::fmt::Debug;
use std::time::{Duration, Instant};
use thirtyfour::prelude::*;

/// How long anything may take to come.
const WITHIN: Duration = Duration::from_secs(15);
const AGAIN: Duration = Duration::from_millis(20);

/// What is looked for. With a dialog open, in it alone: the rest cannot be reached then.
#[derive(Clone, Copy, Debug)]
pub enum Role {
    /// Something to press that can be pressed now.
    Button,
    /// A link.
    Link,
    /// A tab; what its mark says is no part of its name.
    Tab,
    /// An entry of an open menu.
    MenuItem,
    /// An input, by its label.
    Field,
    /// A heading.
    Heading,
}

const FIND: &str = r#"
    const [role, name] = arguments;
    const dialogs = document.querySelectorAll("dialog[open]");
    const root = dialogs.length ? dialogs[dialogs.length - 1] : document;
    const words = (text) => (text ?? "").replace(/\s+/g, " ").trim();
    const selector = {
        Button: "button:enabled:not([aria-disabled])", Link: "a[href]", Tab: "[role=tab]", MenuItem: "[role^=menuitem]",
        Field: "input, select, textarea", Heading: "h1, h2, h3",
    }[role];
    const named = (element) => {
        if (element.hasAttribute("aria-label")) return words(element.getAttribute("aria-label"));
        if (role === "Field") return words(element.labels?.[0]?.textContent);
        if (role === "MenuItem") return words(element.querySelector(".grow")?.firstChild?.textContent);
        const text = words(element.innerText ?? element.textContent);
        return role === "Tab" ? text.split(/\s*,/)[0] : text;
    };
    return [...root.querySelectorAll(selector)].find((element) => named(element) === name && element.checkVisibility()) ?? null;
"#;

const CODE: &str = r#"
    const host = document.querySelector(`[data-field="${arguments[0]}"]`);
    return host?.checkVisibility() ? (host.shadowRoot?.querySelector(".cm-content") ?? null) : null;
"#;

const CODE_TEXT: &str = r#"
    const lines = document.querySelector(`[data-field="${arguments[0]}"]`).shadowRoot.querySelectorAll(".cm-line");
    return [...lines].map((line) => line.textContent).join("\n");
"#;

/// Whether an element is where it was a frame ago, and still part of the page.
const STANDS_STILL: &str = r"
    const [element, done] = arguments;
    const place = () => {
        const { x, y, width, height } = element.getBoundingClientRect();
        return element.isConnected && [x, y, width, height].join();
    };
    requestAnimationFrame(() => {
        const before = place();
        requestAnimationFrame(() => done(Boolean(before) && place() === before));
    });
";

impl Browser {
    /// Goes to an address of the console by loading it.
    ///
    /// # Panics
    /// Where it cannot be loaded.
    pub async fn open(&self, path: &str) {
        let url = format!("{}{path}", self.url);
        self.driver.goto(&url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// Runs a script with `arguments`; `Err` where that is not possible just now, as while a page is being left.
    pub async fn try_script(&self, script: &str, arguments: Value) -> WebDriverResult<Value> {
        let arguments = arguments.as_array().cloned().unwrap_or_default();
        Ok(self.driver.execute(script, arguments).await?.json().clone())
    }

    /// Runs a script with `arguments`, and returns what it returns.
    ///
    /// # Panics
    /// Where it fails.
    pub async fn script(&self, script: &str, arguments: Value) -> Value {
        self.try_script(script, arguments).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Runs a script that ends by calling its last argument.
    ///
    /// # Panics
    /// Where it fails.
    pub async fn async_script(&self, script: &str, arguments: Value) -> Value {
        let arguments = arguments.as_array().cloned().unwrap_or_default();
        let ran = self.driver.execute_async(script, arguments).await;
        ran.unwrap_or_else(|error| panic!("{script}: {error}")).json().clone()
    }

    /// Waits until a script returns something other than null, false, 0 and "", and returns that.
    ///
    /// # Panics
    /// With `what`, where it takes too long.
    pub async fn until(&self, what: &str, script: &str, arguments: Value) -> Value {
        let begun = Instant::now();
        loop {
            let last = self.try_script(script, arguments.clone()).await;
            match &last {
                Ok(Value::Null | Value::Bool(false)) | Err(_) => {}
                Ok(Value::String(text)) if text.is_empty() => {}
                Ok(Value::Number(number)) if number.as_f64() == Some(0.0) => {}
                Ok(value) => return value.clone(),
            }
            assert!(begun.elapsed() < WITHIN, "not within {WITHIN:?}: {what} ({last:?})");
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Waits until the page, or the dialog over it, shows a text. White space counts as one space.
    pub async fn sees(&self, text: &str) {
        let script = r#"
            const dialogs = document.querySelectorAll("dialog[open]");
            const root = dialogs.length ? dialogs[dialogs.length - 1] : document.body;
            return root.innerText.replace(/\s+/g, " ").includes(arguments[0]);
        "#;
        self.until(&format!("the page shows `{text}`"), script, json!([text])).await;
    }

    /// Waits until the address is this, query string included.
    pub async fn is_at(&self, path: &str) {
        self.until(
            &format!("the address is {path}"),
            "return location.pathname + location.search === arguments[0]",
            json!([path]),
        )
        .await;
    }

    /// The address without origin.
    pub async fn address(&self) -> String {
        let address = self.script("return location.pathname + location.search", json!([])).await;
        address.as_str().unwrap_or_default().to_owned()
    }

    /// Whether there is such a thing now.
    pub async fn has(&self, role: Role, name: &str) -> bool {
        self.script(FIND, json!([format!("{role:?}"), name])).await != Value::Null
    }

    /// Waits for a thing and returns it.
    ///
    /// # Panics
    /// Where it does not come.
    pub async fn find(&self, role: Role, name: &str) -> WebElement {
        let found =
            self.until(&format!("there is the {role:?} `{name}`"), FIND, json!([format!("{role:?}"), name])).await;
        WebElement::from_json(found, self.driver.handle().clone()).expect("an element")
    }

    /// Waits for a thing, and clicks it with the mouse.
    pub async fn click(&self, role: Role, name: &str) {
        self.press(&format!("{role:?} `{name}`"), FIND, json!([format!("{role:?}"), name])).await;
    }

    /// Waits for what a CSS selector finds, and clicks it with the mouse.
    pub async fn click_on(&self, selector: &str) {
        self.press(selector, "return document.querySelector(arguments[0])", json!([selector])).await;
    }

    // What is found may be drawn anew, move, or be covered by what goes away, until it is clicked: nobody clicks what moves.
    async fn press(&self, what: &str, script: &str, arguments: Value) -> WebElement {
        let begun = Instant::now();
        loop {
            let found = self.until(what, script, arguments.clone()).await;
            let element = WebElement::from_json(found, self.driver.handle().clone()).expect("an element");
            // What is pinned to the window's edge may cover it there.
            let _left = element.scroll_into_view().await;
            let failed = match self.stands_still(&element).await {
                Ok(true) => element.click().await.err().map(|error| error.to_string()),
                Ok(false) => Some("it moves".to_owned()),
                Err(error) => Some(error.to_string()),
            };
            let Some(why) = failed else { return element };
            assert!(begun.elapsed() < WITHIN, "{what} cannot be clicked: {why}");
            tokio::time::sleep(AGAIN).await;
        }
    }

    async fn stands_still(&self, element: &WebElement) -> WebDriverResult<bool> {
        let still = self.driver.execute_async(STANDS_STILL, vec![element.to_json()?]).await?;
        Ok(still.json() == &Value::Bool(true))
    }

    /// Replaces what stands in a field.
    ///
    /// # Panics
    /// Where it cannot be written into.
    pub async fn fill(&self, label: &str, text: &str) {
        let arguments = json!([format!("{:?}", Role::Field), label]);
        let field = self.press(&format!("the field {label}"), FIND, arguments).await;
        self.replace(&field, text).await;
    }

    /// Replaces what stands in a code field, such as `createUsers.data`.
    ///
    /// # Panics
    /// Where it cannot be written into.
    pub async fn fill_code(&self, field: &str, text: &str) {
        let editor = self.press(&format!("the code field {field}"), CODE, json!([field])).await;
        self.replace(&editor, text).await;
    }

    /// The editor of a code field.
    ///
    /// # Panics
    /// Where it does not come.
    pub async fn code(&self, field: &str) -> WebElement {
        let found = self.until(&format!("there is the code field {field}"), CODE, json!([field])).await;
        WebElement::from_json(found, self.driver.handle().clone()).expect("an element")
    }

    /// What stands in a code field.
    pub async fn code_text(&self, field: &str) -> String {
        self.script(CODE_TEXT, json!([field])).await.as_str().unwrap_or_default().to_owned()
    }

    async fn replace(&self, element: &WebElement, text: &str) {
        element.send_keys(Key::Control + "a").await.expect("the keyboard works");
        if text.is_empty() {
            element.send_keys(Key::Delete + "").await.expect("the keyboard works");
        } else {
            // As pasted, not as typed: an editor adds no closing brackets to it.
            self.devtools("Input.insertText", json!({ "text": text })).await;
        }
    }

    /// Presses keys where the focus is.
    ///
    /// # Panics
    /// Where the browser is gone.
    pub async fn keys(&self, keys: impl Into<TypingData>) {
        self.driver.action_chain().send_keys(keys).perform().await.expect("the keyboard works");
    }

    /// What is said of where the focus is: its name and role, as the browser tells assistive programs.
    ///
    /// # Panics
    /// Where the browser is gone.
    pub async fn focused(&self) -> String {
        let script = r#"
            let element = document.activeElement;
            while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
            const label = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.innerText ?? "";
            return `${element.getAttribute("role") ?? element.localName}: ${label.replace(/\s+/g, " ").trim()}`;
        "#;
        self.script(script, json!([])).await.as_str().unwrap_or_default().to_owned()
    }

    /// Presses Tab until the focus is on something of which `wanted` holds.
    ///
    /// # Panics
    /// Where a hundred presses do not lead there.
    pub async fn tab_to(&self, wanted: &str) {
        let mut passed = Vec::new();
        for _ in 0..100 {
            self.keys(Key::Tab + "").await;
            let focused = self.focused().await;
            if focused == wanted {
                return;
            }
            passed.push(focused);
        }
        panic!("Tab does not lead to `{wanted}`: {passed:#?}");
    }

    /// Signs in on the sign-in page, wherever that leads back to.
    pub async fn sign_in(&self, key: &str) {
        self.fill("API key", key).await;
        self.click(Role::Button, "Sign in").await;
        self.until("one is signed in", "return Boolean(document.querySelector('nav[aria-label=Main]'))", json!([]))
            .await;
    }

    /// Opens an address, signing in on the way.
    pub async fn open_as(&self, key: &str, path: &str) {
        self.open(path).await;
        self.sign_in(key).await;
        self.is_at(path).await;
    }

    /// Waits until nothing says that it is loading.
    pub async fn settles(&self) {
        let script = r#"
            if (document.readyState !== "complete" || !document.querySelector("main h1")) return false;
            // At the end of a long list more is loaded only when one comes near.
            const loading = document.querySelector(":is(main, dialog) :is(.skeleton, .spinner):not(.wt-foot *)");
            return !loading && ![...document.querySelectorAll(".code-field")].some((field) => field.hidden);
        "#;
        self.until("the page is there", script, json!([])).await;
    }
}
