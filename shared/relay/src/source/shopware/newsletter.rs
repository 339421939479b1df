//! Maps the newsletter's recipients: the one place where Shopware tells about consent.
//!
//! Which decision it is follows from the event first: `newsletter.confirm` and `newsletter.unsubscribe` come with the
//! recipient as it was *before* the decision (seen in Shopware's own `NewsletterConfirmRoute` and
//! `NewsletterUnsubscribeRoute`). A shop that asks for no confirmation sends `newsletter.confirm` at once, and a
//! "subscription" with the option `unsubscribe` arrives as one of the other two with the status `optOut`.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Circumstances, Ignored, customer::further, customer::tags};
use crate::source::{
    Json,
    payload::{text, time},
};

/// What a person has decided.
struct Decision {
    given: bool,
    /// The address was confirmed by its owner.
    confirmed: bool,
    at: Timestamp,
}

/// A recipient as the data of `customer.updated`.
pub(super) fn map(recipient: &Json<'_>, circumstances: &Circumstances<'_>) -> Result<Value, Ignored> {
    if recipient.is_object() && text(recipient, &["email"]).is_none() {
        return Err("no_email");
    }
    let decision = decision(recipient, circumstances)?;
    Ok(json!({
        "email": text(recipient, &["email"]),
        "first_name": text(recipient, &["firstName"]),
        "last_name": text(recipient, &["lastName"]),
        "postcode": text(recipient, &["zipCode"]),
        "city": text(recipient, &["city"]),
        "language": circumstances.language(recipient),
        "tags": tags(recipient),
        "marketing_consent": decision.given,
        "double_opt_in": decision.confirmed,
        "consent_at": decision.at,
        "updated_at": decision.at,
        "custom": further(recipient),
    }))
}

fn decision(recipient: &Json<'_>, circumstances: &Circumstances<'_>) -> Result<Decision, Ignored> {
    let status = text(recipient, &["status"]);
    let status = status.as_deref().unwrap_or("notSet");
    let confirmed_at = time(recipient, &["confirmedAt"]);
    let changed_at = [time(recipient, &["updatedAt"]), time(recipient, &["createdAt"])];
    let withdrawn = |at| Ok(Decision { given: false, confirmed: false, at });
    // A consent is as old as the last change before it: later than any withdrawal it follows, earlier than any that
    // follows it.
    let given = |confirmed| {
        let at = circumstances.latest(changed_at.into_iter().chain([confirmed_at]));
        Ok(Decision { given: true, confirmed, at })
    };
    match (circumstances.event, status) {
        (_, "optOut") => withdrawn(circumstances.latest(changed_at)),
        // The recipient is as it was when it was still subscribed, so its times are those of the subscription.
        (Some("newsletter.unsubscribe"), _) => withdrawn(circumstances.received_at),
        (_, "direct") => given(false),
        (_, "optIn") => given(confirmed_at.is_some()),
        // Waiting for a confirmation, which has come now.
        (Some("newsletter.confirm"), "notSet") => given(true),
        (_, "notSet") => Err("double_opt_in_pending"),
        _ => Err("unknown_status"),
    }
}
