//! A customer, inside an order or alone.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::value::Email;

/// A customer. In `customer.updated` with `updated_at`; inside an order without.
#[derive(Clone, PartialEq, Serialize, JsonSchema)]
pub struct Customer {
    /// The shop's own id of the customer.
    pub id: Option<String>,
    /// The address: the identity at the destination.
    pub email: Email,
    /// First name.
    pub first_name: Option<String>,
    /// Last name.
    pub last_name: Option<String>,
    /// Company.
    pub company: Option<String>,
    /// VAT identification number.
    pub vat_id: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
    /// Postcode of the billing address.
    pub postcode: Option<String>,
    /// City of the billing address.
    pub city: Option<String>,
    /// Country of the billing address, ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Language, as a BCP 47 tag.
    pub language: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Birthday, as YYYY-MM-DD.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub birthday: Option<jiff::civil::Date>,
    /// Three-valued: given, not given (or withdrawn), unknown. Unknown sends nothing.
    pub marketing_consent: Option<bool>,
    /// Whether the address was confirmed by the person.
    pub double_opt_in: bool,
    /// When consent was given or withdrawn.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub consent_at: Option<Timestamp>,
    /// Where the person signed up.
    pub source: Option<String>,
    /// Further fields, passed on as they are.
    pub custom: serde_json::Map<String, serde_json::Value>,
    /// The source's revision of the customer; only in `customer.updated`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub updated_at: Option<Timestamp>,
}

impl fmt::Debug for Customer {
    /// Shows no personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Customer").field("marketing_consent", &self.marketing_consent).finish_non_exhaustive()
    }
}
