//! Quiet hours at the door: a push that is planned for them is a mistake of whoever planned it; one that is delayed into
//! them is the forwarder's business, who is told of them.

use crate::{
    event::{Fault, FaultCode, Faults, Promotion},
    quiet::QuietHours,
    secret::WebhookSecret,
};

/// The shop's quiet hours, if this is sent at all.
pub(super) fn of(promotion: &Promotion, secret: &WebhookSecret) -> Option<QuietHours> {
    secret.quiet_hours.clone().filter(|_| promotion.channel.is_sent())
}

/// The fault of a push that is due in the shop's quiet hours.
pub(super) fn check(promotion: &Promotion, secret: &WebhookSecret) -> Result<(), Faults> {
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
