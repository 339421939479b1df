//! `received`.

use std::process::ExitCode;

use relay::{config::Variables, ingest::Receipt, shop::ShopName};

use super::Outcome;
use crate::{
    installation::{Installation, Place, Wanted},
    output,
    table::Table,
};

/// Shows which webhooks came in and what they were answered, the newest first.
#[derive(clap::Args)]
pub(crate) struct Received {
    /// At most this many.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
    last: usize,

    /// Only this shop's.
    #[arg(long)]
    shop: Option<ShopName>,

    /// Only those with this status.
    #[arg(long, value_parser = ["queued", "ignored", "rejected", "refused", "unavailable", "registered", "confirmed"])]
    status: Option<String>,

    #[command(flatten)]
    place: Place,

    /// JSON instead of a table.
    #[arg(long)]
    json: bool,
}

impl Received {
    pub(crate) async fn run(self) -> Outcome {
        let installation = Installation::open(&self.place, Variables::of_process()).await?;
        let wanted = Wanted { last: self.last, shop: self.shop, status: self.status, subject: None };
        let receipts = installation.received(&wanted).await?;
        if self.json {
            output::print_json(&receipts)?;
        } else if receipts.is_empty() {
            output::print("No such webhooks.\n")?;
        } else {
            output::print(&table(&receipts).to_string())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Receipts for people.
pub(super) fn table(receipts: &[Receipt]) -> Table {
    let mut table = Table::new(&["RECEIVED", "SHOP", "FROM", "TOPIC", "SUBJECT", "HTTP", "STATUS", "REASON"]);
    for receipt in receipts {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        table.row([
            output::time(receipt.at),
            text(&receipt.shop),
            text(&receipt.platform),
            receipt.topic.clone().or_else(|| receipt.event_type.clone()).unwrap_or_default(),
            text(&receipt.subject),
            receipt.http_status.to_string(),
            receipt.status.clone(),
            text(&receipt.reason),
        ]);
    }
    table
}
