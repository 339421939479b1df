//! Which later versions of an order are sent again.

use crate::{
    event::OrderStatus,
    ledger::{Row, transition::Relevance},
    revision::Revision,
    secret::OrderUpdates,
};

/// Whether an order still has something to say to Websand, under the shop's policy for updates.
pub(super) fn relevance(
    row: &Row,
    revision: Revision,
    hash: &str,
    status: OrderStatus,
    policy: OrderUpdates,
) -> Relevance {
    let Some(known) = row.revision else { return Relevance::Open };
    if !revision.is_newer_than(&known) || policy == OrderUpdates::None {
        return Relevance::Superseded;
    }
    let nothing_new = row.content_hash.as_deref() == Some(hash)
        || (policy == OrderUpdates::Status && row.order_status == Some(status));
    if nothing_new { Relevance::Record(revision) } else { Relevance::Open }
}
