use relay::{
    queue::{Judge, Place, Queue},
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

fn judge(entry: Entry<'_>) -> Verdict {
    match entry.body {
        "delete" => Verdict::Delete,
        "rewrite" => Verdict::Rewrite("new\u{fffe}".into()),
        "replace" => Verdict::Replace(Box::new(DeadLetter {
            shop: None,
            destination: Destination::Websand,
            body: "other".into(),
            reason: "unmappable".into(),
            status: None,
            detail: None,
        })),
        _ => Verdict::Keep,
    }
}

fn sweep(place: Place, until: Timestamp) -> Sweep<'static> {
    Sweep { destination: Destination::Websand, place, judge: &judge, until }
}

/// What was asked for with this operation, in any order: the letters of one batch are settled side by side.
fn inputs<'a>(asked: &'a [(String, Value)], operation: &str) -> Vec<&'a Value> {
    let mut inputs: Vec<&Value> = asked.iter().filter(|(name, _)| name == operation).map(|(_, input)| input).collect();
    inputs.sort_by_key(ToString::to_string);
    inputs
}

#[tokio::test]
async fn letters_are_deleted_replaced_or_shown_again() {
    let taken = || Canned::Json(200, json!({"MessageId": "m-9", "MD5OfMessageBody": "unchecked"}));
    let server = Server::answering([
        received(&[letter(1, "delete"), letter(2, "keep")]),
        done(),
        received(&[letter(3, "rewrite")]),
        taken(),
        done(),
        received(&[letter(4, "replace")]),
        taken(),
        done(),
        received(&[letter(5, "keep")]),
        received(&[]),
        Canned::Json(200, json!({"Successful": [{"Id": "0"}, {"Id": "1"}], "Failed": []})),
    ]);
    let swept = queue(&server).sweep(sweep(Place::Dead, Timestamp::MAX)).await.unwrap();
    assert_eq!(swept, Swept { examined: 5, end: SweepEnd::Complete });
    let asked = server.asked();
    let operations: Vec<_> = asked.iter().map(|(operation, _)| operation.as_str()).collect();
    let (receive, send, delete) = ("ReceiveMessage", "SendMessage", "DeleteMessage");
    let expected = [receive, delete, receive, send, delete, receive, send, delete, receive, receive];
    assert_eq!(operations, [&expected[..], &["ChangeMessageVisibilityBatch"]].concat());
    assert_eq!((&asked[0].1["VisibilityTimeout"], &asked[0].1["WaitTimeSeconds"]), (&json!(600), &json!(1)));
    let deleted: Vec<_> = inputs(&asked, delete).iter().map(|input| input["ReceiptHandle"].clone()).collect();
    assert_eq!(deleted, ["r-1", "r-3", "r-4"]);
    let rewritten = &asked[3].1;
    assert_eq!((&rewritten["MessageBody"], &rewritten["MessageGroupId"]), (&json!("new\\ufffe"), &json!("acme")));
    assert_eq!(rewritten["MessageAttributes"]["reason"]["StringValue"], "permanent");
    let replaced = &asked[6].1;
    assert_eq!((&replaced["MessageBody"], &replaced["QueueUrl"]), (&json!("other"), &json!("http://sqs/1/dlq")));
    assert_eq!(replaced["MessageAttributes"]["reason"]["StringValue"], "unmappable");
    let shown: Vec<_> = asked[10].1["Entries"].as_array().unwrap().iter().map(|one| &one["ReceiptHandle"]).collect();
    assert_eq!(
        (shown, &asked[10].1["Entries"][0]["VisibilityTimeout"]),
        (vec![&json!("r-2"), &json!("r-5")], &json!(0))
    );
}

/// Notes what it is shown, and what it is told of deletions.
#[derive(Default)]
struct Notes(std::sync::Mutex<Vec<String>>);

impl Judge for Notes {
    fn judge<'a>(&'a self, entry: Entry<'a>) -> relay::Async<'a, Verdict> {
        let Entry { id, body, since, shop, reason, status, detail } = entry;
        self.0.lock().unwrap().push(format!("{id} {body} {since} {shop:?} {reason:?} {status:?} {detail:?}"));
        Box::pin(std::future::ready(Verdict::Delete))
    }

    fn deleted<'a>(&'a self, id: &'a str) -> relay::Async<'a, ()> {
        self.0.lock().unwrap().push(format!("{id} is gone"));
        Box::pin(std::future::ready(()))
    }
}

#[tokio::test]
async fn a_judge_is_told_all_that_is_known_of_a_letter_and_when_it_is_gone() {
    let mut known = letter(1, "known");
    known["Attributes"]["SentTimestamp"] = json!("1795000000000");
    for (name, value) in [("shop", "acme"), ("status", "422"), ("detail", "no total")] {
        known["MessageAttributes"][name] = json!({"DataType": "String", "StringValue": value});
    }
    let stray = json!({"MessageId": "m-2", "ReceiptHandle": "r-2", "Body": "stray"});
    let no_more = refusal("AccessDenied", "not authorized to perform: sqs:deletemessage");
    let server = Server::answering([received(&[known]), done(), received(&[stray]), no_more]);
    let notes = Notes::default();
    let told = Sweep { judge: &notes, ..sweep(Place::Dead, Timestamp::MAX) };
    assert!(queue(&server).sweep(told).await.is_err());
    assert_eq!(
        *notes.0.lock().unwrap(),
        [
            r#"m-1 known 2026-11-18T11:06:40Z Some("acme") Some("permanent") Some(422) Some("no total")"#,
            "m-1 is gone",
            "m-2 stray 1970-01-01T00:00:00Z None None None None",
        ]
    );
}

#[tokio::test]
async fn where_a_sweep_fails_what_it_looked_at_is_shown_again() {
    let server = Server::answering([received(&[letter(1, "keep")]), refusal("Throttled", "slow down"), done()]);
    assert!(queue(&server).sweep(sweep(Place::Dead, Timestamp::MAX)).await.is_err());
    let asked = server.asked();
    let shown = inputs(&asked, "ChangeMessageVisibilityBatch");
    assert_eq!(shown[0]["Entries"][0]["ReceiptHandle"], "r-1");
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
