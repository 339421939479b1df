//! The ledger's table: items by key, and the conditions that the ledger makes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Refusal;

type Item = Map<String, Value>;

pub(super) fn call(table: &mut BTreeMap<String, Item>, operation: &str, input: &Value) -> Result<Value, Refusal> {
    let key = |item: &Value| item["pk"]["S"].as_str().unwrap_or_default().to_owned();
    match operation {
        "GetItem" => {
            let found = table.get(&key(&input["Key"]));
            Ok(found.map_or_else(|| json!({}), |item| json!({ "Item": item })))
        }
        "PutItem" => {
            let key = key(&input["Item"]);
            permitted(table.get(&key), input)?;
            table.insert(key, input["Item"].as_object().cloned().unwrap_or_default());
            Ok(json!({}))
        }
        "DeleteItem" => {
            let key = key(&input["Key"]);
            permitted(table.get(&key), input)?;
            table.remove(&key);
            Ok(json!({}))
        }
        "Query" => {
            let values = &input["ExpressionAttributeValues"];
            let until = number(&values[":until"]);
            let due = table.values().filter(|item| {
                item.get("due_shard") == Some(&values[":partition"])
                    && item.get("due_at").is_some_and(|at| number(at) <= until)
            });
            let due: Vec<_> = due.collect();
            Ok(json!({"Items": due, "Count": due.len()}))
        }
        _ => Err(("UnknownOperationException", Value::Null)),
    }
}

/// The conditions are "there is none", "it has this version", and either of them.
fn permitted(item: Option<&Item>, input: &Value) -> Result<(), Refusal> {
    let Some(condition) = input["ConditionExpression"].as_str() else { return Ok(()) };
    let permitted = condition.split(" OR ").any(|condition| match item {
        None => condition == "attribute_not_exists(pk)",
        Some(item) => {
            condition == "v = :expected" && item.get("v") == Some(&input["ExpressionAttributeValues"][":expected"])
        }
    });
    if permitted {
        return Ok(());
    }
    Err(("ConditionalCheckFailedException", item.map_or(Value::Null, |item| json!({ "Item": item }))))
}

fn number(value: &Value) -> i64 {
    value["N"].as_str().and_then(|text| text.parse().ok()).unwrap_or(i64::MAX)
}
