use std::{
    io,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tracing_subscriber::{fmt, layer::SubscriberExt};

use super::*;
use crate::alarm::Alarm;

/// What is written, for tests.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The lines that are logged meanwhile.
fn logged(stack: Option<&str>, log: impl FnOnce()) -> Vec<Value> {
    let (page, stack) = (Page::default(), stack.map(str::to_owned));
    let to = page.clone();
    let lines = fmt::layer().json().flatten_event(true).with_current_span(false).with_writer(move || to.clone());
    let lines = lines.map_event_format(|lines| EmbeddedMetrics { lines, stack });
    tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), log);
    let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn an_alarm_is_counted_by_its_name_and_the_shop_is_only_told() {
    let lines = logged(Some("relay"), || {
        tracing::error!(alarm = %Alarm::WrongShop, shop = "acme", "a webhook of another shop");
    });
    let line = &lines[0];
    assert_eq!((&line["alarm"], &line["alarms"], &line["shop"]), (&json!("wrong_shop"), &json!(1), &json!("acme")));
    assert_eq!(line["stack"], "relay");
    assert!(line["_aws"]["Timestamp"].is_u64());
    let expected = json!([{"Namespace": "shoprelay", "Dimensions": [["stack", "alarm"]],
        "Metrics": [{"Name": "alarms"}]}]);
    assert_eq!(line["_aws"]["CloudWatchMetrics"], expected);
}

#[test]
fn a_line_may_be_a_data_point_of_several_metrics() {
    let lines = logged(Some("relay"), || {
        tracing::info!(destination = "websand", outcome = "delivered", latency_ms = 712_u64, "settled");
    });
    let names: Vec<_> = lines[0]["_aws"]["CloudWatchMetrics"].as_array().unwrap().iter().collect();
    let names: Vec<_> = names.iter().map(|one| one["Metrics"][0]["Name"].as_str().unwrap()).collect();
    assert_eq!(names, ["messages", "latency_ms"]);
    assert_eq!((&lines[0]["messages"], &lines[0]["latency_ms"]), (&json!(1), &json!(712)));
}

#[test]
fn what_lacks_a_dimension_or_a_stack_is_a_line_like_any_other() {
    let absent: Option<&str> = None;
    let log = || {
        tracing::info!(outcome = "rejected", "no destination");
        tracing::info!(destination = absent, outcome = "delivered", "nor here");
        tracing::info!("nothing");
    };
    for line in logged(Some("relay"), log) {
        assert!(line.get("_aws").is_none() && line.get("stack").is_none(), "{line}");
    }
    let lines = logged(None, || tracing::error!(alarm = %Alarm::WrongShop, "a person is needed"));
    assert!(lines[0].get("_aws").is_none() && lines[0].get("alarms").is_none(), "{}", lines[0]);
}

#[test]
fn every_metric_with_all_its_dimensions_keeps_the_formats_rules() {
    let mut line = r#"{"x":1"#.to_owned();
    add(&mut line, "relay", &METRICS.each_ref(), 1_767_225_600_000).unwrap();
    let value: Value = serde_json::from_str(&format!("{line}}}")).unwrap();
    assert_eq!(value["_aws"]["Timestamp"], 1_767_225_600_000_u64);
    for (metric, directive) in METRICS.iter().zip(value["_aws"]["CloudWatchMetrics"].as_array().unwrap()) {
        assert_eq!(directive["Dimensions"][0].as_array().unwrap().len(), metric.dimensions.len() + 1);
        assert!([None, Some("Milliseconds")].contains(&directive["Metrics"][0]["Unit"].as_str()));
    }
}
