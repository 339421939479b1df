//! What a message finds out about a shop's connection.

use jiff::Timestamp;

use super::Passage;
use crate::{
    alarm::Alarm,
    forward::traffic::{Finding, Health},
    ledger::{Attention, Matter, Row, connection},
    message::Message,
    retry::{Call, Failure, Party},
};

/// Something found out about a connection.
pub(super) enum News {
    Proven(Call),
    Right(Matter),
    Wrong(Matter, Failure),
    /// The party answers.
    Up(Party),
    /// The party is down; it may have said until when.
    Down(Party, Option<Timestamp>),
    /// The message was to try whether the party is back, and made no call.
    Untried(Party),
    /// The shop sent a webhook then, and should send another within these hours.
    Heard(Timestamp, u64),
}

impl Passage {
    /// Takes note that the shop is not silent, if its owner wants to know.
    pub(crate) fn heard(&self, message: &Message) {
        if let Some(hours) = message.silent_after_hours {
            self.news().push(News::Heard(message.received_at, hours));
        }
    }
}

impl News {
    /// The connection's row with this noted.
    pub(super) fn noted(&self, row: Row, now: Timestamp) -> Row {
        match self {
            Self::Proven(call) => connection::proven(row, *call, now),
            Self::Right(matter) => connection::right(row, *matter, now),
            Self::Wrong(matter, failure) => connection::wrong(row, *matter, failure, now),
            Self::Up(party) => connection::up(row, *party, now),
            Self::Down(party, asked_for) => connection::down(row, *party, *asked_for, now),
            Self::Untried(party) => connection::untried(row, *party, now),
            Self::Heard(at, hours) => connection::heard(row, *at, *hours, now),
        }
    }

    /// The party this process need not remember to be down, once it is noted.
    pub(super) const fn down(&self) -> Option<Party> {
        match self {
            Self::Down(party, _) => Some(*party),
            _ => None,
        }
    }
}

impl Passage {
    /// What a call says of a party's health. Of the one that tries whether it is back every failure counts.
    pub(super) fn found(&self, party: Party, Finding { health, is_down }: Finding) {
        match health {
            Health::Well => self.news().push(News::Up(party)),
            Health::Ill(asked_for) | Health::Crowded(asked_for) if is_down || self.tries().contains(&party) => {
                self.news().push(News::Down(party, asked_for));
            }
            Health::Ill(_) | Health::Crowded(_) => {}
        }
    }

    /// Tells the operator once that deliveries wait.
    pub(super) fn alarm(&self, row: &Row) {
        if row.attention != Some(Attention::ConfigurationFault) || row.attention == self.row.attention {
            return;
        }
        for (matter, fault) in row.connection.iter().flat_map(|connection| &connection.faults) {
            let (alarm, shop, destination) = (Alarm::ConfigurationFault, self.shop.as_str(), row.key.destination);
            let settings = matter.settings();
            tracing::error!(%alarm, shop, %destination, %matter, settings, since = %fault.since, "deliveries wait");
        }
    }
}
