use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Answered, Running, answered, refused};

async fn log_in(running: &Running, shop: &str, body: &Value) -> Answered {
    running.call("POST", &format!("/api/authent/login/{shop}"), ("accept", "*/*"), Some(body)).await
}

fn credentials(password: &str) -> Value {
    json!({ "username": "api", "password": password })
}

async fn strict() -> Running {
    Running::with(|settings| settings.websale_accounts = vec!["acme/api:right".parse().unwrap()]).await
}

#[tokio::test]
async fn the_right_credentials_get_a_token_that_opens_the_app_api() {
    let running = strict().await;
    let (status, answer) = log_in(&running, "acme", &credentials("right")).await;
    assert_eq!(status, 200);
    let token = format!("Bearer {}", answer["token"].as_str().unwrap());
    let path = "/api/websaleapp2/push/1";
    assert_eq!(running.call("GET", path, ("x-authorization", &token), None).await.0, 404);
    refused(&running.call("GET", path, ("authorization", &token), None).await, 401, "X-Authorization");
    refused(&running.call("GET", path, ("x-authorization", "Bearer made-up"), None).await, 401, "unknown token");
    refused(&running.call("GET", path, ("x-authorization", &token[7..]), None).await, 401, "Bearer");
}

#[tokio::test]
async fn each_fault_of_a_log_in_has_its_own_status() {
    let running = strict().await;
    refused(&log_in(&running, "acme", &json!({ "username": "api" })).await, 400, "password is missing");
    refused(&log_in(&running, "acme", &json!({ "username": "api", "password": 1 })).await, 400, "password must be");
    refused(&log_in(&running, "other", &credentials("right")).await, 401, "no rights");
    refused(&log_in(&running, "acme", &credentials("false")).await, 403, "wrong credentials");
    let stranger = json!({ "username": "eve", "password": "right" });
    refused(&log_in(&running, "acme", &stranger).await, 403, "wrong credentials");
}

#[tokio::test]
async fn five_failures_in_a_row_block_the_account_for_a_while() {
    let running = strict().await;
    for _ in 0..4 {
        assert_eq!(log_in(&running, "acme", &credentials("false")).await.0, 403);
    }
    assert_eq!(log_in(&running, "acme", &credentials("right")).await.0, 200);
    for _ in 0..5 {
        assert_eq!(log_in(&running, "acme", &credentials("false")).await.0, 403);
    }
    refused(&log_in(&running, "acme", &credentials("right")).await, 423, "blocked");
    running.clock.forward(SignedDuration::from_mins(15));
    assert_eq!(log_in(&running, "acme", &credentials("right")).await.0, 200);
}

#[tokio::test]
async fn a_token_is_good_for_thirty_minutes_and_not_a_second_longer() {
    let running = Running::new().await;
    let token = format!("Bearer {}", running.token().await);
    let asked = || running.call("GET", "/api/websaleapp2/push/1", ("x-authorization", &token), None);
    running.clock.forward(SignedDuration::from_secs(30 * 60 - 1));
    assert_eq!(asked().await.0, 404);
    running.clock.forward(SignedDuration::from_secs(1));
    refused(&asked().await, 401, "expired");
}

#[tokio::test]
async fn without_configured_accounts_only_the_password_wrong_is_wrong() {
    let running = Running::new().await;
    assert_eq!(log_in(&running, "any", &credentials("anything")).await.0, 200);
    refused(&log_in(&running, "any", &credentials("wrong")).await, 403, "");
}

#[tokio::test]
async fn every_call_wants_a_token_and_a_body_says_that_it_is_json() {
    let running = Running::new().await;
    let token = format!("Bearer {}", running.token().await);
    for (method, path) in [
        ("POST", "/api/websaleapp2/news/Deutsch"),
        ("PUT", "/api/websaleapp2/news/Deutsch/64"),
        ("POST", "/api/websaleapp2/news/Deutsch/64/send"),
        ("POST", "/api/websaleapp2/push/Deutsch"),
        ("GET", "/api/websaleapp2/push/64"),
    ] {
        let without = running.call(method, path, ("accept", "*/*"), Some(&json!({}))).await;
        refused(&without, 401, "X-Authorization: Bearer TOKEN");
    }
    for (method, path) in [
        ("POST", "/api/authent/login/shop"),
        ("POST", "/api/websaleapp2/news/Deutsch"),
        ("PUT", "/api/websaleapp2/news/Deutsch/64"),
        ("POST", "/api/websaleapp2/push/Deutsch"),
    ] {
        let request = || running.request(method, path, ("x-authorization", &token));
        let plain = answered(request().header("content-type", "text/plain").body("{}")).await.unwrap();
        refused(&plain, 400, "Content-Type must be application/json");
        let broken = answered(request().header("content-type", "application/json").body("{")).await.unwrap();
        refused(&broken, 400, "the body is not JSON");
    }
}
