//! What arrives at the sandbox, told in one line a request.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Party, Received, Sandbox};

/// How far the story has been told.
#[derive(Default)]
pub(crate) struct Story {
    /// Everything up to here.
    told: u64,
    /// And these, which overtook others.
    ahead: BTreeSet<u64>,
}

/// One line.
pub(crate) struct Line {
    pub(crate) destination: &'static str,
    pub(crate) what: String,
    pub(crate) detail: String,
}

impl Story {
    /// A story that goes on from here.
    pub(crate) fn after(sandbox: &Sandbox) -> Self {
        Self { told: sandbox.received(0).last().map_or(0, |last| last.number), ahead: BTreeSet::new() }
    }

    /// What has ended since.
    pub(crate) fn news(&mut self, sandbox: &Sandbox) -> Vec<Line> {
        let mut received = sandbox.received(self.told);
        received.retain(|each| (each.status.is_some() || each.reset) && self.ahead.insert(each.number));
        while self.ahead.remove(&(self.told + 1)) {
            self.told += 1;
        }
        // The whole state is worth its making only where it is told.
        let told = received.iter().any(|each| each.call == Some("websale.status"));
        let state = if told { sandbox.state() } else { Value::Null };
        received.iter().map(|each| line(each, &state)).collect()
    }
}

fn line(received: &Received, state: &Value) -> Line {
    let destination = received.destination.map_or("sandbox", Party::title);
    let (what, detail) = match received.call {
        Some(call) if received.processed => told(call, received, state),
        _ => (format!("{} {}", received.method, received.path), "no effect".to_owned()),
    };
    let status = received.status.map_or_else(|| "reset".to_owned(), |status| status.to_string());
    Line { destination, what, detail: format!("{status} {detail}") }
}

/// What was called, and the part of it that a reader knows again.
fn told(call: &str, received: &Received, state: &Value) -> (String, String) {
    let (body, id) = (&received.body, &received.subject["id"]);
    match call {
        "websand.transaction" => {
            let transaction = &body["transaction"];
            let total = &transaction["total"];
            let items = transaction["items"].as_array().map_or(0, Vec::len);
            let customer = &transaction["customer"];
            let consent = match &customer["marketing_consent"] {
                Value::Null => "no word of consent".to_owned(),
                consent => plain(consent),
            };
            let detail = format!(
                "{} {}, {items} item(s), {}, {consent}",
                plain(&total["total"]),
                plain(&total["currency"]),
                plain(&customer["email"]),
            );
            (format!("transaction {}", plain(&transaction["_id"])), detail)
        }
        "websand.subscriber" => {
            let subscriber = &body["subscriber"];
            (format!("subscriber {}", plain(&subscriber["email"])), plain(&subscriber["marketing_consent"]))
        }
        "websale.login" => ("log-in".to_owned(), format!("as {}", plain(&body["username"]))),
        "websale.create" => {
            let kind = ["push", "news", "teaser"]
                .get(body["newsType"].as_u64().map_or(3, |kind| usize::try_from(kind).unwrap_or(3)));
            let name = if body["title"].is_string() { &body["title"] } else { &body["image_url"] };
            let active = if body["active"] == true { "active" } else { "inactive" };
            (format!("create {} #{id}", kind.unwrap_or(&"entry")), format!("\"{}\", {active}", plain(name)))
        }
        "websale.edit" => {
            let fields: Vec<&str> = body.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
            let detail = if body["active"] == true { "activated".to_owned() } else { fields.join(", ") };
            (format!("edit #{id}"), detail)
        }
        "websale.send" => (format!("send push #{id}"), String::new()),
        "websale.personalised" => (
            format!("personalised push #{id}"),
            format!("\"{}\" to {}", plain(&body["message"]["title"]), body["filter"]),
        ),
        "websale.status" => (format!("status of #{id}"), progress(id, state)),
        "shop.callback" => (format!("callback: {}", plain(&received.subject["status"])), callback(&body["data"])),
        "shopware.token" => ("token".to_owned(), format!("for {}", plain(id))),
        "shopware.search" => (format!("read {}", plain(&received.subject["entity"])), plain(id)),
        "shopware.search-ids" => (format!("look for any {}", plain(&received.subject["entity"])), String::new()),
        call => (format!("read {}", call.rsplit('.').next().unwrap_or(call)), plain(id)),
    }
}

/// What a shop was told.
fn callback(data: &Value) -> String {
    let counts = match (&data["sent"], &data["receivers"]) {
        (Value::Null, _) => String::new(),
        (sent, receivers) => format!(", {sent} of {receivers} sent, {} failed", data["errors"]),
    };
    let reason = data["reason"].as_str().map(|reason| format!(", {reason}")).unwrap_or_default();
    format!("{}{counts}{reason}", plain(&data["id"]))
}

/// How far a dispatch is.
fn progress(id: &Value, state: &Value) -> String {
    let dispatches = state["websale"]["dispatches"].as_array();
    let found = dispatches.into_iter().flatten().find(|dispatch| dispatch["id"] == *id);
    found.map_or_else(String::new, |dispatch| {
        let (sent, all) = (&dispatch["countSent"], &dispatch["countReceiver"]);
        format!("{}, {sent} of {all} sent, {} failed", plain(&dispatch["status"]), dispatch["countError"])
    })
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
