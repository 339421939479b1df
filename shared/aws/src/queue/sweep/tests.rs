use relay::{
    queue::{Place, Queue},
    shop::Destination,
};
use serde_json::{Value, json};

use super::*;
use crate::{
    QueueUrls, SqsQueue,
    testing::{Canned, Server, refusal},
};

fn letter(number: u32, body: &str) -> Value {
    json!({
        "MessageId": format!("m-{number}"), "ReceiptHandle": format!("r-{number}"), "Body": body,
        "Attributes": {"MessageGroupId": "acme"},
        "MessageAttributes": {"reason": {"DataType": "String", "StringValue": "permanent"}},
    })
}

fn received(letters: &[Value]) -> Canned {
    Canned::Json(200, json!({"Messages": letters}))
}

fn done() -> Canned {
    Canned::Json(200, json!({}))
}

fn queue(server: &Server) -> SqsQueue {
    let urls = QueueUrls { websand_dlq: Some("http://sqs/1/dlq".into()), ..QueueUrls::default() };
    SqsQueue::new(server.config().sqs(), urls)
}

fn judge(text: &str) -> Verdict {
    match text {
        "delete" => Verdict::Delete,
        "rewrite" => Verdict::Rewrite("new\u{fffe}".into()),
        _ => Verdict::Keep,
    }
}

fn sweep(place: Place, until: Timestamp) -> Sweep<'static> {
    Sweep { destination: Destination::Websand, place, judge: &judge, until }
}

#[tokio::test]
async fn letters_are_deleted_replaced_or_shown_again() {
    let sent = Canned::Json(200, json!({"MessageId": "m-9", "MD5OfMessageBody": "unchecked"}));
    let server = Server::answering([
        received(&[letter(1, "delete"), letter(2, "keep"), letter(3, "rewrite")]),
        done(),
        sent,
        done(),
        received(&[letter(4, "keep")]),
        received(&[]),
        Canned::Json(200, json!({"Successful": [{"Id": "0"}, {"Id": "1"}], "Failed": []})),
    ]);
    let swept = queue(&server).sweep(sweep(Place::Dead, Timestamp::MAX)).await.unwrap();
    assert_eq!(swept, Swept { examined: 4, end: SweepEnd::Complete });
    let asked = server.asked();
    let operations: Vec<_> = asked.iter().map(|(operation, _)| operation.as_str()).collect();
    let receive = "ReceiveMessage";
    let expected =
        [receive, "DeleteMessage", "SendMessage", "DeleteMessage", receive, receive, "ChangeMessageVisibilityBatch"];
    assert_eq!(operations, expected);
    assert_eq!((&asked[0].1["VisibilityTimeout"], &asked[0].1["WaitTimeSeconds"]), (&json!(600), &json!(1)));
    assert_eq!((&asked[1].1["ReceiptHandle"], &asked[3].1["ReceiptHandle"]), (&json!("r-1"), &json!("r-3")));
    let replaced = &asked[2].1;
    assert_eq!((&replaced["MessageBody"], &replaced["MessageGroupId"]), (&json!("new\\ufffe"), &json!("acme")));
    assert_eq!(replaced["MessageAttributes"]["reason"]["StringValue"], "permanent");
    let shown: Vec<_> = asked[6].1["Entries"].as_array().unwrap().iter().map(|one| &one["ReceiptHandle"]).collect();
    assert_eq!(
        (shown, &asked[6].1["Entries"][0]["VisibilityTimeout"]),
        (vec![&json!("r-2"), &json!("r-4")], &json!(0))
    );
}

#[tokio::test]
async fn where_time_runs_out_letters_stay_hidden_for_the_next_sweep() {
    let server = Server::answering([]);
    let swept = queue(&server).sweep(sweep(Place::Dead, Timestamp::UNIX_EPOCH)).await.unwrap();
    assert_eq!(swept, Swept { examined: 0, end: SweepEnd::OutOfTime });
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn what_waits_cannot_be_looked_through_and_a_refusal_is_told() {
    let server = Server::answering([refusal("AccessDenied", "not authorized to perform: sqs:receivemessage")]);
    let queue = queue(&server);
    let swept = queue.sweep(sweep(Place::Waiting, Timestamp::MAX)).await.unwrap();
    assert_eq!(swept, Swept { examined: 0, end: SweepEnd::Unreachable });
    let error = queue.sweep(sweep(Place::Dead, Timestamp::MAX)).await.unwrap_err();
    assert!(error.to_string().contains("not authorized to perform"), "{error}");
    let other = Sweep { destination: Destination::Websale, ..sweep(Place::Dead, Timestamp::MAX) };
    assert!(queue.sweep(other).await.unwrap_err().to_string().contains("SHOPRELAY_WEBSALE_DLQ_URL"));
}
