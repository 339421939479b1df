//! HTTP through reqwest: HTTP/1, our TLS configuration, no proxies from the environment, nothing repeated.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, header};
use rustls::ClientConfig;
use secrecy::ExposeSecret;

use super::{CallError, Http, Method, Request, Response};
use crate::{Async, text};

/// Name resolution, connecting and the TLS handshake together take at most this. Shorter than any sensible time-out of
/// a whole call, so that a call that never got through is known for one.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Enough for a batch that is sent side by side to find its connections again.
const IDLE_CONNECTIONS: usize = 8;
/// Servers close idle connections after anything from 5 s on; one that is closed while a call goes out costs a retry.
const IDLE: Duration = Duration::from_secs(20);
/// How much of an error's text is kept.
const DETAIL: usize = 300;

/// HTTP through reqwest.
#[derive(Clone, Debug)]
pub struct ReqwestHttp {
    /// Keeps a few connections to each host.
    pooled: reqwest::Client,
    /// Opens a connection for each call.
    fresh: reqwest::Client,
}

/// The HTTP client cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the HTTP client cannot be set up: {0}")]
pub struct ClientError(String);

impl ReqwestHttp {
    /// A client over this TLS configuration ([`crate::tls::client_config`]).
    pub fn new(tls: Arc<ClientConfig>) -> Result<Self, ClientError> {
        Self::with_connect_timeout(&Arc::unwrap_or_clone(tls), CONNECT_TIMEOUT)
    }

    fn with_connect_timeout(tls: &ClientConfig, connect_timeout: Duration) -> Result<Self, ClientError> {
        let client = |idle_connections| {
            builder(tls, idle_connections).connect_timeout(connect_timeout).build().map_err(ClientError::from)
        };
        Ok(Self { pooled: client(IDLE_CONNECTIONS)?, fresh: client(0)? })
    }
}

/// What all clients have in common.
pub(super) fn builder(tls: &ClientConfig, idle_connections: usize) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .http1_only()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .user_agent(concat!("shoprelay/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(idle_connections)
        .pool_idle_timeout(IDLE)
}

impl From<reqwest::Error> for ClientError {
    fn from(error: reqwest::Error) -> Self {
        Self(words(error))
    }
}

impl Http for ReqwestHttp {
    fn call(&self, request: Request) -> Async<'_, Result<Response, CallError>> {
        let client = if request.fresh_connection { &self.fresh } else { &self.pooled };
        Box::pin(execute(client, request))
    }
}

/// Makes one call through this client.
pub(super) async fn execute(client: &reqwest::Client, request: Request) -> Result<Response, CallError> {
    let max_answer = request.max_answer;
    let mut answer = client.execute(build(request)?).await.map_err(|error| {
        if error.is_connect() || error.is_builder() {
            CallError::NotSent(words(error))
        } else {
            CallError::NoAnswer(words(error))
        }
    })?;
    let headers = std::mem::take(answer.headers_mut());
    Ok(Response { status: answer.status().as_u16(), headers, body: read(answer, max_answer).await })
}

fn build(request: Request) -> Result<reqwest::Request, CallError> {
    let method = match request.method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
    };
    let mut built = reqwest::Request::new(method, request.url);
    let json = HeaderValue::from_static("application/json");
    built.headers_mut().insert(header::ACCEPT, json.clone());
    if let Some((name, value)) = request.credential {
        let mut value = HeaderValue::from_str(value.expose_secret())
            .map_err(|_| CallError::NotSent(format!("the value of {name} cannot be sent in a header")))?;
        value.set_sensitive(true);
        let name = http::HeaderName::try_from(name)
            .map_err(|_| CallError::NotSent("the credential's header has no valid name".into()))?;
        built.headers_mut().insert(name, value);
    }
    for (name, value) in request.headers {
        let value = HeaderValue::try_from(value)
            .map_err(|_| CallError::NotSent(format!("the value of {name} cannot be sent in a header")))?;
        built.headers_mut().insert(name, value);
    }
    if let Some(body) = request.json {
        built.headers_mut().insert(header::CONTENT_TYPE, json);
        *built.body_mut() = Some(body.into());
    } else if request.method != Method::Get {
        // Some servers refuse a POST that does not say how long it is.
        built.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    *built.timeout_mut() = Some(request.timeout);
    Ok(built)
}

/// The body, at most so many bytes, and as far as it comes: the status has been received and says what happened,
/// even if the connection breaks now.
async fn read(mut answer: reqwest::Response, most: usize) -> Bytes {
    let mut body = BytesMut::new();
    while let Ok(Some(chunk)) = answer.chunk().await {
        let room = most - body.len();
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if body.len() == most {
            break;
        }
    }
    body.freeze()
}

/// The error and its causes, without the URL.
fn words(error: reqwest::Error) -> String {
    text::safe(&text::with_causes(&error.without_url()), DETAIL)
}

#[cfg(test)]
mod tests;
