//! Killed in the middle of its work and started again, the host loses nothing it accepted and repeats nothing that
//! cannot be undone.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use relay::{ledger::State, message::Kind, shop::Destination};
use relay_tests::{aws::http_client, host::Host, sandbox::Sandbox, shop, wait::until, webhook::Webhook};
use serde_json::{Value, json};
use tokio::{
    sync::{Mutex, watch},
    task::JoinSet,
};

const WEBHOOKS: usize = 500;
const KILLS: usize = 5;
/// A shop opens so many connections at the same time.
const AT_ONCE: usize = 10;

#[tokio::test(flavor = "multi_thread")]
async fn killed_five_times_amid_500_webhooks_it_loses_none_and_sends_no_push_twice() {
    // Slow destinations, so that there are always calls in flight when it is killed.
    let sandbox = Sandbox::start(&["--fault", "*:delay-ms=150"]).await;
    let mut host = Host::new(&shop::secrets("acme"));
    host.start(&sandbox).await;

    let (address, listening) = watch::channel(host.url().to_owned());
    let (accepted, mut progress) = watch::channel(0);
    let waiting = Arc::new(Mutex::new(webhooks()));
    let mut senders = JoinSet::new();
    for _ in 0..AT_ONCE {
        senders.spawn(send(waiting.clone(), listening.clone(), accepted.clone()));
    }
    let mut in_flight = BTreeSet::new();
    for kill in 1..=KILLS {
        progress.wait_for(|count| *count >= kill * WEBHOOKS / (KILLS + 1)).await.unwrap();
        // Work goes on between two kills: an event that was started five times and never came to an end is parked.
        let some = async || (sandbox.processed("websand.transaction").await.len() >= kill * 50).then_some(());
        until("some of it is delivered", some).await;
        host.kill();
        let leased = host.rows().await.into_iter().filter(|row| row.lease.is_some());
        in_flight.extend(leased.map(|row| (row.key.kind, row.key.subject)));
        host.start(&sandbox).await;
        address.send_replace(host.url().to_owned());
    }
    senders.join_all().await;
    assert_eq!(*accepted.borrow(), WEBHOOKS);

    settled(&host).await;
    let unknown = every_webhook_is_delivered(&host).await;
    assert!(unknown.is_subset(&in_flight), "only what was in flight at a kill may be unknown: {unknown:?}");
    assert!(in_flight.len() > KILLS, "it was killed amid its work: {in_flight:?}");
    let received = sandbox.received().await;
    for (name, times) in count(&received, "websale.personalised", |body| &body["name"]) {
        assert_eq!(times, 1, "the personalised push {name} was sent {times} times");
    }
    for (id, times) in count(&received, "websand.transaction", |body| &body["transaction"]["_id"]) {
        let order = (Kind::Order, id.strip_prefix("acme-").unwrap().to_owned());
        assert!(times == 1 || in_flight.contains(&order), "{id} was posted {times} times, but not in flight at a kill");
    }
}

/// 400 orders, 40 updates of them, 20 customers, 20 personalised pushes and 20 news, mixed; each with its endpoint.
fn webhooks() -> Vec<(&'static str, Webhook)> {
    // 271 and 500 have no common factor, so every number comes once.
    (0..WEBHOOKS).map(|position| webhook(position * 271 % WEBHOOKS)).collect()
}

fn webhook(number: usize) -> (&'static str, Webhook) {
    let (endpoint, kind, data) = match number {
        0..400 => ("order-placed", "order.placed", order(number, 0)),
        400..440 => ("order-updated", "order.updated", order(number - 400, 1)),
        440..460 => {
            let customer = json!({"email": format!("customer-{number}@example.org"), "marketing_consent": true,
                "consent_at": "2026-01-05T10:30:00Z", "updated_at": "2026-01-05T10:30:00Z"});
            ("customer-updated", "customer.updated", customer)
        }
        460..480 => {
            let push = json!({"id": format!("push-{number}"), "updated_at": "2026-01-05T10:30:00Z",
                "channel": "personalised_push", "name": format!("push-{number}"), "title": "Hello", "text": "Look",
                "audience": "everyone"});
            ("promotion-scheduled", "promotion.scheduled", push)
        }
        _ => {
            let news = json!({"id": format!("news-{number}"), "updated_at": "2026-01-05T10:30:00Z", "channel": "news",
                "title": "News", "text": "Look", "visible_until": "2036-01-01T00:00:00Z"});
            ("promotion-scheduled", "promotion.scheduled", news)
        }
    };
    (endpoint, Webhook::canonical(&format!("webhook-{number}"), kind, &data))
}

fn order(number: usize, minute: usize) -> Value {
    json!({"id": format!("order-{number}"), "placed_at": "2026-01-05T10:30:00Z",
        "updated_at": format!("2026-01-05T10:3{minute}:00Z"), "status": if minute == 0 { "placed" } else { "paid" },
        "customer": {"email": format!("buyer-{number}@example.org")},
        "items": [{"name": "Blue mug"}], "total": {"amount": "19.98", "currency": "EUR"}})
}

/// Sends one webhook after the other, each again and again until it is accepted, as shops do.
async fn send(
    waiting: Arc<Mutex<Vec<(&'static str, Webhook)>>>,
    mut address: watch::Receiver<String>,
    accepted: watch::Sender<usize>,
) {
    let http = http_client();
    while let Some((endpoint, webhook)) = { waiting.lock().await.pop() } {
        loop {
            let host = address.borrow_and_update().clone();
            match webhook.try_post(&http, &format!("{host}/webhooks/acme/{endpoint}"), None).await {
                Ok(answer) if answer.status == 202 => break,
                Ok(answer) => panic!("{answer:?}"),
                // It was killed; its next run has another port.
                Err(_) => address.changed().await.unwrap(),
            }
        }
        accepted.send_modify(|count| *count += 1);
    }
}

/// Waits until nothing is left to do.
async fn settled(host: &Host) {
    until("everything is settled", async || {
        for destination in Destination::ALL {
            if host.queued(destination).await.0 > 0 {
                return None;
            }
        }
        host.rows().await.iter().all(|row| row.state.is_final()).then_some(())
    })
    .await;
}

/// Asserts that every webhook's subject was delivered, or is a push whose outcome nobody knows; gives those.
async fn every_webhook_is_delivered(host: &Host) -> BTreeSet<(Kind, String)> {
    let rows = host.rows().await;
    let states: BTreeMap<_, _> = rows.iter().map(|row| ((row.key.kind, row.key.subject.as_str()), row.state)).collect();
    let orders = (0..400).map(|number| (Kind::Order, format!("order-{number}")));
    let pushes = (460..480).map(|number| (Kind::Promotion, format!("push-{number}")));
    let news = (480..500).map(|number| (Kind::Promotion, format!("news-{number}")));
    let mut unknown = BTreeSet::new();
    for (kind, subject) in orders.chain(pushes).chain(news) {
        match states.get(&(kind, subject.as_str())) {
            Some(State::Delivered) => {}
            Some(State::OutcomeUnknown) if subject.starts_with("push-") => {
                unknown.insert((kind, subject));
            }
            _ => panic!("{subject} was accepted: {:#?}", rows.iter().find(|row| row.key.subject == subject)),
        }
    }
    let decisions = rows.iter().filter(|row| row.key.kind == Kind::Consent && row.state == State::Delivered);
    assert_eq!(decisions.count(), 20);
    unknown
}

/// How often each subject was received by a call, as far as its body arrived.
fn count<'r>(received: &'r [Value], call: &str, subject: impl Fn(&'r Value) -> &'r Value) -> BTreeMap<&'r str, usize> {
    let bodies = received.iter().filter(|request| request["call"] == call).map(|request| &request["body"]);
    bodies.filter_map(|body| subject(body).as_str()).fold(BTreeMap::new(), |mut counts, subject| {
        *counts.entry(subject).or_default() += 1;
        counts
    })
}
