//! The HTTP connector of the AWS clients: HTTP/1 over hyper, TLS by rustls with ring.
//!
//! The SDK's own connector links HTTP/2 and, by default, a cryptography library whose set-up costs each cold start more
//! CPU than everything else together. This one shares the product's TLS configuration and one pool of connections
//! between all clients.

use std::{error::Error, time::Duration};

use aws_smithy_async::{future::timeout::Timeout, rt::sleep::SharedAsyncSleep};
use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
    orchestrator::{HttpRequest, HttpResponse},
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use http::{HeaderValue, header::USER_AGENT};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector as TcpConnector},
    rt::TokioExecutor,
};
use rustls::ClientConfig;

mod ahead;
use ahead::Opener;

/// How long opening a TCP connection may take. One pool serves all clients, so the limit is the pool's; a TLS handshake
/// that hangs is ended by the time-out of the attempt.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Who is asking, as AWS's own logs of calls show it.
const WHO: &str = concat!("shoprelay/", env!("CARGO_PKG_VERSION"));

type Pool = Client<Opener, SdkBody>;

/// Makes the connections of all AWS clients.
#[derive(Clone, Debug)]
pub struct Connector {
    pool: Pool,
    opener: Opener,
}

impl Connector {
    /// A connector with a pool of its own. `http` addresses are allowed too: they are what emulators offer.
    pub fn new(tls: &ClientConfig) -> Self {
        let mut tcp = TcpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls.clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        // A connection that died while Lambda had the process frozen fails its next request, which the SDK repeats.
        let opener = Opener::new(https);
        Self { pool: Client::builder(TokioExecutor::new()).build(opener.clone()), opener }
    }

    /// Opens a connection to this endpoint ahead of its first call. What fails here fails there again, and is told there.
    pub(crate) async fn open(&self, endpoint: &str) {
        let Ok(address) = endpoint.parse() else { return };
        if let Err(error) = self.opener.open(address).await {
            tracing::debug!(endpoint, error, "no connection was opened ahead");
        }
    }
}

impl HttpClient for Connector {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let limit = settings.read_timeout().zip(components.sleep_impl());
        SharedHttpConnector::new(Limited { pool: self.pool.clone(), limit })
    }
}

/// The pool, with one client's limit on the time until an answer begins.
#[derive(Debug)]
struct Limited {
    pool: Pool,
    limit: Option<(Duration, SharedAsyncSleep)>,
}

impl HttpConnector for Limited {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let mut request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into()))),
        };
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(WHO));
        let answer = self.pool.request(request);
        let timer = self.limit.as_ref().map(|(limit, sleep)| {
            use aws_smithy_async::rt::sleep::AsyncSleep;
            sleep.sleep(*limit)
        });
        HttpConnectorFuture::new(async move {
            let answer = match timer {
                None => answer.await,
                Some(timer) => {
                    Timeout::new(answer, timer).await.map_err(|late| ConnectorError::timeout(late.into()))?
                }
            };
            let answer = answer.map_err(classify)?;
            HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

/// The kind decides whether the SDK repeats the request: time-outs and failures of the connection it does.
fn classify(error: hyper_util::client::legacy::Error) -> ConnectorError {
    if cause::<std::io::Error>(&error).is_some_and(|io| io.kind() == std::io::ErrorKind::TimedOut) {
        return ConnectorError::timeout(error.into());
    }
    if cause::<hyper::Error>(&error).is_some_and(hyper::Error::is_user) {
        return ConnectorError::user(error.into());
    }
    if error.is_connect() {
        ConnectorError::io(error.into()).never_connected()
    } else {
        ConnectorError::io(error.into())
    }
}

/// The first of the error's causes that is of this type.
fn cause<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests;
