//! A store with a client for it.

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use mock_crm::{MockCrm, MockCrmOptions};
use serde_json::Value;

pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

/// An answer with its body read as far as it came.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) whole: bool,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// A store with a client for it.
pub(crate) struct Rehearsal {
    pub(crate) crm: MockCrm,
    pub(crate) client: Client<HttpConnector, Full<Bytes>>,
}

impl Rehearsal {
    pub(crate) async fn start(options: MockCrmOptions) -> Self {
        let crm = MockCrm::start(options).await.unwrap();
        // What was hung up on is not to be sent again.
        let client = Client::builder(TokioExecutor::new()).retry_canceled_requests(false).build_http();
        Self { crm, client }
    }

    pub(crate) async fn plain() -> Self {
        Self::start(MockCrmOptions::default()).await
    }

    /// `None`: no answer.
    pub(crate) async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Option<Reply> {
        let mut request = Request::new(Full::new(Bytes::from(body.to_owned())));
        *request.method_mut() = method;
        *request.uri_mut() = format!("{}{path}", self.crm.url()).parse().unwrap();
        for (name, value) in headers {
            let name: http::HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, value.parse().unwrap());
        }
        let (head, mut incoming) = self.client.request(request).await.ok()?.into_parts();
        let (mut body, mut whole) = (Vec::new(), true);
        while let Some(frame) = incoming.frame().await {
            match frame {
                Ok(frame) => body.extend(frame.into_data().unwrap()),
                Err(_) => whole = false,
            }
        }
        Some(Reply { status: head.status, headers: head.headers, body: body.into(), whole })
    }

    pub(crate) async fn json(&self, method: Method, path: &str, body: Value) -> Reply {
        self.send(method, path, &[JSON], &body.to_string()).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], "").await.unwrap()
    }

    /// Creates a record under a fault.
    pub(crate) async fn create_with(&self, fault: &str) -> Option<Reply> {
        self.send(Method::POST, "/contacts", &[JSON, ("x-mock-fault", fault)], r#"{"name":"Anna"}"#).await
    }
}
