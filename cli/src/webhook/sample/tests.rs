use std::{collections::BTreeSet, path::Path};

use relay::random::SystemRandom;

use super::*;
use crate::webhook::catalogue::Meaning;

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

fn made(topic: &str, channel: Channel, id: Option<&str>) -> Result<Value, String> {
    let wish = Wish { channel, id, origin: "acme.example.com" };
    body(&topic.parse().unwrap(), &wish, now(), &SystemRandom)
}

#[test]
fn every_file_is_built_in_and_belongs_to_a_topic() {
    let mut files = BTreeSet::new();
    let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events");
    for platform in Platform::ALL.into_iter().filter(|platform| *platform != Platform::Canonical) {
        let topics: Vec<String> = catalogue::of(platform).iter().map(|known| file(known.topic)).collect();
        for entry in std::fs::read_dir(events.join(folder(platform))).into_iter().flatten() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let name = name.strip_suffix(".json").unwrap_or_else(|| panic!("{platform}/{name}")).to_owned();
            assert!(topics.contains(&name), "{platform}/{name}.json is no topic's");
            files.insert((folder(platform), name));
        }
    }
    let built_in = SAMPLES.iter().filter(|sample| sample.0 != "canonical");
    let built_in: BTreeSet<_> = built_in.map(|sample| (sample.0.to_owned(), sample.1.to_owned())).collect();
    assert_eq!(built_in, files);
}

#[test]
fn every_topic_has_a_sample() {
    for platform in Platform::ALL {
        for known in catalogue::of(platform).iter().filter(|known| known.meaning != Meaning::Handshake) {
            let topic = if platform == Platform::Canonical {
                Topic::Canonical(EventType::from_name(known.topic).unwrap())
            } else {
                Topic::Of(platform, known.topic.to_owned())
            };
            assert!(text(&topic, Channel::Push).is_some(), "{topic}");
        }
    }
}

#[test]
fn samples_are_new_each_time_and_happen_now() {
    let (one, other) =
        (made("shopify:orders/create", Channel::Push, None), made("shopify:orders/create", Channel::Push, None));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_ne!(one["id"], other["id"]);
    assert_eq!(one["updated_at"], now().to_string());
    assert_eq!(one["admin_graphql_api_id"], format!("gid://shopify/Order/{}", one["id"]));
    let push = made("promotion.scheduled", Channel::Push, None).unwrap();
    assert_eq!(push["data"]["updated_at"], now().to_string());
    assert_eq!(push["data"]["send_at"], Timestamp::from_second(1_800_000_002).unwrap().to_string());
    assert_eq!(made("promotion.cancelled", Channel::Push, Some("p1")).unwrap()["data"]["id"], "p1");
}

#[test]
fn what_cannot_be_made_is_said_with_what_can() {
    let error = made("shopify:app/uninstalled", Channel::Push, None).unwrap_err();
    assert!(error.contains("--file") && error.contains("shopify:orders/create"), "{error}");
    let error = made("shopify:orders/create", Channel::Push, Some("A1")).unwrap_err();
    assert_eq!(error, "shopify's ids are whole numbers");
}

#[test]
fn every_canonical_sample_is_a_valid_event() {
    for kind in EventType::ALL {
        for channel in Channel::ALL {
            let body = made(kind.name(), channel, None).unwrap();
            assert_eq!(body["type"], kind.name());
            let event = relay::event::read(&body["data"], |place| relay::event::Event::read(place, kind, now()));
            assert!(event.is_ok(), "{kind:?} {channel:?}: {event:?}");
        }
    }
}
