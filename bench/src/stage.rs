//! Everything around a function: its AWS services and its destinations, each on a TLS server of its own.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    Failure,
    aws::{ACCESS_KEY, Aws, REGION, SECRET_KEY},
    chain::Chain,
    destination::Destinations,
    function::Function,
    server::{Server, Service},
};

/// The surroundings of one process. They end with it.
pub(crate) struct Stage {
    pub(crate) aws: Arc<Aws>,
    pub(crate) destinations: Arc<Destinations>,
    root: String,
    servers: BTreeMap<&'static str, Server>,
}

impl Stage {
    pub(crate) async fn new(chain: &Chain) -> Result<Self, Failure> {
        let (aws, destinations) = (Arc::new(Aws::default()), Arc::new(Destinations::default()));
        for (name, secret) in Function::secrets() {
            aws.state().secrets.insert(name.to_owned(), secret.to_string());
        }
        let mut servers = BTreeMap::new();
        for name in ["sqs", "secretsmanager", "dynamodb", "websand", "websale"] {
            let service: Arc<dyn Service> = if name.starts_with("web") { destinations.clone() } else { aws.clone() };
            servers.insert(name, Server::start(service, Some(chain.server()?)).await?);
        }
        Ok(Self { aws, destinations, root: chain.root().display().to_string(), servers })
    }

    /// How many connections each server has seen.
    pub(crate) fn connections(&self) -> BTreeMap<&'static str, u64> {
        self.servers
            .iter()
            .map(|(name, server)| (*name, server.connections()))
            .filter(|(_, count)| *count > 0)
            .collect()
    }

    /// A process's whole environment, as Lambda and the template would give it.
    pub(crate) fn environment(&self, runtime: &Server) -> Vec<(&'static str, String)> {
        let url = |name: &str| {
            self.servers
                .get(name)
                .map(|server| format!("https://localhost:{}", server.address.port()))
                .unwrap_or_default()
        };
        let queue = |name: &str| format!("{}/123456789012/relay-{name}", url("sqs"));
        vec![
            ("AWS_LAMBDA_RUNTIME_API", runtime.address.to_string()),
            ("AWS_LAMBDA_FUNCTION_NAME", "bench".into()),
            ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128".into()),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into()),
            ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/bench".into()),
            ("AWS_LAMBDA_LOG_STREAM_NAME", "bench".into()),
            ("AWS_REGION", REGION.into()),
            ("AWS_DEFAULT_REGION", REGION.into()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.into()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.into()),
            ("AWS_SESSION_TOKEN", "FwoGZXIvYXdzEXAMPLE".repeat(20)),
            ("AWS_ENDPOINT_URL_SQS", url("sqs")),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", url("secretsmanager")),
            ("AWS_ENDPOINT_URL_DYNAMODB", url("dynamodb")),
            ("AWS_CA_BUNDLE", self.root.clone()),
            ("SHOPRELAY_CA_FILE", self.root.clone()),
            ("SHOPRELAY_WEBSAND_URL", url("websand")),
            ("SHOPRELAY_WEBSALE_URL", url("websale")),
            ("SHOPRELAY_WEBSALE_LOGIN_URL", url("websale")),
            ("SHOPRELAY_WEBSAND_QUEUE_URL", queue("websand")),
            ("SHOPRELAY_WEBSALE_QUEUE_URL", queue("websale")),
            ("SHOPRELAY_WEBSAND_DLQ_URL", queue("websand-dlq")),
            ("SHOPRELAY_WEBSALE_DLQ_URL", queue("websale-dlq")),
            ("SHOPRELAY_LEDGER_TABLE", "relay-ledger".into()),
            ("SHOPRELAY_LOG", "info".into()),
            // Node and Python take further roots from these.
            ("NODE_EXTRA_CA_CERTS", self.root.clone()),
            ("SSL_CERT_FILE", self.root.clone()),
            ("PATH", std::env::var("PATH").unwrap_or_default()),
            ("HOME", std::env::var("HOME").unwrap_or_default()),
        ]
    }
}
