//! A CRM that notes when each request arrived, and accepts it.

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use tokio::net::TcpListener;

type Noted = Arc<Mutex<Vec<(String, Instant)>>>;

/// The CRM. Ends when dropped.
pub struct Arrivals {
    url: String,
    noted: Noted,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Arrivals {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Arrivals {
    /// Listens on a free port of loopback.
    ///
    /// # Panics
    /// Where it cannot.
    pub async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let noted = Noted::default();
        let serving = tokio::spawn(serve(listener, noted.clone()));
        Self { url, noted, serving }
    }

    /// Its address as a URL without path.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The people who arrived (the `external_id` of each body), and when; in that order.
    pub fn all(&self) -> Vec<(String, Instant)> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn serve(listener: TcpListener, noted: Noted) {
    while let Ok((stream, _)) = listener.accept().await {
        let noted = noted.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, Instant::now(), noted.clone()));
            // A client that goes away is none of its business.
            let _gone = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(request: Request<Incoming>, at: Instant, noted: Noted) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let id = body["external_id"].as_str().unwrap_or_default().to_owned();
    let answer = serde_json::json!({ "id": format!("crm-{id}") }).to_string();
    noted.lock().unwrap_or_else(PoisonError::into_inner).push((id, at));
    let mut answer = Response::new(Full::from(answer));
    *answer.status_mut() = StatusCode::CREATED;
    Ok(answer)
}
