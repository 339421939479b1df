//! The policy for whoever deploys (`infra/deploy-policy.json`) covers all that the template makes, and gives nothing away.

use std::collections::BTreeSet;

use relay_tests::binaries::repository;
use serde_json::{Value, json};

use super::template::translated;

/// What making one of these needs before all; reading, changing and removing are named beside it in the policy.
const MAKING: [(&str, &str); 20] = [
    ("AWS::ApiGatewayV2::Api", "apigateway:POST"),
    ("AWS::ApiGatewayV2::Integration", "apigateway:POST"),
    ("AWS::ApiGatewayV2::Route", "apigateway:POST"),
    ("AWS::ApiGatewayV2::Stage", "apigateway:POST"),
    ("AWS::CloudWatch::Alarm", "cloudwatch:PutMetricAlarm"),
    ("AWS::CloudWatch::Dashboard", "cloudwatch:PutDashboard"),
    ("AWS::DynamoDB::Table", "dynamodb:CreateTable"),
    ("AWS::IAM::Policy", "iam:PutRolePolicy"),
    ("AWS::IAM::Role", "iam:CreateRole"),
    ("AWS::Lambda::EventInvokeConfig", "lambda:PutFunctionEventInvokeConfig"),
    ("AWS::Lambda::EventSourceMapping", "lambda:CreateEventSourceMapping"),
    ("AWS::Lambda::Function", "lambda:CreateFunction"),
    ("AWS::Lambda::Permission", "lambda:AddPermission"),
    ("AWS::Lambda::Url", "lambda:CreateFunctionUrlConfig"),
    ("AWS::Logs::LogGroup", "logs:CreateLogGroup"),
    ("AWS::SNS::Subscription", "sns:Subscribe"),
    ("AWS::SNS::Topic", "sns:CreateTopic"),
    ("AWS::SQS::Queue", "sqs:CreateQueue"),
    ("AWS::Scheduler::Schedule", "scheduler:CreateSchedule"),
    ("AWS::SecretsManager::Secret", "secretsmanager:CreateSecret"),
];

#[test]
fn whoever_deploys_may_make_everything_in_the_template() {
    assert_eq!(faults(translated(), &policy()), Vec::<String>::new());
}

#[test]
fn a_new_kind_of_resource_and_a_missing_or_a_wide_action_are_noticed() {
    let mut template = translated().clone();
    template["Resources"]["Site"] = json!({"Type": "AWS::S3::Bucket"});
    let mut policy = policy();
    let statements = policy["Statement"].as_array_mut().unwrap();
    statements.retain(|statement| statement["Sid"] != "Queues");
    statements.push(json!({"Action": "sqs:*", "Resource": "*"}));
    let found = faults(&template, &policy);
    assert_eq!(
        found,
        [
            "AWS::S3::Bucket: nobody knows what making it needs",
            "AWS::SQS::Queue: sqs:CreateQueue is missing",
            "too much: sqs:*"
        ]
    );
}

fn policy() -> Value {
    let text = std::fs::read_to_string(repository().join("infra/deploy-policy.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn faults(template: &Value, policy: &Value) -> Vec<String> {
    let statements = policy["Statement"].as_array().unwrap();
    let given = statements.iter().map(|statement| &statement["Action"]);
    let given: BTreeSet<_> = given
        .flat_map(|actions| match actions {
            Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
            one => Vec::from_iter(one.as_str()),
        })
        .collect();
    let kinds: BTreeSet<_> =
        template["Resources"].as_object().unwrap().values().filter_map(|it| it["Type"].as_str()).collect();
    let missing = kinds.into_iter().filter_map(|kind| match MAKING.iter().find(|(known, _)| *known == kind) {
        None => Some(format!("{kind}: nobody knows what making it needs")),
        Some((_, action)) if !given.contains(action) => Some(format!("{kind}: {action} is missing")),
        Some(_) => None,
    });
    missing
        .chain(given.iter().filter(|action| action.contains('*')).map(|action| format!("too much: {action}")))
        .collect()
}
