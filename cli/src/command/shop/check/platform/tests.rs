use std::sync::Mutex;

use relay::Async;

use super::*;
use crate::finding::Verdict;

/// Answers by path, and remembers what it was asked.
struct Shop {
    answer: fn(&str) -> (u16, &'static str),
    asked: Mutex<Vec<String>>,
}

impl Http for Shop {
    fn call(&self, request: Request) -> Async<'_, Result<Response, CallError>> {
        let credential = request.credential.as_ref().map(|(name, value)| format!(" {name}: {}", value.expose_secret()));
        let line = format!("{:?} {}{}", request.method, request.url, credential.unwrap_or_default());
        self.asked.lock().unwrap().push(line);
        let (status, body) = (self.answer)(request.url.path());
        let body = Bytes::from_static(body.as_bytes());
        Box::pin(async move { Ok(Response { status, headers: http::HeaderMap::new(), body }) })
    }
}

async fn check(secret: Value, answer: fn(&str) -> (u16, &'static str)) -> (Vec<Finding>, Vec<String>) {
    let secret = relay::secret::parse(&secret).unwrap();
    let config = Destinations::from_variables(relay::config::Variables(&|_| None)).unwrap();
    let shop = Shop { answer, asked: Mutex::default() };
    let findings = findings(&secret, &config, &shop).await;
    (findings, shop.asked.into_inner().unwrap())
}

fn shopware() -> Value {
    json!({"url": "https://shop.example.com/de/", "client_id": "SWIA", "client_secret": "hush"})
}

#[tokio::test]
async fn everything_that_deliveries_read_is_read_once() {
    let bigcommerce = json!({"store_hash": "abc123", "access_token": "hush"});
    let (findings, asked) = check(bigcommerce, |_| (200, "{}")).await;
    assert!(findings.iter().all(|finding| finding.verdict == Verdict::Ok));
    assert_eq!(
        asked,
        [
            "Get https://api.bigcommerce.com/stores/abc123/v2/orders?limit=1 x-auth-token: hush",
            "Get https://api.bigcommerce.com/stores/abc123/v3/customers?limit=1 x-auth-token: hush",
            "Get https://api.bigcommerce.com/stores/abc123/v3/customers/subscribers?limit=1 x-auth-token: hush",
        ]
    );
    let shopify = json!({"shop_domain": "acme.myshopify.com", "access_token": "hush"});
    let (_, asked) = check(shopify, |_| (200, "{}")).await;
    let first = "Get https://acme.myshopify.com/admin/api/2026-01/orders/count.json x-shopify-access-token: hush";
    assert_eq!((asked.len(), asked[0].as_str()), (2, first));
    let (findings, asked) = check(shopware(), |_| (200, r#"{"access_token": "t"}"#)).await;
    assert!(findings.iter().all(|finding| finding.verdict == Verdict::Ok));
    assert_eq!(asked[0], "Post https://shop.example.com/de/api/oauth/token");
    assert_eq!(asked[1], "Post https://shop.example.com/de/api/search-ids/order authorization: Bearer t");
    assert_eq!(asked.len(), 4);
}

#[tokio::test]
async fn a_refusal_says_what_to_mend_and_shows_no_secret() {
    let shown = |findings: &[Finding]| -> Vec<String> {
        let line = |finding: &Finding| {
            format!("{}: {} -> {}", finding.check, finding.detail, finding.advice.clone().unwrap_or_default())
        };
        findings.iter().map(line).collect()
    };
    let no_right =
        |path: &str| if path.ends_with("/customer") { (403, "{}") } else { (200, r#"{"access_token": "t"}"#) };
    let (findings, _) = check(shopware(), no_right).await;
    let lines = shown(&findings);
    assert!(lines[2].contains("HTTP 403 -> give the token the right customer:read"), "{lines:?}");
    let (findings, asked) = check(shopware(), |_| (401, "no such key, bob@example.com")).await;
    assert_eq!(asked.len(), 1, "went on without a token");
    let lines = shown(&findings);
    assert!(lines[0].starts_with("shopware log-in: HTTP 401: no such key, *** -> the credentials"), "{lines:?}");
    let (findings, _) = check(shopware(), |_| (200, "<html>")).await;
    assert!(shown(&findings)[0].contains("without a token"));
    let gone = json!({"store_hash": "gone", "access_token": "hush"});
    let (findings, _) = check(gone, |_| (404, "")).await;
    assert!(shown(&findings).iter().all(|line| line.contains("HTTP 404 -> nothing is there: check store_hash")));
}
