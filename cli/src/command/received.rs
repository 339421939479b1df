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
            output::print(&format!("{}{}", table(&receipts), remarks(&receipts)))?;
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

/// Reasons that somebody can do something about, and what.
const REASONS: [(&str, &str); 10] = [
    (
        "email_withheld_by_platform",
        "the platform keeps the address from the app: at Shopify, ask for access to protected customer data",
    ),
    ("wrong_shop", "another shop sent it: look at its webhooks, or at `origins` in the webhook secret"),
    ("wrong_endpoint", "the topic goes to another URL: `shoprelay shop add` names the right one"),
    ("rest_error", "the shop sent an error instead of the object: at WooCommerce, the webhook's user lost its rights"),
    (
        "not_authentic",
        "there is no such shop (see `shoprelay shop list`) or endpoint, or the secret is another one: compare the shop's \
         with the webhook secret",
    ),
    ("unmappable", "the body is not what the topic promises: the host's log names the field (`outcome` = `rejected`)"),
    (
        "not_json",
        "the body is no JSON: the answer, or the host's log (`outcome` = `rejected`), says where it stops being any",
    ),
    ("content_type", "the shop sends another content type: add it to `content_types` in the webhook secret"),
    ("app_uninstalled", "the app was removed from the shop: nothing comes any more"),
    ("delivery_exception", "the platform could not deliver webhooks for a while: objects may be missing"),
];

/// How often each of those occurs, a line each.
fn remarks(receipts: &[Receipt]) -> String {
    let line = |(reason, what): &(&str, &str)| {
        let count = receipts.iter().filter(|receipt| receipt.reason.as_deref() == Some(*reason)).count();
        (count > 0).then(|| format!("{count} × {reason}: {what}\n"))
    };
    let lines: Vec<String> = REASONS.iter().filter_map(line).collect();
    if lines.is_empty() { String::new() } else { format!("\n{}", lines.concat()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_somebody_can_mend_are_counted_and_explained() {
        let receipt = |reason: Option<&str>| Receipt {
            at: jiff::Timestamp::UNIX_EPOCH,
            shop: None,
            platform: None,
            topic: None,
            event_type: None,
            event_id: None,
            subject: None,
            status: "ignored".into(),
            reason: reason.map(str::to_owned),
            http_status: 200,
        };
        let receipts = [Some("email_withheld_by_platform"), Some("no_email"), None, Some("email_withheld_by_platform")];
        let text = remarks(&receipts.map(receipt));
        assert!(text.starts_with("\n2 × email_withheld_by_platform: the platform keeps"), "{text}");
        assert_eq!(text.lines().count(), 2, "{text}");
        assert_eq!(remarks(&[receipt(Some("test_order"))]), "");
    }
}
