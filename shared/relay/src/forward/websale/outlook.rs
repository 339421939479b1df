//! What a schedule or a cancellation will come to, told before it is queued. Pure, by the rules that the forwarder follows;
//! what happens meanwhile may change it.

use super::standing::{is_out, newest};
use crate::{
    event::{Channel, Event},
    ledger::{Row, State},
    message::{Message, Payload},
};

#[cfg(test)]
mod tests;

/// What will come of a promotion's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    /// A schedule of what was never heard of, or was called off before anything was sent.
    New,
    /// It takes the place of what waits or is shown.
    Changes,
    /// It went out; its entry is edited, and it is not sent again.
    EditsOnly,
    /// A cancellation that comes in time: nothing goes out, and what is shown is taken off.
    CallsOff,
    /// A cancellation of what was never heard of: a schedule that is not newer does not go out.
    CallsOffUnknown,
    /// It went out: nothing can be done about it.
    TooLate,
    /// A person has to say first whether it went out; then it is obeyed.
    Undecided,
    /// The same or something newer is known.
    NotNewer,
    /// It was called off already.
    CalledOff,
    /// It is of this channel, which cannot be changed.
    OtherChannel(Channel),
}

impl Outlook {
    /// What will come of this message, as the ledger stands.
    pub fn of(message: &Message, row: Option<&Row>) -> Self {
        let cancels = matches!(message.payload, Payload::Event(Event::PromotionCancelled(_)));
        let Some((row, known)) = row.and_then(|row| Some((row, newest(row)?))) else {
            return if cancels { Self::CallsOffUnknown } else { Self::New };
        };
        if !message.revision().is_newer_than(&known) {
            return if row.state == State::Cancelled { Self::CalledOff } else { Self::NotNewer };
        }
        if row.state == State::OutcomeUnknown {
            return Self::Undecided;
        }
        match &message.payload {
            Payload::Event(Event::PromotionScheduled(promotion)) => Self::of_schedule(promotion.channel, row),
            _ if is_out(row) => Self::TooLate,
            _ if row.state == State::Cancelled => Self::CalledOff,
            _ => Self::CallsOff,
        }
    }

    fn of_schedule(channel: Channel, row: &Row) -> Self {
        match row.promotion.as_ref().map(|promotion| promotion.channel) {
            Some(known) if known != channel => Self::OtherChannel(known),
            _ if is_out(row) && channel == Channel::PersonalisedPush => Self::TooLate,
            _ if is_out(row) => Self::EditsOnly,
            _ if row.state == State::Cancelled => Self::New,
            _ => Self::Changes,
        }
    }
}
