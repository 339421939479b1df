//! Messages of the queue.

use relay::clock::{Clock, SystemClock};
use relay_tests::{sandbox::Sandbox, stack::Stack, wait::until};
use serde_json::{Value, json};

use super::invocation;

#[tokio::test]
async fn of_a_batch_only_the_message_to_retry_comes_back_and_what_cannot_be_sent_is_parked() {
    let stack = Stack::shared().await;
    let calm = Sandbox::start(&[]).await;
    let busy = Sandbox::start(&["--fault", "websand.transaction:status=503"]).await;
    let strict = Sandbox::start(&["--fault", "websand.transaction:status=422,body=this is not an order"]).await;
    for (shop, websand) in [("calm", &calm), ("busy", &busy), ("strict", &strict)] {
        stack.add_shop(shop, websand).await;
    }
    let result = stack.invoke("websand-forwarder", &sent_now(invocation("queue.json"))).await;
    assert_eq!(
        result["batchItemFailures"],
        json!([{"itemIdentifier": "11111111-0000-4000-8000-000000000002"}]),
        "only the message of the shop whose Websand is busy: {result}"
    );
    assert_eq!(calm.processed("websand.transaction").await[0]["subject"]["_id"], "calm-A-1");
    let row = stack.row("strict#websand#order#C-1").await.unwrap();
    assert_eq!((&row["state"], row["attention"].is_null()), (&json!("parked"), false), "{row}");
    assert_eq!(stack.row("busy#websand#order#B-1").await.unwrap()["state"], "open");

    let letter = dead_letter(stack, |body| body.contains("\"C-1\"")).await;
    let attribute = |name: &str| letter["MessageAttributes"][name]["StringValue"].clone();
    assert_eq!(attribute("reason"), "permanent", "{letter}");
    assert_eq!((attribute("shop"), attribute("destination")), (json!("strict"), json!("websand")), "{letter}");
    assert_eq!(attribute("status"), "422", "{letter}");
    dead_letter(stack, |body| body == "not JSON").await;
}

/// The batch as if its messages had been sent this moment: retrying ends 72 hours after.
fn sent_now(mut batch: Value) -> Value {
    for record in batch["Records"].as_array_mut().unwrap() {
        record["attributes"]["SentTimestamp"] = json!(SystemClock.now().as_millisecond().to_string());
    }
    batch
}

/// The dead letter whose body fits; others stay.
async fn dead_letter(stack: &Stack, fits: impl Fn(&str) -> bool) -> Value {
    let find = async || {
        let mut messages = stack.messages("websand-dlq").await.into_iter();
        messages.find(|message| fits(message["Body"].as_str().unwrap()))
    };
    until("the dead letter is there", find).await
}
