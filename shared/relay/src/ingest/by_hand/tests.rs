use proptest::prelude::*;

use super::*;
use crate::{
    event::{Audience, AudienceFilter, Channel, Email},
    ingest::tests::sample,
    revision::Revision,
    secret::parse,
};

const NOW: &str = "2026-06-01T08:00:00.5Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn shop() -> ShopName {
    "acme".parse().unwrap()
}

fn secret() -> WebhookSecret {
    parse(&json!({"platform": "shopify", "signing_secrets": ["a"], "time_zone": "Europe/Berlin",
        "quiet_hours": {"from": "21:00", "to": "08:00"}}))
    .unwrap()
}

fn account() -> WebsaleSecret {
    parse(&json!({"shop_id": "i", "subshop": "D", "username": "u", "password": "p", "status_callback":
        {"url": "https://shop.example/hooks", "signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}))
    .unwrap()
}

fn schedule(document: &Value) -> Result<Scheduling, Faults> {
    ByHand { shop: &shop(), secret: Some(&secret()), account: &account(), now: at(NOW) }.schedule(document.clone())
}

fn push() -> Value {
    sample("canonical/promotion.scheduled.push")
}

fn pointers(faults: &Faults) -> Vec<(&str, FaultCode)> {
    faults.0.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect()
}

#[test]
fn a_whole_event_and_its_data_alone_come_to_the_same_message() {
    let (whole, data) = (push(), push()["data"].clone());
    let by_hand = schedule(&whole).unwrap();
    assert_eq!(by_hand.message, schedule(&data).unwrap().message);
    let message = by_hand.message;
    assert_eq!(message.row_key().unwrap().to_string(), "acme#websale#promotion#summer-2026-push");
    assert_eq!((message.platform, message.received_at), (Platform::Canonical, at(NOW)));
    assert_eq!(message.revision().time, Some(at("2026-06-01T08:00:00Z")), "the file's own");
    assert_eq!(message.quiet_hours.clone().unwrap().to_string(), "21:00-08:00 Europe/Berlin");
    assert_eq!(Message::from_json(&message.to_json()), Ok(message));
    let plan = by_hand.plan.to_json();
    assert_eq!(plan["send_at_shop"], "Mon 01 Jun 2026 10:00 Europe/Berlin");
    assert_eq!(plan["audience"], "everyone");
}

#[test]
fn a_schedule_without_a_revision_is_as_new_as_now() {
    let mut document = push()["data"].clone();
    document["updated_at"] = Value::Null;
    let message = schedule(&document).unwrap().message;
    assert_eq!(message.time, Some(at(NOW)));
    document.as_object_mut().unwrap().remove("updated_at");
    assert_eq!(schedule(&document).unwrap().message, message);
}

#[test]
fn all_faults_are_told_at_once_where_the_writer_of_the_file_finds_them() {
    let mut document = sample("canonical/promotion.scheduled.personalised_push");
    document["data"]["name"] = Value::Null;
    document["data"]["audience"] = json!({"connected": true, "emails": []});
    let told = |document: &Value| {
        let faults = schedule(document).unwrap_err();
        let mut told = pointers(&faults).into_iter().map(|(at, code)| (at.to_owned(), code)).collect::<Vec<_>>();
        told.sort_by(|a, b| a.0.cmp(&b.0));
        told
    };
    let expected = |under: &str| {
        let fault = |field: &str, code| (format!("{under}/{field}"), code);
        vec![fault("audience/emails", FaultCode::EmptyFilter), fault("name", FaultCode::Missing)]
    };
    assert_eq!(told(&document), expected("/data"));
    assert_eq!(told(&document["data"]), expected(""));
}

#[test]
fn a_push_in_quiet_hours_is_refused_as_its_webhook_would_be() {
    let mut document = push();
    document["data"]["send_at"] = json!("2026-06-02T05:59:59Z");
    assert_eq!(pointers(&schedule(&document).unwrap_err()), [("/data/send_at", FaultCode::QuietHours)]);
    assert_eq!(pointers(&schedule(&document["data"]).unwrap_err()), [("/send_at", FaultCode::QuietHours)]);
    let (shop, account) = (shop(), account());
    let without = ByHand { shop: &shop, secret: None, account: &account, now: at(NOW) };
    assert!(without.schedule(document).unwrap().message.quiet_hours.is_none());
}

#[test]
fn a_callback_elsewhere_than_the_shops_own_is_refused_as_its_webhook_would_be() {
    let mut document = push();
    document["data"]["callback_url"] = json!("https://shop.example/other");
    assert!(schedule(&document).is_ok());
    document["data"]["callback_url"] = json!("https://evil.example/hooks");
    assert_eq!(pointers(&schedule(&document).unwrap_err()), [("/data/callback_url", FaultCode::CallbackHost)]);
}

#[test]
fn what_is_no_schedule_is_named() {
    for (document, pointer) in [
        (sample("canonical/promotion.cancelled"), "/type"),
        (json!({"type": "promotion.launched", "data": {}}), "/type"),
        (json!([]), ""),
        (json!("x"), ""),
    ] {
        let faults = schedule(&document).unwrap_err();
        assert!(faults.0.iter().any(|fault| fault.pointer == pointer), "{document}: {faults}");
    }
}

#[test]
fn a_cancellation_is_as_new_as_what_it_calls_off() {
    let (shop, account) = (shop(), account());
    let by_hand = ByHand { shop: &shop, secret: None, account: &account, now: at(NOW) };
    let ahead = at("2026-06-01T08:04:00Z");
    for (known, revision) in [(None, at(NOW)), (Some(at("2026-05-01T00:00:00Z")), at(NOW)), (Some(ahead), ahead)] {
        let message = by_hand.cancel("summer", known);
        assert_eq!((message.subject.as_str(), message.time), ("summer", Some(revision)));
        let schedule = Revision { time: known, received_at: at(NOW), rank: 0, sequence: None };
        assert!(known.is_none() || message.revision().is_newer_than(&schedule), "{known:?}");
    }
}

fn trial(document: Value, to: &str) -> Result<Scheduling, NotTestable> {
    let (shop, secret) = (shop(), secret());
    ByHand { shop: &shop, secret: Some(&secret), account: &account(), now: at(NOW) }.trial(
        document,
        to.parse().unwrap(),
        "1a2b",
    )
}

fn only(to: &str, connected: Option<bool>) -> Audience {
    let emails = Some(vec![to.parse::<Email>().unwrap()]);
    Audience::Filtered(AudienceFilter { connected, emails, ..AudienceFilter::default() })
}

#[test]
fn a_trial_goes_to_one_person_now_under_an_id_of_its_own() {
    let document = sample("canonical/promotion.scheduled.personalised_push");
    let Scheduling { message, promotion, .. } = trial(document, "Ann@Example.org").unwrap();
    assert_eq!(promotion.audience, Some(only("ann@example.org", Some(true))));
    assert_eq!(promotion.id, "test-1a2b-summer-2026-personalised-push");
    assert_eq!((promotion.send_at, promotion.updated_at), (Some(at(NOW)), at(NOW)));
    assert_eq!(promotion.send_before, Some(at("2026-06-01T08:15:00.5Z")));
    assert_eq!(message.quiet_hours, None, "it was asked for");
    assert_eq!(message.row_key().unwrap().subject, promotion.id);
    // What is queued is what any webhook could have asked for.
    assert_eq!(Message::from_json(&message.to_json()), Ok(message));
}

#[test]
fn what_reaches_everybody_cannot_be_tried_on_one_person() {
    for channel in [Channel::Push, Channel::News, Channel::Teaser] {
        let document = sample(&format!("canonical/promotion.scheduled.{}", channel.name()));
        let error = trial(document, "ann@example.org").unwrap_err();
        assert!(matches!(error, NotTestable::NotAddressable(refused) if refused == channel), "{error}");
        assert!(error.to_string().contains("draft"), "{error}");
    }
}

fn audiences() -> impl Strategy<Value = Value> {
    let filters = (
        prop::option::of(any::<bool>()),
        prop::option::of(prop::sample::select(vec!["ios", "android"])),
        prop::option::of(prop::collection::vec("[a-z]{1,8}@example\\.com", 1..20)),
        prop::option::of(prop::collection::vec("[0-9]{5}", 1..5)),
        any::<bool>(),
    );
    let filtered = filters.prop_map(|(connected, os_type, emails, zip_codes, areas)| {
        let mut audience = serde_json::Map::new();
        audience.extend(connected.map(|connected| ("connected".to_owned(), json!(connected))));
        audience.extend(os_type.map(|os_type| ("os_type".to_owned(), json!(os_type))));
        audience.extend(emails.map(|emails| ("emails".to_owned(), json!(emails))));
        audience.extend(zip_codes.map(|codes| ("zip_codes".to_owned(), json!(codes))));
        if areas || audience.is_empty() {
            audience.insert("zip_areas".to_owned(), json!([{"from": 0, "to": 99_999}]));
        }
        Value::Object(audience)
    });
    prop_oneof![Just(json!("everyone")), filtered]
}

proptest! {
    #[test]
    fn no_trial_reaches_anybody_else(audience in audiences(), id in "[a-z]{1,200}") {
        let mut document = sample("canonical/promotion.scheduled.personalised_push");
        document["data"]["title"] = json!("Hello");
        document["data"]["text"] = json!("Hello");
        document["data"]["id"] = json!(id);
        let connected = (audience["connected"] == true).then_some(true);
        document["data"]["audience"] = audience;
        let trial = trial(document, "ann@example.org").unwrap();
        prop_assert_eq!(&trial.promotion.audience, &Some(only("ann@example.org", connected)));
        let Payload::Event(Event::PromotionScheduled(queued)) = &trial.message.payload else { panic!("a schedule") };
        prop_assert_eq!(&**queued, &trial.promotion);
        prop_assert!(queued.id != id && queued.id.len() <= 200);
        prop_assert_eq!(Message::from_json(&trial.message.to_json()), Ok(trial.message));
    }
}
