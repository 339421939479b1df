//! People: what they decide about marketing mail, what they order, and that they want to be forgotten.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use relay::{
    ledger::{Attention, Consent, Row, State as Standing},
    queue::DeadLetter,
    shop::Destination,
};
use serde_json::{Value, json};

use crate::{
    chance::Chance,
    invariant::{Found, Invariant},
    scenario::{Scenario, WORDLESS, after, minutes},
    world::{State, start},
};

/// The field of a customer's data that holds when they were so.
pub(crate) const AS_OF: &str = "as_of";
/// The longest that a worker goes on with what it read before somebody was forgotten.
const UNDER_WAY: SignedDuration = SignedDuration::from_secs(60);

/// The customer keys that became known, by shop and address: only the product can make them.
pub(crate) type Keys = BTreeMap<(String, String), String>;

/// A person, their decisions and their orders. In any order.
#[derive(Debug)]
pub(crate) struct Person {
    shop: String,
    email: String,
    /// When it was made, whether consent was given, and with which order.
    decisions: Vec<(Timestamp, bool, Option<Order>)>,
}

#[derive(Clone, Debug)]
struct Order {
    id: String,
    placed_at: Timestamp,
}

/// Somebody is to be forgotten.
#[derive(Debug)]
pub(crate) struct Erasure {
    pub(crate) at: Timestamp,
    shop: String,
    email: String,
    orders: Vec<String>,
}

impl Scenario {
    pub(crate) fn draw_person(&mut self, chance: &mut Chance, shop: &str, number: u64) {
        let from = self.hooks.len();
        let mut person =
            Person { shop: shop.into(), email: format!("person{number}@{shop}.example"), decisions: Vec::new() };
        for _ in 0..chance.between(1, 4) {
            self.draw_decision(chance, &mut person);
        }
        for count in 0..chance.below(3) {
            self.draw_sign_up(chance, &mut person, &format!("s{number}-{count}"));
        }
        if chance.one_in(3) {
            let at = after(start(), minutes(chance.below(100)));
            // As platforms do, it names the orders that there are.
            let orders = person.decisions.iter().filter_map(|(_, _, order)| order.as_ref());
            let orders = orders.filter(|order| order.placed_at <= at).map(|order| order.id.clone()).collect();
            self.erasures.push(Erasure { at, shop: shop.into(), email: person.email.clone(), orders });
        }
        self.repeat(chance, from);
        self.people.push(person);
    }

    /// Somebody signs up with an order, and leaves.
    pub(crate) fn leaver(&mut self, shop: &str) {
        let (placed_at, left_at) = (start(), after(start(), minutes(4)));
        let mut person = Person { shop: shop.into(), email: format!("leaver@{shop}.example"), decisions: Vec::new() };
        let order = person.order("s1", placed_at);
        self.hook(placed_at, shop, "order-placed", "order.placed", &order);
        person.decisions.push((placed_at, true, Some(Order { id: "s1".into(), placed_at })));
        let data = person.decision(left_at, false);
        self.hook(left_at, shop, "customer-updated", "customer.updated", &data);
        person.decisions.push((left_at, false, None));
        self.people.push(person);
    }

    /// With the customer's data, or on its own.
    fn draw_decision(&mut self, chance: &mut Chance, person: &mut Person) {
        let at = person.draw_time(chance);
        let given = chance.one_in(2);
        let mut data = person.decision(at, given);
        if !chance.one_in(4) {
            data["first_name"] = json!(format!("N{}", chance.below(3)));
            data["custom"] = json!({AS_OF: at.to_string()});
        }
        self.hook(at, &person.shop, "customer-updated", "customer.updated", &data);
        person.decisions.push((at, given, None));
    }

    /// An order whose buyer signs up with it, or has signed up before; perhaps it changes later, when its buyer may have
    /// left: that says nothing any more.
    fn draw_sign_up(&mut self, chance: &mut Chance, person: &mut Person, id: &str) {
        let decided_at = person.draw_time(chance);
        let tells_when = chance.one_in(2);
        let placed_at = if tells_when { after(decided_at, minutes(chance.below(20))) } else { decided_at };
        let mut data = person.order(id, placed_at);
        data["updated_at"] = json!(after(placed_at, minutes(chance.below(3))).to_string());
        if tells_when {
            data["customer"]["consent_at"] = json!(decided_at.to_string());
        }
        self.hook(placed_at, &person.shop, "order-placed", "order.placed", &data);
        if chance.one_in(3) {
            let updated_at = after(placed_at, minutes(chance.between(5, 90)));
            data["updated_at"] = json!(updated_at.to_string());
            data["status"] = json!("paid");
            self.hook(updated_at, &person.shop, "order-updated", "order.updated", &data);
        }
        person.decisions.push((decided_at, true, Some(Order { id: id.into(), placed_at })));
    }
}

impl Erasure {
    /// Queues the request, as ingest does when a platform asks.
    pub(crate) fn ask(&self, state: &mut State) {
        let Self { at, shop, email, orders } = self;
        let message = json!({
            "specversion": "1.0", "id": format!("erase-{}", email.replace('@', "-at-")), "source": format!("/shops/{shop}/canonical"),
            "type": "shoprelay.customer.erase", "subject": "erase", "receivedat": at.to_string(),
            "datacontenttype": "application/json",
            "data": {"person": {"email": email, "orders": orders, "requested_at": at.to_string()}},
        });
        state.enqueue(Destination::Websand, message.to_string());
    }
}

impl Person {
    /// A decision as a shop tells of it, on its own.
    fn decision(&self, at: Timestamp, given: bool) -> Value {
        let at = at.to_string();
        json!({"email": self.email, "marketing_consent": given, "consent_at": at, "updated_at": at})
    }

    /// A new order as a shop tells of it, with a sign-up.
    fn order(&self, id: &str, placed_at: Timestamp) -> Value {
        let placed_at = placed_at.to_string();
        json!({
            "id": id, "placed_at": placed_at, "updated_at": placed_at, "status": "placed",
            "customer": {"email": self.email, "marketing_consent": true},
            "items": [{"name": "Thing"}], "total": {"amount": "19.99", "currency": "EUR"},
        })
    }

    /// Within the first hour; now and then the very time of another decision.
    fn draw_time(&self, chance: &mut Chance) -> Timestamp {
        match self.decisions.len() {
            0 => after(start(), minutes(chance.below(60))),
            _ if !chance.one_in(4) => after(start(), minutes(chance.below(60))),
            _ => chance.pick(&self.decisions).0,
        }
    }

    /// What must hold for this person when everything has come to rest.
    pub(crate) fn check(&self, state: &State, erasures: &[Erasure], found: &mut Found) {
        let Self { shop, email, decisions } = self;
        let erasure = erasures.iter().find(|erasure| erasure.shop == *shop && erasure.email == *email);
        let is_forgotten = |at: Timestamp| erasure.is_some_and(|erasure| at <= erasure.at);
        let Some(row) = state.decision(shop, email) else {
            found.note(Invariant::FinalState, format!("{email} has no row"));
            return;
        };
        // A decision goes with the order it came with. At the same time a withdrawal counts.
        let counts = |at: Timestamp, order: &Option<Order>| {
            !is_forgotten(at) && order.as_ref().is_none_or(|order| !is_forgotten(order.placed_at))
        };
        let left = decisions.iter().filter(|(at, _, order)| counts(*at, order));
        let newest = left.max_by_key(|(at, given, _)| (*at, !given)).map(|(_, given, _)| *given);
        let mut said = state.websand.told.iter().filter(|(account, about, _)| account == shop && about == email);
        let last = said.next_back().map(|(_, _, given)| *given);
        let letters = || state.queue.dead.iter().filter(|letter| is_about(letter, shop, email));
        let is_given_up = letters().any(|letter| letter.reason != NO_WORDS);
        match newest {
            // Whatever was told before it was to be forgotten.
            None => {}
            _ if is_given_up => {}
            Some(false) if shop == WORDLESS => {
                let is_shown = row.attention == Some(Attention::WithdrawalNotExpressible);
                if row.state != Standing::Parked || !is_shown || !letters().any(|letter| letter.reason == NO_WORDS) {
                    let what = format!("{email} withdrew, and no person is called: {}", row.state.name());
                    found.note(Invariant::PersonCalled, what);
                }
            }
            newest if last != newest => {
                let what = format!("{email}: decided {newest:?}, Websand was last told {last:?}");
                found.note(Invariant::NewestDecision, what);
            }
            _ => {}
        }
        if let (Some(erasure), None, false) = (erasure, row.erased_at, is_given_up) {
            found.note(Invariant::FinalState, format!("{email} is not forgotten as of {}", erasure.at));
        }
        for order in decisions.iter().filter_map(|(_, _, order)| order.as_ref()) {
            let is_told =
                state.websand.transactions.iter().any(|told| told.id == format!("{shop}/{shop}-{}", order.id));
            if !is_told && !is_forgotten(order.placed_at) && !is_given_up {
                found.note(Invariant::FinalState, format!("order {} of {email} was never told", order.id));
            }
        }
    }
}

/// Why a withdrawal is given up where there are no words for it.
pub(crate) const NO_WORDS: &str = "withdrawal_not_expressible";

fn is_about(letter: &DeadLetter, shop: &str, email: &str) -> bool {
    letter.shop.as_ref().is_some_and(|name| name.as_str() == shop) && letter.body.contains(email)
}

impl State {
    /// Learns a person's customer key from a message about them.
    pub(crate) fn introduce(&mut self, body: &str) {
        let message: Value = serde_json::from_str(body).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        if message["type"] == "shoprelay.customer.updated" {
            let shop = text(&message["source"]).split('/').nth(2).unwrap_or_default().to_owned();
            self.keys.insert((shop, text(&message["data"]["email"])), text(&message["subject"]));
        }
    }

    /// The row of a person's decision.
    fn decision(&self, shop: &str, email: &str) -> Option<&Row> {
        let key = self.keys.get(&(shop.to_owned(), email.to_owned()))?;
        self.ledger.rows.get(&format!("{shop}#websand#consent#{key}"))
    }

    /// Websand hears what is written down: nothing else was decided later, as far as anybody knows.
    pub(crate) fn is_as_written(&mut self, shop: &str, email: &str, given: bool) {
        let written = self.decision(shop, email).and_then(|row| row.consent);
        let said = if given { Consent::Granted } else { Consent::Withdrawn };
        if written.is_some_and(|written| written != said) {
            let what = format!("{email} of {shop}: Websand is told {said:?} while {written:?} is written down");
            self.violated(Invariant::NewestDecision, what);
        }
    }

    /// Nothing from before somebody was forgotten reaches Websand, but what was under way then.
    pub(crate) fn is_not_forgotten(&mut self, shop: &str, customer: &Value, dated: &Value) {
        let email = customer["email"].as_str().unwrap_or_default();
        let dated: Option<Timestamp> = dated.as_str().and_then(|dated| dated.parse().ok());
        let Some((row, dated)) = self.decision(shop, email).zip(dated) else { return };
        let since = self.ledger.erased.get(&row.key.to_string()).map(|since| after(*since, UNDER_WAY));
        let is_stopped = row.erased_at.is_some_and(|erased_at| dated <= erased_at);
        if is_stopped && since.is_some_and(|since| self.now > since) {
            let what = format!("{email} of {shop} is forgotten, and Websand is told of {dated}");
            self.violated(Invariant::Forgotten, what);
        }
    }
}
