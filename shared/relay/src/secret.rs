//! A shop's secrets: what they look like, where they come from, how long they are kept.
//!
//! A shop *is* its secrets: adding one needs no deployment.

use secrecy::SecretString;

use crate::Async;

mod cache;
mod customer_key;
mod model;
mod parse;

pub use cache::{Secrets, SecretsConfig};
pub use model::{
    Currencies, InstallationKey, OrderUpdates, PlatformSecret, ShopwareApp, SourceSecret, StatusCallback,
    WebhookSecret, WebsaleEndpoints, WebsaleSecret, WebsandSecret,
};
use parse::parse_text;
pub use parse::{Model, parse};

/// Where secrets are kept: Secrets Manager, or `secrets.toml`.
pub trait SecretStore: Send + Sync {
    /// The JSON text of the secret with this full name (`shoprelay/acme/websand`).
    fn fetch<'a>(&'a self, name: &'a str) -> Async<'a, Result<SecretString, SecretError>>;
}

/// Why there is no usable secret. No variant holds any part of a secret's value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// There is no secret of that name.
    #[error("there is no secret {name}")]
    NotFound {
        /// The full name.
        name: String,
    },
    /// The store refused us: its policy must be mended.
    #[error("access to the secret {name} was denied")]
    Denied {
        /// The full name.
        name: String,
    },
    /// The store did not answer.
    #[error("the secret {name} could not be read: {detail}")]
    Unreachable {
        /// The full name.
        name: String,
        /// What happened.
        detail: String,
    },
    /// The secret's JSON is not what it should be.
    #[error("the secret {name} is malformed at {pointer:?}: {detail}")]
    Malformed {
        /// The full name.
        name: String,
        /// JSON pointer to the fault.
        pointer: String,
        /// What is wrong, without the value.
        detail: String,
    },
}
