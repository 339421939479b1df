//! Connections opened before there is anything to ask: the first webhook of a cold start finds them.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use http::{Uri, uri::Authority};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::{client::legacy::connect::HttpConnector as TcpConnector, rt::TokioIo};
use tokio::{net::TcpStream, time::Instant};
use tower_service::Service;

/// A connection that nothing was asked on for this long is opened anew: servers close those.
const FRESH: Duration = Duration::from_secs(3);

type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;
type Failure = <HttpsConnector<TcpConnector> as Service<Uri>>::Error;

/// Opens connections for the pool, and ahead of it.
#[derive(Clone, Debug)]
pub(super) struct Opener {
    https: HttpsConnector<TcpConnector>,
    ahead: Arc<Mutex<Vec<Ahead>>>,
}

#[derive(Debug)]
struct Ahead {
    to: Authority,
    stream: Stream,
    since: Instant,
}

impl Opener {
    pub(super) fn new(https: HttpsConnector<TcpConnector>) -> Self {
        Self { https, ahead: Arc::default() }
    }

    /// Opens a connection to this address, handshake included, and keeps it until the pool wants one.
    pub(super) async fn open(&self, address: Uri) -> Result<(), Failure> {
        let Some(to) = address.authority().cloned() else { return Ok(()) };
        let stream = self.https.clone().call(address).await?;
        self.ahead().push(Ahead { to, stream, since: Instant::now() });
        Ok(())
    }

    fn take(&self, address: &Uri) -> Option<Stream> {
        let mut ahead = self.ahead();
        let place = ahead.iter().position(|ahead| Some(&ahead.to) == address.authority())?;
        let found = ahead.swap_remove(place);
        (found.since.elapsed() < FRESH).then_some(found.stream)
    }

    fn ahead(&self) -> MutexGuard<'_, Vec<Ahead>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service<Uri> for Opener {
    type Response = Stream;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, Failure>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        match self.take(&address) {
            Some(stream) => Box::pin(std::future::ready(Ok(stream))),
            None => Box::pin(self.https.call(address)),
        }
    }
}
