//! The stored content of waiting personalised pushes: the ledger's only personal data.

use bytes::Bytes;

use super::{standing::stored_content, wanted::content_name};
use crate::{
    destination::websale::body::content_hash,
    ledger::{LedgerError, PART_BYTES, PartId, Row},
    ports::Ports,
};

/// Stores a body under the name the row gives it.
pub(super) async fn store(ports: &Ports, row: &Row, body: &Bytes) -> Result<(), LedgerError> {
    for (part, chunk) in parts(row).into_iter().zip(body.chunks(PART_BYTES)) {
        ports.ledger.put_part(&part, chunk).await?;
    }
    Ok(())
}

/// The body that the row names, or nothing if it is not there whole.
pub(super) async fn load(ports: &Ports, row: &Row) -> Result<Option<Bytes>, LedgerError> {
    let mut body = Vec::new();
    for part in parts(row) {
        match ports.ledger.get_part(&part).await? {
            Some(chunk) => body.extend_from_slice(&chunk),
            None => return Ok(None),
        }
    }
    let name = row.promotion.as_ref().and_then(stored_content).map(|(name, _)| name);
    let is_whole = name == Some(&content_name(&content_hash(&[&body])));
    Ok(is_whole.then(|| body.into()))
}

/// Deletes what is stored with the row, if anything is.
pub(crate) async fn delete(ports: &Ports, row: &Row) -> Result<(), LedgerError> {
    for part in parts(row) {
        ports.ledger.delete_part(&part).await?;
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
