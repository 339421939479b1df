//! JSON Schemas (2020-12) of what shops write, made from the types that read it. They are published in `events/schema/`.
//!
//! A schema cannot say everything that the reader checks: the order of times, the spelling of tags and what they need
//! are left to it.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

use super::{
    Cancellation, Channel, Customer, EventType, Order, Promotion,
    promotion::matrix::{MATRIX, Need},
};

#[cfg(test)]
mod tests;

/// The schema of a whole event of this type: `{type, timestamp, data}`.
pub fn of(kind: EventType) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let name = match kind {
        EventType::OrderPlaced | EventType::OrderUpdated => define::<Order>(&mut generator),
        EventType::CustomerUpdated => define::<Customer>(&mut generator),
        EventType::PromotionScheduled => define::<Promotion>(&mut generator),
        EventType::PromotionCancelled => define::<Cancellation>(&mut generator),
    };
    let mut definitions = generator.take_definitions(true);
    for (name, definition) in &mut definitions {
        // An audience's filter that is null was meant to say something; any other field that is null says nothing.
        if name == "AudienceFilter" { refuse_null(definition) } else { allow_null(definition) }
    }
    match kind {
        EventType::OrderPlaced => take_field(&mut definitions, "Customer", "updated_at"),
        EventType::OrderUpdated => {
            take_field(&mut definitions, "Customer", "updated_at");
            require(&mut definitions, "Order", "updated_at");
        }
        EventType::PromotionScheduled => add_channels(&mut definitions),
        EventType::CustomerUpdated | EventType::PromotionCancelled => (),
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.name(),
        "type": "object",
        "required": ["type", "data"],
        "additionalProperties": false,
        "properties": {
            "type": {"const": kind.name()},
            "timestamp": {"description": "When it happened.", "type": ["string", "null"], "format": "date-time"},
            "data": {"$ref": format!("#/$defs/{name}")},
        },
        "$defs": definitions,
    })
}

fn define<T: JsonSchema>(generator: &mut SchemaGenerator) -> String {
    generator.subschema_for::<T>();
    T::schema_name().into_owned()
}

fn properties(definition: &mut Value) -> Option<&mut Map<String, Value>> {
    definition.get_mut("properties")?.as_object_mut()
}

fn is_null(schema: &Value) -> bool {
    schema == "null" || schema.get("type").is_some_and(|kind| kind == "null")
}

fn refuse_null(definition: &mut Value) {
    for field in properties(definition).into_iter().flat_map(Map::values_mut) {
        for choice in ["type", "anyOf"] {
            if let Some(choices) = field.get_mut(choice).and_then(Value::as_array_mut) {
                choices.retain(|choice| !is_null(choice));
            }
        }
    }
}

/// Every field that need not be there may also be null.
fn allow_null(definition: &mut Value) {
    let required = definition.get("required").cloned().unwrap_or_default();
    let is_required = |name: &str| required.as_array().is_some_and(|names| names.iter().any(|other| other == name));
    let Some(fields) = properties(definition) else { return };
    for (_, field) in fields.iter_mut().filter(|(name, _)| !is_required(name)) {
        let Some(field) = field.as_object_mut() else { continue };
        if let Some(Value::String(kind)) = field.get("type").cloned() {
            field.insert("type".into(), json!([kind, "null"]));
        } else if let Some(reference) = field.remove("$ref") {
            field.insert("anyOf".into(), json!([{"$ref": reference}, {"type": "null"}]));
        }
    }
}

fn take_field(definitions: &mut Map<String, Value>, definition: &str, field: &str) {
    if let Some(fields) = definitions.get_mut(definition).and_then(properties) {
        fields.remove(field);
    }
}

fn require(definitions: &mut Map<String, Value>, definition: &str, field: &str) {
    let Some(definition) = definitions.get_mut(definition) else { return };
    if let Some(field) = properties(definition).and_then(|fields| fields.get_mut(field)) {
        field["type"] = json!("string");
    }
    if let Some(required) = definition.get_mut("required").and_then(Value::as_array_mut) {
        required.push(json!(field));
    }
}

/// What each channel needs, takes and refuses, from the table that the reader checks.
fn add_channels(definitions: &mut Map<String, Value>) {
    let rule = |channel: Channel| {
        let mut fields = Map::new();
        let mut required = Vec::new();
        for (name, _) in MATRIX {
            match channel.need(name) {
                Need::Optional => (),
                Need::Required => {
                    required.push(name);
                    fields.insert(name.into(), json!({"not": {"type": "null"}}));
                }
                // A draft that is none says nothing.
                Need::Refused if name == "draft" => drop(fields.insert(name.into(), json!({"enum": [false, null]}))),
                Need::Refused => drop(fields.insert(name.into(), json!({"type": "null"}))),
            }
        }
        if channel == Channel::PersonalisedPush {
            let link = json!({"properties": {"url": {"maxLength": channel.max_link()}}});
            fields.insert("link".into(), link);
        } else {
            fields.insert("audience".into(), json!({"enum": ["everyone", null]}));
        }
        json!({
            "if": {"properties": {"channel": {"const": channel.name()}}},
            "then": {"required": required, "properties": fields},
        })
    };
    if let Some(promotion) = definitions.get_mut("Promotion") {
        promotion["allOf"] = Channel::ALL.map(rule).into();
    }
}
