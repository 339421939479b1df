use relay::ledger::Due;
use serde_json::{Value, json};

use super::*;
use crate::testing::{Canned, Server, refusal};

fn row(version: u64, write: &str) -> Row {
    let now: Timestamp = "2026-11-21T10:15:00Z".parse().unwrap();
    let key = "acme#websale#promotion#summer-2026".parse().unwrap();
    Row { version, write: write.to_owned(), ..Row::new(key, now) }
}

fn due(row: Row, at: &str) -> Row {
    Row { due: Some(Due { purpose: Purpose::Send, at: at.parse().unwrap() }), ..row }
}

/// The row as DynamoDB's JSON shows its item.
fn shown(row: &Row) -> Value {
    json!({"pk": {"S": row.key.to_string()}, "row": {"S": serde_json::to_string(row).unwrap()}})
}

fn ledger(server: &Server) -> DynamoLedger {
    DynamoLedger::new(server.config().dynamodb(), "relay-ledger")
}

#[tokio::test]
async fn a_row_is_stored_only_over_the_version_it_was_made_from() {
    let server = Server::answering([Canned::Json(200, json!({})), Canned::Json(200, json!({}))]);
    let ledger = ledger(&server);
    let row = due(row(8, "token"), "2026-12-01T08:00:00Z");
    assert!(matches!(ledger.put(&row, Expected::Version(7)).await, Ok(Put::Stored)));
    assert!(matches!(ledger.put(&row, Expected::Absent).await, Ok(Put::Stored)));
    let (over, new) = (&server.asked()[0], &server.asked()[1]);
    assert_eq!(over.0, "PutItem");
    assert_eq!(over.1["ConditionExpression"], "v = :expected");
    assert_eq!(over.1["ExpressionAttributeValues"], json!({":expected": {"N": "7"}}));
    assert_eq!(over.1["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
    assert_eq!(over.1["Item"]["v"], json!({"N": "8"}));
    assert_eq!(over.1["Item"]["due_at"], json!({"N": "1796112000000"}));
    assert!(over.1["Item"]["due_shard"]["S"].as_str().unwrap().starts_with("send#"));
    assert_eq!(new.1["ConditionExpression"], "attribute_not_exists(pk)");
}

#[tokio::test]
async fn a_row_that_is_not_due_stays_out_of_the_index_and_one_that_may_go_has_a_ttl() {
    let server = Server::answering([Canned::Json(200, json!({}))]);
    let expires = "2027-03-01T00:00:00.9Z".parse().unwrap();
    let row = Row { expires_at: Some(expires), ..row(1, "token") };
    ledger(&server).put(&row, Expected::Absent).await.unwrap();
    let item = &server.asked()[0].1["Item"];
    assert!(item.get("due_shard").is_none() && item.get("due_at").is_none(), "{item}");
    assert_eq!(item["ttl"], json!({"N": "1803859200"}));
}

#[tokio::test]
async fn a_failed_condition_tells_the_stored_row_unless_it_is_our_own_write() {
    let failed = |item: Option<Value>| {
        let mut body = json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"});
        body.as_object_mut().unwrap().extend(item.map(|item| ("Item".to_owned(), item)));
        Canned::Json(400, body)
    };
    let theirs = row(8, "theirs");
    let server = Server::answering([failed(Some(shown(&theirs))), failed(Some(shown(&row(8, "ours")))), failed(None)]);
    let ledger = ledger(&server);
    let ours = row(8, "ours");
    let Ok(Put::Conflict(Some(stored))) = ledger.put(&ours, Expected::Version(7)).await else { panic!("no conflict") };
    assert_eq!(*stored, theirs);
    assert!(matches!(ledger.put(&ours, Expected::Version(7)).await, Ok(Put::Stored)));
    assert!(matches!(ledger.put(&ours, Expected::Version(7)).await, Ok(Put::Conflict(None))));
}

#[tokio::test]
async fn a_row_is_deleted_only_as_it_was_seen_or_if_it_is_gone() {
    let theirs = row(8, "theirs");
    let failed = json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
        "Item": shown(&theirs)});
    let server = Server::answering([Canned::Json(200, json!({})), Canned::Json(400, failed)]);
    let ledger = ledger(&server);
    assert_eq!(ledger.delete(&theirs.key, 7).await, Ok(None));
    assert_eq!(ledger.delete(&theirs.key, 7).await, Ok(Some(theirs.clone())));
    let (operation, input) = &server.asked()[0];
    assert_eq!((operation.as_str(), &input["Key"]), ("DeleteItem", &json!({"pk": {"S": theirs.key.to_string()}})));
    assert_eq!(input["ConditionExpression"], "attribute_not_exists(pk) OR v = :expected");
    assert_eq!(input["ExpressionAttributeValues"], json!({":expected": {"N": "7"}}));
    assert_eq!(input["ReturnValuesOnConditionCheckFailure"], "ALL_OLD");
}

#[tokio::test]
async fn whoever_was_forgotten_is_in_the_index_and_has_no_end() {
    let server = Server::answering([Canned::Json(200, json!({}))]);
    let tomb = Row { erased_at: Some("2026-11-21T10:15:00Z".parse().unwrap()), ..row(1, "token") };
    ledger(&server).put(&tomb, Expected::Absent).await.unwrap();
    let item = &server.asked()[0].1["Item"];
    assert!(item["due_shard"]["S"].as_str().unwrap().starts_with("erased#") && item.get("ttl").is_none(), "{item}");
    assert_eq!(item["due_at"], json!({"N": "1795256100000"}));
}

#[tokio::test]
async fn a_refusal_says_what_dynamodb_said() {
    let server = Server::answering([refusal("AccessDeniedException", "not authorized to perform: dynamodb:GetItem")]);
    let error = ledger(&server).get(&row(1, "token").key).await.unwrap_err();
    assert_eq!(error.0, "AccessDeniedException: not authorized to perform: dynamodb:GetItem");
}

#[tokio::test]
async fn a_row_is_read_consistently() {
    let stored = row(3, "token");
    let server = Server::answering([Canned::Json(200, json!({"Item": shown(&stored)})), Canned::Json(200, json!({}))]);
    let ledger = ledger(&server);
    assert_eq!(ledger.get(&stored.key).await, Ok(Some(stored.clone())));
    assert_eq!(ledger.get(&stored.key).await, Ok(None));
    assert_eq!(server.asked()[0].1["ConsistentRead"], true);
}

#[tokio::test]
async fn due_rows_come_from_all_partitions_the_longest_due_first() {
    let rows = ["08:30", "08:10", "08:40", "08:20"].map(|time| due(row(1, time), &format!("2026-12-01T{time}:00Z")));
    let page = |row: &Row| Canned::Json(200, json!({"Items": [shown(row)], "Count": 1}));
    let server = Server::answering(rows.iter().map(page));
    let until = "2026-12-01T09:00:00Z".parse().unwrap();
    let found = ledger(&server).due(Purpose::Send, until, 3).await.unwrap();
    assert_eq!(found.iter().map(|row| row.write.as_str()).collect::<Vec<_>>(), ["08:10", "08:20", "08:30"]);
    let mut partitions: Vec<_> = server
        .asked()
        .iter()
        .map(|(_, input)| input["ExpressionAttributeValues"][":partition"]["S"].as_str().unwrap().to_owned())
        .collect();
    partitions.sort();
    assert_eq!(partitions, ["send#0", "send#1", "send#2", "send#3"]);
}

#[tokio::test]
async fn a_scan_reads_pages_until_it_has_enough() {
    let page = |write: &str| {
        Canned::Json(200, json!({"Items": [shown(&row(1, write))], "LastEvaluatedKey": {"pk": {"S": write}}}))
    };
    let server = Server::answering([
        page("a"),
        Canned::Json(200, json!({"LastEvaluatedKey": {"pk": {"S": "b"}}})),
        page("c"),
        page("d"),
    ]);
    let found = ledger(&server).scan("acme#", 2).await.unwrap();
    assert_eq!(found.iter().map(|row| row.write.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!(server.asked().len(), 3);
    assert_eq!(server.asked()[1].1["ExclusiveStartKey"], json!({"pk": {"S": "a"}}));
    assert_eq!(server.asked()[0].1["ExpressionAttributeValues"], json!({":prefix": {"S": "acme#"}}));
}

#[tokio::test]
async fn a_page_says_where_the_next_one_begins() {
    let first = json!({"Items": [], "LastEvaluatedKey": {"pk": {"S": "acme#a"}}});
    let server =
        Server::answering([Canned::Json(200, first), Canned::Json(200, json!({"Items": [shown(&row(1, "b"))]}))]);
    let ledger = ledger(&server);
    let page = ledger.scan_page("acme#", None).await.unwrap();
    assert_eq!((page.rows.len(), page.next.as_deref()), (0, Some("acme#a")));
    let page = ledger.scan_page("acme#", page.next.as_deref()).await.unwrap();
    assert_eq!((page.rows.len(), page.next), (1, None));
    assert_eq!(server.asked()[1].1["ExclusiveStartKey"], json!({"pk": {"S": "acme#a"}}));
}

#[tokio::test]
async fn content_is_kept_in_parts_that_fit_an_item() {
    let server = Server::answering([
        Canned::Json(200, json!({})),
        Canned::Json(200, json!({"Item": {"content": {"B": "AAEC"}}})),
    ]);
    let ledger = ledger(&server);
    let part = PartId { row: row(1, "token").key, content: "c1".into(), number: 0 };
    ledger.put_part(&part, &[0, 1, 2], Timestamp::from_second(1_780_000_000).unwrap()).await.unwrap();
    assert_eq!(ledger.get_part(&part).await, Ok(Some(vec![0, 1, 2])));
    assert!(ledger.put_part(&part, &vec![0; PART_BYTES + 1], Timestamp::MAX).await.is_err());
    let asked = server.asked();
    assert_eq!(asked.len(), 2, "a part that is too large is not even tried");
    assert_eq!(asked[0].1["Item"]["pk"]["S"], "acme#websale#promotion#summer-2026|c1|0");
    assert_eq!(asked[0].1["Item"]["ttl"]["N"], "1780000000", "content is personal data and goes by itself");
}
