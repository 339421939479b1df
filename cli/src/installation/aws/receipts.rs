//! Received webhooks: the webhook functions log one line each, which CloudWatch Logs can search.

use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use relay::{
    clock::{Clock, SystemClock},
    ingest::Receipt,
};
use serde_json::{Value, json};

use super::{
    Aws,
    signed::{CallError, Service},
};
use crate::{command::CommandError, installation::Wanted};

/// The functions that receive webhooks.
pub(super) const FUNCTIONS: [&str; 5] =
    ["order-placed", "order-updated", "customer-updated", "promotion-scheduled", "promotion-cancelled"];

/// How far back the search goes. Logs are searched from old to new, so it begins with a short span.
const SPANS: [SignedDuration; 4] = [
    SignedDuration::from_hours(1),
    SignedDuration::from_hours(6),
    SignedDuration::from_hours(24),
    SignedDuration::from_hours(24 * 14),
];

impl Aws {
    /// The newest receipts first.
    pub(crate) async fn received(&self, wanted: &Wanted) -> Result<Vec<Receipt>, CommandError> {
        let now = SystemClock.now();
        let mut receipts = Vec::new();
        for span in SPANS {
            let since = now.saturating_sub(span).unwrap_or(Timestamp::UNIX_EPOCH);
            let searches = FUNCTIONS.map(|function| search(&self.logs, self.log_group(function), wanted, since));
            let found = try_join_all(searches).await;
            let found = found.map_err(|error| CommandError(format!("cannot search the logs: {error}")))?;
            receipts = found.into_iter().flatten().collect();
            if receipts.len() >= wanted.last {
                break;
            }
        }
        receipts.sort_by_key(|receipt: &Receipt| std::cmp::Reverse(receipt.at));
        receipts.truncate(wanted.last);
        Ok(receipts)
    }

    pub(super) fn log_group(&self, function: &str) -> String {
        format!("/aws/lambda/{}-{function}", self.stack)
    }
}

async fn search(logs: &Service, group: String, wanted: &Wanted, since: Timestamp) -> Result<Vec<Receipt>, CallError> {
    let mut receipts = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let mut input = json!({
            "logGroupName": group,
            "startTime": since.as_millisecond(),
            "filterPattern": pattern(wanted),
        });
        if let (Some(token), Some(input)) = (&token, input.as_object_mut()) {
            input.insert("nextToken".to_owned(), token.clone().into());
        }
        let answer = match logs.call("Logs_20140328.FilterLogEvents", &input).await {
            // A function that never ran has no log group.
            Err(CallError::Refused { code, .. }) if code == "ResourceNotFoundException" => return Ok(receipts),
            answer => answer?,
        };
        let events = answer.get("events").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let lines = events.iter().filter_map(|event| event.get("message")?.as_str());
        receipts.extend(lines.filter_map(parse).filter(|receipt| wanted.takes(receipt)));
        let next = answer.get("nextToken").and_then(Value::as_str).map(str::to_owned);
        if next.is_none() || next == token {
            return Ok(receipts);
        }
        token = next;
    }
}

/// What CloudWatch Logs is to look for, so that it sends less. The answer is filtered again here.
fn pattern(wanted: &Wanted) -> String {
    let text = |text: &str| Value::from(text).to_string();
    let mut parts = vec!["$.http_status = *".to_owned()];
    parts.extend(wanted.shop.as_ref().map(|shop| format!("$.shop = {}", text(shop.as_str()))));
    parts.extend(wanted.status.as_ref().map(|status| format!("$.status = {}", text(status))));
    format!("{{ {} }}", parts.join(" && "))
}

/// A receipt among the functions' other lines. Fields that have no value are absent or empty.
fn parse(line: &str) -> Option<Receipt> {
    let mut fields: Value = serde_json::from_str(line).ok()?;
    let fields = fields.as_object_mut()?;
    fields.retain(|_, value| value.as_str() != Some(""));
    serde_json::from_value(Value::Object(std::mem::take(fields))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_asks_for_the_shop_and_the_status() {
        assert_eq!(pattern(&Wanted::default()), "{ $.http_status = * }");
        let wanted = Wanted { shop: Some("acme".parse().unwrap()), status: Some("queued".into()), ..Wanted::default() };
        assert_eq!(pattern(&wanted), r#"{ $.http_status = * && $.shop = "acme" && $.status = "queued" }"#);
    }
}
