//! The HTTP server. It keeps hold of the socket, because some faults are a connection that breaks.

use std::{convert::Infallible, fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, Response, body::Incoming, header::HeaderMap, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use super::{
    Shared,
    answer::Answer,
    control,
    fault::{Effect, Strike, When},
    route::{Target, route},
};

/// The largest body taken.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// Accepts connections until told to stop; open connections are then dropped.
pub(super) async fn run(listener: TcpListener, shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&shared)));
                }
                // Out of file descriptors: those in use have to be closed first.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Serves one connection. When a request is to end without an answer, the connection is reset.
async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { handle(&shared, request).await }
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if (&mut connection).await.is_err() {
        // Without lingering, closing sends RST instead of FIN.
        let _ = connection.into_parts().io.inner().set_zero_linger();
    }
}

/// The connection ends without an answer.
#[derive(Debug)]
struct Unanswered;

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault was ordered: no answer")
    }
}

impl std::error::Error for Unanswered {}

async fn handle(shared: &Shared, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Unanswered> {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    if path.starts_with(control::PREFIX) {
        let Some(body) = read(body).await else { return Ok(too_large().into()) };
        let query = head.uri.query().unwrap_or_default();
        return Ok(control::answer(&mut shared.lock(), &head.method, path, query, &body).into());
    }
    let target = route(&head.method, path, head.uri.query().unwrap_or_default());
    let (number, strike) = {
        let mut inner = shared.lock();
        let known = target.as_ref().ok();
        let call = known.map(|target| target.call);
        let number = inner.log.begin(shared.now(), call, head.method.to_string(), path.to_owned());
        (number, known.and_then(|target| inner.faults.strike(target.call, &target.owner)))
    };
    shared.announce();
    let exchange = Exchange { shared, number };
    let answer = match target {
        Err(refusal) => Ok(refusal),
        Ok(target) => exchange.settle(&target, &head.headers, body, strike).await,
    };
    exchange.ended(answer.as_ref().ok());
    answer.map(Response::from)
}

/// One request that was recorded.
struct Exchange<'a> {
    shared: &'a Shared,
    number: u64,
}

impl Exchange<'_> {
    async fn settle(
        &self,
        target: &Target,
        headers: &HeaderMap,
        body: Incoming,
        strike: Option<Strike>,
    ) -> Result<Answer, Unanswered> {
        let (before, after) = match strike {
            Some(strike) if strike.when == When::Before => (Some(strike), None),
            strike => (None, strike),
        };
        // A reset before processing leaves even the body unread.
        if before.as_ref().is_some_and(|strike| strike.effect == Some(Effect::Reset)) {
            tokio::time::sleep(before.map_or(Duration::ZERO, |strike| strike.delay)).await;
            return Err(Unanswered);
        }
        let Some(body) = read(body).await else { return Ok(too_large()) };
        self.shared.lock().log.body(self.number, &body);
        if let Some(answer) = suffer(before, target).await? {
            return Ok(answer);
        }
        let answer = self.process(target, headers, &body);
        Ok(suffer(after, target).await?.unwrap_or(answer))
    }

    fn process(&self, target: &Target, headers: &HeaderMap, body: &Bytes) -> Answer {
        let now = self.shared.now();
        let mut inner = self.shared.lock();
        match inner.call(target, headers, body, now) {
            Ok((answer, subject)) => {
                inner.log.processed(self.number, subject);
                drop(inner);
                self.shared.announce();
                answer
            }
            Err(refusal) => refusal,
        }
    }

    fn ended(&self, answer: Option<&Answer>) {
        match answer {
            Some(answer) => self.shared.lock().log.answered(self.number, answer.status),
            None => self.shared.lock().log.reset(self.number),
        }
        self.shared.announce();
    }
}

/// Lets a fault strike; without effect of its own it was a delay.
async fn suffer(strike: Option<Strike>, target: &Target) -> Result<Option<Answer>, Unanswered> {
    let Some(strike) = strike else { return Ok(None) };
    tokio::time::sleep(strike.delay).await;
    match strike.effect {
        None => Ok(None),
        Some(Effect::Status { status, body, retry_after }) => {
            let answer = Answer::raw(status, body);
            Ok(Some(match retry_after {
                Some(after) => answer.not_before(target.call.party(), after),
                None => answer,
            }))
        }
        Some(Effect::Garbage) => Ok(Some(Answer::raw(200, &b"<html>\xff\xfe{\"id\":"[..]))),
        Some(Effect::Reset) => Err(Unanswered),
        Some(Effect::Hang) => match std::future::pending::<Infallible>().await {},
    }
}

async fn read(body: Incoming) -> Option<Bytes> {
    Limited::new(body, MAX_BODY).collect().await.ok().map(http_body_util::Collected::to_bytes)
}

fn too_large() -> Answer {
    Answer::refused(413, "the body is too large, or did not arrive whole")
}
