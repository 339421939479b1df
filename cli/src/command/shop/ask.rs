//! Asks for one shop's secrets. What is secret is not echoed.

use std::{collections::BTreeMap, io::Write};

use base64::{Engine, engine::general_purpose::STANDARD};
use relay::shop::{Platform, ShopName};
use serde_json::{Value, json};

use super::{
    names::{self, Kind},
    validate::Values,
};
use crate::command::CommandError;

/// Asks a person.
pub(in crate::command) trait Questions {
    /// A line; what is typed is seen.
    fn ask(&mut self, question: &str) -> Result<String, CommandError>;
    /// A line that is not echoed.
    fn ask_hidden(&mut self, question: &str) -> Result<String, CommandError>;
}

/// The terminal. Questions go to standard error, so that standard output stays clean for `--json`.
pub(in crate::command) struct Terminal;

impl Questions for Terminal {
    fn ask(&mut self, question: &str) -> Result<String, CommandError> {
        let mut line = String::new();
        let asked = std::io::stderr().write_all(question.as_bytes());
        match asked.and_then(|()| std::io::stdin().read_line(&mut line)) {
            Ok(0) => Err(CommandError("no answer: standard input ended".into())),
            Ok(_) => Ok(line.trim().to_owned()),
            Err(error) => Err(CommandError(format!("cannot ask: {error}"))),
        }
    }

    fn ask_hidden(&mut self, question: &str) -> Result<String, CommandError> {
        rpassword::prompt_password(question).map(|line| line.trim().to_owned()).map_err(|error| {
            CommandError(format!("cannot ask without echo: {error}; use --file to add shops without questions"))
        })
    }
}

/// The answers, and the signing secret that was made because none was given.
pub(super) struct Answers {
    pub(super) values: Values,
    pub(super) generated: Option<String>,
}

/// Asks for everything a shop needs. An answer that cannot be used is asked for again.
pub(super) fn ask(questions: &mut impl Questions, prefix: &str, shop: &ShopName) -> Result<Answers, CommandError> {
    let mut generated = None;
    let mut sources = Vec::new();
    for platform in platforms(questions)? {
        let secret = signing_secret(questions, platform, &mut generated)?;
        sources.push(json!({"platform": platform.name(), "signing_secrets": [secret]}));
    }
    let webhook = match sources.as_slice() {
        [only] => only.clone(),
        _ => json!({"sources": sources}),
    };
    let mut values = BTreeMap::from([(names::full(prefix, shop, Kind::Webhook), webhook)]);
    values.extend(websand(questions)?.map(|value| (names::full(prefix, shop, Kind::Websand), value)));
    values.extend(websale(questions)?.map(|value| (names::full(prefix, shop, Kind::Websale), value)));
    if values.len() == 1 {
        return Err(CommandError("neither Websand nor WEBSALE: there would be nowhere to deliver to".into()));
    }
    Ok(Answers { values: Values(values), generated })
}

fn platforms(questions: &mut impl Questions) -> Result<Vec<Platform>, CommandError> {
    let known = Platform::ALL.map(Platform::name).join(", ");
    loop {
        let line =
            questions.ask(&format!("Which systems send its webhooks ({known}; several with commas) [canonical]: "))?;
        let words: Vec<String> =
            line.split([',', ' ']).map(str::to_lowercase).filter(|word| !word.is_empty()).collect();
        if words.is_empty() {
            return Ok(vec![Platform::Canonical]);
        }
        let named = |word: &String| Platform::ALL.into_iter().find(|platform| platform.name() == word);
        if let Some(mut found) = words.iter().map(named).collect::<Option<Vec<_>>>() {
            found.dedup();
            return Ok(found);
        }
    }
}

fn signing_secret(
    questions: &mut impl Questions,
    platform: Platform,
    generated: &mut Option<String>,
) -> Result<String, CommandError> {
    match platform {
        Platform::Canonical => {
            let given = questions.ask_hidden("Signing secret of the canonical source (empty: one is made): ")?;
            if !given.is_empty() {
                return Ok(given);
            }
            let made = new_signing_secret()?;
            *generated = Some(made.clone());
            Ok(made)
        }
        Platform::Shopify => {
            required(|| questions.ask_hidden("Client secret of the Shopify app (it signs the webhooks): "))
        }
        Platform::Woocommerce | Platform::Shopware | Platform::Bigcommerce => {
            required(|| questions.ask_hidden(&format!("Signing secret of {platform}: ")))
        }
    }
}

fn websand(questions: &mut impl Questions) -> Result<Option<Value>, CommandError> {
    let line = questions.ask("Websand account, the NAME of https://NAME.websandhq.com (empty: no Websand): ")?;
    if line.is_empty() {
        return Ok(None);
    }
    // Many paste the whole address.
    let host = line.trim_start_matches("https://");
    let account = host.split_once(".websandhq.com").map_or(line.as_str(), |(account, _)| account);
    Ok(Some(json!({"account": account, "api_key": required(|| questions.ask_hidden("Websand API key: "))?})))
}

fn websale(questions: &mut impl Questions) -> Result<Option<Value>, CommandError> {
    let shop_id = questions.ask("WEBSALE shop id (empty: no WEBSALE app): ")?;
    if shop_id.is_empty() {
        return Ok(None);
    }
    let subshop = required(|| questions.ask("WEBSALE subshop: "))?;
    let username = required(|| questions.ask("WEBSALE user name: "))?;
    let password = required(|| questions.ask_hidden("WEBSALE password: "))?;
    Ok(Some(json!({"shop_id": shop_id, "subshop": subshop, "username": username, "password": password})))
}

/// Asks until there is an answer; the end of the input ends it, too.
fn required(mut ask: impl FnMut() -> Result<String, CommandError>) -> Result<String, CommandError> {
    loop {
        let answer = ask()?;
        if !answer.is_empty() {
            return Ok(answer);
        }
    }
}

/// A Standard Webhooks secret of 32 random bytes.
fn new_signing_secret() -> Result<String, CommandError> {
    let mut key = [0_u8; 32];
    getrandom::fill(&mut key)
        .map_err(|error| CommandError(format!("this machine gives no random numbers: {error}")))?;
    Ok(format!("whsec_{}", STANDARD.encode(key)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    }

    fn answers(script: &[&'static str]) -> Result<Answers, CommandError> {
        ask(&mut Script(script.to_vec()), "shoprelay/", &"acme".parse().unwrap())
    }

    #[test]
    fn two_sources_and_both_destinations_become_three_secrets() {
        let script = ["shopify, canonical", "#shpss", "#whsec_QUJD", "acme", "#key", "4711", "Deutsch", "api", "#pw"];
        let given = answers(&script).ok().unwrap();
        assert_eq!(given.generated, None);
        let expected = json!({
            "shoprelay/acme/webhook": {"sources": [
                {"platform": "shopify", "signing_secrets": ["shpss"]},
                {"platform": "canonical", "signing_secrets": ["whsec_QUJD"]},
            ]},
            "shoprelay/acme/websand": {"account": "acme", "api_key": "key"},
            "shoprelay/acme/websale": {"shop_id": "4711", "subshop": "Deutsch", "username": "api", "password": "pw"},
        });
        assert_eq!(json!(given.values.0), expected);
    }

    #[test]
    fn a_signing_secret_is_made_where_none_is_given() {
        let given = answers(&["", "#", "acme", "#key", ""]).ok().unwrap();
        let made = given.generated.unwrap();
        let key = STANDARD.decode(made.strip_prefix("whsec_").unwrap()).unwrap();
        assert_eq!(key.len(), 32);
        let webhook = given.values.0.get("shoprelay/acme/webhook").unwrap();
        assert_eq!(webhook, &json!({"platform": "canonical", "signing_secrets": [made]}));
        assert_ne!(answers(&["", "#", "acme", "#key", ""]).ok().unwrap().generated.unwrap(), made);
    }

    #[test]
    fn what_cannot_be_used_is_asked_for_again() {
        let script = ["magento", "shopify shopify", "#", "#shpss", "https://acme.websandhq.com/", "#", "#key", ""];
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
}
