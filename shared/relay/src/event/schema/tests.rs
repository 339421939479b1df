use std::{fs, path::PathBuf};

use jiff::Timestamp;
use jsonschema::Validator;

use super::*;
use crate::event::{Event, read};

fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events").join(path)
}

fn json(path: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(file(path)).unwrap()).unwrap()
}

const SAMPLES: [(&str, EventType); 8] = [
    ("order.placed", EventType::OrderPlaced),
    ("order.updated", EventType::OrderUpdated),
    ("customer.updated", EventType::CustomerUpdated),
    ("promotion.scheduled.push", EventType::PromotionScheduled),
    ("promotion.scheduled.news", EventType::PromotionScheduled),
    ("promotion.scheduled.teaser", EventType::PromotionScheduled),
    ("promotion.scheduled.personalised_push", EventType::PromotionScheduled),
    ("promotion.cancelled", EventType::PromotionCancelled),
];

fn validator(kind: EventType) -> Validator {
    jsonschema::options().should_validate_formats(true).build(&of(kind)).unwrap()
}

#[test]
fn the_published_schemas_are_those_of_the_types() {
    for kind in EventType::ALL {
        let path = file(&format!("schema/{}.json", kind.name()));
        let text = format!("{:#}\n", of(kind));
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &text).unwrap();
        }
        let published = fs::read_to_string(&path).unwrap_or_default();
        let name = kind.name();
        assert!(
            published == text,
            "events/schema/{name}.json is stale: run UPDATE_SCHEMAS=1 cargo test -p relay schema"
        );
    }
}

#[test]
fn every_sample_is_valid_by_its_schema_and_by_the_reader_and_what_is_read_is_valid_too() {
    for (name, kind) in SAMPLES {
        let mut sample = json(&format!("canonical/{name}.json"));
        let validator = validator(kind);
        let faults: Vec<_> = validator.iter_errors(&sample).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{name}: {faults:?}");
        let now: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
        let event = read(&sample["data"], |place| Event::read(place, kind, now)).unwrap();
        sample["data"] = serde_json::to_value(event).unwrap();
        let faults: Vec<_> = validator.iter_errors(&sample).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{name} as it is written: {faults:?}");
    }
}

/// Changes of a sample that make it wrong: the sample, the place, the new value (null takes it away).
fn mistakes() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("order.placed", "/type", json!("order.updated")),
        ("order.placed", "/data/id", Value::Null),
        ("order.placed", "/data/items", json!([])),
        ("order.placed", "/data/status", json!("shipped")),
        ("order.placed", "/data/total/amount", json!("19,99")),
        ("order.placed", "/data/placed_at", json!("2026-11-21T10:14:58")),
        ("order.placed", "/data/customer/email", json!("bob")),
        ("order.placed", "/data/customer/updated_at", json!("2026-11-21T10:14:58Z")),
        ("order.placed", "/data/colour", json!("red")),
        ("order.updated", "/data/updated_at", Value::Null),
        ("promotion.cancelled", "/data/updated_at", Value::Null),
        ("promotion.scheduled.push", "/data/title", Value::Null),
        ("promotion.scheduled.push", "/data/title", json!("a".repeat(65))),
        ("promotion.scheduled.push", "/data/visible_days", json!(3)),
        ("promotion.scheduled.push", "/data/audience", json!({"connected": true})),
        ("promotion.scheduled.news", "/data/send_at", json!("2026-11-21T10:14:58Z")),
        ("promotion.scheduled.teaser", "/data/image_path", Value::Null),
        ("promotion.scheduled.personalised_push", "/data/audience", Value::Null),
        ("promotion.scheduled.personalised_push", "/data/audience", json!({})),
        ("promotion.scheduled.personalised_push", "/data/audience", json!({"emails": []})),
        ("promotion.scheduled.personalised_push", "/data/audience", json!({"emails": null})),
        ("promotion.scheduled.personalised_push", "/data/visible_days", json!(32)),
        ("promotion.scheduled.personalised_push", "/data/image_path", json!("a.png")),
        ("promotion.scheduled.personalised_push", "/data/draft", json!(true)),
    ]
}

#[test]
fn schema_and_reader_agree_on_what_is_wrong() {
    for (name, place, value) in mistakes() {
        let kind = SAMPLES.iter().find(|(sample, _)| *sample == name).unwrap().1;
        let mut sample = json(&format!("canonical/{name}.json"));
        let (parent, field) = place.rsplit_once('/').unwrap();
        sample.pointer_mut(parent).unwrap()[field] = value;
        assert!(!validator(kind).is_valid(&sample), "the schema takes {place} of {name}");
        let now: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
        let reads = read(&sample["data"], |place| Event::read(place, kind, now)).is_ok();
        assert!(!reads || place == "/type", "the reader takes {place} of {name}");
    }
}
