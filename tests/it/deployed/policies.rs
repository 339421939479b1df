//! The template's policies: each function can do what it has to, and nothing with what is another's.

use relay_tests::{
    aws::{Aws, Json, Query, Refused},
    emulator::ACCOUNT,
    sandbox::Sandbox,
    stack::Stack,
};
use serde_json::{Value, json};

#[derive(Clone, Copy, Debug)]
enum Deed {
    Read(&'static str),
    Send(&'static str),
    Receive(&'static str),
    PutRow,
    Delete,
    Scan,
    AskIndex,
}
use Deed::{AskIndex, Delete, PutRow, Read, Receive, Scan, Send};

/// Everything that any function does, as far as policies tell functions apart.
const DEEDS: [Deed; 17] = [
    Read("webhook"),
    Read("platform"),
    Read("websand"),
    Read("websale"),
    Read("_installation"),
    Send("websand"),
    Send("websand-dlq"),
    Send("websale"),
    Send("websale-dlq"),
    Receive("websand"),
    Receive("websale"),
    Receive("websand-dlq"),
    Receive("websale-dlq"),
    PutRow,
    Delete,
    Scan,
    AskIndex,
];

#[tokio::test]
async fn each_function_may_do_what_it_has_to_and_nothing_else() {
    let stack = Stack::shared().await;
    let websand = Sandbox::start(&[]).await;
    stack.add_shop("policies", &websand).await;
    stack.put_secret("policies/platform", &json!({"store_hash": "x", "access_token": "x"})).await;
    let may: [(&str, &[Deed]); 9] = [
        ("OrderPlaced", &[Read("webhook"), Send("websand"), Send("websand-dlq")]),
        ("OrderUpdated", &[Read("webhook"), Send("websand"), Send("websand-dlq")]),
        ("CustomerUpdated", &[Read("webhook"), Read("_installation"), Send("websand"), Send("websand-dlq")]),
        ("PromotionScheduled", &[Read("webhook"), Read("websale"), Send("websale"), Send("websale-dlq")]),
        ("PromotionCancelled", &[Read("webhook"), Send("websale"), Send("websale-dlq")]),
        (
            "WebsandForwarder",
            &[
                Read("platform"),
                Read("websand"),
                Read("_installation"),
                Send("websand-dlq"),
                Send("websale-dlq"),
                Receive("websand"),
                Receive("websand-dlq"),
                Receive("websale-dlq"),
                PutRow,
                Delete,
                Scan,
                AskIndex,
            ],
        ),
        (
            "WebsaleForwarder",
            &[
                Read("websale"),
                Read("_installation"),
                Send("websale-dlq"),
                Receive("websale"),
                PutRow,
                Delete,
                AskIndex,
            ],
        ),
        ("PromotionDispatcher", &[Send("websale"), PutRow, AskIndex]),
        ("PushStatusPoller", &[Read("websale"), PutRow, Delete, AskIndex]),
    ];
    for (function, allowed) in may {
        let role = role_of(stack, function).await;
        for deed in DEEDS {
            let expected = allowed.iter().any(|allowed| format!("{allowed:?}") == format!("{deed:?}"));
            match attempt(stack, &role, deed).await {
                Ok(_) => assert!(expected, "{function} may {deed:?}"),
                Err(refused) => assert!(!expected && refused.says("AccessDenied"), "{function} {deed:?}: {refused:?}"),
            }
        }
    }
}

async fn attempt(stack: &Stack, aws: &Aws, deed: Deed) -> Result<Value, Refused> {
    match deed {
        Read(kind) => {
            let shop = if kind == "_installation" { "" } else { "policies/" };
            aws.json(Json::SecretsManager, "GetSecretValue", &json!({"SecretId": format!("shoprelay/{shop}{kind}")}))
                .await
        }
        // An empty body is refused after the policies are asked, so nothing gets onto the shared queues.
        Send(queue) => {
            let empty = json!({"QueueUrl": stack.queue_url(queue), "MessageBody": ""});
            let sent = aws.json(Json::Sqs, "SendMessage", &empty).await;
            sent.or_else(|refused| if refused.says("AccessDenied") { Err(refused) } else { Ok(Value::Null) })
        }
        Receive(queue) => {
            // A visibility of none leaves what is received to the forwarder.
            let input = json!({"QueueUrl": stack.queue_url(queue), "MaxNumberOfMessages": 1, "VisibilityTimeout": 0});
            aws.json(Json::Sqs, "ReceiveMessage", &input).await
        }
        PutRow => {
            let item = json!({"pk": {"S": "policies#probe"}, "x": {"S": "x"}});
            aws.json(Json::DynamoDb, "PutItem", &json!({"TableName": format!("{}-ledger", stack.name), "Item": item}))
                .await
        }
        Delete => {
            let key = json!({"pk": {"S": "policies#none"}});
            aws.json(Json::DynamoDb, "DeleteItem", &json!({"TableName": format!("{}-ledger", stack.name), "Key": key}))
                .await
        }
        Scan => {
            aws.json(Json::DynamoDb, "Scan", &json!({"TableName": format!("{}-ledger", stack.name), "Limit": 1})).await
        }
        AskIndex => {
            let input = json!({"TableName": format!("{}-ledger", stack.name), "IndexName": "due",
                "KeyConditionExpression": "due_shard = :shard",
                "ExpressionAttributeValues": {":shard": {"S": "policies#0"}}});
            aws.json(Json::DynamoDb, "Query", &input).await
        }
    }
}

/// The function's role, assumed. Its trust is widened to the account's root; its policies stay as the template made them.
async fn role_of(stack: &Stack, function: &str) -> Aws {
    let root = stack.root();
    let role = stack.physical(&format!("{function}Role")).await;
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com", "AWS": format!("arn:aws:iam::{ACCOUNT}:root")}}]});
    let input = [("RoleName", role.as_str()), ("PolicyDocument", &trust.to_string())];
    root.query(Query::Iam, "UpdateAssumeRolePolicy", &input).await.unwrap();
    stack.emulator.assume(&role).await
}
