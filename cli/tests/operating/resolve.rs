//! `resolve`.

use relay::ledger::{Attention, PendingPromotion, State};
use serde_json::{Value, json};

use super::world::{World, row};

async fn world() -> World {
    let world = World::new();
    let unknown = row("acme#websale#promotion#unknown", |row| {
        (row.state, row.attention) = (State::OutcomeUnknown, Some(Attention::OutcomeUnknown));
    });
    let asked = row("acme#websand#privacy#e1", |row| {
        (row.state, row.attention) = (State::Delivered, Some(Attention::DataRequest));
    });
    let parked = row("acme#websand#order#1", |row| {
        (row.state, row.attention) = (State::Parked, Some(Attention::Parked));
    });
    world.with(&[unknown, asked, parked], &[]).await;
    world
}

#[tokio::test]
async fn a_person_settles_what_only_a_person_can() {
    let world = world().await;
    let sent = world.run(&["resolve", "acme/promotion/unknown", "--as", "sent"]).await;
    assert_eq!((sent.code, sent.out.trim_end()), (0, "acme/promotion/unknown: closed."), "{sent:?}");
    let done = world.run(&["resolve", "acme/privacy/e1", "--as", "done", "--json"]).await;
    assert_eq!((done.code, done.json()["resolution"].as_str()), (0, Some("closed")), "{done:?}");
    let left = world.run(&["deliveries", "--json"]).await;
    let left = left.json();
    let left: Vec<_> = left["deliveries"].as_array().unwrap().iter().map(|row| row["subject"].as_str()).collect();
    assert_eq!(left, [Some("1")], "only what is parked still needs somebody");
}

#[tokio::test]
async fn a_chunk_goes_out_only_if_its_promotion_was_not_called_off() {
    let world = World::new();
    let pending = |plan: Value| {
        let revision = json!({"time": "2026-06-01T08:00:00Z", "received_at": "2026-06-01T08:00:00Z"});
        let pending = json!({"revision": revision, "channel": "personalised_push", "plan": plan});
        serde_json::from_value::<PendingPromotion>(pending).unwrap()
    };
    let chunks = |subject: &str, cancelled: bool| {
        let promotion = row(&format!("acme#websale#promotion#{subject}"), |row| {
            let plan = json!({"chunks": 3, "size": 2, "begun": 1, "cancelled": cancelled});
            (row.state, row.promotion) = (State::Sent, Some(pending(plan)));
        });
        let chunk = row(&format!("acme#websale#chunk#{subject}/1"), |row| {
            (row.state, row.attention) = (State::OutcomeUnknown, Some(Attention::OutcomeUnknown));
            row.promotion = Some(pending(Value::Null));
        });
        [promotion, chunk]
    };
    world.with(&[chunks("on", false), chunks("off", true)].concat(), &[]).await;
    let on = world.run(&["resolve", "acme/chunk/on/1", "--as", "not-sent"]).await;
    assert!(on.code == 0 && on.out.contains("goes out within a minute"), "{on:?}");
    let off = world.run(&["resolve", "acme/chunk/off/1", "--as", "not-sent"]).await;
    assert!(off.code == 0 && off.out.contains("called off, so it does not go out"), "{off:?}");
}

#[tokio::test]
async fn what_does_not_fit_changes_nothing_and_says_why() {
    let world = world().await;
    for (subject, finding, words) in [
        ("acme/promotion/unknown", "done", "--as sent or --as not-sent"),
        ("acme/order/1", "done", "dead-letter queue"),
        ("acme/privacy/e1", "sent", "no doubt"),
        ("acme/order/2", "done", "knows nothing"),
    ] {
        let ran = world.run(&["resolve", subject, "--as", finding]).await;
        assert!(ran.code == 1 && ran.err.contains(words), "{ran:?}");
    }
    assert_eq!(world.run(&["resolve", "acme/order/1"]).await.code, 2);
    let shown = world.run(&["show", "acme/promotion/unknown"]).await;
    assert!(shown.out.contains("nobody can say whether it was sent"), "{shown:?}");
}
