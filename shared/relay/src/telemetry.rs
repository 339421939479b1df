//! Logs: JSON lines on standard output, filtered by `SHOPRELAY_LOG`.
//!
//! In the functions a line that is a data point ([`crate::metric`]) is written so that `CloudWatch` makes metrics of it. Such
//! lines are written whatever the filter says, so that no alarm depends on it.
//!
//! A line never holds a body, a signature, a secret or an address. Shops, ids, types, states and durations are fine.

use tracing_subscriber::{
    Layer,
    filter::{FilterExt, LevelFilter, Targets, filter_fn},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::{
    config::{ConfigError, Variables},
    metric,
};

mod embedded_metrics;
#[cfg(test)]
pub(crate) mod watch;

use embedded_metrics::EmbeddedMetrics;

/// Where log lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sink {
    /// Standard output as JSON, with metrics if `SHOPRELAY_STACK` is set: Lambda sends it to `CloudWatch`.
    StdoutJson,
    /// Standard error as text: for a person at a terminal.
    StderrText,
}

/// Starts logging. `SHOPRELAY_LOG` is a filter such as `info` or `warn,relay=debug`.
///
/// # Errors
/// `SHOPRELAY_LOG` is not a filter.
pub fn start(variables: Variables<'_>, sink: Sink) -> Result<(), ConfigError> {
    const NAME: &str = "SHOPRELAY_LOG";
    let filter: Targets = variables
        .text(NAME)
        .unwrap_or_else(|| "info".into())
        .parse()
        .map_err(|_| ConfigError { name: NAME, problem: "must be a filter such as info or warn,relay=debug".into() })?;
    let filter = without_trace(filter);
    // A panic's message may quote what it was about, such as a piece of a name; its place is enough.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, "panic");
    }));
    // A second start (in tests) keeps the first subscriber.
    let _ = match sink {
        Sink::StdoutJson => {
            let stack = variables.text("SHOPRELAY_STACK");
            let has_metrics = stack.is_some();
            let data_points = filter_fn(move |place| has_metrics && metric::is_measured(place));
            let filter = filter.or(data_points.with_max_level_hint(LevelFilter::INFO));
            // Logs are paid for by the byte, and the only spans are those of Lambda's runtime.
            let lines = fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
            let lines = lines.map_event_format(|lines| EmbeddedMetrics { lines, stack });
            tracing_subscriber::registry().with(lines.with_filter(filter)).try_init()
        }
        Sink::StderrText => tracing_subscriber::registry()
            .with(fmt::layer().with_writer(std::io::stderr).with_filter(filter))
            .try_init(),
    };
    Ok(())
}

/// At `trace` the crates for AWS and Lambda write down what they carry: webhooks, messages, signatures. So `trace` shows
/// no more than `debug`.
fn without_trace(filter: Targets) -> Targets {
    let default = filter.default_level().unwrap_or(LevelFilter::OFF).min(LevelFilter::DEBUG);
    let targets = filter.into_iter().map(|(target, level)| (target, level.min(LevelFilter::DEBUG)));
    targets.collect::<Targets>().with_default(default)
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn nothing_is_ever_logged_at_trace() {
        let filter = without_trace("trace,lambda_runtime=trace,relay=warn".parse().unwrap());
        for target in ["lambda_runtime", "aws_smithy_runtime::client", "relay"] {
            assert!(!filter.would_enable(target, &Level::TRACE), "{target}");
        }
        assert!(filter.would_enable("lambda_runtime", &Level::DEBUG));
        assert!(filter.would_enable("relay::ingest", &Level::WARN) && !filter.would_enable("relay", &Level::INFO));
    }
}
