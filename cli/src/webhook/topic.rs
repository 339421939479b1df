//! Which event a webhook reports, as people name it: `order.placed`, `shopify:orders/create`.

use std::{fmt, str::FromStr};

use relay::{event::EventType, shop::Platform};

use super::catalogue::{self, Known};

/// Which event a webhook reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    /// `order.placed`, …
    Canonical(EventType),
    /// A platform's own topic (Shopware: event, BigCommerce: scope): `shopify:orders/create`, …
    Of(Platform, String),
}

impl FromStr for Topic {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (platform, topic) = text.split_once(':').unwrap_or((Platform::Canonical.name(), text));
        let platform = Platform::ALL.into_iter().find(|each| each.name() == platform);
        let is_plain = !topic.is_empty() && topic.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
        let found = match platform {
            Some(Platform::Canonical) => EventType::from_name(topic).map(Self::Canonical),
            Some(platform) if is_plain => Some(Self::Of(platform, topic.to_owned())),
            _ => None,
        };
        found.ok_or_else(|| format!("there are\n{}", catalogue::overview()))
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Canonical(kind) => f.write_str(kind.name()),
            Self::Of(platform, topic) => write!(f, "{platform}:{topic}"),
        }
    }
}

impl Topic {
    /// Whose topic it is.
    pub(crate) const fn platform(&self) -> Platform {
        match self {
            Self::Canonical(_) => Platform::Canonical,
            Self::Of(platform, _) => *platform,
        }
    }

    /// The topic without its platform.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Canonical(kind) => kind.name(),
            Self::Of(_, topic) => topic,
        }
    }

    /// What is known of it, if it is one of those that lead to something.
    pub(crate) fn known(&self) -> Option<&'static Known> {
        catalogue::of(self.platform()).iter().find(|known| known.topic == self.name())
    }

    /// The last segment of the URL it is sent to. A topic that nobody knows goes where its words point to.
    pub(crate) fn endpoint(&self) -> &'static str {
        const OF_CUSTOMERS: [&str; 4] = ["customer", "newsletter", "subscriber", "shop/"];
        match self.known() {
            Some(known) => known.endpoint,
            None if OF_CUSTOMERS.iter().any(|word| self.name().contains(word)) => "customer-updated",
            None => "order-updated",
        }
    }
}
