//! Everything that needs a person has an alarm, every alarm watches something that exists, and leads to its section in
//! the runbook.

use std::collections::BTreeSet;

use relay::{
    alarm::Alarm,
    metric::{METRICS, NAMESPACE},
};
use relay_tests::binaries::repository;
use serde_json::{Value, json};

use super::template::{set, translated};

mod watched;

use watched::Watched;
pub(super) use watched::watched;

/// What AWS counts by itself, as far as our alarms watch it.
const OF_AWS: [&str; 7] = [
    "AWS/SQS ApproximateAgeOfOldestMessage",
    "AWS/SQS ApproximateNumberOfMessagesNotVisible",
    "AWS/SQS ApproximateNumberOfMessagesVisible",
    "AWS/Lambda Errors",
    "AWS/Lambda Throttles",
    "AWS/DynamoDB ReadThrottleEvents",
    "AWS/DynamoDB WriteThrottleEvents",
];

/// Our metrics that are only looked at: nobody is called for them.
const ONLY_SHOWN: [&str; 2] = ["messages", "latency_ms"];

/// The functions that run every minute.
const SCHEDULED: [&str; 2] = ["PromotionDispatcher", "PushStatusPoller"];

/// The place of the dashboard's body in the template.
const DASHBOARD: &str = "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub";

/// Wrong signatures, by shop.
const QUERY: &str = "/Resources/WrongSignaturesAlarm/Properties/Metrics/0/Expression/Fn::Sub";
const ALL_STACKS: &str = "SELECT SUM(wrong_signatures) FROM SCHEMA(\"shoprelay\", stack, shop) GROUP BY shop";
const ONLY_STACK: &str =
    "SELECT SUM(wrong_signatures) FROM SCHEMA(\"shoprelay\", stack) WHERE stack = '${AWS::StackName}'";

#[test]
fn every_alarm_watches_something_and_everything_that_needs_a_person_is_watched() {
    assert_eq!(faults(translated(), &runbook()), Vec::<String>::new());
}

#[test]
fn each_rule_notices_a_template_that_breaks_it() {
    let (sound, runbook) = (translated(), runbook());
    for (place, value, expected) in [
        ("/Resources/WrongShopAlarm/Properties/Dimensions/1/Value", json!("wrong_shoe"), "wrong_shop: no alarm"),
        (
            "/Resources/RunsFailingPushStatusPollerAlarm/Properties/MetricName",
            json!("wrong"),
            "runs_failing: nobody counts wrong",
        ),
        (QUERY, json!("SELECT SUM(wrong) FROM SCHEMA(\"shoprelay\", stack, shop)"), "wrong_signatures: watches 0"),
        (QUERY, json!(ALL_STACKS), "wrong_signatures: watches 0"),
        (QUERY, json!(ONLY_STACK), "wrong_signatures: wrong_signatures is not counted by these"),
        ("/Resources/FunctionThrottlesAlarm/Properties/Metrics/9", json!({}), "Throttles PushStatusPoller: no alarm"),
        (
            "/Resources/PollerNotRunAlarm/Properties/Dimensions/1/Value",
            json!("poller"),
            "poller_not_run: there is no such",
        ),
        (
            "/Resources/UnavailableAlarm/Properties/Dimensions/1/Name",
            json!("shop"),
            "unavailable: webhooks is not counted by",
        ),
        ("/Resources/InFlightWebsandAlarm/Properties/MetricName", json!("X"), "in_flight: AWS/SQS X"),
        (
            "/Resources/DeadLettersWebsaleAlarm/Properties/AlarmDescription",
            json!("?"),
            "dead_letters: leads to no section",
        ),
        ("/Resources/DeadLettersWebsaleAlarm/Properties/AlarmActions", json!([]), "dead_letters: calls nobody"),
        ("/Resources/PollerNotRunAlarm/Properties/TreatMissingData", json!("notBreaching"), "poller_not_run: silence"),
        (DASHBOARD, json!("{\"widgets\": []}"), "dashboard: does not show latency_ms"),
    ] {
        let mut template = sound.clone();
        set(&mut template, place, value);
        let found = faults(&template, &runbook);
        assert!(found.iter().any(|fault| fault.contains(expected)), "{place}: {found:?}");
    }
    let found = faults(sound, &runbook.replace("### silence", "### quietness"));
    assert_eq!(found, ["silence: leads to no section", "quietness: a section without an alarm"]);
}

fn runbook() -> String {
    std::fs::read_to_string(repository().join("docs/runbook.md")).unwrap()
}

fn faults(template: &Value, runbook: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let sections: BTreeSet<_> = runbook.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let (mut names, mut seen, mut called) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let resources = || template["Resources"].as_object().unwrap().iter();
    for (_, resource) in resources().filter(|(_, resource)| resource["Type"] == "AWS::CloudWatch::Alarm") {
        let properties = &resource["Properties"];
        let name = properties["AlarmName"]["Fn::Sub"].as_str().and_then(|name| name.strip_prefix("${AWS::StackName}-"));
        let name = name.expect("an alarm's name begins with the stack's");
        // An alarm for each of several things: they share a section.
        let name = name.split('-').next().unwrap_or_default();
        names.insert(name);
        let link = format!("docs/runbook.md#{name}");
        let is_led = properties["AlarmDescription"].as_str().is_some_and(|text| text.ends_with(&link));
        if !is_led || !sections.contains(name) {
            faults.push(format!("{name}: leads to no section"));
        }
        if properties["AlarmActions"] != json!([{"Ref": "AlarmTopic"}]) {
            faults.push(format!("{name}: calls nobody"));
        }
        let waits = properties["ComparisonOperator"] == "LessThanThreshold";
        if waits && properties["TreatMissingData"] != "breaching" {
            faults.push(format!("{name}: silence is what it is about"));
        }
        let metrics = watched(properties);
        // More than ten are too many for AWS.
        if metrics.is_empty() || metrics.len() > 10 {
            faults.push(format!("{name}: watches {} metrics", metrics.len()));
        }
        for metric in metrics {
            watch(name, &metric, &mut faults);
            called.extend(metric.value("alarm").map(str::to_owned));
            seen.insert(metric.value("FunctionName").map_or(metric.name.into(), |of| format!("{} {of}", metric.name)));
        }
    }
    let functions = resources().filter(|(_, resource)| resource["Type"] == "AWS::Lambda::Function");
    // Of the two that are scheduled it is noticed that they have not run.
    let ends_badly = |name: &str| (!SCHEDULED.contains(&name)).then(|| format!("Errors {name}"));
    let of_functions =
        functions.flat_map(|(name, _)| ends_badly(name).into_iter().chain([format!("Throttles {name}")]));
    faults.extend(of_functions.filter(|one| !seen.contains(one)).map(|one| format!("{one}: no alarm")));
    faults.extend(sections.difference(&names).map(|name| format!("{name}: a section without an alarm")));
    let silent = Alarm::ALL.map(Alarm::name).into_iter().filter(|alarm| !called.contains(*alarm));
    faults.extend(silent.map(|alarm| format!("{alarm}: no alarm")));
    let unseen = METRICS.iter().filter(|metric| !ONLY_SHOWN.contains(&metric.name) && !seen.contains(metric.name));
    faults.extend(unseen.map(|metric| format!("{}: no alarm watches it", metric.name)));
    faults.extend(dashboard(template));
    faults
}

/// A metric of an alarm is one that somebody counts, in just this way.
fn watch(alarm: &str, metric: &Watched<'_>, faults: &mut Vec<String>) {
    let name = metric.name;
    if metric.namespace != NAMESPACE {
        let full = format!("{} {name}", metric.namespace);
        if !OF_AWS.contains(&full.as_str()) {
            faults.push(format!("{alarm}: {full} is not one of AWS's"));
        }
        return;
    }
    let Some(known) = METRICS.iter().find(|known| known.name == name) else {
        faults.push(format!("{alarm}: nobody counts {name}"));
        return;
    };
    let by = metric.by.iter().map(|(name, _)| *name);
    if !by.eq(["stack"].iter().chain(known.dimensions).copied()) {
        faults.push(format!("{alarm}: {name} is not counted by these"));
    }
    let schedules = ["promotion-dispatcher", "push-status-poller"];
    if metric.value("schedule").is_some_and(|schedule| !schedules.contains(&schedule)) {
        faults.push(format!("{alarm}: there is no such schedule"));
    }
}

/// The dashboard shows everything that we count.
fn dashboard(template: &Value) -> impl Iterator<Item = String> {
    let body = template.pointer(DASHBOARD).and_then(Value::as_str).expect("the template has a dashboard");
    let unseen = METRICS.iter().filter(move |metric| !body.contains(&format!("\\\"{}\\\"", metric.name)));
    unseen.map(|metric| format!("dashboard: does not show {}", metric.name))
}
