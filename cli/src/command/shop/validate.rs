//! Secrets that are about to be written, tried with the very parsers that deliveries use.

use std::collections::BTreeMap;

use relay::{
    event::Fault,
    secret::{self, PlatformSecret, WebhookSecret, WebsaleSecret, WebsandSecret},
};
use serde_json::Value;

use super::names::{self, Kind};

/// Full names and their JSON objects. Holds secrets: never shown, so no `Debug`.
pub(super) struct Values(pub(super) BTreeMap<String, Value>);

/// Everything that is wrong with these secrets, one line each; no line holds a value.
pub(super) fn faults(prefix: &str, values: &Values) -> Vec<String> {
    values.0.iter().flat_map(|(name, value)| of_one(prefix, name, value)).collect()
}

fn of_one(prefix: &str, name: &str, value: &Value) -> Vec<String> {
    let Some((_, kind)) = names::parse(prefix, name) else {
        return vec![format!(
            "{name:?} is no shop's secret: name it {prefix}SHOP/webhook, …/platform, …/websand or …/websale"
        )];
    };
    let outcome = match kind {
        Kind::Webhook => secret::parse::<WebhookSecret>(value).map(drop),
        Kind::Websand => secret::parse::<WebsandSecret>(value).map(drop),
        Kind::Websale => secret::parse::<WebsaleSecret>(value).map(drop),
        Kind::Platform => secret::parse::<PlatformSecret>(value).map(drop),
    };
    let faults = outcome.err().map(|faults| faults.0).unwrap_or_default();
    let line = |fault: Fault| format!("{name}{}: {}", at(&fault.pointer), fault.detail);
    faults.into_iter().map(line).collect()
}

/// Where in the secret, for a person.
fn at(pointer: &str) -> String {
    if pointer.is_empty() { String::new() } else { format!(" at {pointer}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(json: Value) -> Values {
        Values(serde_json::from_value(json).unwrap())
    }

    #[test]
    fn good_secrets_have_no_faults() {
        let good = values(serde_json::json!({
            "shoprelay/acme/webhook": {"platform": "shopify", "signing_secrets": ["hush-hush"]},
            "shoprelay/acme/websand": {"account": "acme", "api_key": "hush-hush"},
            "shoprelay/acme/platform": {"store_hash": "abc123", "access_token": "hush-hush"},
            "shoprelay/acme/websale": {"shop_id": "1", "subshop": "Deutsch", "username": "api", "password": "hush-hush"},
        }));
        assert_eq!(faults("shoprelay/", &good), Vec::<String>::new());
    }

    #[test]
    fn every_faulty_secret_is_named_and_no_value_is_shown() {
        let bad = values(serde_json::json!({
            "shoprelay/acme/webhook": {"platform": "shopify", "signing_secrets": []},
            "shoprelay/acme/websand": {"account": "hush hush", "api_key": "hush-hush"},
            "shoprelay/acme/platform": {"access_token": "hush-hush"},
            "shoprelay/acme/hush": {},
            "shoprelay/good/websand": {"account": "good", "api_key": "hush-hush"},
        }));
        let faults = faults("shoprelay/", &bad);
        assert_eq!(faults.len(), 4, "{faults:?}");
        for part in ["acme/webhook", "acme/websand", "acme/platform", "SHOP/webhook"] {
            assert!(faults.iter().any(|fault| fault.contains(part)), "{part}: {faults:?}");
        }
        assert!(!faults.iter().any(|fault| fault.contains("hush hush") || fault.contains("hush-hush")), "{faults:?}");
    }
}
