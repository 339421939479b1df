//! A promotion sent to one person, to see what it looks like before others do.

use jiff::SignedDuration;
use serde_json::Value;

use super::{ByHand, Scheduling};
use crate::event::{Audience, AudienceFilter, Channel, Email, Faults, Promotion};

/// A trial that could not be sent by then is not sent: whoever waits for it has gone.
const PATIENCE: SignedDuration = SignedDuration::from_mins(15);
/// The longest id, in characters.
const MAX_ID: usize = 200;

/// Why a promotion cannot be sent to one person.
#[derive(Debug, thiserror::Error)]
pub enum NotTestable {
    /// It cannot be sent to anybody.
    #[error("{0}")]
    Faults(#[from] Faults),
    /// WEBSALE has no way to show it to one person only.
    #[error(
        "a {} goes to everybody: WEBSALE knows no audience for it. Schedule it with \"draft\": true under an id of its \
         own and look at it in WEBSALE, or try its words as a personalised_push",
        .0.name()
    )]
    NotAddressable(Channel),
}

impl ByHand<'_> {
    /// The promotion in this document for this person and nobody else, now. `nonce` makes its id one that no other
    /// promotion has. Quiet hours do not count: the person asked for it.
    ///
    /// # Errors
    /// The document is faulty, or of a channel that reaches everybody.
    pub fn trial(&self, document: Value, to: Email, nonce: &str) -> Result<Scheduling, NotTestable> {
        let (promotion, _) = self.read(document)?;
        match promotion.channel {
            Channel::PersonalisedPush => Ok(self.ready(self.only_to(promotion, to, nonce), None)),
            channel => Err(NotTestable::NotAddressable(channel)),
        }
    }

    fn only_to(&self, promotion: Promotion, to: Email, nonce: &str) -> Promotion {
        // Tags are filled in for connected devices only; all other filters could leave the person out.
        let connected = promotion.audience.as_ref().is_some_and(Audience::is_connected);
        let only = AudienceFilter {
            connected: connected.then_some(true),
            emails: Some(vec![to]),
            ..AudienceFilter::default()
        };
        Promotion {
            id: format!("test-{nonce}-{}", promotion.id).chars().take(MAX_ID).collect(),
            updated_at: self.now,
            audience: Some(Audience::Filtered(only)),
            send_at: Some(self.now),
            send_before: self.now.checked_add(PATIENCE).ok(),
            visible_days: Some(1),
            callback_url: None,
            draft: false,
            ..promotion
        }
    }
}
