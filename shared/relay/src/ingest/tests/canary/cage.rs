//! Everything between a shop and its destinations, in memory.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{echo::Echo, samples::Sample};
use crate::{
    forward::{
        WebsaleForwarder, WebsandForwarder,
        testing::{START, World},
    },
    ingest::{Ingest, tests::NOW},
};

pub(super) struct Cage {
    pub(super) world: World,
    pub(super) echo: Arc<Echo>,
    pub(super) ingest: Ingest,
    pub(super) websand: WebsandForwarder,
    pub(super) websale: WebsaleForwarder,
}

impl Cage {
    pub(super) fn new(sample: &Sample) -> Self {
        let mut world = World::new();
        world.advance(NOW - START);
        let echo = Arc::new(Echo::new(&sample.objects));
        world.ports.http = echo.clone();
        world.secret("acme/webhook", sample.secret());
        let withdrawn = json!({"field": "marketing_consent", "value": "marketing_consent_false"});
        world.secret(
            "acme/websand",
            json!({"account": "acme", "api_key": "Kanarienvogel7f3a-key", "consent": {"withdrawn": withdrawn}}),
        );
        world.secret(
            "acme/websale",
            json!({"shop_id": "acme", "subshop": "Deutsch", "username": "invented", "password": "Kanarienvogel7f3a"}),
        );
        world.secret("acme/platform", sample.entry.get("platform").cloned().unwrap_or(Value::Null));
        let ports = world.ports.clone();
        Self {
            echo,
            ingest: Ingest { secrets: ports.secrets.clone(), queue: ports.queue.clone(), clock: ports.clock.clone() },
            websand: WebsandForwarder::new(ports.clone(), world.config.clone()),
            websale: WebsaleForwarder::new(ports, world.config.clone()),
            world,
        }
    }

    /// What the ledger keeps, and what stands outside of dead letters' bodies. The content of promotions is kept on
    /// purpose, in a place of its own.
    pub(super) fn kept(&self) -> Vec<(&'static str, String)> {
        let rows = self.world.ledger.rows();
        let rows = rows.values().map(|row| format!("{row:?} {}", serde_json::to_string(row).unwrap()));
        let letters = self.world.queue.parked.lock().unwrap().clone();
        let letters = letters.iter().map(|letter| {
            let rejected = crate::message::Message::from_json(&letter.body).map(|message| format!("{message:?}"));
            format!("{:?} {:?} {:?} {letter:?} {rejected:?}", letter.reason, letter.status, letter.detail)
        });
        rows.map(|row| ("row", row)).chain(letters.map(|letter| ("letter", letter))).collect()
    }
}
