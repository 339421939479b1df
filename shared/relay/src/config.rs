//! What the environment says. The one place that reads environment variables.

use std::{num::NonZeroU32, time::Duration};

use url::Url;

use crate::callback::target::Allowed;

/// A variable is missing or malformed. Names it, and says what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {name} {problem}")]
pub struct ConfigError {
    /// The variable.
    pub name: &'static str,
    /// What is wrong and what would be right.
    pub problem: String,
}

/// Looks variables up; tests give their own.
#[derive(Clone, Copy)]
pub struct Variables<'a>(pub &'a dyn Fn(&str) -> Option<String>);

/// The process's environment.
#[expect(clippy::disallowed_methods, reason = "the one place that may read the environment")]
fn process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Variables<'static> {
    /// The process's environment.
    pub fn of_process() -> Self {
        Self(&process)
    }
}

impl Variables<'_> {
    /// A variable that may be absent; empty counts as absent.
    pub fn text(&self, name: &'static str) -> Option<String> {
        (self.0)(name).filter(|value| !value.is_empty())
    }

    /// A variable that must be there.
    pub fn required(&self, name: &'static str) -> Result<String, ConfigError> {
        self.text(name).ok_or_else(|| ConfigError { name, problem: "is not set".into() })
    }

    /// A number with a default.
    pub fn number(&self, name: &'static str, default: u64) -> Result<u64, ConfigError> {
        self.text(name).map_or(Ok(default), |text| {
            text.parse().map_err(|_| ConfigError { name, problem: "must be a whole number".into() })
        })
    }

    /// A time-out in milliseconds with a default, at most `longest`.
    fn timeout(&self, name: &'static str, default: u64, longest: u64) -> Result<Duration, ConfigError> {
        let millis = self.number(name, default)?;
        if (1..=longest).contains(&millis) {
            return Ok(Duration::from_millis(millis));
        }
        Err(ConfigError { name, problem: format!("must be between 1 and {longest}") })
    }

    /// An `http` or `https` URL with a default.
    pub fn url(&self, name: &'static str, default: &str) -> Result<Url, ConfigError> {
        let text = self.text(name).unwrap_or_else(|| default.to_owned());
        parse_url(&text).ok_or_else(|| ConfigError { name, problem: "must be an http or https URL".into() })
    }
}

/// An `http` or `https` URL in which nothing was left to be filled in.
fn parse_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.host_str().is_some() && !text.contains(['{', '}'])).then_some(url)
}

/// How destinations are reached.
#[derive(Clone, Debug)]
pub struct Destinations {
    /// Websand's base URL with `{account}` in it (`SHOPRELAY_WEBSAND_URL`).
    pub websand_url: String,
    /// WEBSALE's API (`SHOPRELAY_WEBSALE_URL`).
    pub websale_url: Url,
    /// WEBSALE's log-in host (`SHOPRELAY_WEBSALE_LOGIN_URL`).
    pub websale_login_url: Url,
    /// BigCommerce's API (`SHOPRELAY_BIGCOMMERCE_URL`).
    pub bigcommerce_url: Url,
    /// Time-out of every call but the personalised send (`SHOPRELAY_HTTP_TIMEOUT_MS`).
    pub http_timeout: Duration,
    /// Time-out of the personalised send (`SHOPRELAY_SEND_TIMEOUT_MS`).
    pub send_timeout: Duration,
    /// How many workers share a destination's request rate (`SHOPRELAY_WORKERS`).
    pub workers: NonZeroU32,
    /// A PEM file with further root certificates (`SHOPRELAY_CA_FILE`).
    pub ca_file: Option<String>,
    /// What status callbacks may go to besides public addresses (`SHOPRELAY_CALLBACK_ALLOW`).
    pub callback_allow: Allowed,
}

const WEBSAND: &str = "SHOPRELAY_WEBSAND_URL";
const WORKERS: &str = "SHOPRELAY_WORKERS";

/// No call is started that could not end, and be noted, before its handler's time is over: 60 s for Websand, 120 s for
/// WEBSALE. With a longer time-out no call would ever be started.
const LONGEST_CALL: u64 = 45_000;
/// The same for the personalised send, which a log-in comes before.
const LONGEST_SEND: u64 = 100_000;

impl Destinations {
    /// Reads the variables.
    pub fn from_variables(variables: Variables<'_>) -> Result<Self, ConfigError> {
        let websand_url = variables.text(WEBSAND).unwrap_or_else(|| "https://{account}.websandhq.com".into());
        // Digits fit wherever an account's name may stand, a port included.
        let example = websand_url.replace("{account}", "1");
        if parse_url(&example).is_none() {
            let problem = "must be an http or https URL, {account} standing for the account's name".into();
            return Err(ConfigError { name: WEBSAND, problem });
        }
        let workers = u32::try_from(variables.number(WORKERS, 1)?).ok().and_then(NonZeroU32::new);
        Ok(Self {
            websand_url,
            websale_url: variables.url("SHOPRELAY_WEBSALE_URL", "https://websale.de")?,
            websale_login_url: variables.url("SHOPRELAY_WEBSALE_LOGIN_URL", "https://www.websale.de")?,
            bigcommerce_url: variables.url("SHOPRELAY_BIGCOMMERCE_URL", "https://api.bigcommerce.com")?,
            http_timeout: variables.timeout("SHOPRELAY_HTTP_TIMEOUT_MS", 10_000, LONGEST_CALL)?,
            send_timeout: variables.timeout("SHOPRELAY_SEND_TIMEOUT_MS", 60_000, LONGEST_SEND)?,
            workers: workers.ok_or_else(|| ConfigError { name: WORKERS, problem: "must be at least 1".into() })?,
            ca_file: variables.text("SHOPRELAY_CA_FILE"),
            callback_allow: Allowed::from_variables(variables)?,
        })
    }

    /// This worker's share of a shop's request rate.
    pub(crate) fn share(&self, requests_per_second: f64) -> f64 {
        requests_per_second / f64::from(self.workers.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_the_real_destinations() {
        let config = Destinations::from_variables(Variables(&|_| None)).unwrap();
        assert_eq!(config.websand_url, "https://{account}.websandhq.com");
        assert_eq!(config.websale_url.as_str(), "https://websale.de/");
        assert_eq!(config.websale_login_url.as_str(), "https://www.websale.de/");
        assert_eq!(config.workers.get(), 1);
    }

    #[test]
    fn a_malformed_variable_is_named() {
        for (name, value) in [
            ("SHOPRELAY_WEBSAND_URL", "websand"),
            ("SHOPRELAY_WEBSAND_URL", "https://{acount}.websandhq.com"),
            ("SHOPRELAY_WEBSALE_URL", "ftp://websale.de"),
            ("SHOPRELAY_WEBSALE_URL", "https://{account}.websale.de"),
            ("SHOPRELAY_HTTP_TIMEOUT_MS", "10s"),
            ("SHOPRELAY_HTTP_TIMEOUT_MS", "0"),
            ("SHOPRELAY_SEND_TIMEOUT_MS", "0"),
            ("SHOPRELAY_HTTP_TIMEOUT_MS", "60000"),
            ("SHOPRELAY_SEND_TIMEOUT_MS", "120000"),
            ("SHOPRELAY_WORKERS", "0"),
            ("SHOPRELAY_CALLBACK_ALLOW", "127.0.0.1"),
        ] {
            let lookup = |asked: &str| (asked == name).then(|| value.to_owned());
            let error = Destinations::from_variables(Variables(&lookup)).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
        assert_eq!(
            Variables(&|_| None).required("SHOPRELAY_LEDGER_TABLE").unwrap_err().to_string(),
            "the environment variable SHOPRELAY_LEDGER_TABLE is not set"
        );
    }
}
