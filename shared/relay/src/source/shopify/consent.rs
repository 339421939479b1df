//! What Shopify says about consent to e-mail marketing
//! (<https://shopify.dev/docs/api/admin-graphql/latest/objects/CustomerEmailMarketingConsentState>).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Circumstances, EMAIL_WITHHELD, Ignored, Mapped, id, mapped};
use crate::{
    event::EventType,
    message::{Reference, ReferenceKind},
    shop::Platform,
    source::{
        Json, Outcome,
        payload::{is_true, text, time},
    },
};

/// The topic of decisions: an address and what was decided, nothing else.
pub(super) fn map(payload: &Json<'_>, circumstances: &Circumstances, now: Timestamp) -> Outcome {
    let consent = Consent::of_customer(payload);
    let Some(address) = payload.get("email_address").filter(|_| consent.given.is_some()) else {
        let reason = if consent.given.is_some() { EMAIL_WITHHELD } else { "no_decision" };
        return Outcome::Ignored(if payload.is_object() { reason } else { "no_decision" });
    };
    match (address, id(payload, "customer_id")) {
        (Json::Null, Some(id)) => Outcome::References(vec![Reference {
            platform: Platform::Shopify,
            kind: ReferenceKind::Consent,
            id,
            event: EventType::CustomerUpdated,
        }]),
        (Json::Null, None) => Outcome::Ignored("no_email"),
        (_, id) => decision(text(payload, &["email_address"]), id.as_deref(), &consent, circumstances, now).into(),
    }
}

/// The same out of a whole customer, as the shop's API has it.
pub(super) fn of_customer(customer: &Json<'_>, circumstances: &Circumstances, now: Timestamp) -> Mapped {
    let consent = Consent::of_customer(customer);
    if consent.given.is_none() {
        return Ok(Err("no_decision"));
    }
    decision(text(customer, &["email"]), id(customer, "id").as_deref(), &consent, circumstances, now)
}

fn decision(
    email: Option<String>,
    id: Option<&str>,
    consent: &Consent,
    circumstances: &Circumstances,
    now: Timestamp,
) -> Mapped {
    let data: Result<Value, Ignored> = email.ok_or("no_email").map(|email| {
        json!({
            "id": id,
            "email": email,
            "marketing_consent": consent.given,
            "double_opt_in": consent.confirmed,
            "consent_at": consent.at.map(|at| at.min(circumstances.received_at)),
            "updated_at": circumstances.revision(consent.at),
        })
    });
    mapped(data, EventType::CustomerUpdated, now)
}

/// What a payload says about consent to e-mail marketing: given, withdrawn, or nothing.
#[derive(Default)]
pub(super) struct Consent {
    pub(super) given: Option<bool>,
    pub(super) confirmed: bool,
    pub(super) at: Option<Timestamp>,
}

impl Consent {
    /// A state that is neither `subscribed` nor `unsubscribed` (`not_subscribed`, `pending`, `redacted`, `invalid`) is no
    /// decision of the customer's. Payloads since API version 2025-01 have none at all.
    pub(super) fn of_customer(customer: &Json<'_>) -> Self {
        const STATE: &str = "email_marketing_consent";
        match text(customer, &[STATE, "state"]).as_deref() {
            Some(state @ ("subscribed" | "unsubscribed")) => {
                let given = state == "subscribed";
                let confirmed = text(customer, &[STATE, "opt_in_level"]).as_deref() == Some("confirmed_opt_in");
                let at = time(customer, &[STATE, "consent_updated_at"]);
                Self { given: Some(given), confirmed: given && confirmed, at }
            }
            Some(_) => Self::default(),
            None => Self::of_legacy(customer, "accepts_marketing"),
        }
    }

    /// Before there were states, `false` was both "never asked" and "withdrawn": it says nothing.
    fn of_legacy(value: &Json<'_>, flag: &str) -> Self {
        let given = is_true(value, &[flag]);
        let confirmed = text(value, &["marketing_opt_in_level"]).as_deref() == Some("confirmed_opt_in");
        Self {
            given: given.then_some(true),
            confirmed: given && confirmed,
            at: time(value, &["accepts_marketing_updated_at"]).filter(|_| given),
        }
    }

    /// An order can only say that consent was given, and the customer's own state has the last word on it.
    pub(super) fn of_order(order: &Json<'_>) -> Self {
        let customer = order.get("customer").unwrap_or(&Json::Null);
        if text(customer, &["email_marketing_consent", "state"]).is_some() {
            let consent = Self::of_customer(customer);
            return if consent.given == Some(true) { consent } else { Self::default() };
        }
        let accepts = is_true(order, &["buyer_accepts_marketing"]);
        Self { given: accepts.then_some(true), ..Self::of_legacy(customer, "accepts_marketing") }.when(accepts)
    }

    fn when(self, condition: bool) -> Self {
        if condition { self } else { Self::default() }
    }
}
