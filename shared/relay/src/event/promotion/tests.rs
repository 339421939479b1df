//! Reading a promotion by itself. Its rules, each broken alone, are tested at the door (`ingest`).

use serde_json::{Value, json};

use super::*;
use crate::event::{Fault, read};

const NOW: &str = "2026-06-01T08:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn sample(channel: Channel) -> Value {
    let base = json!({"id": "p1", "updated_at": "2026-06-01T08:00:00Z", "channel": channel.name()});
    let rest = match channel {
        Channel::Push | Channel::News => {
            json!({"title": "Sale", "text": "20 % off", "visible_until": "2026-07-01T00:00:00Z"})
        }
        Channel::Teaser => json!({"image_path": "teaser/june.png", "visible_until": "2026-07-01T00:00:00Z"}),
        Channel::PersonalisedPush => json!({"name": "June", "title": "Hi", "text": "20 % off", "audience": "everyone"}),
    };
    with(base, rest)
}

fn with(mut document: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("an object is added") };
    document.as_object_mut().unwrap().extend(more);
    document
}

fn parse(document: &Value) -> Result<Promotion, Vec<Fault>> {
    read(document, |place| Promotion::read(place, at(NOW))).map_err(|faults| faults.0)
}

#[test]
fn the_smallest_promotion_of_each_channel_is_taken_and_reads_back_equal() {
    for channel in Channel::ALL {
        let promotion = parse(&sample(channel)).unwrap();
        let again = parse(&serde_json::to_value(&promotion).unwrap());
        assert_eq!(again, Ok(promotion));
    }
}

#[test]
fn times_left_out_follow_from_the_others() {
    let now = parse(&sample(Channel::Push)).unwrap();
    assert_eq!((now.visible_from, now.send_at), (Some(at(NOW)), Some(at(NOW))));
    assert_eq!(now.send_before, Some(at("2026-06-01T14:00:00Z")));
    let by_sending = parse(&with(sample(Channel::Push), json!({"send_at": "2026-06-10T08:00:00+02:00"}))).unwrap();
    assert_eq!(by_sending.visible_from, Some(at("2026-06-10T06:00:00Z")));
    let by_showing = parse(&with(sample(Channel::Push), json!({"visible_from": "2026-06-30T23:00:00Z"}))).unwrap();
    assert_eq!(by_showing.send_at, Some(at("2026-06-30T23:00:00Z")));
    assert_eq!(by_showing.send_before, Some(at("2026-07-01T00:00:00Z")), "never after visible_until");
    let news = parse(&sample(Channel::News)).unwrap();
    assert_eq!((news.visible_from, news.send_at, news.send_before), (Some(at(NOW)), None, None));
    let personal = parse(&sample(Channel::PersonalisedPush)).unwrap();
    assert_eq!((personal.visible_days, personal.send_at, personal.visible_from), (Some(1), Some(at(NOW)), None));
}

#[test]
fn addresses_are_counted_without_their_duplicates() {
    let emails = |count: usize| (0..count).map(|n| json!(format!("p{n}@example.com"))).collect::<Vec<_>>();
    let mut twice = emails(20_000);
    twice.extend(emails(10).into_iter().map(|email| json!(email.as_str().unwrap().to_uppercase())));
    let audience = |emails: Vec<Value>| json!({"audience": {"emails": emails}});
    let promotion = parse(&with(sample(Channel::PersonalisedPush), audience(twice))).unwrap();
    let Some(Audience::Filtered(AudienceFilter { emails: Some(kept), .. })) = promotion.audience else {
        panic!("filtered")
    };
    assert_eq!(kept.len(), 20_000);
}

#[test]
fn every_fault_is_reported_at_once() {
    let document = json!({"id": "", "channel": "push", "title": "a".repeat(65), "visible_days": 3, "colour": "red"});
    let mut pointers: Vec<_> = parse(&document).unwrap_err().into_iter().map(|fault| fault.pointer).collect();
    pointers.sort();
    assert_eq!(pointers, ["/colour", "/id", "/text", "/title", "/updated_at", "/visible_days", "/visible_until"]);
}
