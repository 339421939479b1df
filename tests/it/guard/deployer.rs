//! The policy for whoever deploys (`infra/deploy-policy.json`) covers all that the template makes, and gives nothing away.

use std::collections::BTreeSet;

use relay_tests::binaries::repository;
use serde_json::{Value, json};

use super::template::translated;

/// What making, reading, changing and removing one of these needs: the permissions that its resource type names for that, as
/// far as the template's resources have to do with them.
const NEEDS: [(&str, &str, &str); 20] = [
    ("AWS::ApiGatewayV2::Api", "apigateway", "POST GET PATCH PUT DELETE TagResource"),
    ("AWS::ApiGatewayV2::Integration", "apigateway", "POST GET PATCH DELETE"),
    ("AWS::ApiGatewayV2::Route", "apigateway", "POST GET PATCH DELETE"),
    ("AWS::ApiGatewayV2::Stage", "apigateway", "POST GET PATCH PUT DELETE TagResource"),
    (
        "AWS::CloudWatch::Alarm",
        "cloudwatch",
        "PutMetricAlarm DescribeAlarms DeleteAlarms ListTagsForResource TagResource UntagResource",
    ),
    ("AWS::CloudWatch::Dashboard", "cloudwatch", "PutDashboard GetDashboard DeleteDashboards"),
    (
        "AWS::DynamoDB::Table",
        "dynamodb",
        "CreateTable DescribeTable UpdateTable DeleteTable DescribeTimeToLive UpdateTimeToLive \
         DescribeContinuousBackups UpdateContinuousBackups DescribeContributorInsights \
         DescribeKinesisStreamingDestination GetResourcePolicy ListTagsOfResource TagResource UntagResource",
    ),
    ("AWS::IAM::Policy", "iam", "PutRolePolicy GetRolePolicy DeleteRolePolicy"),
    (
        "AWS::IAM::Role",
        "iam",
        "CreateRole GetRole UpdateRole DeleteRole UpdateAssumeRolePolicy TagRole UntagRole PutRolePolicy \
         GetRolePolicy DeleteRolePolicy ListRolePolicies ListAttachedRolePolicies AttachRolePolicy \
         DetachRolePolicy",
    ),
    (
        "AWS::Lambda::EventInvokeConfig",
        "lambda",
        "PutFunctionEventInvokeConfig GetFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig \
         DeleteFunctionEventInvokeConfig",
    ),
    (
        "AWS::Lambda::EventSourceMapping",
        "lambda",
        "CreateEventSourceMapping GetEventSourceMapping UpdateEventSourceMapping DeleteEventSourceMapping \
         ListTags TagResource UntagResource",
    ),
    (
        "AWS::Lambda::Function",
        "lambda",
        "CreateFunction GetFunction GetFunctionConfiguration UpdateFunctionCode UpdateFunctionConfiguration \
         DeleteFunction GetFunctionCodeSigningConfig GetRuntimeManagementConfig ListTags TagResource \
         UntagResource",
    ),
    ("AWS::Lambda::Permission", "lambda", "AddPermission GetPolicy RemovePermission"),
    (
        "AWS::Lambda::Url",
        "lambda",
        "CreateFunctionUrlConfig GetFunctionUrlConfig UpdateFunctionUrlConfig DeleteFunctionUrlConfig",
    ),
    (
        "AWS::Logs::LogGroup",
        "logs",
        "CreateLogGroup DescribeLogGroups DeleteLogGroup PutRetentionPolicy DeleteRetentionPolicy \
         AssociateKmsKey DisassociateKmsKey ListTagsForResource TagResource UntagResource",
    ),
    ("AWS::SNS::Subscription", "sns", "Subscribe GetSubscriptionAttributes Unsubscribe ListSubscriptionsByTopic"),
    (
        "AWS::SNS::Topic",
        "sns",
        "CreateTopic GetTopicAttributes SetTopicAttributes DeleteTopic ListSubscriptionsByTopic \
         ListTagsForResource GetDataProtectionPolicy TagResource UntagResource",
    ),
    (
        "AWS::SQS::Queue",
        "sqs",
        "CreateQueue GetQueueUrl GetQueueAttributes SetQueueAttributes DeleteQueue ListQueueTags TagQueue \
         UntagQueue",
    ),
    ("AWS::Scheduler::Schedule", "scheduler", "CreateSchedule GetSchedule UpdateSchedule DeleteSchedule"),
    (
        "AWS::SecretsManager::Secret",
        "secretsmanager",
        "CreateSecret DescribeSecret UpdateSecret DeleteSecret GetRandomPassword TagResource UntagResource",
    ),
];

/// What no resource needs by itself: the stack, the packages, roles for functions and schedules, and access logs of an API.
const BESIDE: [(&str, &str); 4] = [
    (
        "cloudformation",
        "CreateChangeSet DescribeChangeSet ExecuteChangeSet DeleteChangeSet DescribeStacks \
         DescribeStackEvents DescribeStackResources GetTemplate GetTemplateSummary DeleteStack",
    ),
    ("s3", "PutObject GetObject ListBucket"),
    ("iam", "PassRole"),
    (
        "logs",
        "CreateLogDelivery GetLogDelivery UpdateLogDelivery DeleteLogDelivery ListLogDeliveries \
         PutResourcePolicy DescribeResourcePolicies",
    ),
];

/// The most characters of a policy of one's own, without spaces.
const LONGEST: usize = 6144;

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
    statements.push(json!({"Action": ["sqs:PurgeQueue"], "Resource": "*"}));
    let found = faults(&template, &policy);
    assert_eq!(found[0], "AWS::S3::Bucket: nobody knows what it needs");
    assert!(found.contains(&"AWS::SQS::Queue: sqs:DeleteQueue is missing".to_owned()), "{found:?}");
    assert_eq!(found[found.len() - 2..], ["too much: sqs:*", "too much: sqs:PurgeQueue"]);
}

/// As long as names may be: functions' names have 64 characters at most, and a bucket's 63.
#[test]
fn iam_takes_the_policy_however_long_the_names_are() {
    let (stack, bucket) = ("s".repeat(64 - "-promotion-scheduled".len()), "b".repeat(63));
    let names = [("STACK", &*stack), ("BUCKET", &*bucket), ("ACCOUNT", "123456789012"), ("REGION", "ap-southeast-1")];
    let filled = names.iter().fold(policy().to_string(), |text, (word, name)| text.replace(word, name));
    assert!(filled.len() <= LONGEST, "{} characters", filled.len());
}

fn policy() -> Value {
    let text = std::fs::read_to_string(repository().join("infra/deploy-policy.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn faults(template: &Value, policy: &Value) -> Vec<String> {
    let statements = policy["Statement"].as_array().unwrap();
    let given = statements.iter().flat_map(|statement| match &statement["Action"] {
        Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
        one => Vec::from_iter(one.as_str()),
    });
    let given: BTreeSet<_> = given.map(str::to_owned).collect();
    let actions =
        |service, words: &str| words.split_whitespace().map(move |word| format!("{service}:{word}")).collect();
    let mut needed: BTreeSet<String> = BESIDE.iter().flat_map(|(service, words)| actions(service, words)).collect();
    let mut faults = Vec::new();
    let kinds: BTreeSet<_> =
        template["Resources"].as_object().unwrap().values().filter_map(|it| it["Type"].as_str()).collect();
    for kind in kinds {
        match NEEDS.iter().find(|(known, ..)| *known == kind) {
            None => faults.push(format!("{kind}: nobody knows what it needs")),
            Some((_, service, words)) => {
                let of_it: BTreeSet<String> = actions(service, words);
                faults.extend(of_it.difference(&given).map(|action| format!("{kind}: {action} is missing")));
                needed.extend(of_it);
            }
        }
    }
    faults.extend(given.difference(&needed).map(|action| format!("too much: {action}")));
    faults
}
