//! Received webhooks: the webhook functions log one line each, which `CloudWatch` Logs can search.

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

/// What the functions write beside a receipt's fields.
const MESSAGE: &str = "webhook";

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

/// What `CloudWatch` Logs is to look for, so that it sends less. The answer is filtered again here.
fn pattern(wanted: &Wanted) -> String {
    let text = |text: &str| Value::from(text).to_string();
    let mut parts = vec![format!("$.message = {}", text(MESSAGE))];
    parts.extend(wanted.shop.as_ref().map(|shop| format!("$.shop = {}", text(shop.as_str()))));
    parts.extend(wanted.status.as_ref().map(|status| format!("$.status = {}", text(status))));
    // In a pattern some characters have a meaning of their own.
    let plain = |subject: &&String| subject.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    parts.extend(wanted.subject.as_ref().filter(plain).map(|subject| format!("$.subject = {}", text(subject))));
    format!("{{ {} }}", parts.join(" && "))
}

/// A receipt among the functions' other lines: its fields lie beside those that every line has, and the line's time is
/// the receipt's.
fn parse(line: &str) -> Option<Receipt> {
    let mut line: Value = serde_json::from_str(line).ok()?;
    let fields =
        line.as_object_mut().filter(|fields| fields.get("message").and_then(Value::as_str) == Some(MESSAGE))?;
    let at = fields.remove("timestamp")?;
    fields.insert("at".to_owned(), at);
    serde_json::from_value(line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_asks_for_the_shop_and_the_status() {
        assert_eq!(pattern(&Wanted::default()), r#"{ $.message = "webhook" }"#);
        let wanted = Wanted { shop: Some("acme".parse().unwrap()), status: Some("queued".into()), ..Wanted::default() };
        assert_eq!(pattern(&wanted), r#"{ $.message = "webhook" && $.shop = "acme" && $.status = "queued" }"#);
        let about = |subject: &str| pattern(&Wanted { subject: Some(subject.into()), ..Wanted::default() });
        assert_eq!(about("1002"), r#"{ $.message = "webhook" && $.subject = "1002" }"#);
        assert_eq!(about("a*"), pattern(&Wanted::default()), "a wildcard is no subject to search for");
    }

    #[test]
    fn a_receipt_is_known_among_other_lines() {
        let line = r#"{"timestamp":"2026-11-21T10:15:00.123456Z","level":"INFO","shop":"acme","platform":"shopify",
            "topic":"orders/create","status":"queued","http_status":202,"message":"webhook","target":"relay::ingest::receipt"}"#;
        let receipt = parse(line).unwrap();
        assert_eq!(
            (receipt.shop.as_deref(), receipt.status.as_str(), receipt.http_status),
            (Some("acme"), "queued", 202)
        );
        assert_eq!((receipt.at.to_string().as_str(), receipt.reason), ("2026-11-21T10:15:00.123456Z", None));
        for other in ["START RequestId: 1", r#"{"timestamp":"2026-11-21T10:15:00Z","message":"panic"}"#, "{}", "[]"] {
            assert!(parse(other).is_none(), "{other}");
        }
    }
}
