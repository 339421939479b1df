//! The HTTP server: HTTP/1, a bounded number of connections, none of which can be held for ever.

use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::front::{Front, Journal};

/// Connections at the same time; further ones wait to be accepted. Bodies are bounded, so this bounds memory.
const CONNECTIONS: usize = 512;
/// How long a client may take for a request's head, and may be silent between two requests.
const HEAD: Duration = Duration::from_secs(15);
/// How long a connection lives; no client can occupy one longer, not even by never reading answers.
const LIFETIME: Duration = Duration::from_mins(5);
/// How long the last request of a connection may take.
const LAST: Duration = Duration::from_secs(20);
/// How long to wait when the machine is out of descriptors.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(100);

/// Serves until told to stop, then ends the requests in hand, for at most `drain`.
pub async fn serve<J: Journal>(
    listener: TcpListener,
    front: Arc<Front<J>>,
    stopped: watch::Receiver<bool>,
    drain: Duration,
) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = JoinSet::new();
    let mut stop = stopped.clone();
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stopped| *stopped) => break,
            Some((stream, slot)) = accept(&listener, &slots) => {
                connections.spawn(converse(stream, front.clone(), stopped.clone(), slot));
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let ended = timeout(drain, async { while connections.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        tracing::warn!(connections = connections.len(), "connections were cut off");
    }
}

/// The next connection, once there is room for it.
async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> Option<(TcpStream, OwnedSemaphorePermit)> {
    loop {
        let slot = slots.clone().acquire_owned().await.ok()?;
        match listener.accept().await {
            Ok((stream, _)) => return Some((stream, slot)),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(OUT_OF_DESCRIPTORS).await;
            }
        }
    }
}

async fn converse<J: Journal>(
    stream: TcpStream,
    front: Arc<Front<J>>,
    mut stopped: watch::Receiver<bool>,
    _slot: OwnedSemaphorePermit,
) {
    // Without it a small answer may wait for the client's acknowledgement; failing to set it breaks nothing.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let front = front.clone();
        async move { Ok::<_, Infallible>(front.answer(request).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    // Errors are the client's: it went away, or does not speak HTTP.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stopped| *stopped) => {}
        () = sleep(LIFETIME) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(LAST, connection).await;
}
