//! The five webhook functions: an HTTP invocation in, an answer out.

use std::{process::ExitCode, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Request, Response};
use lambda_http::{Body, Error, service_fn};
use relay::{
    ingest::{Endpoint, Ingest},
    shop::Destination,
};

use crate::start::{self, Base};

#[cfg(test)]
mod tests;

/// Secret and queue together: Shopify waits 5 s in all, and a cold start and the way back need their part.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// What the connection opened at start may cost the first answer, which has to leave within 4 s of a cold start.
const CONNECT_WITHIN: Duration = Duration::from_millis(500);

/// Serves this endpoint's webhooks until Lambda ends the process.
pub fn run(endpoint: Endpoint) -> ExitCode {
    start::run(serve(endpoint))
}

async fn serve(endpoint: Endpoint) -> Result<(), Error> {
    let base = Base::from_process()?;
    let destination = destination(endpoint);
    base.urls.queue(destination)?;
    base.urls.dead_letters(destination)?;
    let queue = base.queue();
    if tokio::time::timeout(CONNECT_WITHIN, queue.connect(destination)).await.is_err() {
        tracing::warn!("the connection to SQS was not opened in time; the first webhook opens it");
    }
    let ingest = Ingest { secrets: base.secrets, queue: Arc::new(queue), clock: base.clock };
    let ingest = &ingest;
    lambda_http::run(service_fn(|request: Request<Body>| answer(ingest, endpoint, request))).await
}

const fn destination(endpoint: Endpoint) -> Destination {
    match endpoint {
        Endpoint::OrderPlaced | Endpoint::OrderUpdated | Endpoint::CustomerUpdated => Destination::Websand,
        Endpoint::PromotionScheduled | Endpoint::PromotionCancelled => Destination::Websale,
    }
}

async fn answer(ingest: &Ingest, endpoint: Endpoint, request: Request<Body>) -> Result<Response<Body>, Error> {
    let received = tokio::time::timeout(ANSWER_WITHIN, ingest.receive(Some(endpoint), request.map(raw))).await;
    let response = received.unwrap_or_else(|_| ingest.unavailable()).response;
    // Every answer of ours is JSON, which API Gateway takes as text.
    Ok(response.map(|body| Body::Text(String::from_utf8_lossy(&body).into_owned())))
}

/// The bytes that the shop sent and signed: Base64 is what API Gateway makes of them, not part of them.
fn raw(body: Body) -> Bytes {
    match body {
        Body::Text(text) => text.into(),
        Body::Binary(bytes) => bytes.into(),
        _ => Bytes::new(),
    }
}
