//! What a backfill queues, and what the forwarder makes of it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::{
    forward::{WebsandForwarder, testing::World},
    message::Payload,
    queue::Handler,
    secret::{InstallationKey, parse},
    shop::Platform,
};

mod decide;
mod mapping;
mod rounds;

/// The shop's webhook secret, of sources without secrets of their own.
fn webhook(settings: &Value) -> Arc<WebhookSecret> {
    Arc::new(parse(settings).unwrap())
}

fn canonical() -> Arc<WebhookSecret> {
    webhook(
        &json!({"platform": "canonical", "signing_secrets": ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="]}),
    )
}

fn key() -> Arc<InstallationKey> {
    Arc::new(parse(&json!({"key": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="})).unwrap())
}

fn entries(secret: &WebhookSecret, platform: Option<Platform>) -> Entries {
    Entries::new("acme".parse().unwrap(), secret, key(), platform)
}

/// An order of January, as of this minute.
fn order(id: &str, minute: u32, status: &str) -> Value {
    json!({"type": "order.placed", "data": {"id": id, "placed_at": "2026-01-05T10:00:00Z",
        "updated_at": format!("2026-01-05T10:{minute:02}:00Z"), "status": status,
        "customer": {"email": format!("buyer-of-{id}@example.org")},
        "items": [{"name": "Blue mug"}], "total": {"amount": "19.98", "currency": "EUR"}}})
}

/// A shop with a backfill's hands on it.
struct Shop {
    world: World,
    entries: Entries,
    backfill: Backfill,
}

impl Shop {
    fn new(websand: &Value) -> Self {
        let world = World::new();
        let mut secret = json!({"account": "acme", "api_key": "invented"});
        secret.as_object_mut().unwrap().extend(websand.as_object().unwrap().clone());
        world.secret("acme/websand", secret.clone());
        let backfill = Backfill {
            ledger: world.ledger.clone(),
            queue: world.queue.clone(),
            clock: world.clock.clone(),
            random: world.ports.random.clone(),
            webhook: canonical(),
            websand: Arc::new(parse(&secret).unwrap()),
            force: None,
        };
        Self { world, entries: entries(&canonical(), None), backfill }
    }

    fn deliverable(&self, object: &Value) -> Deliverable {
        match self.entries.read(object, self.world.ports.clock.now()) {
            Entry::Deliverable(entry) => *entry,
            _ => panic!("{object} is deliverable"),
        }
    }

    /// Runs over a file; returns how many messages it queued.
    async fn run(&self, objects: &[Value]) -> usize {
        let mut newest = Newest::default();
        for (number, object) in objects.iter().enumerate() {
            newest.note(&self.deliverable(object), number as u64);
        }
        let mut queued = 0;
        for number in newest.numbers() {
            let entry = self.deliverable(&objects[usize::try_from(number).unwrap()]);
            if let Step::Queue(due) = self.backfill.look(entry).await.unwrap() {
                self.backfill.queue(*due).await.unwrap();
                queued += 1;
            }
        }
        queued
    }

    /// Delivers what is on the queue, and a second time what is delivered twice by the queue.
    async fn deliver(&self) {
        let forwarder = WebsandForwarder::new(self.world.ports.clone(), self.world.config.clone());
        let sent: Vec<Message> = std::mem::take(&mut *self.world.queue.sent.lock().unwrap());
        for message in sent.iter().chain(sent.first()) {
            forwarder.handle(self.world.received(message)).await;
        }
    }

    /// The `_id`s of the transactions that Websand got.
    fn posted(&self) -> Vec<String> {
        let seen = self.world.http.seen();
        seen.iter().filter_map(|seen| seen.body["transaction"]["_id"].as_str()).map(str::to_owned).collect()
    }
}
