//! Log lines from which `CloudWatch` takes metrics: its embedded metric format. A line stays what it is and gets two members
//! more, the stack and what in the line is a metric.

use std::fmt::{self, Debug, Write};

use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use crate::{
    clock::{Clock, SystemClock},
    metric::{METRICS, Metric, NAMESPACE, is_measured},
};

/// Writes lines as `lines` does, and adds metrics if there is a stack to count them for.
pub(super) struct EmbeddedMetrics<L> {
    pub(super) lines: L,
    pub(super) stack: Option<String>,
}

impl<S, N, L> FormatEvent<S, N> for EmbeddedMetrics<L>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    L: FormatEvent<S, N>,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let metrics =
            self.stack.as_deref().filter(|_| is_measured(event.metadata())).map(|stack| (stack, found(event)));
        let Some((stack, metrics)) = metrics.filter(|(_, metrics)| !metrics.is_empty()) else {
            return self.lines.format_event(context, writer, event);
        };
        let mut line = String::with_capacity(1024);
        self.lines.format_event(context, Writer::new(&mut line), event)?;
        let open = line.trim_end().strip_suffix('}').ok_or(fmt::Error)?;
        writer.write_str(open)?;
        add(&mut writer, stack, &metrics, SystemClock.now().as_millisecond())?;
        writer.write_str("}\n")
    }
}

/// The metrics that this event is a data point of.
fn found(event: &Event<'_>) -> Vec<&'static Metric> {
    let mut present = Present(Vec::with_capacity(16));
    event.record(&mut present);
    let is_there = |name: &&'static str| present.0.contains(name);
    METRICS.iter().filter(|metric| is_there(&metric.field) && metric.dimensions.iter().all(is_there)).collect()
}

/// The names of the fields that have a value.
struct Present(Vec<&'static str>);

impl Visit for Present {
    fn record_debug(&mut self, field: &Field, _: &dyn Debug) {
        self.0.push(field.name());
    }
}

/// Writes the members that make an object with the metrics' fields an object of the embedded metric format. A stack's name
/// needs no escapes.
fn add(line: &mut impl Write, stack: &str, metrics: &[&Metric], at: i64) -> fmt::Result {
    write!(line, r#","stack":"{stack}""#)?;
    for Metric { name, .. } in metrics.iter().filter(|metric| metric.name != metric.field) {
        write!(line, r#","{name}":1"#)?;
    }
    write!(line, r#","_aws":{{"Timestamp":{at},"CloudWatchMetrics":["#)?;
    for (index, Metric { name, unit, dimensions, .. }) in metrics.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        write!(line, r#"{comma}{{"Namespace":"{NAMESPACE}","Dimensions":[["stack""#)?;
        for dimension in *dimensions {
            write!(line, r#","{dimension}""#)?;
        }
        write!(line, r#"]],"Metrics":[{{"Name":"{name}""#)?;
        if let Some(unit) = unit {
            write!(line, r#","Unit":"{unit}""#)?;
        }
        line.write_str("}]}")?;
    }
    line.write_str("]}")
}

#[cfg(test)]
mod tests;
