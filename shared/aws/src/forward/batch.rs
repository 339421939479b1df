//! One batch: every message settled for itself, and exactly those that are to come back named to Lambda.

use std::{collections::HashMap, sync::Arc, time::Duration};

use aws_sdk_sqs::Client;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use relay::{
    batch,
    clock::Clock,
    queue::{Handler, Received, Settlement},
};
use serde::{Deserialize, Serialize};

use crate::failure::describe;

/// How many messages are hidden at a time.
const AT_ONCE: usize = 5;
/// How long SQS can hide a message, counted from its receipt.
const LONGEST_HOLD: Duration = Duration::from_hours(12);
/// The receipt lies this much before the invocation at most.
const RECEIPT_MARGIN: Duration = Duration::from_mins(1);

/// What Lambda hands over.
#[derive(Debug, Deserialize)]
pub(super) struct SqsInvocation {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(default)]
    message_id: String,
    #[serde(default)]
    receipt_handle: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    attributes: HashMap<String, String>,
}

/// The messages that are to come back; Lambda deletes all others.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SqsAnswer {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

/// A message without an id cannot be named to Lambda. It would be deleted unsettled, or with an empty id the whole batch
/// would be taken as failed without a word; so the invocation fails before anything is done.
#[derive(Debug, thiserror::Error)]
#[error("a message of the batch has no id")]
pub(super) struct NoMessageId;

/// Settles batches.
pub(super) struct Batches {
    pub(super) handler: Arc<dyn Handler>,
    pub(super) client: Client,
    pub(super) url: String,
    pub(super) clock: Arc<dyn Clock>,
}

impl Batches {
    /// Settles every message of the batch before the deadline.
    pub(super) async fn settle(
        &self,
        invocation: SqsInvocation,
        deadline: Timestamp,
    ) -> Result<SqsAnswer, NoMessageId> {
        let records = invocation.records;
        if records.iter().any(|record| record.message_id.is_empty()) {
            return Err(NoMessageId);
        }
        let began = self.clock.now();
        let received = records.iter().map(|record| record.received(began, deadline)).collect();
        let settled = batch::settle(&*self.handler, received).await;
        let back: Vec<(&Record, Duration)> = records
            .iter()
            .zip(settled)
            .filter_map(|(record, settlement)| match settlement {
                Settlement::Done => None,
                Settlement::Back { after } => Some((record, after)),
            })
            .collect();
        let spent = self.clock.now().duration_since(began).unsigned_abs();
        stream::iter(&back).for_each_concurrent(AT_ONCE, |(record, after)| self.hold(record, *after, spent)).await;
        tracing::info!(messages = records.len(), back = back.len(), "settled a batch");
        let failures = back.iter().map(|(record, _)| Failure { item_identifier: record.message_id.clone() });
        Ok(SqsAnswer { batch_item_failures: failures.collect() })
    }

    /// Hides a message until it is to come back. If that fails, it comes back when its time-out ends.
    async fn hold(&self, record: &Record, after: Duration, spent: Duration) {
        let call = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(&record.receipt_handle);
        if let Err(error) = call.visibility_timeout(seconds(after, spent)).send().await {
            let error = describe(&error);
            tracing::warn!(message_id = %record.message_id, error, "a message comes back later than it should");
        }
    }
}

/// Whole seconds, rounded up, within what SQS allows.
fn seconds(after: Duration, spent: Duration) -> i32 {
    let longest = LONGEST_HOLD.saturating_sub(spent).saturating_sub(RECEIPT_MARGIN);
    let held = after.min(longest);
    let rounded = held.as_secs() + u64::from(held.subsec_nanos() > 0);
    i32::try_from(rounded).unwrap_or(i32::MAX)
}

impl Record {
    /// As handlers take it. A body that is no message is handed on as it is: parking it is the handler's work.
    fn received(&self, now: Timestamp, deadline: Timestamp) -> Received {
        let sent = self.attributes.get("SentTimestamp").and_then(|millis| millis.parse().ok());
        let sent_at = sent.and_then(|millis| Timestamp::from_millisecond(millis).ok()).unwrap_or(now);
        Received { body: self.body.clone(), sent_at, taken_at: now, deadline }
    }
}

#[cfg(test)]
mod tests;
