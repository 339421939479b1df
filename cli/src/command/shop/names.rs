//! Names of secrets: `{prefix}{shop}/{kind}`.

use relay::shop::ShopName;

/// What a shop's secret is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// How its webhooks are authenticated.
    Webhook,
    /// Its Websand account.
    Websand,
    /// Its WEBSALE account.
    Websale,
    /// Its own API.
    Platform,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Webhook, Self::Websand, Self::Websale, Self::Platform];

    /// The last segment of the secret's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Websand => "websand",
            Self::Websale => "websale",
            Self::Platform => "platform",
        }
    }
}

/// What all of the shop's secrets begin with.
pub(super) fn shop_prefix(prefix: &str, shop: &ShopName) -> String {
    format!("{prefix}{shop}/")
}

/// The full name.
pub(super) fn full(prefix: &str, shop: &ShopName, kind: Kind) -> String {
    format!("{prefix}{shop}/{}", kind.name())
}

/// Takes a full name apart.
pub(super) fn parse(prefix: &str, name: &str) -> Option<(ShopName, Kind)> {
    let (shop, kind) = name.strip_prefix(prefix)?.split_once('/')?;
    let kind = Kind::ALL.into_iter().find(|known| known.name() == kind)?;
    Some((shop.parse().ok()?, kind))
}

/// The shops that have at least one of these secrets, in order.
pub(in crate::command) fn shops(prefix: &str, names: &[String]) -> Vec<ShopName> {
    let mut shops: Vec<ShopName> = names.iter().filter_map(|name| parse(prefix, name)).map(|(shop, _)| shop).collect();
    shops.sort();
    shops.dedup();
    shops
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_apart_and_put_together_again() {
        let (shop, kind) = parse("shoprelay/", "shoprelay/acme/websand").unwrap();
        assert_eq!(full("shoprelay/", &shop, kind), "shoprelay/acme/websand");
        assert_eq!(parse("shoprelay/", "shoprelay/acme/platform").map(|(_, kind)| kind), Some(Kind::Platform));
        for foreign in [
            "shoprelay/_installation",
            "shoprelay/acme",
            "shoprelay/acme/x",
            "other/acme/websand",
            "shoprelay/A/websand",
        ] {
            assert!(parse("shoprelay/", foreign).is_none(), "{foreign} was taken");
        }
    }

    #[test]
    fn every_shop_is_listed_once() {
        let names = ["p/b/webhook", "p/a/websand", "p/b/websand", "p/_installation"].map(str::to_owned);
        let shops: Vec<String> = shops("p/", &names).into_iter().map(String::from).collect();
        assert_eq!(shops, ["a", "b"]);
    }
}
