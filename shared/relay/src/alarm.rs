//! What a person should be called for: the value of the field `alarm` in a log line. What each means and what to do is in
//! `docs/operating.md`.

use std::fmt;

/// A reason to call somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// A call that must not be made twice has an unknown outcome.
    OutcomeUnknown,
    /// A destination or a shop's own API refuses the credentials.
    CredentialsRefused,
    /// All deliveries that need a certain setting wait.
    ConfigurationFault,
    /// A person who unsubscribed is still subscribed at Websand.
    WithdrawalNotExpressible,
    /// A shop could not be told what became of a promotion.
    CallbackFailed,
    /// A webhook of another shop.
    WrongShop,
    /// A webhook could not be stored.
    QueueUnreachable,
    /// A secret that ingest needs cannot be used.
    SecretUnreadable,
    /// Shopify withholds all addresses.
    EmailWithheldByPlatform,
    /// The shop removed the app, so nothing comes any more.
    AppUninstalled,
    /// The platform says that webhooks did not arrive.
    DeliveryException,
    /// Nothing came from a shop for longer than it should be silent.
    ShopSilent,
}

impl Alarm {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 12] = [
        Self::OutcomeUnknown,
        Self::CredentialsRefused,
        Self::ConfigurationFault,
        Self::WithdrawalNotExpressible,
        Self::CallbackFailed,
        Self::WrongShop,
        Self::QueueUnreachable,
        Self::SecretUnreadable,
        Self::EmailWithheldByPlatform,
        Self::AppUninstalled,
        Self::DeliveryException,
        Self::ShopSilent,
    ];

    /// The field's value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OutcomeUnknown => "outcome_unknown",
            Self::CredentialsRefused => "credentials_refused",
            Self::ConfigurationFault => "configuration_fault",
            Self::WithdrawalNotExpressible => "withdrawal_not_expressible",
            Self::CallbackFailed => "callback_failed",
            Self::WrongShop => "wrong_shop",
            Self::QueueUnreachable => "queue_unreachable",
            Self::SecretUnreadable => "secret_unreadable",
            Self::EmailWithheldByPlatform => "email_withheld_by_platform",
            Self::AppUninstalled => "app_uninstalled",
            Self::DeliveryException => "delivery_exception",
            Self::ShopSilent => "shop_silent",
        }
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_table_has_every_alarm() {
        let page = include_str!("../../../docs/operating.md");
        let table = page.split("| `alarm` |").nth(1).unwrap();
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let documented: Vec<_> = rows.filter_map(|row| row.split('`').nth(1)).collect();
        assert_eq!(documented, Alarm::ALL.map(Alarm::name));
    }
}
