//! SQS as the queues: one standard queue a destination, with a dead-letter queue beside it.

use std::borrow::Cow;

use aws_sdk_sqs::{Client, types::MessageAttributeValue};
use relay::{
    Async,
    config::{ConfigError, Variables},
    ledger::transition::MAX_DETAIL,
    message::Message,
    queue::{DeadLetter, Place, Queue, QueueError, Sweep, SweepEnd, Swept},
    shop::{Destination, ShopName},
    text::safe,
};

use crate::failure::describe;

mod sweep;

/// The most bytes SQS takes in one message, attributes included (since August 2025; 256 KiB before).
pub const MAX_MESSAGE: usize = 1024 * 1024;
/// Kept free in every queued message, so that its parking, which adds attributes, cannot fail for its size.
const PARKING_RESERVE: usize = 1024;

/// Where the queues are. A function is given those it uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct QueueUrls {
    pub websand: Option<String>,
    pub websale: Option<String>,
    pub websand_dlq: Option<String>,
    pub websale_dlq: Option<String>,
}

const WEBSAND: &str = "SHOPRELAY_WEBSAND_QUEUE_URL";
const WEBSALE: &str = "SHOPRELAY_WEBSALE_QUEUE_URL";
const WEBSAND_DLQ: &str = "SHOPRELAY_WEBSAND_DLQ_URL";
const WEBSALE_DLQ: &str = "SHOPRELAY_WEBSALE_DLQ_URL";

impl QueueUrls {
    /// The queues the environment names.
    ///
    /// # Errors
    /// A variable is no URL.
    pub fn from_variables(variables: Variables<'_>) -> Result<Self, ConfigError> {
        let address = |name| match variables.text(name) {
            Some(text) => variables.url(name, "").map(|_| Some(text)),
            None => Ok(None),
        };
        Ok(Self {
            websand: address(WEBSAND)?,
            websale: address(WEBSALE)?,
            websand_dlq: address(WEBSAND_DLQ)?,
            websale_dlq: address(WEBSALE_DLQ)?,
        })
    }

    /// The destination's queue.
    ///
    /// # Errors
    /// The environment does not name it.
    pub fn queue(&self, destination: Destination) -> Result<&str, ConfigError> {
        match destination {
            Destination::Websand => named(WEBSAND, self.websand.as_ref()),
            Destination::Websale => named(WEBSALE, self.websale.as_ref()),
        }
    }

    /// The destination's dead-letter queue.
    ///
    /// # Errors
    /// The environment does not name it.
    pub fn dead_letters(&self, destination: Destination) -> Result<&str, ConfigError> {
        match destination {
            Destination::Websand => named(WEBSAND_DLQ, self.websand_dlq.as_ref()),
            Destination::Websale => named(WEBSALE_DLQ, self.websale_dlq.as_ref()),
        }
    }
}

fn named<'a>(name: &'static str, url: Option<&'a String>) -> Result<&'a str, ConfigError> {
    url.map(String::as_str).ok_or_else(|| ConfigError { name, problem: "is not set".into() })
}

/// The queues in SQS.
#[derive(Clone, Debug)]
pub struct SqsQueue {
    client: Client,
    urls: QueueUrls,
}

impl SqsQueue {
    /// Queues at these addresses.
    pub fn new(client: Client, urls: QueueUrls) -> Self {
        Self { client, urls }
    }

    async fn store(&self, url: &str, letter: Letter<'_>, limit: usize) -> Result<(), QueueError> {
        let bytes = letter.size();
        if bytes > limit {
            return Err(QueueError::TooLarge { bytes, limit });
        }
        let mut call = self.client.send_message().queue_url(url).message_body(letter.body);
        call = call.set_message_group_id(letter.shop.map(str::to_owned));
        for (name, value) in letter.attributes {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value);
            let value = value.build().map_err(|error| QueueError::Unavailable(error.to_string()))?;
            call = call.message_attributes(name, value);
        }
        call.send().await.map_err(|error| QueueError::Unavailable(describe(&error)))?;
        Ok(())
    }
}

impl Queue for SqsQueue {
    fn send<'a>(&'a self, message: &'a Message) -> Async<'a, Result<(), QueueError>> {
        Box::pin(async move {
            let url = self.urls.queue(message.destination()).map_err(not_configured)?;
            let body = message.to_json();
            let letter = Letter {
                body: permitted(&body),
                shop: Some(message.shop.as_str()),
                attributes: [("type", Some(message.type_name())), ("traceparent", message.traceparent.clone())]
                    .into_iter()
                    .filter_map(present)
                    .collect(),
            };
            self.store(url, letter, MAX_MESSAGE - PARKING_RESERVE).await
        })
    }

    fn park<'a>(&'a self, letter: &'a DeadLetter) -> Async<'a, Result<(), QueueError>> {
        Box::pin(async move {
            let url = self.urls.dead_letters(letter.destination).map_err(not_configured)?;
            let mut parked = Letter::parked(letter);
            if parked.size() > MAX_MESSAGE {
                // Rather without the words than not at all.
                parked.attributes.retain(|(name, _)| *name != attribute::DETAIL);
            }
            self.store(url, parked, MAX_MESSAGE).await
        })
    }

    fn hides_what_it_sweeps(&self) -> bool {
        true
    }

    fn sweep<'a>(&'a self, sweep: Sweep<'a>) -> Async<'a, Result<Swept, QueueError>> {
        Box::pin(async move {
            match sweep.place {
                // Whoever receives there takes messages from the workers, and a body cannot be changed in place.
                Place::Waiting => Ok(Swept { examined: 0, end: SweepEnd::Unreachable }),
                Place::Dead => {
                    let url = self.urls.dead_letters(sweep.destination).map_err(not_configured)?;
                    sweep::dead_letters(self, url, sweep).await
                }
            }
        })
    }
}

/// The queues of a function that only sends: its package holds nothing of what sweeping takes.
#[derive(Clone, Debug)]
pub(crate) struct SqsSender(pub(crate) SqsQueue);

impl Queue for SqsSender {
    fn send<'a>(&'a self, message: &'a Message) -> Async<'a, Result<(), QueueError>> {
        self.0.send(message)
    }

    fn park<'a>(&'a self, letter: &'a DeadLetter) -> Async<'a, Result<(), QueueError>> {
        self.0.park(letter)
    }
}

/// What goes to SQS. Fair queues (`MessageGroupId` on a standard queue) keep one busy shop from delaying the others.
struct Letter<'a> {
    body: Cow<'a, str>,
    shop: Option<&'a str>,
    attributes: Vec<(&'static str, String)>,
}

/// The attributes of a dead letter: why it is there.
mod attribute {
    pub(super) const REASON: &str = "reason";
    pub(super) const STATUS: &str = "status";
    pub(super) const SHOP: &str = "shop";
    pub(super) const DESTINATION: &str = "destination";
    pub(super) const DETAIL: &str = "detail";
}

impl<'a> Letter<'a> {
    fn parked(letter: &'a DeadLetter) -> Self {
        let shop = letter.shop.as_ref().map(ShopName::as_str);
        // SQS takes fewer characters than the words may hold, and they must fit into what is kept free.
        let words = |detail: &String| safe(&detail.replace(['\u{fffe}', '\u{ffff}'], " "), MAX_DETAIL);
        Self {
            body: permitted(&letter.body),
            shop,
            attributes: [
                (attribute::REASON, Some(letter.reason.clone())),
                (attribute::STATUS, letter.status.map(|status| status.to_string())),
                (attribute::SHOP, shop.map(str::to_owned)),
                (attribute::DESTINATION, Some(letter.destination.name().to_owned())),
                (attribute::DETAIL, letter.detail.as_ref().map(words)),
            ]
            .into_iter()
            .filter_map(present)
            .collect(),
        }
    }

    /// As SQS counts: the body, and each attribute's name, type and value.
    fn size(&self) -> usize {
        let attributes = self.attributes.iter().map(|(name, value)| name.len() + "String".len() + value.len());
        self.body.len() + attributes.sum::<usize>()
    }
}

/// SQS refuses attributes that are empty.
fn present((name, value): (&'static str, Option<String>)) -> Option<(&'static str, String)> {
    value.filter(|value| !value.is_empty()).map(|value| (name, value))
}

/// SQS refuses U+FFFE and U+FFFF anywhere in a body (the control characters it also refuses JSON never holds).
/// JSON can only hold them in strings, where their escaped form means the same.
fn permitted(json: &str) -> Cow<'_, str> {
    if json.contains(['\u{fffe}', '\u{ffff}']) {
        Cow::Owned(json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff"))
    } else {
        Cow::Borrowed(json)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
fn not_configured(error: ConfigError) -> QueueError {
    QueueError::Unavailable(error.to_string())
}

#[cfg(test)]
mod tests;
