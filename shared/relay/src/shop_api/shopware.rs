//! Shopware's Admin API: a token for the integration, then a search by id with all that an order consists of
//! (<https://shopware.stoplight.io/docs/admin-api/>, `api/oauth/token` and `api/search/…`).

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;

use super::{Fetched, ShopApi, Stopped};
use crate::{
    message::{Reference, ReferenceKind},
    retry::{Call, Decision},
    source::{
        Outcome,
        shopware::{NUMBER, fetched},
    },
};

#[cfg(test)]
mod tests;
mod token;
pub(crate) use token::Tokens;

/// Fetches and maps what the reference names.
pub(super) async fn fetch(
    api: &ShopApi<'_>,
    url: &Url,
    client_id: &str,
    client_secret: &SecretString,
    reference: &Reference,
    began: Timestamp,
) -> Result<Fetched, Stopped> {
    let account = Account { api, url, client_id, client_secret };
    let answer = account.search(reference).await?;
    let Some(found) = answer.get("data").and_then(Value::as_array) else {
        return Err(api.unreadable(Call::ShopRead, "the answer has no list of what was found"));
    };
    let Some(object) = found.first() else { return Ok(Fetched::Skipped("gone")) };
    match fetched(reference.kind, reference.event, object, began) {
        Outcome::Event(event) => Ok(Fetched::Event(event)),
        Outcome::Ignored(reason) => Ok(Fetched::Skipped(reason)),
        Outcome::Unusable(unusable) => Err(unusable.into()),
        Outcome::References(_) | Outcome::Erase(_) | Outcome::DataRequest(_) => Ok(Fetched::Skipped("incomplete")),
    }
}

/// An integration of a shop.
struct Account<'a> {
    api: &'a ShopApi<'a>,
    url: &'a Url,
    client_id: &'a str,
    client_secret: &'a SecretString,
}

impl Account<'_> {
    /// Searches with the token that is there, and once more with a new one if that is refused.
    async fn search(&self, reference: &Reference) -> Result<Value, Stopped> {
        let tokens = self.api.tokens;
        let search = search(reference);
        let url = self.endpoint(&["search", entity(reference.kind)]);
        if let Some(token) = tokens.get(self.url, self.client_id, self.api.ports.clock.now()) {
            match self.read(&url, &search, &token).await {
                Err(Stopped::Decision(Decision::Refresh)) => tokens.forget(self.url, self.client_id),
                // The secret was read anew for the token's sake, which is older than that.
                Err(Stopped::Decision(Decision::Mend { failure, .. })) if failure.status == Some(401) => {
                    tokens.forget(self.url, self.client_id);
                }
                answer => return answer,
            }
        }
        let token = self.log_in().await?;
        let answer = self.read(&url, &search, &token).await;
        if let Err(Stopped::Decision(Decision::Refresh | Decision::Mend { .. })) = &answer {
            tokens.forget(self.url, self.client_id);
        }
        answer
    }

    async fn read(&self, url: &Url, search: &Value, token: &SecretString) -> Result<Value, Stopped> {
        let credential = ("authorization", format!("Bearer {}", token.expose_secret()).into());
        self.api.json(Call::ShopRead, self.api.post(url.clone(), Some(credential), search)).await
    }

    /// A new token, remembered until shortly before it expires.
    async fn log_in(&self) -> Result<SecretString, Stopped> {
        let now = self.api.ports.clock.now();
        let body = json!({
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret.expose_secret(),
        });
        let answer =
            self.api.json(Call::ShopToken, self.api.post(self.endpoint(&["oauth", "token"]), None, &body)).await?;
        let token = answer.get("access_token").and_then(Value::as_str).filter(|token| !token.is_empty());
        let token: SecretString = match token {
            Some(token) => token.into(),
            None => return Err(self.api.unreadable(Call::ShopToken, "the answer has no token")),
        };
        let seconds = answer.get("expires_in").and_then(Value::as_i64).unwrap_or_default();
        self.api.tokens.put(self.url, self.client_id, &token, seconds, now);
        Ok(token)
    }

    /// A place in the API of the shop, which may be in a folder of its host.
    fn endpoint(&self, path: &[&str]) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("api").extend(path);
        }
        url
    }
}

const fn entity(kind: ReferenceKind) -> &'static str {
    match kind {
        ReferenceKind::Order => "order",
        ReferenceKind::Customer => "customer",
        ReferenceKind::Consent => "newsletter-recipient",
    }
}

/// What is asked for. Nothing is loaded that is not asked for, and each association needs the right to read it.
fn search(reference: &Reference) -> Value {
    let with = |associations: Value| json!({"associations": associations});
    let address = || with(json!({"country": {}}));
    let language = || with(json!({"locale": {}}));
    let stateful = || with(json!({"stateMachineState": {}}));
    let associations = match reference.kind {
        ReferenceKind::Order => json!({
            "orderCustomer": with(json!({"customer": with(json!({"tags": {}}))})),
            "lineItems": {}, "currency": {}, "stateMachineState": {}, "tags": {},
            "addresses": address(), "language": language(), "transactions": stateful(), "deliveries": stateful(),
        }),
        ReferenceKind::Customer => json!({"defaultBillingAddress": address(), "language": language(), "tags": {}}),
        ReferenceKind::Consent => json!({"language": language(), "tags": {}}),
    };
    match reference.id.strip_prefix(NUMBER) {
        Some(number) => {
            let filter = json!([{"type": "equals", "field": "orderNumber", "value": number}]);
            json!({"filter": filter, "limit": 1, "associations": associations})
        }
        None => json!({"ids": [reference.id], "limit": 1, "associations": associations}),
    }
}
