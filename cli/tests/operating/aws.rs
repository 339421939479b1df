//! The same commands on a stack: a loopback server answers as AWS does.

use serde_json::{Value, json};

use super::{
    loopback::{Asked, Loopback},
    world::{HUSH, Ran, World},
};

/// A stack called `test` whose services answer with `answer`.
pub(super) async fn stack(answer: fn(&Asked) -> (u16, Value)) -> (World, Loopback) {
    let server = Loopback::start(move |asked| {
        let (status, body) = answer(asked);
        (status, body.to_string())
    })
    .await;
    let mut world = World::new();
    world.set("AWS_ENDPOINT_URL", &server.url);
    world.set("AWS_REGION", "eu-central-1");
    world.set("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    world.set("AWS_SECRET_ACCESS_KEY", HUSH);
    world.set("SHOPRELAY_WEBSAND_URL", &server.url);
    (world, server)
}

pub(super) async fn run(world: &World, arguments: &[&str]) -> Ran {
    world.run_bare(&[arguments, &["--stack", "test"]].concat()).await
}

pub(super) fn input(asked: &Asked) -> Value {
    serde_json::from_str(&asked.body).unwrap_or_default()
}

fn refused(code: &str) -> (u16, Value) {
    (400, json!({"__type": code, "message": "no such thing"}))
}

/// One shop with all but a WEBSALE account, healthy queues and an empty ledger.
pub(super) fn healthy(asked: &Asked) -> (u16, Value) {
    let input = input(asked);
    let names =
        ["acme/webhook", "acme/websand", "_installation"].map(|name| json!({"Name": format!("shoprelay/{name}")}));
    let text = |name: &str| input[name].as_str().unwrap_or_default().to_owned();
    (
        200,
        match asked.operation() {
            "ListSecrets" => json!({"SecretList": names}),
            "GetSecretValue" => match text("SecretId").as_str() {
                "shoprelay/acme/webhook" => secret(&json!({"platform": "shopify", "signing_secrets": [HUSH]})),
                "shoprelay/acme/websand" => secret(&json!({"account": "acme", "api_key": HUSH})),
                "shoprelay/_installation" => secret(&json!({"key": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY="})),
                _ => return refused("ResourceNotFoundException"),
            },
            "GetQueueUrl" => json!({"QueueUrl": format!("https://sqs.example.com/1/{}", text("QueueName"))}),
            "GetQueueAttributes" => json!({"Attributes": {
            "ApproximateNumberOfMessages": "3", "ApproximateNumberOfMessagesDelayed": "1",
            "ApproximateNumberOfMessagesNotVisible": "2", "VisibilityTimeout": "720",
            "RedrivePolicy": json!({"deadLetterTargetArn":
                format!("arn:aws:sqs:eu-central-1:1:{}-dlq", text("QueueUrl").rsplit('/').next().unwrap()),
                "maxReceiveCount": 1000}).to_string()}}),
            "DescribeTable" => json!({"Table": {"TableName": text("TableName"), "TableStatus": "ACTIVE",
            "GlobalSecondaryIndexes": [{"IndexName": "due", "IndexStatus": "ACTIVE"}]}}),
            "Query" | "Scan" => json!({"Items": [], "Count": 0}),
            "DescribeLogGroups" => json!({"logGroups": [{"logGroupName": input["logGroupNamePrefix"]}]}),
            _ => json!({}),
        },
    )
}

fn secret(value: &Value) -> Value {
    json!({"Name": "x", "SecretString": value.to_string()})
}

#[tokio::test]
async fn a_stack_in_good_health_passes_the_doctor() {
    let (world, server) = stack(healthy).await;
    let ran = run(&world, &["doctor", "--json"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let not_ok: Vec<Value> =
        ran.json().as_array().unwrap().iter().filter(|finding| finding["verdict"] == "fail").cloned().collect();
    assert_eq!(not_ok, Vec::<Value>::new());
    let tables: Vec<Value> =
        server.asked().iter().filter(|asked| asked.operation() == "DescribeTable").map(input).collect();
    assert_eq!(tables, [json!({"TableName": "test-ledger"})]);
}

#[tokio::test]
async fn a_stack_that_is_not_there_fails_the_doctor_line_by_line() {
    let (world, _server) = stack(|_| refused("ResourceNotFoundException")).await;
    let ran = run(&world, &["doctor"]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    for check in ["ledger table", "queue settings", "secrets"] {
        let line = ran.out.lines().find(|line| line.contains(check)).unwrap_or_default();
        assert!(line.starts_with("fail") && line.contains("ResourceNotFoundException"), "{check}: {}", ran.out);
    }
}

#[tokio::test]
async fn deliveries_count_the_stacks_queues() {
    let (world, _server) = stack(healthy).await;
    let ran = run(&world, &["deliveries"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("Queue websale: 4 waiting, 2 in hand or put back, 6 dead letters"), "{}", ran.out);
}

#[tokio::test]
async fn secrets_are_created_replaced_taken_back_and_deleted() {
    let (world, server) = stack(|asked| match (asked.operation(), input(asked)["SecretId"].as_str()) {
        ("ListSecrets", _) => (200, json!({"SecretList": [{"Name": "shoprelay/old/websand"}]})),
        ("PutSecretValue", Some("shoprelay/back/websand")) => refused("InvalidRequestException"),
        ("PutSecretValue", Some("shoprelay/new/websand")) | ("GetSecretValue", _) => {
            refused("ResourceNotFoundException")
        }
        _ => (200, json!({})),
    })
    .await;
    let shops = json!({"shoprelay/new/websand": {"account": "new", "api_key": HUSH},
        "shoprelay/old/websand": {"account": "old", "api_key": HUSH}});
    let file = world.file("shops.json", &shops.to_string());
    assert_eq!(run(&world, &["shop", "add", "--file", &file]).await.code, 1, "replaced without --replace");
    assert_eq!(run(&world, &["shop", "add", "--file", &file, "--replace"]).await.code, 0);
    let operations = |server: &Loopback| -> Vec<String> {
        let writes = server.asked().into_iter().filter(|asked| !asked.operation().starts_with(['G', 'L']));
        writes.map(|asked| asked.operation().to_owned()).collect()
    };
    assert_eq!(operations(&server), ["PutSecretValue", "CreateSecret", "PutSecretValue"]);

    // Even a secret that stays "marked for deletion" is asked back once and no more.
    let back =
        world.file("back.json", &json!({"shoprelay/back/websand": {"account": "b", "api_key": HUSH}}).to_string());
    assert_eq!(run(&world, &["shop", "add", "--file", &back]).await.code, 1);
    assert_eq!(operations(&server)[3..], ["PutSecretValue", "RestoreSecret", "PutSecretValue"]);

    assert_eq!(run(&world, &["shop", "remove", "old", "--yes"]).await.code, 0);
    let deletion = server.asked().into_iter().find(|asked| asked.operation() == "DeleteSecret").unwrap();
    assert_eq!(input(&deletion)["SecretId"], "shoprelay/old/websand");
    assert_eq!(input(&deletion)["RecoveryWindowInDays"], 7);
}

/// Two pages of `order-placed`, nothing of the others.
fn logs(asked: &Asked) -> (u16, Value) {
    let input = input(asked);
    let line = |second: u32, status: &str| {
        let line = json!({"timestamp": format!("2026-11-21T10:15:{second:02}Z"), "level": "INFO", "message": "webhook",
            "shop": "acme", "subject": format!("{second}"), "status": status, "http_status": 202});
        json!({"message": format!("{line}\n"), "timestamp": 1})
    };
    match (input["logGroupName"].as_str(), input["nextToken"].as_str()) {
        (Some("/aws/lambda/test-order-placed"), None) => {
            (200, json!({"events": [line(1, "queued"), {"message": "START RequestId: 1"}], "nextToken": "two"}))
        }
        (Some("/aws/lambda/test-order-placed"), _) => (200, json!({"events": [line(2, "queued"), line(3, "ignored")]})),
        _ => refused("com.amazonaws.logs#ResourceNotFoundException"),
    }
}

#[tokio::test]
async fn received_webhooks_are_found_in_the_functions_logs() {
    let (world, server) = stack(logs).await;
    let ran = run(&world, &["received", "--json", "--shop", "acme", "--status", "queued"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let subjects: Vec<Value> =
        ran.json().as_array().unwrap().iter().map(|receipt| receipt["subject"].clone()).collect();
    assert_eq!(subjects, ["2", "1"]);
    let search = server.asked().into_iter().next().unwrap();
    let signed = search.headers.get("authorization").unwrap().to_str().unwrap().to_owned();
    assert!(signed.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/") && signed.contains("/logs/"), "{signed}");
    assert_eq!(
        input(&search)["filterPattern"],
        r#"{ $.message = "webhook" && $.shop = "acme" && $.status = "queued" }"#
    );
}

#[tokio::test]
async fn refused_credentials_and_a_missing_region_are_named() {
    let (world, _server) = stack(|_| refused("AccessDeniedException")).await;
    let ran = run(&world, &["received"]).await;
    assert!(ran.code == 1 && ran.err.contains("AccessDeniedException"), "{ran:?}");
    let mut nowhere = World::new();
    nowhere.set("AWS_EC2_METADATA_DISABLED", "true");
    let ran = run(&nowhere, &["shop", "list"]).await;
    assert!(ran.code == 1 && ran.err.contains("region"), "{ran:?}");
    assert_eq!(world.run_bare(&["received", "--stack", "test", "--data-dir", "."]).await.code, 2);
}
