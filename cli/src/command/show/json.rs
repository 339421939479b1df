//! Ledger rows as JSON for programs.

use relay::ledger::Row;
use serde_json::{Value, json};

use super::words;

/// The row for programs: what operators may rely on, none of what only the machinery needs.
pub(crate) fn of(row: &Row) -> Value {
    json!({
        "shop": row.key.shop,
        "destination": row.key.destination,
        "kind": row.key.kind,
        "subject": row.key.subject,
        "state": words::state_name(row),
        "connection": row.connection,
        "final": row.state.is_final(),
        "attention": row.attention,
        "dead_letter_of": row.letter.as_ref().filter(|_| row.attention.is_some()),
        "next": row.due.map(|due| json!({"purpose": due.purpose, "at": due.at})),
        "not_before": row.not_before,
        "revision": row.revision.map(|revision| json!({"time": revision.time, "received_at": revision.received_at})),
        "order_number": row.order_number,
        "order_status": row.order_status,
        "consent": row.consent,
        "channel": row.promotion.as_ref().map(|plan| plan.channel),
        "send_at": row.promotion.as_ref().and_then(|plan| plan.send_at),
        "send_before": row.promotion.as_ref().and_then(|plan| plan.send_before),
        "steps": row.steps,
        "remote_id": row.remote_id,
        "dispatch": row.poll,
        "callbacks": row.callbacks.as_ref().map(|owed| json!({"owed": owed.owed, "next": owed.at, "failed": owed.failed})),
        "tries": words::tries(row).unwrap_or_default(),
        "last_error": row.last_error,
        "first_at": row.first_at,
        "last_at": row.last_at,
    })
}
