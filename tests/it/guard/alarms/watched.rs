//! The metrics that an alarm watches.

use serde_json::Value;

/// One metric of an alarm.
pub(crate) struct Watched<'t> {
    pub(crate) namespace: &'t str,
    pub(crate) name: &'t str,
    /// What it is counted by, in this order, and which value is watched. A query watches every value: `*`.
    pub(crate) by: Vec<(&'t str, &'t str)>,
}

impl Watched<'_> {
    /// The value that is watched of what it is counted by.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.by.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

/// The only one, those of an expression, or that of a query.
pub(crate) fn watched(alarm: &Value) -> Vec<Watched<'_>> {
    let Some(list) = alarm["Metrics"].as_array() else { return vec![named(alarm)] };
    let found = list.iter().map(|entry| match entry["Expression"]["Fn::Sub"].as_str() {
        Some(query) => queried(query),
        None => Some(&entry["MetricStat"]["Metric"]).filter(|metric| !metric.is_null()).map(named),
    });
    found.flatten().collect()
}

fn named(metric: &Value) -> Watched<'_> {
    let dimensions = metric["Dimensions"].as_array().into_iter().flatten();
    Watched {
        namespace: metric["Namespace"].as_str().unwrap_or_default(),
        name: metric["MetricName"].as_str().unwrap_or_default(),
        by: dimensions.map(|it| (text(&it["Name"]), text(&it["Value"]))).collect(),
    }
}

/// A text, or what it refers to.
fn text(value: &Value) -> &str {
    value.as_str().or(value["Ref"].as_str()).unwrap_or_default()
}

/// `SELECT SUM(name) FROM SCHEMA("namespace", by, …) WHERE stack = '…' GROUP BY …`
fn queried(query: &str) -> Option<Watched<'_>> {
    let inside = |before: &str| query.split_once(before)?.1.split_once(')').map(|(inside, _)| inside);
    let mut schema = inside("FROM SCHEMA(")?.split(',').map(|word| word.trim().trim_matches('"'));
    let own_stack = query.contains("WHERE stack = '${AWS::StackName}'");
    own_stack.then_some(())?;
    Some(Watched { name: inside("SELECT SUM(")?, namespace: schema.next()?, by: schema.map(|by| (by, "*")).collect() })
}
