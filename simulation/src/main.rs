//! Runs many seeds.

fn main() -> std::process::ExitCode {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(10_000);
    let from = std::env::args().nth(2).and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let mut failed = 0;
    let mut totals = [0; 4];
    for seed in from..from + count {
        let (mut plan, scenario) = relay_simulation::Plan::drawn(seed);
        plan.traced = std::env::args().nth(3).is_some();
        let report = relay_simulation::run(&plan, &scenario);
        totals[0] += report.accepted;
        totals[1] += report.delivered;
        totals[2] += report.for_a_person;
        totals[3] += usize::try_from(report.yields).unwrap_or_default();
        report.trace.iter().for_each(|line| println!("{line}"));
        if !report.violations.is_empty() {
            failed += 1;
            println!("seed {seed} ({plan:?}):");
            report.violations.iter().for_each(|violation| println!("  {violation}"));
        }
    }
    let [accepted, delivered, for_a_person, yields] = totals;
    println!(
        "{count} seeds: {accepted} webhooks taken, {delivered} deliveries, {for_a_person} rows for a person, {yields} port \
         yields; {failed} seeds with violations"
    );
    if failed == 0 { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}
