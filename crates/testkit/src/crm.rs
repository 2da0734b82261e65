//! An external system whose every answer is given by the test.

use async_trait::async_trait;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use sync_core::outcome::{Answer, BodyRead, Exchange, NoAnswer, Outcome, Request};
use sync_core::ports::Dispatcher;
use tokio::sync::{mpsc, oneshot};

/// Takes requests to the test, and waits for what it answers.
pub struct Crm {
    arrivals: mpsc::UnboundedSender<Arrival>,
    panics_at: Mutex<Option<String>>,
}

/// The requests, as they arrive.
pub struct Arrivals(mpsc::UnboundedReceiver<Arrival>);

/// A request that waits for its answer. Where this is dropped, none comes.
#[derive(Debug)]
pub struct Arrival {
    /// As it was sent.
    pub request: Request,
    answer: oneshot::Sender<Outcome>,
}

impl Crm {
    /// A system, and the test's side of it.
    pub fn new() -> (Arc<Self>, Arrivals) {
        let (arrivals, arriving) = mpsc::unbounded_channel();
        (Arc::new(Self { arrivals, panics_at: Mutex::default() }), Arrivals(arriving))
    }

    /// Panics at requests whose body has this text: what no dispatcher may do.
    pub fn panic_at(&self, text: &str) {
        *self.panics_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.to_owned());
    }
}

#[async_trait]
impl Dispatcher for Crm {
    async fn send(&self, request: &Request) -> Exchange {
        let panics_at = self.panics_at.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let body = request.body.as_ref().map(|body| String::from_utf8_lossy(body).into_owned()).unwrap_or_default();
        assert!(panics_at.is_none_or(|text| !body.contains(&text)), "a dispatcher panics on purpose");
        let (answer, answered) = oneshot::channel();
        let _test_is_over = self.arrivals.send(Arrival { request: request.clone(), answer });
        let lost = || Outcome::NoAnswer(NoAnswer::Cut, "the connection ended".to_owned());
        let outcome = answered.await.unwrap_or_else(|_| lost());
        Exchange { outcome, duration: Duration::from_millis(25) }
    }
}

impl Arrivals {
    /// The next request.
    pub async fn next(&mut self) -> Arrival {
        self.0.recv().await.expect("the engine is there")
    }

    /// Whether nothing has arrived that was not taken.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Arrival {
    /// The body as text.
    pub fn body(&self) -> String {
        self.request.body.as_ref().map(|body| String::from_utf8_lossy(body).into_owned()).unwrap_or_default()
    }

    /// Answers.
    pub fn answer(self, status: u16, body: &str) {
        self.answer_with(status, &[], body);
    }

    /// Answers with headers, their names in lower case.
    pub fn answer_with(self, status: u16, headers: &[(&str, &str)], body: &str) {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let answer = Answer { status, headers, body: body.to_owned().into(), body_read: BodyRead::Whole };
        let _nobody_waits = self.answer.send(Outcome::Answered(answer));
    }

    /// A header of the request.
    pub fn header(&self, name: &str) -> Option<&str> {
        let header = self.request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        Some(&header.value)
    }

    /// Answers a create with an id.
    pub fn created(self, id: &str) {
        self.answer(201, &serde_json::json!({ "id": id }).to_string());
    }

    /// Waits until nobody waits for the answer any more.
    pub async fn given_up(mut self) {
        self.answer.closed().await;
    }
}
