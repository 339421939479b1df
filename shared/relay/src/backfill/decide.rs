//! What is to be done with an entry, given what the ledger knows: a pure rule, asked before anything is queued. The
//! ledger's own rules still hold when the message is delivered.

use jiff::Timestamp;

use super::entry::Deliverable;
use crate::{
    erase::tombstone,
    event::{Event, EventType},
    ledger::{Consent, Row, State},
    message::{Kind, Message, Payload, RowKey},
    revision::Revision,
    secret::{OrderUpdates, WebhookSecret, WebsandSecret},
};

/// What the ledger knows of an entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The row of what it is about.
    pub(super) subject: Option<Row>,
    /// The row of the reading, where it has to be read first.
    pub(super) reading: Option<Row>,
    /// The row of the person's decision.
    pub(super) person: Option<Row>,
}

/// What the shop's settings say about later versions.
pub(super) struct Rules<'a> {
    pub(super) websand: &'a WebsandSecret,
    pub(super) webhook: &'a WebhookSecret,
}

/// What is to be done with an entry.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It is queued.
    Queue(Box<Message>),
    /// It was delivered, or something newer.
    Delivered,
    /// It, or something else about the same, is being delivered.
    UnderWay,
    /// It is not wanted.
    Ignored(&'static str),
}

/// The rows that say something about an entry.
pub(super) struct Rows {
    pub(super) subject: Option<RowKey>,
    pub(super) reading: Option<RowKey>,
    pub(super) person: Option<RowKey>,
}

impl Deliverable {
    pub(super) fn rows(&self) -> Rows {
        let is_reference = matches!(self.message.payload, Payload::Referenced(_));
        let reading = if is_reference { self.message.row_key() } else { None };
        // A mere decision is about the person.
        let person = self.person.clone().filter(|person| self.subject.as_ref() != Some(person));
        Rows { subject: self.subject.clone(), reading, person }
    }

    /// Decides about the entry.
    pub(super) fn decide(&self, known: &Known, rules: &Rules<'_>, now: Timestamp) -> Verdict {
        if self.is_erased(known) {
            return Verdict::Ignored("erased");
        }
        let delivered = known.subject.as_ref().and_then(|row| row.revision);
        if !self.is_forwarded(delivered.is_some(), rules) {
            return Verdict::Ignored("filtered");
        }
        if [&known.subject, &known.reading].into_iter().flatten().any(|row| is_under_way(row, now)) {
            return Verdict::UnderWay;
        }
        if self.was_read(known) {
            return Verdict::Delivered;
        }
        let is_decision = self.subject.as_ref().is_some_and(|subject| subject.kind == Kind::Consent);
        let person = if is_decision { &known.subject } else { &known.person };
        let decides_anew = self.decision().is_some_and(|(consent, at)| is_news(consent, at, person.as_ref()));
        let as_it_is = || Verdict::Queue(Box::new(self.message.clone()));
        match delivered {
            _ if is_decision => {
                if decides_anew {
                    as_it_is()
                } else {
                    Verdict::Delivered
                }
            }
            None => as_it_is(),
            // Only a placed order tells of a sign-up.
            Some(_) if decides_anew => as_it_is(),
            Some(known) if self.may_change(rules) && self.is_newer_than(&known) => {
                Verdict::Queue(Box::new(self.change()))
            }
            Some(_) => Verdict::Delivered,
        }
    }

    /// What is queued to be delivered again: a new order, unless the shop only wants it because it is known.
    pub(super) fn anew(&self, rules: &Rules<'_>) -> Message {
        if self.is_forwarded(false, rules) { self.message.clone() } else { self.change() }
    }

    /// Whether what the entry names was read from the shop after it became so, and everything was told of it.
    fn was_read(&self, known: &Known) -> bool {
        let (Payload::Referenced(reference), Some(row)) = (&self.message.payload, &known.reading) else { return false };
        let is_settled = matches!(row.state, State::Delivered | State::Suppressed);
        let rank = u8::from(reference.event == EventType::OrderPlaced);
        let covers = |read: Revision| read.rank >= rank && self.dated.is_none_or(|at| at <= read.received_at);
        is_settled && row.revision.is_some_and(covers)
    }

    /// Whether what the entry is about was forgotten since.
    fn is_erased(&self, known: &Known) -> bool {
        let person = known.person.as_ref().or(known.subject.as_ref());
        match &self.message.payload {
            Payload::Event(Event::OrderPlaced(order) | Event::OrderUpdated(order)) => {
                tombstone::stops_order(known.person.as_ref(), order, self.message.received_at)
            }
            Payload::Event(_) => tombstone::stops_event(person, &self.message.revision()),
            _ => false,
        }
    }

    fn is_forwarded(&self, is_known: bool, rules: &Rules<'_>) -> bool {
        match &self.message.payload {
            Payload::Event(Event::OrderPlaced(order)) => rules.websand.forwards(order, is_known && !self.is_typed),
            Payload::Event(Event::OrderUpdated(order)) => rules.websand.forwards(order, true),
            _ => true,
        }
    }

    /// Whether later versions are forwarded.
    fn may_change(&self, rules: &Rules<'_>) -> bool {
        let is_order = self.subject.as_ref().is_some_and(|subject| subject.kind == Kind::Order);
        let updates = EventType::OrderUpdated;
        let takes_updates = rules.webhook.forward.as_ref().is_none_or(|types| types.contains(&updates));
        !is_order || (rules.websand.updates != OrderUpdates::None && (takes_updates || self.is_typed))
    }

    /// Whether it is a later version than the one that was delivered. What does not say how old it is replaces nothing;
    /// nor does it matter whether the same version was delivered as a new order or as a change.
    fn is_newer_than(&self, known: &Revision) -> bool {
        const STATUS: u8 = 8;
        let known_at = known.believed_time().unwrap_or(known.received_at);
        self.dated.is_some_and(|at| at > known_at || (at == known_at && self.progress() > known.rank % STATUS))
    }

    /// The message about a known order: it tells of a change, unless the sender has said what it is.
    fn change(&self) -> Message {
        let message = self.message.clone();
        match message.payload {
            Payload::Event(event) if !self.is_typed => {
                Message { payload: Payload::Event(event.into_update()), ..message }
            }
            payload => Message { payload, ..message },
        }
    }
}

/// Whether somebody is at work on a row, or will be again.
fn is_under_way(row: &Row, now: Timestamp) -> bool {
    let is_leased = row.lease.as_ref().is_some_and(|lease| lease.until > now);
    is_leased || (!row.state.is_final() && !row.attempts.is_empty())
}

/// Whether a decision is newer than the one that the ledger has, or not yet told by anybody.
fn is_news(consent: Consent, at: Option<Timestamp>, person: Option<&Row>) -> bool {
    let Some(row) = person else { return true };
    let Some(known) = row.revision else { return true };
    let is_told = row.state == State::Delivered || !row.attempts.is_empty();
    match (at, known.believed_time()) {
        (Some(at), Some(known)) if at < known => false,
        (Some(at), Some(known)) if at > known => true,
        (Some(_), Some(_)) if row.consent != Some(consent) => consent == Consent::Withdrawn,
        _ => !is_told,
    }
}
