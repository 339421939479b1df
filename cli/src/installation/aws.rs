//! A stack on AWS, found by the names its template gives.

use std::{error::Error, sync::Arc};

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use relay::{config::Variables, ledger::Ledger, secret::SecretStore};
use relay_aws::{AwsConfig, DynamoLedger, SecretsManagerStore};

use crate::command::CommandError;

mod queues;
mod receipts;
mod secrets;
mod signed;
mod state;

/// Clients for one stack.
pub(crate) struct Aws {
    stack: String,
    queues: aws_sdk_sqs::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    secrets: aws_sdk_secretsmanager::Client,
    logs: signed::Service,
}

impl Aws {
    /// Takes region and credentials from where the AWS command line takes them: variables, profile, container, instance.
    pub(crate) async fn connect(stack: &str, variables: Variables<'static>) -> Result<Self, CommandError> {
        let wrong = |error: relay::config::ConfigError| CommandError(error.to_string());
        let http = relay_aws::http_client(variables).map_err(wrong)?;
        let chain = aws_config::defaults(aws_config::BehaviorVersion::latest()).http_client(http.clone()).load().await;
        let region = chain
            .region()
            .cloned()
            .ok_or_else(|| CommandError("no AWS region: set AWS_REGION, or a region in the profile".into()))?;
        let credentials = chain.credentials_provider().ok_or_else(|| CommandError("no AWS credentials".into()))?;
        let config = AwsConfig::new(credentials.clone(), region.clone(), http, variables).map_err(wrong)?;
        Ok(Self {
            stack: stack.to_owned(),
            queues: config.sqs(),
            dynamodb: config.dynamodb(),
            secrets: config.secrets_manager(),
            logs: signed::Service::logs(credentials, region.as_ref(), variables)?,
        })
    }

    /// The stack's name.
    pub(crate) fn name(&self) -> &str {
        &self.stack
    }

    /// The stack's ledger.
    pub(crate) fn ledger(&self) -> Arc<dyn Ledger> {
        Arc::new(DynamoLedger::new(self.dynamodb.clone(), self.table()))
    }

    /// The account's secrets.
    pub(crate) fn secret_store(&self) -> Arc<dyn SecretStore> {
        Arc::new(SecretsManagerStore::new(self.secrets.clone()))
    }

    fn table(&self) -> String {
        format!("{}-ledger", self.stack)
    }
}

/// What went wrong in a call, for an operator: the service's own code and words.
fn failed<E, R>(what: &str, error: &SdkError<E, R>) -> CommandError
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug,
{
    CommandError(format!("cannot {what}: {}", relay_aws::describe(error)))
}
