//! Quiet hours at the door: a push that is planned for them is a mistake of whoever planned it; one that is delayed into
//! them is the forwarder's business, who is told of them.

use crate::{
    event::{Event, Fault, FaultCode, Faults},
    quiet::QuietHours,
    secret::WebhookSecret,
};

/// The shop's quiet hours, if the event is a promotion that is sent.
pub(super) fn of(event: &Event, secret: &WebhookSecret) -> Option<QuietHours> {
    let Event::PromotionScheduled(promotion) = event else { return None };
    secret.quiet_hours.clone().filter(|_| promotion.channel.is_sent())
}

/// The fault of a push that is due in the shop's quiet hours.
pub(super) fn check(event: &Event, secret: &WebhookSecret) -> Result<(), Faults> {
    let Event::PromotionScheduled(promotion) = event else { return Ok(()) };
    let due = promotion.send_at.filter(|_| promotion.channel.is_sent() && !promotion.draft);
    match (due, &secret.quiet_hours) {
        (Some(at), Some(quiet)) if quiet.cover(at) => Err(Faults(vec![Fault {
            pointer: "/data/send_at".into(),
            code: FaultCode::QuietHours,
            detail: format!("is in the shop's quiet hours, {}", quiet.hours()),
        }])),
        _ => Ok(()),
    }
}
