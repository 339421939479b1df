//! Quiet hours: no push goes out at night.

use jiff::{Timestamp, civil::Time, tz::TimeZone};

use crate::{
    event::{Event, Fault, FaultCode, Faults},
    secret::WebhookSecret,
};

/// The fault of a push that is due in the shop's quiet hours.
pub(super) fn check(event: &Event, secret: &WebhookSecret) -> Result<(), Faults> {
    let Event::PromotionScheduled(promotion) = event else { return Ok(()) };
    let due = promotion.send_at.filter(|_| promotion.channel.is_sent() && !promotion.draft);
    let zone = secret.time_zone.clone().unwrap_or(TimeZone::UTC);
    match (due, secret.quiet_hours) {
        (Some(at), Some((from, to))) if is_within(at, &zone, from, to) => Err(Faults(vec![Fault {
            pointer: "/data/send_at".into(),
            code: FaultCode::QuietHours,
            detail: format!("is in the shop's quiet hours, {} to {}", from.strftime("%H:%M"), to.strftime("%H:%M")),
        }])),
        _ => Ok(()),
    }
}

/// Whether it is then between these times on the shop's clock; they may go past midnight.
fn is_within(at: Timestamp, zone: &TimeZone, from: Time, to: Time) -> bool {
    let local = at.to_zoned(zone.clone()).time();
    if from <= to { from <= local && local < to } else { from <= local || local < to }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    #[test]
    fn quiet_hours_go_past_midnight_and_follow_the_shops_clock() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let quiet = |at: &str| is_within(at.parse().unwrap(), &berlin, time(21, 0, 0, 0), time(8, 0, 0, 0));
        assert!(quiet("2026-06-10T19:00:00Z"), "21:00 in summer");
        assert!(!quiet("2026-06-10T18:59:59Z"));
        assert!(quiet("2026-06-10T05:59:59Z"));
        assert!(!quiet("2026-06-10T06:00:00Z"), "08:00 in summer");
        assert!(quiet("2026-12-10T06:00:00Z"), "07:00 in winter");
        let noon = |from, to| is_within("2026-06-10T10:00:00Z".parse().unwrap(), &TimeZone::UTC, from, to);
        assert!(noon(time(9, 0, 0, 0), time(11, 0, 0, 0)));
        assert!(!noon(time(11, 0, 0, 0), time(12, 0, 0, 0)));
        assert!(!noon(time(10, 0, 0, 0), time(10, 0, 0, 0)), "no time at all");
    }
}
