//! What the sandbox received, in order, in bounded memory.

use std::collections::VecDeque;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::call::{Call, Party};

/// The most requests kept.
const REQUESTS: usize = 20_000;

/// The most bytes of bodies kept.
const BODY_BYTES: usize = 64 * 1024 * 1024;

/// The requests kept.
#[derive(Default)]
pub(super) struct Log {
    requests: VecDeque<Kept>,
    last_number: u64,
    body_bytes: usize,
}

struct Kept {
    number: u64,
    at: Timestamp,
    call: Option<Call>,
    method: String,
    path: String,
    subject: Value,
    status: Option<u16>,
    reset: bool,
    processed: bool,
    body: Bytes,
}

/// One request, as `GET /_sandbox/received` shows it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Received {
    /// Counts from 1, over everything received since the start.
    pub(crate) number: u64,
    /// When its head had arrived.
    pub(crate) at: Timestamp,
    /// `websand`, `websale`, the platform whose API a shop's objects are read from, or `shop`; none for an unknown path.
    pub(crate) destination: Option<Party>,
    /// The call's name.
    pub(crate) call: Option<&'static str>,
    /// The HTTP method.
    pub(crate) method: String,
    /// The path.
    pub(crate) path: String,
    /// What it was about: `_id`, `email`, `id`, `name`, `account`, `subshop`, `shop_id`, `store`, `entity`,
    /// `shop`, `status`, `webhook_id`; none if not
    /// processed.
    pub(crate) subject: Value,
    /// The status answered; none while unanswered, and for resets and hangs.
    pub(crate) status: Option<u16>,
    /// Whether the connection was reset instead.
    pub(crate) reset: bool,
    /// Whether it took effect: accepted by the rules, whatever was answered then.
    pub(crate) processed: bool,
    /// The body: JSON, else text; none if it was empty or not read. Passwords are left out.
    pub(crate) body: Value,
}

impl Log {
    /// Records a request; its number is needed for what happens next.
    pub(super) fn begin(&mut self, at: Timestamp, call: Option<Call>, method: String, path: String) -> u64 {
        self.last_number += 1;
        let number = self.last_number;
        let (subject, body) = (Value::Null, Bytes::new());
        self.requests.push_back(Kept {
            number,
            at,
            call,
            method,
            path,
            subject,
            status: None,
            reset: false,
            processed: false,
            body,
        });
        self.shrink();
        number
    }

    /// The body has arrived.
    pub(super) fn body(&mut self, number: u64, body: &Bytes) {
        self.body_bytes += self.find(number).map_or(0, |kept| {
            kept.body = body.clone();
            kept.body.len()
        });
        self.shrink();
    }

    /// It took effect.
    pub(super) fn processed(&mut self, number: u64, subject: Value) {
        if let Some(kept) = self.find(number) {
            kept.processed = true;
            kept.subject = subject;
        }
    }

    /// It is answered.
    pub(super) fn answered(&mut self, number: u64, status: u16) {
        if let Some(kept) = self.find(number) {
            kept.status = Some(status);
        }
    }

    /// The connection is reset.
    pub(super) fn reset(&mut self, number: u64) {
        if let Some(kept) = self.find(number) {
            kept.reset = true;
        }
    }

    /// Forgets all; numbers go on.
    pub(super) fn clear(&mut self) {
        self.requests.clear();
        self.body_bytes = 0;
    }

    /// Everything kept with a number above `after`.
    pub(super) fn after(&self, after: u64) -> Vec<Received> {
        self.requests.iter().filter(|kept| kept.number > after).map(Kept::shown).collect()
    }

    /// Numbers are consecutive, so a request is found by its distance from the first one kept.
    fn find(&mut self, number: u64) -> Option<&mut Kept> {
        let first = self.requests.front()?.number;
        self.requests.get_mut(usize::try_from(number.checked_sub(first)?).ok()?)
    }

    fn shrink(&mut self) {
        while self.requests.len() > REQUESTS || (self.body_bytes > BODY_BYTES && self.requests.len() > 1) {
            self.body_bytes -= self.requests.pop_front().map_or(0, |kept| kept.body.len());
        }
    }
}

impl Kept {
    fn shown(&self) -> Received {
        let mut body = match serde_json::from_slice(&self.body) {
            Ok(json) => json,
            Err(_) if self.body.is_empty() => Value::Null,
            Err(_) => String::from_utf8_lossy(&self.body).into(),
        };
        // Of credentials only the name is shown.
        let name = match self.call {
            Some(Call::Login) => Some("username"),
            Some(Call::ShopwareToken) => Some("client_id"),
            _ => None,
        };
        if let Some(name) = name {
            body = body.get(name).map_or(Value::Null, |value| serde_json::json!({ name: value }));
        }
        Received {
            number: self.number,
            at: self.at,
            destination: self.call.map(Call::party),
            call: self.call.map(Call::name),
            method: self.method.clone(),
            path: self.path.clone(),
            subject: self.subject.clone(),
            status: self.status,
            reset: self.reset,
            processed: self.processed,
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(log: &mut Log) -> u64 {
        log.begin(Timestamp::UNIX_EPOCH, Some(Call::Login), "POST".into(), "/".into())
    }

    #[test]
    fn memory_is_bounded_by_requests_and_by_bytes() {
        let mut log = Log::default();
        for _ in 0..REQUESTS + 5 {
            begin(&mut log);
        }
        assert_eq!(log.after(0).len(), REQUESTS);
        assert_eq!(log.after(0)[0].number, 6);
        let large = Bytes::from(vec![b'1'; BODY_BYTES / 2 + 1]);
        for _ in 0..2 {
            let number = begin(&mut log);
            log.body(number, &large);
        }
        assert_eq!(log.after(0).len(), 1);
        assert_eq!(log.body_bytes, large.len());
    }

    #[test]
    fn a_request_no_longer_kept_is_not_mistaken_for_another() {
        let mut log = Log::default();
        let old = begin(&mut log);
        log.clear();
        log.answered(old, 200);
        let new = begin(&mut log);
        log.answered(old, 500);
        assert_eq!((new, log.after(0)[0].status), (2, None));
    }

    #[test]
    fn passwords_are_not_shown() {
        let mut log = Log::default();
        let number = begin(&mut log);
        log.body(number, &Bytes::from_static(br#"{"username":"api","password":"hush"}"#));
        let shown = serde_json::to_string(&log.after(0)).unwrap();
        assert!(shown.contains("api") && !shown.contains("hush"), "{shown}");
    }
}
