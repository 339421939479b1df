//! Shops of a test.

use serde_json::Value;

use crate::{sandbox::Sandbox, shop};

/// A shop to be made. Its name is its own on the shared stack.
#[derive(Clone, Debug)]
pub struct Shop {
    /// Its name.
    pub name: &'static str,
    /// `…/webhook`.
    pub webhook: Value,
    /// What `…/websand` has beside the account and its key.
    pub websand: Value,
    /// Whether it has `…/websale`.
    pub websale: bool,
    /// Whether its `…/websale` wants status callbacks, at the sandbox that has WEBSALE.
    pub callback: bool,
    /// `…/platform`; `{sandbox}` in it is the sandbox's address, where the shops' own APIs are.
    pub platform: Option<Value>,
}

impl Shop {
    /// A shop whose webhooks hold all that is needed.
    pub const fn new(name: &'static str, webhook: Value) -> Self {
        Self { name, webhook, websand: Value::Null, websale: false, callback: false, platform: None }
    }

    /// A shop that sends canonical events or Shopify's, and is at WEBSALE too.
    pub fn canonical(name: &'static str) -> Self {
        Self { websale: true, ..Self::new(name, shop::webhook()) }
    }

    /// The same with access to the shop's own API.
    #[must_use]
    pub fn with_platform(mut self, platform: Value) -> Self {
        self.platform = Some(platform);
        self
    }

    /// The same, told at the sandbox what becomes of its promotions.
    #[must_use]
    pub const fn with_callback(mut self) -> Self {
        self.callback = true;
        self
    }

    /// The same with these fields in its Websand secret.
    #[must_use]
    pub fn with_websand(mut self, fields: Value) -> Self {
        self.websand = fields;
        self
    }

    pub(super) fn secrets(&self, account: &str, sandbox: &Sandbox, websale: &Sandbox) -> Vec<(String, Value)> {
        let mut websand = shop::websand(account);
        websand.as_object_mut().expect("an object").extend(self.websand.as_object().cloned().unwrap_or_default());
        let mut secrets = vec![("webhook", self.webhook.clone()), ("websand", websand)];
        if self.websale {
            let mut secret = shop::websale(self.name);
            if self.callback {
                secret["status_callback"] = shop::status_callback(&websale.url, self.name);
            }
            secrets.push(("websale", secret));
        }
        if let Some(platform) = &self.platform {
            let text = platform.to_string().replace("{sandbox}", &sandbox.url);
            secrets.push(("platform", serde_json::from_str(&text).expect("a URL needs no escapes")));
        }
        secrets.into_iter().map(|(kind, value)| (format!("{}/{kind}", self.name), value)).collect()
    }
}
