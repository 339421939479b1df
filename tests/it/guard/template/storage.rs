//! What is kept, and how long.

use relay_tests::template::Template;
use serde_json::{Value, json};

use super::{Faults, own_key, target};

pub(super) fn faults(template: &Template) -> Vec<String> {
    let mut faults = Faults::default();
    ledger(template, &mut faults);
    logs(template, &mut faults);
    for (name, secret) in template.of("AWS::SecretsManager::Secret") {
        faults.unless(own_key(template, &secret["KmsKeyId"], true), || format!("{name}: not encrypted with the key"));
        stays(template, name, &mut faults);
    }
    faults.0
}

/// The keys are those that the code writes (`shared/aws/src/ledger/item.rs`).
fn ledger(template: &Template, faults: &mut Faults) {
    for (name, table) in template.of("AWS::DynamoDB::Table") {
        let key = |attribute: &str, kind: &str| json!({"AttributeName": attribute, "KeyType": kind});
        let due = json!([{"IndexName": "due", "KeySchema": [key("due_shard", "HASH"), key("due_at", "RANGE")],
            "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["row"]}}]);
        let attributes = json!([{"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "due_shard", "AttributeType": "S"}, {"AttributeName": "due_at", "AttributeType": "N"}]);
        faults.unless(table["KeySchema"] == json!([key("pk", "HASH")]), || format!("{name}: not the code's key"));
        faults.unless(table["GlobalSecondaryIndexes"] == due && table["AttributeDefinitions"] == attributes, || {
            format!("{name}: not the code's index")
        });
        let ends = json!({"AttributeName": "ttl", "Enabled": true});
        faults.unless(table["TimeToLiveSpecification"] == ends, || format!("{name}: rows never expire"));
        let recovery = &table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"];
        faults.unless(*recovery == true, || format!("{name}: no point in time can be recovered"));
        faults.unless(table["BillingMode"] == "PAY_PER_REQUEST", || format!("{name}: not on demand"));
        let encryption = &table["SSESpecification"];
        faults.unless(own_key(template, &encryption["KMSMasterKeyId"], encryption["SSEEnabled"] == true), || {
            format!("{name}: not encrypted")
        });
        stays(template, name, faults);
    }
}

/// Without the ledger everything would be delivered again, and without the key no person be found again.
fn stays(template: &Template, name: &str, faults: &mut Faults) {
    let resource = &template.json["Resources"][name];
    let kept = resource["DeletionPolicy"] == "RetainExceptOnCreate" && resource["UpdateReplacePolicy"] == "Retain";
    faults.unless(kept, || format!("{name}: goes with the stack"));
}

/// Lambda itself makes a group that is kept for ever, unless a function names its own.
fn logs(template: &Template, faults: &mut Faults) {
    for (name, group) in template.of("AWS::Logs::LogGroup") {
        let days = &group["RetentionInDays"];
        faults.unless(*days == json!({"Ref": "LogRetentionDays"}), || format!("{name}: logs are kept for ever"));
        faults.unless(own_key(template, &group["KmsKeyId"], true), || format!("{name}: not encrypted with the key"));
    }
    for (name, function) in template.of("AWS::Lambda::Function") {
        let group = template.properties(function["LoggingConfig"]["LogGroup"]["Ref"].as_str().unwrap_or_default());
        // Lambda must not filter our own lines: metrics are made of them.
        let levels =
            ["LogFormat", "SystemLogLevel", "ApplicationLogLevel"].map(|name| &function["LoggingConfig"][name]);
        let expected = match template.parameter("InvocationLogs").as_str() {
            Some("off") => [json!("JSON"), json!("WARN"), json!("TRACE")],
            _ => [json!("Text"), Value::Null, Value::Null],
        };
        faults.unless(levels == expected.each_ref(), || format!("{name}: not the lines that it should log"));
        let function = function["FunctionName"]["Fn::Sub"].as_str().unwrap_or_default();
        // The operator's commands find the group by this name.
        let expected = format!("/aws/lambda/{function}");
        faults.unless(group["LogGroupName"]["Fn::Sub"] == expected, || format!("{name}: logs elsewhere"));
    }
    for (name, stage) in template.of("AWS::ApiGatewayV2::Stage") {
        let group = target(&stage["AccessLogSettings"]["DestinationArn"]).unwrap_or_default();
        faults.unless(!template.properties(group).is_null(), || format!("{name}: no access logs"));
    }
}
