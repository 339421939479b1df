//! The stored content of waiting personalised pushes: the ledger's only personal data.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::{standing::stored_content, wanted::content_name};
use crate::{
    destination::websale::body::content_hash,
    ledger::{Ledger, LedgerError, PART_BYTES, PartId, Row},
    retry::MEND_FOR,
};

/// Content is kept this much longer than its promotion can go out: for a person who has to decide about it.
const KEPT_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Stores a body under the name the row gives it.
pub(crate) async fn store(ledger: &dyn Ledger, row: &Row, body: &Bytes, now: Timestamp) -> Result<(), LedgerError> {
    let expires_at = expires_at(row, now);
    for (part, chunk) in parts(row).into_iter().zip(body.chunks(PART_BYTES)) {
        ledger.put_part(&part, chunk, expires_at).await?;
    }
    Ok(())
}

/// When nobody needs the content any more. A promotion that is not out by its `send_before` never goes out; one without
/// is given up when its retrying ends.
fn expires_at(row: &Row, now: Timestamp) -> Timestamp {
    let (send_at, send_before) =
        row.promotion.as_ref().map_or((None, None), |promotion| (promotion.send_at, promotion.send_before));
    let begins = send_at.map_or(now, |send_at| send_at.max(now));
    let over = send_before.unwrap_or_else(|| begins.saturating_add(MEND_FOR).unwrap_or(Timestamp::MAX));
    over.max(now).saturating_add(KEPT_AFTER).unwrap_or(Timestamp::MAX)
}

/// The body that the row names, or nothing if it is not there whole.
pub(super) async fn load(ledger: &dyn Ledger, row: &Row) -> Result<Option<Bytes>, LedgerError> {
    let body = stored(ledger, row).await?;
    Ok(is_whole(row, &body).then_some(body))
}

/// What is stored of the body that the row names.
pub(crate) async fn stored(ledger: &dyn Ledger, row: &Row) -> Result<Bytes, LedgerError> {
    let mut body = Vec::new();
    for part in parts(row) {
        body.extend(ledger.get_part(&part).await?.unwrap_or_default());
    }
    Ok(body.into())
}

/// Whether this is the body that the row names.
pub(crate) fn is_whole(row: &Row, body: &[u8]) -> bool {
    let name = row.promotion.as_ref().and_then(stored_content).map(|(name, _)| name);
    name == Some(&content_name(&content_hash(&[body])))
}

/// Deletes what is stored with the row, if anything is.
pub(crate) async fn delete(ledger: &dyn Ledger, row: &Row) -> Result<(), LedgerError> {
    for part in parts(row) {
        ledger.delete_part(&part).await?;
    }
    Ok(())
}

/// Deletes what was replaced and is still noted in the row.
pub(crate) async fn delete_former(ledger: &dyn Ledger, row: &Row) -> Result<(), LedgerError> {
    let former = row.promotion.as_ref().and_then(|promotion| promotion.former.as_ref());
    let Some((name, count)) = former else { return Ok(()) };
    for number in 0..*count {
        ledger.delete_part(&PartId { row: row.key.clone(), content: name.clone(), number }).await?;
    }
    Ok(())
}

/// The row of a content that is deleted.
pub(crate) fn deleted(mut row: Row) -> Row {
    if let Some(promotion) = &mut row.promotion {
        promotion.content = None;
        promotion.parts = 0;
    }
    row
}

fn parts(row: &Row) -> Vec<PartId> {
    let Some((name, count)) = row.promotion.as_ref().and_then(stored_content) else { return Vec::new() };
    let part = |number| PartId { row: row.key.clone(), content: name.to_owned(), number };
    (0..count).map(part).collect()
}
