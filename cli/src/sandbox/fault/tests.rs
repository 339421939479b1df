use serde_json::json;

use super::*;

fn faults(texts: &[&str]) -> Faults {
    let mut faults = Faults::default();
    faults.add(texts.iter().map(|text| text.parse().unwrap()).collect());
    faults
}

#[test]
fn a_fault_strikes_its_call_as_often_as_ordered() {
    let mut faults = faults(&["websand.transaction:status=503,times=2,retry-after=1"]);
    assert_eq!(faults.strike(Call::Subscriber, "acme"), None);
    let effect = Effect::Status { status: 503, body: String::new(), retry_after: Some("1".into()) };
    let strike = Strike { when: When::Before, delay: Duration::ZERO, effect: Some(effect) };
    assert_eq!(faults.strike(Call::Transaction, "acme"), Some(strike.clone()));
    assert_eq!(faults.strike(Call::Transaction, "acme"), Some(strike));
    assert_eq!(faults.strike(Call::Transaction, "acme"), None);
    assert_eq!(faults.state()[0]["struck"], 2);
}

#[test]
fn a_pattern_fits_a_destination_or_everything() {
    let mut faults = faults(&["websale.*:reset,when=after,times=1", "*:hang,delay-ms=5"]);
    let reset = faults.strike(Call::Send, "acme").unwrap();
    assert_eq!((reset.when, reset.effect), (When::After, Some(Effect::Reset)));
    let hang = faults.strike(Call::Send, "acme").unwrap();
    assert_eq!((hang.delay, hang.effect), (Duration::from_millis(5), Some(Effect::Hang)));
}

#[test]
fn a_fault_may_be_one_owners_only() {
    let mut faults = faults(&["websale.*:reset,of=acme,times=1"]);
    assert_eq!(faults.strike(Call::Send, "flowers"), None);
    assert!(faults.strike(Call::Send, "acme").is_some());
}

#[test]
fn every_nth_request_is_struck() {
    let mut faults = faults(&["websale.status:garbage,every=3"]);
    let struck: Vec<bool> = (0..6).map(|_| faults.strike(Call::Status, "acme").is_some()).collect();
    assert_eq!(struck, [false, false, true, false, false, true]);
}

#[test]
fn chance_repeats_itself_for_a_seed() {
    let pattern = |seed: u32| -> Vec<bool> {
        let mut faults = faults(&[&format!("*:reset,probability=0.3,seed={seed}")]);
        (0..200).map(|_| faults.strike(Call::Login, "acme").is_some()).collect()
    };
    assert_eq!(pattern(7), pattern(7));
    assert_ne!(pattern(7), pattern(8));
    let struck = pattern(7).into_iter().filter(|struck| *struck).count();
    assert!((40..=80).contains(&struck), "{struck} of 200");
}

#[test]
fn a_body_may_hold_commas_and_json_may_hold_an_object() {
    let flag: Fault = r#"websale.status:status=200,body={"id": 66, "status": "error"}"#.parse().unwrap();
    let json = json!({ "call": "websale.status", "status": 200, "body": r#"{"id": 66, "status": "error"}"# });
    assert_eq!(flag.effect, Fault::try_from(json).unwrap().effect);
    let object = json!({ "call": "*", "status": 400, "body": { "error": "x" } });
    assert!(
        matches!(Fault::try_from(object).unwrap().effect, Some(Effect::Status { body, .. }) if body == r#"{"error":"x"}"#)
    );
}

#[test]
fn a_fault_that_makes_no_sense_is_refused_with_the_reason() {
    for (text, reason) in [
        ("websand.transaction", "CALL:KEY=VALUE"),
        ("websand.order:reset", "there is no call"),
        ("websale.send:times=1", "say what happens"),
        ("websale.send:reset,hang", "exclude each other"),
        ("websale.send:status=99", "from 200 to 599"),
        ("websale.send:reset,retry-after=1", "need a status"),
        ("websale.send:reset,probability=2", "from 0 to 1"),
        ("websale.send:reset,every=0", "at least 1"),
        ("websale.send:reset,reset", "twice"),
        ("websale.send:explode", "explode"),
    ] {
        let error = text.parse::<Fault>().unwrap_err();
        assert!(error.contains(reason), "{text}: {error}");
    }
}
