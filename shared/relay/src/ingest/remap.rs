//! Maps a rejected webhook anew, as if it came again: with the shop's present settings, by the code that receives
//! webhooks, and as old as it is. Only its signature is not looked at: it was when it was received.

use std::{
    io::Read,
    sync::{Arc, Mutex, PoisonError},
};

use ::http::{HeaderMap, HeaderName, HeaderValue};
use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::GzDecoder;

use super::{Endpoint, Ingest, MAX_BODY, Note, Reply, settle::Settling};
use crate::{
    Async,
    message::{Message, Payload, Rejected},
    queue::{DeadLetter, Queue, QueueError, Sweep, Swept},
    source::{Authentic, Webhook},
};

/// What became of a rejected webhook.
pub enum Remapped {
    /// It is of use now: its event is stored durably, as the webhook's would have been.
    Queued,
    /// There is nothing to do for it, for this reason.
    Ignored(&'static str),
    /// It is still of no use: the letter as it would be parked now.
    Rejected(Box<DeadLetter>),
    /// Its body was not kept.
    NoBody,
    /// It could not be tried: why.
    Failed(String),
}

impl Ingest {
    /// Maps this rejected webhook anew. Its event has the id and the revision that the webhook's would have had.
    pub async fn remap(&self, message: &Message) -> Remapped {
        let Payload::Rejected(rejected) = &message.payload else {
            return Remapped::Failed("it is no rejected webhook".to_owned());
        };
        if rejected.data_base64.is_none() {
            return Remapped::NoBody;
        }
        let Some((body, endpoint)) = rejected_body(rejected).zip(endpoint(rejected)) else {
            return Remapped::Failed("its body cannot be unpacked".to_owned());
        };
        let secret = match self.secrets.webhook(&message.shop).await {
            Ok(secret) => secret,
            Err(error) => return Remapped::Failed(error.to_string()),
        };
        let Some(authentic) = Authentic::earlier(secret, message.platform) else {
            return Remapped::Failed(format!("the shop's webhook secret has no {} source any more", message.platform));
        };
        let queue = Arc::new(Catching { queue: self.queue.clone(), caught: Mutex::default() });
        let ingest = Self { queue: queue.clone(), ..self.clone() };
        let headers = headers(message, rejected);
        let webhook = Webhook { headers: &headers, body: &body };
        let mut note = Note::new(message.received_at);
        let settling =
            Settling { ingest: &ingest, webhook, shop: message.shop.clone(), endpoint, authentic, note: &mut note };
        let (Ok(reply) | Err(reply)) = settling.settle().await;
        match (reply, queue.caught()) {
            (Reply::Queued { .. }, _) => Remapped::Queued,
            (Reply::Ignored(reason), _) => Remapped::Ignored(reason),
            (Reply::Rejected { .. }, Some(letter)) => Remapped::Rejected(Box::new(letter)),
            (reply, _) => Remapped::Failed(reply.reason().unwrap_or_else(|| reply.status()).to_owned()),
        }
    }
}

/// The body of a rejected webhook as it came, if it was kept.
pub fn rejected_body(rejected: &Rejected) -> Option<Vec<u8>> {
    let packed = STANDARD.decode(rejected.data_base64.as_ref()?).ok()?;
    let mut body = Vec::new();
    let most = u64::try_from(MAX_BODY).unwrap_or(u64::MAX);
    GzDecoder::new(packed.as_slice()).take(most).read_to_end(&mut body).ok()?;
    Some(body)
}

fn endpoint(rejected: &Rejected) -> Option<Endpoint> {
    Endpoint::ALL.into_iter().find(|endpoint| endpoint.name() == rejected.endpoint)
}

fn headers(message: &Message, rejected: &Rejected) -> HeaderMap {
    let trace = message.traceparent.as_ref().map(|trace| ("traceparent", trace));
    let kept = rejected.headers.iter().map(|(name, value)| (name.as_str(), value));
    let header = |(name, value): (&str, &String)| {
        Some((HeaderName::try_from(name).ok()?, HeaderValue::try_from(value.as_str()).ok()?))
    };
    kept.chain(trace).filter_map(header).collect()
}

/// Queues events, and catches what would be parked: the letter is there already.
struct Catching {
    queue: Arc<dyn Queue>,
    caught: Mutex<Option<DeadLetter>>,
}

impl Catching {
    fn caught(&self) -> Option<DeadLetter> {
        self.caught.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Queue for Catching {
    fn send<'a>(&'a self, message: &'a Message) -> Async<'a, Result<(), QueueError>> {
        self.queue.send(message)
    }

    fn park<'a>(&'a self, letter: &'a DeadLetter) -> Async<'a, Result<(), QueueError>> {
        *self.caught.lock().unwrap_or_else(PoisonError::into_inner) = Some(letter.clone());
        Box::pin(std::future::ready(Ok(())))
    }

    fn sweep<'a>(&'a self, sweep: Sweep<'a>) -> Async<'a, Result<Swept, QueueError>> {
        self.queue.sweep(sweep)
    }
}
