//! The whole product on this machine: host, sandbox and one shop a platform, with real webhooks between them.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use relay::{
    clock::{Clock, SystemClock},
    config::{Destinations, Variables},
    ledger::{Ledger, State},
    random::SystemRandom,
    secret::SecretsConfig,
};
use relay_embedded::Embedded;
use relay_sqlite::{SqliteLedger, Store};
use reqwest::Url;

use crate::{
    command::CommandError,
    output,
    sandbox::{Sandbox, Settings, Story},
    webhook::{Circumstances, Client, Webhook, webhook_url},
};

mod arrival;
mod directory;
mod script;
mod shops;

use directory::Directory;
use script::Step;
use shops::{Shop, Shops};

/// How long everything may take. The slowest is the personalised push: sent after two seconds, then polled to its end.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A running demo.
pub(crate) struct Demo {
    sandbox: Sandbox,
    host: Embedded,
    host_url: Url,
    directory: Directory,
    shops: Shops,
    steps: Vec<Step>,
    start: Instant,
}

impl Demo {
    /// Starts sandbox and host, and writes the shops' secrets.
    pub(crate) async fn start() -> Result<Self, CommandError> {
        let shops = Shops::new(&SystemRandom);
        let settings = Settings {
            websand_keys: shops.websand_keys(),
            websale_accounts: vec![shops.websale_account().map_err(failed)?],
            shop_keys: shops.shop_keys(),
            callback_secrets: shops.callback_secrets(),
            ..Settings::default()
        };
        let sandbox = Sandbox::start(any_port(), settings).await.map_err(failed)?;
        let directory = Directory::new(&SystemRandom).map_err(failed)?;
        let sandbox_url = format!("http://{}", sandbox.local_addr());
        shops.write(&directory.path().join("secrets.toml"), &sandbox_url).map_err(failed)?;
        let host = start_host(&directory, &sandbox_url).await?;
        let host_url = Url::parse(&format!("http://{}", host.local_addr())).map_err(failed)?;
        let steps = script::steps(SystemClock.now(), &SystemRandom).map_err(CommandError)?;
        Ok(Self { sandbox, host, host_url, directory, shops, steps, start: Instant::now() })
    }

    /// Where to look, and how to send more.
    pub(crate) fn introduce(&self) {
        let (sandbox, host) = (self.sandbox.local_addr(), &self.host_url);
        say(&format!(
            "host     {host}webhooks/{{shop}}/…\n\
             sandbox  http://{sandbox}/_sandbox/received and /_sandbox/state\n\
             data     {}\n",
            self.directory.path().display(),
        ));
    }

    /// Sends the script's webhooks, one after the other.
    pub(crate) async fn send(&self) -> Result<(), CommandError> {
        let client = Client::new(Variables::of_process()).map_err(CommandError)?;
        for (number, step) in self.steps.iter().enumerate() {
            if step.waits {
                self.arrived(&self.steps[..number]).await;
            }
            let (now, random) = (SystemClock.now(), &SystemRandom);
            let circumstances = Circumstances { origin: step.shop.origin(), rework: false, now, random };
            let webhook = Webhook::new(&step.topic, &self.shops.credential(step), step.bytes(), &circumstances);
            let webhook = webhook.map_err(CommandError)?;
            let shop = step.shop.name().parse().map_err(failed)?;
            let url = webhook_url(&self.host_url, &shop, webhook.endpoint);
            let answer = client.send(url, &webhook).await.map_err(CommandError)?;
            say(&self.line(step.shop.name(), '→', &step.title(), &step.outcome(&answer)));
            if !answer.accepted() {
                return Err(CommandError(format!("the host refused {}: {}", step.topic, answer.body)));
            }
        }
        Ok(())
    }

    /// Waits until these have arrived, or time is up.
    async fn arrived(&self, steps: &[Step]) {
        let mut changes = self.sandbox.changes();
        let all = async { while !self.missing(steps).is_empty() && changes.changed().await.is_ok() {} };
        let _ = tokio::time::timeout(PATIENCE, all).await;
    }

    /// Shows what arrives until everything has and the ledger has it as delivered, or time is up; then names what is
    /// missing.
    pub(crate) async fn watch(&self) -> Result<Vec<String>, CommandError> {
        let mut story = Story::default();
        let mut changes = self.sandbox.changes();
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let ledger = SqliteLedger::new(Store::read_only(self.directory.path()).map_err(failed)?);
        loop {
            self.tell(&mut story);
            let mut missing = self.missing(&self.steps);
            if missing.is_empty() {
                missing = self.undelivered(&ledger).await?;
            }
            if missing.is_empty() || tokio::time::Instant::now() >= deadline {
                return Ok(missing);
            }
            // The ledger changes without a sign, a moment after the sandbox has answered.
            let _ = tokio::time::timeout(Duration::from_millis(100), changes.changed()).await;
        }
    }

    /// Goes on showing what arrives. Never returns; to be dropped.
    pub(crate) async fn go_on(&self) {
        let mut story = Story::after(&self.sandbox);
        let mut changes = self.sandbox.changes();
        while changes.changed().await.is_ok() {
            self.tell(&mut story);
        }
    }

    /// How to go on by hand.
    pub(crate) fn invite(&self) {
        let (url, data) = (self.host_url.as_str().trim_end_matches('/'), self.directory.path().display());
        say("\nSend more from another terminal, stop with Ctrl-C:");
        for (event, shop) in [
            ("shopify:orders/create", Shop::Lamps),
            ("bigcommerce:store/order/updated", Shop::Toys),
            ("promotion.scheduled", Shop::Books),
        ] {
            say(&format!("  shoprelay send {event} --shop {shop} --url {url} --data-dir {data}"));
        }
    }

    /// How long it has been running.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Stops everything and removes the data directory.
    pub(crate) async fn stop(self) {
        self.host.shutdown().await;
        self.sandbox.shutdown().await;
        drop(self.directory);
    }

    fn tell(&self, story: &mut Story) {
        for event in story.news(&self.sandbox) {
            say(&self.line(event.destination, '←', &event.what, &event.detail));
        }
    }

    fn missing(&self, steps: &[Step]) -> Vec<String> {
        let state = self.sandbox.state();
        let open = steps.iter().filter(|step| !step.arrival.is_met(&state));
        open.map(|step| format!("{}: {}", step.title(), step.arrival)).collect()
    }

    /// Subjects that the ledger does not have as delivered.
    async fn undelivered(&self, ledger: &SqliteLedger) -> Result<Vec<String>, CommandError> {
        let mut undelivered = Vec::new();
        for shop in Shop::ALL {
            let rows = ledger
                .scan(&format!("{shop}#"), self.steps.len() * 4)
                .await
                .map_err(|error| CommandError(error.to_string()))?;
            let open = rows.iter().filter(|row| row.state != State::Delivered);
            undelivered.extend(open.map(|row| format!("{} is {} in the ledger", row.key, row.state.name())));
        }
        Ok(undelivered)
    }

    fn line(&self, who: &str, arrow: char, what: &str, detail: &str) -> String {
        format!("{:>7.3} s  {who:<11} {arrow} {what:<36} {detail}", self.start.elapsed().as_secs_f64())
    }
}

async fn start_host(directory: &Directory, sandbox_url: &str) -> Result<Embedded, CommandError> {
    let websand_url = format!("{sandbox_url}/websand/{{account}}");
    let lookup = |name: &str| match name {
        "SHOPRELAY_WEBSAND_URL" => Some(websand_url.clone()),
        "SHOPRELAY_WEBSALE_URL" | "SHOPRELAY_WEBSALE_LOGIN_URL" | "SHOPRELAY_BIGCOMMERCE_URL" => {
            Some(sandbox_url.to_owned())
        }
        "SHOPRELAY_CALLBACK_ALLOW" => sandbox_url.strip_prefix("http://").map(str::to_owned),
        _ => None,
    };
    let settings = relay_embedded::Settings {
        listen: any_port(),
        data_dir: directory.path().to_owned(),
        destinations: Destinations::from_variables(Variables(&lookup)).map_err(failed)?,
        secrets: SecretsConfig::default(),
    };
    Embedded::start(settings).await.map_err(failed)
}

/// A free port on this machine only.
const fn any_port() -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0)
}

fn failed(error: impl std::fmt::Display) -> CommandError {
    CommandError(format!("the demo cannot start: {error}"))
}

/// Prints a line. A reader that went away is no reason to stop.
pub(crate) fn say(text: &str) {
    let _ = output::print(&format!("{text}\n"));
}
