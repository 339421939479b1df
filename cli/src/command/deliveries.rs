//! `deliveries`.

use std::process::ExitCode;

use jiff::{SignedDuration, Timestamp};
use relay::{
    clock::{Clock, SystemClock},
    config::Variables,
    ledger::{Due, Ledger, Purpose, Row},
    message::Kind,
    shop::ShopName,
};
use serde_json::json;

use super::{
    CommandError, Outcome,
    show::{json, words},
};
use crate::{
    installation::{Installation, Place, QueueCount},
    output,
    table::Table,
};

/// Shows what has yet to happen or needs a person: promotions to send, pushes to follow up, deliveries that failed.
#[derive(clap::Args)]
pub(crate) struct Deliveries {
    /// Goes through the whole ledger, finished deliveries included. Slow on a large one.
    #[arg(long)]
    all: bool,

    /// At most this many.
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,

    /// Only this shop's.
    #[arg(long)]
    shop: Option<ShopName>,

    #[command(flatten)]
    place: Place,

    /// JSON instead of a table.
    #[arg(long)]
    json: bool,
}

/// Rows read from the index to find one shop's: the index is not by shop.
const READ_FOR_ONE_SHOP: usize = 10_000;

impl Deliveries {
    pub(crate) async fn run(self) -> Outcome {
        let installation = Installation::open(&self.place, Variables::of_process()).await?;
        let now = SystemClock.now();
        let mut rows = self.rows(&*installation.ledger()?, now).await?;
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let queues = installation.queues().await?;
        if self.json {
            let rows: Vec<_> = rows.iter().map(json::of).collect();
            output::print_json(&json!({"deliveries": rows, "more": more, "queues": queues}))?;
        } else {
            output::print(&self.text(&rows, more, &queues, now))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    /// One row more than the limit tells that there are more.
    async fn rows(&self, ledger: &dyn Ledger, now: Timestamp) -> Result<Vec<Row>, CommandError> {
        let unavailable = |error: relay::ledger::LedgerError| CommandError(error.to_string());
        let enough = self.limit.saturating_add(1);
        if self.all {
            let prefix = self.shop.as_ref().map(|shop| format!("{shop}#")).unwrap_or_default();
            let mut rows = ledger.scan(&prefix, enough).await.map_err(unavailable)?;
            rows.sort_by_key(|row| std::cmp::Reverse(row.last_at));
            return Ok(rows);
        }
        // Promotions are scheduled months ahead at most.
        let horizon = now.saturating_add(SignedDuration::from_hours(24 * 3660)).unwrap_or(Timestamp::MAX);
        let read = if self.shop.is_some() { READ_FOR_ONE_SHOP.max(enough) } else { enough };
        let mut rows = Vec::new();
        for purpose in [Purpose::Attention, Purpose::Send, Purpose::Poll] {
            rows.extend(ledger.due(purpose, horizon, read).await.map_err(unavailable)?);
        }
        // Of a promotion in chunks, the promotion is listed, and chunks only if they need a person.
        // A connection is listed only if it is shut: until then its row tells when its shop is silent.
        rows.retain(|row| !matches!(row.key.kind, Kind::Chunk | Kind::Connection) || row.attention.is_some());
        rows.retain(|row| self.shop.is_none() || row.key.shop == self.shop);
        rows.sort_by_key(|row| (row.attention.is_none(), row.index().map(|due| due.at)));
        Ok(rows)
    }

    fn text(&self, rows: &[Row], more: bool, queues: &[QueueCount], now: Timestamp) -> String {
        let table = if rows.is_empty() {
            "Nothing is due and nothing needs attention.\n".to_owned()
        } else {
            table(rows, now).to_string()
        };
        let more = if more { format!("… and more: --limit is {}\n", self.limit) } else { String::new() };
        let queues: Vec<String> = queues.iter().map(|queue| words::queue(queue, now)).collect();
        format!("{table}{more}\n{}\n", queues.join("\n"))
    }
}

/// When something happens next: what is due, or to be told, or the next attempt.
fn next(row: &Row, now: Timestamp) -> Option<Timestamp> {
    let attempt = || row.not_before.filter(|at| *at > now && !row.state.is_final());
    let is_ours = |due: &Due| matches!(due.purpose, Purpose::Send | Purpose::Poll);
    // That a shop should be heard of is no step of a delivery.
    row.index().filter(|due| is_ours(due) && row.connection.is_none()).map(|due| due.at).or_else(attempt)
}

fn table(rows: &[Row], now: Timestamp) -> Table {
    let mut table = Table::new(&["SHOP", "TO", "KIND", "SUBJECT", "STATE", "NEXT", "TRIES", "CHANGED", "WHY"]);
    for row in rows {
        table.row([
            row.key.shop.as_ref().map(ToString::to_string).unwrap_or_default(),
            row.key.destination.to_string(),
            row.key.kind.name().to_owned(),
            row.key.subject.clone(),
            words::state_name(row).to_owned(),
            next(row, now).map(|at| output::distance(at, now)).unwrap_or_default(),
            words::tries(row).map(|tries| tries.to_string()).unwrap_or_default(),
            output::distance(row.last_at, now),
            words::why(row),
        ]);
    }
    table
}
