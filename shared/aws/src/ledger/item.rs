//! How rows and parts are laid down as items.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use relay::ledger::{LedgerError, Purpose, Row};

/// The table's partition key.
pub(super) const KEY: &str = "pk";
/// The row as JSON text.
pub(super) const ROW: &str = "row";
/// The row's version, which writes are conditional on.
pub(super) const VERSION: &str = "v";
/// The partition key of the sparse index; only rows that are due or need attention have it.
pub(super) const DUE_SHARD: &str = "due_shard";
/// The sort key of the sparse index, in milliseconds since 1970.
pub(super) const DUE_AT: &str = "due_at";
/// One part of a waiting promotion's content.
pub(super) const CONTENT: &str = "content";
/// The token of the last write, for a person who looks at the table; the row holds it too.
const WRITE: &str = "w";
/// When DynamoDB may remove the item, in seconds since 1970.
pub(super) const TTL: &str = "ttl";

/// How many partitions of the index each purpose is spread over: many promotions of one minute would otherwise meet
/// one partition's limit of 1,000 writes a second.
pub(super) const SHARDS: u32 = 4;

/// The index's partition.
pub(super) fn partition(purpose: Purpose, shard: u32) -> String {
    format!("{}#{shard}", purpose.name())
}

pub(super) fn of_row(row: &Row) -> Result<HashMap<String, AttributeValue>, LedgerError> {
    let key = row.key.to_string();
    let text = serde_json::to_string(row).map_err(|error| LedgerError(error.to_string()))?;
    let mut item = HashMap::from([
        (ROW.to_owned(), AttributeValue::S(text)),
        (VERSION.to_owned(), AttributeValue::N(row.version.to_string())),
        (WRITE.to_owned(), AttributeValue::S(row.write.clone())),
    ]);
    if let Some(due) = row.index() {
        item.insert(DUE_SHARD.to_owned(), AttributeValue::S(partition(due.purpose, shard_of(&key))));
        item.insert(DUE_AT.to_owned(), AttributeValue::N(due.at.as_millisecond().to_string()));
    }
    if let Some(at) = row.expires_at {
        item.insert(TTL.to_owned(), AttributeValue::N(at.as_second().to_string()));
    }
    item.insert(KEY.to_owned(), AttributeValue::S(key));
    Ok(item)
}

pub(super) fn to_row(item: &HashMap<String, AttributeValue>) -> Result<Row, LedgerError> {
    let text = item.get(ROW).and_then(|value| value.as_s().ok());
    let text = text.ok_or_else(|| LedgerError("an item holds no row".into()))?;
    serde_json::from_str(text).map_err(|error| LedgerError(format!("a row cannot be read: {error}")))
}

pub(super) fn into_content(mut item: HashMap<String, AttributeValue>) -> Result<Vec<u8>, LedgerError> {
    match item.remove(CONTENT) {
        Some(AttributeValue::B(content)) => Ok(content.into_inner()),
        _ => Err(LedgerError("an item holds no content".into())),
    }
}

/// Where a key stands in the index. It must never change: a row's old entry goes when its item is replaced, but the
/// partitions are few and all are read.
fn shard_of(key: &str) -> u32 {
    key.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into())) % SHARDS
}
