//! Looking through a dead-letter queue: letters are received, judged, and deleted, replaced or shown again.

use aws_sdk_sqs::{
    Client,
    error::SdkError,
    types::{ChangeMessageVisibilityBatchRequestEntry, Message, MessageSystemAttributeName},
};
use jiff::{SignedDuration, Timestamp};
use relay::{
    clock::{Clock, SystemClock},
    queue::{QueueError, SWEEP_HIDES, Sweep, SweepEnd, Swept, Verdict},
};

use super::permitted;
use crate::failure::describe;

#[cfg(test)]
mod tests;

/// The most messages in one call.
const BATCH: usize = 10;
/// Long polling asks all of SQS's servers, so that an empty answer means that there is nothing more.
const WAIT_SECONDS: i32 = 1;
/// Kept free at the end of the time in which letters stay hidden: after it the first ones would be received again.
const MARGIN: SignedDuration = SignedDuration::from_mins(1);

pub(super) async fn dead_letters(client: &Client, url: &str, sweep: Sweep<'_>) -> Result<Swept, QueueError> {
    let hidden = SignedDuration::try_from(SWEEP_HIDES).unwrap_or(SignedDuration::MAX);
    let end = SystemClock.now().saturating_add(hidden - MARGIN).unwrap_or(Timestamp::MAX).min(sweep.until);
    let (mut examined, mut kept) = (0, Vec::new());
    while SystemClock.now() < end {
        let letters = receive(client, url).await?;
        if letters.is_empty() {
            show(client, url, &kept).await;
            return Ok(Swept { examined, end: SweepEnd::Complete });
        }
        for letter in letters {
            examined += 1;
            if let Some(handle) = settle(client, url, sweep, letter).await? {
                kept.push(handle);
            }
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
        .message_system_attribute_names(MessageSystemAttributeName::MessageGroupId);
    Ok(call.send().await.map_err(|error| unavailable(&error))?.messages.unwrap_or_default())
}

/// Does with a letter what the judge says. Returns the handle of one that stays.
async fn settle(client: &Client, url: &str, sweep: Sweep<'_>, letter: Message) -> Result<Option<String>, QueueError> {
    let Some(handle) = letter.receipt_handle.clone() else { return Ok(None) };
    match (sweep.judge)(letter.body().unwrap_or_default()) {
        Verdict::Keep => return Ok(Some(handle)),
        Verdict::Delete => {}
        // First the new one: a crash between the two leaves one too many, which the next sweep finds.
        Verdict::Rewrite(body) => {
            let group = letter.attributes.as_ref().and_then(|map| map.get(&MessageSystemAttributeName::MessageGroupId));
            let call = client
                .send_message()
                .queue_url(url)
                .message_body(permitted(&body))
                .set_message_attributes(letter.message_attributes.clone())
                .set_message_group_id(group.cloned());
            call.send().await.map_err(|error| unavailable(&error))?;
        }
    }
    let call = client.delete_message().queue_url(url).receipt_handle(handle);
    call.send().await.map_err(|error| unavailable(&error))?;
    Ok(None)
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
