//! `shop list`.

use std::process::ExitCode;

use relay::{config::Variables, shop::Platform};
use serde::Serialize;

use super::summary::Summary;
use crate::{
    command::Outcome,
    installation::{Installation, Place},
    output,
    table::Table,
};

/// Lists the shops, where they deliver to and what is wrong with their secrets.
#[derive(clap::Args)]
pub(super) struct List {
    #[command(flatten)]
    place: Place,

    /// JSON instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Entry {
    shop: String,
    platforms: Vec<&'static str>,
    websand_account: Option<String>,
    websale_subshop: Option<String>,
    faults: Vec<String>,
}

impl List {
    pub(super) async fn run(self) -> Outcome {
        let installation = Installation::open(&self.place, Variables::of_process()).await?;
        let entries: Vec<Entry> = Summary::load_all(&installation).await?.iter().map(entry).collect();
        if self.json {
            output::print_json(&entries)?;
        } else {
            output::print(&text(&entries))?;
        }
        Ok(if entries.iter().all(|entry| entry.faults.is_empty()) { ExitCode::SUCCESS } else { ExitCode::from(3) })
    }
}

fn entry(summary: &Summary) -> Entry {
    Entry {
        shop: summary.shop.to_string(),
        platforms: summary.platforms().into_iter().map(Platform::name).collect(),
        websand_account: summary.websand.good().map(|secret| secret.account.clone()),
        websale_subshop: summary.websale.good().map(|secret| format!("{}/{}", secret.shop_id, secret.subshop)),
        faults: summary.faults(),
    }
}

fn text(entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "No shops. Add one with `shoprelay shop add SHOP`.\n".to_owned();
    }
    let mut table = Table::new(&["SHOP", "WEBHOOKS FROM", "WEBSAND", "WEBSALE", "STATE"]);
    for entry in entries {
        table.row([
            entry.shop.clone(),
            entry.platforms.join(", "),
            entry.websand_account.clone().unwrap_or_default(),
            entry.websale_subshop.clone().unwrap_or_default(),
            if entry.faults.is_empty() { "ok".to_owned() } else { entry.faults.join("; ") },
        ]);
    }
    table.to_string()
}
