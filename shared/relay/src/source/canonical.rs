//! Our own format, for systems that can write JSON: signed as Standard Webhooks say, or, from systems that cannot sign
//! (WEBSALE's server-side events), authenticated by a secret in a header.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::Value;

use super::{Context, Outcome, Proof, Reading, Source, Unusable, Verdict, Webhook, secret_header, standard_webhooks};
use crate::{
    event::{self, Event, EventType, Faults, Reader},
    secret::SourceSecret,
    standard_webhooks::{ID, key},
};

pub(super) struct Canonical;

impl Source for Canonical {
    fn verify(&self, webhook: &Webhook<'_>, secret: &SourceSecret, now: Timestamp) -> Verdict {
        let verdict = standard_webhooks::verify(webhook, &secret.signing_secrets, now, key);
        if verdict.proof.is_some() || !secret_header::is_right(webhook, secret) {
            return verdict;
        }
        Verdict { proof: Some(Proof::Header), ..verdict }
    }

    fn read(&self, webhook: &Webhook<'_>, context: &Context<'_>) -> Reading {
        let delivery = webhook.header(ID).filter(|id| !id.is_empty()).map(str::to_owned);
        let mut topic = None;
        let outcome = parse(webhook, context).map(|document| {
            let kind = document.get("type").and_then(Value::as_str).and_then(EventType::from_name);
            topic = kind.map(|kind| kind.name().to_owned());
            match kind.and_then(|kind| context.unwanted(kind)) {
                Some(reason) => Outcome::Ignored(reason),
                None => event(&document, context.received_at).map_err(Unusable::Faults).into(),
            }
        });
        let outcome = outcome.unwrap_or_else(Outcome::Unusable);
        Reading { topic, delivery, origin: None, sequence: None, outcome }
    }

    fn needed_headers(&self) -> &'static [&'static str] {
        &["content-type", ID]
    }
}

fn parse(webhook: &Webhook<'_>, context: &Context<'_>) -> Result<Value, Unusable> {
    let given = webhook.header("content-type").unwrap_or_default();
    let given = given.split(';').next().unwrap_or_default().trim().to_lowercase();
    let (proof, source) = (context.authentic.proof, context.authentic.secret());
    let is_right = match proof {
        Proof::Signature => {
            given == "application/json" || (given.starts_with("application/") && given.ends_with("+json"))
        }
        Proof::Header => source.content_types.contains(&given),
    };
    if !is_right {
        return Err(Unusable::ContentType);
    }
    let payload = match &source.parameter {
        Some(parameter) if proof == Proof::Header => without_parameter(webhook.body, parameter),
        _ => webhook.body.into(),
    };
    Ok(serde_json::from_slice(&payload)?)
}

/// The payload behind `parameter=`, as it is or form-encoded; a body without the parameter's name is the payload itself.
fn without_parameter<'b>(body: &'b [u8], parameter: &str) -> Cow<'b, [u8]> {
    let rest = body.strip_prefix(parameter.as_bytes()).and_then(|rest| rest.strip_prefix(b"="));
    match rest {
        None => body.into(),
        Some(plain) if plain.trim_ascii_start().starts_with(b"{") => plain.into(),
        Some(_) => {
            let first = url::form_urlencoded::parse(body).next();
            first.map_or_else(Vec::new, |(_, value)| value.into_owned().into_bytes()).into()
        }
    }
}

/// The event that a document of our own format is.
pub(crate) fn event(document: &Value, now: Timestamp) -> Result<Event, Faults> {
    event::read(document, |place| envelope(place, now))
}

fn envelope(place: &Reader<'_>, now: Timestamp) -> Option<Event> {
    place.object()?;
    place.deny_unknown(&["type", "timestamp", "data"]);
    place.optional("timestamp", Reader::time);
    let kind = place.required("type", |place| place.one_of(&EventType::ALL, EventType::name));
    match kind {
        Some(kind) => place.required("data", |place| Event::read(place, kind, now)),
        None => place.required("data", Reader::object).and(None),
    }
}
