//! Registrations: the vectors of the scheme, and all that must be right at once.

use ::http::{HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::*;
use crate::secret::parse;

const APP_SECRET: &str = "app-secret-dev";
const SHOP_URL: &str = "http://localhost:8000/sub";
const NOW: i64 = 1_767_398_400;

fn current() -> String {
    "d".repeat(64)
}

fn secret(app_secret: &str, app_name: &str, shop_url: &str, signing_secrets: &[String]) -> WebhookSecret {
    parse(&json!({"platform": "shopware", "signing_secrets": signing_secrets, "app_name": app_name,
        "app_secret": app_secret, "shop_url": shop_url}))
    .unwrap()
}

/// The shop of the vectors, known or new.
fn shop() -> WebhookSecret {
    secret(APP_SECRET, "MarketingBridge", SHOP_URL, &[current()])
}

fn query(shop_url: &str) -> String {
    format!("shop-id=Shopdev&shop-url={shop_url}&timestamp={NOW}")
}

fn signature(key: &str, text: &str) -> String {
    hex(&hmac_sha256(key.as_bytes(), &[text.as_bytes()]))
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())).collect()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn is_answered(query: &str, headers: &HeaderMap, secret: &WebhookSecret) -> bool {
    register(query, headers, Some(secret), at(NOW)).is_some()
}

#[test]
fn every_vector_is_judged_right_and_a_changed_bit_anywhere_is_noticed() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/signatures/shopware.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let vectors = document["registrations"].as_array().unwrap();
    assert_eq!(vectors.len(), 5);
    for vector in vectors {
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        let (name, query) = (word(&vector["id"]), word(&vector["request"]["query"]));
        let given = vector["request"]["headers"].as_object().unwrap().iter();
        let headers: HeaderMap = given
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(&word(value)).unwrap()))
            .collect();
        let parameters = Parameters::of(&query).unwrap();
        let now = at(parameters.timestamp.parse().unwrap());
        let app_name = vector["expected_proof"]["app_name"].as_str().unwrap_or("MarketingBridge");
        let of_app = |app_secret: &str| secret(app_secret, app_name, &parameters.shop_url, &[current()]);
        let app_secret = word(&vector["secret"]);
        let answer = register(&query, &headers, Some(&of_app(&app_secret)), now);
        assert_eq!(answer.is_some(), vector["valid"] == true, "{name}");
        let Some(answer) = answer else { continue };
        if let Some(proof) = vector["expected_proof"]["proof"].as_str() {
            assert_eq!(answer.proof, proof, "{name}");
        }
        assert_eq!(answer.secret.expose_secret(), current(), "{name}");

        assert!(register(&query, &headers, Some(&of_app(&format!("{app_secret}x"))), now).is_none(), "{name}");
        for place in 0..query.len() {
            let mut changed = query.clone().into_bytes();
            changed[place] ^= 1;
            let changed = String::from_utf8(changed).unwrap();
            assert!(register(&changed, &headers, Some(&of_app(&app_secret)), now).is_none(), "{name} at {place}");
        }
        for signature in [APP_SIGNATURE, SIGNATURE] {
            let Some(value) = headers.get(signature) else { continue };
            for place in 0..64 {
                let mut changed = value.as_bytes().to_vec();
                changed[place] ^= 1;
                let mut headers = headers.clone();
                headers.insert(signature, HeaderValue::from_bytes(&changed).unwrap());
                assert!(register(&query, &headers, Some(&of_app(&app_secret)), now).is_none(), "{name} at {place}");
            }
        }
    }
}

#[test]
fn only_the_expected_shop_is_answered_and_only_now() {
    let signed = |query: &str| headers(&[(APP_SIGNATURE, &signature(APP_SECRET, query))]);
    let good = query(SHOP_URL);
    for (url, answered) in [
        (SHOP_URL, true),
        ("http://localhost:8000/sub/", true),
        ("HTTP://LOCALHOST:8000/sub", true),
        ("http://localhost:8000", false),
        ("https://localhost:8000/sub", false),
        ("http://localhost/sub", false),
        ("http://localhost.example:8000/sub", false),
        ("nonsense", false),
    ] {
        assert_eq!(is_answered(&query(url), &signed(&query(url)), &shop()), answered, "{url}");
    }
    for (seconds, answered) in [(0, true), (300, true), (-300, true), (301, false), (-301, false)] {
        let answer = register(&good, &signed(&good), Some(&shop()), at(NOW + seconds));
        assert_eq!(answer.is_some(), answered, "{seconds}");
    }
    for bad in [
        String::new(),
        format!("shop-url={SHOP_URL}&timestamp={NOW}"),
        format!("{good}&timestamp={NOW}"),
        format!("{good}&shop-url=http://elsewhere.example"),
        format!("shop-id=S&shop-url={SHOP_URL}&timestamp=now"),
    ] {
        assert!(!is_answered(&bad, &signed(&bad), &shop()), "{bad}");
    }
    // Parameters that come in a later version are signed with the others.
    let more = format!("{good}&locale=de-DE");
    assert!(is_answered(&more, &signed(&more), &shop()));
}

#[test]
fn a_shop_that_is_known_has_to_prove_that_it_knows_one_of_the_signing_secrets() {
    let query = query(SHOP_URL);
    let of_app = signature(APP_SECRET, &query);
    let (new, old) = ("n".repeat(64), current());
    let rotating = secret(APP_SECRET, "MarketingBridge", SHOP_URL, &[new.clone(), old.clone()]);
    let alone = headers(&[(APP_SIGNATURE, &of_app)]);
    assert!(is_answered(&query, &alone, &shop()), "a new shop has nothing to prove");
    assert!(!is_answered(&query, &alone, &rotating), "with two secrets the shop is known");
    for (key, answered) in [(&old, true), (&new, true), (&"x".repeat(64), false)] {
        let both = headers(&[(APP_SIGNATURE, &of_app), (SIGNATURE, &signature(key, &query))]);
        assert_eq!(is_answered(&query, &both, &rotating), answered);
    }
    let both = headers(&[(APP_SIGNATURE, &of_app), (SIGNATURE, &signature(&old, &query))]);
    assert_eq!(register(&query, &both, Some(&rotating), at(NOW)).unwrap().secret.expose_secret(), new);
    let wrong_app = headers(&[(APP_SIGNATURE, &signature("x", &query)), (SIGNATURE, &signature(&old, &query))]);
    assert!(!is_answered(&query, &wrong_app, &rotating), "the shop's own signature is not enough");
    let mut unreadable = alone;
    unreadable.insert(SIGNATURE, HeaderValue::from_bytes(&[0xff]).unwrap());
    assert!(!is_answered(&query, &unreadable, &shop()), "a header that cannot be read is there and not right");
}

#[test]
fn nothing_is_answered_without_the_app_in_the_secret() {
    let query = query(SHOP_URL);
    let signed = headers(&[(APP_SIGNATURE, &signature(APP_SECRET, &query))]);
    let closed: WebhookSecret = parse(&json!({"platform": "shopware", "signing_secrets": [current()]})).unwrap();
    assert!(!is_answered(&query, &signed, &closed));
    assert!(register(&query, &signed, None, at(NOW)).is_none());
}
