//! The shops' own APIs.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Answered, Running, answered, refused};

const BIGCOMMERCE: (&str, &str) = ("x-auth-token", "token");

#[tokio::test]
async fn bigcommerce_tells_of_any_order_with_its_lines_and_coupons() {
    let running = Running::new().await;
    let get = async |path: &str| running.call("GET", &format!("/stores/abc/{path}"), BIGCOMMERCE, None).await;
    let (status, order) = get("v2/orders/77").await;
    assert_eq!((status, &order["id"], &order["total_inc_tax"]), (200, &json!(77), &json!("47.8000")));
    assert_eq!(get("v2/orders/77/products").await.1[0]["order_id"], 77);
    assert_eq!(get("v2/orders/77/products?page=2&limit=250").await, (204, Value::Null));
    assert_eq!(get("v2/orders/77/coupons").await.1[0]["code"], "WELCOME5");
    assert_eq!(get("v3/customers?id:in=9").await.1["data"][0]["id"], 9);
    assert_eq!(get("v3/customers/subscribers/5").await.1["data"]["consents"], json!(["marketing_newsletter"]));
    refused(&get("v2/orders/1404").await, 404, "no such object");
    refused(&get("v3/customers/subscribers/404").await, 404, "no such object");
    assert_eq!(get("v3/customers?id:in=404").await.1["data"], json!([]));
}

#[tokio::test]
async fn what_shop_check_reads_is_there() {
    let running = Running::new().await;
    let get = async |path: &str| running.call("GET", &format!("/stores/abc/{path}?limit=1"), BIGCOMMERCE, None).await;
    assert_eq!(get("v2/orders").await.1.as_array().map(Vec::len), Some(1));
    for list in ["v3/customers", "v3/customers/subscribers"] {
        assert_eq!(get(list).await.1["data"].as_array().map(Vec::len), Some(1), "{list}");
    }
    let (_, granted) = token(&running, "secret").await;
    let bearer = format!("Bearer {}", granted["access_token"].as_str().unwrap());
    let any = async |entity: &str| -> Answered {
        let request = running.request("POST", &format!("/api/search-ids/{entity}"), ("authorization", &bearer));
        let request = request.header("accept", "application/json").header("content-type", "application/json");
        answered(request.body(json!({"limit": 1}).to_string())).await.unwrap()
    };
    for entity in ["order", "customer", "newsletter-recipient"] {
        assert_eq!(any(entity).await.1["data"].as_array().map(Vec::len), Some(1), "{entity}");
    }
    refused(&any("product").await, 404, "there are");
}

#[tokio::test]
async fn a_shops_api_wants_its_token() {
    let running = Running::with(|settings| settings.shop_keys = vec!["good".into(), "id:secret".into()]).await;
    for (path, header) in
        [("/stores/abc/v2/orders/1", "x-auth-token"), ("/admin/api/2026-01/orders/1.json", "x-shopify-access-token")]
    {
        refused(&running.call("GET", path, (header, "bad"), None).await, 401, "must hold");
        refused(&running.call("GET", path, ("accept", "*/*"), None).await, 401, "must hold");
        assert_eq!(running.call("GET", path, (header, "good"), None).await.0, 200);
    }
    assert_eq!(token(&running, "secret").await.0, 200);
    refused(&token(&running, "guessed").await, 401, "no integration");
}

#[tokio::test]
async fn a_refusal_says_when_to_come_again_in_the_shops_own_way() {
    let faults = ["bigcommerce.order:status=429,retry-after=2,times=1", "shopify.*:status=429,retry-after=2.0"];
    let running = Running::with_faults(&faults).await;
    let response = running.request("GET", "/stores/abc/v2/orders/1", BIGCOMMERCE).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["x-rate-limit-time-reset-ms"]),
        (429, &"2000".parse().unwrap())
    );
    let response = running.request("GET", "/stores/abc/v2/orders/1", BIGCOMMERCE).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["x-rate-limit-requests-left"]),
        (200, &"149".parse().unwrap())
    );
    let path = "/admin/api/2026-01/customers/1.json";
    let response = running.request("GET", path, ("x-shopify-access-token", "token")).send().await.unwrap();
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (429, &"2.0".parse().unwrap()));
}

#[tokio::test]
async fn shopify_tells_of_orders_and_customers() {
    let running = Running::new().await;
    let get = async |path: &str| {
        running.call("GET", &format!("/admin/api/2026-01/{path}"), ("x-shopify-access-token", "token"), None).await
    };
    assert_eq!(get("orders/12.json").await.1["order"]["id"], 12);
    assert_eq!(get("customers/13.json").await.1["customer"]["id"], 13);
    refused(&get("orders/404.json").await, 404, "no such object");
    refused(&get("orders/12").await, 406, ".json");
}

#[tokio::test]
async fn shopware_gives_a_token_for_a_while_and_associations_to_those_who_name_them() {
    let running = Running::new().await;
    let (_, granted) = token(&running, "secret").await;
    let bearer = format!("Bearer {}", granted["access_token"].as_str().unwrap());
    let search = async |entity: &str, body: Value| -> Answered {
        let request = running.request("POST", &format!("/api/search/{entity}"), ("authorization", &bearer));
        let request = request.header("accept", "application/json").header("content-type", "application/json");
        answered(request.body(body.to_string())).await.unwrap()
    };
    let (_, bare) = search("order", json!({"ids": ["ab12"]})).await;
    assert_eq!((&bare["data"][0]["id"], &bare["data"][0]["lineItems"]), (&json!("ab12"), &Value::Null));
    let filter = json!([{"type": "equals", "field": "id", "value": "ab12"}]);
    let (_, whole) = search("order", json!({"filter": filter, "associations": {"lineItems": {}}})).await;
    assert_eq!(whole["data"][0]["lineItems"].as_array().unwrap().len(), 2);
    assert_eq!(search("order", json!({"ids": ["ab404"]})).await.1["data"], json!([]));
    for entity in ["customer", "newsletter-recipient"] {
        assert_eq!(search(entity, json!({"ids": ["ab12"]})).await.1["data"][0]["email"], "emil.sample@example.com");
    }
    refused(&search("product", json!({"ids": ["ab12"]})).await, 404, "there are");
    refused(&search("order", json!({})).await, 400, "ids");
    let body = json!({"ids": ["ab12"]});
    let unasked = running.call("POST", "/api/search/order", ("authorization", &bearer), Some(&body)).await;
    refused(&unasked, 406, "Accept");
    running.clock.forward(SignedDuration::from_mins(11));
    refused(&search("order", json!({"ids": ["ab12"]})).await, 401, "expired");
}

#[tokio::test]
async fn of_a_tokens_keys_only_the_name_is_shown() {
    let running = Running::new().await;
    token(&running, "s3cret").await;
    let shown = serde_json::to_value(running.sandbox.received(0)).unwrap();
    assert_eq!(shown[0]["body"], json!({"client_id": "id"}));
}

async fn token(running: &Running, secret: &str) -> Answered {
    let body = json!({"grant_type": "client_credentials", "client_id": "id", "client_secret": secret});
    running.call("POST", "/api/oauth/token", ("accept", "*/*"), Some(&body)).await
}
