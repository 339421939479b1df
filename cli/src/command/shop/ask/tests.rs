use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::*;
use crate::command::shop::validate;

const WHSEC: &str = "#whsec_ZGV2LXN0ZC13ZWJob29rcy1zZWNyZXQtYnl0ZXMtMzI=";

/// Answers in order; hidden answers start with `#`.
struct Script(Vec<&'static str>);

impl Script {
    fn next(&mut self, hidden: bool) -> String {
        let answer = self.0.remove(0);
        assert_eq!(answer.starts_with('#'), hidden, "{answer}");
        answer.trim_start_matches('#').to_owned()
    }
}

impl Questions for Script {
    fn ask(&mut self, _: &str) -> Result<String, CommandError> {
        Ok(self.next(false))
    }

    fn ask_hidden(&mut self, _: &str) -> Result<String, CommandError> {
        Ok(self.next(true))
    }

    fn say(&mut self, _: &str) {}
}

/// What these answers lead to: whatever it is, the parsers of deliveries take it.
fn answers(script: &[&'static str]) -> Result<Answers, CommandError> {
    let mut script = Script(script.to_vec());
    let answers = ask(&mut script, "shoprelay/", &"acme".parse().unwrap())?;
    assert_eq!(script.0, Vec::<&str>::new(), "questions that were not asked");
    assert_eq!(validate::faults("shoprelay/", &answers.values), Vec::<String>::new());
    Ok(answers)
}

#[test]
fn two_sources_and_both_destinations_become_three_secrets() {
    let script = ["shopify, canonical", "#shpss", "", WHSEC, "acme", "#key", "4711", "Deutsch", "api", "#pw", "", "#"];
    let given = answers(&script).ok().unwrap();
    assert_eq!(given.made, []);
    let expected = json!({
        "shoprelay/acme/webhook": {"sources": [
            {"platform": "shopify", "signing_secrets": ["shpss"]},
            {"platform": "canonical", "signing_secrets": [&WHSEC[1..]]},
        ]},
        "shoprelay/acme/websand": {"account": "acme", "api_key": "key"},
        "shoprelay/acme/websale": {"shop_id": "4711", "subshop": "Deutsch", "username": "api", "password": "pw"},
    });
    assert_eq!(json!(given.values.0), expected);
}

#[test]
fn a_shop_that_wants_to_be_told_gets_a_secret_that_is_shown() {
    let account = ["", "#", "", "4711", "Deutsch", "api", "#pw"];
    let asked = |more: &[&'static str]| {
        let given = answers(&[&account, more].concat()).ok().unwrap();
        (given.values.0["shoprelay/acme/websale"]["status_callback"].clone(), given.made)
    };
    let url = "https://shop.example.com/hooks";
    assert_eq!(asked(&[url, WHSEC]).0, json!({"url": url, "signing_secret": &WHSEC[1..]}));
    let (callback, made) = asked(&["http://shop.example.com", "https://10.0.0.1/hooks", url, "#"]);
    let (_, secret) = made.iter().find(|(what, _)| *what == STATUS_CALLBACK).unwrap();
    assert_eq!(callback, json!({"url": url, "signing_secret": secret}));
    assert_eq!(asked(&[""]).0, json!(null));
}

#[test]
fn a_signing_secret_is_made_where_none_is_given() {
    let given = answers(&["", "#", "acme", "#key", ""]).ok().unwrap();
    let [("canonical", made)] = &given.made[..] else { panic!("{:?}", given.made) };
    let key = STANDARD.decode(made.strip_prefix("whsec_").unwrap()).unwrap();
    assert_eq!(key.len(), 32);
    let webhook = given.values.0.get("shoprelay/acme/webhook").unwrap();
    assert_eq!(webhook, &json!({"platform": "canonical", "signing_secrets": [made]}));
    assert_ne!(answers(&["", "#", "acme", "#key", ""]).ok().unwrap().made, given.made);
}

#[test]
fn what_cannot_be_used_is_asked_for_again() {
    let script = ["magento", "shopify shopify", "#", "#shpss", "", "https://acme.websandhq.com/", "#", "#key", "", "#"];
    let expected = json!({
        "shoprelay/acme/webhook": {"platform": "shopify", "signing_secrets": ["shpss"]},
        "shoprelay/acme/websand": {"account": "acme", "api_key": "key"},
    });
    assert_eq!(json!(answers(&script).ok().unwrap().values.0), expected);
}

#[test]
fn a_shop_without_a_destination_is_refused() {
    assert!(answers(&["", "#", "", ""]).is_err());
}

#[test]
fn woocommerce_gets_a_secret_that_is_shown_and_its_host_as_origin() {
    let given = answers(&["woocommerce", "#", "https://Shop.example.com:8443/de/", "acme", "#key", ""]).ok().unwrap();
    let [("woocommerce", made)] = &given.made[..] else { panic!("{:?}", given.made) };
    assert_eq!(made.len(), 64);
    let webhook = given.values.0.get("shoprelay/acme/webhook").unwrap();
    let expected = json!({"platform": "woocommerce", "signing_secrets": [made], "origins": ["shop.example.com"]});
    assert_eq!(webhook, &expected);
}

#[test]
fn a_shopware_app_registers_itself_and_its_integration_reads() {
    let script = [
        "shopware",
        "MyApp",
        "#app",
        "shop.example.com",
        "https://shop.example.com/",
        "acme",
        "#key",
        "",
        "SWIA",
        "#sw",
    ];
    let given = answers(&script).ok().unwrap();
    assert_eq!(given.made, [], "the shop gets it, nobody has to see it");
    let webhook = given.values.0.get("shoprelay/acme/webhook").unwrap();
    assert_eq!(webhook["signing_secrets"][0].as_str().map(str::len), Some(64));
    assert_eq!(webhook["shop_url"], "https://shop.example.com");
    assert_eq!(webhook["origins"], json!(["shop.example.com"]));
    let platform = json!({"url": "https://shop.example.com", "client_id": "SWIA", "client_secret": "sw"});
    assert_eq!(given.values.0.get("shoprelay/acme/platform"), Some(&platform));
    let registered = ["shopware", "", "#given", "http://localhost", "acme", "#key", "", ""];
    let given = answers(&registered).ok().unwrap();
    let expected = json!({"platform": "shopware", "signing_secrets": ["given"], "origins": ["localhost"]});
    assert_eq!(given.values.0.get("shoprelay/acme/webhook"), Some(&expected));
}

#[test]
fn a_websale_shop_gets_a_header_that_is_shown_whole() {
    let given = answers(&["websale", "", "#", "payload", "acme", "#key", ""]).ok().unwrap();
    let [("websale", made)] = &given.made[..] else { panic!("{:?}", given.made) };
    let value = made.strip_prefix("X-Shop-Key: ").unwrap();
    let webhook = json!({"platform": "canonical", "header": {"name": "X-Shop-Key", "values": [value]},
        "parameter": "payload"});
    assert_eq!(given.values.0.get("shoprelay/acme/webhook"), Some(&webhook));
    let own = answers(&["websale", "X-Key", "#known", "", "acme", "#key", ""]).ok().unwrap();
    let webhook = json!({"platform": "canonical", "header": {"name": "X-Key", "values": ["known"]}});
    assert_eq!((own.made, &own.values.0["shoprelay/acme/webhook"]), (vec![], &webhook));
}

#[test]
fn bigcommerce_needs_a_token_and_may_have_a_header() {
    let script = [
        "bigcommerce",
        "#",
        "",
        "#",
        "https://api.bigcommerce.com/stores/abc123/v3/",
        "acme",
        "#key",
        "",
        "#",
        "#token",
    ];
    let given = answers(&script).ok().unwrap();
    let [("bigcommerce", made)] = &given.made[..] else { panic!("{:?}", given.made) };
    let value = made.strip_prefix("X-Shoprelay-Key: ").unwrap();
    let webhook = json!({"platform": "bigcommerce", "header": {"name": "X-Shoprelay-Key", "values": [value]},
        "origins": ["abc123"]});
    assert_eq!(given.values.0.get("shoprelay/acme/webhook"), Some(&webhook));
    let platform = json!({"store_hash": "abc123", "access_token": "token"});
    assert_eq!(given.values.0.get("shoprelay/acme/platform"), Some(&platform));
    let without_websand = ["bigcommerce", "#secret", "abc123", "", "4711", "Deutsch", "api", "#pw", ""];
    assert_eq!(answers(&without_websand).ok().unwrap().values.0.len(), 2);
}

#[test]
fn origins_are_set_only_if_every_system_told_its_own() {
    let origins = |domain| {
        let script =
            ["shopify canonical woocommerce", "#a", domain, WHSEC, "#b", "woo.example.com", "acme", "#key", "", "#"];
        answers(&script).ok().unwrap().values.0["shoprelay/acme/webhook"]["origins"].clone()
    };
    assert_eq!(origins(""), json!(null));
    assert_eq!(origins("acme.myshopify.com"), json!(["acme.myshopify.com", "woo.example.com"]));
}
