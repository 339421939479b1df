//! `…/websand`.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde_json::Value;

use super::{Model, header_text, one_of, positive, some, text};
use crate::{
    destination::websand::{CONTAINERS, CUSTOMER},
    event::{FaultCode, OrderStatus, Reader},
    secret::{OrderUpdates, WebsandSecret},
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
    place.deny_unknown(&CONTAINERS.map(|container| container.renamable).concat());
    for container in CONTAINERS {
        let all: Vec<_> = container.names(&names).collect();
        for (number, name) in all.iter().enumerate().filter(|(number, name)| all[..*number].contains(name)) {
            let ours = container.fixed.iter().chain(container.renamable).nth(number).unwrap_or(name);
            let _: Option<()> = place.fault_at(ours, FaultCode::Invalid, "gives two fields the same name");
        }
    }
    Some(names)
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
    if CUSTOMER.names(field_names).any(|name| name == consent.0) {
        let _: Option<()> =
            place.fault_at("consent", FaultCode::Invalid, "must use a field that is not one of the customer's others");
    }
}
