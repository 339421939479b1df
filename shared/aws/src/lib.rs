//! shoprelay on AWS: SQS, DynamoDB and Secrets Manager behind the product's ports, and the Lambda runtime in front of
//! its handlers.
//!
//! A function's `main` calls one of [`ingest::run`], [`forward::websand`], [`forward::websale`] and [`schedule::run`]; each
//! reads its variables, builds its clients ([`AwsConfig`]), and serves invocations one at a time on a single thread.

pub mod config;
pub mod connector;
mod failure;
pub mod forward;
pub mod ingest;
mod ledger;
mod queue;
pub mod schedule;
mod secrets;
mod start;
#[cfg(test)]
mod testing;

pub use config::{AwsConfig, http_client};
pub use failure::describe;
pub use ledger::DynamoLedger;
pub use queue::{MAX_MESSAGE, QueueUrls, SqsQueue};
pub use secrets::SecretsManagerStore;
