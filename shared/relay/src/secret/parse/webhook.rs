//! `…/webhook`: one source or several, and what is done with their webhooks.

use jiff::{civil::Time, tz::TimeZone};

use super::{Model, one_of, some, source, text};
use crate::{
    event::{EventType, FaultCode, Reader},
    quiet::QuietHours,
    secret::WebhookSecret,
};

/// The settings beside the sources.
pub(super) const SETTINGS: [&str; 6] =
    ["forward", "origins", "test_orders", "time_zone", "quiet_hours", "silent_after_hours"];

/// As far back as receipts are looked for on AWS: 14 days.
const LONGEST_SILENCE: u64 = 14 * 24;

impl Model for WebhookSecret {
    fn read(place: &Reader<'_>) -> Option<Self> {
        let sources = sources(place);
        let forward = place.optional("forward", |place| place.array(event_type));
        let origins = place.optional("origins", |place| some(place, |place| Some(text(place)?.to_lowercase())));
        let forward_test_orders =
            place.optional("test_orders", |place| one_of(place, &[("ignore", false), ("forward", true)]));
        let time_zone = place.optional("time_zone", time_zone);
        let quiet_hours = place.optional("quiet_hours", quiet_hours);
        let silent_after_hours = place.optional("silent_after_hours", |place| place.integer(1, LONGEST_SILENCE));
        if place.has("quiet_hours") && !place.has("time_zone") {
            let _: Option<()> = place.fault_at("time_zone", FaultCode::Missing, "is required with quiet_hours");
        }
        Some(Self {
            sources: sources?,
            forward,
            origins,
            forward_test_orders: forward_test_orders.unwrap_or(false),
            quiet_hours: time_zone.clone().zip(quiet_hours).map(|(zone, (from, to))| QuietHours::new(from, to, zone)),
            time_zone,
            silent_after_hours,
        })
    }
}

/// `{"sources": [ … ]}`, or the fields of the only source beside the settings.
fn sources(place: &Reader<'_>) -> Option<Vec<crate::secret::SourceSecret>> {
    if place.has("sources") {
        place.deny_unknown(&[&["sources"], &SETTINGS[..]].concat());
        return place.required("sources", |place| {
            some(place, |place| {
                place.object()?;
                place.deny_unknown(&source::FIELDS);
                source::read(place)
            })
        });
    }
    place.deny_unknown(&[&source::FIELDS[..], &SETTINGS[..]].concat());
    source::read(place).map(|source| vec![source])
}

fn event_type(place: &Reader<'_>) -> Option<EventType> {
    EventType::from_name(place.string()?).or_else(|| {
        let names = EventType::ALL.map(EventType::name).join(", ");
        place.fault(FaultCode::UnknownValue, format!("must be one of {names}"))
    })
}

fn time_zone(place: &Reader<'_>) -> Option<TimeZone> {
    let name = text(place)?;
    TimeZone::get(&name)
        .ok()
        .or_else(|| place.fault(FaultCode::UnknownValue, "must be an IANA time zone such as Europe/Berlin"))
}

fn quiet_hours(place: &Reader<'_>) -> Option<(Time, Time)> {
    place.object()?;
    place.deny_unknown(&["from", "to"]);
    let from = place.required("from", time_of_day);
    let to = place.required("to", time_of_day);
    let (from, to) = (from?, to?);
    if from == to {
        return place.fault(FaultCode::Invalid, "must not be the whole day: from and to are equal");
    }
    Some((from, to))
}

/// `HH:MM`.
fn time_of_day(place: &Reader<'_>) -> Option<Time> {
    let text = place.string()?;
    let two = |digits: &str| (digits.len() == 2).then(|| digits.parse::<i8>().ok()).flatten();
    text.split_once(':')
        .and_then(|(hour, minute)| Time::new(two(hour)?, two(minute)?, 0, 0).ok())
        .or_else(|| place.fault(FaultCode::Invalid, "must be a time of day such as 21:00"))
}
