//! Shops and their webhooks: sent again until they are answered.

use ::http::Request;
use bytes::Bytes;
use jiff::SignedDuration;
use relay::{
    ingest::Ingest,
    standard_webhooks::{headers, key},
};

use super::{Host, Outcome};
use crate::{
    scenario::{Hook, KEY},
    world::Event,
};

/// What a shop hears of its webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// It is taken.
    Taken,
    /// It is faulty: sending it again is of no use.
    Faulty,
    /// Neither.
    Trouble,
}

/// After this time a webhook without an answer is sent again.
pub(super) const AGAIN: SignedDuration = SignedDuration::from_mins(5);

impl Host {
    pub(super) fn receive(&mut self, index: usize, hook: &Hook) {
        if self.accepted.contains(&index) || self.refused.contains(&index) {
            return;
        }
        self.world.state().after(AGAIN, Event::Arrive(index));
        if self.only.is_some_and(|only| self.world.state().is_dead(only)) {
            return;
        }
        let (process, ports) = self.process();
        let ingest = Ingest { secrets: ports.secrets, queue: ports.queue, clock: ports.clock };
        let Some(request) = self.request(hook) else { return };
        let world = self.world.clone();
        self.start(process, SignedDuration::from_secs(3), async move {
            let answer = ingest.receive(None, request).await;
            world.state().note(|| format!("webhook {index} answered: {:?}", answer.receipt));
            let heard = match answer.receipt.http_status {
                _ if answer.receipt.status == "queued" => Heard::Taken,
                422 => Heard::Faulty,
                _ => Heard::Trouble,
            };
            Outcome::Answered(index, heard)
        });
    }

    /// The webhook as it is sent now: signed by a shop that has a key for it, else with the shop's header.
    fn request(&self, hook: &Hook) -> Option<Request<Bytes>> {
        let Hook { shop, endpoint, body: event, .. } = hook;
        let body = Bytes::from(event.to_string());
        let request = Request::post(format!("/webhooks/{shop}/{endpoint}")).header("content-type", "application/json");
        let secret = self.vault.values.get(&format!("shoprelay/{shop}/webhook"));
        let signing = secret.and_then(|secret| key(secret["signing_secrets"][0].as_str()?));
        let request = match signing {
            Some(key) => {
                // The same event has the same id, however often it is sent.
                let id = format!("{}-{}-{}", event["type"], event["data"]["id"], event["data"]["updated_at"]);
                let now = self.world.state().now;
                let headers = headers(&key, &id.replace('"', ""), now, &body);
                headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))
            }
            None => request.header(KEY.0, KEY.1),
        };
        request.body(body).ok()
    }

    /// How many webhooks were taken or refused: their shops have done with them.
    pub(crate) fn answered_for(&self) -> usize {
        self.accepted.len() + self.refused.len()
    }

    pub(super) fn answered(&mut self, index: usize, heard: Heard) {
        let known = match heard {
            Heard::Taken => &mut self.accepted,
            Heard::Faulty => &mut self.refused,
            Heard::Trouble => return,
        };
        known.push(index);
    }
}
