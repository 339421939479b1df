//! The functions' logs make metrics: what they write keeps the rules of `CloudWatch`'s embedded metric format.

use std::{collections::BTreeSet, time::Duration};

use relay::metric::{METRICS, NAMESPACE};
use relay_tests::{aws::Json, sandbox::Sandbox, shop, stack::Stack, wait::within, webhook::Webhook};
use serde_json::{Value, json};

use super::order;

#[tokio::test]
async fn what_the_functions_log_makes_valid_metrics_and_only_wrong_signatures_count_by_shop() {
    let stack = Stack::shared().await;
    let websand = Sandbox::start(&[]).await;
    stack.add_shop("counted", &websand).await;
    let webhook = Webhook::canonical("counted", "order.placed", &order("1"));
    assert_eq!(stack.post("counted", "order-placed", &webhook).await.status, 202);
    assert_eq!(stack.post("counted", "order-placed", &webhook.clone().forged()).await.status, 401);
    stack.put_secret("broken/webhook", &json!({})).await;
    assert_eq!(stack.post("broken", "order-placed", &webhook).await.status, 503);
    stack.run_schedules().await;

    let expected: BTreeSet<_> = METRICS.iter().map(|metric| metric.name).collect();
    within(Duration::from_secs(90), "every metric was logged", async || {
        let mut seen = BTreeSet::new();
        for function in ["order-placed", "websand-forwarder", "promotion-dispatcher", "push-status-poller"] {
            for line in lines(stack, function).await {
                seen.extend(metrics(&line));
            }
        }
        (expected.iter().all(|name| seen.contains(*name))).then_some(())
    })
    .await;
}

/// A real webhook starts the shop's clock, which is then set back in its row.
#[tokio::test]
async fn of_a_shop_that_fell_silent_somebody_is_told() {
    let stack = Stack::shared().await;
    let websand = Sandbox::start(&[]).await;
    let mut webhook = shop::webhook();
    webhook["silent_after_hours"] = json!(1);
    stack.put_secret("silent/webhook", &webhook).await;
    stack.put_secret("silent/websand", &shop::websand(websand.port())).await;
    let webhook = Webhook::canonical("silent", "order.placed", &order("1"));
    assert_eq!(stack.post("silent", "order-placed", &webhook).await.status, 202);
    let key = "silent#websand#connection#websand";
    let clock = async || stack.row(key).await.filter(|row| row["connection"]["silent_at"].is_string());
    let mut row = within(Duration::from_secs(90), "the shop was heard of", clock).await;
    row["connection"]["silent_at"] = json!("2026-01-05T10:30:00Z");
    let input = json!({"TableName": format!("{}-ledger", stack.name), "Key": {"pk": {"S": key}},
        "UpdateExpression": "SET #row = :row, due_at = :at", "ExpressionAttributeNames": {"#row": "row"},
        "ExpressionAttributeValues": {":row": {"S": row.to_string()}, ":at": {"N": "1767609000000"}}});
    stack.root().json(Json::DynamoDb, "UpdateItem", &input).await.unwrap();
    stack.run_schedules().await;
    stack.run_schedules().await;
    assert!(stack.row(key).await.unwrap()["connection"]["silent_at"].is_null());
    let told = within(Duration::from_secs(90), "it was logged", async || {
        let lines = lines(stack, "promotion-dispatcher").await;
        let told: Vec<_> = lines.into_iter().filter(|line| line["alarm"] == "shop_silent").collect();
        (!told.is_empty()).then_some(told)
    });
    let told = told.await;
    // Two dispatchers at once may both tell.
    assert!(told.iter().all(|line| line["shop"] == "silent"), "{told:?}");
    assert_eq!(metrics(&told[0]), ["alarms"]);
}

/// The JSON lines that a function has logged.
async fn lines(stack: &Stack, function: &str) -> Vec<Value> {
    let mut lines = Vec::new();
    let mut input = json!({"logGroupName": format!("/aws/lambda/{}-{function}", stack.name)});
    loop {
        let page = stack.root().json(Json::Logs, "FilterLogEvents", &input).await.expect("the log group is there");
        let events = page["events"].as_array().into_iter().flatten();
        lines.extend(events.filter_map(|event| serde_json::from_str(event["message"].as_str()?).ok()));
        match &page["nextToken"] {
            Value::String(token) => input["nextToken"] = json!(token),
            _ => return lines,
        }
    }
}

/// The names of the metrics in a line, which keeps the format's rules; none if it is a line like any other.
fn metrics(line: &Value) -> Vec<String> {
    let Some(aws) = line.get("_aws") else { return Vec::new() };
    let mut names = Vec::new();
    assert!(aws["Timestamp"].as_u64().is_some_and(|at| at > 1_700_000_000_000), "milliseconds: {line}");
    for directive in aws["CloudWatchMetrics"].as_array().expect("a list of directives") {
        assert_eq!(directive["Namespace"], NAMESPACE);
        let sets = directive["Dimensions"].as_array().expect("a list of sets of dimensions");
        for dimension in sets.iter().flat_map(|set| set.as_array().expect("a set of names")) {
            let value = line[dimension.as_str().expect("a name")].as_str().expect("a dimension is a text in the line");
            assert!((1..=1024).contains(&value.len()), "{line}");
            let by_shop = directive["Metrics"][0]["Name"] == "wrong_signatures";
            assert!(by_shop || !["counted", "broken"].contains(&value), "{line}");
        }
        for metric in directive["Metrics"].as_array().expect("a list of metrics") {
            let name = metric["Name"].as_str().expect("a metric has a name");
            assert!(line[name].is_number(), "{name} is a number: {line}");
            assert!([None, Some("Milliseconds")].contains(&metric["Unit"].as_str()), "{line}");
            names.push(name.to_owned());
        }
    }
    assert!(!names.is_empty(), "{line}");
    names
}
