use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::ledger::Plan;

fn body(emails: &[String]) -> Vec<u8> {
    json!({"name": "Summer", "filter": {"connected": true, "email": emails}, "message": {"title": "x"}})
        .to_string()
        .into_bytes()
}

fn emails(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("p{number}@example.org")).collect()
}

fn listed(body: &Bytes) -> Vec<String> {
    let body: Value = serde_json::from_slice(body).unwrap();
    body["filter"]["email"].as_array().unwrap().iter().map(|email| email.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_chunk_says_everything_to_some_and_is_told_by_its_name() {
    let audience = Addressed::read(&body(&emails(5))).unwrap();
    let chunk: Value = serde_json::from_slice(&audience.chunk(2..4, 2, 3).unwrap()).unwrap();
    let expected = json!({"name": "Summer (2/3)", "message": {"title": "x"},
        "filter": {"connected": true, "email": ["p2@example.org", "p3@example.org"]}});
    assert_eq!(chunk, expected);
    assert_eq!(audience.whole().unwrap(), body(&emails(5)));
    assert_eq!(audience.stored(), body(&emails(5)));
}

#[test]
fn a_body_without_addresses_has_no_audience_to_split() {
    assert!(Addressed::read(br#"{"filter":{"connected":true}}"#).is_none());
    assert!(Addressed::read(br#"{"name":"x"}"#).is_none());
    assert!(Addressed::read(br#"{"filter":{"email":["#).is_none());
}

proptest! {
    #[test]
    fn every_address_is_in_just_one_chunk_whoever_is_forgotten_meanwhile(
        count in 1..200usize,
        size in 1..60u32,
        forgotten in proptest::collection::btree_set(0..200usize, 0..40),
        frozen_after in 0..40usize,
    ) {
        let all = emails(count);
        let mut audience = Addressed::read(&body(&all)).unwrap();
        let forgotten: Vec<String> = forgotten.into_iter().filter_map(|number| all.get(number).cloned()).collect();
        let (before, after) = forgotten.split_at(frozen_after.min(forgotten.len()));
        for email in before {
            prop_assert!(audience.forget(&email.parse().unwrap(), false));
        }
        let split = audience.stored();
        let Some(plan) = Plan::of(audience.places(), Some(size)) else {
            prop_assert!(audience.places() <= size as usize);
            return Ok(());
        };
        let first: Vec<_> = (1..=plan.chunks).map(|n| audience.chunk(plan.places(n), n, plan.chunks).unwrap()).collect();
        prop_assert!(first.iter().all(|chunk| listed(chunk).len() <= size as usize));
        prop_assert_eq!(first.iter().flat_map(listed).collect::<Vec<_>>(), listed(&split));
        for email in after {
            prop_assert!(audience.forget(&email.parse().unwrap(), true));
            audience = Addressed::read(&audience.stored()).unwrap();
        }
        for (chunk, number) in first.iter().zip(1..) {
            let left: Vec<_> = listed(chunk).into_iter().filter(|email| !after.contains(email)).collect();
            let now = audience.chunk(plan.places(number), number, plan.chunks);
            prop_assert_eq!(now.as_ref().map_or_else(Vec::new, listed), left.clone(), "nobody moves");
            prop_assert_eq!(now.is_none(), left.is_empty(), "and an empty chunk is no call to all");
        }
        prop_assert_eq!(audience.has_anybody(), audience.whole().is_some());
    }
}
