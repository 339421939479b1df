//! Least privilege, measured: what each role may do is what its function was seen to do while every rare call was forced,
//! and what AWS does in its name. Nothing more, nothing less.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use jiff::SignedDuration;
use relay::{
    clock::{Clock, SystemClock},
    shop::Destination,
};
use relay_tests::{
    binaries::repository,
    permission::{Permission, allowed, needed, permission},
    sandbox::Sandbox,
    shop,
    stack::{FUNCTIONS, Stack, logical},
    template::{Template, source, translate},
    wait::{until, within},
    webhook::{BIGCOMMERCE_SECRET, CANONICAL_SECRET, HEADER, SHOPIFY_SECRET, Webhook},
};
use serde_json::{Value, json};

use super::order;

/// How long the last call may take: only the schedules wake dispatcher and poller, every minute.
const PATIENCE: Duration = Duration::from_mins(3);

const UPDATED: &str = "2026-01-05T10:30:00Z";
const ANN: &str = "ann.sample@example.org";

/// What Lambda does in the name of a function's role: it writes its logs, and feeds it from a queue. SQS, DynamoDB and
/// Secrets Manager use the owner's key in its name, if there is one.
fn of_lambda_itself(function: &str) -> BTreeSet<Permission> {
    let mut list = BTreeSet::from([
        permission("AWSLambdaBasicExecutionRole", ""),
        permission("kms:Decrypt", "KmsKeyArn"),
        permission("kms:GenerateDataKey", "KmsKeyArn"),
    ]);
    if function == "push-status-poller" {
        // It sends to no queue.
        list.remove(&permission("kms:GenerateDataKey", "KmsKeyArn"));
    }
    let queue = match function {
        "websand-forwarder" => "WebsandQueue",
        "websale-forwarder" => "WebsaleQueue",
        _ => return list,
    };
    for action in ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"] {
        list.insert(permission(action, queue));
    }
    list
}

/// What EventBridge Scheduler does in its role's name.
fn of_scheduler() -> BTreeSet<Permission> {
    BTreeSet::from([
        permission("lambda:InvokeFunction", "PromotionDispatcher"),
        permission("lambda:InvokeFunction", "PushStatusPoller"),
        permission("sqs:SendMessage", "ScheduleDeadLetters"),
        permission("kms:Decrypt", "KmsKeyArn"),
        permission("kms:GenerateDataKey", "KmsKeyArn"),
    ])
}

#[tokio::test]
async fn each_role_may_do_what_is_done_and_nothing_else() {
    let stack = Stack::second().await;
    let translated = translate(&[source()]).remove(0).unwrap();
    let template = Template::new(&translated, &[("KmsKeyArn", "arn:aws:kms:eu-west-1:123456789012:key/k-1")]);
    assert_eq!(allowed(&template, "SchedulerRole"), of_scheduler());

    let _sandboxes = force(stack).await;
    let mut keys = Vec::new();
    for function in FUNCTIONS {
        keys.push((function, stack.access_key(function).await));
    }
    let since = Instant::now();
    let missing = within(2 * PATIENCE, "calls are compared", async || {
        let missing = compare(stack, &template, &keys).0;
        (missing.is_empty() || since.elapsed() > PATIENCE).then_some(missing)
    });
    assert_eq!(missing.await, BTreeSet::new(), "allowed, and never done");
    assert_eq!(compare(stack, &template, &keys).1, BTreeSet::new(), "done, and not allowed");

    // And either would be noticed.
    let role = "/Resources/OrderPlacedRole/Properties/Policies/0/PolicyDocument/Statement/0/Action";
    for (action, missing, refused) in [
        (json!(["sqs:SendMessage", "sqs:PurgeQueue"]), Some("order-placed: sqs:PurgeQueue WebsandQueue"), None),
        (json!([]), None, Some("order-placed: sqs:SendMessage WebsandQueue")),
    ] {
        let mut changed = template.clone();
        *changed.json.pointer_mut(role).unwrap() = action;
        let found = compare(stack, &changed, &keys);
        assert!(missing.is_none_or(|missing| found.0.contains(missing)), "{found:?}");
        assert!(refused.is_none_or(|refused| found.1.contains(refused)), "{found:?}");
    }
}

/// What functions may do and never did, and what they did and may not.
fn compare(stack: &Stack, template: &Template, keys: &[(&str, String)]) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut missing, mut refused) = (BTreeSet::new(), BTreeSet::new());
    let calls = stack.emulator.recorder.calls();
    for (function, key) in keys {
        let allowed = allowed(template, &format!("{}Role", logical(function)));
        let ours = calls.iter().filter(|call| call.key == *key);
        let mut used: BTreeSet<_> = ours.map(|call| needed(template, call, stack.name, stack.prefix)).collect();
        used.extend(of_lambda_itself(function));
        let told = |permission: &Permission| format!("{function}: {} {}", permission.action, permission.resource);
        missing.extend(allowed.difference(&used).map(told));
        refused.extend(used.difference(&allowed).map(told));
    }
    (missing, refused)
}

/// Makes every function do everything that it ever does. The sandboxes must stay until it is done.
async fn force(stack: &Stack) -> Vec<Sandbox> {
    let calm = Sandbox::start(&[]).await;
    let busy = Sandbox::start(&["--fault", "websand.transaction:status=503"]).await;
    let strict = Sandbox::start(&["--fault", "websand.transaction:status=422,body=this is not an order"]).await;
    stack.websale.order(&json!({"call": "websale.create", "of": "busy", "status": 503})).await;
    for (name, websand) in [("calm", &calm), ("busy", &busy), ("strict", &strict), ("gone", &calm)] {
        let (header, value) = HEADER;
        let sources = json!({"sources": [
            {"platform": "shopify", "signing_secrets": [SHOPIFY_SECRET]},
            {"platform": "canonical", "signing_secrets": [CANONICAL_SECRET],
                "header": {"name": header, "values": [value]}},
        ]});
        let mut websale = shop::websale(name);
        // The first answer is the last, so that the clock need not strike twice.
        websale["poll"] = json!({"interval": 1, "deadline": 1});
        websale["status_callback"] = shop::status_callback(&stack.websale.url, name);
        stack.put_secret(&format!("{name}/webhook"), &sources).await;
        stack.put_secret(&format!("{name}/websand"), &shop::websand(websand.port())).await;
        stack.put_secret(&format!("{name}/websale"), &websale).await;
    }
    webhooks(stack).await;
    references(stack, &calm).await;
    promotions(stack).await;
    forgetting(stack).await;
    vec![calm, busy, strict]
}

/// Taken, and too faulty to be taken as anything but a dead letter.
async fn webhooks(stack: &Stack) {
    for (endpoint, topic) in [
        ("order-placed", "orders/create"),
        ("order-updated", "orders/updated"),
        ("customer-updated", "customers/update"),
    ] {
        let faulty = Webhook::shopify(topic, &format!("faulty-{endpoint}"), "not JSON");
        assert_eq!(stack.post("calm", endpoint, &faulty).await.body["status"], "rejected", "{endpoint}");
    }
    for endpoint in ["promotion-scheduled", "promotion-cancelled"] {
        let faulty = Webhook::by_header("application/json", "not JSON");
        assert_eq!(stack.post("calm", endpoint, &faulty).await.body["status"], "rejected", "{endpoint}");
    }
    let customer = json!({"email": ANN, "updated_at": UPDATED});
    queued(stack, "calm", "customer-updated", "customer.updated", &customer).await;
    for shop in ["calm", "busy", "strict", "gone"] {
        queued(stack, shop, "order-placed", "order.placed", &order("1001")).await;
        queued(stack, shop, "order-updated", "order.updated", &order("1002")).await;
    }
}

/// A webhook that only names its order.
async fn references(stack: &Stack, websand: &Sandbox) {
    let platform = json!({"store_hash": "abc123", "access_token": "token-of-the-tests"});
    stack.put_secret("store/webhook", &shop::signed("bigcommerce", BIGCOMMERCE_SECRET)).await;
    stack.put_secret("store/websand", &shop::websand(websand.port())).await;
    stack.put_secret("store/platform", &platform).await;
    let order = json!({"scope": "store/order/updated", "store_id": "1", "data": {"type": "order", "id": 1404},
        "hash": "0", "created_at": 1_795_000_000, "producer": "stores/abc123"});
    let answer = stack.post("store", "order-updated", &Webhook::bigcommerce("named", order.to_string())).await;
    assert_eq!(answer.status, 202, "{answer:?}");
}

/// Due in some seconds; sent and followed to its end; put back because WEBSALE is busy; given up with an address in it; called off with its
/// content stored.
async fn promotions(stack: &Stack) {
    let push = |id: &str| personalised(id, &[ANN, "ben.sample@example.org"]);
    let mut soon = push("soon");
    soon["send_at"] = json!((SystemClock.now() + SignedDuration::from_secs(5)).to_string());
    queued(stack, "calm", "promotion-scheduled", "promotion.scheduled", &soon).await;
    let mut told = push("told");
    told["callback_url"] = json!(format!("{}/callbacks/calm", stack.websale.url));
    queued(stack, "calm", "promotion-scheduled", "promotion.scheduled", &told).await;
    let news = json!({"id": "entry", "updated_at": UPDATED, "channel": "news", "title": "Spring sale",
        "text": "20% until Sunday", "visible_until": "2036-01-01T00:00:00Z"});
    queued(stack, "busy", "promotion-scheduled", "promotion.scheduled", &news).await;
    queued(stack, "strict", "promotion-scheduled", "promotion.scheduled", &news).await;
    stack.settled("strict#websale#promotion#entry", "delivered").await;
    let mut other = push("entry");
    other["updated_at"] = json!("2026-01-05T10:31:00Z");
    queued(stack, "strict", "promotion-scheduled", "promotion.scheduled", &other).await;
    let mut far = push("far");
    far["send_at"] = json!("2035-01-01T08:00:00Z");
    queued(stack, "calm", "promotion-scheduled", "promotion.scheduled", &far).await;
    stack.settled("calm#websale#promotion#far", "scheduled").await;
    let cancelled = json!({"id": "far", "updated_at": "2026-01-05T10:31:00Z"});
    queued(stack, "calm", "promotion-cancelled", "promotion.cancelled", &cancelled).await;
}

/// A person with dead letters in both queues, of one only an address; then a promotion from before that names the person.
/// And a whole shop.
async fn forgetting(stack: &Stack) {
    for (destination, part) in [(Destination::Websand, "1001"), (Destination::Websale, ANN)] {
        until("the dead letter is there", async || {
            let letters = stack.dead_letters(destination).await;
            let ours = |letter: &&Value| letter["body"].as_str().is_some_and(|body| body.contains(part));
            letters.iter().find(ours).map(|_| ())
        })
        .await;
    }
    let of_ann = sample("customers-redact").replace("bob@example.com", ANN);
    let answer = privacy(stack, "strict", "customers/redact", of_ann).await;
    stack.settled(&format!("strict#websand#privacy#{answer}"), "delivered").await;
    let late = personalised("late", &[ANN, "ben.sample@example.org"]);
    queued(stack, "strict", "promotion-scheduled", "promotion.scheduled", &late).await;
    privacy(stack, "gone", "shop/redact", sample("shop-redact")).await;
}

async fn queued(stack: &Stack, shop: &str, endpoint: &str, event: &str, data: &Value) {
    let id = format!("{shop}-{event}-{}-{}", data["id"], data["updated_at"]);
    let answer = stack.post(shop, endpoint, &Webhook::canonical(&id, event, data)).await;
    assert_eq!((answer.status, &answer.body["status"]), (202, &json!("queued")), "{shop} {endpoint}: {answer:?}");
}

async fn privacy(stack: &Stack, shop: &str, topic: &str, body: String) -> String {
    let answer = stack.post(shop, "customer-updated", &Webhook::shopify(topic, "privacy", body)).await;
    assert_eq!((answer.status, &answer.body["status"]), (202, &json!("queued")), "{topic}: {answer:?}");
    answer.body["id"].as_str().unwrap().to_owned()
}

fn personalised(id: &str, emails: &[&str]) -> Value {
    json!({"id": id, "updated_at": UPDATED, "channel": "personalised_push", "name": id, "title": "Spring sale",
        "text": "20% until Sunday", "audience": {"emails": emails}})
}

fn sample(name: &str) -> String {
    std::fs::read_to_string(repository().join(format!("events/sources/shopify/{name}.json"))).unwrap()
}
