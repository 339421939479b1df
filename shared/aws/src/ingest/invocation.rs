//! An HTTP request as AWS hands it to a function, and the answer as AWS wants it back.
//!
//! Payload 2.0 (HTTP APIs, function URLs) and 1.0 (REST APIs) are read in one pass: a body is most of a small function's
//! work, and trying one form after the other reads it several times.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, Uri};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

/// The request. Of the fields that only one of the forms has, the other's are absent.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Invocation {
    raw_path: Option<String>,
    raw_query_string: Option<String>,
    path: Option<String>,
    http_method: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    query_string_parameters: Option<BTreeMap<String, String>>,
    multi_value_query_string_parameters: Option<BTreeMap<String, Vec<String>>>,
    request_context: Context,
    body: Option<String>,
    is_base64_encoded: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Context {
    http: Option<Http>,
    /// With the stage.
    path: Option<String>,
    domain_name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Http {
    method: String,
}

/// What was handed over is no HTTP request.
#[derive(Debug, thiserror::Error)]
#[error("the invocation is no HTTP request: {0}")]
pub(super) struct NoRequest(&'static str);

impl Invocation {
    /// The request as the shop sent it, with the address it sent it to.
    pub(super) fn request(self) -> Result<Request<Bytes>, NoRequest> {
        let headers = self.all_headers();
        let uri = self.uri(&headers)?;
        let method = self.request_context.http.map(|http| http.method).or(self.http_method);
        let method = method.ok_or(NoRequest("it names no method"))?;
        let body = match self.body {
            None => Bytes::new(),
            // The bytes that the shop sent and signed: Base64 is what API Gateway makes of them, not part of them.
            Some(text) if self.is_base64_encoded => {
                BASE64.decode(text).map_err(|_| NoRequest("its body is not the base64 that it should be"))?.into()
            }
            Some(text) => text.into(),
        };
        let mut request = Request::new(body);
        *request.method_mut() = Method::from_bytes(method.as_bytes()).map_err(|_| NoRequest("its method is none"))?;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// Those that HTTP allows. Payload 1.0 names each header twice, once with all its values.
    fn all_headers(&self) -> HeaderMap {
        let single = self.headers.iter().flatten();
        let multiple = self.multi_value_headers.iter().flatten();
        let multiple = multiple.flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
        let mut headers = HeaderMap::new();
        for (name, value) in multiple {
            if let Some((name, value)) = header(name, value) {
                headers.append(name, value);
            }
        }
        for (name, value) in single {
            if let Some((name, value)) = header(name, value).filter(|(name, _)| !headers.contains_key(name)) {
                headers.insert(name, value);
            }
        }
        headers
    }

    fn uri(&self, headers: &HeaderMap) -> Result<Uri, NoRequest> {
        let path = self.raw_path.as_ref().or(self.request_context.path.as_ref()).or(self.path.as_ref());
        let mut target = path.ok_or(NoRequest("it names no path"))?.clone();
        let query = self.raw_query_string.clone().unwrap_or_else(|| self.encoded_query());
        if !query.is_empty() {
            target.extend(["?", &query]);
        }
        let told = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let with_host = told("host").or(self.request_context.domain_name.as_deref()).and_then(|host| {
            let builder = Uri::builder().scheme(told("x-forwarded-proto").unwrap_or("https")).authority(host);
            builder.path_and_query(&*target).build().ok()
        });
        with_host.map_or_else(|| target.parse().map_err(|_| NoRequest("its path is none")), Ok)
    }

    /// A REST API takes the query apart; whatever order it had is lost.
    fn encoded_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(parameters) = &self.multi_value_query_string_parameters {
            for (name, values) in parameters {
                query.extend_pairs(values.iter().map(|value| (name, value)));
            }
        } else {
            query.extend_pairs(self.query_string_parameters.iter().flatten());
        }
        query.finish()
    }
}

fn header(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    Some((name.parse().ok()?, value.parse().ok()?))
}

/// The answer, in the form that both payloads take.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    pub(super) status_code: u16,
    headers: BTreeMap<String, String>,
    body: String,
    is_base64_encoded: bool,
}

impl From<Response<Bytes>> for Answer {
    /// Every answer of ours is JSON, which API Gateway takes as text.
    fn from(response: Response<Bytes>) -> Self {
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value)));
        Self {
            status_code: response.status().as_u16(),
            headers: headers.collect(),
            body: String::from_utf8_lossy(response.body()).into_owned(),
            is_base64_encoded: false,
        }
    }
}
