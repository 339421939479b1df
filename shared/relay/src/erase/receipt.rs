//! What was deleted, and what others have to do: for the person who answers for it. No address, no name.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    ledger::{Ledger, LedgerError, PartId},
    message::RowKey,
    shop::ShopName,
};

/// The most row keys a receipt names; the rest is counted.
pub(super) const MOST_ROWS: usize = 1000;
/// Under which name a receipt lies with the request's row.
const CONTENT: &str = "receipt";

/// What was deleted (or found), and what is still to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Whether anything was deleted; else it was only listed.
    pub deleted: bool,
    /// In which shop.
    pub shop: ShopName,
    /// The whole shop, not one person.
    pub whole_shop: bool,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// When it was done.
    pub at: Timestamp,
    /// What was found, by place.
    pub found: Found,
    /// What could not be looked at, and what becomes of it.
    pub not_reached: Vec<Unreached>,
    /// What a person has to do elsewhere.
    pub by_hand: Vec<ByHand>,
}

/// What was found, and deleted unless it says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The person's row with Websand (`kind` customer), and those of a whole shop.
    pub customer_rows: u64,
    /// The person's decision about marketing mail: cleared, and kept as the tombstone.
    pub consent_rows: u64,
    /// Rows of orders.
    pub order_rows: u64,
    /// Rows of what was fetched from the shop's API.
    pub reference_rows: u64,
    /// Rows of promotions (whole shops only).
    pub promotion_rows: u64,
    /// Stored contents of personalised pushes: the address was taken out of them.
    pub contents: u64,
    /// Promotions that were meant for nobody else, so that they were cancelled.
    pub cancelled_promotions: u64,
    /// Waiting messages.
    pub messages: u64,
    /// Waiting messages out of whose audience the address was taken.
    pub rewritten_messages: u64,
    /// Dead letters.
    pub dead_letters: u64,
    /// Dead letters out of whose audience the address was taken.
    pub rewritten_dead_letters: u64,
    /// Webhooks that could not be used and were kept with their bodies, in the dead-letter queues.
    pub rejected_webhooks: u64,
    /// Such webhooks whose body cannot be looked into; they were left alone.
    pub unreadable_webhooks: u64,
    /// The rows found, except, once they are deleted, those named by the customer key. At most 1000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<RowKey>,
    /// Queues that this host cannot look through.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) waiting_unreachable: bool,
}

/// What could not be looked at, and what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unreached {
    /// No address was told, so only what the request names could be found.
    NoAddress,
    /// Order rows that the request does not name: only a search through the whole ledger finds them.
    OtherOrders,
    /// Messages that wait on SQS.
    WaitingMessages,
    /// Messages that wait on SQS, of a whole shop: no tombstone stops them.
    WaitingMessagesOfShop,
    /// Rejected webhooks whose bodies cannot be looked into.
    UnreadableWebhooks,
}

/// What a person has to do elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ByHand {
    /// Websand documents no call that deletes a contact.
    WebsandContact,
    /// The same for all contacts of a shop.
    WebsandAccount,
    /// The shop's own system.
    Shop,
    /// What was sent to WEBSALE already.
    WebsalePushes,
    /// The shop's secrets stay until they are removed.
    ShopSecrets,
    /// The person is to be told what is held.
    Answer,
}

impl Unreached {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NoAddress => {
                "what is kept under the address, which the request did not tell; ask again with it: shoprelay forget"
            }
            Self::OtherOrders => {
                "rows of orders that the request did not name: they hold no name and no address and expire 90 days after \
                 their end; shoprelay forget finds them"
            }
            Self::WaitingMessages => {
                "messages that wait on SQS, which cannot be looked through: the tombstone stops them when their turn \
                 comes, within 14 days"
            }
            Self::WaitingMessagesOfShop => {
                "messages that wait on SQS, which cannot be looked through: they are worked on, or expire, within 14 days"
            }
            Self::UnreadableWebhooks => {
                "rejected webhooks whose bodies cannot be looked into: they stay in the dead-letter queue, on AWS for 14 \
                 days"
            }
        }
    }
}

impl ByHand {
    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::WebsandContact => {
                "Websand: delete the contact, and the transactions of the person's orders, in the shop's account; Websand \
                 documents no call for it"
            }
            Self::WebsandAccount => "Websand: delete the shop's contacts and transactions in its account",
            Self::Shop => "the shop's own system, unless the request came from there",
            Self::WebsalePushes => "WEBSALE: addresses in the audiences of pushes that were sent already",
            Self::ShopSecrets => "the shop's secrets: shoprelay shop remove",
            Self::Answer => "answer the person with this list, and with what Websand and the shop hold",
        }
    }
}

impl Found {
    /// Everything found, as words and numbers, in a fixed order.
    pub fn counts(&self) -> [(&'static str, u64); 13] {
        [
            ("customer rows", self.customer_rows),
            ("decisions about marketing mail", self.consent_rows),
            ("order rows", self.order_rows),
            ("rows of fetched objects", self.reference_rows),
            ("promotion rows", self.promotion_rows),
            ("stored pushes with the address", self.contents),
            ("promotions for nobody else", self.cancelled_promotions),
            ("waiting messages", self.messages),
            ("audiences of waiting messages", self.rewritten_messages),
            ("dead letters", self.dead_letters),
            ("audiences of dead letters", self.rewritten_dead_letters),
            ("rejected webhooks", self.rejected_webhooks),
            ("rejected webhooks left alone", self.unreadable_webhooks),
        ]
    }

    /// Whether nothing was found at all.
    pub fn is_empty(&self) -> bool {
        self.counts().iter().all(|(_, count)| *count == 0)
    }

    /// Notes a row's key, as far as there is room.
    pub(super) fn note(&mut self, key: &RowKey) {
        if self.rows.len() < MOST_ROWS && !self.rows.contains(key) {
            self.rows.push(key.clone());
        }
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match (self.deleted, self.whole_shop) {
            (true, false) => "A person was forgotten",
            (true, true) => "The shop was forgotten",
            (false, false) => "What is held about a person",
            (false, true) => "What is held about the shop",
        };
        writeln!(f, "{what}: shop {}, asked for {:.0}, done {:.0}", self.shop, self.requested_at, self.at)?;
        writeln!(f, "{}:", if self.deleted { "Deleted" } else { "Found" })?;
        if self.found.is_empty() {
            let but = if self.found.rows.is_empty() {
                ""
            } else {
                " but what keeps old events from bringing the person back"
            };
            writeln!(f, "  nothing{but}")?;
        }
        for (name, count) in self.found.counts().into_iter().filter(|(_, count)| *count > 0) {
            writeln!(f, "  {count:>6}  {name}")?;
        }
        for key in &self.found.rows {
            writeln!(f, "          {key}")?;
        }
        section(f, "Not reached", self.not_reached.iter().map(|one| one.words()))?;
        section(f, "To be done by hand", self.by_hand.iter().map(|one| one.words()))?;
        let stays = match (self.deleted, self.whole_shop) {
            (true, false) => {
                "Kept: a keyed digest of the address, without end, so that old events do not bring the person back; the \
                 receipt of a request by webhook, for 90 days; log lines, without names and addresses, as long as the logs are kept."
            }
            (true, true) => {
                "Kept: the receipt of a request by webhook, for 90 days; log lines, as long as the logs are kept."
            }
            (false, _) => {
                "Rows hold no name and no address and expire 90 days after their end; contents of pushes 7 days after it; \
                 dead letters on AWS after 14 days."
            }
        };
        writeln!(f, "{stays}")
    }
}

fn section(f: &mut fmt::Formatter<'_>, title: &str, lines: impl ExactSizeIterator<Item = &'static str>) -> fmt::Result {
    if lines.len() > 0 {
        writeln!(f, "{title}:")?;
    }
    for line in lines {
        writeln!(f, "  - {line}")?;
    }
    Ok(())
}

/// The part that holds the receipt of the request with this row.
pub(crate) fn part(row: &RowKey) -> PartId {
    PartId { row: row.clone(), content: CONTENT.to_owned(), number: 0 }
}

/// The receipt of the privacy request with this row (kind `privacy`), if there is one: it is kept 90 days.
///
/// # Errors
/// The ledger is not available, or what is stored there is no receipt of this version.
pub async fn receipt_of(ledger: &dyn Ledger, row: &RowKey) -> Result<Option<Receipt>, LedgerError> {
    let Some(stored) = ledger.get_part(&part(row)).await? else { return Ok(None) };
    let unreadable = |error| LedgerError(format!("a receipt cannot be read: {error}"));
    serde_json::from_slice(&stored).map(Some).map_err(unreadable)
}
