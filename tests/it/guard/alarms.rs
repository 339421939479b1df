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

/// The place of the dashboard's body in the template.
const DASHBOARD: &str = "/Resources/Dashboard/Properties/DashboardBody/Fn::Sub";

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
            "/Resources/WrongSignaturesAlarm/Properties/MetricName",
            json!("wrong"),
            "wrong_signatures: nobody counts wrong",
        ),
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
    let (mut names, mut watched, mut called) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for resource in template["Resources"].as_object().unwrap().values() {
        if resource["Type"] != "AWS::CloudWatch::Alarm" {
            continue;
        }
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
        watch(name, properties, &mut faults);
        watched.extend(properties["MetricName"].as_str());
        called.extend(dimension(properties, "alarm"));
    }
    faults.extend(sections.difference(&names).map(|name| format!("{name}: a section without an alarm")));
    let silent = Alarm::ALL.map(Alarm::name).into_iter().filter(|alarm| !called.contains(alarm));
    faults.extend(silent.map(|alarm| format!("{alarm}: no alarm")));
    let unseen = METRICS.iter().filter(|metric| !ONLY_SHOWN.contains(&metric.name) && !watched.contains(metric.name));
    faults.extend(unseen.map(|metric| format!("{}: no alarm watches it", metric.name)));
    faults.extend(dashboard(template));
    faults
}

/// A metric of an alarm is one that somebody counts, in just this way.
fn watch(name: &str, metric: &Value, faults: &mut Vec<String>) {
    let (namespace, metric_name) = (metric["Namespace"].as_str().unwrap(), metric["MetricName"].as_str().unwrap());
    if namespace != NAMESPACE {
        let full = format!("{namespace} {metric_name}");
        if !OF_AWS.contains(&full.as_str()) {
            faults.push(format!("{name}: {full} is not one of AWS's"));
        }
        return;
    }
    let Some(known) = METRICS.iter().find(|known| known.name == metric_name) else {
        faults.push(format!("{name}: nobody counts {metric_name}"));
        return;
    };
    let by = metric["Dimensions"].as_array().unwrap().iter().filter_map(|dimension| dimension["Name"].as_str());
    if !by.eq(["stack"].iter().chain(known.dimensions).copied()) {
        faults.push(format!("{name}: {metric_name} is not counted by these"));
    }
    let schedules = ["promotion-dispatcher", "push-status-poller"];
    if dimension(metric, "schedule").is_some_and(|schedule| !schedules.contains(&schedule)) {
        faults.push(format!("{name}: there is no such schedule"));
    }
}

/// The value of a metric's dimension.
fn dimension<'a>(metric: &'a Value, name: &str) -> Option<&'a str> {
    metric["Dimensions"].as_array()?.iter().find(|dimension| dimension["Name"] == name)?["Value"].as_str()
}

/// The dashboard shows everything that we count.
fn dashboard(template: &Value) -> impl Iterator<Item = String> {
    let body = template.pointer(DASHBOARD).and_then(Value::as_str).expect("the template has a dashboard");
    let unseen = METRICS.iter().filter(move |metric| !body.contains(&format!("\\\"{}\\\"", metric.name)));
    unseen.map(|metric| format!("dashboard: does not show {}", metric.name))
}
