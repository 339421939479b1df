//! The function: a signed Shopify order in, its text to SQS, 202 out.

use std::{
    env,
    error::Error,
    net::TcpStream,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use relay_floor::Signed;
use ring::hmac;
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, pem::PemObject},
};
use serde_json::{Value, json};

use crate::http::Connection;

type Encrypted = Connection<StreamOwned<ClientConnection, TcpStream>>;

/// One AWS service.
struct Service {
    connection: Encrypted,
    host: String,
    name: &'static str,
    content_type: &'static str,
}

/// Opens both connections, then serves until the Runtime API goes away.
pub(crate) fn serve() -> Result<(), Box<dyn Error>> {
    let tls = tls()?;
    let mut sqs = Service::open(&tls, "SQS", "sqs", "application/x-amz-json-1.0")?;
    let mut secrets = Service::open(&tls, "SECRETS_MANAGER", "secretsmanager", "application/x-amz-json-1.1")?;
    let runtime = env::var("AWS_LAMBDA_RUNTIME_API")?;
    let mut lambda = Connection::plain(&runtime)?;
    let mut key = None;
    loop {
        let head = format!("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: {runtime}\r\n");
        let next = lambda.call(&head, b"")?;
        let id = next.header("lambda-runtime-aws-request-id").ok_or("an invocation without an id")?;
        let key = match &key {
            Some(known) => known,
            None => key.insert(signing_key(&mut secrets)?),
        };
        let event: Value = serde_json::from_slice(&next.body)?;
        let answer = receive(&event, key, &mut sqs)?;
        let path = format!("/2018-06-01/runtime/invocation/{id}/response");
        lambda.call(&format!("POST {path} HTTP/1.1\r\nhost: {runtime}\r\n"), answer.to_string().as_bytes())?;
    }
}

fn tls() -> Result<Arc<ClientConfig>, Box<dyn Error>> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
    for certificate in CertificateDer::pem_file_iter(env::var("AWS_CA_BUNDLE")?)? {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

fn signing_key(secrets: &mut Service) -> Result<hmac::Key, Box<dyn Error>> {
    let answer = secrets.call("secretsmanager.GetSecretValue", &json!({"SecretId": "shoprelay/acme/webhook"}))?;
    let secret: Value = serde_json::from_str(answer["SecretString"].as_str().ok_or("no secret")?)?;
    let secret = secret["sources"][0]["signing_secrets"][0].as_str().ok_or("no signing secret")?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
}

fn receive(event: &Value, key: &hmac::Key, sqs: &mut Service) -> Result<Value, Box<dyn Error>> {
    let body = event["body"].as_str().ok_or("no body")?;
    let signature = event["headers"]["x-shopify-hmac-sha256"].as_str().ok_or("no signature")?;
    if hmac::verify(key, body.as_bytes(), &BASE64.decode(signature)?).is_err() {
        return Ok(json!({"statusCode": 401, "body": "{}"}));
    }
    let order: Value = serde_json::from_str(body)?;
    let url = env::var("SHOPRELAY_WEBSAND_QUEUE_URL")?;
    sqs.call("AmazonSQS.SendMessage", &json!({"QueueUrl": url, "MessageBody": order.to_string()}))?;
    Ok(json!({"statusCode": 202, "headers": {"content-type": "application/json"}, "body": "{}"}))
}

impl Service {
    fn open(
        tls: &Arc<ClientConfig>,
        variable: &str,
        name: &'static str,
        content_type: &'static str,
    ) -> Result<Self, Box<dyn Error>> {
        let endpoint = env::var(format!("AWS_ENDPOINT_URL_{variable}"))?;
        let host = endpoint.strip_prefix("https://").ok_or("not https")?.to_owned();
        Ok(Self { connection: Connection::encrypted(tls, &host)?, host, name, content_type })
    }

    fn call(&mut self, target: &str, input: &Value) -> Result<Value, Box<dyn Error>> {
        let body = input.to_string();
        let (key, secret) = (env::var("AWS_ACCESS_KEY_ID")?, env::var("AWS_SECRET_ACCESS_KEY")?);
        let (token, region) = (env::var("AWS_SESSION_TOKEN")?, env::var("AWS_REGION")?);
        let at = at(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs());
        let headers = [
            ("content-type", self.content_type),
            ("host", &self.host),
            ("x-amz-date", &at),
            ("x-amz-security-token", &token),
            ("x-amz-target", target),
        ];
        let signed = Signed { at: &at, region: &region, service: self.name, headers: &headers, body: body.as_bytes() };
        let mut head = "POST / HTTP/1.1\r\n".to_owned();
        for (name, value) in headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.extend(["authorization: AWS4-HMAC-SHA256 Credential=", &key, "/", &signed.scope(), ", SignedHeaders="]);
        head.extend([&*signed.names(), ", Signature=", &signed.signature(&secret), "\r\n"]);
        Ok(serde_json::from_slice(&self.connection.call(&head, body.as_bytes())?.body)?)
    }
}

/// A time as AWS writes it: days since 1970 to a date by Howard Hinnant's `civil_from_days`.
fn at(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_aws_does() {
        assert_eq!(at(0), "19700101T000000Z");
        assert_eq!(at(1_709_251_199), "20240229T235959Z");
        assert_eq!(at(1_767_609_002), "20260105T103002Z");
    }
}
