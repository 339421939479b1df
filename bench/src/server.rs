//! HTTP/1 servers on 127.0.0.1, plain and with TLS.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::{AbortHandle, JoinSet},
};
use tokio_rustls::TlsAcceptor;

use crate::Failure;

pub(crate) type Answer = Response<Full<Bytes>>;
type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Answers requests.
pub(crate) trait Service: Send + Sync + 'static {
    fn answer(self: Arc<Self>, request: Request<Bytes>) -> Answering;
}

/// A server. It ends when it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicU64>,
    task: AbortHandle,
}

impl Server {
    pub(crate) async fn start(service: Arc<dyn Service>, tls: Option<Arc<ServerConfig>>) -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let connections = Arc::new(AtomicU64::new(0));
        let task = tokio::spawn(accept(listener, service, tls.map(TlsAcceptor::from), Arc::clone(&connections)));
        Ok(Self { address, connections, task: task.abort_handle() })
    }

    /// How many connections were opened so far.
    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(
    listener: TcpListener,
    service: Arc<dyn Service>,
    tls: Option<TlsAcceptor>,
    connections: Arc<AtomicU64>,
) {
    // With this task end those of its connections.
    let mut open = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.fetch_add(1, Relaxed);
        let (service, tls) = (Arc::clone(&service), tls.clone());
        open.spawn(async move {
            // A client that goes away without a word is none of our business: what it did not ask for is missed later.
            let _ = serve(stream, service, tls).await;
        });
        while open.try_join_next().is_some() {}
    }
}

async fn serve(stream: TcpStream, service: Arc<dyn Service>, tls: Option<TlsAcceptor>) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    match tls {
        Some(tls) => connection(tls.accept(stream).await?, service).await,
        None => connection(stream, service).await,
    }
}

async fn connection<S>(stream: S, service: Arc<dyn Service>) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let answer = service_fn(move |request: Request<Incoming>| {
        let service = Arc::clone(&service);
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok::<_, hyper::Error>(service.answer(Request::from_parts(head, body)).await)
        }
    });
    http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await?;
    Ok(())
}

/// An answer with a JSON body.
pub(crate) fn json(status: u16, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    answer.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    answer
}

/// For services that need not wait for anything.
pub(crate) fn at_once(answer: Answer) -> Answering {
    Box::pin(std::future::ready(answer))
}
