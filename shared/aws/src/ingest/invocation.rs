//! HTTP as Lambda sees it: API Gateway's payloads 1.0 (REST API) and 2.0 (HTTP API), and Function URLs, which speak 2.0.
//!
//! Signatures are checked over the raw bytes, so nothing here normalises anything: the path is taken as it came, with a
//! stage before it or without, and a Base64 body becomes the bytes it stands for.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use serde::{Deserialize, Serialize};

/// What is needed of either payload.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HttpInvocation {
    /// 2.0.
    raw_path: Option<String>,
    /// 2.0 holds method and path here; 1.0 has it too, with other contents.
    #[serde(default)]
    request_context: RequestContext,
    /// 1.0.
    path: Option<String>,
    /// 1.0.
    http_method: Option<String>,
    #[serde(default)]
    headers: Option<HashMap<String, String>>,
    /// 1.0: every value of a repeated header; `headers` has only its last.
    #[serde(default)]
    multi_value_headers: Option<HashMap<String, Vec<String>>>,
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
}

#[derive(Default, Deserialize)]
struct RequestContext {
    http: Option<HttpContext>,
}

#[derive(Deserialize)]
struct HttpContext {
    method: String,
}

/// The invocation is not an HTTP request of API Gateway or a Function URL.
#[derive(Debug, thiserror::Error)]
#[error("not an HTTP invocation: {0}")]
pub(super) struct NotHttp(&'static str);

impl HttpInvocation {
    /// The request as the shop sent it.
    pub(super) fn into_request(self) -> Result<Request<Bytes>, NotHttp> {
        let method = self.http_method.or(self.request_context.http.map(|http| http.method));
        let method = method.ok_or(NotHttp("it has no method"))?;
        let path = self.raw_path.or(self.path).ok_or(NotHttp("it has no path"))?;
        let body = match self.body {
            None => Bytes::new(),
            Some(text) if self.is_base64_encoded => {
                STANDARD.decode(text).map_err(|_| NotHttp("its body is not Base64"))?.into()
            }
            Some(text) => text.into(),
        };
        let mut request = Request::new(body);
        *request.method_mut() = Method::from_bytes(method.as_bytes()).map_err(|_| NotHttp("its method is none"))?;
        // A path that no URI can have belongs to no shop: the root belongs to none either.
        *request.uri_mut() = path.parse().unwrap_or(Uri::from_static("/"));
        *request.headers_mut() = headers(self.headers, self.multi_value_headers);
        Ok(request)
    }
}

/// All headers. A value that HTTP does not allow cannot be a signature and is left out.
fn headers(
    single: Option<HashMap<String, String>>,
    repeated: Option<HashMap<String, Vec<String>>>,
) -> HeaderMap<HeaderValue> {
    let mut headers = HeaderMap::new();
    let repeated = repeated.unwrap_or_default();
    let single = single.unwrap_or_default().into_iter().filter(|(name, _)| !repeated.contains_key(name));
    let single: Vec<_> = single.map(|(name, value)| (name, vec![value])).collect();
    for (name, values) in repeated.into_iter().chain(single) {
        let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else { continue };
        for value in values.iter().filter_map(|value| HeaderValue::from_bytes(value.as_bytes()).ok()) {
            headers.append(name.clone(), value);
        }
    }
    headers
}

/// An answer that both payloads understand.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HttpAnswer {
    status_code: u16,
    headers: HashMap<String, String>,
    body: String,
    is_base64_encoded: bool,
}

impl From<Response<Bytes>> for HttpAnswer {
    fn from(response: Response<Bytes>) -> Self {
        let headers = response.headers().iter();
        let headers = headers.filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())));
        Self {
            status_code: response.status().as_u16(),
            headers: headers.collect(),
            // Every answer of ours is JSON.
            body: String::from_utf8_lossy(response.body()).into_owned(),
            is_base64_encoded: false,
        }
    }
}

#[cfg(test)]
mod tests;
