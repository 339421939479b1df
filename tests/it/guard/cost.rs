//! The page about cost is what its command prints from the measured figures and the prices.

use std::process::Command;

use relay_tests::binaries::repository;
use serde_json::Value;

use super::{alarms::watched, template::translated};

#[test]
fn the_page_is_what_the_command_prints() {
    let output = Command::new("python3").arg(repository().join("infra/cost/cost.py")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = std::fs::read_to_string(repository().join("docs/cost.md")).unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), page, "python3 infra/cost/cost.py > docs/cost.md");
}

#[test]
fn the_alarms_that_are_paid_for_are_those_in_the_template() {
    let measured = std::fs::read_to_string(repository().join("infra/cost/measured.json")).unwrap();
    let measured: Value = serde_json::from_str(&measured).unwrap();
    let resources = translated()["Resources"].as_object().unwrap().values();
    // AWS counts the metrics that alarms look at.
    let alarms = resources.filter(|resource| resource["Type"] == "AWS::CloudWatch::Alarm");
    let metrics: usize = alarms.map(|alarm| watched(&alarm["Properties"]).len()).sum();
    assert_eq!(measured["assumed"]["fixed"]["alarm_metrics"], metrics);
}
