//! `promotion list`.

use std::{collections::BTreeMap, process::ExitCode};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use relay::{
    clock::{Clock, SystemClock},
    config::Variables,
    ingest::on_the_clock,
    ledger::{Ledger, Purpose, Row},
    message::Kind,
    shop::ShopName,
};
use serde_json::json;

use super::{desk, words};
use crate::{
    command::{
        CommandError, Outcome,
        show::{
            json::of as row_json,
            words::{state_name, why},
        },
    },
    installation::{Installation, Place},
    output,
    table::Table,
};

/// Lists the promotions that have yet to go out, are going out, or need a person.
#[derive(clap::Args)]
pub(super) struct List {
    /// Only this shop's.
    #[arg(long, value_name = "NAME")]
    shop: Option<ShopName>,

    /// Also those that are done or called off: goes through the ledger, which is slow on a large one.
    #[arg(long)]
    all: bool,

    /// At most this many.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,

    #[command(flatten)]
    place: Place,

    /// JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Rows read from the ledger at most: index and pages hold more than promotions.
const READ: usize = 100_000;

impl List {
    pub(super) async fn run(self) -> Outcome {
        let installation = Installation::open(&self.place, Variables::of_process()).await?;
        let now = SystemClock.now();
        let mut rows = self.rows(&*installation.ledger()?, now).await?;
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        if self.json {
            let rows: Vec<_> = rows.iter().map(row_json).collect();
            output::print_json(&json!({"promotions": rows, "more": more}))?;
            return Ok(ExitCode::SUCCESS);
        }
        if rows.is_empty() {
            output::print("There are no such promotions. One that was queued a moment ago is here within seconds.\n")?;
            return Ok(ExitCode::SUCCESS);
        }
        let zones = zones(&installation, &rows).await?;
        let more = if more { format!("… and more: --limit is {}\n", self.limit) } else { String::new() };
        output::print(&format!("{}{more}", table(&rows, &zones, now)))?;
        Ok(ExitCode::SUCCESS)
    }

    /// In the order of time; with --all the newest first.
    async fn rows(&self, ledger: &dyn Ledger, now: Timestamp) -> Result<Vec<Row>, CommandError> {
        let unavailable = |error: relay::ledger::LedgerError| CommandError(error.to_string());
        let mut rows = Vec::new();
        if self.all {
            let prefix = self.shop.as_ref().map(|shop| format!("{shop}#websale#promotion#")).unwrap_or_default();
            rows = ledger.scan(&prefix, READ).await.map_err(unavailable)?;
        } else {
            let horizon = now.saturating_add(SignedDuration::from_hours(24 * 3660)).unwrap_or(Timestamp::MAX);
            for purpose in [Purpose::Poll, Purpose::Send, Purpose::Attention] {
                rows.extend(ledger.due(purpose, horizon, READ).await.map_err(unavailable)?);
            }
        }
        rows.retain(|row| row.key.kind == Kind::Promotion && (self.shop.is_none() || row.key.shop == self.shop));
        if self.all {
            rows.sort_by_key(|row| std::cmp::Reverse(row.last_at));
        } else {
            // Of some that are done only the shop is to be told.
            rows.retain(|row| row.due.is_some() || row.attention.is_some());
            rows.sort_by_key(|row| (row.index().map(|due| due.at), row.key.clone()));
        }
        Ok(rows)
    }
}

/// The clocks of the shops whose promotions are listed.
async fn zones(installation: &Installation, rows: &[Row]) -> Result<BTreeMap<ShopName, TimeZone>, CommandError> {
    let secrets = installation.secrets()?;
    let mut zones = BTreeMap::new();
    let mut shops: Vec<&ShopName> = rows.iter().filter_map(|row| row.key.shop.as_ref()).collect();
    shops.sort();
    shops.dedup();
    for shop in shops {
        match desk::webhook(&secrets, shop).await {
            Ok(secret) => zones.extend(secret.and_then(|secret| Some((shop.clone(), secret.time_zone.clone()?)))),
            // The times in UTC are there all the same.
            Err(error) => eprintln!("shoprelay: the clock of {shop} is not known: {error}"),
        }
    }
    Ok(zones)
}

fn table(rows: &[Row], zones: &BTreeMap<ShopName, TimeZone>, now: Timestamp) -> Table {
    let mut table =
        Table::new(&["SHOP", "ID", "CHANNEL", "STATE", "PLANNED FOR", "AT THE SHOP", "REACHED", "CHANGED", "WHY"]);
    for row in rows {
        let plan = row.promotion.as_ref();
        let send_at = plan.and_then(|plan| plan.send_at).filter(|_| plan.is_some_and(|plan| !plan.draft));
        let zone = row.key.shop.as_ref().and_then(|shop| zones.get(shop));
        let draft = if plan.is_some_and(|plan| plan.draft) { ", draft" } else { "" };
        table.row([
            row.key.shop.as_ref().map(ToString::to_string).unwrap_or_default(),
            row.key.subject.clone(),
            plan.map(|plan| format!("{}{draft}", plan.channel.name())).unwrap_or_default(),
            state_name(row).to_owned(),
            send_at.map(output::time).unwrap_or_default(),
            send_at.zip(zone).map(|(at, zone)| on_the_clock(at, zone)).unwrap_or_default(),
            words::counts(row),
            output::distance(row.last_at, now),
            why(row),
        ]);
    }
    table
}
