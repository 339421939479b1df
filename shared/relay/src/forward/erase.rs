//! Privacy requests: what is held about a person is listed, or deleted. The request's own row remembers how it goes, and
//! the receipt lies beside it.

use std::{borrow::Cow, collections::BTreeMap};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::attempt::{Attempt, failure, until_instant};
use crate::{
    erase::{
        self, EraseError, Outcome, Progress, Reach, Receipt, Request, Surroundings, receipt_part, tombstone::dated,
    },
    event::{Audience, Email, Promotion},
    ledger::{
        Attention, LedgerError, PartId, Purpose, Row, State,
        transition::{RETENTION, Relevance, released, settled},
    },
    message::{Payload, RowKey, Whose},
    queue::Settlement,
    retry::{Decision, RETRY_FOR},
    secret::InstallationKey,
};

#[cfg(test)]
mod tests;

/// Kept free before the deadline, to note how far the walk came.
const MARGIN: SignedDuration = SignedDuration::from_secs(10);
/// How long to wait after a failure.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_mins(5);
/// An unfinished request's progress is of use as long as its message.
const PROGRESS_KEPT: SignedDuration = SignedDuration::from_hours(14 * 24);
/// The most people who were forgotten that an audience is checked against.
const MOST_ERASED: usize = 1_000_000;

/// Settles a privacy request, if it is one. That needs no account at the destination: the shop may be gone.
pub(super) async fn request(attempt: &Attempt<'_>, payload: &Payload) -> Option<Result<Settlement, Settlement>> {
    let (whose, answer) = match payload {
        Payload::Erase(whose) => (whose.clone(), Attention::ErasureByHand),
        Payload::DataRequest(person) => (Whose::Person(person.clone()), Attention::DataRequest),
        _ => return None,
    };
    let request = Request { shop: attempt.shop.clone(), whose, reach: Reach::Named };
    Some(Box::pin(work(attempt, &request, answer)).await)
}

/// A request that is answered already needs only its end.
async fn work(attempt: &Attempt<'_>, request: &Request, answer: Attention) -> Result<Settlement, Settlement> {
    let open = |row: &Row| if row.state == State::Delivered { Relevance::Superseded } else { Relevance::Open };
    let row = attempt.claim(crate::ledger::Guess::Absent, open).await?;
    let key = match attempt.ports.secrets.installation().await {
        Ok(key) => key,
        Err(error) => return Err(attempt.secret_failed_after_claim(&row, &error).await),
    };
    let ledger = &*attempt.ports.ledger;
    let answered = match ledger.get_part(&receipt_part(&attempt.key)).await {
        Ok(answered) => answered,
        Err(error) => return Err(failed(attempt, &row, error).await),
    };
    if answered.is_none() {
        match walk(attempt, request, answer, &key).await {
            Ok(Outcome::Done(receipt)) => {
                if let Err(error) = note_receipt(attempt, &receipt).await {
                    return Err(failed(attempt, &row, error).await);
                }
            }
            Ok(Outcome::Later { progress, at }) => return Err(later(attempt, &row, &progress, at).await),
            Err(error) => return Err(failed(attempt, &row, error).await),
        }
    }
    let now = attempt.now();
    let next = |row| Row { attention: Some(answer), ..settled(row, attempt.event_id, State::Delivered, now) };
    let outcome = if answer == Attention::DataRequest { "listed" } else { "erased" };
    Ok(attempt.finish(&row, outcome, next).await)
}

async fn walk(
    attempt: &Attempt<'_>,
    request: &Request,
    answer: Attention,
    key: &InstallationKey,
) -> Result<Outcome, EraseError> {
    let ports = attempt.ports;
    let (ledger, queue) = (&*ports.ledger, &*ports.queue);
    let surroundings = Surroundings { ledger, queue, clock: &*ports.clock, random: &*ports.random, key };
    let stored = ledger.get_part(&progress_part(&attempt.key)).await?;
    let stored = stored.and_then(|text| serde_json::from_slice(&text).ok());
    let progress = stored.unwrap_or_else(|| Progress::named(attempt.event_id));
    let until = attempt.received.deadline.saturating_sub(MARGIN).unwrap_or(Timestamp::MIN);
    if answer == Attention::DataRequest {
        erase::list(surroundings, request, progress, until).await
    } else {
        erase::forget(surroundings, request, progress, until).await
    }
}

/// The receipt is stored before the progress goes and the row ends: after a crash it is not made anew of nothing.
async fn note_receipt(attempt: &Attempt<'_>, receipt: &Receipt) -> Result<(), LedgerError> {
    put(attempt, &receipt_part(&attempt.key), receipt, RETENTION).await?;
    attempt.ports.ledger.delete_part(&progress_part(&attempt.key)).await
}

/// There is more to do. This is no attempt.
async fn later(attempt: &Attempt<'_>, row: &Row, progress: &Progress, at: Timestamp) -> Settlement {
    if let Err(error) = put(attempt, &progress_part(&attempt.key), progress, PROGRESS_KEPT).await {
        return failed(attempt, row, error).await;
    }
    match attempt.store(row, |row| released(row, attempt.event_id)).await {
        Ok(_) => Settlement::Back { after: until_instant(attempt.now(), at) },
        Err(error) => attempt.ledger_failed(&error),
    }
}

async fn put(
    attempt: &Attempt<'_>,
    part: &PartId,
    value: &(impl Serialize + Sync),
    kept: SignedDuration,
) -> Result<(), LedgerError> {
    let text = serde_json::to_vec(value).map_err(|error| LedgerError(error.to_string()))?;
    let expires_at = attempt.now().saturating_add(kept).unwrap_or(Timestamp::MAX);
    attempt.ports.ledger.put_part(part, &text, expires_at).await
}

fn progress_part(row: &RowKey) -> PartId {
    PartId { row: row.clone(), content: "progress".to_owned(), number: 0 }
}

/// A port failed. That is noted: who only came back would count as one that crashes, and be given up after five times
/// rather than after three days.
async fn failed(attempt: &Attempt<'_>, row: &Row, error: impl Into<EraseError> + Send) -> Settlement {
    let error = error.into();
    attempt.fail(row, &after(attempt, &error)).await
}

fn after(attempt: &Attempt<'_>, error: &EraseError) -> Decision {
    let failure = failure("erasure_failed", &error.to_string());
    let now = attempt.now();
    if now.duration_since(attempt.received.sent_at) > RETRY_FOR {
        return Decision::Park { failure };
    }
    Decision::Retry { at: now.saturating_add(AGAIN_AFTER).unwrap_or(Timestamp::MAX), failure }
}

/// Settles an event of which nothing is to be delivered: it is older than its person's erasure, or not wanted. A row that
/// is in the middle of something, such as waiting for a secret, comes to its end with that.
pub(super) async fn suppressed(attempt: &Attempt<'_>, outcome: &'static str) -> Settlement {
    // What nobody wants any more may leave others of its subject under way.
    let is_erased = outcome == "erased";
    let ends = |row: &Row| {
        let is_alone = row.attempts.keys().eq([attempt.event_id]);
        row.is_put_back(attempt.event_id) || (!row.state.is_final() && (is_erased || is_alone))
    };
    match attempt.ports.ledger.get(&attempt.key).await {
        Err(error) => return attempt.ledger_failed(&error),
        Ok(stored) if !stored.as_ref().is_some_and(ends) => return attempt.log_done(outcome),
        Ok(_) => {}
    }
    let relevance = |row: &Row| if ends(row) { Relevance::Open } else { Relevance::Superseded };
    match attempt.claim(crate::ledger::Guess::Unknown, relevance).await {
        Ok(row) => {
            let next = |row| {
                let row = settled(row, attempt.event_id, State::Suppressed, attempt.now());
                Row { customer: None, order_number: None, attempts: BTreeMap::new(), ..row }
            };
            attempt.finish(&row, outcome, next).await
        }
        Err(settlement) => settlement,
    }
}

/// The promotion without the addresses of people who were forgotten after it was dated; nothing if nobody is left.
pub(super) async fn audience<'p>(
    attempt: &Attempt<'_>,
    promotion: &'p Promotion,
) -> Result<Option<Cow<'p, Promotion>>, Settlement> {
    let names_people = match &promotion.audience {
        Some(Audience::Filtered(audience)) => audience.emails.is_some(),
        _ => false,
    };
    if !names_people {
        return Ok(Some(Cow::Borrowed(promotion)));
    }
    let ledger = &*attempt.ports.ledger;
    let erased = ledger.due(Purpose::Erased, Timestamp::MAX, MOST_ERASED).await;
    let mut erased = erased.map_err(|error| attempt.ledger_failed(&error))?;
    let dated = dated(&attempt.revision);
    erased.retain(|row| row.key.shop.as_ref() == Some(attempt.shop) && row.erased_at.is_some_and(|at| dated <= at));
    if erased.is_empty() {
        return Ok(Some(Cow::Borrowed(promotion)));
    }
    let key = match attempt.ports.secrets.installation().await {
        Ok(key) => key,
        Err(error) => return Err(attempt.secret_failed(&error).await),
    };
    let keys: std::collections::HashSet<String> = erased.into_iter().map(|row| row.key.subject).collect();
    let is_erased = |email: &Email| keys.contains(&key.customer_key(email));
    Ok(erase::without(promotion, is_erased).map(Cow::Owned))
}
