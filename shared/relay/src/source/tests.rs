//! Signature vectors, as published by the schemes' own test suites and as computed from their documentation.

use std::sync::Arc;

use ::http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use serde_json::Value;

use super::*;
use crate::secret::WebhookSecret;

/// A webhook with what is needed to check it.
#[derive(Clone)]
struct Vector {
    name: String,
    valid: bool,
    platform: Platform,
    secrets: Vec<String>,
    now: Timestamp,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Vector {
    fn of(vector: &Value, platform: Platform, bodies: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let header = |(name, value): (&String, &Value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            // HTTP servers take the blanks off a header's end.
            (name, HeaderValue::from_str(value.as_str().unwrap().trim()).unwrap())
        };
        let old = vector["previous_secrets"].as_array().into_iter().flatten();
        Self {
            name: text(&vector["id"]),
            // Standard Webhooks' asymmetric variant is not offered: versions other than v1 are skipped.
            valid: (vector["valid"] == true || OURS.contains(&&*text(&vector["id"])))
                && vector["scheme"] != "stdwh-v1a",
            platform,
            secrets: std::iter::once(&vector["secret"]).chain(old).map(text).collect(),
            now: Timestamp::from_second(vector["now_unix"].as_i64().unwrap_or(1_767_225_600)).unwrap(),
            headers: vector["request"]["headers"].as_object().unwrap().iter().map(header).collect(),
            body: body(&vector["request"], bodies).into_bytes(),
        }
    }

    fn is_authentic(&self) -> bool {
        let secret = WebhookSecret {
            sources: vec![SourceSecret {
                platform: self.platform,
                signing_secrets: self.secrets.iter().cloned().map(SecretString::from).collect(),
                header: None,
                content_types: Vec::new(),
                parameter: None,
                shopware_app: None,
            }],
            forward: None,
            origins: None,
            forward_test_orders: false,
            silent_after_hours: None,
            time_zone: None,
            quiet_hours: None,
        };
        let webhook = Webhook { headers: &self.headers, body: &self.body };
        authenticate(&webhook, Some(&Arc::new(secret)), self.now).is_some()
    }

    fn signature_header(&self) -> &'static str {
        let names = [
            "webhook-signature",
            "x-shopify-hmac-sha256",
            "shopify-hmac-sha256",
            "x-wc-webhook-signature",
            "shopware-shop-signature",
        ];
        names.into_iter().find(|name| self.headers.contains_key(*name)).unwrap()
    }

    fn with_header(&self, name: &'static str, value: &str) -> Self {
        let mut changed = self.clone();
        changed.headers.insert(name, HeaderValue::from_str(value).unwrap());
        changed
    }
}

/// A body of the vector's own, or one that several share, with the changes that this one has.
fn body(request: &Value, bodies: &Value) -> String {
    let Some(own) = request["body_utf8"].as_str() else {
        let shared = bodies[request["body"].as_str().unwrap()].as_str().unwrap().to_owned();
        let changes = request["replace"].as_array().into_iter().flatten();
        return changes.fold(shared, |body, change| {
            let [from, to] = [&change[0], &change[1]].map(|text| text.as_str().unwrap());
            assert!(body.contains(from), "{from}");
            body.replace(from, to)
        });
    };
    own.to_owned()
}

/// What others refuse by a choice of their own: Shopware's signed `timestamp` has no window with us, and a signing secret
/// counts for as long as it is listed.
const OURS: [&str; 2] = ["shopware-dev-old-timestamp", "shopware-dev-previous-secret-after-window"];

/// The files of vectors: the scheme, whose it is, and how many there are.
const SCHEMES: [(&str, Platform, usize); 5] = [
    ("standard_webhooks", Platform::Canonical, 22),
    ("shopify", Platform::Shopify, 16),
    ("woocommerce", Platform::Woocommerce, 7),
    ("shopware", Platform::Shopware, 9),
    ("bigcommerce", Platform::Bigcommerce, 3),
];

fn vectors() -> Vec<Vector> {
    let of_scheme = |(scheme, platform, count): (&str, Platform, usize)| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/signatures");
        let text = std::fs::read_to_string(format!("{folder}/{scheme}.json")).unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        let vectors = document["vectors"].as_array().unwrap();
        assert_eq!(vectors.len(), count, "{scheme}");
        vectors.iter().map(|vector| Vector::of(vector, platform, &document["bodies"])).collect::<Vec<_>>()
    };
    SCHEMES.into_iter().flat_map(of_scheme).collect()
}

fn valid() -> impl Iterator<Item = Vector> {
    vectors().into_iter().filter(|vector| vector.valid)
}

#[test]
fn every_signature_vector_is_judged_right() {
    for vector in vectors() {
        assert_eq!(vector.is_authentic(), vector.valid, "{}", vector.name);
    }
}

#[test]
fn a_flipped_bit_in_the_body_is_noticed_wherever_it_is() {
    for vector in valid() {
        for at in [0, vector.body.len() / 2, vector.body.len() - 1] {
            let mut changed = vector.clone();
            changed.body[at] ^= 1;
            assert!(!changed.is_authentic(), "{} at {at}", vector.name);
        }
        let mut longer = vector.clone();
        longer.body.push(b'\n');
        assert!(!longer.is_authentic(), "{} with a line end", vector.name);
    }
}

#[test]
fn a_changed_signature_is_noticed_wherever_it_is() {
    for vector in valid() {
        let header = vector.signature_header();
        let signature = vector.headers[header].to_str().unwrap().to_owned();
        // Any change of any character of all signatures in the header; those of the last one alone when it is the right one.
        // Base64 of 32 bytes, or their hexadecimal digits.
        for at in 0..if vector.platform == Platform::Shopware { 64 } else { 44 } {
            let flip = |part: &str| {
                let from = part.find(',').map_or(0, |comma| comma + 1) + at;
                let mut bytes = part.as_bytes().to_vec();
                if let Some(byte) = bytes.get_mut(from) {
                    *byte = if *byte == b'A' { b'B' } else { b'A' };
                }
                String::from_utf8(bytes).unwrap()
            };
            let changed: Vec<String> = signature.split(' ').map(flip).collect();
            let changed = vector.with_header(header, &changed.join(" "));
            assert!(!changed.is_authentic(), "{} at {at}", vector.name);
        }
    }
}

#[test]
fn another_secret_does_not_verify() {
    for vector in valid() {
        let mut changed = vector.clone();
        for secret in &mut changed.secrets {
            let at = secret.len() / 2;
            let other = if &secret[at..=at] == "A" { "B" } else { "A" };
            secret.replace_range(at..=at, other);
        }
        assert!(!changed.is_authentic(), "{}", vector.name);
    }
}

#[test]
fn time_and_id_are_part_of_what_standard_webhooks_sign() {
    for vector in valid().filter(|vector| vector.headers.contains_key("webhook-timestamp")) {
        let timestamp: i64 = vector.headers["webhook-timestamp"].to_str().unwrap().parse().unwrap();
        assert!(!vector.with_header("webhook-timestamp", &(timestamp - 1).to_string()).is_authentic());
        assert!(!vector.with_header("webhook-id", "msg_other").is_authentic());
        for (seconds, authentic) in [(300, true), (301, false), (-300, true), (-301, false)] {
            let now = Timestamp::from_second(timestamp + seconds).unwrap();
            assert_eq!(Vector { now, ..vector.clone() }.is_authentic(), authentic, "{} {seconds}", vector.name);
        }
    }
}
