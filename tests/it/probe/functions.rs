//! Functions fed by a queue.

use std::time::Instant;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use relay_tests::{
    aws::{Aws, Json, Query, queue_arn},
    binaries::repository,
    emulator::{ACCOUNT, Emulator},
    package::zip,
};
use serde_json::json;

use super::queues::{queue, receive};

#[tokio::test]
async fn a_visibility_that_a_function_sets_survives_its_reporting_the_message_as_failed() {
    let aws = Emulator::shared().await.root();
    let seen = queue(&aws, "probe-visibility-seen", json!({})).await;
    // Were the function's own setting lost, the message would be back at once, or not before fifteen minutes.
    let source = queue(&aws, "probe-visibility", json!({"VisibilityTimeout": "900"})).await;
    function(&aws, "probe-visibility", &json!({"QUEUE_URL": source, "SEEN_URL": seen})).await;
    let mapping = json!({"FunctionName": "probe-visibility", "EventSourceArn": queue_arn("probe-visibility"),
        "BatchSize": 10, "FunctionResponseTypes": ["ReportBatchItemFailures"]});
    aws.call("lambda", "POST", "/2015-03-31/event-source-mappings", &[], mapping.to_string().into_bytes())
        .await
        .unwrap();

    let sent = Instant::now();
    aws.json(Json::Sqs, "SendMessage", &json!({"QueueUrl": source, "MessageBody": "again"})).await.unwrap();
    let message = relay_tests::wait::until("the message comes back", async || receive(&aws, &seen).await).await;
    assert_eq!(message["Body"], "again");
    assert!(sent.elapsed().as_secs_f32() >= 3.0, "it came back after {:?}, before its three seconds", sent.elapsed());
}

async fn function(aws: &Aws, name: &str, variables: &serde_json::Value) {
    let service = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let role = [("RoleName", name), ("AssumeRolePolicyDocument", &service.to_string())];
    aws.query(Query::Iam, "CreateRole", &role).await.unwrap();
    let policy =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]});
    let policy = [("RoleName", name), ("PolicyName", "queues"), ("PolicyDocument", &policy.to_string())];
    aws.query(Query::Iam, "PutRolePolicy", &policy).await.unwrap();

    let code = BASE64.encode(zip(&repository().join("tests/it/probe/visibility.py")));
    let input = json!({"FunctionName": name, "Runtime": "python3.12", "Handler": "visibility.handler", "Timeout": 30,
        "Role": format!("arn:aws:iam::{ACCOUNT}:role/{name}"), "Environment": {"Variables": variables},
        "Code": {"ZipFile": code}});
    aws.call("lambda", "POST", "/2015-03-31/functions", &[], input.to_string().into_bytes()).await.unwrap();
}
