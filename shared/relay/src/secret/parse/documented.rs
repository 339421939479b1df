//! Compares `docs/secrets.md` with what is read.

use serde_json::Value;

use super::{Model, parse, platform, source, webhook, websale, websand};
use crate::{
    destination::websand::CONTAINERS,
    secret::{InstallationKey, PlatformSecret, WebhookSecret, WebsaleSecret, WebsandSecret},
};

const PAGE: &str = include_str!("../../../../../docs/secrets.md");

/// The page's section about one secret.
fn section(name: &str) -> &'static str {
    let rest = PAGE.split(&format!("\n## {name}\n")).nth(1).unwrap();
    rest.split("\n## ").next().unwrap()
}

/// The examples of a section are secrets of its kind. Returns how many there are.
fn examples<T: Model>(name: &str) -> usize {
    let blocks = section(name).split("```json\n").skip(1);
    let check = |block: &str| {
        let example = block.split("```").next().unwrap();
        let document: Value = serde_json::from_str(example).unwrap();
        parse::<T>(&document).unwrap_or_else(|faults| panic!("{faults} in {example}"));
    };
    blocks.map(check).count()
}

#[test]
fn every_example_is_a_valid_secret() {
    assert_eq!(examples::<WebhookSecret>("webhook"), 4);
    assert_eq!(examples::<PlatformSecret>("platform"), 3);
    assert_eq!(examples::<WebsandSecret>("websand"), 2);
    assert_eq!(examples::<WebsaleSecret>("websale"), 2);
    assert_eq!(examples::<InstallationKey>("_installation"), 1);
}

#[test]
fn every_field_is_documented() {
    let of = |name, fields: &[&str]| {
        for field in fields {
            let (plain, nested) = (format!("`{field}`"), format!("| `{field}."));
            assert!(section(name).contains(&plain) || section(name).contains(&nested), "{name} has no {field}");
        }
    };
    of("webhook", &source::FIELDS);
    of("webhook", &webhook::SETTINGS);
    of("platform", &platform::BIGCOMMERCE);
    of("platform", &platform::SHOPIFY);
    of("platform", &platform::SHOPWARE);
    of("websand", &websand::FIELDS);
    of("websand", &CONTAINERS.map(|container| container.renamable).concat());
    of("websand", &CONTAINERS.map(|container| container.on_request).concat());
    of("websand", &CONTAINERS.map(|container| container.fixed).concat());
    of("websale", &websale::FIELDS);
}
