//! Medians, and ratios to the server without a store.

use std::{fmt::Write, time::Duration};

use serde_json::{Value, json};

use crate::rounds::{Figures, Plan, Round};

/// Medians of a kind's rounds.
struct Medians {
    rate: f64,
    p50: f64,
    p99: f64,
    cpu: f64,
    memory: f64,
    start: f64,
}

impl Medians {
    fn of(rounds: &[Round]) -> Self {
        let median = |figure: fn(&Round) -> f64| {
            let mut all: Vec<f64> = rounds.iter().map(figure).collect();
            all.sort_by(f64::total_cmp);
            all.get(all.len() / 2).copied().unwrap_or_default()
        };
        Self {
            rate: median(|round| round.rate),
            p50: median(|round| milliseconds(round.p50)),
            p99: median(|round| milliseconds(round.p99)),
            cpu: median(|round| milliseconds(round.cpu) * 1000.0),
            memory: median(|round| mebibytes(round.memory)),
            start: median(|round| milliseconds(round.start)),
        }
    }

    fn json(&self) -> Value {
        json!({"accepted_per_second": self.rate, "p50_ms": self.p50, "p99_ms": self.p99,
            "cpu_us_per_webhook": self.cpu, "peak_memory_mib": self.memory, "start_ms": self.start})
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn mebibytes(kibibytes: u64) -> f64 {
    f64::from(u32::try_from(kibibytes).unwrap_or(u32::MAX)) / 1024.0
}

/// As a table.
pub(crate) fn table(plan: &Plan, figures: &Figures) -> String {
    let mut text =
        "| server | accepted/s | of the first | p50 ms | p99 ms | CPU µs a webhook | memory MiB | start ms |\n\
         |---|---|---|---|---|---|---|---|\n"
            .to_owned();
    let nowhere = Medians::of(&figures.nowhere);
    let long = format!("{} messages waiting", plan.waiting);
    let kinds = [("without a store", &figures.nowhere), ("empty queue", &figures.empty), (&long, &figures.long)];
    for (name, rounds) in kinds {
        let Medians { rate, p50, p99, cpu, memory, start } = Medians::of(rounds);
        let of_first = rate / nowhere.rate;
        // Writing to a String never fails.
        let _ = writeln!(
            text,
            "| {name} | {rate:.0} | {of_first:.2} | {p50:.1} | {p99:.1} | {cpu:.0} | {memory:.1} | {start:.0} |"
        );
    }
    if let Some((round, rate)) = &figures.delivered {
        let Medians { rate: accepted, p50, p99, cpu, memory, start } = Medians::of(std::slice::from_ref(round));
        let _ = writeln!(
            text,
            "| accepting and delivering | {accepted:.0} ({rate:.0} delivered) | {:.2} | {p50:.1} | {p99:.1} | {cpu:.0} | {memory:.1} | {start:.0} |",
            accepted / nowhere.rate
        );
    }
    text
}

/// For programs.
pub(crate) fn json(figures: &Figures) -> String {
    let delivered = figures.delivered.as_ref().map(|(round, rate)| {
        let mut value = Medians::of(std::slice::from_ref(round)).json();
        value["delivered_per_second"] = (*rate).into();
        value
    });
    json!({
        "without_store": Medians::of(&figures.nowhere).json(),
        "empty_queue": Medians::of(&figures.empty).json(),
        "long_queue": Medians::of(&figures.long).json(),
        "accepting_and_delivering": delivered,
    })
    .to_string()
}
