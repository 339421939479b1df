//! Both hosts behind one face, so that one test says what holds for both.

use std::{process::Output, time::Duration};

use relay::shop::Destination;
use serde_json::{Value, json};

use crate::{
    host::Host,
    sandbox::Sandbox,
    stack::Stack,
    wait::within,
    webhook::{Answer, Webhook},
};

mod held;
mod shop;

pub use held::Held;
pub use shop::Shop;

/// How long a webhook may take to its destination: on the deployed stack a queue's poller comes in between.
const PATIENCE: Duration = Duration::from_secs(90);

/// Makes of each function of this module two tests, one a host.
#[macro_export]
macro_rules! on_both_hosts {
    ($($name:ident),+ $(,)?) => {
        mod embedded {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::system::On::Embedded).await;
            })+
        }
        mod deployed {
            $(#[tokio::test]
            async fn $name() {
                super::$name($crate::system::On::Deployed).await;
            })+
        }
    };
}

/// Which host.
#[derive(Clone, Copy, Debug)]
pub enum On {
    /// `shoprelay serve` as a process.
    Embedded,
    /// The template's functions in the emulator.
    Deployed,
}

/// A host with its shops, and a sandbox.
#[derive(Debug)]
pub struct System {
    host: Either,
    /// Websand for these shops. The embedded host also reads shops' APIs from it.
    pub sandbox: Sandbox,
}

#[derive(Debug)]
enum Either {
    Embedded(Box<Host>),
    Deployed(&'static Stack),
}

impl On {
    /// A host that has these shops.
    pub async fn with(self, shops: &[Shop]) -> System {
        self.with_faults(shops, &[]).await
    }

    /// The same with these faults of Websand.
    pub async fn with_faults(self, shops: &[Shop], faults: &[&str]) -> System {
        let faults: Vec<_> = faults.iter().flat_map(|fault| ["--fault", *fault]).collect();
        let sandbox = Sandbox::start(&faults).await;
        let host = match self {
            Self::Embedded => {
                let secrets = shops.iter().flat_map(|shop| shop.secrets(shop.name, &sandbox, &sandbox));
                let secrets: Vec<_> = secrets.map(|(name, value)| (format!("shoprelay/{name}"), value)).collect();
                let mut host = Host::new(&secrets).with("SHOPRELAY_LOG", "info,relay=debug");
                host.start(&sandbox).await;
                Either::Embedded(Box::new(host))
            }
            Self::Deployed => {
                let stack = Stack::shared().await;
                // The account's name is the sandbox's port.
                for (name, value) in
                    shops.iter().flat_map(|shop| shop.secrets(sandbox.port(), &sandbox, &stack.websale))
                {
                    stack.put_secret(&name, &value).await;
                }
                Either::Deployed(stack)
            }
        };
        System { host, sandbox }
    }
}

impl System {
    /// Sends a webhook to this endpoint of the shop.
    pub async fn send(&self, shop: &str, endpoint: &str, webhook: &Webhook) -> Answer {
        match &self.host {
            Either::Embedded(host) => webhook.post(&format!("{}/webhooks/{shop}/{endpoint}", host.url()), None).await,
            Either::Deployed(stack) => stack.post(shop, endpoint, webhook).await,
        }
    }

    /// The ledger's row of this key.
    pub async fn row(&self, key: &str) -> Option<Value> {
        match &self.host {
            Either::Embedded(host) => {
                let row = host.rows().await.into_iter().find(|row| row.key.to_string() == key)?;
                Some(serde_json::to_value(row).expect("a row is JSON"))
            }
            Either::Deployed(stack) => stack.row(key).await,
        }
    }

    /// Waits until the ledger's row of this key is in this state, and gives it.
    pub async fn settled(&self, key: &str, state: &str) -> Value {
        within(PATIENCE, &format!("{key} is {state}"), async || self.row(key).await.filter(|row| row["state"] == state))
            .await
    }

    /// The transactions of this shop that took effect, by now.
    pub async fn transactions(&self, shop: &str) -> Vec<Value> {
        let prefix = format!("{shop}-");
        let of_shop = |body: &Value| body["_id"].as_str().is_some_and(|id| id.starts_with(&prefix));
        let all = self.sandbox.processed("websand.transaction").await;
        all.into_iter().map(|request| request["body"]["transaction"].clone()).filter(of_shop).collect()
    }

    /// The subscribers with this address that took effect, by now.
    pub async fn subscribers(&self, email: &str) -> Vec<Value> {
        let all = self.sandbox.processed("websand.subscriber").await;
        let all = all.into_iter().map(|request| request["body"]["subscriber"].clone());
        all.filter(|subscriber| subscriber["email"] == email).collect()
    }

    /// Waits until the shop has sent this order, and gives the transaction.
    pub async fn transaction(&self, shop: &str, id: &str) -> Value {
        let wanted = json!(format!("{shop}-{id}"));
        within(PATIENCE, &format!("the transaction {wanted} is at Websand"), async || {
            self.transactions(shop).await.into_iter().find(|transaction| transaction["_id"] == wanted)
        })
        .await
    }

    /// Waits until this address is a subscriber, and gives it.
    pub async fn subscriber(&self, email: &str) -> Value {
        within(PATIENCE, &format!("the subscriber {email} is at Websand"), async || self.subscribers(email).await.pop())
            .await
    }

    /// WEBSALE. On the deployed stack it is everybody's: a shop's calls are told by its name.
    pub fn websale(&self) -> &Sandbox {
        match &self.host {
            Either::Embedded(_) => &self.sandbox,
            Either::Deployed(stack) => &stack.websale,
        }
    }

    /// Waits until the promotion is in this state, while promotions go out when they are due and pushes are asked about.
    pub async fn promoted(&self, shop: &str, id: &str, state: &str) -> Value {
        let key = format!("{shop}#websale#promotion#{id}");
        within(PATIENCE, &format!("{key} is {state}"), async || {
            if let Either::Deployed(stack) = &self.host {
                stack.run_schedules().await;
            }
            self.row(&key).await.filter(|row| row["state"] == state)
        })
        .await
    }

    /// The calls of this name for the shop that WEBSALE took, by now.
    pub async fn promotions(&self, shop: &str, call: &str) -> Vec<Value> {
        let mut all = self.websale().processed(call).await;
        all.retain(|request| request["subject"]["subshop"] == shop);
        all
    }

    /// What the shop was told, by now and in order: `webhook_id`, `data` and `times`.
    pub async fn callbacks(&self, shop: &str) -> Vec<Value> {
        let state = self.websale().state().await;
        let all = state["shops"]["callbacks"].as_array().cloned().unwrap_or_default();
        all.into_iter().filter(|callback| callback["shop"] == shop).collect()
    }

    /// Waits until the shop was told so much, while shops are told what they are owed.
    pub async fn told(&self, shop: &str, count: usize) -> Vec<Value> {
        self.told_until(shop, |told| told.len() >= count).await
    }

    /// Waits until what the shop was told is what is wanted.
    pub async fn told_until(&self, shop: &str, wanted: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        within(PATIENCE, &format!("{shop} is told"), async || {
            if let Either::Deployed(stack) = &self.host {
                stack.run_schedules().await;
            }
            Some(self.callbacks(shop).await).filter(|told| wanted(told))
        })
        .await
    }

    /// Runs an operator's command.
    pub async fn command(&self, arguments: &[&str]) -> Output {
        match &self.host {
            Either::Embedded(host) => host.command(&self.sandbox, arguments).await,
            Either::Deployed(stack) => stack.command(&self.sandbox, arguments).await,
        }
    }

    /// The same with `--json`: what it ends with, and its answer.
    pub async fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self.command(&[arguments, &["--json"]].concat()).await;
        let answer = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        (output.status.code().expect("it was not killed"), answer)
    }

    /// Waits until nothing more is on the way to a destination.
    pub async fn drained(&self, destination: Destination) {
        match &self.host {
            Either::Embedded(host) => {
                let waiting = async || (host.queued(destination).await.0 == 0).then_some(());
                within(PATIENCE, "the queue is empty", waiting).await;
            }
            Either::Deployed(stack) => stack.drained(destination.name()).await,
        }
    }

    /// Waits for a dead letter whose body has this text, and gives its `body`, `reason`, `status` and `detail`.
    pub async fn dead_letter(&self, destination: Destination, text: &str) -> Value {
        within(PATIENCE, &format!("a dead letter has {text}"), async || {
            let letters = match &self.host {
                Either::Embedded(host) => host.dead_letters(destination).await,
                Either::Deployed(stack) => stack.dead_letters(destination).await,
            };
            letters.into_iter().find(|letter| letter["body"].as_str().is_some_and(|body| body.contains(text)))
        })
        .await
    }
}
