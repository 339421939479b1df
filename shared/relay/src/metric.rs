//! What is counted. A log line that has the right fields is a data point: the functions write it so that `CloudWatch`
//! makes metrics of it ([`crate::telemetry`]). How many there can be is bounded: only wrong signatures are counted by shop,
//! and only of shops that we know.

use tracing::Metadata;

/// The namespace of all metrics.
pub const NAMESPACE: &str = "shoprelay";

/// A metric, and the log lines it is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// What it is called.
    pub name: &'static str,
    /// Its unit, which a number of things goes without: it would only lengthen each line.
    pub unit: Option<&'static str>,
    /// A line with this field is a data point. If the field is the metric itself, its number is the value; else it is 1.
    pub field: &'static str,
    /// The fields by which it is counted, beside the stack. Each takes few values. A line without them is no data point.
    pub dimensions: &'static [&'static str],
}

/// All metrics.
pub const METRICS: [Metric; 7] = [
    // A person is needed, by the name of the [`crate::alarm::Alarm`].
    counted("alarms", "alarm", &["alarm"]),
    // Webhooks, by what became of them.
    counted("webhooks", "http_status", &["status"]),
    // Webhooks of shops that we know, whose signature is wrong.
    counted("wrong_signatures", "wrong_signatures", &["shop"]),
    // Messages that a forwarder had in hand, by what became of them.
    counted("messages", "outcome", &["destination", "outcome"]),
    // From the queue to the end: how long a message took.
    Metric { name: "latency_ms", unit: Some("Milliseconds"), field: "latency_ms", dimensions: &["destination"] },
    // Runs of the two schedules, and what failed in them.
    counted("runs", "schedule", &["schedule"]),
    counted("failed", "failed", &["schedule"]),
];

const fn counted(name: &'static str, field: &'static str, dimensions: &'static [&'static str]) -> Metric {
    Metric { name, unit: None, field, dimensions }
}

/// Whether lines of this place in the code are data points.
pub fn is_measured(place: &Metadata<'_>) -> bool {
    // Other crates have fields of such names, too.
    place.target().starts_with("relay") && METRICS.iter().any(|metric| place.fields().field(metric.field).is_some())
}
