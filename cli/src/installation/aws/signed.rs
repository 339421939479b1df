//! One signed call to an AWS service that speaks JSON 1.1: `CloudWatch` Logs, for which a whole client would be too much.

use std::time::{Duration, SystemTime};

use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use relay::{
    clock::{Clock, SystemClock},
    config::Variables,
    tls,
};
use serde_json::Value;

use crate::command::CommandError;

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";
/// A search through a day of logs takes seconds.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A service, and how to sign for it.
pub(super) struct Service {
    client: reqwest::Client,
    credentials: SharedCredentialsProvider,
    region: String,
    endpoint: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// The service refused: its error code and message.
    #[error("{code}: {message}")]
    Refused { code: String, message: String },
    /// There was no answer.
    #[error("{0}")]
    Failed(String),
}

impl Service {
    /// `CloudWatch` Logs in this region.
    pub(super) fn logs(
        credentials: SharedCredentialsProvider,
        region: &str,
        variables: Variables<'_>,
    ) -> Result<Self, CommandError> {
        const CA_BUNDLE: &str = "AWS_CA_BUNDLE";
        let bundle = variables.text(CA_BUNDLE);
        let tls = tls::client_config(CA_BUNDLE, bundle.as_deref()).map_err(|error| CommandError(error.to_string()))?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured((*tls).clone())
            .http1_only()
            .no_proxy()
            .timeout(TIMEOUT)
            .build();
        // AWS in China has names of its own.
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let own =
            ["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", "AWS_ENDPOINT_URL"].into_iter().find_map(|name| variables.text(name));
        Ok(Self {
            client: client.map_err(|error| CommandError(format!("cannot make an HTTP client: {error}")))?,
            credentials,
            region: region.to_owned(),
            endpoint: own.unwrap_or_else(|| format!("https://logs.{region}.{suffix}")),
        })
    }

    /// Calls `operation` (such as `Logs_20140328.FilterLogEvents`).
    pub(super) async fn call(&self, operation: &str, input: &Value) -> Result<Value, CallError> {
        let broken = |error: &dyn std::fmt::Display| CallError::Failed(error.to_string());
        let body = input.to_string();
        let url = format!("{}/", self.endpoint.trim_end_matches('/'));
        let mut request = self.client.post(&url).header("content-type", CONTENT_TYPE).header("x-amz-target", operation);
        for (name, value) in self.signature(&url, operation, &body).await? {
            request = request.header(name, value);
        }
        let answer = request.body(body).send().await.map_err(|error| broken(&error.without_url()))?;
        let is_success = answer.status().is_success();
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(|error| broken(&error.without_url()))?;
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if is_success {
            return Ok(answer);
        }
        let text = |names: [&str; 2]| names.into_iter().find_map(|name| answer.get(name)?.as_str()).map(str::to_owned);
        let code = text(["__type", "code"]).map(|code| code.rsplit('#').next().unwrap_or_default().to_owned());
        Err(CallError::Refused {
            code: code.unwrap_or_else(|| status.to_string()),
            message: text(["message", "Message"]).unwrap_or_else(|| "no message".to_owned()),
        })
    }

    /// The headers that sign the request.
    async fn signature(&self, url: &str, operation: &str, body: &str) -> Result<Vec<(String, String)>, CallError> {
        let broken = |error: &dyn std::fmt::Display| CallError::Failed(format!("cannot sign: {error}"));
        let provided = self.credentials.provide_credentials().await;
        let identity = provided.map_err(|error| broken(&relay::text::with_causes(&error)))?.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("logs")
            .time(SystemTime::from(SystemClock.now()))
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| broken(&error))?
            .into();
        let headers = [("content-type", CONTENT_TYPE), ("x-amz-target", operation)];
        let request = SignableRequest::new("POST", url, headers.into_iter(), SignableBody::Bytes(body.as_bytes()))
            .map_err(|error| broken(&error))?;
        let (instructions, _) = sign(request, &parameters).map_err(|error| broken(&error))?.into_parts();
        Ok(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }
}
