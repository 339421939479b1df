//! The year: its shops with their clocks, and when something is the matter.

use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};
use serde_json::{Value, json};

use crate::{
    chance::Chance,
    scenario::{after, minutes},
    trouble::{Matter, Trouble},
};

/// When the year begins: at midnight of 2026-01-01 in Berlin.
const BEGIN: &str = "2025-12-31T23:00:00Z";
/// The nights in which a clock is moved, in Berlin and New York.
const MOVED: [&str; 4] =
    ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"];
/// What shops sign their webhooks with.
const SIGNING_SECRET: &str = "whsec_ZXhhbXBsZS1vbmx5LWV4YW1wbGUtb25seS0wMDAwMDE=";
/// What nothing keeps from being done is done within this time.
const QUICK: SignedDuration = SignedDuration::from_mins(20);
/// And what something has kept from being done, within this time after it.
const AFTERMATH: SignedDuration = SignedDuration::from_hours(4);
/// In each of these something is the matter once.
const SLOT_HOURS: u64 = 24 * 8;

/// A shop and its clock.
pub(super) struct Shop {
    pub(super) name: &'static str,
    pub(super) zone: TimeZone,
    quiet: Option<(Time, Time)>,
    pub(super) emails_per_push: usize,
}

/// A year.
pub(super) struct Calendar {
    pub(super) shops: Vec<Shop>,
    /// In their order; one is over, with all that follows from it, before the next begins.
    pub(super) troubles: Vec<Trouble>,
}

pub(super) fn instant(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| unreachable!("{text} is a time: {error}"))
}

pub(super) fn begin() -> Timestamp {
    instant(BEGIN)
}

/// When a clock is moved.
pub(super) fn moved() -> [Timestamp; 4] {
    MOVED.map(instant)
}

impl Calendar {
    /// The year of a seed.
    pub(super) fn drawn(chance: &mut Chance) -> Self {
        let quiet = |from, to| Some((Time::constant(from, 0, 0, 0), Time::constant(to, 0, 0, 0)));
        // Over before the clock is moved, so that the end is passed over in one night and comes twice in the other.
        let short = Some((Time::constant(0, 30, 0, 0), Time::constant(2, 30, 0, 0)));
        let shops = vec![
            Shop::new("berlin", "Europe/Berlin", quiet(21, 8), 10),
            Shop::new("york", "America/New_York", quiet(22, 7), 7),
            Shop::new("night", "Europe/Berlin", short, 15),
            Shop::new("always", "America/New_York", None, usize::MAX),
        ];
        Self { shops, troubles: troubles(chance) }
    }

    /// When something that is begun between these instants is done, at the earliest and at the latest.
    pub(super) fn span(&self, from: Timestamp, to: Timestamp, needs_websale: bool) -> (Timestamp, Timestamp) {
        let (mut earliest, mut latest) = (from, after(to, QUICK));
        for trouble in self.troubles.iter().filter(|trouble| needs_websale || trouble.matter != Matter::Unreachable) {
            if trouble.matter != Matter::Flaky && trouble.covers(earliest) {
                earliest = trouble.until;
            }
            let over = after(trouble.until, AFTERMATH);
            if latest >= trouble.from && earliest < over {
                latest = latest.max(over);
            }
        }
        (earliest, latest)
    }
}

/// Something is the matter every week or so, and in some nights when a clock is moved.
fn troubles(chance: &mut Chance) -> Vec<Trouble> {
    let mut troubles: Vec<Trouble> = Vec::new();
    for slot in 0..365 * 24 / SLOT_HOURS {
        let mut from = after(begin(), minutes(60 * (slot * SLOT_HOURS + 24) + chance.below(60 * (SLOT_HOURS - 48))));
        let matter = *chance.pick(&[Matter::Down, Matter::Unreachable, Matter::Flaky, Matter::Flaky]);
        let longest = if matter == Matter::Flaky { 180 } else { 720 };
        let mut until = after(from, minutes(chance.between(30, longest)));
        if matter != Matter::Flaky && chance.one_in(2) {
            // Into the night, so that what could not go out in time has to wait for the end of quiet hours.
            let midnight = after(begin(), minutes(24 * 60 * (slot * SLOT_HOURS / 24 + 2)));
            from = midnight.saturating_sub(minutes(chance.between(4 * 60, 9 * 60))).unwrap_or(midnight);
            until = after(midnight, minutes(chance.below(90)));
        }
        troubles.push(Trouble { matter, from, until });
    }
    for moved in moved() {
        let is_near = |trouble: &Trouble| trouble.from.duration_since(moved).abs() < SignedDuration::from_hours(30);
        troubles.retain(|trouble| !is_near(trouble));
        if chance.one_in(2) {
            let from = after(moved, SignedDuration::from_mins(-90));
            let matter = *chance.pick(&[Matter::Down, Matter::Unreachable]);
            troubles.push(Trouble { matter, from, until: after(from, minutes(chance.between(30, 200))) });
        }
    }
    troubles.sort_by_key(|trouble| trouble.from);
    troubles
}

impl Shop {
    fn new(name: &'static str, zone: &str, quiet: Option<(Time, Time)>, emails_per_push: usize) -> Self {
        let zone = TimeZone::get(zone).unwrap_or_else(|error| unreachable!("{zone} is a zone: {error}"));
        Self { name, zone, quiet, emails_per_push }
    }

    /// Whether the shop's clock shows a quiet time.
    pub(super) fn is_quiet(&self, at: Timestamp) -> bool {
        let clock = at.to_zoned(self.zone.clone()).time();
        self.quiet
            .is_some_and(|(from, to)| if from < to { from <= clock && clock < to } else { clock >= from || clock < to })
    }

    /// The first instant from then on that is not quiet. It is one of the half hours, on every clock there is here.
    pub(super) fn awake(&self, at: Timestamp) -> Timestamp {
        let mut instant = at;
        while self.is_quiet(instant) {
            let second = instant.as_second();
            instant = Timestamp::from_second(second - second.rem_euclid(1800) + 1800).unwrap_or(Timestamp::MAX);
        }
        instant
    }

    /// The shop's secrets, by their names.
    pub(super) fn secrets(&self) -> [(String, Value); 2] {
        let name = self.name;
        let clock = |time: Time| time.strftime("%H:%M").to_string();
        let mut webhook = json!({
            "platform": "canonical", "signing_secrets": [SIGNING_SECRET],
            "time_zone": self.zone.iana_name().unwrap_or("UTC"),
        });
        if let Some((from, to)) = self.quiet {
            webhook["quiet_hours"] = json!({"from": clock(from), "to": clock(to)});
        }
        let mut websale = json!({
            "shop_id": name, "subshop": name, "username": "api", "password": "pw", "final_statuses": ["finished"],
            "poll": {"deadline": 48 * 3600},
        });
        if self.emails_per_push < usize::MAX {
            websale["emails_per_push"] = json!(self.emails_per_push);
        }
        [(format!("shoprelay/{name}/webhook"), webhook), (format!("shoprelay/{name}/websale"), websale)]
    }
}
