//! A customer, inside an order or alone.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{fault::FaultCode, read::Reader, value::Email};

/// A customer. In `customer.updated` with `updated_at`; inside an order without.
#[derive(Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
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
    #[schemars(regex(pattern = "^[A-Z]{2}$"))]
    pub country: Option<String>,
    /// Language, as a BCP 47 tag.
    pub language: Option<String>,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Birthday, as YYYY-MM-DD.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub birthday: Option<jiff::civil::Date>,
    /// Three-valued: given, not given (or withdrawn), unknown. Unknown sends nothing.
    pub marketing_consent: Option<bool>,
    /// Whether the address was confirmed by the person.
    #[serde(default)]
    pub double_opt_in: bool,
    /// When consent was given or withdrawn.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub consent_at: Option<Timestamp>,
    /// Where the person signed up.
    pub source: Option<String>,
    /// Further fields, passed on as they are.
    #[serde(default)]
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

const FIELDS: [&str; 17] = [
    "id",
    "email",
    "first_name",
    "last_name",
    "company",
    "vat_id",
    "phone",
    "postcode",
    "city",
    "country",
    "language",
    "tags",
    "birthday",
    "marketing_consent",
    "double_opt_in",
    "consent_at",
    "source",
];

impl Customer {
    /// Reads the data of `customer.updated`.
    pub fn read(place: &Reader<'_>, now: Timestamp) -> Option<Self> {
        let fields: Vec<&str> = FIELDS.into_iter().chain(["custom", "updated_at"]).collect();
        let updated_at = place.optional("updated_at", |place| place.revision_time(now));
        Some(Self { updated_at, ..Self::read_fields(place, now, &fields)? })
    }

    /// Reads the buyer of an order. There, only consent that was given means anything: "not given here" is not a
    /// withdrawal.
    pub(super) fn read_buyer(place: &Reader<'_>, now: Timestamp) -> Option<Self> {
        let fields: Vec<&str> = FIELDS.into_iter().chain(["custom"]).collect();
        let buyer = Self::read_fields(place, now, &fields)?;
        Some(if buyer.marketing_consent == Some(true) { buyer } else { buyer.without_consent() })
    }

    /// The same customer with nothing said about consent.
    pub(super) fn without_consent(self) -> Self {
        Self { marketing_consent: None, double_opt_in: false, consent_at: None, ..self }
    }

    /// Nothing but whose decision it is, and the decision.
    #[must_use]
    pub fn consent_only(&self) -> Self {
        Self {
            id: None,
            email: self.email.clone(),
            first_name: None,
            last_name: None,
            company: None,
            vat_id: None,
            phone: None,
            postcode: None,
            city: None,
            country: None,
            language: None,
            tags: Vec::new(),
            birthday: None,
            marketing_consent: self.marketing_consent,
            double_opt_in: self.double_opt_in,
            consent_at: self.consent_at,
            source: self.source.clone(),
            custom: serde_json::Map::new(),
            updated_at: None,
        }
    }

    /// Whether it tells of nothing but a decision, such as a platform's consent topic does.
    pub fn is_decision_only(&self) -> bool {
        self.marketing_consent.is_some()
            && Self { id: self.id.clone(), updated_at: self.updated_at, ..self.consent_only() } == *self
    }

    fn read_fields(place: &Reader<'_>, now: Timestamp, fields: &[&str]) -> Option<Self> {
        place.object()?;
        place.deny_unknown(fields);
        let words = |field: &str| place.optional(field, Reader::words);
        let email = place.required("email", Reader::email);
        let read = Self {
            id: words("id"),
            first_name: words("first_name"),
            last_name: words("last_name"),
            company: words("company"),
            vat_id: words("vat_id"),
            phone: words("phone"),
            postcode: words("postcode"),
            city: words("city"),
            country: place.optional("country", country),
            language: words("language"),
            tags: place.optional("tags", Reader::list_of_words).unwrap_or_default(),
            birthday: place.optional("birthday", Reader::day),
            marketing_consent: place.optional("marketing_consent", Reader::boolean),
            double_opt_in: place.optional("double_opt_in", Reader::boolean).unwrap_or_default(),
            consent_at: place.optional("consent_at", |place| place.revision_time(now)),
            source: words("source"),
            custom: place.optional("custom", Reader::further).unwrap_or_default(),
            updated_at: None,
            email: email?,
        };
        Some(read)
    }
}

fn country(place: &Reader<'_>) -> Option<String> {
    let code = place.words()?;
    if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Some(code);
    }
    place.fault(FaultCode::Invalid, "must be an ISO 3166-1 code of two upper-case letters, such as DE")
}
