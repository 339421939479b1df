//! How the AWS clients are built: from explicit configuration, so that a cold start pays for nothing it does not use.

use std::time::Duration;

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider},
};
use aws_sdk_sqs::config::{Region, StalledStreamProtectionConfig};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use relay::{
    batch::OF_ONE_SHOP,
    config::{ConfigError, Variables},
    tls,
};

use crate::connector::{CONNECT_TIMEOUT, Connector};

mod bare;

use bare::Bare;

/// The longest one call may take, its repetitions included. Receiving a webhook makes two calls and has 3 s for them.
const OPERATION_TIMEOUT: Duration = Duration::from_millis(2_500);
/// The longest one attempt may take: an answer usually takes a tenth of it, and a second attempt still fits.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1_200);
const ATTEMPTS: u32 = 3;
/// The first pause between attempts; it doubles, with jitter.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

const CA_BUNDLE: &str = "AWS_CA_BUNDLE";

/// Builds the clients, which share one pool of connections.
#[derive(Clone, Debug)]
pub struct AwsConfig {
    region: Region,
    credentials: SharedCredentialsProvider,
    http: Connector,
    endpoints: Endpoints,
}

/// Other addresses than AWS's own (`AWS_ENDPOINT_URL` and its forms for one service).
#[derive(Clone, Debug)]
struct Endpoints {
    sqs: Option<String>,
    dynamodb: Option<String>,
    secrets_manager: Option<String>,
}

impl Endpoints {
    fn from_variables(variables: Variables<'_>) -> Result<Self, ConfigError> {
        let address = |name: &'static str| match variables.text(name) {
            None => Ok(None),
            // The SDK appends paths of its own and does not expect a slash before them.
            Some(_) => Ok(Some(variables.url(name, "")?.as_str().trim_end_matches('/').to_owned())),
        };
        let all = address("AWS_ENDPOINT_URL")?;
        let of = |name| Ok(address(name)?.or_else(|| all.clone()));
        Ok(Self {
            sqs: of("AWS_ENDPOINT_URL_SQS")?,
            dynamodb: of("AWS_ENDPOINT_URL_DYNAMODB")?,
            secrets_manager: of("AWS_ENDPOINT_URL_SECRETS_MANAGER")?,
        })
    }
}

/// The HTTP client of all AWS clients. `AWS_CA_BUNDLE` adds root certificates to the compiled-in ones.
///
/// # Errors
/// The bundle cannot be used.
pub fn http_client(variables: Variables<'_>) -> Result<Connector, ConfigError> {
    let bundle = variables.text(CA_BUNDLE);
    Ok(Connector::new(&*tls::client_config(CA_BUNDLE, bundle.as_deref())?))
}

/// A service's configuration. The services' builders are types of their own with the same methods.
macro_rules! client {
    ($config:expr, $sdk:ident, $endpoint:ident) => {{
        let mut builder = $sdk::Config::builder()
            .behavior_version_latest()
            .region($config.region.clone())
            .credentials_provider($config.credentials.clone())
            .http_client($config.http.clone())
            .interceptor(Bare)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(FIRST_PAUSE))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(CONNECT_TIMEOUT)
                    .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                    .operation_timeout(OPERATION_TIMEOUT)
                    .build(),
            )
            // Bodies are small and the attempt's time-out covers them.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        builder.set_endpoint_url($config.endpoints.$endpoint.clone());
        $sdk::Client::from_conf(builder.build())
    }};
}

/// Opens a connection to where a service's calls will go.
macro_rules! open {
    ($config:expr, $sdk:ident, $endpoint:ident) => {
        async {
            use $sdk::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
            let region = $config.region.to_string();
            let parameters = Params::builder().region(region).set_endpoint($config.endpoints.$endpoint.clone()).build();
            if let Ok(parameters) = parameters
                && let Ok(endpoint) = DefaultResolver::new().resolve_endpoint(&parameters).await
            {
                $config.http.open(endpoint.url()).await;
            }
        }
    };
}

impl AwsConfig {
    /// What Lambda gives a function: region and credentials in the environment. They hold as long as the process lives.
    ///
    /// # Errors
    /// A variable is missing or malformed.
    pub fn from_variables(variables: Variables<'_>) -> Result<Self, ConfigError> {
        let region = Region::new(variables.required("AWS_REGION")?);
        let credentials = Credentials::new(
            variables.required("AWS_ACCESS_KEY_ID")?,
            variables.required("AWS_SECRET_ACCESS_KEY")?,
            variables.text("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        Self::new(credentials, region, http_client(variables)?, variables)
    }

    /// With credentials from elsewhere, such as an operator's profile. Of the variables only the endpoints are read.
    ///
    /// # Errors
    /// An endpoint is no URL.
    pub fn new(
        credentials: impl ProvideCredentials + 'static,
        region: Region,
        http: Connector,
        variables: Variables<'_>,
    ) -> Result<Self, ConfigError> {
        let credentials = SharedCredentialsProvider::new(credentials);
        Ok(Self { region, credentials, http, endpoints: Endpoints::from_variables(variables)? })
    }

    /// Opens the connections that a webhook needs, both at the same time, so that the first one need not wait for them.
    pub(crate) async fn connect(&self) {
        let secrets = open!(self, aws_sdk_secretsmanager, secrets_manager);
        futures_util::future::join(open!(self, aws_sdk_sqs, sqs), secrets).await;
    }

    /// Opens as many connections to the ledger as messages are settled side by side: each call that finds none at hand
    /// opens one, and while they are being opened there are many such calls.
    pub(crate) async fn connect_to_ledger(&self) {
        let opening = (0..OF_ONE_SHOP).map(|_| open!(self, aws_sdk_dynamodb, dynamodb));
        futures_util::future::join_all(opening).await;
    }

    /// A client for the queues.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        client!(self, aws_sdk_sqs, sqs)
    }

    /// A client for the ledger.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        client!(self, aws_sdk_dynamodb, dynamodb)
    }

    /// A client for the secrets.
    pub fn secrets_manager(&self) -> aws_sdk_secretsmanager::Client {
        client!(self, aws_sdk_secretsmanager, secrets_manager)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Canned, Server};

    fn lookup(name: &str) -> Option<String> {
        Some(match name {
            "AWS_REGION" => "eu-west-1".into(),
            "AWS_ACCESS_KEY_ID" => "AKIDEXAMPLE".into(),
            "AWS_SECRET_ACCESS_KEY" => "very-secret-key".into(),
            "AWS_SESSION_TOKEN" => "very-secret-token".into(),
            "AWS_ENDPOINT_URL" => "http://127.0.0.1:4566/".into(),
            "AWS_ENDPOINT_URL_DYNAMODB" => "http://127.0.0.1:8000".into(),
            _ => return None,
        })
    }

    #[test]
    fn an_endpoint_for_one_service_goes_before_the_one_for_all() {
        let endpoints = AwsConfig::from_variables(Variables(&lookup)).unwrap().endpoints;
        assert_eq!(endpoints.sqs.as_deref(), Some("http://127.0.0.1:4566"));
        assert_eq!(endpoints.dynamodb.as_deref(), Some("http://127.0.0.1:8000"));
        assert_eq!(endpoints.secrets_manager.as_deref(), Some("http://127.0.0.1:4566"));
    }

    #[tokio::test]
    async fn connecting_asks_nothing_and_the_first_calls_need_no_other_connection() {
        let secret = Canned::Json(200, serde_json::json!({"SecretString": "{}"}));
        let (queues, secrets) =
            (Server::answering([Canned::Json(200, serde_json::json!({}))]), Server::answering([secret]));
        let lookup = |name: &str| match name {
            "AWS_ENDPOINT_URL_SQS" => Some(queues.address().to_owned()),
            "AWS_ENDPOINT_URL_SECRETS_MANAGER" => Some(secrets.address().to_owned()),
            name => lookup(name),
        };
        let config = AwsConfig::from_variables(Variables(&lookup)).unwrap();
        config.connect().await;
        assert_eq!((queues.asked().len(), secrets.asked().len()), (0, 0));
        config.secrets_manager().get_secret_value().secret_id("a").send().await.unwrap();
        config.sqs().send_message().queue_url("http://sqs/1/queue").message_body("{}").send().await.unwrap();
        assert_eq!((queues.connections(), secrets.connections()), (1, 1));
    }

    #[test]
    fn a_missing_or_malformed_variable_is_named() {
        for missing in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
            let lookup = |name: &str| lookup(name).filter(|_| name != missing);
            let error = AwsConfig::from_variables(Variables(&lookup)).unwrap_err();
            assert_eq!(error.to_string(), format!("the environment variable {missing} is not set"));
        }
        for (name, value) in [("AWS_ENDPOINT_URL_SQS", "localhost:4566"), ("AWS_CA_BUNDLE", "/does/not/exist.pem")] {
            let lookup = |asked: &str| if asked == name { Some(value.to_owned()) } else { lookup(asked) };
            let error = AwsConfig::from_variables(Variables(&lookup)).unwrap_err();
            assert_eq!(error.name, name, "{error}");
        }
    }

    #[test]
    fn the_configuration_shows_no_secret() {
        let shown = format!("{:?}", AwsConfig::from_variables(Variables(&lookup)).unwrap());
        assert!(!shown.contains("very-secret"), "{shown}");
    }
}
