//! `shoprelay send`.

use std::{path::PathBuf, process::ExitCode};

use bytes::Bytes;
use clap::builder::PossibleValuesParser;
use relay::{
    clock::{Clock, SystemClock},
    config::Variables,
    event::Channel,
    random::SystemRandom,
    shop::ShopName,
};
use reqwest::Url;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{CommandError, Outcome};
use crate::{
    installation::{Installation, Place},
    output::{print, print_json},
    webhook::{Answer, Client, Credential, Topic, Webhook, sample, webhook_url},
};

/// Sends a correctly signed test webhook.
///
/// EVENT is a canonical type (order.placed, order.updated, customer.updated, promotion.scheduled, promotion.cancelled) or
/// a platform's topic, such as shopify:orders/create. Without --file a built-in sample is sent, with a new id and as if
/// it had happened just now. Exits with 0 only if the host took it.
#[derive(clap::Args)]
pub(crate) struct Send {
    /// What happened.
    #[arg(value_name = "EVENT")]
    topic: Topic,
    /// The shop it happened in.
    #[arg(long, value_name = "NAME")]
    shop: ShopName,
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
    #[command(flatten)]
    place: Place,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

impl Send {
    pub(crate) async fn run(self) -> Outcome {
        let (credential, origin) = self.credential().await?;
        let now = SystemClock.now();
        let body = self.body(now)?;
        let webhook =
            Webhook::new(&self.topic, &credential, &origin, body, now, &SystemRandom).map_err(CommandError)?;
        let url = webhook_url(&self.url, &self.shop, webhook.endpoint);
        let client = Client::new(Variables::of_process()).map_err(CommandError)?;
        let answer = client.send(url.clone(), &webhook).await.map_err(CommandError)?;
        self.show(&url, &webhook, &answer)?;
        Ok(if answer.accepted() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The credential, and the shop's domain at its platform.
    async fn credential(&self) -> Result<(Credential, String), CommandError> {
        let invented = || format!("{}.myshopify.com", self.shop);
        if let Some(secret) = &self.secret {
            return Ok((Credential::Signature(secret.clone()), invented()));
        }
        let installation = Installation::open(&self.place, Variables::of_process()).await?;
        let secret = installation.secrets()?.webhook(&self.shop).await;
        let secret = secret.map_err(|error| CommandError(error.to_string()))?;
        let credential = Credential::of_shop(&secret, &self.topic, self.by_header).map_err(CommandError)?;
        Ok((credential, secret.origins.iter().flatten().next().cloned().unwrap_or_else(invented)))
    }

    fn body(&self, now: jiff::Timestamp) -> Result<Bytes, CommandError> {
        if let Some(file) = &self.file {
            let body = std::fs::read(file);
            return body
                .map(Bytes::from)
                .map_err(|error| CommandError(format!("cannot read {}: {error}", file.display())));
        }
        let channel = Channel::ALL.into_iter().find(|channel| channel.name() == self.channel);
        let channel = channel.unwrap_or(Channel::PersonalisedPush);
        let body = sample::body(&self.topic, channel, self.id.as_deref(), now, &SystemRandom).map_err(CommandError)?;
        Ok(body.to_string().into())
    }

    fn show(&self, url: &Url, webhook: &Webhook, answer: &Answer) -> Result<(), CommandError> {
        if self.json {
            let body = serde_json::from_str(&answer.body).unwrap_or_else(|_| Value::from(answer.body.as_str()));
            return print_json(&json!({
                "event": self.topic.to_string(),
                "url": url.as_str(),
                "webhook_id": webhook.id,
                "status": answer.status,
                "answer": body,
            }));
        }
        print(&format!("{} → {url}\n{} {}\n", self.topic, answer.status, answer.body.trim_end()))
    }
}
