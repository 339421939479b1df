//! The nine functions: what each is invoked with, and what must have come of it.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{Failure, stage::Stage};

/// The signing secret of the shop `acme`, for all its sources. What Standard Webhooks sign with is its Base64 part.
const SIGNING_SECRET: &str = "whsec_c2hvcHJlbGF5LWJlbmNoLXNpZ25pbmctc2VjcmV0";
/// How many messages a batch has.
pub(crate) const BATCH: usize = 10;

const INVOCATION: &str = include_str!("../../events/invocations/http-api.json");
const SHOPIFY_ORDER: &str = include_str!("../../events/sources/shopify/orders-create.json");
const SHOPIFY_CUSTOMER: &str = include_str!("../../events/sources/shopify/customers-create.json");
const ORDER: &str = include_str!("../../events/canonical/order.placed.json");
const NEWS: &str = include_str!("../../events/canonical/promotion.scheduled.news.json");
const CANCELLATION: &str = include_str!("../../events/canonical/promotion.cancelled.json");

/// A Lambda function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    work: Work,
}

/// What it is invoked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// One webhook: Shopify's topic, or none for a canonical event; and its body.
    Webhook(Option<&'static str>, &'static str),
    /// A batch of messages of this type around the data of this event, and the calls each leads to.
    Batch { kind: &'static str, event: &'static str, call: &'static str, times: usize },
    /// The schedule, with nothing due.
    Schedule,
}

impl Function {
    /// All of them; the first is the one that peers are compared with.
    pub(crate) const ALL: [Self; 9] = [
        Self { name: "order-placed", work: Work::Webhook(Some("orders/create"), SHOPIFY_ORDER) },
        Self { name: "order-updated", work: Work::Webhook(Some("orders/updated"), SHOPIFY_ORDER) },
        Self { name: "customer-updated", work: Work::Webhook(Some("customers/update"), SHOPIFY_CUSTOMER) },
        Self { name: "promotion-scheduled", work: Work::Webhook(None, NEWS) },
        Self { name: "promotion-cancelled", work: Work::Webhook(None, CANCELLATION) },
        Self {
            name: "websand-forwarder",
            work: Work::Batch { kind: "shoprelay.order.placed", event: ORDER, call: "transaction", times: 1 },
        },
        Self {
            name: "websale-forwarder",
            work: Work::Batch { kind: "shoprelay.promotion.scheduled", event: NEWS, call: "news", times: 2 },
        },
        Self { name: "promotion-dispatcher", work: Work::Schedule },
        Self { name: "push-status-poller", work: Work::Schedule },
    ];

    /// The function of this name.
    pub(crate) fn named(name: &str) -> Result<Self, Failure> {
        let known = Self::ALL.into_iter().find(|function| function.name == name);
        known.ok_or_else(|| format!("there is no function {name}").into())
    }

    /// The secrets of the one shop, by name.
    pub(crate) fn secrets() -> [(&'static str, Value); 4] {
        let source = |platform| json!({"platform": platform, "signing_secrets": [SIGNING_SECRET]});
        [
            ("shoprelay/_installation", json!({"key": "c2hvcHJlbGF5LWJlbmNoLWluc3RhbGxhdGlvbi1rZXk="})),
            ("shoprelay/acme/webhook", json!({"sources": [source("shopify"), source("canonical")]})),
            ("shoprelay/acme/websand", json!({"account": "acme", "api_key": "key-of-the-bench"})),
            (
                "shoprelay/acme/websale",
                json!({"shop_id": "acme", "subshop": "Deutsch", "username": "api", "password": "right"}),
            ),
        ]
    }

    /// The event of the invocation with this number.
    pub(crate) fn event(self, number: usize) -> Result<Value, Failure> {
        match self.work {
            Work::Webhook(topic, body) => self.webhook(topic, body, number),
            Work::Batch { kind, event, .. } => {
                let messages = (0..BATCH).map(|place| record(kind, event, number * BATCH + place));
                Ok(json!({"Records": messages.collect::<Result<Vec<_>, _>>()?}))
            }
            Work::Schedule => Ok(json!({})),
        }
    }

    fn webhook(self, topic: Option<&str>, body: &str, number: usize) -> Result<Value, Failure> {
        let now = Timestamp::now();
        let mut event: Value = serde_json::from_str(INVOCATION)?;
        event["rawPath"] = format!("/webhooks/acme/{}", self.name).into();
        event["requestContext"]["http"]["path"] = event["rawPath"].clone();
        let body = match topic {
            Some(_) => body.to_owned(),
            None => timely(body, now)?.to_string(),
        };
        let headers = &mut event["headers"];
        headers["content-length"] = body.len().to_string().into();
        if let Some(topic) = topic {
            headers["x-shopify-topic"] = topic.into();
            headers["x-shopify-event-id"] = format!("event-{number}").into();
            headers["x-shopify-hmac-sha256"] = signature(SIGNING_SECRET.as_bytes(), body.as_bytes())?.into();
        } else {
            if let Value::Object(headers) = headers {
                headers.retain(|name, _| !name.starts_with("x-shopify-"));
            }
            let (id, at) = (format!("event-{number}"), now.as_second());
            let key = BASE64.decode(SIGNING_SECRET.trim_start_matches("whsec_"))?;
            let signature = signature(&key, format!("{id}.{at}.{body}").as_bytes())?;
            headers["webhook-id"] = id.into();
            headers["webhook-timestamp"] = at.to_string().into();
            headers["webhook-signature"] = format!("v1,{signature}").into();
        }
        event["body"] = body.into();
        Ok(event)
    }

    /// Whether an invocation was answered as it should be.
    pub(crate) fn is_right(self, answer: &Value) -> bool {
        match self.work {
            Work::Webhook(..) => answer["statusCode"] == 202,
            Work::Batch { .. } => answer["batchItemFailures"].as_array().is_some_and(Vec::is_empty),
            Work::Schedule => answer.is_null(),
        }
    }

    /// Whether this many invocations left behind what they should.
    pub(crate) fn check(self, invocations: usize, stage: &Stage) -> Result<(), Failure> {
        let aws = stage.aws.state();
        let refused: Vec<_> = aws.refused.iter().filter(|refusal| !expected(refusal)).collect();
        if !refused.is_empty() {
            return Err(format!("{}: AWS refused calls: {refused:?}", self.name).into());
        }
        let (what, done, wanted) = match self.work {
            Work::Webhook(..) => ("messages sent", aws.sent.len(), invocations),
            Work::Batch { call, times, .. } => {
                let calls = stage.destinations.calls().get(call).copied().unwrap_or_default();
                (call, usize::try_from(calls)?, invocations * BATCH * times)
            }
            Work::Schedule => {
                let queries = aws.calls.get("Query").copied().unwrap_or_default();
                ("rounds of queries", usize::from(queries > 0) * invocations, invocations)
            }
        };
        if done == wanted { Ok(()) } else { Err(format!("{}: {what}: {done}, not {wanted}", self.name).into()) }
    }
}

/// The one refusal that a healthy function meets: somebody else wrote the row.
fn expected(refusal: &str) -> bool {
    refusal == "PutItem: ConditionalCheckFailedException"
}

/// A canonical event told now; a promotion of it is at its time.
fn timely(event: &str, now: Timestamp) -> Result<Value, Failure> {
    let mut event: Value = serde_json::from_str(event)?;
    event["timestamp"] = now.to_string().into();
    event["data"]["updated_at"] = now.to_string().into();
    if event["data"].get("visible_until").is_some() {
        event["data"]["visible_from"] = now.to_string().into();
        event["data"]["visible_until"] = (now + jiff::SignedDuration::from_hours(24)).to_string().into();
    }
    Ok(event)
}

/// A message of the queue as Lambda hands it over.
fn record(kind: &str, event: &str, number: usize) -> Result<Value, Failure> {
    let now = Timestamp::now();
    let mut data = timely(event, now)?["data"].take();
    let subject = format!("subject-{number}");
    data["id"] = subject.clone().into();
    if data.get("customer").is_some() {
        data["customer"]["email"] = format!("person-{number}@example.com").into();
    }
    let body = json!({
        "specversion": "1.0", "id": format!("event-{number}"), "source": "/shops/acme/canonical", "type": kind,
        "subject": subject, "time": now, "receivedat": now, "datacontenttype": "application/json", "data": data,
    });
    Ok(json!({
        "messageId": format!("message-{number}"),
        "receiptHandle": format!("receipt-{number}"),
        "body": body.to_string(),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": now.as_millisecond().to_string()},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "awsRegion": "eu-west-1",
    }))
}

fn signature(key: &[u8], text: &[u8]) -> Result<String, Failure> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)?;
    mac.update(text);
    Ok(BASE64.encode(mac.finalize().into_bytes()))
}
