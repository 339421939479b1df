//! Which webhooks the demo sends, and what each must lead to.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use relay::{
    event::{Channel, EventType},
    random::Random,
    shop::Platform,
};
use serde_json::{Value, json};

use super::{arrival::Arrival, shops::Shop};
use crate::webhook::{
    Answer, Topic,
    sample::{self, Wish},
};

/// How a webhook proves where it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// A signature, as the shop's platform makes it.
    Signature,
    /// A secret header.
    Header,
}

/// One webhook.
pub(super) struct Step {
    pub(super) shop: Shop,
    pub(super) topic: Topic,
    pub(super) proof: Proof,
    /// What it says, where the topic does not.
    pub(super) title: Option<&'static str>,
    /// Sent only when all before it has arrived.
    pub(super) waits: bool,
    pub(super) body: Value,
    pub(super) arrival: Arrival,
}

/// The script. Ids and times are those of this run.
pub(super) fn steps(now: Timestamp, random: &dyn Random) -> Result<Vec<Step>, String> {
    let script = Script { now, random };
    let mut steps = Vec::new();
    for (shop, topic) in [
        (Shop::Lamps, "orders/create"),
        (Shop::Lamps, "customers/create"),
        (Shop::Teas, "order.created"),
        (Shop::Bikes, "checkout.order.placed"),
        (Shop::Toys, "store/order/created"),
    ] {
        steps.push(script.step(shop, Topic::Of(shop.platform(), topic.to_owned()), Channel::Push)?);
    }
    let order = consenting(&mut steps[0])?;
    let event = |shop, kind| script.step(shop, Topic::Canonical(kind), Channel::Push);
    let loaded = Step { proof: Proof::Header, ..event(Shop::Shoes, EventType::OrderPlaced)? };
    let reloaded = loaded.body.clone();
    steps.push(loaded);
    let title = Some("order.placed, page loaded again");
    let again = event(Shop::Shoes, EventType::OrderPlaced)?;
    let arrival = Arrival::of(Shop::Shoes, &again.topic, Channel::Push, &reloaded);
    steps.push(Step { proof: Proof::Header, title, body: told_again(reloaded, now), arrival, ..again });
    steps.push(event(Shop::Books, EventType::OrderPlaced)?);
    steps.push(Step { proof: Proof::Header, ..event(Shop::Books, EventType::CustomerUpdated)? });
    steps.extend(script.withdrawal(&order)?);
    for channel in Channel::ALL {
        steps.push(script.step(Shop::Books, Topic::Canonical(EventType::PromotionScheduled), channel)?);
    }
    Ok(steps)
}

struct Script<'r> {
    now: Timestamp,
    random: &'r dyn Random,
}

impl Script<'_> {
    fn step(&self, shop: Shop, topic: Topic, channel: Channel) -> Result<Step, String> {
        let body = sample::body(&topic, &Wish { channel, id: None, origin: shop.origin() }, self.now, self.random)?;
        let arrival = Arrival::of(shop, &topic, channel, &body);
        Ok(Step { shop, topic, proof: Proof::Signature, title: None, waits: false, body, arrival })
    }

    /// The buyer of the first order unsubscribes; then the order is shipped, and Shopify goes on saying what its buyer
    /// ticked at the time.
    fn withdrawal(&self, order: &Value) -> Result<[Step; 2], String> {
        let of = |topic: &str| Topic::Of(Platform::Shopify, topic.to_owned());
        let email = plain(&order["email"]);
        let mut unsubscribed = self.step(Shop::Lamps, of("customers_email_marketing_consent/update"), Channel::Push)?;
        unsubscribed.body["customer_id"] = order["customer"]["id"].clone();
        unsubscribed.body["email_address"] = order["email"].clone();
        (unsubscribed.title, unsubscribed.waits) = (Some("…_marketing_consent: unsubscribed"), true);
        unsubscribed.arrival = Arrival::Withdrawal(email);
        let mut shipped = self.step(Shop::Lamps, of("orders/updated"), Channel::Push)?;
        shipped.body = order.clone();
        shipped.body["fulfillment_status"] = json!("fulfilled");
        let later = self.now.saturating_add(SignedDuration::from_secs(1)).unwrap_or(self.now);
        shipped.body["updated_at"] = json!(later.to_string());
        (shipped.title, shipped.waits) = (Some("orders/updated, says \"subscribed\""), true);
        shipped.arrival = Arrival::WithoutConsent(format!("{}-{}", Shop::Lamps, plain(&order["id"])));
        Ok([unsubscribed, shipped])
    }
}

/// The order of a buyer who ticked the box, not shipped yet; gives its body.
fn consenting(step: &mut Step) -> Result<Value, String> {
    let order = &mut step.body;
    let placed_at = order["created_at"].clone();
    order["buyer_accepts_marketing"] = json!(true);
    order["fulfillment_status"] = Value::Null;
    let customer = order["customer"].as_object_mut().ok_or("the sample order has no customer")?;
    let consent = json!({ "state": "subscribed", "opt_in_level": "single_opt_in", "consent_updated_at": placed_at });
    customer.insert("email_marketing_consent".into(), consent);
    Ok(order.clone())
}

/// The same, rendered a little later.
fn told_again(mut body: Value, now: Timestamp) -> Value {
    let later = now.saturating_add(SignedDuration::from_secs(7)).unwrap_or(now);
    body["timestamp"] = json!(later.to_string());
    body
}

pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Step {
    /// What is sent, in a few words.
    pub(super) fn title(&self) -> String {
        match (self.title, self.body["data"]["channel"].as_str()) {
            (Some(title), _) => title.to_owned(),
            (_, Some(channel)) => format!("promotion: {channel}"),
            _ => self.topic.name().to_owned(),
        }
    }

    /// The bytes that are sent. The WEBSALE shop puts a parameter's name before its payload.
    pub(super) fn bytes(&self) -> Bytes {
        let prefix = if self.shop == Shop::Shoes { "payload=" } else { "" };
        format!("{prefix}{}", self.body).into()
    }

    /// What the host said, in a few words.
    pub(super) fn outcome(&self, answer: &Answer) -> String {
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let words = [&body["status"], &body["reason"], &body["plan"]["send_at_shop"]];
        let words: Vec<&str> = words.into_iter().filter_map(Value::as_str).collect();
        let proof = match self.proof {
            Proof::Header => "by secret header".to_owned(),
            Proof::Signature if self.shop == Shop::Books => "signed as Standard Webhooks".to_owned(),
            Proof::Signature => format!("signed as {} does", self.shop.runs_on()),
        };
        format!("{} {} ({proof})", answer.status, words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use relay::random::SystemRandom;

    use super::*;

    #[test]
    fn the_script_covers_every_platform_both_proofs_and_all_channels() {
        let steps = steps(Timestamp::from_second(1_800_000_000).unwrap(), &SystemRandom).unwrap();
        let titles: Vec<String> = steps.iter().map(|step| format!("{}: {}", step.shop, step.title())).collect();
        let expected = [
            "lamp-shop: orders/create",
            "lamp-shop: customers/create",
            "tea-shop: order.created",
            "bike-shop: checkout.order.placed",
            "toy-shop: store/order/created",
            "shoe-shop: order.placed",
            "shoe-shop: order.placed, page loaded again",
            "book-shop: order.placed",
            "book-shop: customer.updated",
            "lamp-shop: …_marketing_consent: unsubscribed",
            r#"lamp-shop: orders/updated, says "subscribed""#,
            "book-shop: promotion: push",
            "book-shop: promotion: news",
            "book-shop: promotion: teaser",
            "book-shop: promotion: personalised_push",
        ];
        assert_eq!(titles, expected);
        assert!(Platform::ALL.into_iter().all(|platform| steps.iter().any(|step| step.shop.platform() == platform)));
        let nothing = json!({});
        assert!(steps.iter().all(|step| !step.arrival.is_met(&nothing)));
    }

    #[test]
    fn the_reloaded_page_tells_of_the_same_order_in_other_bytes() {
        let steps = steps(Timestamp::from_second(1_800_000_000).unwrap(), &SystemRandom).unwrap();
        let shoes: Vec<_> = steps.iter().filter(|step| step.shop == Shop::Shoes).collect();
        assert_eq!(shoes[0].body["data"], shoes[1].body["data"]);
        assert_ne!(shoes[0].bytes(), shoes[1].bytes());
        assert!(shoes[0].bytes().starts_with(b"payload={"));
    }
}
