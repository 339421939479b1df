//! Every sample is taken by the host's receiving half as what it is.

use std::{collections::HashMap, sync::Arc, time::Duration};

use relay::{
    Async,
    clock::{Clock, SystemClock},
    event::Channel,
    ingest::Ingest,
    secret::{SecretError, SecretStore, Secrets, SecretsConfig},
    shop::Destination,
};
use relay_sqlite::{SqliteQueue, Store};

use super::*;
use crate::webhook::{catalogue::Meaning, registration::Registration, sample::Wish};

struct Fixed(HashMap<String, String>);

impl SecretStore for Fixed {
    fn fetch<'a>(&'a self, name: &'a str) -> Async<'a, Result<SecretString, SecretError>> {
        let found = self.0.get(name).map(|text| SecretString::from(text.as_str()));
        Box::pin(async move { found.ok_or_else(|| SecretError::NotFound { name: name.to_owned() }) })
    }
}

/// One shop a platform, named after it, that accepts one origin.
fn document(platform: Platform) -> Value {
    let mut webhook = json!({"platform": platform.name(), "signing_secrets": ["s".repeat(64)]});
    let name = platform.name().parse().unwrap();
    if platform == Platform::Canonical {
        webhook["signing_secrets"] = json!([CANONICAL]);
        webhook["time_zone"] = json!("Europe/Berlin");
    } else {
        webhook["origins"] = json!([origin::invented(platform, &name)]);
    }
    if platform == Platform::Shopware {
        webhook["app_name"] = json!("MyApp");
        webhook["app_secret"] = json!("hush");
        webhook["shop_url"] = json!("https://shopware.example.com");
    }
    webhook
}

struct Host {
    ingest: Ingest,
    queue: SqliteQueue,
    _directory: tempfile::TempDir,
}

impl Host {
    fn start() -> Self {
        let key = json!({"key": "ZXhhbXBsZS1vbmx5LWV4YW1wbGUtb25seS0wMDAwMDE="});
        let mut secrets = HashMap::from([("shoprelay/_installation".to_owned(), key.to_string())]);
        for platform in Platform::ALL {
            secrets.insert(format!("shoprelay/{platform}/webhook"), document(platform).to_string());
        }
        let config = SecretsConfig { prefix: "shoprelay/".into(), ttl: Duration::from_mins(5) };
        let secrets = Arc::new(Secrets::new(Arc::new(Fixed(secrets)), Arc::new(SystemClock), config));
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), SystemClock.now()).unwrap();
        let queue = SqliteQueue::new(store, Arc::new(SystemClock));
        let ingest = Ingest { secrets, queue: Arc::new(queue.clone()), clock: Arc::new(SystemClock) };
        Self { ingest, queue, _directory: directory }
    }

    async fn receive(&self, platform: Platform, webhook: Webhook) -> (u16, Value) {
        let query = webhook.query.map(|query| format!("?{query}")).unwrap_or_default();
        let path = format!("/webhooks/{platform}/{}{query}", webhook.endpoint);
        let mut request = http::Request::builder().method(webhook.method).uri(path).header("host", "relay.example.com");
        for (name, value) in webhook.headers {
            request = request.header(name, value);
        }
        let answer = self.ingest.receive(None, request.body(webhook.body).unwrap()).await;
        (answer.response.status().as_u16(), serde_json::from_slice(answer.response.body()).unwrap())
    }

    async fn waiting(&self) -> u64 {
        let mut waiting = 0;
        for destination in Destination::ALL {
            waiting += self.queue.counts(destination).await.unwrap().waiting;
        }
        waiting
    }
}

fn webhook(topic: &Topic, rework: bool) -> Webhook {
    let (platform, now, random) = (topic.platform(), SystemClock.now(), &SystemRandom);
    let secret = secret(&document(platform));
    let origin = origin::of_shop(&secret, platform, &platform.name().parse().unwrap());
    let wish = Wish { channel: Channel::Push, id: None, origin: &origin };
    let body = sample::body(topic, &wish, now, random).unwrap().to_string().into();
    let credential = Credential::of_shop(&secret, topic, false).unwrap();
    Webhook::new(topic, &credential, body, &Circumstances { origin: &origin, rework, now, random }).unwrap()
}

#[tokio::test]
async fn every_topic_leads_to_what_the_catalogue_says() {
    let host = Host::start();
    let mut expected = 0;
    for platform in Platform::ALL {
        for known in catalogue::of(platform) {
            let topic: Topic = format!("{platform}:{}", known.topic).parse().unwrap();
            let (status, outcome) = match known.meaning {
                Meaning::Handshake => continue,
                // The sample's shop asks for confirmation, which another event tells.
                _ if known.topic == "newsletter.register" => (200, "ignored"),
                Meaning::Ignored => (200, "ignored"),
                Meaning::Event(_) | Meaning::Privacy | Meaning::Besides => (202, "queued"),
            };
            for rework in [false, true] {
                let answer = host.receive(platform, webhook(&topic, rework)).await;
                assert_eq!((answer.0, answer.1["status"].as_str()), (status, Some(outcome)), "{topic}: {answer:?}");
                expected += u64::from(status == 202);
            }
        }
    }
    assert_eq!(host.waiting().await, expected);
}

#[tokio::test]
async fn the_handshakes_are_answered() {
    let host = Host::start();
    let ping = host.receive(Platform::Woocommerce, Webhook::woocommerce_ping("order-placed")).await;
    assert_eq!((ping.0, ping.1["reason"].as_str()), (200, Some("ping")));
    let secret = secret(&document(Platform::Shopware));
    let registration = Registration::of_shop(&secret).unwrap();
    let answer = host.receive(Platform::Shopware, registration.webhook(SystemClock.now()).unwrap()).await;
    let registered = registration.check(&answer.1.to_string()).unwrap();
    assert!(answer.0 == 200 && registered.proof && registered.secret_length == 64, "{registered:?}");
    assert_eq!(registered.confirmation_url, "https://relay.example.com/webhooks/shopware/shopware");
}
