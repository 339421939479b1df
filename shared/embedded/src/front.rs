//! What the host answers: its health, and webhooks.

use std::{panic::AssertUnwindSafe, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use relay::ingest::{Ingest, Receipt};
use tokio::time::timeout;

/// What is kept of a body: one byte more than is allowed, so that ingest sees that it is too large.
const BODY: usize = 4 * 1024 * 1024 + 1;
/// How much more is read and dropped, so that the client gets to reading the answer.
const DROPPED: usize = 4 * BODY;
/// How long a client may take for a body.
const BODY_TIME: Duration = Duration::from_secs(10);
/// How long secrets and the queue may take. Shopify gives us 5 s in all.
const BUDGET: Duration = Duration::from_secs(3);

/// Answers requests.
pub struct Front<J> {
    /// What takes webhooks.
    pub ingest: Ingest,
    /// What is told of every answer.
    pub journal: J,
}

/// What the server has beside ingest: a book of its answers, and the word that it is ready for more.
pub trait Journal: Send + Sync + 'static {
    /// Notes what was answered. The answer does not wait for it.
    fn note(&self, receipt: &Receipt);
    /// Whether what comes in can be stored.
    fn is_ready(&self) -> bool;
}

/// Why there is no body.
enum BodyError {
    TooSlow,
    Broken,
}

impl<J: Journal> Front<J> {
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        match (request.uri().path(), request.method()) {
            ("/healthz", &Method::GET | &Method::HEAD) => self.health(),
            (path, _) if path.contains("/webhooks/") => self.webhook(request).await,
            _ => problem(StatusCode::NOT_FOUND, "There is nothing here."),
        }
    }

    fn health(&self) -> Response<Full<Bytes>> {
        if self.journal.is_ready() {
            json(StatusCode::OK, "application/json", r#"{"status":"ready"}"#.into())
        } else {
            problem(StatusCode::SERVICE_UNAVAILABLE, "The store does not take anything.")
        }
    }

    async fn webhook(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let body = match timeout(BODY_TIME, read(body)).await.unwrap_or(Err(BodyError::TooSlow)) {
            Ok(body) => body,
            Err(BodyError::TooSlow) => {
                return closing(problem(StatusCode::REQUEST_TIMEOUT, "The body came too slowly."));
            }
            Err(BodyError::Broken) => return closing(problem(StatusCode::BAD_REQUEST, "The body is broken.")),
        };
        let receiving = AssertUnwindSafe(self.ingest.receive(None, Request::from_parts(parts, body))).catch_unwind();
        let answer = match timeout(BUDGET, receiving).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => {
                // The panic hook has written where it happened; the shop sends the webhook again.
                tracing::error!("a webhook made ingest panic");
                self.ingest.unavailable()
            }
            Err(_) => self.ingest.unavailable(),
        };
        self.journal.note(&answer.receipt);
        answer.response.map(Full::new)
    }
}

async fn read(mut body: Incoming) -> Result<Bytes, BodyError> {
    let (mut kept, mut dropped) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| BodyError::Broken)?.into_data() else { continue };
        let room = data.len().min(BODY - kept.len());
        kept.extend_from_slice(&data[..room]);
        dropped += data.len() - room;
        if dropped > DROPPED {
            break;
        }
    }
    Ok(kept.freeze())
}

fn problem(status: StatusCode, detail: &str) -> Response<Full<Bytes>> {
    let title = status.canonical_reason().unwrap_or_default();
    let body = serde_json::json!({"type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail});
    json(status, "application/problem+json", body.to_string().into())
}

fn json(status: StatusCode, content_type: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// The rest of the request is not going to be read.
fn closing(mut response: Response<Full<Bytes>>) -> Response<Full<Bytes>> {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}
