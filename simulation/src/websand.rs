//! Websand: takes whatever it is told, and remembers it.

use serde_json::{Value, json};

use crate::{
    http::{Answered, Call, Done},
    people::AS_OF,
    world::State,
};

/// What Websand was told.
#[derive(Default)]
pub(crate) struct Websand {
    pub(crate) transactions: Vec<Transaction>,
    pub(crate) subscribers: Vec<Subscriber>,
    /// What was said about consent, by account and address, in the order it was said.
    pub(crate) told: Vec<(String, String, bool)>,
}

/// One accepted transaction.
#[derive(Debug)]
pub(crate) struct Transaction {
    /// Account and `_id`.
    pub(crate) id: String,
    pub(crate) status: String,
    /// Whether the caller heard that it was accepted.
    pub(crate) heard: bool,
}

/// One accepted subscriber.
#[derive(Debug)]
pub(crate) struct Subscriber {
    /// Whether the caller heard that it was accepted.
    pub(crate) heard: bool,
}

impl State {
    fn told(&mut self, account: &str, customer: &Value) {
        if let Some(said) = consent(customer) {
            let email = customer["email"].as_str().unwrap_or_default().to_owned();
            self.is_as_written(account, &email, said);
            self.is_not_forgotten(account, customer, &customer["subscribed_at"]);
            self.websand.told.push((account.to_owned(), email, said));
        }
    }

    /// Answers a call to Websand.
    pub(crate) fn websand(&mut self, call: &Call) -> Answered {
        let account = call.host.split('.').next().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match call.path.as_str() {
            "/api/data/transaction" => {
                let transaction = &call.body["transaction"];
                let customer = &transaction["customer"];
                self.is_not_forgotten(account, customer, &transaction["submit_datetime"]);
                self.told(account, customer);
                self.websand.transactions.push(Transaction {
                    id: format!("{account}/{}", text(&transaction["_id"])),
                    status: text(&transaction["status"]),
                    heard: false,
                });
                let done = Some(Done::Transaction(self.websand.transactions.len() - 1));
                Answered { status: 200, body: json!({}), done }
            }
            "/api/data/subscriber" => {
                let subscriber = &call.body["subscriber"];
                self.is_not_forgotten(account, subscriber, &subscriber[AS_OF]);
                self.told(account, subscriber);
                self.websand.subscribers.push(Subscriber { heard: false });
                let done = Some(Done::Subscriber(self.websand.subscribers.len() - 1));
                Answered { status: 200, body: json!({}), done }
            }
            _ => Answered::of(404, json!({})),
        }
    }
}

/// As the simulated shops' settings write it.
fn consent(customer: &Value) -> Option<bool> {
    match customer["optin"].as_str()? {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}
