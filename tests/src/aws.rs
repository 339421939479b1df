//! A client for AWS's protocols, as far as the tests need it: signed requests, plain answers.
//!
//! Not the SDK: its types would hide what really travels, and five more SDK crates would have to be compiled.

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use relay::clock::{Clock, SystemClock};
use serde_json::Value;

/// The region of everything in the tests.
pub const REGION: &str = "eu-west-1";

/// Services with a JSON protocol.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Json {
    Sqs,
    DynamoDb,
    SecretsManager,
    Logs,
}

/// Services with the query protocol: form in, XML out.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Query {
    CloudFormation,
    Iam,
    Sts,
}

/// Calls AWS as one principal.
#[derive(Clone, Debug)]
pub struct Aws {
    endpoint: String,
    credentials: Credentials,
    http: reqwest::Client,
}

/// An answer that is no success.
#[derive(Clone, Debug)]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// The error's body: its type and message, in the protocol's form.
    pub body: String,
}

impl Refused {
    /// Whether the error's name or message contains this text.
    pub fn says(&self, text: &str) -> bool {
        self.body.contains(text)
    }
}

impl Aws {
    /// A client with these credentials. One for each test: its connections belong to the test's runtime.
    pub fn new(endpoint: &str, credentials: Credentials) -> Self {
        Self { endpoint: endpoint.to_owned(), credentials, http: http_client() }
    }

    /// Makes one call of a JSON protocol.
    pub async fn json(&self, service: Json, action: &str, input: &Value) -> Result<Value, Refused> {
        let (name, target, version) = match service {
            Json::Sqs => ("sqs", "AmazonSQS", "1.0"),
            Json::DynamoDb => ("dynamodb", "DynamoDB_20120810", "1.0"),
            Json::SecretsManager => ("secretsmanager", "secretsmanager", "1.1"),
            Json::Logs => ("logs", "Logs_20140328", "1.1"),
        };
        let target = format!("{target}.{action}");
        let content_type = format!("application/x-amz-json-{version}");
        let headers = [("x-amz-target", target.as_str()), ("content-type", &content_type)];
        let answer = self.call(name, "POST", "/", &headers, input.to_string().into_bytes()).await?;
        Ok(serde_json::from_slice(&answer).unwrap_or(Value::Null))
    }

    /// Makes one call of the query protocol and gives the answer's XML.
    pub async fn query(&self, service: Query, action: &str, input: &[(&str, &str)]) -> Result<String, Refused> {
        let (name, version) = match service {
            Query::CloudFormation => ("cloudformation", "2010-05-15"),
            Query::Iam => ("iam", "2010-05-08"),
            Query::Sts => ("sts", "2011-06-15"),
        };
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", action).append_pair("Version", version).extend_pairs(input);
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = self.call(name, "POST", "/", &headers, form.finish().into_bytes()).await?;
        Ok(String::from_utf8(answer).expect("XML is UTF-8"))
    }

    /// Makes one call of a REST protocol and gives the answer's body.
    pub async fn call(
        &self,
        service: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Vec<u8>, Refused> {
        let url = format!("{}{path}", self.endpoint);
        let mut request = http::Request::builder().method(method).uri(&url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(body).expect("the request is well formed");
        self.sign(service, &mut request);
        let request = reqwest::Request::try_from(request).expect("the request is well formed");
        let answer = self.http.execute(request).await.expect("the emulator answers");
        let status = answer.status();
        let body = answer.bytes().await.expect("the answer is complete");
        if status.is_success() {
            return Ok(body.to_vec());
        }
        Err(Refused { status: status.as_u16(), body: String::from_utf8_lossy(&body).into_owned() })
    }

    fn sign(&self, service: &str, request: &mut http::Request<Vec<u8>>) {
        let mut settings = SigningSettings::default();
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let identity = self.credentials.clone().into();
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name(service)
            .time(SystemClock.now().into())
            .settings(settings)
            .build()
            .expect("all parameters are given")
            .into();
        let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().expect("ASCII")));
        let signable = SignableRequest::new(
            request.method().as_str(),
            request.uri().to_string(),
            headers,
            SignableBody::Bytes(request.body()),
        );
        let (instructions, _) = sign(signable.expect("the request is well formed"), &parameters)
            .expect("the request can be signed")
            .into_parts();
        instructions.apply_to_request_http1x(request);
    }
}

/// A plain HTTP client that follows no redirects. Made for each test: connections belong to a test's runtime.
pub fn http_client() -> reqwest::Client {
    let tls = relay::tls::client_config("no variable", None).expect("the built-in roots are good");
    let builder = reqwest::Client::builder().tls_backend_preconfigured((*tls).clone());
    builder.no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("the client can be built")
}

/// The text between the first `<tag>` and `</tag>`: all that we read of XML answers.
pub fn tag<'a>(xml: &'a str, tag: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{tag}>"))?;
    rest.split_once(&format!("</{tag}>")).map(|(text, _)| text)
}

/// The ARN of a queue in our account.
pub fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{}:{name}", crate::emulator::ACCOUNT)
}
