//! The functions, their environment, and what wakes them.

use relay_tests::template::Template;
use serde_json::{Value, json};

use super::{Faults, target};

/// Each function with its time-out and its variables, beside those that all have. Which queue, which table and so on a
/// variable is about, its name says ([`VALUES`]).
const FUNCTIONS: [(&str, u64, &[&str]); 9] = [
    ("OrderPlaced", 10, &["WEBSAND_QUEUE_URL", "WEBSAND_DLQ_URL"]),
    ("OrderUpdated", 10, &["WEBSAND_QUEUE_URL", "WEBSAND_DLQ_URL"]),
    ("CustomerUpdated", 10, &["WEBSAND_QUEUE_URL", "WEBSAND_DLQ_URL"]),
    ("PromotionScheduled", 10, &["WEBSALE_QUEUE_URL", "WEBSALE_DLQ_URL"]),
    ("PromotionCancelled", 10, &["WEBSALE_QUEUE_URL", "WEBSALE_DLQ_URL"]),
    (
        "WebsandForwarder",
        60,
        &[
            "WEBSAND_QUEUE_URL",
            "WEBSAND_DLQ_URL",
            "WEBSALE_DLQ_URL",
            "LEDGER_TABLE",
            "WEBSAND_URL",
            "BIGCOMMERCE_URL",
            "WORKERS",
        ],
    ),
    (
        "WebsaleForwarder",
        120,
        &["WEBSALE_QUEUE_URL", "WEBSALE_DLQ_URL", "LEDGER_TABLE", "WEBSALE_URL", "WEBSALE_LOGIN_URL", "WORKERS"],
    ),
    ("PromotionDispatcher", 60, &["WEBSALE_QUEUE_URL", "LEDGER_TABLE"]),
    ("PushStatusPoller", 60, &["LEDGER_TABLE", "WEBSALE_URL", "WEBSALE_LOGIN_URL", "WORKERS"]),
];

/// What each variable refers to.
const VALUES: [(&str, &[&str]); 13] = [
    ("LOG", &["LogFilter"]),
    ("STACK", &["AWS::StackName"]),
    ("SECRET_PREFIX", &["SecretPrefix"]),
    ("WEBSAND_QUEUE_URL", &["WebsandQueue"]),
    ("WEBSAND_DLQ_URL", &["WebsandDeadLetters"]),
    ("WEBSALE_QUEUE_URL", &["WebsaleQueue"]),
    ("WEBSALE_DLQ_URL", &["WebsaleDeadLetters"]),
    ("LEDGER_TABLE", &["Ledger"]),
    ("WEBSAND_URL", &["WebsandUrl"]),
    ("WEBSALE_URL", &["WebsaleUrl"]),
    ("WEBSALE_LOGIN_URL", &["WebsaleLoginUrl"]),
    ("BIGCOMMERCE_URL", &["BigcommerceUrl"]),
    ("WORKERS", &["WebsandConcurrency", "WebsaleConcurrency"]),
];

pub(super) fn faults(template: &Template) -> Vec<String> {
    let mut faults = Faults::default();
    let there = template.of("AWS::Lambda::Function").map(|(name, _)| name);
    let unknown: Vec<_> = there.filter(|name| !FUNCTIONS.iter().any(|(known, ..)| known == name)).collect();
    faults.unless(unknown.is_empty(), || format!("functions without rules: {unknown:?}"));
    for (name, timeout, variables) in FUNCTIONS {
        let function = template.properties(name);
        faults.unless(function["Timeout"] == timeout, || format!("{name}: not its time-out"));
        faults.unless(function["Runtime"] == "provided.al2023" && function["Handler"] == "bootstrap", || {
            format!("{name}: not the runtime that it is built for")
        });
        faults.unless(function["Architectures"] == json!([{"Ref": "Architecture"}]), || {
            format!("{name}: not the architecture that it is built for")
        });
        // Reserved concurrency would throttle its queue's poller, which counts as receiving.
        faults.unless(function["ReservedConcurrentExecutions"].is_null(), || {
            format!("{name}: throttling counts as receiving")
        });
        environment(name, &function["Environment"]["Variables"], variables, &mut faults);
    }
    for name in ["PromotionDispatcher", "PushStatusPoller"] {
        woken(template, name, &mut faults);
    }
    faults.0
}

fn environment(function: &str, found: &Value, variables: &[&str], faults: &mut Faults) {
    let expected = || variables.iter().chain(&["LOG", "SECRET_PREFIX", "STACK"]);
    let variables = found.as_object().cloned().unwrap_or_default();
    for name in expected().filter(|name| !variables.contains_key(&format!("SHOPRELAY_{name}"))) {
        faults.0.push(format!("{function}: SHOPRELAY_{name} is missing"));
    }
    for (variable, value) in &variables {
        let name = variable.strip_prefix("SHOPRELAY_").filter(|name| expected().any(|known| known == name));
        let refers = VALUES.iter().find(|(known, _)| Some(*known) == name).map(|(_, refers)| *refers);
        faults.unless(refers.is_some_and(|refers| refers.iter().any(|name| *value == json!({"Ref": name}))), || {
            format!("{function}: {variable} is not what it reads, or refers to something else")
        });
    }
}

/// Exactly one schedule, which is on, and leaves behind what it could not start.
fn woken(template: &Template, function: &str, faults: &mut Faults) {
    let of_it = |schedule: &Value| target(&schedule["Target"]["Arn"]) == Some(function);
    let schedules: Vec<_> = template.of("AWS::Scheduler::Schedule").filter(|(_, schedule)| of_it(schedule)).collect();
    let [(name, schedule)] = schedules[..] else {
        faults.0.push(format!("{function}: woken by {} schedules", schedules.len()));
        return;
    };
    // "1 minutes" is refused by AWS and taken by the emulator.
    faults.unless(schedule["ScheduleExpression"] == "rate(1 minute)", || format!("{name}: not every minute"));
    let on = schedule["State"] == json!({"Ref": "ScheduleState"}) && template.parameter("ScheduleState") == "ENABLED";
    faults.unless(on, || format!("{name}: off"));
    let aim = &schedule["Target"];
    faults.unless(target(&aim["DeadLetterConfig"]["Arn"]).is_some(), || format!("{name}: no dead-letter queue"));
    faults.unless(!aim["RetryPolicy"]["MaximumRetryAttempts"].is_null(), || format!("{name}: retries for a day"));
}
