//! HTTP clients and queues that do too much, or say so too early.

use std::sync::Arc;

use relay::{
    Async,
    http::{CallError, Http, Method, Request, Response},
    message::Message,
    queue::{DeadLetter, Queue, QueueError, Sweep, Swept},
};

pub(super) struct Repeating(pub(super) Arc<dyn Http>);

impl Http for Repeating {
    fn call(&self, request: Request) -> Async<'_, Result<Response, CallError>> {
        let again = copy(&request);
        Box::pin(async move {
            match self.0.call(request).await {
                Ok(response) if response.status < 500 => Ok(response),
                Err(CallError::NotSent(error)) => Err(CallError::NotSent(error)),
                _ => self.0.call(again).await,
            }
        })
    }
}

pub(super) struct Doubling(pub(super) Arc<dyn Http>);

impl Http for Doubling {
    fn call(&self, request: Request) -> Async<'_, Result<Response, CallError>> {
        let again = request.url.path().ends_with("/transaction").then(|| copy(&request));
        Box::pin(async move {
            let outcome = self.0.call(request).await;
            match again {
                Some(again) if outcome.is_ok() => self.0.call(again).await,
                _ => outcome,
            }
        })
    }
}

pub(super) struct Confident(pub(super) Arc<dyn Http>);

impl Http for Confident {
    fn call(&self, request: Request) -> Async<'_, Result<Response, CallError>> {
        let is_push = request.method == Method::Post && request.url.path().contains("/websaleapp2/push/");
        Box::pin(async move {
            match self.0.call(request).await {
                Err(_) if is_push => Ok(Response { status: 200, headers: http::HeaderMap::new(), body: "{}".into() }),
                outcome => outcome,
            }
        })
    }
}

fn copy(request: &Request) -> Request {
    Request {
        method: request.method,
        url: request.url.clone(),
        credential: request.credential.clone(),
        headers: request.headers.clone(),
        json: request.json.clone(),
        ..*request
    }
}

pub(super) struct Forgetful(pub(super) Arc<dyn Queue>);

impl Queue for Forgetful {
    fn send<'a>(&'a self, message: &'a Message) -> Async<'a, Result<(), QueueError>> {
        Box::pin(async move {
            // Whoever looks only at the answer believes it.
            let _ = self.0.send(message).await;
            Ok(())
        })
    }

    fn park<'a>(&'a self, letter: &'a DeadLetter) -> Async<'a, Result<(), QueueError>> {
        self.0.park(letter)
    }

    fn sweep<'a>(&'a self, sweep: Sweep<'a>) -> Async<'a, Result<Swept, QueueError>> {
        self.0.sweep(sweep)
    }
}
