//! References: webhooks that name what they are about without holding it.

use serde::{Deserialize, Serialize};

use crate::{event::EventType, shop::Platform};

/// Something at a shop that is to be fetched from the shop's API; the data of `shoprelay.{kind}.referenced`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Whose API it is in.
    pub platform: Platform,
    /// What it is.
    pub kind: ReferenceKind,
    /// The platform's id of it.
    pub id: String,
    /// What the fetched object is forwarded as.
    pub event: EventType,
}

/// What can be referenced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReferenceKind {
    /// An order.
    Order,
    /// A customer.
    Customer,
    /// A person's decision about marketing mail, such as a newsletter subscription.
    Consent,
}

impl ReferenceKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Order, Self::Customer, Self::Consent];

    /// The name in message types and row keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Customer => "customer",
            Self::Consent => "consent",
        }
    }
}
