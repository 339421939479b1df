//! The rules about a shop's connection to a destination: when it is shut, and who may try whether it works again.

use jiff::Timestamp;

use super::{Attention, Connection, Fault, Matter, Row, State, transition::last_error};
use crate::{
    message::{Kind, RowKey},
    retry::{Call, Failure, MEND_WAIT},
    shop::{Destination, ShopName},
};

mod outage;
mod silence;

pub use outage::{down, tried, untried, up};
pub use silence::{heard, silent, told_silent};

/// After this many faults of the settings in a row all deliveries wait, and only one at a time tries again.
pub const IN_A_ROW: u8 = 3;

/// The row of a shop's connection to a destination.
pub fn row_key(shop: &ShopName, destination: Destination) -> RowKey {
    RowKey { shop: Some(shop.clone()), destination, kind: Kind::Connection, subject: destination.name().to_owned() }
}

/// Whether a call may be made, as far as the shop's settings go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Yes.
    Open,
    /// One delivery may try; it says so by [`probed`] before it does.
    ProbeDue,
    /// Not before this instant.
    Shut(Timestamp),
}

impl Connection {
    /// Whether this may be tried now.
    pub fn gate(&self, matter: Matter, now: Timestamp) -> Gate {
        match self.faults.get(&matter) {
            Some(fault) if fault.in_a_row < IN_A_ROW => Gate::Open,
            Some(fault) if fault.probe_at > now => Gate::Shut(fault.probe_at),
            Some(_) => Gate::ProbeDue,
            None => Gate::Open,
        }
    }
}

/// An operator wants no call to be made.
pub fn paused(row: Row, now: Timestamp) -> Row {
    changed(row, now, |connection| {
        connection.paused_at.get_or_insert(now);
    })
}

/// Calls may be made again.
pub fn resumed(row: Row, now: Timestamp) -> Row {
    changed(row, now, |connection| connection.paused_at = None)
}

/// The call got through.
pub fn proven(row: Row, call: Call, now: Timestamp) -> Row {
    changed(right(row, Matter::Call(call), now), now, |connection| {
        connection.proven.insert(call);
    })
}

/// The settings are right in this matter, whatever else the answer said.
pub fn right(row: Row, matter: Matter, now: Timestamp) -> Row {
    changed(row, now, |connection| {
        connection.faults.remove(&matter);
    })
}

/// The settings are wrong in this matter.
pub fn wrong(row: Row, matter: Matter, failure: &Failure, now: Timestamp) -> Row {
    let probe_at = now.saturating_add(MEND_WAIT).unwrap_or(Timestamp::MAX);
    let mut row = changed(row, now, |connection| {
        let fault = connection.faults.entry(matter).or_insert(Fault { in_a_row: 0, since: now, probe_at });
        *fault = Fault { in_a_row: fault.in_a_row.saturating_add(1), probe_at, ..*fault };
    });
    row.last_error = Some(last_error(failure, now));
    row
}

/// One delivery tries whether it works again; the others go on waiting.
pub fn probed(row: Row, matter: Matter, now: Timestamp) -> Row {
    let probe_at = now.saturating_add(MEND_WAIT).unwrap_or(Timestamp::MAX);
    changed(row, now, |connection| {
        if let Some(fault) = connection.faults.get_mut(&matter) {
            fault.probe_at = probe_at;
        }
    })
}

fn changed(mut row: Row, now: Timestamp, change: impl FnOnce(&mut Connection)) -> Row {
    let mut connection = row.connection.take().unwrap_or_default();
    change(&mut connection);
    let is_shut = connection.faults.values().any(|fault| fault.in_a_row >= IN_A_ROW);
    row.attention = match connection.paused_at {
        _ if is_shut => Some(Attention::ConfigurationFault),
        Some(_) => Some(Attention::Paused),
        None => None,
    };
    if connection.faults.is_empty() {
        row.last_error = None;
    }
    row.connection = Some(connection);
    // It is known for as long as the shop is.
    (row.state, row.expires_at, row.last_at) = (State::Delivered, None, now);
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRANSACTION: Matter = Matter::Call(Call::WebsandTransaction);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + second).unwrap()
    }

    fn row() -> Row {
        Row::new(row_key(&"acme".parse().unwrap(), Destination::Websand), at(0))
    }

    fn failure() -> Failure {
        Failure { code: "http_404".into(), status: Some(404), detail: "no such account".into() }
    }

    fn gate(row: &Row, second: i64) -> Gate {
        row.connection.clone().unwrap_or_default().gate(TRANSACTION, at(second))
    }

    #[test]
    fn three_faults_in_a_row_shut_the_gate_and_one_may_try_every_fifteen_minutes() {
        let mut row = row();
        for count in 1..=3 {
            assert_eq!((gate(&row, 0), row.attention), (Gate::Open, None), "{count}");
            row = wrong(row, TRANSACTION, &failure(), at(count));
        }
        assert_eq!(row.attention, Some(Attention::ConfigurationFault));
        assert_eq!(gate(&row, 3 + 899), Gate::Shut(at(903)));
        assert_eq!(gate(&row, 903), Gate::ProbeDue);
        row = probed(row, TRANSACTION, at(903));
        assert_eq!(gate(&row, 904), Gate::Shut(at(1803)), "the others wait");
        let faults = &row.connection.as_ref().unwrap().faults;
        assert_eq!((faults[&TRANSACTION].in_a_row, faults[&TRANSACTION].since), (3, at(1)));
        row = proven(row, Call::WebsandTransaction, at(904));
        assert_eq!((gate(&row, 904), row.attention, row.last_error), (Gate::Open, None, None));
    }

    #[test]
    fn a_success_in_between_begins_the_count_anew_and_other_matters_have_their_own() {
        let two = wrong(wrong(row(), TRANSACTION, &failure(), at(1)), TRANSACTION, &failure(), at(2));
        let one = wrong(right(two.clone(), TRANSACTION, at(3)), TRANSACTION, &failure(), at(4));
        assert_eq!(gate(&one, 4), Gate::Open);
        let other = wrong(two, Matter::Secret, &failure(), at(3));
        assert_eq!(gate(&other, 3), Gate::Open);
    }

    #[test]
    fn a_pause_is_shown_until_it_ends_and_keeps_what_is_known() {
        let known = proven(row(), Call::WebsandTransaction, at(1));
        let twice = paused(paused(known, at(2)), at(9));
        assert_eq!(twice.attention, Some(Attention::Paused));
        assert_eq!(twice.connection.as_ref().unwrap().paused_at, Some(at(2)), "the first one counts");
        let again = resumed(twice, at(10));
        assert_eq!(again.attention, None);
        assert!(again.connection.unwrap().proven.contains(&Call::WebsandTransaction));
    }

    #[test]
    fn it_survives_storing() {
        let row = wrong(wrong(row(), TRANSACTION, &failure(), at(1)), Matter::Secret, &failure(), at(2));
        let row = proven(row, Call::WebsandSubscriber, at(3));
        let text = serde_json::to_string(&row).unwrap();
        assert!(text.contains(r#""secret":{"#) && text.contains(r#""websand.transaction":{"#), "{text}");
        assert_eq!(serde_json::from_str::<Row>(&text).unwrap(), row);
        assert!(text.len() < 1000, "{}", text.len());
    }
}
