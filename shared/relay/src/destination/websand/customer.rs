//! A customer: inside a transaction, and alone as a subscriber.

use serde_json::{Map, Value};

use super::{CUSTOMER, container::Filling};
use crate::{event::Customer, ledger::Consent, secret::WebsandSecret, shop::ShopName};

/// The body of `POST /api/data/subscriber`. `said` is what may be said about consent: a withdrawal is left out if the
/// shop's settings cannot express it, which the caller has to look at before.
pub fn subscriber(customer: &Customer, shop: &ShopName, secret: &WebsandSecret, said: Option<Consent>) -> Value {
    Value::Object(Map::from_iter([("subscriber".to_owned(), fields(customer, shop, secret, said))]))
}

/// The customer's fields. Consent is said only if the event itself says the same.
pub(super) fn fields(customer: &Customer, shop: &ShopName, secret: &WebsandSecret, said: Option<Consent>) -> Value {
    let mut filling = Filling::of(CUSTOMER, secret)
        .put("email", customer.email.as_str())
        .put("first", customer.first_name.clone())
        .put("surname", customer.last_name.clone())
        .put("companyname", customer.company.clone())
        .put("vat_id", customer.vat_id.clone())
        .put("customer_id", customer.id.clone())
        .put("phone", customer.phone.clone())
        .put("postcode", customer.postcode.clone())
        .put("city", customer.city.clone())
        .put("country", customer.country.clone())
        .put("language", customer.language.clone())
        .put("birthday", customer.birthday.map(|day| day.to_string()))
        .put("tags", customer.tags.clone())
        .put("source", customer.source.as_deref().unwrap_or(shop.as_str()));
    filling = match (said, customer.marketing_consent) {
        (Some(Consent::Granted), Some(true)) => filling
            .put_consent(&secret.consent_granted)
            .put("subscribed_at", customer.consent_at.map(|at| at.to_string()))
            // The string, as Websand's own sign-up form sends it.
            .put("confirmed", customer.double_opt_in.then_some("true")),
        (Some(Consent::Withdrawn), Some(false)) => match &secret.consent_withdrawn {
            Some(withdrawn) => filling.put_consent(withdrawn),
            None => filling,
        },
        _ => filling,
    };
    filling.finish(&customer.custom)
}
