//! Asks for one shop's secrets. What is secret is not echoed.

use std::{collections::BTreeMap, io::Write};

use relay::{
    callback::target,
    shop::{Platform, ShopName},
};
use serde_json::{Value, json};

use super::{
    names::{self, Kind},
    validate::Values,
};
use crate::command::CommandError;

mod platform;
mod source;

/// What the secret is called that signs status callbacks, among those that were made.
pub(super) const STATUS_CALLBACK: &str = "status_callback";

/// Asks a person.
pub(in crate::command) trait Questions {
    /// A line; what is typed is seen.
    fn ask(&mut self, question: &str) -> Result<String, CommandError>;
    /// A line that is not echoed.
    fn ask_hidden(&mut self, question: &str) -> Result<String, CommandError>;
    /// Says why an answer cannot be used.
    fn say(&mut self, words: &str);
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

    fn say(&mut self, words: &str) {
        eprintln!("{words}");
    }
}

/// The answers, and what was made because none was given: for which system, and the value.
pub(super) struct Answers {
    pub(super) values: Values,
    pub(super) made: Vec<(&'static str, String)>,
}

/// A system as people know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum System {
    Of(Platform),
    /// A WEBSALE shop sends our own format and cannot sign.
    Websale,
}

impl System {
    const ALL: [Self; 6] = [
        Self::Of(Platform::Canonical),
        Self::Of(Platform::Shopify),
        Self::Of(Platform::Woocommerce),
        Self::Of(Platform::Shopware),
        Self::Of(Platform::Bigcommerce),
        Self::Websale,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Of(platform) => platform.name(),
            Self::Websale => "websale",
        }
    }
}

/// Asks for everything a shop needs. An answer that cannot be used is asked for again.
pub(super) fn ask(questions: &mut impl Questions, prefix: &str, shop: &ShopName) -> Result<Answers, CommandError> {
    let mut made = Vec::new();
    let mut sources = Vec::new();
    for system in systems(questions)? {
        sources.push(source::ask(questions, system, &mut made)?);
    }
    let mut values = BTreeMap::from([(names::full(prefix, shop, Kind::Webhook), source::webhook(&sources))]);
    values.extend(websand(questions)?.map(|value| (names::full(prefix, shop, Kind::Websand), value)));
    let has_websand = values.len() > 1;
    values.extend(websale(questions, &mut made)?.map(|value| (names::full(prefix, shop, Kind::Websale), value)));
    if values.len() == 1 {
        return Err(CommandError("neither Websand nor WEBSALE: there would be nowhere to deliver to".into()));
    }
    if has_websand {
        let api = platform::ask(questions, &sources)?;
        values.extend(api.map(|value| (names::full(prefix, shop, Kind::Platform), value)));
    }
    Ok(Answers { values: Values(values), made })
}

fn systems(questions: &mut impl Questions) -> Result<Vec<System>, CommandError> {
    let known = System::ALL.map(System::name).join(", ");
    loop {
        let line =
            questions.ask(&format!("Which systems send its webhooks ({known}; several with commas) [canonical]: "))?;
        let words: Vec<String> =
            line.split([',', ' ']).map(str::to_lowercase).filter(|word| !word.is_empty()).collect();
        if words.is_empty() {
            return Ok(vec![System::Of(Platform::Canonical)]);
        }
        let named = |word: &String| System::ALL.into_iter().find(|system| system.name() == word);
        if let Some(mut found) = words.iter().map(named).collect::<Option<Vec<_>>>() {
            found.dedup();
            return Ok(found);
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

fn websale(
    questions: &mut impl Questions,
    made: &mut Vec<(&'static str, String)>,
) -> Result<Option<Value>, CommandError> {
    let shop_id = questions.ask("WEBSALE shop id (empty: no WEBSALE app): ")?;
    if shop_id.is_empty() {
        return Ok(None);
    }
    let subshop = required(|| questions.ask("WEBSALE subshop: "))?;
    let username = required(|| questions.ask("WEBSALE user name: "))?;
    let password = required(|| questions.ask_hidden("WEBSALE password: "))?;
    let mut secret = json!({"shop_id": shop_id, "subshop": subshop, "username": username, "password": password});
    if let Some(callback) = status_callback(questions, made)? {
        secret["status_callback"] = callback;
    }
    Ok(Some(secret))
}

fn status_callback(
    questions: &mut impl Questions,
    made: &mut Vec<(&'static str, String)>,
) -> Result<Option<Value>, CommandError> {
    let url = loop {
        let url = questions.ask("Address to be told what becomes of promotions, https://… (empty: none): ")?;
        match target::read(&url) {
            _ if url.is_empty() => return Ok(None),
            Ok(_) => break url,
            Err(problem) => questions.say(&format!("It {problem}.")),
        }
    };
    let mut secret = questions.ask_hidden("Secret that signs it, whsec_… (empty: one is made): ")?;
    if secret.is_empty() {
        secret = source::signing_secret()?;
        made.push((STATUS_CALLBACK, secret.clone()));
    }
    Ok(Some(json!({"url": url, "signing_secret": secret})))
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

#[cfg(test)]
mod tests;
