//! `shoprelay send`.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use bytes::Bytes;
use clap::builder::PossibleValuesParser;
use relay::{
    clock::{Clock, SystemClock},
    config::Variables,
    event::Channel,
    random::SystemRandom,
    secret::WebhookSecret,
    shop::{Platform, ShopName},
};
use reqwest::Url;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{CommandError, Outcome};
use crate::{
    installation::{Installation, Place},
    output::{print, print_json},
    webhook::{
        Answer, Circumstances, Client, Credential, Topic, Webhook, catalogue, origin,
        registration::Registration,
        sample::{self, Wish},
        webhook_url,
    },
};

/// Sends a correctly signed test webhook of any platform.
///
/// EVENT is a canonical type, such as order.placed, or PLATFORM:TOPIC, such as shopify:orders/create; --list names all.
/// Without --file a built-in sample is sent, with a new id and as if it had happened just now. Exits with 0 only if the
/// host took it and can use it.
#[derive(clap::Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Send {
    /// What happened.
    #[arg(value_name = "EVENT", requires = "shop")]
    topic: Option<Topic>,
    /// The shop it happened in.
    #[arg(long, value_name = "NAME")]
    shop: Option<ShopName>,
    /// Lists the events there are, and sends nothing.
    #[arg(long, conflicts_with = "topic")]
    list: bool,
    /// The body to send, byte for byte.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The channel of the sample promotion.
    #[arg(long, default_value = "personalised_push", conflicts_with = "file",
        value_parser = PossibleValuesParser::new(Channel::ALL.map(Channel::name)))]
    channel: String,
    /// The id of the sample's order, customer or promotion.
    #[arg(long, value_name = "ID", conflicts_with = "file")]
    id: Option<String>,
    /// The host's address, or the whole webhook URL.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8787")]
    url: Url,
    /// The signing secret; without it, the shop's own is read from the installation.
    #[arg(long, value_name = "SECRET", conflicts_with_all = ["data_dir", "stack", "by_header"])]
    secret: Option<SecretString>,
    /// Authenticate by the source's secret header instead of a signature.
    #[arg(long)]
    by_header: bool,
    /// As Shopware's newer delivery (`WEBHOOKS_REWORK`) sends it: event id and sequence in headers, too.
    #[arg(long)]
    rework: bool,
    #[command(flatten)]
    place: Place,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// One webhook to send.
struct Order<'s> {
    topic: &'s Topic,
    shop: &'s ShopName,
}

impl Send {
    pub(crate) async fn run(self) -> Outcome {
        if self.list {
            print(&catalogue::overview())?;
            return Ok(ExitCode::SUCCESS);
        }
        let (Some(topic), Some(shop)) = (&self.topic, &self.shop) else {
            eprintln!("shoprelay: name an EVENT and a --shop. There are\n{}", catalogue::overview().trim_end());
            return Ok(ExitCode::from(2));
        };
        let order = Order { topic, shop };
        if topic.platform() == Platform::Shopware && topic.name() == "registration" {
            return self.register(&order).await;
        }
        let webhook = self.webhook(&order).await?;
        let (url, answer) = self.send(shop, &webhook).await?;
        let body = serde_json::from_str(&answer.body).unwrap_or_else(|_| Value::from(answer.body.as_str()));
        self.show(&order, &url, &webhook, answer.status, &body)?;
        Ok(if answer.accepted() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn webhook(&self, order: &Order<'_>) -> Result<Webhook, CommandError> {
        if order.topic.platform() == Platform::Woocommerce && order.topic.name() == "ping" {
            return Ok(Webhook::woocommerce_ping(order.topic.endpoint()));
        }
        let (credential, origin) = self.credential(order).await?;
        let now = SystemClock.now();
        let body = self.body(order.topic, &origin, now)?;
        let circumstances = Circumstances { origin: &origin, rework: self.rework, now, random: &SystemRandom };
        Webhook::new(order.topic, &credential, body, &circumstances).map_err(CommandError)
    }

    async fn send(&self, shop: &ShopName, webhook: &Webhook) -> Result<(Url, Answer), CommandError> {
        let url = webhook_url(&self.url, shop, webhook.endpoint);
        let client = Client::new(Variables::of_process()).map_err(CommandError)?;
        let answer = client.send(url.clone(), webhook).await.map_err(CommandError)?;
        Ok((url, answer))
    }

    /// Registers as a Shopware shop does, and looks at the answer. The secret in it is not shown.
    async fn register(&self, order: &Order<'_>) -> Outcome {
        let secret = self.shop_secret(order.shop).await?;
        let registration = Registration::of_shop(&secret).map_err(CommandError)?;
        let webhook = registration.webhook(SystemClock.now()).map_err(CommandError)?;
        let (url, answer) = self.send(order.shop, &webhook).await?;
        let registered = registration.check(&answer.body).filter(|_| answer.accepted());
        let body = match &registered {
            Some(registered) => json!(registered),
            None => Value::from(answer.body.as_str()),
        };
        self.show(order, &url, &webhook, answer.status, &body)?;
        let is_good = registered.is_some_and(|registered| registered.proof && registered.secret_length >= 64);
        Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    async fn shop_secret(&self, shop: &ShopName) -> Result<Arc<WebhookSecret>, CommandError> {
        let installation = Installation::open(&self.place, Variables::of_process()).await?;
        installation.secrets()?.webhook(shop).await.map_err(|error| CommandError(error.to_string()))
    }

    /// The credential, and the shop's domain or host at its platform.
    async fn credential(&self, order: &Order<'_>) -> Result<(Credential, String), CommandError> {
        let platform = order.topic.platform();
        if let Some(secret) = &self.secret {
            return Ok((Credential::Signature(secret.clone()), origin::invented(platform, order.shop)));
        }
        let secret = self.shop_secret(order.shop).await?;
        let credential = Credential::of_shop(&secret, order.topic, self.by_header).map_err(CommandError)?;
        Ok((credential, origin::of_shop(&secret, platform, order.shop)))
    }

    fn body(&self, topic: &Topic, origin: &str, now: jiff::Timestamp) -> Result<Bytes, CommandError> {
        if let Some(file) = &self.file {
            let body = std::fs::read(file);
            return body
                .map(Bytes::from)
                .map_err(|error| CommandError(format!("cannot read {}: {error}", file.display())));
        }
        let channel = Channel::ALL.into_iter().find(|channel| channel.name() == self.channel);
        let channel = channel.unwrap_or(Channel::PersonalisedPush);
        let wish = Wish { channel, id: self.id.as_deref(), origin };
        let body = sample::body(topic, &wish, now, &SystemRandom).map_err(CommandError)?;
        Ok(body.to_string().into())
    }

    fn show(
        &self,
        order: &Order<'_>,
        url: &Url,
        webhook: &Webhook,
        status: u16,
        answer: &Value,
    ) -> Result<(), CommandError> {
        if self.json {
            return print_json(&json!({
                "event": order.topic.to_string(),
                "url": url.as_str(),
                "webhook_id": webhook.id,
                "status": status,
                "answer": answer,
            }));
        }
        let answer = answer.as_str().map_or_else(|| answer.to_string(), str::to_owned);
        print(&format!("{} → {url}\n{status} {}\n", order.topic, answer.trim_end()))
    }
}
