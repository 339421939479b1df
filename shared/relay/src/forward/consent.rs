//! Consent is a subject of its own: a person who withdrew is never signed up again by an older event.

use jiff::Timestamp;

use crate::{
    event::Customer,
    ledger::{Change, Consent, Guess, LedgerError, Row, State, transition::RETENTION, update},
    message::{Kind, RowKey},
    ports::Ports,
    revision::Revision,
    shop::{Destination, ShopName},
};

/// The decision's own revision: when it was made, else when the event says it was.
pub(super) fn revision(customer: &Customer, event: Revision) -> Revision {
    Revision { time: customer.consent_at.or(event.time), rank: 0, ..event }
}

/// The row of a person's decision.
pub(super) fn row_key(shop: &ShopName, customer_key: String) -> RowKey {
    RowKey { shop: Some(shop.clone()), destination: Destination::Websand, kind: Kind::Consent, subject: customer_key }
}

/// Whether an order may sign its buyer up: only if it says so and no newer withdrawal is known. Not written down: an
/// order's grant never outlives a withdrawal that arrives later, which errs on the side of not mailing.
pub(super) async fn of_order(ports: &Ports, key: &RowKey, revision: Revision) -> Result<bool, LedgerError> {
    let row = ports.ledger.get(key).await?;
    Ok(!row.is_some_and(|row| outdated(&row, Consent::Granted, revision)))
}

/// Writes a customer's decision down. Whether it is the newest one, so that Websand is to be told.
pub(super) async fn of_customer(
    ports: &Ports,
    key: &RowKey,
    decision: Consent,
    revision: Revision,
    now: Timestamp,
) -> Result<bool, LedgerError> {
    let decide = |stored: Option<&Row>| match stored {
        Some(row) if outdated(row, decision, revision) => Change::Keep(false),
        // The same decision again, such as a redelivery: it may not have reached the destination yet.
        Some(row) if row.revision == Some(revision) && row.consent == Some(decision) => Change::Keep(true),
        stored => {
            let mut row = stored.cloned().unwrap_or_else(|| Row::new(key.clone(), now));
            row.state = State::Delivered;
            row.consent = Some(decision);
            row.revision = Some(revision);
            row.last_at = now;
            // A withdrawal holds until it is taken back, however old the grant that turns up.
            row.expires_at = match decision {
                Consent::Granted => now.checked_add(RETENTION).ok(),
                Consent::Withdrawn => None,
            };
            Change::Write(Box::new(row), true)
        }
    };
    let (_, is_newest) = update(&*ports.ledger, &*ports.random, key, Guess::Unknown, decide).await?;
    Ok(is_newest)
}

/// Whether the row knows better. At the same age a withdrawal wins.
fn outdated(row: &Row, decision: Consent, revision: Revision) -> bool {
    let Some(known) = row.revision else { return false };
    match (decision, row.consent) {
        (Consent::Granted, Some(Consent::Withdrawn)) => !newer_by_decision(&revision, &known),
        _ => known.is_newer_than(&revision) && newer_by_decision(&known, &revision),
    }
}

/// Compares when decisions were made; receipts are compared only where a time is missing, so that a grant made at the
/// very moment of the withdrawal does not win by arriving later.
fn newer_by_decision(a: &Revision, b: &Revision) -> bool {
    match (a.believed_time(), b.believed_time()) {
        (Some(a), Some(b)) => a > b,
        _ => a.received_at > b.received_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + second).unwrap()
    }

    fn revision(time: i64, received: i64) -> Revision {
        Revision { time: Some(at(time)), received_at: at(received), rank: 0, sequence: None }
    }

    fn row(consent: Consent, revision: Revision) -> Row {
        let key = row_key(&"acme".parse().unwrap(), "k".into());
        Row { consent: Some(consent), revision: Some(revision), ..Row::new(key, at(0)) }
    }

    #[test]
    fn an_older_or_simultaneous_grant_never_undoes_a_withdrawal() {
        let withdrawn = row(Consent::Withdrawn, revision(100, 101));
        assert!(outdated(&withdrawn, Consent::Granted, revision(99, 500)));
        assert!(outdated(&withdrawn, Consent::Granted, revision(100, 500)));
        assert!(!outdated(&withdrawn, Consent::Granted, revision(101, 500)));
    }

    #[test]
    fn a_withdrawal_undoes_an_older_or_simultaneous_grant() {
        let granted = row(Consent::Granted, revision(100, 101));
        assert!(!outdated(&granted, Consent::Withdrawn, revision(100, 102)));
        assert!(!outdated(&granted, Consent::Withdrawn, revision(101, 102)));
        assert!(outdated(&granted, Consent::Withdrawn, revision(99, 500)));
    }
}
