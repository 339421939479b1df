//! `pause` and `resume`.

use std::process::ExitCode;

use jiff::Timestamp;
use relay::{
    clock::{Clock, SystemClock},
    config::Variables,
    ledger::{self, Change, Guess, Ledger, Row, connection},
    random::SystemRandom,
    shop::{Destination, ShopName},
};
use serde_json::json;

use super::{CommandError, Outcome, shop::names};
use crate::{
    installation::{Installation, Place},
    output,
};

/// Holds back a shop's deliveries; its webhooks are still received and queued.
///
/// No call is started any more; those in hand end first, within two minutes. Messages wait up to ten days, promotions
/// until their `send_before`.
#[derive(clap::Args)]
pub(crate) struct Pause {
    #[command(flatten)]
    which: Which,
}

/// Lets a paused shop's deliveries go on: at once on the embedded host, within five minutes on AWS.
#[derive(clap::Args)]
pub(crate) struct Resume {
    #[command(flatten)]
    which: Which,
}

#[derive(clap::Args)]
struct Which {
    /// The shop.
    shop: ShopName,

    /// Only to this destination; otherwise to both.
    #[arg(value_parser = destination)]
    destination: Option<Destination>,

    #[command(flatten)]
    place: Place,

    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

fn destination(name: &str) -> Result<Destination, String> {
    let known = Destination::ALL.into_iter().find(|destination| destination.name() == name);
    known.ok_or_else(|| "it is websand or websale".to_owned())
}

impl Pause {
    pub(crate) async fn run(self) -> Outcome {
        self.which.change("paused", connection::paused).await
    }
}

impl Resume {
    pub(crate) async fn run(self) -> Outcome {
        self.which.change("resumed", connection::resumed).await
    }
}

impl Which {
    /// Changes the connections and says which of them were not so before.
    async fn change(self, word: &str, to: fn(Row, Timestamp) -> Row) -> Outcome {
        let installation = Installation::open(&self.place, Variables::of_process()).await?;
        let shops = names::shops(installation.prefix(), &installation.secret_names().await?);
        if !shops.contains(&self.shop) {
            return Err(CommandError(format!("there is no shop {}; `shoprelay shop list` names them", self.shop)));
        }
        let place = installation.writable().await?;
        let mut report = Vec::new();
        for destination in Destination::ALL.into_iter().filter(|one| self.destination.is_none_or(|only| only == *one)) {
            let changed = apply(&*place.ledger, &self.shop, destination, to).await?;
            if changed {
                let woken = place.queue.wake(&self.shop, destination).await;
                woken.map_err(|error| CommandError(format!("it is {word}, but the queue: {error}")))?;
            }
            report.push((destination, changed));
        }
        if self.json {
            let entry = |(destination, changed): &(Destination, bool)| json!({"shop": self.shop, "destination": destination, "state": word, "changed": changed});
            output::print_json(&report.iter().map(entry).collect::<Vec<_>>())?;
        } else {
            let line = |(destination, changed): &(Destination, bool)| {
                let already = if *changed { "" } else { " already" };
                format!("{} -> {destination}:{already} {word}\n", self.shop)
            };
            output::print(&report.iter().map(line).collect::<String>())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn apply(
    ledger: &dyn Ledger,
    shop: &ShopName,
    destination: Destination,
    to: fn(Row, Timestamp) -> Row,
) -> Result<bool, CommandError> {
    let (key, now) = (connection::row_key(shop, destination), SystemClock.now());
    let decide = |stored: Option<&Row>| {
        let before = stored.cloned().unwrap_or_else(|| Row::new(key.clone(), now));
        let is_paused = |row: &Row| row.connection.as_ref().and_then(|known| known.paused_at).is_some();
        let after = to(before.clone(), now);
        if is_paused(&before) == is_paused(&after) { Change::Keep(false) } else { Change::Write(Box::new(after), true) }
    };
    let changed = ledger::update(ledger, &SystemRandom, &key, Guess::Unknown, decide).await;
    changed.map(|(_, changed)| changed).map_err(|error| CommandError(error.to_string()))
}
