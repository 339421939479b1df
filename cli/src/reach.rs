//! Whether a destination's host can be reached, without telling it anything.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use relay::{config::Destinations, text::with_causes, tls};
use url::Url;

use crate::command::CommandError;

/// Long enough for a slow name server.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Asks hosts for their start page's header, with the TLS configuration that deliveries use.
pub(crate) struct Prober(reqwest::Client);

/// A host answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    /// How far its clock is ahead of ours, if it told the time.
    pub(crate) clock_ahead: Option<SignedDuration>,
}

impl Prober {
    /// A prober that trusts whom deliveries trust.
    pub(crate) fn new(destinations: &Destinations) -> Result<Self, CommandError> {
        let tls = tls::client_config("SHOPRELAY_CA_FILE", destinations.ca_file.as_deref())
            .map_err(|error| CommandError(error.to_string()))?;
        reqwest::Client::builder()
            .tls_backend_preconfigured((*tls).clone())
            .http1_only()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .build()
            .map(Self)
            .map_err(|error| CommandError(format!("cannot make an HTTP client: {error}")))
    }

    /// One `HEAD /`: without credentials, and whatever the answer, it proves name, connection and certificate.
    pub(crate) async fn reach(&self, base: &Url, now: Timestamp) -> Result<Reached, String> {
        let mut root = base.clone();
        root.set_path("/");
        root.set_query(None);
        let answer = self.0.head(root).send().await.map_err(|error| with_causes(&error.without_url()))?;
        let date = answer.headers().get("date").and_then(|value| value.to_str().ok());
        let theirs = date.and_then(|date| rfc2822::parse(date).ok()).map(|date| date.timestamp());
        Ok(Reached { clock_ahead: theirs.map(|theirs| theirs.duration_since(now)) })
    }
}
