//! Every rule of a promotion, at the door: one row breaks one rule of an event that keeps all of them, and that fault
//! alone is named. WEBSALE's documented limits and dependencies, and the channel matrix, which is walked whole.

use super::*;
use crate::event::Channel;

mod audience;

const URL: &str = "/webhooks/acme/promotion-scheduled";

/// The channel matrix as it is documented: each field with what every channel makes of it.
fn matrix() -> Vec<(String, [String; 4])> {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/events.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    let (_, table) = docs.split_once("| field | push | news | teaser | personalised_push |\n").unwrap();
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    let rows: Vec<_> = rows
        .map(|row| {
            let mut cells = row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned());
            (cells.next().unwrap(), cells.collect::<Vec<_>>().try_into().unwrap())
        })
        .collect();
    assert_eq!(rows.len(), 13);
    rows
}

/// What a channel makes of each field: `required`, `optional` or `no`.
fn needs(channel: Channel) -> Vec<(String, String)> {
    let column = Channel::ALL.iter().position(|other| *other == channel).unwrap();
    matrix().into_iter().map(|(field, needs)| (field, needs[column].clone())).collect()
}

/// A promotion of this channel that keeps every rule and says as much as the channel lets it.
fn whole(channel: Channel) -> Value {
    let mut data = json!({"id": "summer", "updated_at": "2026-11-21T10:00:00Z", "channel": channel.name()});
    for (field, need) in needs(channel) {
        if need != "no" {
            data[&field] = usual(&field);
        }
    }
    if channel == Channel::PersonalisedPush {
        data["audience"] = json!({"connected": true, "os_type": "ios", "emails": ["ann@example.org"],
            "zip_codes": ["90402"], "zip_areas": [{"from": 90402, "to": 90491}]});
    }
    json!({"type": "promotion.scheduled", "data": data})
}

/// A value of this field that any channel takes that takes the field.
fn usual(field: &str) -> Value {
    match field {
        "name" | "title" | "text" => json!("Summer"),
        "link" => json!({"url": "https://shop.example/sale", "open": "browser"}),
        "image_path" => json!("summer/sale.png"),
        "visible_from" => json!("2026-12-01T08:00:00Z"),
        "send_at" => json!("2026-12-01T08:00:02+00:00"),
        "send_before" => json!("2026-12-01T09:00:00Z"),
        "visible_until" => json!("2026-12-08T08:00:00Z"),
        "visible_days" => json!(3),
        "voucher_batch" => json!("appvoucher"),
        "audience" => json!("everyone"),
        "draft" => json!(true),
        other => panic!("a new field of the matrix: {other}"),
    }
}

/// Sets what is at this pointer below `data`, or takes it away.
fn set(body: &mut Value, pointer: &str, change: Change) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match (body["data"].pointer_mut(parent).unwrap(), change) {
        (Value::Object(parent), Change::To(value)) => drop(parent.insert(name.to_owned(), value)),
        (Value::Object(parent), Change::Gone) => drop(parent.remove(name).unwrap()),
        (Value::Array(parent), Change::To(value)) => parent[name.parse::<usize>().unwrap()] = value,
        (parent, _) => panic!("{pointer} is in {parent}"),
    }
}

/// What the door answers: the one fault, or nothing if the promotion is taken.
async fn fault(world: &World, body: &Value) -> Option<(String, String)> {
    let answer = world.receive(signed(URL, body)).await;
    let queued = world.sent().len();
    assert!(world.parked().is_empty());
    if answer.status == 202 {
        assert_eq!(queued, 1);
        return None;
    }
    answer.assert(422, "refused", Some("invalid"));
    assert_eq!(queued, 0, "a refused promotion goes nowhere");
    let errors = answer.json["errors"].as_array().unwrap();
    let [error] = &errors[..] else { panic!("one fault, not {errors:?}") };
    let text = |name: &str| error[name].as_str().unwrap().to_owned();
    Some((text("pointer"), text("code")))
}

/// One rule: what it says, the channels it is broken in, the place below `data`, what breaks it, and the code of the
/// fault, which is named at that place.
type Rule<'r> = (&'r str, &'r [Channel], &'r str, Change, &'r str);

async fn each_is_broken_alone(base: impl Fn(Channel) -> Value, rules: &[Rule<'_>]) {
    let world = World::new();
    for (rule, channels, place, change, code) in rules {
        for channel in *channels {
            let mut body = base(*channel);
            assert_eq!(fault(&world, &body).await, None, "{channel:?}");
            set(&mut body, place, change.clone());
            let expected = Some((format!("/data{place}"), (*code).to_owned()));
            assert_eq!(fault(&world, &body).await, expected, "{channel:?}: {rule}: {}", body["data"][&place[1..]]);
        }
    }
}

/// What breaks a rule.
#[derive(Clone)]
enum Change {
    Gone,
    To(Value),
}

fn to(value: impl Into<Value>) -> Change {
    Change::To(value.into())
}

use Channel::{News, PersonalisedPush, Push, Teaser};
const ALL: &[Channel] = &Channel::ALL;
const ENTRIES: &[Channel] = &[Push, News, Teaser];
const SENT: &[Channel] = &[Push, PersonalisedPush];
const PERSONAL: &[Channel] = &[PersonalisedPush];

#[tokio::test]
async fn a_promotion_that_keeps_every_rule_is_taken_with_and_without_what_its_channel_leaves_open() {
    let world = World::new();
    for channel in Channel::ALL {
        assert_eq!(fault(&world, &whole(channel)).await, None, "{channel:?}");
        for (field, _) in needs(channel).into_iter().filter(|(_, need)| need == "optional") {
            let mut body = whole(channel);
            set(&mut body, &format!("/{field}"), Change::Gone);
            assert_eq!(fault(&world, &body).await, None, "{channel:?} without {field}");
        }
    }
}

#[tokio::test]
async fn every_cell_of_the_channel_matrix_is_checked() {
    for channel in Channel::ALL {
        for (field, need) in needs(channel) {
            let (change, code) = match need.as_str() {
                "required" => (Change::Gone, "missing"),
                "no" => (to(usual(&field)), "not_for_channel"),
                _ => continue,
            };
            each_is_broken_alone(whole, &[("its cell", &[channel], &format!("/{field}"), change, code)]).await;
        }
    }
}

#[tokio::test]
async fn every_rule_of_what_it_is_and_says_is_checked() {
    let long = |most: usize| to("x".repeat(most + 1));
    let link = |most: usize| to(format!("https://shop.example/{}", "x".repeat(most + 1 - 21)));
    let mut rules: Vec<Rule<'_>> = vec![
        ("an id", ALL, "/id", Change::Gone, "missing"),
        ("an id that is not empty", ALL, "/id", to(" "), "empty"),
        ("an id of 200 characters", ALL, "/id", long(200), "too_long"),
        ("an id without control characters", ALL, "/id", to("a\nb"), "invalid"),
        ("an id that is no address", ALL, "/id", to("ann@example.org"), "invalid"),
        ("a channel", ALL, "/channel", to("pushes"), "unknown_value"),
        ("a revision", ALL, "/updated_at", Change::Gone, "missing"),
        ("a revision with an offset", ALL, "/updated_at", to("2026-11-21T10:00:00"), "invalid"),
        ("a revision of the present", ALL, "/updated_at", to("2026-11-21T10:20:01Z"), "in_future"),
        ("known fields only", ALL, "/visble_days", to(1), "unknown_field"),
        ("draft: true or false", ENTRIES, "/draft", to("true"), "wrong_type"),
        ("name: 200 characters", ALL, "/name", long(200), "too_long"),
        ("name: not empty", ALL, "/name", to(""), "empty"),
        ("title: 64 characters", ALL, "/title", long(64), "too_long"),
        ("title: not empty", ALL, "/title", to(" "), "empty"),
        ("title: a string", ALL, "/title", to(7), "wrong_type"),
        ("text: 160 characters", ALL, "/text", long(160), "too_long"),
        ("text: not empty", ALL, "/text", to(""), "empty"),
        ("text: no control characters", ALL, "/text", to("a\u{0}"), "invalid"),
        ("link: an object", ALL, "/link", to("https://shop.example"), "wrong_type"),
        ("link: where it leads", ALL, "/link/url", Change::Gone, "missing"),
        ("link: how it opens", ALL, "/link/open", Change::Gone, "missing"),
        ("link: three ways to open", ALL, "/link/open", to("internal-login"), "unknown_value"),
        ("link: known fields only", ALL, "/link/urlType", to("internal"), "unknown_field"),
        ("url: 160 characters", ENTRIES, "/link/url", link(160), "too_long"),
        ("url: 128 characters", PERSONAL, "/link/url", link(128), "too_long"),
        ("url: of the web", ALL, "/link/url", to("javascript:x"), "invalid"),
        ("url: absolute", ALL, "/link/url", to("/sale"), "invalid"),
        ("voucher_batch: not empty", PERSONAL, "/voucher_batch", to(""), "empty"),
        ("voucher_batch: a string", PERSONAL, "/voucher_batch", to(7), "wrong_type"),
        ("visible_days: from 1", PERSONAL, "/visible_days", to(0), "out_of_range"),
        ("visible_days: to 31", PERSONAL, "/visible_days", to(32), "out_of_range"),
        ("visible_days: whole", PERSONAL, "/visible_days", to(1.5), "out_of_range"),
        ("visible_days: a number", PERSONAL, "/visible_days", to("3"), "wrong_type"),
        ("callback_url: of the web", ALL, "/callback_url", to("ftp://shop.example"), "invalid"),
        ("callback_url: 500 characters", ALL, "/callback_url", link(500), "too_long"),
        ("callback_url: the shop's own", ALL, "/callback_url", to("https://shop.example"), "callback_host"),
    ];
    for path in ["/a.png", "../a.png", "a/../../b.png", "https://a.example/b.png", "a\\b.png", "a\nb.png"] {
        rules.push(("image_path: within its folder", ENTRIES, "/image_path", to(path), "invalid"));
    }
    each_is_broken_alone(whole, &rules).await;
}

#[tokio::test]
async fn what_is_just_as_long_as_it_may_be_is_taken_and_counted_in_characters() {
    let world = World::new();
    for channel in Channel::ALL {
        let mut body = whole(channel);
        set(&mut body, "/title", to("ä".repeat(64)));
        set(&mut body, "/text", to("😀".repeat(160)));
        let most = if channel == PersonalisedPush { 128 } else { 160 };
        set(&mut body, "/link/url", to(format!("https://shop.example/{}", "x".repeat(most - 21))));
        assert_eq!(fault(&world, &body).await, None, "{channel:?}");
    }
}

#[tokio::test]
async fn every_rule_of_its_times_is_checked() {
    let mut rules: Vec<Rule<'_>> = vec![
        ("shown for a while", ENTRIES, "/visible_until", to("2026-12-01T08:00:00Z"), "wrong_order"),
        ("not sent before it is shown", &[Push], "/send_at", to("2026-12-01T07:59:59Z"), "wrong_order"),
        ("not sent after it was shown", &[Push], "/send_at", to("2026-12-08T08:00:00Z"), "wrong_order"),
        ("not over before it is sent", SENT, "/send_before", to("2026-12-01T08:00:02Z"), "wrong_order"),
        ("over when it is shown no more", &[Push], "/send_before", to("2026-12-08T08:00:01Z"), "wrong_order"),
    ];
    for naive in ["2026-12-01T08:30:00", "2026-12-01", "1780000000", "2026-12-01T08:30:00Z[Europe/Berlin]"] {
        for (place, channels) in
            [("/visible_from", ENTRIES), ("/visible_until", ENTRIES), ("/send_at", SENT), ("/send_before", SENT)]
        {
            rules.push(("a time with an offset", channels, place, to(naive), "invalid"));
        }
    }
    each_is_broken_alone(whole, &rules).await;
}
