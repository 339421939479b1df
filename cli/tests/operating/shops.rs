//! `shop add`, `list`, `check`, `remove`.

use serde_json::json;

use super::{
    loopback::Loopback,
    world::{HUSH, World, minutes, row},
};

/// Two shops; every credential holds [`HUSH`].
fn two_shops() -> String {
    // A signing secret in the Standard Webhooks form cannot hold the word itself: "aHVzaC1odXNo" is its base64 form.
    format!(
        r#"
["shoprelay/acme/webhook"]
sources = [
  {{ platform = "shopify", signing_secrets = ["{HUSH}"] }},
  {{ platform = "canonical", signing_secrets = ["whsec_aHVzaC1odXNoaHVzaC1odXNoaHVzaC1odXNo"] }},
]
["shoprelay/acme/websand"]
account = "acme"
api_key = "{HUSH}"
["shoprelay/acme/websale"]
shop_id = "4711"
subshop = "Deutsch"
username = "api"
password = "{HUSH}"
["shoprelay/flowers/webhook"]
platform = "shopify"
signing_secrets = ["{HUSH}"]
["shoprelay/flowers/websand"]
account = "flowers"
api_key = "{HUSH}"
"#
    )
}

#[tokio::test]
async fn shops_from_a_file_are_listed_wired_and_removed_again() {
    let world = World::new();
    let file = world.file("shops.toml", &two_shops());
    let added = world.run(&["shop", "add", "--file", &file, "--url", "https://relay.example.com"]).await;
    assert_eq!(added.code, 0, "{added:?}");
    for line in [
        "shopify orders/create https://relay.example.com/webhooks/acme/order-placed",
        "shopify customers/redact https://relay.example.com/webhooks/acme/customer-updated",
        "canonical promotion.cancelled https://relay.example.com/webhooks/acme/promotion-cancelled",
    ] {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(added.out.lines().any(|each| words(each) == line), "{}", added.out);
    }
    assert!(!added.out.contains("whsec_"), "{}", added.out);

    let listed = world.run(&["shop", "list", "--json"]).await;
    assert_eq!(listed.code, 0, "{listed:?}");
    let acme = json!({"shop": "acme", "platforms": ["shopify", "canonical"], "websand_account": "acme",
        "websale_subshop": "4711/Deutsch", "faults": []});
    assert_eq!(listed.json()[0], acme);
    assert_eq!(listed.json()[1]["shop"], "flowers");

    let asked = world.run(&["shop", "remove", "acme"]).await;
    assert_eq!(asked.code, 1, "removed without a confirmation: {asked:?}");
    let removed = world.run(&["shop", "remove", "acme", "--yes"]).await;
    assert_eq!(removed.code, 0, "{removed:?}");
    assert_eq!(world.secrets().names().unwrap(), ["shoprelay/flowers/webhook", "shoprelay/flowers/websand"]);
    assert_eq!(world.run(&["shop", "remove", "acme", "--yes"]).await.code, 1);
}

#[tokio::test]
async fn one_faulty_secret_keeps_the_whole_file_out() {
    let world = World::new();
    let file =
        world.file("shops.toml", &two_shops().replace("account = \"flowers\"", "account = \"hush-hush flowers\""));
    let added = world.run(&["shop", "add", "--file", &file]).await;
    assert_eq!(added.code, 1, "{added:?}");
    assert!(added.err.contains("shoprelay/flowers/websand at /account"), "{}", added.err);
    assert_eq!(world.secrets().names().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_shop_that_is_there_is_overwritten_only_on_demand() {
    let world = World::new();
    let file = world.file("shops.toml", &two_shops());
    assert_eq!(world.run(&["shop", "add", "--file", &file]).await.code, 0);
    let again = world.run(&["shop", "add", "--file", &file]).await;
    assert_eq!(again.code, 1);
    assert!(again.err.contains("--replace"), "{}", again.err);
    assert_eq!(world.run(&["shop", "add", "--file", &file, "--replace"]).await.code, 0);
    let questions = world.run(&["shop", "add", "new"]).await;
    assert!(questions.code == 1 && questions.err.contains("--file"), "asked without a terminal: {questions:?}");
    assert_eq!(world.run(&["shop", "add", "NEW"]).await.code, 2);
}

/// A shop whose destinations are the loopback server.
async fn checked(login: (u16, &'static str)) -> (World, Loopback) {
    let server = Loopback::start(move |asked| match asked.path.as_str() {
        "/api/authent/login/4711" => (login.0, login.1.to_owned()),
        _ => (404, String::new()),
    })
    .await;
    let mut world = World::new();
    world.set("SHOPRELAY_WEBSAND_URL", format!("{}/{{account}}", server.url));
    world.set("SHOPRELAY_WEBSALE_URL", &server.url);
    world.set("SHOPRELAY_WEBSALE_LOGIN_URL", &server.url);
    let file = world.file("shops.toml", &two_shops());
    assert_eq!(world.run(&["shop", "add", "--file", &file]).await.code, 0);
    (world, server)
}

#[tokio::test]
async fn a_check_logs_in_at_websale_and_sends_nothing_to_websand() {
    let (world, server) = checked((200, r#"{"token": "hush-hush"}"#)).await;
    let check = world.run(&["shop", "check", "acme"]).await;
    assert_eq!(check.code, 0, "{check:?}");
    assert!(check.out.contains("logged in") && check.out.contains("no call that does nothing"), "{}", check.out);
    let asked: Vec<String> = server.asked().iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect();
    assert_eq!(asked, ["HEAD /", "POST /api/authent/login/4711"]);
    assert!(server.asked()[0].headers.get("authorization").is_none());
    assert_eq!(world.run(&["shop", "check", "nobody"]).await.code, 1);
}

#[tokio::test]
async fn a_refused_log_in_fails_the_check_and_says_why() {
    let (world, _server) = checked((403, "no such user bob@example.com")).await;
    let check = world.run(&["shop", "check", "acme", "--json"]).await;
    assert_eq!(check.code, 1, "{check:?}");
    let findings = check.json();
    let login = findings.as_array().unwrap().iter().find(|finding| finding["check"] == "websale log-in").unwrap();
    assert_eq!(login["verdict"], "fail");
    assert_eq!(login["detail"], "HTTP 403: no such user ***");
    assert!(login["advice"].as_str().unwrap().contains("wrong"));
}

#[tokio::test]
async fn a_blocked_account_is_left_alone() {
    let (world, server) = checked((200, r#"{"token": "hush-hush"}"#)).await;
    // The user name's hash, as the ledger's key has it.
    let blocked = row("_installation#websale#login#4711/14c2529eb4498c5d", |row| row.not_before = Some(minutes(20)));
    let secrets = world.secrets();
    world.with(&[blocked], &[]).await;
    drop(secrets);
    let check = world.run(&["shop", "check", "acme"]).await;
    assert_eq!(check.code, 1, "{check:?}");
    assert!(check.out.contains("not tried"), "{}", check.out);
    assert!(server.asked().iter().all(|asked| asked.method == "HEAD"));
}

#[tokio::test]
async fn a_check_reads_from_the_shops_own_api() {
    let server = Loopback::start(|asked| match asked.path.as_str() {
        "/stores/abc123/v2/orders" => (200, "[]".to_owned()),
        "/stores/abc123/v3/customers" => (403, r#"{"title": "no scope for bob@example.com"}"#.to_owned()),
        _ => (404, String::new()),
    })
    .await;
    let mut world = World::new();
    world.set("SHOPRELAY_BIGCOMMERCE_URL", &server.url);
    world.set("SHOPRELAY_WEBSAND_URL", &server.url);
    let shop = json!({
        "shoprelay/lamps/webhook": {"platform": "bigcommerce", "signing_secrets": [HUSH], "origins": ["abc123"]},
        "shoprelay/lamps/websand": {"account": "lamps", "api_key": HUSH},
    });
    let file = world.file("lamps.json", &shop.to_string());
    let added = world.run(&["shop", "add", "--file", &file]).await;
    assert!(added.out.contains("no platform secret") && added.out.contains("store/order/statusUpdated"), "{added:?}");
    assert_eq!(world.run(&["shop", "list"]).await.code, 3);
    let other = json!({"shoprelay/lamps/platform": {"shop_domain": "lamps.myshopify.com", "access_token": HUSH}});
    let file = world.file("other.json", &other.to_string());
    let added = world.run(&["shop", "add", "--file", &file]).await;
    assert!(added.out.contains("but: the platform secret is for shopify"), "{added:?}");
    let api = json!({"shoprelay/lamps/platform": {"store_hash": "abc123", "access_token": HUSH}});
    let file = world.file("api.json", &api.to_string());
    assert_eq!(world.run(&["shop", "add", "--replace", "--file", &file]).await.code, 0);
    assert_eq!(world.run(&["shop", "list"]).await.code, 0);
    let check = world.run(&["shop", "check", "lamps", "--json"]).await;
    assert_eq!(check.code, 1, "{check:?}");
    let findings = check.json();
    let verdict = |name: &str| {
        let found = findings.as_array().unwrap().iter().find(|finding| finding["check"] == name).unwrap();
        found["verdict"].as_str().unwrap().to_owned()
    };
    assert_eq!(verdict("bigcommerce orders"), "ok");
    assert_eq!(verdict("bigcommerce customers"), "fail");
    assert_eq!(verdict("platform secret"), "ok");
}

#[tokio::test]
async fn a_check_asks_whether_a_callbacks_host_answers_and_tells_it_nothing() {
    let (mut world, server) = checked((200, r#"{"token": "hush-hush"}"#)).await;
    let account = |url: &str| {
        let callback = json!({"url": url, "signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"});
        json!({"shoprelay/lamps/websale": {"shop_id": "4711", "subshop": "Deutsch", "username": "api", "password": HUSH,
            "status_callback": callback}})
    };
    let hook = format!("{}/hooks/promotions?key=1", server.url);
    let check = async |world: &World, url: &str| {
        let file = world.file("lamps.json", &account(url).to_string());
        assert_eq!(world.run(&["shop", "add", "--replace", "--file", &file]).await.code, 0);
        let ran = world.run(&["shop", "check", "lamps", "--json"]).await;
        let findings = ran.json();
        let found = findings.as_array().unwrap().iter().find(|finding| finding["check"] == "status callback").unwrap();
        let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
        (ran.code, text("verdict"), text("detail"))
    };
    let (code, verdict, detail) = check(&world, &hook).await;
    assert_eq!((code, verdict.as_str()), (1, "fail"));
    assert!(detail.contains("is not called: its address is not public"), "{detail}");
    assert!(server.asked().iter().all(|asked| asked.path != "/"), "not even asked");

    world.set("SHOPRELAY_CALLBACK_ALLOW", server.url.trim_start_matches("http://"));
    let (code, verdict, detail) = check(&world, &hook).await;
    assert_eq!((code, verdict.as_str()), (0, "ok"));
    assert!(detail.contains("path and signing secret are not proven"), "{detail}");
    let asked = server.asked().into_iter().find(|asked| asked.path == "/").unwrap();
    assert_eq!((asked.method.as_str(), asked.body.as_str()), ("GET", ""));
    assert!(!asked.headers.contains_key("webhook-signature"));
    assert!(server.asked().iter().all(|asked| !asked.path.starts_with("/hooks")));

    let (code, verdict, detail) = check(&world, "https://localhost:1/hooks").await;
    assert_eq!((code, verdict.as_str()), (1, "fail"));
    assert!(detail.contains("https://localhost:1: not sent"), "{detail}");
}
