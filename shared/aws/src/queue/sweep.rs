//! Looking through a dead-letter queue: letters are received, judged, and deleted, replaced or shown again.

use std::collections::HashMap;

use aws_sdk_sqs::{
    Client,
    error::SdkError,
    types::{
        ChangeMessageVisibilityBatchRequestEntry, Message, MessageAttributeValue, MessageSystemAttributeName as System,
    },
};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use relay::{
    clock::{Clock, SystemClock},
    queue::{DeadLetter, Entry, Queue, QueueError, SWEEP_HIDES, Sweep, SweepEnd, Swept, Verdict},
};

use super::{SqsQueue, attribute, permitted};
use crate::failure::describe;

#[cfg(test)]
mod tests;

/// The most messages in one call.
const BATCH: usize = 10;
/// Long polling asks all of SQS's servers, so that an empty answer means that there is nothing more.
const WAIT_SECONDS: i32 = 1;
/// Kept free at the end of the time in which letters stay hidden: after it the first ones would be received again.
const MARGIN: SignedDuration = SignedDuration::from_mins(1);

pub(super) async fn dead_letters(queue: &SqsQueue, url: &str, sweep: Sweep<'_>) -> Result<Swept, QueueError> {
    let mut kept = Vec::new();
    let swept = look_through(queue, url, sweep, &mut kept).await;
    // Where only the time is over, what was looked at stays hidden, so that the next sweep goes on with the rest.
    if !matches!(swept, Ok(Swept { end: SweepEnd::OutOfTime, .. })) {
        show(&queue.client, url, &kept).await;
    }
    swept
}

async fn look_through(
    queue: &SqsQueue,
    url: &str,
    sweep: Sweep<'_>,
    kept: &mut Vec<String>,
) -> Result<Swept, QueueError> {
    let hidden = SignedDuration::try_from(SWEEP_HIDES).unwrap_or(SignedDuration::MAX);
    let end = SystemClock.now().saturating_add(hidden - MARGIN).unwrap_or(Timestamp::MAX).min(sweep.until);
    let mut examined = 0;
    while SystemClock.now() < end {
        let letters = receive(&queue.client, url).await?;
        if letters.is_empty() {
            return Ok(Swept { examined, end: SweepEnd::Complete });
        }
        examined += u64::try_from(letters.len()).unwrap_or_default();
        let mut failed = None;
        for settled in join_all(letters.iter().map(|letter| settle(queue, url, sweep, letter))).await {
            match settled {
                Ok(handle) => kept.extend(handle),
                Err(error) => failed = Some(error),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
    }
    Ok(Swept { examined, end: SweepEnd::OutOfTime })
}

async fn receive(client: &Client, url: &str) -> Result<Vec<Message>, QueueError> {
    let call = client
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(i32::try_from(BATCH).unwrap_or(i32::MAX))
        .visibility_timeout(i32::try_from(SWEEP_HIDES.as_secs()).unwrap_or(i32::MAX))
        .wait_time_seconds(WAIT_SECONDS)
        .message_attribute_names("All")
        .message_system_attribute_names(System::MessageGroupId)
        .message_system_attribute_names(System::SentTimestamp);
    Ok(call.send().await.map_err(|error| unavailable(&error))?.messages.unwrap_or_default())
}

/// Does with a letter what the judge says. Returns the handle of one that stays.
async fn settle(queue: &SqsQueue, url: &str, sweep: Sweep<'_>, letter: &Message) -> Result<Option<String>, QueueError> {
    let Some(handle) = letter.receipt_handle.clone() else { return Ok(None) };
    let entry = entry(letter);
    let verdict = sweep.judge.judge(entry).await;
    // First the new one: a crash between the two leaves one too many, which the next sweep finds.
    match &verdict {
        Verdict::Keep => return Ok(Some(handle)),
        Verdict::Delete => {}
        Verdict::Rewrite(body) => {
            let call = queue
                .client
                .send_message()
                .queue_url(url)
                .message_body(permitted(body))
                .set_message_attributes(letter.message_attributes.clone())
                .set_message_group_id(system(letter, &System::MessageGroupId).map(str::to_owned));
            call.send().await.map_err(|error| unavailable(&error))?;
        }
        Verdict::Replace(other) => {
            let other = DeadLetter { destination: sweep.destination, ..(**other).clone() };
            match queue.park(&other).await {
                Ok(()) => {}
                // Then it stays as it is.
                Err(QueueError::TooLarge { .. }) => return Ok(Some(handle)),
                Err(error) => return Err(error),
            }
        }
    }
    let call = queue.client.delete_message().queue_url(url).receipt_handle(handle);
    call.send().await.map_err(|error| unavailable(&error))?;
    if verdict == Verdict::Delete {
        sweep.judge.deleted(entry.id).await;
    }
    Ok(None)
}

fn entry(letter: &Message) -> Entry<'_> {
    let attribute = |name| text(letter.message_attributes.as_ref(), name);
    let sent_at = system(letter, &System::SentTimestamp).and_then(|text| text.parse().ok());
    Entry {
        id: letter.message_id().unwrap_or_default(),
        body: letter.body().unwrap_or_default(),
        since: sent_at.and_then(|millis| Timestamp::from_millisecond(millis).ok()).unwrap_or(Timestamp::UNIX_EPOCH),
        shop: attribute(attribute::SHOP),
        reason: attribute(attribute::REASON),
        status: attribute(attribute::STATUS).and_then(|text| text.parse().ok()),
        detail: attribute(attribute::DETAIL),
    }
}

fn system<'a>(letter: &'a Message, name: &System) -> Option<&'a str> {
    letter.attributes.as_ref()?.get(name).map(String::as_str)
}

fn text<'a>(attributes: Option<&'a HashMap<String, MessageAttributeValue>>, name: &str) -> Option<&'a str> {
    attributes?.get(name)?.string_value()
}

/// Lets the letters be seen again that stay. Where that fails they are seen a little later.
async fn show(client: &Client, url: &str, handles: &[String]) {
    for batch in handles.chunks(BATCH) {
        let entry = |(number, handle): (usize, &String)| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(number.to_string());
            entry.receipt_handle(handle).visibility_timeout(0).build().ok()
        };
        let entries = batch.iter().enumerate().filter_map(entry).collect();
        let call = client.change_message_visibility_batch().queue_url(url).set_entries(Some(entries));
        if let Err(error) = call.send().await {
            tracing::warn!(error = describe(&error), "dead letters stay hidden for some minutes");
        }
    }
}

fn unavailable<E, R>(error: &SdkError<E, R>) -> QueueError
where
    E: aws_sdk_sqs::error::ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    QueueError::Unavailable(describe(error))
}
