use relay::{Async, clock::SystemClock};
use serde_json::{Value, json};

use super::*;
use crate::testing::{Canned, Server, refusal};

/// Settles as the body says: `done`, or the seconds after which the message is to come back.
struct Obedient;

impl Handler for Obedient {
    fn handle(&self, received: Received) -> Async<'_, Settlement> {
        assert_eq!(received.sent_at.as_millisecond(), 1_795_000_000_123);
        let after = received.body.parse().map(Duration::from_secs_f64);
        Box::pin(async move { after.map_or(Settlement::Done, |after| Settlement::Back { after }) })
    }
}

async fn settle(server: &Server, records: Value) -> Result<Value, NoMessageId> {
    let batches = Batches {
        handler: Arc::new(Obedient),
        client: server.config().sqs(),
        url: "http://sqs/1/websand".into(),
        clock: Arc::new(SystemClock),
    };
    let invocation = serde_json::from_value(json!({"Records": records})).unwrap();
    let answer = batches.settle(invocation, SystemClock.now()).await?;
    Ok(serde_json::to_value(answer).unwrap())
}

fn record(id: &str, body: &str) -> Value {
    json!({"messageId": id, "receiptHandle": format!("handle-{id}"), "body": body,
        "attributes": {"SentTimestamp": "1795000000123", "ApproximateReceiveCount": "1"}})
}

#[tokio::test]
async fn exactly_the_messages_that_are_to_come_back_are_named_and_hidden() {
    let server = Server::answering([Canned::Json(200, json!({})), Canned::Json(200, json!({}))]);
    let records = json!([record("a", "done"), record("b", "30.2"), record("c", "not a message"), record("d", "0")]);
    let answer = settle(&server, records).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "d"}]}));
    let mut asked: Vec<_> = server
        .asked()
        .into_iter()
        .map(|(operation, input)| {
            (operation, input["ReceiptHandle"].to_string(), input["VisibilityTimeout"].to_string())
        })
        .collect();
    asked.sort();
    let change = |handle: &str, time: &str| ("ChangeMessageVisibility".to_owned(), handle.to_owned(), time.to_owned());
    assert_eq!(asked, [change("\"handle-b\"", "31"), change("\"handle-d\"", "0")]);
}

#[tokio::test]
async fn a_message_comes_back_even_if_it_cannot_be_hidden() {
    let server = Server::answering([refusal("ReceiptHandleIsInvalid", "expired")]);
    let answer = settle(&server, json!([record("a", "30")])).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "a"}]}));
}

#[tokio::test]
async fn a_batch_that_is_settled_names_nobody() {
    let answer = settle(&Server::answering([]), json!([record("a", "done")])).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
}

#[tokio::test]
async fn a_message_without_an_id_fails_the_invocation() {
    let nameless = json!({"body": "done", "receiptHandle": "h", "attributes": {"SentTimestamp": "1795000000123"}});
    assert!(settle(&Server::answering([]), json!([record("a", "done"), nameless])).await.is_err());
}

#[test]
fn a_hold_stays_within_what_sqs_allows() {
    assert_eq!(seconds(Duration::from_hours(7 * 24), Duration::from_secs(90)), 12 * 3600 - 90 - 60);
    assert_eq!(seconds(Duration::from_millis(1), Duration::ZERO), 1);
}
