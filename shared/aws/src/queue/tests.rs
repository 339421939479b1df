use relay::{
    message::{Payload, Rejected},
    shop::Platform,
};
use serde_json::{Value, json};

use super::*;
use crate::testing::{Canned, Server, refusal};

fn urls() -> QueueUrls {
    QueueUrls {
        websand: Some("http://sqs/1/websand".into()),
        websand_dlq: Some("http://sqs/1/dlq".into()),
        ..QueueUrls::default()
    }
}

/// A message of any size: a rejected webhook takes any text.
fn message(detail: &str) -> Message {
    Message {
        id: "e-1".into(),
        shop: "acme".parse().unwrap(),
        platform: Platform::Shopify,
        subject: "42".into(),
        time: None,
        received_at: "2026-11-21T10:15:00Z".parse().unwrap(),
        sequence: None,
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into()),
        quiet_hours: None,
        silent_after_hours: None,
        payload: Payload::Rejected(Rejected {
            reason: "unmappable".into(),
            detail: detail.into(),
            topic: None,
            endpoint: "order-placed".into(),
            headers: std::collections::BTreeMap::default(),
            data_base64: None,
        }),
    }
}

fn letter(body: &str) -> DeadLetter {
    DeadLetter {
        shop: Some("acme".parse().unwrap()),
        destination: Destination::Websand,
        body: body.into(),
        reason: "permanent".into(),
        status: Some(422),
        detail: Some("total.total must be\ta number \u{ffff}".into()),
    }
}

fn stored() -> Canned {
    Canned::Json(200, json!({"MessageId": "m-1", "MD5OfMessageBody": "unchecked"}))
}

fn attributes(input: &Value) -> Value {
    let attributes = input["MessageAttributes"].as_object().unwrap().iter();
    attributes
        .map(|(name, value)| (name.clone(), value["StringValue"].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[tokio::test]
async fn a_message_goes_to_its_queue_grouped_by_shop_with_its_trace() {
    let server = Server::answering([stored()]);
    let sent = message("no customer");
    SqsQueue::new(server.config().sqs(), urls()).send(&sent).await.unwrap();
    let (operation, input) = &server.asked()[0];
    assert_eq!((operation.as_str(), &input["QueueUrl"]), ("SendMessage", &json!("http://sqs/1/websand")));
    assert_eq!(input["MessageGroupId"], "acme");
    assert_eq!(input["MessageBody"], sent.to_json());
    let traceparent = sent.traceparent.unwrap();
    assert_eq!(attributes(input), json!({"type": "shoprelay.webhook.rejected", "traceparent": traceparent}));
}

#[tokio::test]
async fn a_dead_letter_keeps_its_body_and_says_why_it_is_there() {
    let server = Server::answering([stored()]);
    SqsQueue::new(server.config().sqs(), urls()).park(&letter("not JSON")).await.unwrap();
    let input = &server.asked()[0].1;
    assert_eq!((&input["QueueUrl"], &input["MessageBody"]), (&json!("http://sqs/1/dlq"), &json!("not JSON")));
    let why = json!({"reason": "permanent", "status": "422", "shop": "acme", "destination": "websand",
        "detail": "total.total must be a number"});
    assert_eq!(attributes(input), why);
}

#[tokio::test]
async fn the_words_of_a_dead_letter_are_capped_and_left_out_where_there_is_no_room() {
    let server = Server::answering([stored(), stored()]);
    let queue = SqsQueue::new(server.config().sqs(), urls());
    queue.park(&DeadLetter { detail: Some("word ".repeat(1000)), ..letter("small") }).await.unwrap();
    queue.park(&letter(&"x".repeat(MAX_MESSAGE - 100))).await.unwrap();
    let asked = server.asked();
    let detail = attributes(&asked[0].1)["detail"].as_str().unwrap().to_owned();
    assert!(detail.starts_with("word word") && detail.len() <= 300, "{detail}");
    assert_eq!(attributes(&asked[1].1).get("detail"), None);
}

#[tokio::test]
async fn what_sqs_would_not_take_is_not_sent() {
    let server = Server::answering([]);
    let error =
        SqsQueue::new(server.config().sqs(), urls()).send(&message(&"x".repeat(MAX_MESSAGE))).await.unwrap_err();
    assert!(matches!(error, QueueError::TooLarge { bytes, .. } if bytes > MAX_MESSAGE), "{error}");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn the_largest_message_that_can_be_queued_can_be_parked() {
    // Without a trace, parking adds more attributes than it takes away.
    let of = |detail: &str| Message { traceparent: None, ..message(detail) };
    let empty = of("");
    let overhead = empty.to_json().len() + "typeString".len() + empty.type_name().len();
    let largest = of(&"x".repeat(MAX_MESSAGE - PARKING_RESERVE - overhead));
    let server = Server::answering([stored(), stored()]);
    let queue = SqsQueue::new(server.config().sqs(), urls());
    queue.send(&largest).await.unwrap();
    let detail = Some("x".repeat(1000));
    queue.park(&DeadLetter { detail, ..letter(&largest.to_json()) }).await.unwrap();
    assert!(attributes(&server.asked()[1].1).get("detail").is_some(), "the words fit in, too");
}

#[tokio::test]
async fn characters_that_sqs_refuses_are_escaped_in_the_json() {
    let server = Server::answering([stored()]);
    let sent = message("a \u{ffff} b \u{fffe}");
    SqsQueue::new(server.config().sqs(), urls()).send(&sent).await.unwrap();
    let body = server.asked()[0].1["MessageBody"].as_str().unwrap().to_owned();
    assert!(!body.contains(['\u{fffe}', '\u{ffff}']), "{body}");
    assert_eq!(Message::from_json(&body).unwrap(), sent);
}

#[tokio::test]
async fn a_refusal_is_no_confirmation() {
    let server = Server::answering([refusal("AWS.SimpleQueueService.NonExistentQueue", "no such queue")]);
    let error = SqsQueue::new(server.config().sqs(), urls()).send(&message("")).await.unwrap_err();
    assert!(matches!(&error, QueueError::Unavailable(why) if why.contains("no such queue")), "{error}");
}

#[test]
fn a_queue_the_environment_does_not_name_is_named_in_the_error() {
    let lookup = |name: &str| match name {
        WEBSAND => Some("https://sqs.eu-west-1.amazonaws.com/1/websand".to_owned()),
        _ => None,
    };
    let urls = QueueUrls::from_variables(Variables(&lookup)).unwrap();
    assert_eq!(urls.queue(Destination::Websand), Ok("https://sqs.eu-west-1.amazonaws.com/1/websand"));
    let error = urls.dead_letters(Destination::Websand).unwrap_err();
    assert_eq!(error.to_string(), "the environment variable SHOPRELAY_WEBSAND_DLQ_URL is not set");
    let lookup = |name: &str| (name == WEBSALE_DLQ).then(|| "websale-dlq".to_owned());
    assert_eq!(QueueUrls::from_variables(Variables(&lookup)).unwrap_err().name, WEBSALE_DLQ);
}
