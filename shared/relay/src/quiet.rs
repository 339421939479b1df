//! Quiet hours: no push goes out at night.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, Timestamp, civil::Time, tz::TimeZone};
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// A time of day in which no push goes out, every day, by the shop's clock. Queue messages and ledger rows carry it, so
/// that whoever sends the push needs nothing else of the shop's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QuietHours {
    from: Time,
    to: Time,
    zone: TimeZone,
}

/// The text is none that [`QuietHours`] writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("quiet hours have the form 21:00-08:00 Europe/Berlin")]
pub struct BadQuietHours;

/// So many days after a quiet day another begins at the latest. One day may be missing where a country changes sides of
/// the date line.
const DAYS: i64 = 3;

impl QuietHours {
    /// From and to these times on the clocks of this zone, past midnight if `to` is earlier.
    pub const fn new(from: Time, to: Time, zone: TimeZone) -> Self {
        Self { from, to, zone }
    }

    /// Whether the shop's clock then shows a quiet time. In the night that has an hour twice, it may do so twice.
    pub fn cover(&self, at: Timestamp) -> bool {
        let local = at.to_zoned(self.zone.clone()).time();
        if self.from <= self.to { self.from <= local && local < self.to } else { self.from <= local || local < self.to }
    }

    /// If it is quiet then: the first moment after that when it is not.
    pub fn end(&self, at: Timestamp) -> Option<Timestamp> {
        if !self.cover(at) {
            return None;
        }
        let today = at.to_zoned(self.zone.clone()).date();
        let ends = (0..=DAYS).filter_map(|days| today.checked_add(SignedDuration::from_hours(24 * days)).ok());
        let ends = ends.flat_map(|day| {
            let end = self.zone.to_ambiguous_timestamp(day.to_datetime(self.to));
            [end.earlier(), end.later()].into_iter().flatten()
        });
        // A clock that is moved may pass over the end.
        let moved = self.zone.following(at).map(|transition| transition.timestamp()).take(1);
        ends.chain(moved).filter(|end| *end > at && !self.cover(*end)).min()
    }

    /// From when to when, for a person: `21:00 to 08:00`.
    pub fn hours(&self) -> String {
        format!("{} to {}", self.from.strftime("%H:%M"), self.to.strftime("%H:%M"))
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = self.zone.iana_name().unwrap_or("UTC");
        write!(f, "{}-{} {zone}", self.from.strftime("%H:%M"), self.to.strftime("%H:%M"))
    }
}

impl FromStr for QuietHours {
    type Err = BadQuietHours;

    fn from_str(text: &str) -> Result<Self, BadQuietHours> {
        let (hours, zone) = text.split_once(' ').ok_or(BadQuietHours)?;
        let (from, to) = hours.split_once('-').ok_or(BadQuietHours)?;
        let time = |text: &str| Time::strptime("%H:%M", text).map_err(|_| BadQuietHours);
        Ok(Self { from: time(from)?, to: time(to)?, zone: TimeZone::get(zone).map_err(|_| BadQuietHours)? })
    }
}

impl TryFrom<String> for QuietHours {
    type Error = BadQuietHours;

    fn try_from(text: String) -> Result<Self, BadQuietHours> {
        text.parse()
    }
}

impl From<QuietHours> for String {
    fn from(hours: QuietHours) -> Self {
        hours.to_string()
    }
}
