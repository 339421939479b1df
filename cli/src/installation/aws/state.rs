//! Whether the stack is as it was deployed: for `doctor`.

use aws_sdk_sqs::types::QueueAttributeName;
use relay::shop::Destination;
use serde_json::json;

use super::{Aws, failed, receipts::FUNCTIONS};
use crate::command::CommandError;

/// The ledger's table and its index.
pub(crate) struct TableState {
    pub(crate) name: String,
    pub(crate) status: String,
    /// The sparse index's state; absent if there is none.
    pub(crate) index: Option<String>,
}

impl TableState {
    pub(crate) fn is_ready(&self) -> bool {
        self.status == "ACTIVE" && self.index.as_deref() == Some("ACTIVE")
    }
}

impl Aws {
    /// The ledger's table as DynamoDB describes it.
    pub(crate) async fn table_state(&self) -> Result<TableState, CommandError> {
        let name = self.table();
        let answer = self.dynamodb.describe_table().table_name(&name).send().await;
        let table = answer.map_err(|error| failed(&format!("look at the table {name}"), &error))?.table;
        let status = table.as_ref().and_then(|table| table.table_status.as_ref());
        let index = table.as_ref().and_then(|table| table.global_secondary_indexes().first());
        Ok(TableState {
            status: status.map_or_else(|| "in an unknown state".to_owned(), |status| status.as_str().to_owned()),
            // An index that says nothing of its state has nothing to say against being used.
            index: index.map(|index| index.index_status().map_or("ACTIVE", |status| status.as_str()).to_owned()),
            name,
        })
    }

    /// Settings that would lose or repeat messages.
    pub(crate) async fn queue_faults(&self) -> Result<Vec<String>, CommandError> {
        let mut faults = Vec::new();
        for (destination, timeout) in [(Destination::Websand, 60), (Destination::Websale, 120)] {
            let name = format!("{}-{destination}", self.stack);
            let attributes = self.queue_attributes(&name).await?;
            let visibility = attributes.get(&QueueAttributeName::VisibilityTimeout).and_then(|text| text.parse().ok());
            if visibility.unwrap_or(0) < 6 * timeout {
                faults.push(format!("{name}: the visibility time-out is below {} s", 6 * timeout));
            }
            let redrive = attributes.get(&QueueAttributeName::RedrivePolicy);
            if !redrive.is_some_and(|policy| policy.contains(&format!("{name}-dlq"))) {
                faults.push(format!("{name}: its dead-letter queue is not {name}-dlq"));
            }
        }
        Ok(faults)
    }

    /// Webhook functions without a log group: nothing of theirs can be shown as received.
    pub(crate) async fn missing_log_groups(&self) -> Result<Vec<String>, CommandError> {
        let mut missing = Vec::new();
        for function in FUNCTIONS {
            let group = self.log_group(function);
            let input = json!({"logGroupNamePrefix": group, "limit": 50});
            let answer = self.logs.call("Logs_20140328.DescribeLogGroups", &input).await;
            let answer = answer.map_err(|error| CommandError(format!("cannot list log groups: {error}")))?;
            let groups = answer.get("logGroups").and_then(|groups| groups.as_array()).cloned().unwrap_or_default();
            if !groups.iter().any(|found| found.get("logGroupName").and_then(|name| name.as_str()) == Some(&group)) {
                missing.push(group);
            }
        }
        Ok(missing)
    }
}
