//! How WebDriver commands travel: by the HTTP client that the other tests use, so that no second one is compiled.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::sync::Arc;
use thirtyfour::error::{WebDriverError, WebDriverResult};
use thirtyfour::session::http::{Body, HttpClient};

pub(crate) struct WebDriverHttp(Client<HttpConnector, Full<Bytes>>);

impl WebDriverHttp {
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }
}

#[async_trait::async_trait]
impl HttpClient for WebDriverHttp {
    async fn send(&self, request: Request<Body<'_>>) -> WebDriverResult<Response<Bytes>> {
        let failed =
            |what: &str, error: &dyn std::fmt::Display| WebDriverError::RequestFailed(format!("{what}: {error}"));
        let request = request.map(|body| match body {
            Body::Empty => Full::default(),
            Body::Json(json) => Full::new(Bytes::from(json.to_string())),
        });
        let answer = self.0.request(request).await.map_err(|error| failed("no answer of the driver", &error))?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(|error| failed("no whole answer of the driver", &error))?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }

    async fn new(&self) -> Arc<dyn HttpClient> {
        Arc::new(Self::new())
    }
}
