//! A worker may end at any call to a port, before or after the call was made. Whoever comes next ends the same way.

use std::{future::Future, pin::pin, task::Context};

use super::*;
use crate::destination::websale::stage::{Crash, Stage};

/// A town whose worker can be ended.
struct Doomed {
    town: Town,
    stage_ports: crate::ports::Ports,
    fuse: std::sync::Arc<crate::destination::websale::stage::Fuse>,
}

async fn doomed() -> Doomed {
    let Stage { world, fuse, ports, .. } = Stage::new();
    world.advance(3600);
    world.secret("acme/websand", json!({"account": "acme", "api_key": "key"}));
    let town = Town { world };
    let subject = town.customer_key(CANARY).await;
    town.happens(&order("e-1", "c-1", CANARY, 1), Fate::Delivered).await;
    town.happens(&order("e-2", "o-2", OTHER, 2), Fate::Delivered).await;
    let data = json!({"email": CANARY, "updated_at": time(3), "marketing_consent": true});
    town.happens(&message("e-3", "customer.updated", &subject, 3, &data), Fate::Delivered).await;
    town.handle(&promotion("e-4", "p-1", &[CANARY, OTHER], 4)).await;
    town.handle(&promotion("e-5", "p-2", &[CANARY], 5)).await;
    town.happens(&promotion("e-6", "p-3", &[CANARY, OTHER], 6), Fate::Waiting).await;
    town.happens(&order("e-7", "c-7", CANARY, 7), Fate::Waiting).await;
    town.park(&rejected("e-8", &format!("{{\"email\":\"{CANARY}\"}}"), 8));
    Doomed { town, stage_ports: ports, fuse }
}

fn request() -> Message {
    let data = json!({"person": {"email": CANARY, "orders": ["c-1"], "requested_at": time(30)}});
    message("e-erase", "customer.erase", "unused", 30, &data)
}

impl Doomed {
    fn crashes(&self, number: usize, crash: Crash) -> bool {
        self.fuse.set(number, crash);
        let forwarder = WebsandForwarder::new(self.stage_ports.clone(), self.town.world.config.clone());
        let mut handling = pin!(forwarder.handle(self.town.world.received(&request())));
        let mut context = Context::from_waker(std::task::Waker::noop());
        let crashed = loop {
            if handling.as_mut().poll(&mut context).is_ready() {
                break false;
            }
            if self.fuse.is_burnt() {
                break true;
            }
        };
        self.fuse.clear();
        crashed
    }

    /// What is left, without what differs from run to run.
    fn end(&self) -> Vec<String> {
        let normal = |row: Row| {
            let attempts = BTreeMap::new();
            let last_error = row.last_error.clone().map(|error| crate::ledger::LastError { at: time(0), ..error });
            let (version, write) = (0, String::new());
            let (first_at, last_at, expires_at) = (time(0), time(0), None);
            serde_json::to_string(&Row { version, write, attempts, last_error, first_at, last_at, expires_at, ..row })
                .unwrap()
        };
        let mut end: Vec<String> = self.town.rows().into_values().map(normal).collect();
        let contents = self.town.world.ledger.contents().into_iter();
        end.extend(contents.map(|(key, text)| if key.contains("|receipt|") { key } else { format!("{key}: {text}") }));
        end.extend(self.town.world.queue.sent.lock().unwrap().iter().map(Message::to_json));
        end.extend(self.town.world.queue.parked.lock().unwrap().iter().map(|letter| letter.body.clone()));
        end
    }
}

#[tokio::test]
async fn a_crash_at_any_call_changes_nothing_about_the_end() {
    let whole = doomed().await;
    assert_eq!(whole.town.handle(&request()).await, Settlement::Done);
    let expected = whole.end();
    assert!(!expected.join("\n").contains(CANARY));
    for crash in [Crash::Before, Crash::After] {
        let mut calls = 0;
        for number in 0.. {
            let doomed = doomed().await;
            if !doomed.crashes(number, crash) {
                break;
            }
            calls += 1;
            doomed.town.world.advance(200);
            let mut settlement = doomed.town.handle(&request()).await;
            for _ in 0..3 {
                if settlement != Settlement::Done {
                    doomed.town.world.advance(200);
                    settlement = doomed.town.handle(&request()).await;
                }
            }
            assert_eq!(settlement, Settlement::Done, "{crash:?} call {number}");
            assert_eq!(doomed.end(), expected, "{crash:?} call {number}");
        }
        assert!(calls > 20, "{calls}");
    }
}
