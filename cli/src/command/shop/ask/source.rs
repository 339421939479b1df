//! Asks for one system that sends webhooks.

use base64::{Engine, engine::general_purpose::STANDARD};
use relay::{shop::Platform, text::hex};
use serde_json::{Map, Value, json};
use url::Url;

use super::{Questions, System, required};
use crate::command::CommandError;

/// One system's part of the webhook secret, and what else was told on the way.
pub(super) struct Source {
    pub(super) platform: Platform,
    /// Its fields in the webhook secret.
    fields: Value,
    /// Its domain, host or store hash, as it stands in `origins`.
    pub(super) origin: Option<String>,
    /// Where its API is (Shopware).
    pub(super) url: Option<String>,
}

/// Asks for it. What is made because no answer is given is noted.
pub(super) fn ask(
    questions: &mut impl Questions,
    system: System,
    made: &mut Vec<(&'static str, String)>,
) -> Result<Source, CommandError> {
    let platform = match system {
        System::Of(platform) => platform,
        System::Websale => return websale(questions, made),
    };
    match platform {
        Platform::Canonical => {
            let secret = questions.ask_hidden("Signing secret of the canonical source (empty: one is made): ")?;
            let secret = or_made(secret, platform, made, signing_secret)?;
            Ok(signed(platform, &secret, None))
        }
        Platform::Shopify => {
            let secret =
                required(|| questions.ask_hidden("Client secret of the Shopify app (it signs the webhooks): "))?;
            let domain = questions.ask("Its domain, as in NAME.myshopify.com (empty: any that has the secret): ")?;
            Ok(signed(platform, &secret, host(&domain)))
        }
        Platform::Woocommerce => {
            let secret = questions.ask_hidden("Secret of the WooCommerce webhooks (empty: one is made): ")?;
            let secret = or_made(secret, platform, made, || Ok(hex(&random::<32>()?)))?;
            let domain = questions.ask("Host of the WooCommerce shop (empty: any that has the secret): ")?;
            // Its port is not looked at.
            let host = host(&domain).and_then(|host| host.split(':').next().map(str::to_owned));
            Ok(signed(platform, &secret, host))
        }
        Platform::Shopware => shopware(questions),
        Platform::Bigcommerce => bigcommerce(questions, made),
    }
}

fn signed(platform: Platform, secret: &str, origin: Option<String>) -> Source {
    let fields = json!({"platform": platform.name(), "signing_secrets": [secret]});
    Source { platform, fields, origin, url: None }
}

/// The shop's secret is made here and given to the shop when it registers; nobody has to see it.
fn shopware(questions: &mut impl Questions) -> Result<Source, CommandError> {
    let name = questions
        .ask("Technical name of the Shopware app, its manifest's <name> (empty: it has registered already): ")?;
    let secret = match name.as_str() {
        "" => required(|| questions.ask_hidden("Secret that the shop was given at its registration: "))?,
        _ => hex(&random::<32>()?),
    };
    let app_secret = match name.as_str() {
        "" => None,
        _ => Some(required(|| questions.ask_hidden("Secret of the app, its manifest's <secret>: "))?),
    };
    let url = loop {
        let url = required(|| questions.ask("URL of the shop, as in https://shop.example.com: "))?;
        if Url::parse(&url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
            break url.trim_end_matches('/').to_owned();
        }
    };
    let mut source = signed(Platform::Shopware, &secret, host(&url));
    if let (Some(app_secret), Some(fields)) = (app_secret, source.fields.as_object_mut()) {
        fields.extend([
            ("app_name".to_owned(), name.into()),
            ("app_secret".to_owned(), app_secret.into()),
            ("shop_url".to_owned(), url.as_str().into()),
        ]);
    }
    source.url = Some(url);
    Ok(source)
}

/// An ASSE entry: our own format behind a secret header, and perhaps a name before the payload.
fn websale(questions: &mut impl Questions, made: &mut Vec<(&'static str, String)>) -> Result<Source, CommandError> {
    let header = header(
        questions,
        "Name of the WEBSALE shop's secret header [X-Shop-Key]: ",
        "X-Shop-Key",
        (System::Websale, made),
    )?;
    let mut fields = json!({"platform": Platform::Canonical.name(), "header": header});
    let parameter = questions.ask("PayloadParameterName of its ASSE entry (empty: none): ")?;
    if let (false, Some(fields)) = (parameter.is_empty(), fields.as_object_mut()) {
        fields.insert("parameter".to_owned(), parameter.into());
    }
    Ok(Source { platform: Platform::Canonical, fields, origin: None, url: None })
}

/// A header and its value. What is made is told as the whole header.
fn header(
    questions: &mut impl Questions,
    question: &str,
    usual: &str,
    (system, made): (System, &mut Vec<(&'static str, String)>),
) -> Result<Value, CommandError> {
    let name = questions.ask(question)?;
    let name = if name.is_empty() { usual.to_owned() } else { name };
    let mut value = questions.ask_hidden("Its value (empty: one is made): ")?;
    if value.is_empty() {
        value = hex(&random::<32>()?);
        made.push((system.name(), format!("{name}: {value}")));
    }
    Ok(json!({"name": name, "values": [value]}))
}

fn bigcommerce(questions: &mut impl Questions, made: &mut Vec<(&'static str, String)>) -> Result<Source, CommandError> {
    let platform = Platform::Bigcommerce;
    let secret = questions.ask_hidden(
        "Client secret of the BigCommerce API account (empty: the webhooks get a secret header instead): ",
    )?;
    let fields = if secret.is_empty() {
        let system = System::Of(platform);
        let header = header(questions, "Name of that header [X-Shoprelay-Key]: ", "X-Shoprelay-Key", (system, made))?;
        json!({"platform": platform.name(), "header": header})
    } else {
        json!({"platform": platform.name(), "signing_secrets": [secret]})
    };
    let hash = required(|| questions.ask("Hash of the store, the HASH of stores/HASH in its API path: "))?;
    // Many paste the whole path.
    let hash = hash.trim_end_matches("/v3/").trim_end_matches("/v2/").trim_end_matches('/');
    let hash = hash.rsplit('/').next().unwrap_or_default().to_owned();
    Ok(Source { platform, fields, origin: Some(hash), url: None })
}

/// The webhook secret: one source, or several. Other origins are refused only if every system told its own: those of a
/// system that did not tell would be refused, too.
pub(super) fn webhook(sources: &[Source]) -> Value {
    let mut webhook = if let [only] = sources {
        only.fields.as_object().cloned().unwrap_or_default()
    } else {
        let fields: Vec<&Value> = sources.iter().map(|source| &source.fields).collect();
        Map::from_iter([("sources".to_owned(), json!(fields))])
    };
    let of_shops = sources.iter().filter(|source| source.platform != Platform::Canonical);
    let origins: Option<Vec<&String>> = of_shops.map(|source| source.origin.as_ref()).collect();
    if let Some(origins) = origins.filter(|origins| !origins.is_empty()) {
        webhook.insert("origins".to_owned(), json!(origins));
    }
    Value::Object(webhook)
}

/// The host of what may be a whole URL.
fn host(text: &str) -> Option<String> {
    let host = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = host.split(['/', '?', '#']).next().unwrap_or_default().to_lowercase();
    Some(host).filter(|host| !host.is_empty())
}

fn or_made(
    given: String,
    platform: Platform,
    made: &mut Vec<(&'static str, String)>,
    new: impl FnOnce() -> Result<String, CommandError>,
) -> Result<String, CommandError> {
    if !given.is_empty() {
        return Ok(given);
    }
    let secret = new()?;
    made.push((platform.name(), secret.clone()));
    Ok(secret)
}

/// A new secret of a Standard Webhooks signature.
pub(super) fn signing_secret() -> Result<String, CommandError> {
    Ok(format!("whsec_{}", STANDARD.encode(random::<32>()?)))
}

fn random<const N: usize>() -> Result<[u8; N], CommandError> {
    let mut bytes = [0_u8; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| CommandError(format!("this machine gives no random numbers: {error}")))?;
    Ok(bytes)
}
