//! One view on an installation for operators, whichever host it runs on.
//!
//! Nothing here delivers. Secrets can be written and removed; ledger and queues are only looked at, unless a command asks
//! for [`Installation::writable`]. Either way it can run beside the host at any time.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use relay::{
    clock::SystemClock,
    config::Variables,
    ingest::Receipt,
    ledger::Ledger,
    queue::Queue,
    secret::{SecretStore, Secrets, SecretsConfig},
    shop::{Destination, ShopName},
};
use serde::Serialize;
use serde_json::Value;

use crate::command::CommandError;

mod aws;
mod embedded;
mod place;

pub(crate) use aws::Aws;
pub(crate) use embedded::Embedded;
pub(crate) use place::Place;

/// An installation: where its secrets, its ledger, its queues and its receipts are.
pub(crate) struct Installation {
    host: Host,
    prefix: String,
}

/// The two hosts.
pub(crate) enum Host {
    /// One process with a data directory.
    Embedded(Embedded),
    /// A stack on AWS.
    Aws(Box<Aws>),
}

/// What an operator may change. Rows are guarded by their versions, so it does no harm to a host that is at work.
pub(crate) struct Writable {
    /// The ledger.
    pub(crate) ledger: Arc<dyn Ledger>,
    /// The queues.
    pub(crate) queue: Arc<dyn Queue>,
}

/// Which received webhooks to show.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// At most so many, the newest.
    pub(crate) last: usize,
    /// Only this shop's.
    pub(crate) shop: Option<ShopName>,
    /// Only with this status.
    pub(crate) status: Option<String>,
    /// Only about this subject.
    pub(crate) subject: Option<String>,
}

impl Wanted {
    /// Whether this receipt is one of them.
    pub(crate) fn takes(&self, receipt: &Receipt) -> bool {
        let shop = self.shop.as_ref().map(ShopName::as_str);
        (shop.is_none() || receipt.shop.as_deref() == shop)
            && self.status.as_ref().is_none_or(|status| receipt.status == *status)
            && (self.subject.is_none() || receipt.subject == self.subject)
    }
}

/// How full a destination's queues are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct QueueCount {
    /// Whose.
    pub(crate) destination: Destination,
    /// Messages that wait.
    pub(crate) waiting: u64,
    /// Messages a worker has in hand or has put back for later, where the queue counts them apart.
    pub(crate) in_hand: Option<u64>,
    /// Messages in the dead-letter queue.
    pub(crate) dead: u64,
    /// Since when the oldest waiting message has been waiting, where the queue tells.
    pub(crate) oldest: Option<Timestamp>,
}

impl Installation {
    /// Finds the installation. What is missing in it is reported by the first method that needs it.
    pub(crate) async fn open(place: &Place, variables: Variables<'static>) -> Result<Self, CommandError> {
        let host = match &place.stack {
            Some(stack) => Host::Aws(Box::new(Aws::connect(stack, variables).await?)),
            None => Host::Embedded(Embedded::new(place.data_dir.clone())),
        };
        let prefix = variables.text("SHOPRELAY_SECRET_PREFIX").unwrap_or_else(|| "shoprelay/".to_owned());
        Ok(Self { host, prefix })
    }

    /// The host, for what only one of them has.
    pub(crate) const fn host(&self) -> &Host {
        &self.host
    }

    /// Which installation it is, in words that another start of the command finds again.
    pub(crate) fn name(&self) -> String {
        match &self.host {
            Host::Embedded(embedded) => {
                let folder = embedded.data_dir();
                format!("directory {}", folder.canonicalize().unwrap_or_else(|_| folder.to_owned()).display())
            }
            Host::Aws(aws) => format!("stack {}", aws.name()),
        }
    }

    /// What the names of all secrets begin with.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The secrets as deliveries see them, read anew.
    pub(crate) fn secrets(&self) -> Result<Secrets, CommandError> {
        let store: Arc<dyn SecretStore> = match &self.host {
            Host::Embedded(embedded) => embedded.secret_store()?,
            Host::Aws(aws) => aws.secret_store(),
        };
        let config = SecretsConfig { prefix: self.prefix.clone(), ttl: Duration::from_mins(5) };
        Ok(Secrets::new(store, Arc::new(SystemClock), config))
    }

    /// The names of all secrets, in order.
    pub(crate) async fn secret_names(&self) -> Result<Vec<String>, CommandError> {
        let mut names = match &self.host {
            Host::Embedded(embedded) => embedded.secret_names()?,
            Host::Aws(aws) => aws.secret_names(&self.prefix).await?,
        };
        names.retain(|name| name.starts_with(&self.prefix));
        names.sort();
        Ok(names)
    }

    /// Writes a secret, new or not.
    pub(crate) async fn write_secret(&self, name: &str, value: &Value) -> Result<(), CommandError> {
        match &self.host {
            Host::Embedded(embedded) => embedded.write_secret(name, value),
            Host::Aws(aws) => aws.write_secret(name, value).await,
        }
    }

    /// Deletes a secret.
    pub(crate) async fn delete_secret(&self, name: &str) -> Result<(), CommandError> {
        match &self.host {
            Host::Embedded(embedded) => embedded.delete_secret(name),
            Host::Aws(aws) => aws.delete_secret(name).await,
        }
    }

    /// What to know after a shop was removed.
    pub(crate) const fn after_removal(&self) -> &'static str {
        match &self.host {
            Host::Embedded(_) => "",
            Host::Aws(_) => {
                "Secrets Manager keeps them for 7 days; adding the shop again before that takes them back.\n"
            }
        }
    }

    /// The ledger.
    pub(crate) fn ledger(&self) -> Result<Arc<dyn Ledger>, CommandError> {
        match &self.host {
            Host::Embedded(embedded) => embedded.ledger(),
            Host::Aws(aws) => Ok(aws.ledger()),
        }
    }

    /// Ledger and queues, to change something in them.
    pub(crate) async fn writable(&self) -> Result<Writable, CommandError> {
        match &self.host {
            Host::Embedded(embedded) => embedded.writable(),
            Host::Aws(aws) => aws.writable().await,
        }
    }

    /// The webhooks that came in, newest first.
    pub(crate) async fn received(&self, wanted: &Wanted) -> Result<Vec<Receipt>, CommandError> {
        match &self.host {
            Host::Embedded(embedded) => embedded.received(wanted).await,
            Host::Aws(aws) => aws.received(wanted).await,
        }
    }

    /// How full the queues are.
    pub(crate) async fn queues(&self) -> Result<Vec<QueueCount>, CommandError> {
        match &self.host {
            Host::Embedded(embedded) => embedded.queues().await,
            Host::Aws(aws) => aws.queues().await,
        }
    }
}
