use serde_json::{Value, json};

use super::*;
use crate::event::{Fault, FaultCode, read};

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

fn faults(channel: Channel, change: Value) -> Vec<(String, FaultCode)> {
    let found = parse(&with(sample(channel), change)).unwrap_err();
    found.into_iter().map(|fault| (fault.pointer, fault.code)).collect()
}

#[track_caller]
fn breaks(channel: Channel, change: Value, pointer: &str, code: FaultCode) {
    assert_eq!(faults(channel, change), [(pointer.to_owned(), code)], "{channel:?}");
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
fn each_channel_refuses_what_is_not_for_it_and_wants_what_it_needs() {
    let values = json!({
        "name": "n", "title": "t", "text": "t", "link": {"url": "https://a.example", "open": "browser"},
        "image_path": "a.png", "visible_from": "2026-06-02T00:00:00Z", "visible_until": "2026-07-01T00:00:00Z",
        "visible_days": 3, "send_at": "2026-06-03T00:00:00Z", "send_before": "2026-06-03T01:00:00Z",
        "voucher_batch": "b", "audience": "everyone", "draft": true
    });
    for channel in Channel::ALL {
        for (field, _) in matrix::MATRIX {
            let mut document = sample(channel);
            match channel.need(field) {
                matrix::Need::Optional => continue,
                matrix::Need::Required => drop(document.as_object_mut().unwrap().remove(field)),
                matrix::Need::Refused => document[field] = values[field].clone(),
            }
            let code = match channel.need(field) {
                matrix::Need::Required => FaultCode::Missing,
                _ => FaultCode::NotForChannel,
            };
            let found: Vec<_> = parse(&document).unwrap_err().into_iter().map(|f| (f.pointer, f.code)).collect();
            assert_eq!(found, [(format!("/{field}"), code)], "{channel:?}");
        }
    }
}

#[test]
fn limits_count_characters_and_not_bytes() {
    use Channel::{News, PersonalisedPush, Push};
    assert!(parse(&with(sample(Push), json!({"title": "ä".repeat(64), "text": "😀".repeat(160)}))).is_ok());
    breaks(Push, json!({"title": "a".repeat(65)}), "/title", FaultCode::TooLong);
    breaks(Push, json!({"text": "a".repeat(161)}), "/text", FaultCode::TooLong);
    breaks(Push, json!({"title": " "}), "/title", FaultCode::Empty);
    let link = |length: usize| json!({"link": {"url": format!("https://a.example/{:a<1$}", "", length - 18), "open": "in_app"}});
    assert!(parse(&with(sample(News), link(160))).is_ok());
    breaks(News, link(161), "/link/url", FaultCode::TooLong);
    assert!(parse(&with(sample(PersonalisedPush), link(128))).is_ok());
    breaks(PersonalisedPush, link(129), "/link/url", FaultCode::TooLong);
    breaks(PersonalisedPush, json!({"visible_days": 0}), "/visible_days", FaultCode::OutOfRange);
    breaks(PersonalisedPush, json!({"visible_days": 32}), "/visible_days", FaultCode::OutOfRange);
    breaks(PersonalisedPush, json!({"visible_days": 1.5}), "/visible_days", FaultCode::OutOfRange);
}

#[test]
fn url_and_open_belong_together_and_a_picture_stays_in_its_folder() {
    use Channel::{Push, Teaser};
    breaks(Push, json!({"link": {"url": "https://a.example"}}), "/link/open", FaultCode::Missing);
    breaks(Push, json!({"link": {"open": "browser"}}), "/link/url", FaultCode::Missing);
    breaks(Push, json!({"link": {"url": "javascript:x", "open": "browser"}}), "/link/url", FaultCode::Invalid);
    breaks(
        Push,
        json!({"link": {"url": "https://a.example", "open": "internal"}}),
        "/link/open",
        FaultCode::UnknownValue,
    );
    for path in ["/a.png", "../a.png", "a/../../b.png", "https://a.example/b.png", "a\\b.png", "a\nb.png"] {
        breaks(Teaser, json!({"image_path": path}), "/image_path", FaultCode::Invalid);
    }
}

#[test]
fn times_are_in_order_and_have_an_offset() {
    use Channel::Push;
    let later = "2026-07-01T00:00:00Z";
    breaks(Push, json!({"visible_from": later}), "/visible_until", FaultCode::WrongOrder);
    breaks(
        Push,
        json!({"visible_from": "2026-06-09T00:00:00Z", "send_at": "2026-06-08T00:00:00Z"}),
        "/send_at",
        FaultCode::WrongOrder,
    );
    breaks(Push, json!({"visible_from": "2026-06-09T00:00:00Z", "send_at": later}), "/send_at", FaultCode::WrongOrder);
    breaks(
        Push,
        json!({"send_at": "2026-06-08T00:00:00Z", "send_before": "2026-06-08T00:00:00Z"}),
        "/send_before",
        FaultCode::WrongOrder,
    );
    breaks(Push, json!({"send_before": "2026-07-01T00:00:01Z"}), "/send_before", FaultCode::WrongOrder);
    for naive in ["2026-06-08T00:00:00", "2026-06-08", "1780000000", "2026-06-08T00:00:00Z[Europe/Berlin]"] {
        breaks(Push, json!({"send_at": naive}), "/send_at", FaultCode::Invalid);
    }
    breaks(Push, json!({"updated_at": "2026-06-01T08:05:01Z"}), "/updated_at", FaultCode::InFuture);
    assert!(parse(&with(sample(Push), json!({"updated_at": "2026-06-01T08:05:00Z"}))).is_ok());
}

#[test]
fn a_segment_that_matched_nobody_never_reaches_everybody() {
    use Channel::PersonalisedPush as Personal;
    breaks(Personal, json!({"audience": {}}), "/audience", FaultCode::EmptyFilter);
    for filter in ["emails", "zip_codes", "zip_areas"] {
        breaks(
            Personal,
            json!({"audience": {"connected": true, filter: []}}),
            &format!("/audience/{filter}"),
            FaultCode::EmptyFilter,
        );
        breaks(
            Personal,
            json!({"audience": {"connected": true, filter: null}}),
            &format!("/audience/{filter}"),
            FaultCode::EmptyFilter,
        );
    }
    breaks(Personal, json!({"audience": null}), "/audience", FaultCode::Missing);
    breaks(Personal, json!({"audience": "all"}), "/audience", FaultCode::WrongType);
    breaks(Personal, json!({"audience": {"email": ["a@example.com"]}}), "/audience/email", FaultCode::UnknownField);
    breaks(
        Personal,
        json!({"audience": {"zip_areas": [{"from": 2, "to": 1}]}}),
        "/audience/zip_areas/0/to",
        FaultCode::WrongOrder,
    );
    breaks(Personal, json!({"audience": {"os_type": "windows"}}), "/audience/os_type", FaultCode::UnknownValue);
    breaks(Channel::Push, json!({"audience": {"connected": true}}), "/audience", FaultCode::NotForChannel);
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
    breaks(Channel::PersonalisedPush, audience(emails(20_001)), "/audience/emails", FaultCode::TooMany);
}

#[test]
fn tags_need_connected_devices_and_vouchers_a_batch() {
    use Channel::PersonalisedPush as Personal;
    let connected = json!({"connected": true});
    breaks(Personal, json!({"title": "Hi ~A-FirstName~"}), "/audience", FaultCode::TagNeedsConnected);
    breaks(
        Personal,
        json!({"text": "~VOUCHER-Number~", "audience": connected}),
        "/voucher_batch",
        FaultCode::TagNeedsVoucher,
    );
    breaks(Personal, json!({"text": "~A-Firstname~", "audience": connected}), "/text", FaultCode::UnknownTag);
    breaks(Channel::Push, json!({"text": "~A-FirstName~"}), "/text", FaultCode::NotForChannel);
    let whole =
        json!({"title": "Hi ~A-FirstName~", "text": "~VOUCHER-Number~", "audience": connected, "voucher_batch": "b"});
    assert!(parse(&with(sample(Personal), whole)).is_ok());
}

#[test]
fn every_fault_is_reported_at_once() {
    let document = json!({"id": "", "channel": "push", "title": "a".repeat(65), "visible_days": 3, "colour": "red"});
    let mut pointers: Vec<_> = parse(&document).unwrap_err().into_iter().map(|fault| fault.pointer).collect();
    pointers.sort();
    assert_eq!(pointers, ["/colour", "/id", "/text", "/title", "/updated_at", "/visible_days", "/visible_until"]);
}

#[test]
fn the_documented_channel_matrix_is_the_one_that_is_checked() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/events.md");
    let text = std::fs::read_to_string(path).unwrap();
    for (field, needs) in matrix::MATRIX {
        let words = needs.map(|need| match need {
            matrix::Need::Required => "required",
            matrix::Need::Optional => "optional",
            matrix::Need::Refused => "no",
        });
        let row = format!("| `{field}` | {} |", words.join(" | "));
        assert!(text.contains(&row), "docs/events.md lacks the row {row}");
    }
}
