//! Times and memory over several fresh processes.

use std::{ffi::OsString, fmt, time::Duration};

use crate::{
    Failure,
    chain::Chain,
    function::Function,
    round::{self, Plan, Round},
};

/// Medians over all rounds, with the smallest and the largest.
#[derive(Clone, Debug)]
pub(crate) struct Times {
    /// Milliseconds.
    pub(crate) init: Spread,
    pub(crate) init_cpu: Spread,
    pub(crate) cold: Spread,
    pub(crate) cold_cpu: Spread,
    pub(crate) both_cpu: Spread,
    pub(crate) warm_median: Spread,
    pub(crate) warm_p99: Spread,
    pub(crate) warm_cpu: Spread,
    /// Megabytes.
    pub(crate) memory: Spread,
    /// Of the last round, by service.
    pub(crate) connections: String,
}

/// A median and how far the values lie apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} ({:.2}–{:.2})", self.median, self.least, self.most)
    }
}

/// Runs the program in so many fresh processes.
pub(crate) async fn time(
    chain: &Chain,
    function: Function,
    words: &[OsString],
    rounds: usize,
    warm: usize,
) -> Result<Times, Failure> {
    let mut all = Vec::new();
    for _ in 0..rounds.max(1) {
        all.push(round::run(chain, Plan { function, words, warm }).await?);
    }
    let spread = |value: &dyn Fn(&Round) -> f64| spread(all.iter().map(value).collect());
    let invocations = f64::from(u32::try_from(warm.max(1))?);
    Ok(Times {
        init: spread(&|round| millis(round.init.wall)),
        init_cpu: spread(&|round| millis(round.init.cpu)),
        cold: spread(&|round| millis(round.cold.wall)),
        cold_cpu: spread(&|round| millis(round.cold.cpu)),
        both_cpu: spread(&|round| millis(round.init.cpu + round.cold.cpu)),
        warm_median: spread(&|round| percentile(&round.warm, 50)),
        warm_p99: spread(&|round| percentile(&round.warm, 99)),
        warm_cpu: spread(&|round| millis(round.warm_cpu) / invocations),
        memory: spread(&|round| f64::from(round.peak_memory) / 1024.0),
        connections: all.pop().map(|round| round.connections).unwrap_or_default(),
    })
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn spread(mut values: Vec<f64>) -> Spread {
    values.sort_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or_default();
    let last = values.len().saturating_sub(1);
    Spread { median: f64::midpoint(at(last / 2), at(values.len() / 2)), least: at(0), most: at(last) }
}

fn percentile(durations: &[Duration], percent: usize) -> f64 {
    let mut sorted = durations.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).map_or(0.0, |duration| millis(*duration))
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "init         {} ms, CPU {} ms", self.init, self.init_cpu)?;
        writeln!(f, "cold         {} ms, CPU {} ms", self.cold, self.cold_cpu)?;
        writeln!(f, "init + cold  CPU {} ms", self.both_cpu)?;
        writeln!(f, "warm         p50 {} ms, p99 {} ms, CPU {} ms", self.warm_median, self.warm_p99, self.warm_cpu)?;
        write!(f, "memory       {} MB\nconnections  {}", self.memory, self.connections)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_percentiles_are_those_of_the_textbook() {
        let middle = spread(vec![3.0, 1.0, 2.0, 10.0]);
        assert_eq!((middle.median, middle.least, middle.most).to_owned(), (2.5, 1.0, 10.0));
        let durations: Vec<_> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!((percentile(&durations, 50), percentile(&durations, 99)), (100.0, 198.0));
        assert_eq!(percentile(&[], 99).to_bits(), 0.0_f64.to_bits());
    }
}
