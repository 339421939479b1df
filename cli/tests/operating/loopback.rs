//! A server on loopback that answers what a test wants and remembers what it was asked.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, Response, Uri},
};

/// One request as it came.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Asked {
    /// The operation of an AWS JSON call, without the service's name.
    pub(super) fn operation(&self) -> &str {
        let target = self.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
        target.rsplit('.').next().unwrap_or_default()
    }
}

/// The running server.
pub(super) struct Loopback {
    pub(super) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Loopback {
    /// Starts a server that answers with status and body.
    pub(super) async fn start(answer: impl Fn(&Asked) -> (u16, String) + Clone + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        let handler = move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let body = String::from_utf8_lossy(&body).into_owned();
            let request = Asked { method, path: uri.path().to_owned(), headers, body };
            let (status, body) = answer(&request);
            noted.lock().unwrap().push(request);
            async move { Response::builder().status(status).body(axum::body::Body::from(body)).unwrap() }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(handler)).await });
        Self { url, asked }
    }

    /// Everything that was asked so far.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}
