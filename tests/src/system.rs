//! Both hosts behind one face, so that one test says what holds for both.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    host::Host,
    sandbox::Sandbox,
    stack::Stack,
    wait::within,
    webhook::{Answer, Webhook},
};

/// How long a webhook may take to its destination: on the deployed stack a queue's poller comes in between.
const PATIENCE: Duration = Duration::from_secs(90);

/// Which host.
#[derive(Clone, Copy, Debug)]
pub enum On {
    /// `shoprelay serve` as a process.
    Embedded,
    /// The template's functions in the emulator.
    Deployed,
}

/// A shop to be made. Its name is its own on the shared stack.
#[derive(Clone, Debug)]
pub struct Shop {
    /// Its name.
    pub name: &'static str,
    /// `…/webhook`.
    pub webhook: Value,
    /// What `…/websand` has beside the account and its key.
    pub websand: Value,
    /// `…/platform`; `{sandbox}` in it is the sandbox's address, where the shops' own APIs are.
    pub platform: Option<Value>,
}

impl Shop {
    /// A shop whose webhooks hold all that is needed.
    pub const fn new(name: &'static str, webhook: Value) -> Self {
        Self { name, webhook, websand: Value::Null, platform: None }
    }

    /// The same with access to the shop's own API.
    #[must_use]
    pub fn with_platform(mut self, platform: Value) -> Self {
        self.platform = Some(platform);
        self
    }

    /// The same with these fields in its Websand secret.
    #[must_use]
    pub fn with_websand(mut self, fields: Value) -> Self {
        self.websand = fields;
        self
    }

    fn secrets(&self, account: &str, sandbox: &Sandbox) -> Vec<(String, Value)> {
        let mut websand = crate::shop::websand(account);
        websand.as_object_mut().expect("an object").extend(self.websand.as_object().cloned().unwrap_or_default());
        let mut secrets = vec![("webhook", self.webhook.clone()), ("websand", websand)];
        if let Some(platform) = &self.platform {
            let text = platform.to_string().replace("{sandbox}", &sandbox.url);
            secrets.push(("platform", serde_json::from_str(&text).expect("a URL needs no escapes")));
        }
        secrets.into_iter().map(|(kind, value)| (format!("{}/{kind}", self.name), value)).collect()
    }
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
        let sandbox = Sandbox::start(&[]).await;
        let host = match self {
            Self::Embedded => {
                let secrets = shops.iter().flat_map(|shop| shop.secrets(shop.name, &sandbox));
                let secrets: Vec<_> = secrets.map(|(name, value)| (format!("shoprelay/{name}"), value)).collect();
                let mut host = Host::new(&secrets);
                host.start(&sandbox).await;
                Either::Embedded(Box::new(host))
            }
            Self::Deployed => {
                let stack = Stack::shared().await;
                // The account's name is the sandbox's port.
                for (name, value) in shops.iter().flat_map(|shop| shop.secrets(sandbox.port(), &sandbox)) {
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

    /// Waits until nothing more is on the way to Websand.
    pub async fn drained(&self) {
        match &self.host {
            Either::Embedded(host) => {
                let waiting = async || (host.queued(relay::shop::Destination::Websand).await.0 == 0).then_some(());
                within(PATIENCE, "the queue is empty", waiting).await;
            }
            Either::Deployed(stack) => stack.drained("websand").await,
        }
    }

    /// Waits for a dead letter for Websand whose body has this text, and gives the body.
    pub async fn dead_letter(&self, text: &str) -> String {
        within(PATIENCE, &format!("a dead letter has {text}"), async || {
            let letters = match &self.host {
                Either::Embedded(host) => host.dead_letters(relay::shop::Destination::Websand).await,
                Either::Deployed(stack) => {
                    let messages = stack.messages("websand-dlq").await;
                    messages.iter().filter_map(|message| Some(message["Body"].as_str()?.to_owned())).collect()
                }
            };
            letters.into_iter().find(|letter| letter.contains(text))
        })
        .await
    }
}
