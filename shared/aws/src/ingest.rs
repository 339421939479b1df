//! The five webhook functions: an HTTP invocation in, an answer out.

use std::{process::ExitCode, sync::Arc, time::Duration};

use lambda_runtime::{Error, LambdaEvent, service_fn};
use relay::{
    ingest::{Endpoint, Ingest},
    shop::Destination,
};

use crate::{
    queue::SqsSender,
    start::{self, Base},
};

mod invocation;
#[cfg(test)]
mod tests;

use invocation::{Answer, Invocation};

/// Secret and queue together: Shopify waits 5 s in all, and a cold start and the way back need their part.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// Serves this endpoint's webhooks until Lambda ends the process.
pub fn run(endpoint: Endpoint) -> ExitCode {
    start::run(serve(endpoint))
}

async fn serve(endpoint: Endpoint) -> Result<(), Error> {
    let base = Base::from_process()?;
    let destination = destination(endpoint);
    base.urls.queue(destination)?;
    base.urls.dead_letters(destination)?;
    start::connect(base.aws.connect()).await;
    let queue = Arc::new(SqsSender(base.queue()));
    let ingest = Ingest { secrets: base.secrets, queue, clock: base.clock };
    let ingest = &ingest;
    lambda_runtime::run(service_fn(|event: LambdaEvent<Invocation>| answer(ingest, endpoint, event.payload))).await
}

const fn destination(endpoint: Endpoint) -> Destination {
    match endpoint {
        Endpoint::OrderPlaced | Endpoint::OrderUpdated | Endpoint::CustomerUpdated => Destination::Websand,
        Endpoint::PromotionScheduled | Endpoint::PromotionCancelled => Destination::Websale,
    }
}

async fn answer(ingest: &Ingest, endpoint: Endpoint, invocation: Invocation) -> Result<Answer, Error> {
    let request = invocation.request()?;
    let received = tokio::time::timeout(ANSWER_WITHIN, ingest.receive(Some(endpoint), request)).await;
    Ok(received.unwrap_or_else(|_| ingest.unavailable()).response.into())
}
