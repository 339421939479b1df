//! DynamoDB as the ledger: one item a row, found by its key; what is due, by a sparse index.

use std::{collections::HashMap, sync::Arc};

use aws_sdk_dynamodb::{Client, primitives::Blob, types::AttributeValue};
use futures_util::future::try_join_all;
use jiff::Timestamp;
use relay::{
    Async,
    ledger::{Expected, Ledger, LedgerError, PART_BYTES, PartId, Purpose, Put, Row, ScanPage},
    message::RowKey,
};

use crate::failure::describe;

mod item;

use item::{CONTENT, DUE_AT, DUE_SHARD, KEY, ROW, SHARDS, TTL, VERSION};

/// The name of the sparse index.
const DUE_INDEX: &str = "due";

type Item = HashMap<String, AttributeValue>;

/// The ledger in one DynamoDB table.
#[derive(Clone, Debug)]
pub struct DynamoLedger {
    client: Client,
    table: Arc<str>,
}

impl DynamoLedger {
    /// A ledger in this table.
    pub fn new(client: Client, table: impl Into<Arc<str>>) -> Self {
        Self { client, table: table.into() }
    }

    fn table(&self) -> &str {
        &self.table
    }

    async fn fetch(&self, key: String) -> Result<Option<Item>, LedgerError> {
        let call = self.client.get_item().table_name(self.table()).key(KEY, AttributeValue::S(key));
        let answer = call.consistent_read(true).send().await;
        Ok(answer.map_err(|error| LedgerError(describe(&error)))?.item)
    }

    async fn store(&self, row: &Row, expected: Expected) -> Result<Put, LedgerError> {
        use aws_sdk_dynamodb::{operation::put_item::PutItemError, types::ReturnValuesOnConditionCheckFailure::AllOld};
        let call = self.client.put_item().table_name(self.table()).set_item(Some(item::of_row(row)?));
        let call = match expected {
            Expected::Absent => call.condition_expression(format!("attribute_not_exists({KEY})")),
            Expected::Version(version) => call
                .condition_expression(format!("{VERSION} = :expected"))
                .expression_attribute_values(":expected", AttributeValue::N(version.to_string())),
        };
        match call.return_values_on_condition_check_failure(AllOld).send().await {
            Ok(_) => Ok(Put::Stored),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    let stored = failed.item().map(item::to_row).transpose()?;
                    // An attempt of ours got through although its answer was lost.
                    let ours = stored.as_ref().is_some_and(|stored| stored.write == row.write);
                    Ok(if ours { Put::Stored } else { Put::Conflict(stored.map(Box::new)) })
                }
                _ => Err(LedgerError(describe(&error))),
            },
        }
    }

    /// What one of the index's partitions holds for this purpose, the longest due first.
    async fn due_in(&self, partition: String, until: Timestamp, limit: usize) -> Result<Vec<Row>, LedgerError> {
        let call = self
            .client
            .query()
            .table_name(self.table())
            .index_name(DUE_INDEX)
            .key_condition_expression(format!("{DUE_SHARD} = :partition AND {DUE_AT} <= :until"))
            .expression_attribute_values(":partition", AttributeValue::S(partition))
            .expression_attribute_values(":until", AttributeValue::N(until.as_millisecond().to_string()))
            .scan_index_forward(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let mut pages = call.into_paginator().send();
        let mut rows = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| LedgerError(describe(&error)))?;
            collect(page.items(), limit, &mut rows)?;
            if rows.len() >= limit {
                break;
            }
        }
        Ok(rows)
    }

    async fn remove(&self, key: String, version: u64) -> Result<Option<Row>, LedgerError> {
        use aws_sdk_dynamodb::{
            operation::delete_item::DeleteItemError, types::ReturnValuesOnConditionCheckFailure::AllOld,
        };
        let call = self
            .client
            .delete_item()
            .table_name(self.table())
            .key(KEY, AttributeValue::S(key))
            .condition_expression(format!("attribute_not_exists({KEY}) OR {VERSION} = :expected"))
            .expression_attribute_values(":expected", AttributeValue::N(version.to_string()))
            .return_values_on_condition_check_failure(AllOld);
        match call.send().await {
            Ok(_) => Ok(None),
            Err(error) => match error.as_service_error() {
                Some(DeleteItemError::ConditionalCheckFailedException(failed)) => {
                    failed.item().map(item::to_row).transpose()
                }
                _ => Err(LedgerError(describe(&error))),
            },
        }
    }

    /// One call of DynamoDB's: a megabyte of items, of which the rows with this prefix are kept.
    async fn scan_rows(&self, key_prefix: &str, after: Option<&str>) -> Result<ScanPage, LedgerError> {
        let call = self
            .client
            .scan()
            .table_name(self.table())
            // `row` is a reserved word of DynamoDB, so it needs a name of its own.
            .projection_expression("#row")
            .expression_attribute_names("#row", ROW);
        // The content of promotions lies beside the rows and is no row.
        let call = if key_prefix.is_empty() {
            call.filter_expression("attribute_exists(#row)")
        } else {
            call.filter_expression(format!("attribute_exists(#row) AND begins_with({KEY}, :prefix)"))
                .expression_attribute_values(":prefix", AttributeValue::S(key_prefix.to_owned()))
        };
        let begin = after.map(|key| Item::from([(KEY.to_owned(), AttributeValue::S(key.to_owned()))]));
        let page = call.set_exclusive_start_key(begin).send().await.map_err(|error| LedgerError(describe(&error)))?;
        let next = page.last_evaluated_key().and_then(|key| key.get(KEY)?.as_s().ok()).cloned();
        Ok(ScanPage { rows: page.items().iter().map(item::to_row).collect::<Result<_, _>>()?, next })
    }
}

/// Adds the items' rows, up to `limit` in all.
fn collect(items: &[Item], limit: usize, rows: &mut Vec<Row>) -> Result<(), LedgerError> {
    for found in items.iter().take(limit.saturating_sub(rows.len())) {
        rows.push(item::to_row(found)?);
    }
    Ok(())
}

impl Ledger for DynamoLedger {
    fn get<'a>(&'a self, key: &'a RowKey) -> Async<'a, Result<Option<Row>, LedgerError>> {
        Box::pin(async move { self.fetch(key.to_string()).await?.as_ref().map(item::to_row).transpose() })
    }

    fn put<'a>(&'a self, row: &'a Row, expected: Expected) -> Async<'a, Result<Put, LedgerError>> {
        Box::pin(self.store(row, expected))
    }

    fn due(&self, purpose: Purpose, until: Timestamp, limit: usize) -> Async<'_, Result<Vec<Row>, LedgerError>> {
        Box::pin(async move {
            let partitions = (0..SHARDS).map(|shard| self.due_in(item::partition(purpose, shard), until, limit));
            let mut rows = try_join_all(partitions).await?.concat();
            rows.sort_by_key(|row| row.index().map(|due| due.at));
            rows.truncate(limit);
            Ok(rows)
        })
    }

    fn delete<'a>(&'a self, key: &'a RowKey, version: u64) -> Async<'a, Result<Option<Row>, LedgerError>> {
        Box::pin(self.remove(key.to_string(), version))
    }

    fn scan_page<'a>(
        &'a self,
        key_prefix: &'a str,
        after: Option<&'a str>,
    ) -> Async<'a, Result<ScanPage, LedgerError>> {
        Box::pin(self.scan_rows(key_prefix, after))
    }

    fn put_part<'a>(
        &'a self,
        part: &'a PartId,
        content: &'a [u8],
        expires_at: Timestamp,
    ) -> Async<'a, Result<(), LedgerError>> {
        Box::pin(async move {
            if content.len() > PART_BYTES {
                return Err(LedgerError(format!("a part of {} bytes, {PART_BYTES} allowed", content.len())));
            }
            let call = self
                .client
                .put_item()
                .table_name(self.table())
                .item(KEY, AttributeValue::S(part.to_string()))
                .item(CONTENT, AttributeValue::B(Blob::new(content)))
                .item(TTL, AttributeValue::N(expires_at.as_second().to_string()));
            call.send().await.map_err(|error| LedgerError(describe(&error)))?;
            Ok(())
        })
    }

    fn get_part<'a>(&'a self, part: &'a PartId) -> Async<'a, Result<Option<Vec<u8>>, LedgerError>> {
        Box::pin(async move { self.fetch(part.to_string()).await?.map(item::into_content).transpose() })
    }

    fn delete_part<'a>(&'a self, part: &'a PartId) -> Async<'a, Result<(), LedgerError>> {
        Box::pin(async move {
            let call = self.client.delete_item().table_name(self.table()).key(KEY, AttributeValue::S(part.to_string()));
            call.send().await.map_err(|error| LedgerError(describe(&error)))?;
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests;
