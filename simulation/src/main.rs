//! Runs many seeds, or one with everything that happens: `relay-simulation [COUNT] [FIRST_SEED]`, `relay-simulation
//! trace SEED`. And years of promotions: `relay-simulation year [SEED] [COUNT]`, `relay-simulation trace year SEED`.

use std::{num::NonZero, process::ExitCode, thread};

use relay_simulation::{Plan, Report, run, unaltered, year::Year};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, seed] = &arguments[..]
        && command == "trace"
        && let Ok(seed) = seed.parse()
    {
        let report = simulate(seed, true);
        report.trace.iter().for_each(|line| println!("{line}"));
        report.violations.iter().for_each(|violation| println!("{violation}"));
        return ExitCode::SUCCESS;
    }
    if let [command, year, seed] = &arguments[..]
        && (command.as_str(), year.as_str()) == ("trace", "year")
        && let Ok(seed) = seed.parse()
    {
        let report = Year::drawn(seed).run(unaltered, true);
        report.trace.iter().chain(&report.differences).for_each(|line| println!("{line}"));
        return ExitCode::SUCCESS;
    }
    if let [year, rest @ ..] = &arguments[..]
        && year == "year"
    {
        return years(rest);
    }
    let number = |index: usize, default: u64| arguments.get(index).map_or(Ok(default), |text| text.parse());
    let (Ok(count), Ok(first)) = (number(0, 10_000), number(1, 0)) else {
        return usage();
    };
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let step = |worker: usize| (first + worker as u64..first + count).step_by(workers);
    let total = thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|worker| scope.spawn(move || run_all(step(worker)))).collect();
        let totals = running.into_iter().map(|worker| worker.join().unwrap_or_default());
        totals.fold(Total::default(), Total::and)
    });
    println!(
        "{} of {count} seeds: {} webhooks taken, {} deliveries, {} rows for a person, {} port yields; {} seeds with violations",
        total.seeds, total.accepted, total.delivered, total.for_a_person, total.yields, total.failed
    );
    if total.failed == 0 && total.seeds == count { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn usage() -> ExitCode {
    eprintln!("usage: relay-simulation [COUNT] [FIRST_SEED]");
    eprintln!("       relay-simulation year [SEED] [COUNT]");
    eprintln!("       relay-simulation trace [year] SEED");
    ExitCode::from(2)
}

/// Years from this seed on, so many.
fn years(arguments: &[String]) -> ExitCode {
    let number = |index: usize, default: u64| arguments.get(index).map_or(Ok(default), |text| text.parse());
    let (Ok(first), Ok(count)) = (number(0, 0), number(1, 1)) else { return usage() };
    let mut failed = 0;
    for seed in first..first + count {
        let report = Year::drawn(seed).run(unaltered, false);
        println!(
            "year {seed}: {} promotions, {} webhooks taken and {} refused, {} entries and dispatches at WEBSALE, {} of them left over",
            report.promotions, report.accepted, report.refused, report.delivered, report.left_over
        );
        if count == 1 {
            report.tally.iter().for_each(|(what, many)| println!("  {many:4} {what}"));
        }
        report.differences.iter().for_each(|difference| println!("  differs: {difference}"));
        failed += usize::from(!report.differences.is_empty());
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[derive(Clone, Copy, Default)]
struct Total {
    seeds: u64,
    accepted: usize,
    delivered: usize,
    for_a_person: usize,
    yields: u64,
    failed: u64,
}

impl Total {
    fn and(self, other: Self) -> Self {
        Self {
            seeds: self.seeds + other.seeds,
            accepted: self.accepted + other.accepted,
            delivered: self.delivered + other.delivered,
            for_a_person: self.for_a_person + other.for_a_person,
            yields: self.yields + other.yields,
            failed: self.failed + other.failed,
        }
    }

    fn of(report: &Report) -> Self {
        Self {
            seeds: 1,
            accepted: report.accepted,
            delivered: report.delivered,
            for_a_person: report.for_a_person,
            yields: report.yields,
            failed: u64::from(!report.violations.is_empty()),
        }
    }
}

fn run_all(seeds: impl Iterator<Item = u64>) -> Total {
    seeds.fold(Total::default(), |total, seed| {
        let report = simulate(seed, false);
        if !report.violations.is_empty() {
            println!("seed {seed} (relay-simulation trace {seed} shows everything):");
            report.violations.iter().for_each(|violation| println!("  {violation}"));
        }
        total.and(Total::of(&report))
    })
}

fn simulate(seed: u64, traced: bool) -> Report {
    let (plan, scenario) = Plan::drawn(seed);
    run(&Plan { traced, ..plan }, &scenario)
}
