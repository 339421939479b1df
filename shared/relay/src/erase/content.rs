//! The stored contents of personalised pushes: an address is taken out of the audience.

use bytes::Bytes;
use jiff::Timestamp;

use super::{
    EraseError,
    mention::mentions,
    rows::is_held,
    target::Who,
    tombstone::dated,
    walk::{Mode, Walk},
};
use crate::{
    destination::websale::{audience::Addressed, body::content_hash},
    event::Email,
    forward::websale::{content, content_name},
    ledger::{Change, Guess, Ledger, LedgerError, PART_BYTES, Row, State, transition, update},
    retry::Failure,
};

/// What was done about a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nothing: the person is not in it.
    Unconcerned,
    /// The address is out of it.
    Taken,
    /// Nobody else was in it: the promotion is called off.
    Cancelled,
}

/// What is left of a body.
#[derive(Debug, PartialEq, Eq)]
enum Rest {
    /// The address was not in it.
    All,
    /// The body without the address.
    Some(Bytes),
    /// Nobody is left. A filter without addresses would reach everybody who passes the others.
    Nobody,
}

/// Takes the person's address out of what is stored with a promotion's row. `Err` holds until when a worker is at it.
pub(super) async fn take_out(walk: &Walk<'_>, found: Row) -> Result<Result<Outcome, Timestamp>, EraseError> {
    let ledger = walk.at.ledger;
    let Who::Person { person, .. } = &walk.target.who else { return Ok(Ok(Outcome::Unconcerned)) };
    let has_content =
        |row: &Row| row.promotion.as_ref().is_some_and(|known| known.content.is_some() || known.former.is_some());
    let (Some(email), true) = (&person.email, has_content(&found)) else { return Ok(Ok(Outcome::Unconcerned)) };
    // What an index or a scan shows may be of a moment ago.
    let Some(row) = fresh(walk, found).await? else { return Ok(Ok(Outcome::Unconcerned)) };
    let Some(promotion) = &row.promotion else { return Ok(Ok(Outcome::Unconcerned)) };
    if dated(&promotion.revision) > walk.target.until {
        return Ok(Ok(Outcome::Unconcerned));
    }
    let body = content::stored(ledger, &row).await?;
    let is_split = promotion.plan.is_some();
    let rest = if content::is_whole(&row, &body) { without(&body, email, is_split) } else { broken(&body, email) };
    if rest == Rest::All {
        return Ok(Ok(Outcome::Unconcerned));
    }
    if let Some(lease) = row.lease.as_ref().filter(|_| is_held(&row, walk.at.clock.now())) {
        return Ok(Err(lease.until));
    }
    let cancels = rest == Rest::Nobody && may_go_out(&row);
    if walk.mode == Mode::Forget {
        let next = match &rest {
            Rest::Some(body) => with_content(&row, body),
            _ => without_content(&row, cancels, walk.at.clock.now()),
        };
        if let Rest::Some(body) = &rest {
            content::store(ledger, &next, body, walk.at.clock.now()).await?;
        }
        let version = row.version;
        let decide = |stored: Option<&Row>| match stored {
            Some(stored) if stored.version == version => Change::Write(Box::new(next.clone()), true),
            _ => Change::Keep(false),
        };
        let (stored, is_ours) =
            update(ledger, walk.at.random, &row.key, Guess::Row(Box::new(row.clone())), decide).await?;
        match stored.filter(|_| is_ours) {
            Some(stored) => finish(walk, &stored).await?,
            // Somebody took the row in hand meanwhile: look again in a moment.
            None => return Ok(Err(walk.at.clock.now())),
        }
    }
    Ok(Ok(if cancels { Outcome::Cancelled } else { Outcome::Taken }))
}

/// The row as it is now, without remains of an earlier walk.
async fn fresh(walk: &Walk<'_>, found: Row) -> Result<Option<Row>, LedgerError> {
    let row = walk.at.ledger.get(&found.key).await?;
    let has_former = |row: &Row| row.promotion.as_ref().is_some_and(|promotion| promotion.former.is_some());
    match row {
        Some(row) if walk.mode == Mode::Forget && has_former(&row) => {
            finish(walk, &row).await?;
            walk.at.ledger.get(&row.key).await
        }
        row => Ok(row),
    }
}

/// Whether the promotion may still go out: at its time, or because a person says so. One that goes out in chunks ends
/// with the chunks that did.
fn may_go_out(row: &Row) -> bool {
    let is_split = row.promotion.as_ref().is_some_and(|promotion| promotion.plan.is_some());
    matches!(row.state, State::Scheduled | State::Parked) && !is_split
}

/// The row with other content, and the old one noted until it is deleted.
fn with_content(row: &Row, body: &Bytes) -> Row {
    let mut row = noting_former(row.clone());
    let hash = content_hash(&[body]);
    if let Some(promotion) = &mut row.promotion {
        promotion.content = Some(content_name(&hash));
        promotion.parts = u32::try_from(body.len().div_ceil(PART_BYTES)).unwrap_or(u32::MAX);
    }
    row.content_hash = Some(hash);
    row
}

fn without_content(row: &Row, cancels: bool, now: Timestamp) -> Row {
    let row = content::deleted(noting_former(row.clone()));
    if !cancels {
        return row;
    }
    let failure = Failure {
        code: "audience_erased".into(),
        status: None,
        detail: "everybody in the audience was forgotten; nothing is sent".into(),
    };
    // The index still leads to it until the old content is gone.
    let (due, attention) = (row.due, row.attention);
    let mut row = Row { due, attention, ..transition::settled(row, "", State::Cancelled, now) };
    row.attempts.clear();
    row.last_error = Some(transition::last_error(&failure, now));
    row
}

fn noting_former(mut row: Row) -> Row {
    if let Some(promotion) = &mut row.promotion {
        promotion.former = promotion.content.clone().map(|name| (name, promotion.parts));
    }
    row
}

/// Deletes the old content, and then the note of it.
async fn finish(walk: &Walk<'_>, row: &Row) -> Result<(), LedgerError> {
    content::delete_former(walk.at.ledger, row).await?;
    let former = row.promotion.as_ref().and_then(|promotion| promotion.former.clone());
    let decide = |stored: Option<&Row>| match stored {
        Some(stored) if stored.promotion.as_ref().is_some_and(|promotion| promotion.former == former) => {
            let mut next = stored.clone();
            if let Some(promotion) = &mut next.promotion {
                promotion.former = None;
            }
            if next.state == State::Cancelled {
                (next.due, next.attention) = (None, None);
            }
            Change::Write(Box::new(next), ())
        }
        _ => Change::Keep(()),
    };
    let guess = Guess::Row(Box::new(row.clone()));
    update(walk.at.ledger, walk.at.random, &row.key, guess, decide).await.map(drop)
}

/// Everything stored with a row.
pub(super) async fn delete_all(ledger: &dyn Ledger, row: &Row) -> Result<(), LedgerError> {
    content::delete_former(ledger, row).await?;
    content::delete(ledger, row).await
}

/// The body of a personalised push without an address. Once the audience is split, the place in it stays empty: else
/// others would move into a chunk that was sent.
fn without(body: &[u8], email: &Email, is_split: bool) -> Rest {
    let Some(mut audience) = Addressed::read(body) else { return broken(body, email) };
    match audience.forget(email, is_split) {
        false => Rest::All,
        true if audience.has_anybody() || is_split => Rest::Some(audience.stored()),
        true => Rest::Nobody,
    }
}

/// What is not there whole can never be sent: it goes if the address is in it. Whoever stores it again stores all of it.
fn broken(body: &[u8], email: &Email) -> Rest {
    if mentions(&String::from_utf8_lossy(body), email.as_str()) { Rest::Nobody } else { Rest::All }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audience_loses_one_address_and_never_its_filter() {
        let bob: Email = "bob@example.com".parse().unwrap();
        let body = r#"{"filter":{"connected":true,"email":["bob@example.com","eve@example.com"]},"name":"x"}"#;
        let rest = r#"{"filter":{"connected":true,"email":["eve@example.com"]},"name":"x"}"#;
        assert_eq!(without(body.as_bytes(), &bob, false), Rest::Some(Bytes::from_static(rest.as_bytes())));
        assert_eq!(without(rest.as_bytes(), &bob, false), Rest::All);
        let alone = br#"{"filter":{"connected":true,"email":["bob@example.com"]},"name":"x"}"#;
        assert_eq!(without(alone, &bob, false), Rest::Nobody);
        assert_eq!(without(br#"{"filter":{"connected":true}}"#, &bob, false), Rest::All);
        assert_eq!(without(br#"{"filter":{"email":["bob@example.com","#, &bob, false), Rest::Nobody);
    }
}
