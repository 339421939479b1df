use std::{error::Error, io, time::Duration};

use serde_json::json;

use super::{Answered, Running, answered, websand::transaction, with_json};

async fn post(running: &Running) -> reqwest::Result<Answered> {
    let request = running.request("POST", "/api/data/transaction", ("authorization", "Token key"));
    answered(with_json(request, Some(&transaction()))).await
}

/// The reason at the bottom of a failed call.
fn reset(error: &reqwest::Error) -> bool {
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::ConnectionReset) {
            return true;
        }
        cause = error.source();
    }
    false
}

fn posts(running: &Running) -> Option<u64> {
    running.sandbox.state()["websand"]["transactions"][0]["posts"].as_u64()
}

#[tokio::test]
async fn a_status_is_answered_instead_of_processing_with_body_and_retry_after() {
    let running = Running::with_faults(&["websand.transaction:status=503,times=1,retry-after=7,body={\"a\": 1}"]).await;
    let request = running.request("POST", "/api/data/transaction", ("authorization", "Token key"));
    let response = with_json(request, Some(&transaction())).send().await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"7".parse().unwrap()));
    assert_eq!(response.bytes().await.unwrap(), "{\"a\": 1}");
    assert_eq!(posts(&running), None);
    assert_eq!(post(&running).await.unwrap().0, 200);
    let outcomes: Vec<_> = running.sandbox.received(0).iter().map(|each| (each.status, each.processed)).collect();
    assert_eq!(outcomes, [(Some(503), false), (Some(200), true)]);
}

#[tokio::test]
async fn a_reset_before_processing_is_seen_as_a_reset_and_leaves_no_trace() {
    let running = Running::with_faults(&["websand.*:reset,times=1"]).await;
    assert!(reset(&post(&running).await.unwrap_err()));
    assert_eq!(posts(&running), None);
    let received = running.sandbox.received(0);
    assert_eq!((received[0].status, received[0].processed, &received[0].body), (None, false, &json!(null)));
    assert!(received[0].reset);
    assert_eq!(post(&running).await.unwrap().0, 200);
}

#[tokio::test]
async fn a_reset_after_processing_is_seen_as_a_reset_but_the_request_took_effect() {
    let running = Running::with_faults(&["websand.transaction:reset,when=after,times=1"]).await;
    assert!(reset(&post(&running).await.unwrap_err()));
    assert_eq!(posts(&running), Some(1));
    let received = running.sandbox.received(0);
    assert_eq!((received[0].status, received[0].processed, &received[0].body), (None, true, &transaction()));
    assert_eq!(post(&running).await.unwrap().0, 200);
    assert_eq!(posts(&running), Some(2));
}

#[tokio::test]
async fn a_server_error_may_hide_that_the_request_took_effect() {
    let running = Running::with_faults(&["*:status=502,when=after,times=1"]).await;
    assert_eq!(post(&running).await.unwrap().0, 502);
    assert_eq!(posts(&running), Some(1));
    assert!(running.sandbox.received(0)[0].processed);
}

#[tokio::test]
async fn garbage_is_a_success_that_cannot_be_read() {
    let running = Running::with_faults(&["*:garbage,when=after,times=1"]).await;
    let request = running.request("POST", "/api/data/transaction", ("authorization", "Token key"));
    let response = with_json(request, Some(&transaction())).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(serde_json::from_slice::<serde_json::Value>(&response.bytes().await.unwrap()).is_err());
}

/// Posts, and gives up as soon as the sandbox has come so far.
async fn abandon(running: &Running, so_far: impl Fn() -> bool) {
    let mut changes = running.sandbox.changes();
    tokio::select! {
        answer = post(running) => panic!("answered: {answer:?}"),
        reached = changes.wait_for(|_| so_far()) => drop(reached.unwrap()),
    }
}

#[tokio::test]
async fn a_hanging_request_is_answered_by_nobody_and_does_not_hold_up_the_shutdown() {
    let running = Running::with_faults(&["*:hang,when=after,times=1"]).await;
    abandon(&running, || posts(&running) == Some(1)).await;
    assert_eq!(post(&running).await.unwrap().0, 200);
    assert_eq!(running.sandbox.received(0)[0].status, None);
    tokio::time::timeout(Duration::from_secs(5), running.sandbox.shutdown()).await.unwrap();
}

#[tokio::test]
async fn whoever_gives_up_during_a_delay_has_taken_effect_only_if_it_comes_after_processing() {
    let before = Running::with_faults(&["*:delay-ms=600000,times=1"]).await;
    abandon(&before, || !before.sandbox.received(0).is_empty()).await;
    assert_eq!(posts(&before), None);
    let after = Running::with_faults(&["*:delay-ms=600000,when=after,times=1"]).await;
    abandon(&after, || posts(&after) == Some(1)).await;
}

#[tokio::test]
async fn a_patient_client_gets_its_answer_after_the_delay() {
    let running = Running::with_faults(&["*:delay-ms=50,times=1"]).await;
    let start = std::time::Instant::now();
    assert_eq!(post(&running).await.unwrap().0, 200);
    assert!(start.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn faults_are_ordered_shown_and_ended_at_run_time() {
    let running = Running::new().await;
    let order = json!([{ "call": "websand.transaction", "status": 429, "retry_after": 3 }]);
    let none = ("accept", "*/*");
    assert_eq!(running.call("POST", "/_sandbox/faults", none, Some(&order)).await.0, 200);
    assert_eq!(post(&running).await.unwrap().0, 429);
    let (_, shown) = running.call("GET", "/_sandbox/faults", none, None).await;
    assert_eq!((&shown[0]["status"], &shown[0]["struck"]), (&json!(429), &json!(1)));
    assert_eq!(running.call("DELETE", "/_sandbox/faults", none, None).await.0, 204);
    assert_eq!(post(&running).await.unwrap().0, 200);
    let wrong = json!([{ "call": "websand.transaction" }]);
    let (status, answer) = running.call("POST", "/_sandbox/faults", none, Some(&wrong)).await;
    assert_eq!(status, 400);
    assert!(answer["error"].as_str().unwrap().contains("say what happens"), "{answer}");
}
