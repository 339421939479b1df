//! Pins the emulator's behaviour that the other tests rely on, and that AWS documents. When a new version of the
//! emulator breaks one of these, the other tests prove less than they seem to.

use relay_tests::{aws::Json, emulator::Emulator};
use serde_json::json;

mod functions;
mod queues;
mod secrets;

#[tokio::test]
async fn a_failed_condition_returns_the_old_item() {
    let aws = Emulator::shared().await.root();
    table(&aws, "probe-condition").await;
    let put = |version: &str| {
        json!({"TableName": "probe-condition", "Item": {"pk": {"S": "row"}, "version": {"N": version}},
               "ConditionExpression": "attribute_not_exists(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"})
    };
    aws.json(Json::DynamoDb, "PutItem", &put("1")).await.unwrap();
    let refused = aws.json(Json::DynamoDb, "PutItem", &put("2")).await.unwrap_err();
    assert!(refused.says("ConditionalCheckFailedException"), "{refused:?}");
    let body: serde_json::Value = serde_json::from_str(&refused.body).unwrap();
    assert_eq!(body["Item"], json!({"pk": {"S": "row"}, "version": {"N": "1"}}));
}

#[tokio::test]
async fn an_item_over_400_kb_is_refused() {
    let aws = Emulator::shared().await.root();
    table(&aws, "probe-size").await;
    let put =
        |bytes: usize| json!({"TableName": "probe-size", "Item": {"pk": {"S": "r"}, "x": {"S": "x".repeat(bytes)}}});
    aws.json(Json::DynamoDb, "PutItem", &put(399 * 1024)).await.unwrap();
    let refused = aws.json(Json::DynamoDb, "PutItem", &put(400 * 1024)).await.unwrap_err();
    assert!(refused.says("ValidationException"), "{refused:?}");
}

async fn table(aws: &relay_tests::aws::Aws, name: &str) {
    let input = json!({"TableName": name, "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]});
    aws.json(Json::DynamoDb, "CreateTable", &input).await.unwrap();
}
