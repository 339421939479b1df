//! The rules about a party that is down for a shop: nobody calls it for a while, then one delivery tries.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Gate, changed};
use crate::{
    ledger::{Connection, Outage, Row},
    retry::{BACKOFF_MAX, PUT_BACK, Party},
};

/// The first wait; twice as long after each try that failed …
const FIRST: Duration = PUT_BACK;
/// … up to this. A party that asks for more gets it, up to the longest back-off.
const LONGEST: Duration = Duration::from_mins(5);

impl Outage {
    /// One that begins now. Whoever saw it says so by [`failed`](Self::failed).
    pub const fn begins(now: Timestamp) -> Self {
        Self { since: now, until: now, tries: 0 }
    }

    /// Whether the party may be called now.
    pub fn gate(&self, now: Timestamp) -> Gate {
        if self.until > now { Gate::Shut(self.until) } else { Gate::ProbeDue }
    }

    /// The party failed, or was asked for too much. Failures of calls that were under way when that was known already only
    /// make it last if the party asks for more.
    pub fn failed(&mut self, asked_for: Option<Timestamp>, now: Timestamp) {
        if self.until <= now {
            self.until = after(now, wait(self.tries));
        }
        let asked_for = asked_for.map_or(now, |instant| instant.min(after(now, BACKOFF_MAX)));
        self.until = self.until.max(asked_for);
    }

    /// One delivery tries whether the party is back; the others go on waiting, longer than the last time.
    pub fn tried(&mut self, now: Timestamp) {
        self.tries = self.tries.saturating_add(1);
        self.until = after(now, wait(self.tries));
    }

    /// Who was to try made no call: the next one may.
    pub const fn untried(&mut self, now: Timestamp) {
        self.until = now;
    }
}

impl Connection {
    /// Whether this party may be called now, as far as its health goes.
    pub fn health(&self, party: Party, now: Timestamp) -> Gate {
        self.down.get(&party).map_or(Gate::Open, |outage| outage.gate(now))
    }
}

/// See [`Outage::failed`].
pub fn down(row: Row, party: Party, asked_for: Option<Timestamp>, now: Timestamp) -> Row {
    changed(row, now, |connection| {
        connection.down.entry(party).or_insert(Outage::begins(now)).failed(asked_for, now);
    })
}

/// See [`Outage::tried`].
pub fn tried(row: Row, party: Party, now: Timestamp) -> Row {
    changed(row, now, |connection| {
        if let Some(outage) = connection.down.get_mut(&party) {
            outage.tried(now);
        }
    })
}

/// See [`Outage::untried`].
pub fn untried(row: Row, party: Party, now: Timestamp) -> Row {
    changed(row, now, |connection| {
        if let Some(outage) = connection.down.get_mut(&party) {
            outage.untried(now);
        }
    })
}

/// The party answers.
pub fn up(row: Row, party: Party, now: Timestamp) -> Row {
    changed(row, now, |connection| {
        connection.down.remove(&party);
    })
}

fn wait(tries: u8) -> Duration {
    FIRST.saturating_mul(1_u32.checked_shl(tries.into()).unwrap_or(u32::MAX)).min(LONGEST)
}

fn after(at: Timestamp, wait: Duration) -> Timestamp {
    at.saturating_add(SignedDuration::try_from(wait).unwrap_or_default()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ledger::connection::row_key, shop::Destination};

    const PARTY: Party = Party::Websand;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + second).unwrap()
    }

    fn row() -> Row {
        Row::new(row_key(&"acme".parse().unwrap(), Destination::Websand), at(0))
    }

    fn health(row: &Row, second: i64) -> Gate {
        row.connection.clone().unwrap_or_default().health(PARTY, at(second))
    }

    #[test]
    fn one_tries_at_a_time_and_the_waits_grow_to_five_minutes() {
        let mut row = down(row(), PARTY, None, at(0));
        let (mut now, mut waits) = (0, Vec::new());
        for _ in 0..6 {
            let Gate::Shut(until) = health(&row, now) else { panic!("not shut") };
            let until = until.duration_since(at(0)).as_secs();
            waits.push(until - now);
            now = until;
            assert_eq!(health(&row, now), Gate::ProbeDue);
            row = tried(row, PARTY, at(now));
            assert!(matches!(health(&row, now), Gate::Shut(_)), "one is trying");
            row = down(row, PARTY, None, at(now + 10));
        }
        assert_eq!(waits, [30, 60, 120, 240, 300, 300]);
        assert_eq!(health(&up(row, PARTY, at(now)), now), Gate::Open);
    }

    #[test]
    fn who_made_no_call_leaves_the_try_to_the_next() {
        let row = tried(down(row(), PARTY, None, at(0)), PARTY, at(30));
        assert_eq!(health(&untried(row, PARTY, at(31)), 31), Gate::ProbeDue);
    }

    #[test]
    fn what_the_party_asks_for_is_heeded_up_to_an_hour() {
        let long = down(row(), PARTY, Some(at(46_800)), at(0));
        assert_eq!(health(&long, 0), Gate::Shut(at(3600)));
        let longer = down(down(row(), PARTY, None, at(0)), PARTY, Some(at(50)), at(10));
        assert_eq!(health(&longer, 10), Gate::Shut(at(50)));
        assert_eq!(health(&down(longer, PARTY, None, at(20)), 20), Gate::Shut(at(50)), "calls that were under way");
    }

    #[test]
    fn other_parties_are_not_concerned_and_no_person_is_called() {
        let row = down(row(), PARTY, None, at(0));
        assert_eq!(row.connection.as_ref().unwrap().health(Party::Shop, at(0)), Gate::Open);
        assert_eq!(row.attention, None);
        let text = serde_json::to_string(&row).unwrap();
        assert!(text.contains(r#""down":{"websand":{"#), "{text}");
        assert_eq!(serde_json::from_str::<Row>(&text).unwrap(), row);
    }
}
