//! What a person decides about a row that needs them. Pure: the command line applies it.

use jiff::Timestamp;

use super::{Attention, CallbackStatus, Due, Purpose, Row, State, callback::owe_of_plan, transition::end};

/// What a person found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The call whose outcome is unknown got through.
    Sent,
    /// It did not get through.
    NotSent,
    /// What was to be done by hand is done.
    Done,
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Nothing more is to be done.
    Closed,
    /// The promotion is due, and goes out unless its time has passed.
    DueNow,
    /// The shop has changed it or called it off meanwhile: it does not go out; a schedule with a newer `updated_at` does.
    Outdated,
}

/// Why a finding does not fit the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Nobody has to look.
    #[error("it needs nobody")]
    NeedsNobody,
    /// `sent` or `not-sent`, but there is no doubt about it.
    #[error("there is no doubt whether it was sent; say --as done once what is to be done by hand is done")]
    NoDoubt,
    /// `done`, but the row asks whether a call got through.
    #[error("the question is whether it was sent: say --as sent or --as not-sent")]
    WasItSent,
    /// Its message is in the dead-letter queue.
    #[error("its message is in the dead-letter queue: `shoprelay dead redrive` puts it back, `dead drop` deletes it")]
    HasLetter,
    /// Deliveries wait for the shop's settings or credentials.
    #[error("deliveries wait for the shop's settings or credentials; once they are mended they go on by themselves")]
    Waits,
    /// An operator paused the connection.
    #[error("the connection is paused; `shoprelay resume` ends that")]
    Paused,
}

/// Applies a person's finding to a row.
///
/// # Errors
/// It does not fit the row, which is to stay as it is.
pub fn resolve(mut row: Row, finding: Finding, now: Timestamp) -> Result<(Row, Resolution), Unfit> {
    let resolution = match (row.attention, finding) {
        (None, _) => return Err(Unfit::NeedsNobody),
        (Some(Attention::OutcomeUnknown), Finding::Sent) => {
            row.state = State::Delivered;
            row.steps.sent = true;
            row = owe_of_plan(row, CallbackStatus::Sent, None, now);
            Resolution::Closed
        }
        (Some(Attention::OutcomeUnknown), Finding::NotSent) => not_sent(&mut row, now),
        (Some(Attention::OutcomeUnknown), Finding::Done) => return Err(Unfit::WasItSent),
        (Some(Attention::Parked), _) => return Err(Unfit::HasLetter),
        (Some(Attention::ConfigurationFault | Attention::CredentialsRefused), _) => return Err(Unfit::Waits),
        (Some(Attention::Paused), _) => return Err(Unfit::Paused),
        (Some(_), Finding::Sent | Finding::NotSent) => return Err(Unfit::NoDoubt),
        (Some(_), Finding::Done) => Resolution::Closed,
    };
    row.attention = None;
    row.lease = None;
    row.last_at = now;
    if resolution == Resolution::Outdated {
        row = owe_of_plan(row, CallbackStatus::Cancelled, None, now);
    }
    if row.state.is_final() {
        row.expires_at = end(&row, now);
    }
    Ok((row, resolution))
}

fn not_sent(row: &mut Row, now: Timestamp) -> Resolution {
    row.attempts.clear();
    let wanted = row.promotion.as_ref().map(|promotion| promotion.revision);
    let is_wanted = match (wanted, row.revision) {
        (Some(wanted), Some(known)) => !known.is_newer_than(&wanted),
        (wanted, _) => wanted.is_some(),
    };
    if !is_wanted {
        row.state = State::Cancelled;
        return Resolution::Outdated;
    }
    row.state = State::Scheduled;
    row.expires_at = None;
    row.due = Some(Due { purpose: Purpose::Send, at: now });
    Resolution::DueNow
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{event::Channel, ledger::PendingPromotion, revision::Revision};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + second).unwrap()
    }

    fn revision(second: i64) -> Revision {
        Revision { time: Some(at(second)), received_at: at(second), rank: 0, sequence: None }
    }

    fn row(attention: Option<Attention>) -> Row {
        let state = if attention == Some(Attention::OutcomeUnknown) { State::OutcomeUnknown } else { State::Delivered };
        let promotion = PendingPromotion {
            revision: revision(0),
            channel: Channel::PersonalisedPush,
            send_at: None,
            send_before: None,
            quiet_hours: None,
            content: Some("c".into()),
            parts: 1,
            former: None,
            draft: false,
            callback_url: None,
            plan: None,
        };
        Row {
            state,
            attention,
            promotion: Some(promotion),
            ..Row::new("acme#websale#promotion#p".parse().unwrap(), at(0))
        }
    }

    #[test]
    fn what_was_sent_is_closed_and_never_sent_again() {
        let (row, resolution) = resolve(row(Some(Attention::OutcomeUnknown)), Finding::Sent, at(9)).unwrap();
        assert_eq!((row.state, row.attention, row.due), (State::Delivered, None, None));
        assert!(row.steps.sent && resolution == Resolution::Closed);
        assert_eq!(row.callbacks.unwrap().owed[0].status, CallbackStatus::Sent);
    }

    #[test]
    fn what_was_not_sent_is_due_unless_the_shop_wants_something_else_since() {
        let unknown = row(Some(Attention::OutcomeUnknown));
        let (due, resolution) = resolve(unknown.clone(), Finding::NotSent, at(9)).unwrap();
        assert_eq!((due.state, resolution), (State::Scheduled, Resolution::DueNow));
        assert_eq!(due.due, Some(Due { purpose: Purpose::Send, at: at(9) }));
        assert_eq!(due.expires_at, None);
        let changed = Row { revision: Some(revision(5)), ..unknown };
        let (outdated, resolution) = resolve(changed, Finding::NotSent, at(9)).unwrap();
        assert_eq!((outdated.state, outdated.due, resolution), (State::Cancelled, None, Resolution::Outdated));
    }

    #[test]
    fn what_is_done_by_hand_is_closed_and_nothing_else() {
        for attention in [Attention::ErasureByHand, Attention::DataRequest, Attention::PollDeadline] {
            assert_eq!(resolve(row(Some(attention)), Finding::Sent, at(9)), Err(Unfit::NoDoubt));
            let (row, resolution) = resolve(row(Some(attention)), Finding::Done, at(9)).unwrap();
            assert_eq!((row.attention, resolution), (None, Resolution::Closed));
        }
        for (attention, unfit) in [
            (None, Unfit::NeedsNobody),
            (Some(Attention::OutcomeUnknown), Unfit::WasItSent),
            (Some(Attention::Parked), Unfit::HasLetter),
            (Some(Attention::CredentialsRefused), Unfit::Waits),
            (Some(Attention::Paused), Unfit::Paused),
        ] {
            assert_eq!(resolve(row(attention), Finding::Done, at(9)), Err(unfit));
        }
    }
}
