//! Queues.

use relay_tests::{
    aws::{Aws, Json},
    emulator::Emulator,
};
use serde_json::{Value, json};

#[tokio::test]
async fn a_standard_queue_takes_a_message_group_and_gives_it_back() {
    let aws = Emulator::shared().await.root();
    let url = queue(&aws, "probe-group", json!({})).await;
    let message = json!({"QueueUrl": url, "MessageBody": "x", "MessageGroupId": "a-shop"});
    aws.json(Json::Sqs, "SendMessage", &message).await.unwrap();
    let received = receive(&aws, &url).await.unwrap();
    assert_eq!(received["Attributes"]["MessageGroupId"], "a-shop");
}

#[tokio::test]
async fn a_message_received_too_often_moves_to_the_dead_letter_queue() {
    let aws = Emulator::shared().await.root();
    let dead = queue(&aws, "probe-redrive-dead", json!({})).await;
    let redrive =
        json!({"deadLetterTargetArn": relay_tests::aws::queue_arn("probe-redrive-dead"), "maxReceiveCount": 2});
    let url =
        queue(&aws, "probe-redrive", json!({"VisibilityTimeout": "0", "RedrivePolicy": redrive.to_string()})).await;
    aws.json(Json::Sqs, "SendMessage", &json!({"QueueUrl": url, "MessageBody": "poison"})).await.unwrap();
    for _ in 0..2 {
        assert_eq!(receive(&aws, &url).await.unwrap()["Body"], "poison");
    }
    assert!(receive(&aws, &url).await.is_none(), "the third receive finds nothing");
    assert_eq!(receive(&aws, &dead).await.unwrap()["Body"], "poison");
}

/// Makes a queue and gives its URL.
pub(crate) async fn queue(aws: &Aws, name: &str, attributes: Value) -> String {
    let answer =
        aws.json(Json::Sqs, "CreateQueue", &json!({"QueueName": name, "Attributes": attributes})).await.unwrap();
    answer["QueueUrl"].as_str().unwrap().to_owned()
}

/// The next message, if there is one.
pub(crate) async fn receive(aws: &Aws, url: &str) -> Option<Value> {
    let input = json!({"QueueUrl": url, "MessageSystemAttributeNames": ["All"], "WaitTimeSeconds": 1});
    let answer = aws.json(Json::Sqs, "ReceiveMessage", &input).await.unwrap();
    answer["Messages"].get(0).cloned()
}
