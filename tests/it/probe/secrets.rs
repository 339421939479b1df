//! Secrets and who may read them.

use relay_tests::{
    aws::{Aws, Json, Query, REGION},
    emulator::{ACCOUNT, Emulator},
};
use serde_json::json;

#[tokio::test]
async fn a_policy_reaches_a_secret_only_with_the_six_characters_that_end_its_arn() {
    let emulator = Emulator::shared().await;
    let root = emulator.root();
    let secret = json!({"Name": "probe/suffix/webhook", "SecretString": "{}"});
    let created = root.json(Json::SecretsManager, "CreateSecret", &secret).await.unwrap();
    let arn = created["ARN"].as_str().unwrap();
    let suffix = arn.strip_prefix(&arn_of("probe/suffix/webhook-")).unwrap_or_else(|| panic!("{arn}"));
    assert!(suffix.len() == 6 && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{arn}");

    let with_suffix = reader(emulator, "probe-with-suffix", &[&arn_of("probe/*/webhook-??????")]).await;
    read(&with_suffix, "probe/suffix/webhook").await.unwrap();
    let without_suffix = reader(emulator, "probe-without-suffix", &[&arn_of("probe/*/webhook")]).await;
    let refused = read(&without_suffix, "probe/suffix/webhook").await.unwrap_err();
    assert!(refused.says("AccessDenied"), "{refused:?}");
}

#[tokio::test]
async fn a_missing_secret_is_not_found_if_the_policy_lists_its_bare_name_and_denied_if_not() {
    let emulator = Emulator::shared().await;
    let both = [arn_of("probe-missing/*/webhook-??????"), arn_of("probe-missing/*/webhook")];
    let with_bare_name = reader(emulator, "probe-bare-name", &both.each_ref().map(String::as_str)).await;
    let refused = read(&with_bare_name, "probe-missing/shop/webhook").await.unwrap_err();
    assert!(refused.says("ResourceNotFoundException"), "{refused:?}");
    let without = reader(emulator, "probe-no-bare-name", &[&both[0]]).await;
    let refused = read(&without, "probe-missing/shop/webhook").await.unwrap_err();
    assert!(refused.says("AccessDenied"), "{refused:?}");
}

#[tokio::test]
async fn a_role_without_a_statement_for_a_queue_is_denied_sending_to_it() {
    let emulator = Emulator::shared().await;
    let url = super::queues::queue(&emulator.root(), "probe-denied", json!({})).await;
    let reader = reader(emulator, "probe-no-queue", &[&arn_of("probe/*/webhook-??????")]).await;
    let message = json!({"QueueUrl": url, "MessageBody": "x"});
    let refused = reader.json(Json::Sqs, "SendMessage", &message).await.unwrap_err();
    assert!(refused.says("AccessDenied"), "{refused:?}");
}

async fn read(aws: &Aws, name: &str) -> Result<serde_json::Value, relay_tests::aws::Refused> {
    aws.json(Json::SecretsManager, "GetSecretValue", &json!({"SecretId": name})).await
}

fn arn_of(name: &str) -> String {
    format!("arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}")
}

/// A role that may read these secrets, assumed.
async fn reader(emulator: &Emulator, role: &str, secrets: &[&str]) -> Aws {
    let root = emulator.root();
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{ACCOUNT}:root")}, "Action": "sts:AssumeRole"}]});
    let input = [("RoleName", role), ("AssumeRolePolicyDocument", &trust.to_string())];
    root.query(Query::Iam, "CreateRole", &input).await.unwrap();
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": secrets}]});
    let input = [("RoleName", role), ("PolicyName", "read"), ("PolicyDocument", &policy.to_string())];
    root.query(Query::Iam, "PutRolePolicy", &input).await.unwrap();
    emulator.assume(role).await
}
