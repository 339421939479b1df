//! `…/websand`.

use std::collections::{BTreeMap, HashMap};

use rust_decimal::Decimal;
use secrecy::SecretString;
use serde_json::Value;

use super::{Model, header_text, one_of, positive, some, text};
use crate::{
    destination::websand::{CONTAINERS, CUSTOMER},
    event::{Currency, FaultCode, OrderStatus, Reader},
    secret::{Currencies, OrderUpdates, WebsandSecret},
};

pub(super) const FIELDS: [&str; 8] =
    ["account", "api_key", "id_prefix", "field_names", "orders", "consent", "currencies", "requests_per_second"];

impl Model for WebsandSecret {
    fn read(place: &Reader<'_>) -> Option<Self> {
        place.deny_unknown(&FIELDS);
        let account = place.required("account", account);
        let api_key = place.required("api_key", header_text);
        let id_prefix = place.optional("id_prefix", |place| place.string().map(str::to_owned));
        let field_names = place.optional("field_names", field_names);
        let orders = place.optional("orders", orders).unwrap_or_default();
        let (granted, withdrawn) = place.optional("consent", consent).unwrap_or_default();
        let currencies = place.optional("currencies", currencies);
        let requests_per_second = place.optional("requests_per_second", positive);
        let field_names = field_names.unwrap_or_default();
        let granted = granted.unwrap_or_else(|| ("marketing_consent".into(), Value::from("marketing_consent_true")));
        if withdrawn.as_ref() == Some(&granted) {
            let _: Option<()> = place.fault_at("consent", FaultCode::Invalid, "must say two things in two ways");
        }
        for consent in [Some(&granted), withdrawn.as_ref()].into_iter().flatten() {
            refuse_taken(place, consent, &field_names);
        }
        Some(Self {
            account: account?,
            api_key: SecretString::from(api_key?),
            id_prefix,
            field_names,
            updates: orders.updates,
            statuses: orders.statuses,
            consented_orders_only: orders.consented_only,
            consent_granted: granted,
            consent_withdrawn: withdrawn,
            currencies,
            requests_per_second,
        })
    }
}

/// The first label of the instance's host.
fn account(place: &Reader<'_>) -> Option<String> {
    let account = place.string()?;
    let well_formed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if (1..=63).contains(&account.len()) && account.bytes().all(well_formed) {
        Some(account.to_owned())
    } else {
        place.fault(FaultCode::Invalid, "must be 1 to 63 letters, digits and '-': the ACCOUNT of ACCOUNT.websandhq.com")
    }
}

fn field_names(place: &Reader<'_>) -> Option<BTreeMap<String, String>> {
    let mut names = BTreeMap::new();
    for ours in place.object()?.keys() {
        if let Some(theirs) = place.required(ours, text) {
            names.insert(ours.clone(), theirs);
        }
    }
    place.deny_unknown(&CONTAINERS.map(|container| [container.renamable, container.on_request].concat()).concat());
    for container in CONTAINERS {
        let mut taken = Vec::new();
        for (ours, theirs) in container.names(&names) {
            if taken.contains(&theirs) {
                let _: Option<()> = place.fault_at(ours, FaultCode::Invalid, "gives two fields the same name");
            }
            taken.push(theirs);
        }
    }
    Some(names)
}

fn currencies(place: &Reader<'_>) -> Option<Currencies> {
    let mut factors = HashMap::new();
    let mut is_whole = true;
    for code in place.object()?.keys() {
        let currency =
            code.parse::<Currency>().or_else(|bad| place.fault_at(code, FaultCode::Invalid, bad.0).ok_or(()));
        match (currency, place.required(code, factor)) {
            (Ok(currency), Some(factor)) => _ = factors.insert(currency, factor),
            _ => is_whole = false,
        }
    }
    let mut own = factors.iter().filter(|(_, factor)| **factor == Decimal::ONE).map(|(currency, _)| *currency);
    match (own.next(), own.next()) {
        (Some(account), None) => Some(Currencies { account, factors }),
        // A currency that could not be read may be the account's.
        (None, _) if !is_whole => None,
        _ => place.fault(FaultCode::Invalid, "must have one currency with the factor 1, and only one: the account's"),
    }
}

/// The most digits of a factor, leading zeros not counted: with the 18 digits of an amount they are all that a decimal
/// can hold, so that conversion is exact.
const FACTOR_DIGITS: Decimal = Decimal::from_parts(1_410_065_408, 2, 0, false, 0);

/// How many units of the account's currency one unit of another is.
fn factor(place: &Reader<'_>) -> Option<Decimal> {
    let text = match place.value() {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return place.fault(FaultCode::WrongType, "must be a decimal number, as a number or a string"),
    };
    // A small number comes out of TOML as 2.1e-5.
    let read = text.parse::<Decimal>().or_else(|_| Decimal::from_scientific(&text));
    match read.map(|factor| factor.normalize()) {
        Ok(factor) if !factor.is_sign_positive() || factor.is_zero() => {
            place.fault(FaultCode::OutOfRange, "must be greater than 0")
        }
        Ok(factor) if factor.scale() <= 12 && Decimal::from_i128_with_scale(factor.mantissa(), 0) < FACTOR_DIGITS => {
            Some(factor)
        }
        _ => place.fault(
            FaultCode::Invalid,
            "must be a number with at most 10 significant digits, at most 12 after the point",
        ),
    }
}

#[derive(Default)]
struct Orders {
    updates: OrderUpdates,
    statuses: Option<Vec<OrderStatus>>,
    consented_only: bool,
}

fn orders(place: &Reader<'_>) -> Option<Orders> {
    place.object()?;
    place.deny_unknown(&["updates", "statuses", "consent"]);
    let policies = [("none", OrderUpdates::None), ("status", OrderUpdates::Status), ("all", OrderUpdates::All)];
    let states = OrderStatus::ALL.map(|status| (status.name(), status));
    Some(Orders {
        updates: place.optional("updates", |place| one_of(place, &policies)).unwrap_or_default(),
        statuses: place.optional("statuses", |place| some(place, |place| one_of(place, &states))),
        consented_only: place
            .optional("consent", |place| one_of(place, &[("all", false), ("consented", true)]))
            .unwrap_or(false),
    })
}

type FieldValue = (String, Value);

fn consent(place: &Reader<'_>) -> Option<(Option<FieldValue>, Option<FieldValue>)> {
    place.object()?;
    place.deny_unknown(&["granted", "withdrawn"]);
    let granted = place.optional("granted", field_value);
    let withdrawn = place.optional("withdrawn", field_value);
    Some((granted, withdrawn))
}

fn field_value(place: &Reader<'_>) -> Option<FieldValue> {
    place.object()?;
    place.deny_unknown(&["field", "value"]);
    let field = place.required("field", text);
    let value = place.required("value", |place| match place.value() {
        scalar @ (Value::String(_) | Value::Bool(_) | Value::Number(_)) => Some(scalar.clone()),
        _ => place.fault(FaultCode::WrongType, "must be a string, a number, true or false"),
    });
    Some((field?, value?))
}

/// The consent field stands among the customer's other fields.
fn refuse_taken(place: &Reader<'_>, consent: &FieldValue, field_names: &BTreeMap<String, String>) {
    if CUSTOMER.names(field_names).any(|(_, name)| name == consent.0) {
        let _: Option<()> =
            place.fault_at("consent", FaultCode::Invalid, "must use a field that is not one of the customer's others");
    }
}
