//! A shop's own endpoint, where it is told what became of its promotions: strict about signatures, and it knows
//! repetitions by their id, as shops should.

use std::collections::VecDeque;

use bytes::Bytes;
use hyper::HeaderMap;
use jiff::Timestamp;
use relay::{
    callback::{PromotionStatus, TYPE},
    standard_webhooks::{Claim, ID, key},
};
use serde_json::{Value, json};

use super::{answer::Answer, route::Target};

/// What callbacks are signed with unless the sandbox is told otherwise. For trials only: everybody knows it.
pub(super) const TRIAL_SECRET: &str = "whsec_c2hvcHJlbGF5LXNhbmRib3gtY2FsbGJhY2tz";

/// How many callbacks are remembered; the oldest are forgotten.
const REMEMBERED: usize = 10_000;

/// What shops were told.
pub(super) struct Callbacks {
    keys: Vec<Vec<u8>>,
    taken: VecDeque<Taken>,
}

struct Taken {
    webhook_id: String,
    shop: String,
    status: PromotionStatus,
    times: u64,
}

impl Callbacks {
    /// Takes callbacks that are signed with one of these secrets.
    pub(super) fn new(secrets: &[String]) -> Self {
        let secrets = secrets.iter().map(String::as_str);
        let mut keys: Vec<_> = secrets.filter_map(key).collect();
        if keys.is_empty() {
            keys.extend(key(TRIAL_SECRET));
        }
        Self { keys, taken: VecDeque::new() }
    }

    /// Answers one call; the second value names what it was about.
    pub(super) fn call(
        &mut self,
        target: &Target,
        headers: &HeaderMap,
        body: &Bytes,
        now: Timestamp,
    ) -> Result<(Answer, Value), Answer> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let claim = Claim::read(header, now).ok_or_else(|| {
            Answer::refused(401, "the three headers of Standard Webhooks, not older than five minutes")
        })?;
        if !self.keys.iter().any(|key| claim.is_proven_by(key, body)) {
            return Err(Answer::refused(401, "the signature is wrong: see --callback-secret"));
        }
        let event: Value = serde_json::from_slice(body).map_err(|error| Answer::refused(400, &error.to_string()))?;
        if event["type"] != TYPE {
            return Err(Answer::refused(400, "the type must be promotion.status"));
        }
        let status: PromotionStatus =
            serde_json::from_value(event["data"].clone()).map_err(|error| Answer::refused(422, &error.to_string()))?;
        let webhook_id = header(ID).unwrap_or_default().to_owned();
        let subject = json!({"shop": target.owner, "id": status.id, "status": status.status, "webhook_id": webhook_id});
        self.take(webhook_id, target.owner.clone(), status);
        Ok((Answer::raw(204, ""), subject))
    }

    fn take(&mut self, webhook_id: String, shop: String, status: PromotionStatus) {
        if let Some(known) = self.taken.iter_mut().find(|known| known.webhook_id == webhook_id) {
            known.times += 1;
            return;
        }
        self.taken.push_back(Taken { webhook_id, shop, status, times: 1 });
        if self.taken.len() > REMEMBERED {
            self.taken.pop_front();
        }
    }

    /// Everything that shops were told, in order, and how often.
    pub(super) fn state(&self) -> Value {
        let one = |taken: &Taken| {
            let Taken { webhook_id, shop, status, times } = taken;
            json!({"webhook_id": webhook_id, "shop": shop, "data": status, "times": times})
        };
        self.taken.iter().map(one).collect()
    }
}
