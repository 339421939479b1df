//! Sends webhooks to a host.

use std::time::Duration;

use relay::{config::Variables, shop::ShopName, tls};
use reqwest::Url;
use serde_json::Value;

use super::Webhook;

/// Longer than any shop waits.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Sends webhooks.
pub(crate) struct Client(reqwest::Client);

/// What the host answered.
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body as text.
    pub(crate) body: String,
}

impl Answer {
    /// Whether the host took the webhook and can use it: one that is parked as `rejected` comes to nothing.
    pub(crate) fn accepted(&self) -> bool {
        let answer: Option<Value> = serde_json::from_str(&self.body).ok();
        let rejected = answer.is_some_and(|answer| answer["status"] == "rejected");
        matches!(self.status, 200..=299) && !rejected
    }
}

impl Client {
    /// A client that also trusts the roots in `SHOPRELAY_CA_FILE`.
    pub(crate) fn new(variables: Variables<'_>) -> Result<Self, String> {
        const CA_FILE: &str = "SHOPRELAY_CA_FILE";
        let tls = tls::client_config(CA_FILE, variables.text(CA_FILE).as_deref()).map_err(|error| error.to_string())?;
        let builder = reqwest::Client::builder().tls_backend_preconfigured((*tls).clone());
        let builder = builder.redirect(reqwest::redirect::Policy::none()).timeout(TIMEOUT);
        builder.build().map(Self).map_err(|error| error.to_string())
    }

    /// Sends one.
    pub(crate) async fn send(&self, mut url: Url, webhook: &Webhook) -> Result<Answer, String> {
        let host = url.origin().ascii_serialization();
        if let Some(query) = &webhook.query {
            url.set_query(Some(query));
        }
        let mut request = self.0.request(webhook.method.clone(), url).body(webhook.body.clone());
        for (name, value) in &webhook.headers {
            request = request.header(name, value);
        }
        let failed = |error: reqwest::Error| {
            let advice = if error.is_connect() { ": is the host running there? --url names another" } else { "" };
            format!("{host} cannot be reached ({}){advice}", describe(&error.without_url()))
        };
        let response = request.send().await.map_err(&failed)?;
        let status = response.status().as_u16();
        Ok(Answer { status, body: response.text().await.map_err(failed)? })
    }
}

/// Where a shop's webhooks go: `base` is a host's address, or already a whole webhook URL.
pub(crate) fn webhook_url(base: &Url, shop: &ShopName, endpoint: &str) -> Url {
    let mut url = base.clone();
    if !base.path().contains("/webhooks/") {
        url.set_path(&format!("{}/webhooks/{shop}/{endpoint}", base.path().trim_end_matches('/')));
    }
    url
}

/// The error with its causes.
fn describe(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |error| error.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_that_is_parked_at_once_does_not_count_as_taken() {
        let accepted = |status, body: &str| Answer { status, body: body.to_owned() }.accepted();
        assert!(accepted(202, r#"{"id": "1", "status": "queued"}"#));
        assert!(accepted(200, r#"{"reason": "ping", "status": "ignored"}"#));
        assert!(accepted(200, ""), "a Shopware confirmation has no body");
        assert!(!accepted(202, r#"{"id": "1", "reason": "unmappable", "status": "rejected"}"#));
        assert!(!accepted(401, r#"{"status": 401}"#));
    }
}
