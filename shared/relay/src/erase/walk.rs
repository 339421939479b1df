//! The walk from place to place: tombstone first, then what is deleted, the receipt last.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::{
    ByHand, EraseError, Found, Outcome, Progress, Receipt, Request, Surroundings, Unreached, content,
    judge::{Judged, judge},
    rows,
    target::{Target, Who},
    tombstone,
};
use crate::{
    ledger::{Change, Guess, Row, update},
    message::{Kind, Whose},
    queue::{Entry, Place, Sweep, SweepEnd, SweepLock, Verdict},
    shop::Destination,
};

/// What to do with what is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Forget,
    List,
}

/// The places, in order. What a place hides from the next ones is why: a message that is given up meanwhile moves from
/// the queue to the dead letters.
#[derive(Clone, Copy)]
enum Stage {
    Tombstone,
    Named,
    Ledger,
    Queue(Destination, Place),
}

const STAGES: [Stage; 7] = [
    Stage::Tombstone,
    Stage::Named,
    Stage::Ledger,
    Stage::Queue(Destination::Websand, Place::Waiting),
    Stage::Queue(Destination::Websale, Place::Waiting),
    Stage::Queue(Destination::Websand, Place::Dead),
    Stage::Queue(Destination::Websale, Place::Dead),
];

/// `None`: the place is done. Else when to go on with it.
pub(super) type Step = Result<Option<Timestamp>, EraseError>;

/// One walk.
pub(super) struct Walk<'a> {
    pub(super) at: Surroundings<'a>,
    pub(super) request: &'a Request,
    pub(super) target: Target<'a>,
    pub(super) mode: Mode,
    pub(super) progress: Progress,
    /// When this call ends.
    pub(super) until: Timestamp,
}

pub(super) async fn run(
    at: Surroundings<'_>,
    request: &Request,
    mode: Mode,
    mut progress: Progress,
    until: Timestamp,
) -> Result<Outcome, EraseError> {
    let requested_at = match &request.whose {
        Whose::Person(person) => person.requested_at,
        Whose::Shop { requested_at } => *requested_at,
    };
    // A clock that is ahead must not stop what is still to come.
    let stops = *progress.until.get_or_insert_with(|| requested_at.min(at.clock.now()));
    if progress.walk.is_empty() {
        progress.walk = format!("{:016x}", at.random.next());
    }
    let target = Target::of(request, at.key, stops);
    let mut walk = Walk { at, request, target, mode, progress, until };
    while let Some(stage) = STAGES.get(walk.progress.stage) {
        let again = if at.clock.now() >= until { Some(at.clock.now()) } else { walk.stage(*stage).await? };
        if let Some(at) = again {
            return Ok(Outcome::Later { progress: walk.progress, at });
        }
        walk.progress.stage += 1;
        walk.progress.after = None;
    }
    Ok(Outcome::Done(walk.receipt(requested_at)))
}

impl Walk<'_> {
    pub(super) fn is_forgetting(&self) -> bool {
        self.mode == Mode::Forget
    }

    pub(super) fn found(&mut self) -> &mut Found {
        &mut self.progress.found
    }

    async fn stage(&mut self, stage: Stage) -> Step {
        match stage {
            Stage::Tombstone => self.tombstone().await,
            Stage::Named => rows::named(self).await,
            Stage::Ledger => rows::others(self).await,
            Stage::Queue(destination, place) => self.queue(destination, place).await,
        }
    }

    async fn tombstone(&mut self) -> Step {
        let Some(key) = self.target.decision() else { return Ok(None) };
        let (now, until) = (self.at.clock.now(), self.target.until);
        let decided = |row: &Row| row.consent.is_some();
        let is_found = if self.is_forgetting() {
            let decide = |stored: Option<&Row>| {
                let had = stored.is_some_and(decided);
                let row = stored.cloned().unwrap_or_else(|| Row::new(key.clone(), now));
                let tomb = tombstone::of(row, until, now);
                let is_there = stored.is_some_and(|stored| Row { last_at: stored.last_at, ..tomb.clone() } == *stored);
                if is_there { Change::Keep(had) } else { Change::Write(Box::new(tomb), had) }
            };
            update(self.at.ledger, self.at.random, &key, Guess::Unknown, decide).await?.1
        } else {
            let row = self.at.ledger.get(&key).await?;
            if row.is_some() {
                self.found().note(&key);
            }
            row.as_ref().is_some_and(decided)
        };
        self.found().consent_rows += u64::from(is_found);
        Ok(None)
    }

    async fn queue(&mut self, destination: Destination, place: Place) -> Step {
        let holder = self.progress.walk.clone();
        let lock = SweepLock { ledger: self.at.ledger, random: self.at.random, destination, holder: &holder };
        let locks = place == Place::Dead && self.at.queue.hides_what_it_sweeps();
        let now = self.at.clock.now();
        if locks && let Some(later) = lock.take(now, self.until).await? {
            return Ok(Some(soon(now, later)));
        }
        let found = Mutex::new(std::mem::take(self.found()));
        let verdict = |entry: Entry<'_>| {
            let judged = judge(entry.body, place, &self.target);
            count(&mut found.lock().unwrap_or_else(PoisonError::into_inner), &judged, place);
            match judged {
                Judged::Unconcerned | Judged::Unreadable => Verdict::Keep,
                _ if self.mode == Mode::List => Verdict::Keep,
                Judged::Message | Judged::Rejected => Verdict::Delete,
                Judged::Audience(text) | Judged::Nobody(text) => Verdict::Rewrite(text),
            }
        };
        let sweep = Sweep { destination, place, judge: &verdict, until: self.until };
        let swept = self.at.queue.sweep(sweep).await;
        *self.found() = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        match swept?.end {
            SweepEnd::OutOfTime => return Ok(Some(self.at.clock.now())),
            SweepEnd::Unreachable => self.found().waiting_unreachable = true,
            SweepEnd::Complete => {}
        }
        if locks {
            lock.release().await?;
        }
        Ok(None)
    }

    fn receipt(self, requested_at: Timestamp) -> Receipt {
        let (is_shop, deleted) = (matches!(self.target.who, Who::Shop), self.is_forgetting());
        let found = self.progress.found;
        let has_address = matches!(&self.target.who, Who::Person { customer_key: Some(_), .. });
        let mut not_reached = Vec::new();
        let mut note = |is_so: bool, what: Unreached| not_reached.extend(is_so.then_some(what));
        note(!is_shop && !has_address, Unreached::NoAddress);
        note(!is_shop && self.request.reach == super::Reach::Named, Unreached::OtherOrders);
        note(found.waiting_unreachable && !is_shop, Unreached::WaitingMessages);
        note(found.waiting_unreachable && is_shop, Unreached::WaitingMessagesOfShop);
        note(found.unreadable_webhooks > 0, Unreached::UnreadableWebhooks);
        let by_hand: &[ByHand] = match (deleted, is_shop) {
            (true, false) => &[ByHand::WebsandContact, ByHand::WebsalePushes, ByHand::Shop],
            (true, true) => &[ByHand::WebsandAccount, ByHand::WebsalePushes, ByHand::ShopSecrets],
            (false, _) => &[ByHand::Answer],
        };
        Receipt {
            deleted,
            shop: self.request.shop.clone(),
            whole_shop: is_shop,
            requested_at,
            at: self.at.clock.now(),
            found,
            not_reached,
            by_hand: by_hand.to_vec(),
        }
    }

    /// Notes a row that is found. Those named by the customer key are not named in the receipt of their deletion.
    pub(super) fn note_row(&mut self, row: &Row) {
        let deleted = self.is_forgetting();
        let found = self.found();
        match row.key.kind {
            Kind::Order => found.order_rows += 1,
            Kind::Customer => found.customer_rows += 1,
            Kind::Reference => found.reference_rows += 1,
            Kind::Promotion | Kind::Chunk => found.promotion_rows += 1,
            Kind::Consent => found.consent_rows += 1,
            Kind::Login | Kind::Privacy | Kind::Connection => {}
        }
        if !deleted || !matches!(row.key.kind, Kind::Customer | Kind::Consent) {
            found.note(&row.key);
        }
    }

    pub(super) fn note_content(&mut self, outcome: content::Outcome) {
        let found = self.found();
        match outcome {
            content::Outcome::Unconcerned => {}
            content::Outcome::Taken => found.contents += 1,
            content::Outcome::Cancelled => {
                found.contents += 1;
                found.cancelled_promotions += 1;
            }
        }
    }
}

fn count(found: &mut Found, judged: &Judged, place: Place) {
    let counter = match (judged, place) {
        (Judged::Unconcerned, _) => return,
        (Judged::Rejected, _) => &mut found.rejected_webhooks,
        (Judged::Unreadable, _) => &mut found.unreadable_webhooks,
        (Judged::Message, Place::Waiting) => &mut found.messages,
        (Judged::Message, Place::Dead) => &mut found.dead_letters,
        (Judged::Audience(_) | Judged::Nobody(_), Place::Waiting) => &mut found.rewritten_messages,
        (Judged::Audience(_) | Judged::Nobody(_), Place::Dead) => &mut found.rewritten_dead_letters,
    };
    *counter += 1;
    found.cancelled_promotions += u64::from(matches!(judged, Judged::Nobody(_)));
}

/// A moment later, for work that somebody else holds up.
pub(super) fn soon(now: Timestamp, at: Timestamp) -> Timestamp {
    at.max(now.saturating_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX))
}
