//! What a marketing tool is told about a promotion: when it goes out on the shop's own clock, and to whom.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use crate::event::{Audience, AudienceFilter, Promotion};

/// What will happen with a promotion, as the answer has it.
#[derive(Clone, Debug)]
pub struct Plan {
    channel: &'static str,
    /// When it goes out, if it is sent.
    pub send_at: Option<Timestamp>,
    /// Not out by then: not at all.
    pub send_before: Option<Timestamp>,
    zone: TimeZone,
    /// Who gets it: `everyone`, or how many of each filter.
    pub audience: Value,
}

impl Plan {
    /// The plan of a promotion. A draft is not sent. Times are told to the second, though "now" is finer.
    pub(super) fn of(promotion: &Promotion, zone: Option<&TimeZone>) -> Self {
        let to_the_second = |time: Timestamp| Timestamp::from_second(time.as_second()).unwrap_or(time);
        let sent = |time: Option<Timestamp>| time.filter(|_| !promotion.draft).map(to_the_second);
        Self {
            channel: promotion.channel.name(),
            send_at: sent(promotion.send_at),
            send_before: sent(promotion.send_before),
            zone: zone.cloned().unwrap_or(TimeZone::UTC),
            audience: summary(promotion.audience.as_ref()),
        }
    }

    /// As the answer to its webhook has it.
    pub fn to_json(&self) -> Value {
        json!({
            "channel": self.channel,
            "send_at_utc": self.send_at,
            "send_at_shop": self.send_at.map(|at| on_the_clock(at, &self.zone)),
            "send_before": self.send_before,
            "audience": self.audience,
        })
    }
}

/// The instant on a shop's own clock: `Wed 10 Jun 2026 08:00 Europe/Berlin`.
pub fn on_the_clock(at: Timestamp, zone: &TimeZone) -> String {
    let name = zone.iana_name().unwrap_or("UTC");
    format!("{} {name}", at.to_zoned(zone.clone()).strftime("%a %d %b %Y %H:%M"))
}

/// Who gets it: how many of each filter, never who.
fn summary(audience: Option<&Audience>) -> Value {
    let Some(Audience::Filtered(filter)) = audience else { return json!("everyone") };
    let AudienceFilter { connected, os_type, emails, zip_codes, zip_areas } = filter;
    let mut summary = json!({
        "connected": connected,
        "os_type": os_type,
        "emails": emails.as_ref().map(Vec::len),
        "zip_codes": zip_codes.as_ref().map(Vec::len),
        "zip_areas": zip_areas.as_ref().map(Vec::len),
    });
    if let Some(fields) = summary.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    summary
}
