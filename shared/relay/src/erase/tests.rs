//! What is left of a person, and of everybody else.

use std::{collections::BTreeMap, io::Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{
    forward::{
        WebsaleForwarder, WebsandForwarder,
        testing::{START, World, answer},
    },
    ledger::{Row, State},
    message::{Message, Person},
    queue::{DeadLetter, Handler, Settlement},
    shop::Destination,
};

mod crash;
mod lock;
mod shop;
mod story;
mod walk;

pub(super) const CANARY: &str = "canary@example.com";
pub(super) const OTHER: &str = "other@example.com";

/// A world in which two people buy, and a shop sends pushes to them.
pub(super) struct Town {
    pub(super) world: World,
}

/// What becomes of a message.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    /// It is delivered.
    Delivered,
    /// It is tried in vain, and waits.
    Failing,
    /// It is given up.
    Refused,
    /// It waits for its first try.
    Waiting,
}

pub(super) fn time(minute: i64) -> Timestamp {
    Timestamp::from_second(START + 60 * minute).unwrap()
}

pub(super) fn message(id: &str, kind: &str, subject: &str, minute: i64, data: &Value) -> Message {
    let envelope = json!({
        "specversion": "1.0", "id": id, "source": "/shops/acme/shopify", "type": format!("shoprelay.{kind}"),
        "subject": subject, "time": time(minute), "receivedat": time(minute), "datacontenttype": "application/json",
        "data": data,
    });
    Message::from_json(&envelope.to_string()).unwrap()
}

pub(super) fn order(event: &str, id: &str, email: &str, minute: i64) -> Message {
    let customer = json!({"id": format!("c-{email}").replace('@', "-"), "email": email, "marketing_consent": true});
    let data = json!({
        "id": id, "placed_at": time(minute), "updated_at": time(minute), "customer": customer, "number": format!("#{id}"),
        "items": [{"name": "Awesome Thing"}], "total": {"amount": "19.99", "currency": "EUR"},
    });
    message(event, "order.placed", id, minute, &data)
}

pub(super) fn promotion(event: &str, id: &str, emails: &[&str], minute: i64) -> Message {
    let data = json!({
        "id": id, "updated_at": time(minute), "channel": "personalised_push", "name": "Hello", "title": "Hello",
        "text": "Today", "send_at": time(60 * 24), "audience": {"connected": true, "emails": emails},
    });
    message(event, "promotion.scheduled", id, minute, &data)
}

pub(super) fn rejected(event: &str, body: &str, minute: i64) -> Message {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body.as_bytes()).unwrap();
    let data = json!({
        "reason": "unmappable", "detail": "", "topic": "orders/create", "endpoint": "order-placed", "headers": {},
        "data_base64": STANDARD.encode(encoder.finish().unwrap()),
    });
    message(event, "webhook.rejected", event, minute, &data)
}

pub(super) fn person(email: &str, minute: i64) -> Person {
    let customer_id = Some(format!("c-{email}").replace('@', "-"));
    Person { email: Some(email.parse().unwrap()), customer_id, orders: Vec::new(), requested_at: time(minute) }
}

impl Town {
    pub(super) fn new() -> Self {
        let world = World::new();
        // Everything that is told of was before now.
        world.advance(3600);
        world.secret("acme/websand", json!({"account": "acme", "api_key": "key"}));
        let account = json!({"shop_id": "a", "subshop": "Deutsch", "username": "ann", "password": "p"});
        world.secret("acme/websale", account);
        Self { world }
    }

    pub(super) async fn handle(&self, message: &Message) -> Settlement {
        let (ports, config) = (self.world.ports.clone(), self.world.config.clone());
        let received = self.world.received(message);
        match message.destination() {
            Destination::Websand => WebsandForwarder::new(ports, config).handle(received).await,
            Destination::Websale => WebsaleForwarder::new(ports, config).handle(received).await,
        }
    }

    pub(super) async fn happens(&self, message: &Message, fate: Fate) {
        let answers = |status| self.world.http.will(Ok(answer(status, &json!({}))));
        match fate {
            Fate::Waiting => {}
            Fate::Delivered => assert_eq!(self.handle(message).await, Settlement::Done),
            Fate::Failing | Fate::Refused if message.destination() == Destination::Websale => {}
            Fate::Failing => answers(503),
            Fate::Refused => answers(422),
        }
        match fate {
            Fate::Delivered => {}
            Fate::Waiting => self.world.queue.sent.lock().unwrap().push(message.clone()),
            Fate::Failing | Fate::Refused if message.destination() == Destination::Websale => self.park(message),
            Fate::Failing | Fate::Refused => {
                if let Settlement::Back { .. } = self.handle(message).await {
                    self.world.queue.sent.lock().unwrap().push(message.clone());
                }
            }
        }
        self.world.http.forget_answers();
        self.world.advance(4000);
    }

    pub(super) fn park(&self, message: &Message) {
        let letter = DeadLetter {
            shop: Some(message.shop.clone()),
            destination: message.destination(),
            body: message.to_json(),
            reason: "permanent".into(),
            status: None,
            detail: None,
        };
        self.world.queue.parked.lock().unwrap().push(letter);
    }

    pub(super) async fn walk(&self, whose: Whose, reach: Reach, deletes: bool) -> Receipt {
        let key = self.world.ports.secrets.installation().await.unwrap();
        let ports = &self.world.ports;
        let at = Surroundings {
            ledger: &*ports.ledger,
            queue: &*ports.queue,
            clock: &*ports.clock,
            random: &*ports.random,
            key: &key,
        };
        let request = Request { shop: "acme".parse().unwrap(), whose, reach };
        let until = ports.clock.now() + jiff::SignedDuration::from_mins(1);
        let outcome = if deletes {
            forget(at, &request, Progress::default(), until).await
        } else {
            list(at, &request, Progress::default(), until).await
        };
        match outcome.unwrap() {
            Outcome::Done(receipt) => receipt,
            Outcome::Later { progress, .. } => panic!("{progress:?}"),
        }
    }

    pub(super) async fn customer_key(&self, email: &str) -> String {
        self.world.ports.secrets.installation().await.unwrap().customer_key(&email.parse().unwrap())
    }

    pub(super) fn rows(&self) -> BTreeMap<String, Row> {
        let mut rows = self.world.ledger.rows();
        rows.retain(|_, row| row.key.kind != crate::message::Kind::Connection);
        rows
    }

    /// Everything that is stored, as text, bodies unpacked; without the row with this key.
    pub(super) fn dump(&self, but: &str) -> String {
        let rows = self.rows().into_iter().filter(|(key, _)| key != but);
        let mut dump: Vec<String> = rows.map(|(_, row)| serde_json::to_string(&row).unwrap()).collect();
        dump.extend(self.world.ledger.contents().into_iter().map(|(key, content)| format!("{key}: {content}")));
        dump.extend(self.world.queue.sent.lock().unwrap().iter().map(Message::to_json));
        for letter in self.world.queue.parked.lock().unwrap().iter() {
            dump.push(letter.body.clone());
            let document: Value = serde_json::from_str(&letter.body).unwrap();
            if let Some(data) = document["data"]["data_base64"].as_str() {
                let packed = STANDARD.decode(data).unwrap();
                dump.push(std::io::read_to_string(flate2::read::GzDecoder::new(packed.as_slice())).unwrap());
            }
        }
        dump.join("\n")
    }
}
