//! How a Shopware shop registers an app, and what it expects to be answered.
//! <https://developer.shopware.com/docs/guides/plugins/apps/lifecycle/app-registration-setup.html>

use bytes::Bytes;
use http::Method;
use jiff::Timestamp;
use relay::{
    secret::{ShopwareApp, WebhookSecret},
    shop::Platform,
};
use serde_json::Value;

use super::Webhook;
use crate::signing;

/// The id under which the test shop registers.
const SHOP_ID: &str = "shoprelaytest";

/// The registration of a shop's app.
pub(crate) struct Registration<'r> {
    app: &'r ShopwareApp,
    /// The shop's own secret, which a shop that is known proves to have.
    shop_secret: &'r secrecy::SecretString,
}

/// What became of it, without the secret that the answer holds.
#[derive(Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Registered {
    /// Whether the answer proves that we know the app's secret.
    pub(crate) proof: bool,
    /// How many characters the secret has that the shop is to use; Shopware takes 64 to 255.
    pub(crate) secret_length: usize,
    /// Where the shop would confirm.
    pub(crate) confirmation_url: String,
}

impl<'r> Registration<'r> {
    /// The first Shopware source with an app.
    pub(crate) fn of_shop(secret: &'r WebhookSecret) -> Result<Self, String> {
        let mut sources = secret.sources.iter().filter(|source| source.platform == Platform::Shopware);
        let found = sources.find_map(|source| {
            Some(Self { app: source.shopware_app.as_ref()?, shop_secret: source.signing_secrets.first()? })
        });
        found.ok_or_else(|| "the shop has no shopware source with app_name, app_secret and shop_url".to_owned())
    }

    /// The request, as a shop sends it that registers anew.
    pub(crate) fn webhook(&self, now: Timestamp) -> Result<Webhook, String> {
        // Shopware signs the query as it goes over the wire, with ':' and '/' as they are.
        let query = format!("shop-id={SHOP_ID}&shop-url={}&timestamp={}", self.app.shop_url, now.as_second());
        let sign = |secret| signing::shopware(secret, query.as_bytes()).map_err(|error| error.to_string());
        let headers = vec![
            ("shopware-app-signature".to_owned(), sign(&self.app.secret)?),
            ("shopware-shop-signature".to_owned(), sign(self.shop_secret)?),
            ("sw-version".to_owned(), "6.7.0.0".to_owned()),
        ];
        Ok(Webhook {
            method: Method::GET,
            endpoint: "shopware",
            id: SHOP_ID.to_owned(),
            query: Some(query),
            headers,
            body: Bytes::new(),
        })
    }

    /// Looks at the answer as the shop would.
    pub(crate) fn check(&self, answer: &str) -> Option<Registered> {
        let answer: Value = serde_json::from_str(answer).ok()?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str);
        let signed = format!("{SHOP_ID}{}{}", self.app.shop_url, self.app.name);
        let expected = signing::shopware(&self.app.secret, signed.as_bytes()).ok()?;
        Some(Registered {
            proof: text("proof")? == expected,
            secret_length: text("secret")?.len(),
            confirmation_url: text("confirmation_url")?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secret() -> WebhookSecret {
        let document = json!({"platform": "shopware", "signing_secrets": ["s".repeat(64)], "app_name": "MyApp",
            "app_secret": "hush", "shop_url": "https://shop.example.com"});
        relay::secret::parse(&document).unwrap()
    }

    #[test]
    fn a_registration_is_signed_over_its_query() {
        let secret = secret();
        let webhook =
            Registration::of_shop(&secret).unwrap().webhook(Timestamp::from_second(1_767_398_400).unwrap()).unwrap();
        let query = "shop-id=shoprelaytest&shop-url=https://shop.example.com&timestamp=1767398400";
        assert_eq!((webhook.query.as_deref(), webhook.method), (Some(query), Method::GET));
        let signature = signing::shopware(&"hush".into(), query.as_bytes()).unwrap();
        assert!(webhook.headers.contains(&("shopware-app-signature".to_owned(), signature)));
    }

    #[test]
    fn an_answer_is_checked_and_its_secret_not_kept() {
        let secret = secret();
        let registration = Registration::of_shop(&secret).unwrap();
        let proof = signing::shopware(&"hush".into(), b"shoprelaytesthttps://shop.example.comMyApp").unwrap();
        let answer = |proof: &str| {
            json!({"proof": proof, "secret": "s".repeat(64), "confirmation_url": "https://r"}).to_string()
        };
        let right = Registered { proof: true, secret_length: 64, confirmation_url: "https://r".into() };
        assert_eq!(registration.check(&answer(&proof)), Some(right));
        assert!(!registration.check(&answer("0")).unwrap().proof);
        assert_eq!(registration.check("{}"), None);
    }

    #[test]
    fn a_source_without_an_app_cannot_register() {
        let document = json!({"platform": "shopware", "signing_secrets": ["s".repeat(64)]});
        assert!(Registration::of_shop(&relay::secret::parse(&document).unwrap()).is_err());
    }
}
