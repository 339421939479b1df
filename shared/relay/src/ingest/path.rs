//! The paths of webhooks, `[/stage]/webhooks/{shop}/{endpoint}`, and of Shopware's registration,
//! `[/stage]/webhooks/{shop}/shopware`.

use crate::{shop::ShopName, source::Family};

/// One of the five webhook functions; the last segment of its URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Endpoint {
    OrderPlaced,
    OrderUpdated,
    CustomerUpdated,
    PromotionScheduled,
    PromotionCancelled,
}

impl Endpoint {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 5] = [
        Self::OrderPlaced,
        Self::OrderUpdated,
        Self::CustomerUpdated,
        Self::PromotionScheduled,
        Self::PromotionCancelled,
    ];

    /// The last segment of its URL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrderPlaced => "order-placed",
            Self::OrderUpdated => "order-updated",
            Self::CustomerUpdated => "customer-updated",
            Self::PromotionScheduled => "promotion-scheduled",
            Self::PromotionCancelled => "promotion-cancelled",
        }
    }

    /// What it takes: any topic of its family, because shops wire one hook for many topics.
    pub const fn family(self) -> Family {
        match self {
            Self::OrderPlaced | Self::OrderUpdated => Family::Order,
            Self::CustomerUpdated => Family::Customer,
            Self::PromotionScheduled | Self::PromotionCancelled => Family::Promotion,
        }
    }
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Webhooks come in here.
    Webhooks(Endpoint),
    /// A Shopware shop registers here.
    Registration,
}

impl Place {
    /// Whether the function that serves this endpoint serves it; the embedded host serves all (`None`).
    pub(super) fn is_served_by(self, served: Option<Endpoint>) -> bool {
        let function = match self {
            Self::Webhooks(endpoint) => endpoint,
            Self::Registration => Endpoint::CustomerUpdated,
        };
        served.is_none_or(|served| served == function)
    }
}

/// Shop and place of a path, each as far as there is one. Before them there may be a stage.
pub(super) fn parse(path: &str) -> (Option<ShopName>, Option<Place>) {
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut segments = path.rsplit('/');
    let (Some(last), Some(shop), Some("webhooks")) = (segments.next(), segments.next(), segments.next()) else {
        return (None, None);
    };
    let endpoint = Endpoint::ALL.into_iter().find(|candidate| candidate.name() == last).map(Place::Webhooks);
    (shop.parse().ok(), endpoint.or((last == "shopware").then_some(Place::Registration)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_may_have_a_stage_before_it_and_nothing_after_it() {
        let acme = Some("acme".parse().unwrap());
        for good in ["/webhooks/acme/order-placed", "/prod/webhooks/acme/order-placed", "/webhooks/acme/order-placed/"]
        {
            assert_eq!(parse(good), (acme.clone(), Some(Place::Webhooks(Endpoint::OrderPlaced))), "{good}");
        }
        assert_eq!(parse("/live/webhooks/acme/shopware"), (acme.clone(), Some(Place::Registration)));
        assert_eq!(parse("/webhooks/acme/orders"), (acme, None));
        assert_eq!(parse("/webhooks/Acme/order-placed"), (None, Some(Place::Webhooks(Endpoint::OrderPlaced))));
        for bad in ["", "/", "/webhooks", "/webhooks/acme", "/acme/order-placed", "/webhooks/acme/order-placed/x"] {
            assert_eq!(parse(bad), (None, None), "{bad}");
        }
    }

    #[test]
    fn the_function_for_customers_takes_registrations() {
        for endpoint in Endpoint::ALL {
            assert!(Place::Webhooks(endpoint).is_served_by(Some(endpoint)));
            assert_eq!(Place::Registration.is_served_by(Some(endpoint)), endpoint == Endpoint::CustomerUpdated);
        }
        assert!(Place::Registration.is_served_by(None));
    }
}
