//! `promotion`: beside a host, and to a stack.

use std::sync::Arc;

use jiff::Timestamp;
use relay::{
    clock::SystemClock,
    event::{Channel, Event},
    ledger::{Due, Expected, Ledger, PendingPromotion, Poll, Purpose, Row, State, Steps},
    message::{Message, Payload},
    queue::{Place, Queue, Sweep, Verdict},
    shop::Destination,
};
use relay_sqlite::{SqliteLedger, SqliteQueue};
use serde_json::{Value, json};

use super::world::{HUSH, Ran, World, minutes, now, row};

mod watch;

/// The host of a shop in Berlin, quiet from 21 to 8, whose webhooks all come from a platform.
struct Shop {
    world: World,
    ledger: SqliteLedger,
    queue: SqliteQueue,
}

impl Shop {
    async fn new() -> Self {
        let world = World::new();
        let shops = json!({
            "shoprelay/acme/webhook": {"platform": "shopify", "signing_secrets": [HUSH], "time_zone": "Europe/Berlin",
                "quiet_hours": {"from": "21:00", "to": "08:00"}},
            "shoprelay/acme/websale": {"shop_id": "s", "subshop": "Deutsch", "username": "api", "password": HUSH},
            "shoprelay/mail/websand": {"account": "mail", "api_key": HUSH}});
        let file = world.file("shops.json", &shops.to_string());
        assert_eq!(world.run(&["shop", "add", "--file", &file]).await.code, 0);
        let store = world.host();
        let queue = SqliteQueue::new(store.clone(), Arc::new(SystemClock));
        Self { world, ledger: SqliteLedger::new(store), queue }
    }

    async fn run(&self, arguments: &[&str]) -> Ran {
        self.world.run(&[&["promotion"], arguments].concat()).await
    }

    /// Runs a command on a file with this document.
    async fn with(&self, command: &str, document: &Value, arguments: &[&str]) -> Ran {
        let file = self.world.file("promotion.json", &document.to_string());
        self.run(&[&[command, &file, "--shop", "acme"], arguments].concat()).await
    }

    /// What is on the queue, in order.
    async fn queued(&self) -> Vec<Message> {
        let messages = std::sync::Mutex::new(Vec::new());
        let judge = |entry: relay::queue::Entry<'_>| {
            messages.lock().unwrap().push(Message::from_json(entry.body).unwrap());
            Verdict::Keep
        };
        let sweep =
            Sweep { destination: Destination::Websale, place: Place::Waiting, judge: &judge, until: minutes(1) };
        self.queue.sweep(sweep).await.unwrap();
        messages.into_inner().unwrap()
    }

    async fn has(&self, id: &str, change: impl FnOnce(&mut Row)) {
        let row = row(&format!("acme#websale#promotion#{id}"), change);
        self.ledger.put(&row, Expected::Absent).await.unwrap();
    }
}

fn plan(channel: Channel, send_at: Timestamp) -> PendingPromotion {
    let revision = json!({"time": minutes(-10), "received_at": minutes(-10)});
    serde_json::from_value(json!({"revision": revision, "channel": channel, "send_at": send_at})).unwrap()
}

/// Waits until the 10th of June ten years ahead, at 8 in the morning of the shop.
fn waiting(row: &mut Row) {
    let at = "2036-06-10T06:00:00Z".parse().unwrap();
    row.state = State::Scheduled;
    row.promotion = Some(plan(Channel::Push, at));
    row.due = Some(Due { purpose: Purpose::Send, at });
}

/// Is going out: 640 of 1200.
fn going_out(row: &mut Row) {
    row.state = State::Sent;
    row.steps = Steps { sent: true, ..Steps::default() };
    row.promotion = Some(plan(Channel::PersonalisedPush, minutes(-5)));
    row.poll = Some(Poll { receivers: Some(1200), sent: Some(640), errors: Some(3), ..Poll::default() });
    row.due = Some(Due { purpose: Purpose::Poll, at: minutes(1) });
}

fn push() -> Value {
    json!({"type": "promotion.scheduled", "data": {"id": "summer", "channel": "push", "title": "Sale", "text": "20%",
        "send_at": "2036-06-10T08:00:00+02:00", "visible_until": "2036-06-20T00:00:00Z"}})
}

fn personalised() -> Value {
    json!({"id": "vip", "channel": "personalised_push", "name": "VIP", "title": "Hello ~A-FirstName~", "text": "For you",
        "send_at": "2036-06-10T08:00:00+02:00", "audience": {"connected": true, "emails": ["ann@example.org", "bob@example.org"]}})
}

#[tokio::test]
async fn a_promotion_is_checked_shown_and_queued_as_its_webhook_would_be() {
    let shop = Shop::new().await;
    let asked = shop.with("schedule", &push(), &[]).await;
    assert!(asked.code == 1 && asked.err.contains("everyone") && asked.err.contains("--yes"), "{asked:?}");
    let dry = shop.with("schedule", &push(), &["--dry-run", "--yes"]).await;
    assert!(dry.code == 0 && dry.out.contains("Tue 10 Jun 2036 08:00 Europe/Berlin"), "{dry:?}");
    assert!(shop.queued().await.is_empty());

    let ran = shop.with("schedule", &push(), &["--yes", "--json"]).await;
    let (answer, before) = (ran.json(), now());
    assert_eq!((ran.code, &answer["status"]), (0, &json!("queued")), "{ran:?}");
    assert_eq!(answer["plan"]["send_at_shop"], "Tue 10 Jun 2036 08:00 Europe/Berlin");
    let [message] = <[Message; 1]>::try_from(shop.queued().await).unwrap();
    assert_eq!(answer["id"], message.id);
    assert_eq!(message.row_key().unwrap().to_string(), "acme#websale#promotion#summer");
    assert!(message.time.unwrap() <= before && message.time.unwrap() > minutes(-1), "as new as now");
    assert_eq!(message.quiet_hours.unwrap().to_string(), "21:00-08:00 Europe/Berlin");

    // A promotion for some needs no question, and its data alone is enough.
    let ran = shop.world.run_on(&personalised().to_string(), &["promotion", "schedule", "-", "--shop", "acme"]).await;
    assert!(ran.code == 0 && ran.out.contains("connected true, emails 2") && ran.out.contains("acme/vip"), "{ran:?}");
    assert_eq!(shop.queued().await.len(), 2);
}

#[tokio::test]
async fn all_faults_are_named_and_nothing_is_queued() {
    let shop = Shop::new().await;
    let mut faulty = push();
    faulty["data"]["title"] = json!("Hello ~A-FirstName~");
    faulty["data"]["send_at"] = json!("tomorrow");
    let ran = shop.with("schedule", &faulty, &["--yes"]).await;
    assert!(ran.code == 1 && ran.err.contains("/data/title") && ran.err.contains("/data/send_at"), "{ran:?}");
    let ran = shop.with("schedule", &faulty, &["--yes", "--json"]).await;
    let pointers: Vec<_> = ran.json()["errors"].as_array().unwrap().iter().map(|e| e["pointer"].clone()).collect();
    assert!(ran.code == 1 && pointers.len() == 2 && pointers.contains(&json!("/data/send_at")), "{ran:?}");

    let mut quiet = push();
    quiet["data"]["send_at"] = json!("2036-06-10T07:59:59+02:00");
    let ran = shop.with("schedule", &quiet, &["--yes"]).await;
    assert!(ran.code == 1 && ran.err.contains("quiet hours, 21:00 to 08:00"), "{ran:?}");
    let mut past = push();
    past["data"]["send_at"] = json!("2020-06-10T12:00:00Z");
    let ran = shop.with("schedule", &past, &["--yes"]).await;
    assert!(ran.code == 1 && ran.err.contains("has passed"), "{ran:?}");
    for (text, words) in [("{", "not JSON: see line 1"), ("\n", "is empty"), ("\u{feff}[]", "must be an object")] {
        let file = shop.world.file("text.json", text);
        let ran = shop.run(&["schedule", &file, "--shop", "acme", "--yes"]).await;
        assert!(ran.code == 1 && ran.err.contains(words), "{ran:?}");
    }
    for (arguments, words) in [
        (["schedule", "/nowhere.json", "--shop", "acme"], "/nowhere.json"),
        (["cancel", "summer", "--shop", "mail"], "mail/websale"),
        (["cancel", "summer", "--shop", "nobody"], "nobody/websale"),
    ] {
        let ran = shop.run(&arguments).await;
        assert!(ran.code == 1 && ran.err.contains(words), "{ran:?}");
    }
    assert_eq!(shop.run(&["schedule", "x.json"]).await.code, 2, "whose?");
    assert!(shop.queued().await.is_empty());
}

#[tokio::test]
async fn what_nothing_would_come_of_is_not_queued() {
    let shop = Shop::new().await;
    shop.has("summer", waiting).await;
    shop.has("vip", going_out).await;
    let mut older = push();
    older["data"]["updated_at"] = json!("2026-01-01T00:00:00Z");
    let ran = shop.with("schedule", &older, &["--yes"]).await;
    assert!(ran.code == 1 && ran.err.contains("raise updated_at"), "{ran:?}");
    let ran = shop.with("schedule", &personalised(), &[]).await;
    assert!(ran.code == 1 && ran.err.contains("too late: it was sent"), "{ran:?}");
    let mut other = personalised();
    other["id"] = json!("summer");
    let ran = shop.with("schedule", &other, &[]).await;
    assert!(ran.code == 1 && ran.err.contains("it is a push already"), "{ran:?}");
    assert!(shop.queued().await.is_empty());
    let ran = shop.with("schedule", &push(), &["--yes"]).await;
    assert!(ran.code == 0 && ran.out.contains("takes the place of"), "{ran:?}");
}

#[tokio::test]
async fn a_promotion_is_called_off_and_it_is_said_what_comes_of_it() {
    let shop = Shop::new().await;
    shop.has("summer", waiting).await;
    shop.has("vip", going_out).await;
    shop.has("gone", |row| {
        waiting(row);
        (row.state, row.due) = (State::Cancelled, None);
    })
    .await;
    let cases = [
        (["cancel", "acme/summer", "--json"], 0, "queued", "does not go out"),
        (["cancel", "acme/vip", "--json"], 1, "queued", "too late"),
        (["cancel", "acme/gone", "--json"], 0, "already_cancelled", "called off"),
        (["cancel", "acme/never/heard", "--json"], 0, "queued", "knows nothing of it yet"),
    ];
    for (arguments, code, status, words) in cases {
        let ran = shop.run(&arguments).await;
        let answer = ran.json();
        assert_eq!((ran.code, &answer["status"]), (code, &json!(status)), "{ran:?}");
        assert!(answer["outlook"].as_str().unwrap().contains(words), "{ran:?}");
    }
    let subjects: Vec<_> = shop.queued().await.into_iter().map(|message| message.subject).collect();
    assert_eq!(subjects, ["summer", "vip", "never/heard"]);
    assert_eq!(shop.run(&["cancel", "summer"]).await.code, 1, "whose?");
}

#[tokio::test]
async fn a_trial_goes_to_one_address_only() {
    let shop = Shop::new().await;
    let ran = shop.with("test", &personalised(), &["--to", "Carol@Example.org", "--json"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let [message] = <[Message; 1]>::try_from(shop.queued().await).unwrap();
    let Payload::Event(Event::PromotionScheduled(promotion)) = &message.payload else { panic!("{message:?}") };
    let audience = serde_json::to_value(&promotion.audience).unwrap();
    assert_eq!(audience, json!({"connected": true, "emails": ["carol@example.org"]}));
    assert!(promotion.id.starts_with("test-") && promotion.id.ends_with("-vip"), "{}", promotion.id);
    assert_eq!(ran.json()["promotion"], promotion.id);
    assert_eq!(message.quiet_hours, None);
    assert!(promotion.send_at.unwrap() <= now());
    assert!(!ran.out.contains("carol") && !ran.err.contains("carol"), "{ran:?}");

    let refused = shop.with("test", &push(), &["--to", "carol@example.org"]).await;
    assert!(refused.code == 1 && refused.err.contains("a push goes to everybody"), "{refused:?}");
    assert_eq!(shop.with("test", &personalised(), &["--to", "carol"]).await.code, 2);
    assert_eq!(shop.with("test", &personalised(), &[]).await.code, 2);
    assert_eq!(shop.queued().await.len(), 1);
}
